/*
 * The iptables engine, for either of its kinds (nf_tables or legacy), run as a program and only
 * when something is to be changed. How a ruleset is made to stand, each step a function:
 *
 *   1. stamp_holds      nobody changed anything since the stamp was written, and it is of these
 *                       rules: nothing to do.
 *   2. families_look    the kernel's state is read, then iptables-save of both families.
 *   3. families_write   what is not as wanted: one iptables-restore a family. Then look again.
 *   4. settle           forwarding is switched on, DNS flows are led anew, and the stamp written,
 * with the state from before the look: whatever happened since shows next time.
 *
 * Where this process made what stands, and the kernel says that nobody changed anything since, the
 * change is written without a look (rules_change): nf_tables' generation must then have grown by
 * our own transactions and no more. That is what a guest waits for. The look, which costs more with
 * every guest, comes later, one for all that was written within LOOK_AFTER: engine_next() asks for
 * the call that has it, and any process that finds the stamp without what iptables-save prints has
 * it at once. Until then nothing is taken on trust: where the generation says that somebody else
 * wrote, all of ours is written anew.
 *
 * Two and three are repeated a few times, for another program may change rules meanwhile. What was
 * seen before the first write is put back when nothing helps.
 *
 * "As wanted" can not be read off the rules' text, which iptables prints in words of its own. It
 * means: as many rules as rendered behind the right jumps, and either written by this call or equal
 * to what was printed when the stamp was written.
 */
#include "backend/packet_filter_engine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backend/flows.h"
#include "backend/iptables_run.h"
#include "backend/filter_stamp.h"
#include "backend/iptables_stamp.h"
#include "backend/iptables_traces.h"
#include "common/clock.h"
#include "common/digest.h"

#define TRIES 3

/* Seconds that what was written may wait to be read back, and until that is tried again. */
#define LOOK_AFTER 1.0
#define LOOK_AGAIN 0.1

struct engine {
	struct netlink *nl;
	const char *stamp;
	uint64_t digest; /* of what this process last made stand; 0: nothing */
	struct iptables_rules stands[STAMP_FAMILIES]; /* that, as rendered */
	double unseen; /* since when some of it was not read back; clock_seconds(), 0: all was */
};

/* One call at work. */
struct work {
	struct engine *engine;
	struct iptables_rules wanted[STAMP_FAMILIES], now[STAMP_FAMILIES];
	struct iptables_rules first[STAMP_FAMILIES]; /* what stood before a write was tried */
	bool tried[STAMP_FAMILIES], has_first[STAMP_FAMILIES], written[STAMP_FAMILIES];
	bool absent[STAMP_FAMILIES]; /* the kernel or iptables has no such family */
	bool refused6;		     /* IPv6 can be looked at, but takes no rules */
	bool need_ip6;
	bool recalled;		     /* `now` is what this process made, and was not read */
	bool unseen;		     /* what stands is as it was written, but was not read since */
	size_t transactions;	     /* of what was written */
	struct iptables_stamp stamp; /* as read, or all zero */
	uint64_t digest;	     /* of `wanted` */
};

static int engine_open(void **self, struct netlink *nl, const char *stamp, struct err *e)
{
	struct engine *en = calloc(1, sizeof(*en));

	if (!en)
		return err_sys(e, -ENOMEM, "packet filter");
	*en = (struct engine){ .nl = nl, .stamp = stamp };
	*self = en;
	return 0;
}

static void rules_forget(struct engine *en)
{
	for (int i = 0; i < STAMP_FAMILIES; i++)
		iptables_rules_free(&en->stands[i]);
	en->digest = 0;
}

static void engine_close(void *self)
{
	if (self)
		rules_forget(self);
	free(self);
}

/* --- whether anything is to be done --- */

static bool stamp_holds(struct work *w)
{
	const struct iptables_stamp *s = &w->stamp;
	struct iptables_state now;

	if (!iptables_stamp_read(w->engine->stamp, &w->stamp) || s->wanted != w->digest)
		return false;
	if (s->state.kind[STAMP_IP4] == IPTABLES_UNKNOWN ||
		(w->need_ip6 && s->state.kind[STAMP_IP6] == IPTABLES_UNKNOWN))
		return false;
	return iptables_state_get(w->engine->nl, s->state.kind, false, &now, NULL) == 0 &&
	       iptables_state_equal(&now, &s->state);
}

/* Whether what stands need not be read now: it was, or this process wrote it a moment ago. */
static bool look_can_wait(struct engine *en, const struct iptables_stamp *s)
{
	if (s->saved[STAMP_IP4])
		en->unseen = 0;
	return s->saved[STAMP_IP4] || (en->unseen > 0 && clock_seconds() - en->unseen < LOOK_AFTER);
}

/* --- looking --- */

/* Takes the family's rules as they stand into w->now. A family that is not there is marked. */
static int family_look(struct work *w, int i, struct err *e)
{
	int ret;

	if (w->tried[i] && !w->has_first[i]) {
		w->first[i] = w->now[i];
		memset(&w->now[i], 0, sizeof(w->now[i]));
		w->has_first[i] = true;
	}
	iptables_rules_free(&w->now[i]);
	if (i == STAMP_IP6 && w->refused6) {
		w->absent[i] = true;
		return 0;
	}
	if (i == STAMP_IP6 && access("/proc/sys/net/ipv6", F_OK) < 0)
		ret = err_set(e, -EAFNOSUPPORT,
			"a guest has an IPv6 address, but this kernel has no IPv6");
	else
		ret = iptables_save(stamp_families[i], &w->now[i], e);
	w->absent[i] = i == STAMP_IP6 && ret < 0 && !w->need_ip6;
	return w->absent[i] ? 0 : ret;
}

/* Reads the state, then the rules; once more where they turn out to be legacy ones, whose state has
 * to be read in another way. */
static int families_look(struct work *w, struct iptables_state *before, struct err *e)
{
	enum iptables_kind *kind = w->stamp.state.kind;
	bool again = true;

	for (int tries = 0; tries < 2 && again; tries++) {
		bool nft = false;
		int ret = iptables_state_get(w->engine->nl, kind, true, before, e);

		for (int i = 0; i < STAMP_FAMILIES && !ret; i++)
			ret = family_look(w, i, e);
		if (ret)
			return ret;
		again = false;
		for (int i = 0; i < STAMP_FAMILIES; i++) {
			again = again ||
				(w->now[i].kind == IPTABLES_LEGACY && kind[i] != w->now[i].kind);
			nft = nft || w->now[i].kind == IPTABLES_NFT;
			kind[i] = before->kind[i] = w->now[i].kind;
			if (kind[i] != IPTABLES_LEGACY)
				before->legacy[i] = 0;
		}
		if (!nft)
			before->generation = 0;
	}
	return 0;
}

static bool families_stand(const struct work *w)
{
	for (int i = 0; i < STAMP_FAMILIES; i++) {
		bool known = w->unseen ||
			     (w->stamp.wanted == w->digest &&
				     w->stamp.saved[i] == iptables_rules_digest(&w->now[i]));

		if (w->absent[i])
			continue;
		if (!iptables_rules_stand(&w->now[i], &w->wanted[i]) || !(w->written[i] || known))
			return false;
	}
	return true;
}

/* --- writing --- */

/* Sets are never read: only what was recalled has any. */
static bool sets_stand(const struct iptables_mades *now, const struct iptables_mades *wanted)
{
	for (size_t i = 0; i < wanted->count; i++)
		if (!iptables_made_find(now, wanted->items[i].name))
			return false;
	return true;
}

static int family_write(struct work *w, int i, const struct iptables_rules *wanted, struct err *e)
{
	bool trusted = w->recalled || w->stamp.saved[i] == iptables_rules_digest(&w->now[i]);
	char *text = NULL;
	int ret = iptables_rules_change(&w->now[i], wanted, trusted, &text, e);

	w->tried[i] = true;
	if (!ret && !sets_stand(&w->now[i].sets, &wanted->sets))
		ret = ipset_make(stamp_families[i], &wanted->sets, e);
	if (!ret && *text)
		ret = iptables_restore(stamp_families[i], text, e);
	if (!ret)
		w->transactions += iptables_rules_transactions(text);
	free(text);
	return ret;
}

static int families_write(struct work *w, struct err *e)
{
	for (int i = 0; i < STAMP_FAMILIES; i++) {
		int ret = w->absent[i] ? 0 : family_write(w, i, &w->wanted[i], e);

		if (ret == -EIO && i == STAMP_IP6 && !w->need_ip6) {
			w->refused6 = true; /* a kernel with IPv6 and without its tables */
			continue;
		}
		if (ret)
			return ret;
		w->written[i] = true;
	}
	return 0;
}

/* After a failure: what stood before it stands again, as far as that can be done. */
static void families_put_back(struct work *w)
{
	for (int i = 0; i < STAMP_FAMILIES; i++)
		if (w->tried[i] && family_look(w, i, NULL) == 0 && w->has_first[i])
			family_write(w, i, &w->first[i], NULL);
}

/* --- settling --- */

static int settle(
	struct work *w, const struct ruleset *r, const struct iptables_state *state, struct err *e)
{
	struct iptables_stamp stamp = { .wanted = w->digest, .state = *state };
	struct engine *en = w->engine;
	int ret = packet_filter_forward(en->nl, r, w->need_ip6, e);

	bool written = w->written[STAMP_IP4] || w->written[STAMP_IP6];

	if (written && !ret)
		ret = flows_settle(en->nl, r, e);
	if ((written || w->unseen) && !w->recalled)
		ipset_sweep(&w->wanted[STAMP_IP4].sets, &w->wanted[STAMP_IP6].sets);
	for (int i = 0; i < STAMP_FAMILIES && !w->recalled; i++)
		stamp.saved[i] = iptables_rules_digest(&w->now[i]);
	if (!w->recalled)
		en->unseen = 0;
	else if (!en->unseen)
		en->unseen = clock_seconds();
	return ret ? ret : iptables_stamp_write(en->stamp, &stamp, e);
}

static void work_free(struct work *w)
{
	for (int i = 0; i < STAMP_FAMILIES; i++) {
		iptables_rules_free(&w->wanted[i]);
		iptables_rules_free(&w->now[i]);
		iptables_rules_free(&w->first[i]);
	}
}

/* --- a change of what this process made --- */

/* Takes what this process made for what stands, if the kernel says that it does. */
static bool families_recall(struct work *w, struct iptables_state *before)
{
	const struct iptables_state *s = &w->stamp.state;
	struct engine *en = w->engine;

	if (!en->digest || w->stamp.wanted != en->digest || s->kind[STAMP_IP4] != IPTABLES_NFT ||
		s->kind[STAMP_IP6] == IPTABLES_LEGACY ||
		(w->need_ip6 && s->kind[STAMP_IP6] == IPTABLES_UNKNOWN))
		return false;
	if (iptables_state_get(en->nl, s->kind, false, before, NULL) < 0 ||
		!iptables_state_equal(before, s))
		return false;
	memcpy(w->now, en->stands, sizeof(w->now));
	memset(en->stands, 0, sizeof(en->stands)); /* handed over */
	en->digest = 0;
	w->absent[STAMP_IP6] = s->kind[STAMP_IP6] == IPTABLES_UNKNOWN;
	w->recalled = true;
	return true;
}

/* Whether the change was written and nobody else wrote meanwhile; else all is to be looked at. */
static bool rules_change(struct work *w, struct iptables_state *state, struct err *e)
{
	uint32_t generation;

	if (!families_recall(w, state))
		return false;
	if (families_write(w, e) == 0 && !w->refused6 &&
		nft_generation_get(w->engine->nl, &generation, NULL) == 0 &&
		generation == state->generation + w->transactions) {
		state->generation = generation;
		return true;
	}
	w->recalled = false;
	return false;
}

static int rules_stand(struct work *w, const struct ruleset *r, struct err *e)
{
	struct iptables_state before;
	int ret = 0;

	if (!w->unseen && rules_change(w, &before, e))
		return settle(w, r, &before, e);
	for (int tries = 0; tries < TRIES; tries++) {
		int looked = families_look(w, &before, e);

		if (looked)
			return looked;
		w->unseen = w->unseen && iptables_state_equal(&before, &w->stamp.state);
		if (families_stand(w))
			return settle(w, r, &before, e);
		ret = families_write(w, e);
	}
	if (!ret && !families_look(w, &before, e) && families_stand(w))
		return settle(w, r, &before, e);
	families_put_back(w);
	return ret ? ret
		   : err_set(e, -EAGAIN,
			     "packet filter: another program changed its rules each time they were "
			     "written");
}

static int engine_stand(void *self, const struct ruleset *r, bool need_ip6,
	struct packet_filter_outcome *outcome, struct err *e)
{
	struct work w = { .engine = self, .need_ip6 = need_ip6, .digest = DIGEST_START };
	int ret = 0;

	for (int i = 0; i < STAMP_FAMILIES && !ret; i++) {
		uint64_t part;

		ret = iptables_rules_render(r, stamp_families[i], &w.wanted[i], e);
		part = iptables_rules_digest(&w.wanted[i]);
		w.digest = digest_add(w.digest, &part, sizeof(part));
	}
	w.unseen = !ret && stamp_holds(&w);
	if (w.unseen && look_can_wait(w.engine, &w.stamp)) {
		w.absent[STAMP_IP6] = w.stamp.state.kind[STAMP_IP6] == IPTABLES_UNKNOWN;
		ret = packet_filter_forward(w.engine->nl, r, need_ip6, e);
	} else if (!ret) {
		ret = rules_stand(&w, r, e);
	}
	*outcome = (struct packet_filter_outcome){
		.changed = w.written[STAMP_IP4] || w.written[STAMP_IP6],
		.without_ip6 = w.absent[STAMP_IP6],
	};
	rules_forget(w.engine);
	if (!ret) {
		memcpy(w.engine->stands, w.wanted, sizeof(w.wanted));
		memset(w.wanted, 0, sizeof(w.wanted)); /* handed over */
		w.engine->digest = w.digest;
	} else {
		w.engine->unseen = 0; /* the next call looks at all */
	}
	work_free(&w);
	return ret;
}

static bool engine_holds(void *self)
{
	struct engine *en = self;
	struct work w = { .engine = en, .digest = en->digest };

	return en->digest && stamp_holds(&w) && look_can_wait(en, &w.stamp);
}

static double engine_next(const void *self)
{
	const struct engine *en = self;
	double left = en->unseen + LOOK_AFTER - clock_seconds();

	if (!en->unseen)
		return 0;
	return left > LOOK_AGAIN ? left : LOOK_AGAIN;
}

/* A chain is named after what it holds, so that names alone say which rules stand. */
static int engine_hits(void *self, const struct ruleset *r, struct policy_hits *out, struct err *e)
{
	int ret = 0;

	(void)self;
	for (int i = 0; i < STAMP_FAMILIES && !ret; i++) {
		struct iptables_mades chains = { .count = 0 }, sets = { .count = 0 };
		struct policy_iptables_tops tops;

		ret = policy_iptables_render_seen(
			r, stamp_families[i], &chains, &sets, &tops, policy_hits_see, out);
		if (ret)
			err_sys(e, ret, "packet filter rules");
		else if (out->chain_count)
			ret = iptables_counters(stamp_families[i], out, e);
		iptables_mades_free(&chains);
		iptables_mades_free(&sets);
	}
	return ret;
}

static int engine_tear_down(void *self, struct err *e)
{
	struct work w = { .engine = self };
	bool absent = false;
	int ret = 0;

	for (int tries = 0; tries < TRIES && !ret && !absent; tries++) {
		absent = true;
		for (int i = 0; i < STAMP_FAMILIES && !ret; i++) {
			ret = family_look(&w, i, e);
			if (ret || iptables_rules_absent(&w.now[i]))
				continue;
			absent = false;
			ret = family_write(&w, i, &w.wanted[i], e);
		}
	}
	if (!ret && !absent)
		ret = err_set(e, -EAGAIN, "packet filter: another program brings its rules back");
	if (!ret)
		ipset_sweep(&w.wanted[STAMP_IP4].sets, &w.wanted[STAMP_IP6].sets);
	if (!ret)
		ret = filter_stamp_remove(w.engine->stamp, e);
	work_free(&w);
	return ret;
}

static int engine_print(const struct ruleset *r, FILE *out, struct err *e)
{
	static const char *const programs[] = { "iptables-restore", "ip6tables-restore" };
	const struct iptables_rules nothing = { .made = { .count = 0 } };
	int ret = 0;

	for (int i = 0; i < STAMP_FAMILIES && !ret; i++) {
		struct iptables_rules wanted;
		char *text = NULL;

		ret = iptables_rules_render(r, stamp_families[i], &wanted, e);
		if (!ret)
			ret = iptables_rules_change(&nothing, &wanted, false, &text, e);
		if (!ret && wanted.sets.count) {
			fprintf(out, "# packet filter, for: ipset -exist restore\n");
			ipset_print(stamp_families[i], &wanted.sets, out);
		}
		if (!ret)
			fprintf(out, "# packet filter, for: %s --noflush\n%s", programs[i], text);
		free(text);
		iptables_rules_free(&wanted);
	}
	return ret;
}

static bool engine_usable(struct netlink *nl)
{
	(void)nl;
	return access("/usr/sbin/iptables-restore", X_OK) == 0;
}

const struct packet_filter_engine packet_filter_iptables = {
	.name = "iptables",
	.stamp = "packet-filter",
	.usable = engine_usable,
	.traces = iptables_traces,
	.in_use = iptables_in_use,
	.open = engine_open,
	.close = engine_close,
	.stand = engine_stand,
	.holds = engine_holds,
	.next = engine_next,
	.hits = engine_hits,
	.tear_down = engine_tear_down,
	.print = engine_print,
};
