/*
 * How a ruleset is made to stand, each step a function:
 *
 *   1. stamp_holds      nobody changed anything since the stamp was written, and it is of these
 *                       rules: nothing to do.
 *   2. families_look    the kernel's state is read, then iptables-save of both families.
 *   3. families_write   what is not as wanted: one iptables-restore a family. Then look again.
 *   4. settle           forwarding is switched on, DNS flows are led anew, and the stamp written,
 * with the state from before the look: whatever happened since shows next time.
 *
 * Two and three are repeated a few times, for another program may change rules meanwhile. What was
 * seen before the first write is put back when nothing helps.
 *
 * "As wanted" can not be read off the rules' text, which iptables prints in words of its own. It
 * means: as many rules as rendered behind the right jumps, and either written by this call or equal
 * to what was printed when the stamp was written.
 */
#include "backend/packet_filter.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backend/digest.h"
#include "backend/filter_stamp.h"
#include "backend/iptables_legacy.h"
#include "backend/iptables_run.h"
#include "backend/ruleset_iptables.h"
#include "common/file.h"

#define TRIES 3

static const int families[STAMP_FAMILIES] = { [STAMP_IP4] = AF_INET, [STAMP_IP6] = AF_INET6 };

struct packet_filter {
	struct netlink *nl;
	char stamp[PATH_MAX];
};

/* One call at work. */
struct work {
	struct packet_filter *pf;
	struct iptables_rules wanted[STAMP_FAMILIES], now[STAMP_FAMILIES];
	struct iptables_rules first[STAMP_FAMILIES]; /* what stood before a write was tried */
	bool tried[STAMP_FAMILIES], has_first[STAMP_FAMILIES], written[STAMP_FAMILIES];
	bool absent[STAMP_FAMILIES]; /* the kernel or iptables has no such family */
	bool refused6;		     /* IPv6 can be looked at, but takes no rules */
	bool need_ip6;
	struct filter_stamp stamp; /* as read, or all zero */
	uint64_t digest;	   /* of `wanted` */
};

int packet_filter_open(
	struct packet_filter **out, struct netlink *nl, const char *run_dir, struct err *e)
{
	struct packet_filter *pf = calloc(1, sizeof(*pf));
	int n;

	if (!pf)
		return err_sys(e, -ENOMEM, "packet filter");
	pf->nl = nl;
	n = snprintf(pf->stamp, sizeof(pf->stamp), "%s/packet-filter", run_dir);
	if (n < 0 || (size_t)n >= sizeof(pf->stamp)) {
		free(pf);
		return err_sys(e, -ENAMETOOLONG, "%s", run_dir);
	}
	*out = pf;
	return 0;
}

void packet_filter_close(struct packet_filter *pf)
{
	free(pf);
}

/* --- the kernel's state --- */

/* Reads what `kind`s of tables ask for. With `guess`, an unknown kind is taken for nf_tables, if
 * the kernel has that. */
static int state_get(struct packet_filter *pf, const enum iptables_kind *kind, bool guess,
	struct filter_state *out, struct err *e)
{
	bool nft = false;
	int ret = 0;

	memset(out, 0, sizeof(*out));
	for (int i = 0; i < STAMP_FAMILIES && !ret; i++) {
		out->kind[i] = kind[i];
		if (kind[i] == IPTABLES_LEGACY)
			ret = iptables_legacy_digest(families[i], &out->legacy[i], e);
		nft = nft || kind[i] == IPTABLES_NFT;
	}
	if (!ret && nft)
		ret = nft_generation_get(pf->nl, &out->generation, e);
	else if (!ret && guess)
		nft_generation_get(pf->nl, &out->generation, NULL);
	return ret;
}

static bool state_equal(const struct filter_state *a, const struct filter_state *b)
{
	for (int i = 0; i < STAMP_FAMILIES; i++)
		if (a->kind[i] != b->kind[i] || a->legacy[i] != b->legacy[i])
			return false;
	return a->generation == b->generation;
}

static bool stamp_holds(struct work *w)
{
	const struct filter_stamp *s = &w->stamp;
	struct filter_state now;

	if (!filter_stamp_read(w->pf->stamp, &w->stamp) || s->wanted != w->digest)
		return false;
	if (s->state.kind[STAMP_IP4] == IPTABLES_UNKNOWN ||
		(w->need_ip6 && s->state.kind[STAMP_IP6] == IPTABLES_UNKNOWN))
		return false;
	return state_get(w->pf, s->state.kind, false, &now, NULL) == 0 &&
	       state_equal(&now, &s->state);
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
		ret = iptables_save(families[i], &w->now[i], e);
	w->absent[i] = i == STAMP_IP6 && ret < 0 && !w->need_ip6;
	return w->absent[i] ? 0 : ret;
}

/* Reads the state, then the rules; once more where they turn out to be legacy ones, whose state has
 * to be read in another way. */
static int families_look(struct work *w, struct filter_state *before, struct err *e)
{
	enum iptables_kind *kind = w->stamp.state.kind;
	bool again = true;

	for (int tries = 0; tries < 2 && again; tries++) {
		bool nft = false;
		int ret = state_get(w->pf, kind, true, before, e);

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
		bool known = w->stamp.wanted == w->digest &&
			     w->stamp.saved[i] == iptables_rules_digest(&w->now[i]);

		if (w->absent[i])
			continue;
		if (!iptables_rules_stand(&w->now[i], &w->wanted[i]) || !(w->written[i] || known))
			return false;
	}
	return true;
}

/* --- writing --- */

static int family_write(struct work *w, int i, const struct iptables_rules *wanted, struct err *e)
{
	char *text = NULL;
	int ret = iptables_rules_change(&w->now[i], wanted, &text, e);

	w->tried[i] = true;
	if (!ret && *text)
		ret = iptables_restore(families[i], text, e);
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

/*
 * IPv6 forwarding makes the kernel deaf to router advertisements, by which this domain may have its
 * own addresses, unless accept_ra is 2 (linux/Documentation/networking/ip-sysctl.rst).
 */
static int forwarding6_enable(struct netlink *nl, uint32_t group, struct err *e)
{
	struct link *links = NULL;
	size_t count = 0;
	int ret = link_list(nl, &links, &count, e);

	for (size_t i = 0; i < count && !ret; i++) {
		char name[64], path[96], *now = NULL;

		if (links[i].group == group || links[i].loopback)
			continue;
		snprintf(name, sizeof(name), "net/ipv6/conf/%s/accept_ra", links[i].name);
		snprintf(path, sizeof(path), "/proc/sys/%s", name);
		if (file_read(path, 16, &now, NULL, NULL) == 0 && strcmp(now, "1\n") == 0)
			ret = sysctl_set(name, "2", e);
		free(now);
	}
	free(links);
	return ret ? ret : sysctl_set("net/ipv6/conf/all/forwarding", "1", e);
}

static int settle(
	struct work *w, const struct ruleset *r, const struct filter_state *state, struct err *e)
{
	struct filter_stamp stamp = { .wanted = w->digest, .state = *state };
	const struct addr *virtual[] = { &r->ip4.dns[0], &r->ip4.dns[1], &r->ip6.dns[0],
		&r->ip6.dns[1] };
	bool written = w->written[STAMP_IP4] || w->written[STAMP_IP6];
	int ret = sysctl_set("net/ipv4/ip_forward", "1", e);

	if (!ret && w->need_ip6)
		ret = forwarding6_enable(w->pf->nl, r->group, e);
	for (int i = 0; i < 4 && !ret && written; i++)
		if (addr_is_set(virtual[i]))
			ret = conntrack_forget_service(w->pf->nl, virtual[i], 53, e);
	for (int i = 0; i < STAMP_FAMILIES; i++)
		stamp.saved[i] = iptables_rules_digest(&w->now[i]);
	return ret ? ret : filter_stamp_write(w->pf->stamp, &stamp, e);
}

static void work_free(struct work *w)
{
	for (int i = 0; i < STAMP_FAMILIES; i++) {
		iptables_rules_free(&w->wanted[i]);
		iptables_rules_free(&w->now[i]);
		iptables_rules_free(&w->first[i]);
	}
}

static int rules_stand(struct work *w, const struct ruleset *r, struct err *e)
{
	struct filter_state before;
	int ret = 0;

	for (int tries = 0; tries < TRIES; tries++) {
		int looked = families_look(w, &before, e);

		if (looked)
			return looked;
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

int packet_filter_stand(struct packet_filter *pf, const struct ruleset *r, bool need_ip6,
	struct packet_filter_outcome *outcome, struct err *e)
{
	struct work w = { .pf = pf, .need_ip6 = need_ip6, .digest = DIGEST_START };
	int ret = 0;

	for (int i = 0; i < STAMP_FAMILIES && !ret; i++) {
		uint64_t part;

		ret = iptables_rules_render(r, families[i], &w.wanted[i], e);
		part = iptables_rules_digest(&w.wanted[i]);
		w.digest = digest_add(w.digest, &part, sizeof(part));
	}
	if (!ret && stamp_holds(&w)) {
		w.absent[STAMP_IP6] = w.stamp.state.kind[STAMP_IP6] == IPTABLES_UNKNOWN;
		ret = sysctl_set("net/ipv4/ip_forward", "1", e);
		if (!ret && need_ip6)
			ret = forwarding6_enable(pf->nl, r->group, e);
	} else if (!ret) {
		ret = rules_stand(&w, r, e);
	}
	if (outcome)
		*outcome = (struct packet_filter_outcome){
			.changed = w.written[STAMP_IP4] || w.written[STAMP_IP6],
			.without_ip6 = w.absent[STAMP_IP6],
		};
	work_free(&w);
	return ret;
}

int packet_filter_tear_down(struct packet_filter *pf, struct err *e)
{
	struct work w = { .pf = pf };
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
	if (!ret && unlink(pf->stamp) < 0 && errno != ENOENT)
		ret = err_sys(e, -errno, "%s", pf->stamp);
	work_free(&w);
	return ret;
}
