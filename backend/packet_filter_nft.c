/*
 * The nftables engine: one table, changed in one transaction by libnftables in this process.
 *
 * What was made is remembered in the stamp: digest of the ruleset, digest of the table as the
 * kernel shows it, and nf_tables' generation. Each call, step by step:
 *
 *   1. look       the generation is the stamp's: nobody changed anything. Else the table is read:
 *                 equal to the stamp's digest it still is as made, by whomever the generation was
 *                 raised.
 *   2. write      as made, and its parts remembered by this process: the objects that differ are
 *                 written, and those alone read before and after, which keeps the digest right;
 *                 where only guests differ nothing else is even rendered (struct nft_delta).
 *                 Otherwise everything is written anew (the user's chains are kept).
 *   3. settle     forwarding, flows, stamp.
 *
 * The flow table has a table of its own (flow_table.h), which is made before.
 *
 * A write must raise the generation by one. If it did more, somebody else changed something
 * meanwhile, possibly ours: then all is looked at and, where needed, written again.
 */
#include "backend/packet_filter_engine.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/filter_stamp.h"
#include "backend/flow_table.h"
#include "backend/flows.h"
#include "backend/nft_digest.h"
#include "backend/nft_run.h"
#include "backend/ruleset_nft.h"
#include "common/digest.h"

#define TRIES 3

struct stamp {
	uint64_t wanted;     /* digest of the objects as rendered */
	uint64_t found;	     /* of the table as the kernel has it; the user's rules left out */
	uint32_t generation; /* when it was that */
};

struct engine {
	struct netlink *nl;
	const char *stamp;
	struct nft_run *run;
	struct nft_rules stood; /* what this process last made stand */
	struct flow_table flows;
};

/* One call at work. */
struct work {
	struct engine *engine;
	const struct ruleset *ruleset;
	struct nft_rules whole; /* what is wanted; empty where `delta` says what that is */
	struct nft_delta delta;
	bool by_delta;
	uint64_t digest;    /* of what is wanted */
	struct stamp stamp; /* as read; then as it is to be written */
	bool as_made;	    /* the table is as the stamp says */
	bool written;
};

static int engine_open(void **self, struct netlink *nl, const char *stamp, struct err *e)
{
	struct engine *en = calloc(1, sizeof(*en));

	if (!en)
		return err_sys(e, -ENOMEM, "packet filter");
	en->nl = nl;
	en->stamp = stamp;
	*self = en;
	return 0;
}

static void engine_close(void *self)
{
	struct engine *en = self;

	if (!en)
		return;
	nft_run_free(en->run);
	nft_rules_free(&en->stood);
	free(en);
}

static bool stamp_read(const char *path, struct stamp *out)
{
	char text[FILTER_STAMP_MAX];
	int end = 0;

	*out = (struct stamp){ .wanted = 0 };
	return filter_stamp_read(path, text) &&
	       sscanf(text, "%" SCNx64 " %" SCNx64 " %" SCNx32 "%n", &out->wanted, &out->found,
		       &out->generation, &end) == 3 &&
	       end > 0 && !text[end];
}

static int stamp_write(const char *path, const struct stamp *in, struct err *e)
{
	char text[FILTER_STAMP_MAX];

	snprintf(text, sizeof(text), "%" PRIx64 " %" PRIx64 " %" PRIx32, in->wanted, in->found,
		in->generation);
	return filter_stamp_write(path, text, e);
}

/* --- what is wanted --- */

static int whole_render(struct work *w, struct err *e)
{
	int ret = nft_rules_render(w->ruleset, &w->whole, e);

	w->by_delta = false;
	w->digest = w->whole.digest;
	return ret;
}

static int wanted_make(struct work *w, struct err *e)
{
	int ret = nft_delta_make(&w->engine->stood, w->ruleset, &w->delta, e);

	w->by_delta = !ret;
	w->digest = w->delta.digest;
	return ret == -ESTALE ? whole_render(w, e) : ret;
}

static void work_free(struct work *w)
{
	nft_delta_free(&w->delta);
	nft_rules_free(&w->whole);
}

/* --- looking --- */

/* The table as it stands. Nothing, where there is none. */
struct table {
	struct nft_part *parts;
	size_t count;
	uint32_t flags;
	uint64_t digest; /* 0: no table */
};

static int table_look(struct engine *en, struct table *out, struct err *e)
{
	int ret = nft_table_read(
		en->nl, NFT_FAMILY, NFT_TABLE, &out->flags, &out->parts, &out->count, e);

	out->digest = 0;
	if (ret == -ENOENT)
		return 0;
	/* A dormant table is none. */
	if (!ret)
		out->digest = digest_add(DIGEST_START, &out->flags, sizeof(out->flags));
	for (size_t i = 0; !ret && i < out->count; i++)
		out->digest += nft_part_share(&out->parts[i]);
	return ret;
}

static int look(struct work *w, struct err *e)
{
	struct table t = { .parts = NULL };
	uint32_t generation;
	int ret = nft_generation_get(w->engine->nl, &generation, e);

	if (ret)
		return err_prefix(e, "nftables");
	w->as_made = stamp_read(w->engine->stamp, &w->stamp);
	if (!w->as_made || generation == w->stamp.generation)
		return 0;
	ret = table_look(w->engine, &t, e);
	w->as_made = !ret && t.digest == w->stamp.found;
	w->stamp.generation = generation;
	free(t.parts);
	return ret;
}

/* --- writing --- */

/* Runs the batch that makes `wanted` of `now`. `*alone`: nobody else changed anything since
 * `generation`, which then is what it is afterwards. -EAGAIN: refused, and somebody did. */
static int write_change(struct work *w, const struct nft_rules *now, const struct nft_rules *wanted,
	uint32_t *generation, bool *alone, struct err *e)
{
	struct text batch;
	uint32_t after = 0;
	int ret = nft_rules_change(now, wanted, &batch, e);

	if (!ret)
		ret = nft_run(&w->engine->run, batch.s, e);
	text_dispose(&batch);
	if (ret == -EIO && nft_generation_get(w->engine->nl, &after, NULL) == 0 &&
		after != *generation)
		return -EAGAIN;
	if (!ret)
		ret = nft_generation_get(w->engine->nl, &after, e);
	*alone = !ret && after == *generation + 1;
	*generation = after;
	return ret;
}

/* Adds up the shares of the parts that a change touches: `before` the batch, or after it. */
struct shares {
	struct engine *engine;
	bool before;
	uint64_t sum;
};

static int share_see(
	void *arg, const struct nft_object *now, const struct nft_object *wanted, struct err *e)
{
	struct shares *s = arg;
	const struct nft_object *o = s->before ? now : wanted;
	uint64_t share = 0;
	int ret = o ? nft_share_read(s->engine->nl, o, &share, e) : 0;

	s->sum += share;
	return ret;
}

/* What differs from what stood. */
static int write_part(struct work *w, bool *alone, struct err *e)
{
	struct shares before = { w->engine, true, 0 }, after = { w->engine, false, 0 };
	const struct nft_rules *stood = w->by_delta ? &w->delta.now : &w->engine->stood;
	const struct nft_rules *wanted = w->by_delta ? &w->delta.wanted : &w->whole;
	uint32_t generation = w->stamp.generation, now = 0;
	int ret = nft_rules_compare(stood, wanted, share_see, &before, e);

	if (!ret)
		ret = write_change(w, stood, wanted, &generation, alone, e);
	if (!ret)
		ret = nft_rules_compare(stood, wanted, share_see, &after, e);
	if (!ret)
		ret = nft_generation_get(w->engine->nl, &now, e);
	*alone &= now == generation;
	w->stamp = (struct stamp){ w->digest, w->stamp.found - before.sum + after.sum, now };
	return ret;
}

/* Objects of the table, of which the user's chains count when `keep_empty`, or there is something
 * in them. */
static int table_objects(
	const struct table *t, bool keep_empty, struct nft_rules *out, struct err *e)
{
	int ret = 0;

	for (size_t i = 0; i < t->count && !ret; i++) {
		const struct nft_part *p = &t->parts[i];

		if (keep_empty || p->count || !p->chain || !nft_name_is_user(p->name))
			ret = nft_rules_note(out, p->chain, p->name, e);
	}
	nft_rules_sort(out);
	return ret;
}

/* A table that somebody has put to sleep has to wake up by itself: base chains cannot be made anew
 * in the same transaction. */
static int table_wake(struct engine *en, const struct table *t, uint32_t *generation, struct err *e)
{
	int ret = t->flags ? nft_run(&en->run, "add table inet " NFT_TABLE "\n", e) : 0;

	return ret || !t->flags ? ret : nft_generation_get(en->nl, generation, e);
}

/* Everything, whatever stands. */
static int write_whole(struct work *w, bool *alone, struct err *e)
{
	struct table t = { .parts = NULL };
	struct nft_rules now = { .objects = NULL };
	uint32_t generation = 0;
	int ret = w->by_delta ? whole_render(w, e) : 0;

	if (!ret)
		ret = nft_generation_get(w->engine->nl, &generation, e);
	if (!ret)
		ret = table_look(w->engine, &t, e);
	if (!ret)
		ret = table_wake(w->engine, &t, &generation, e);
	if (!ret)
		ret = table_objects(&t, true, &now, e);
	if (!ret)
		ret = write_change(w, &now, &w->whole, &generation, alone, e);
	free(t.parts);
	t.parts = NULL;
	if (!ret)
		ret = table_look(w->engine, &t, e);
	w->stamp = (struct stamp){ w->digest, t.digest, generation };
	if (!ret)
		ret = nft_generation_get(w->engine->nl, &generation, e);
	*alone &= generation == w->stamp.generation;
	free(t.parts);
	nft_rules_free(&now);
	return ret;
}

/* --- standing --- */

static int settle(struct work *w, bool ip6, struct err *e)
{
	const struct ruleset *r = w->ruleset;
	int ret = packet_filter_forward(w->engine->nl, r, ip6, e);

	if (!ret && w->written)
		ret = flows_settle(w->engine->nl, r, e);
	if (!ret)
		ret = stamp_write(w->engine->stamp, &w->stamp, e);
	if (ret)
		return ret;
	if (w->by_delta) {
		nft_delta_apply(&w->engine->stood, r, &w->delta);
		return 0;
	}
	nft_rules_free(&w->engine->stood);
	w->engine->stood = w->whole;
	w->whole = (struct nft_rules){ .objects = NULL }; /* handed over */
	return 0;
}

static int rules_stand(struct work *w, bool ip6, struct err *e)
{
	for (int tries = 0; tries < TRIES; tries++) {
		bool alone = false;
		int ret = look(w, e);

		if (ret)
			return ret;
		if (w->as_made && w->stamp.wanted == w->digest)
			return settle(w, ip6, e);
		if (w->as_made && w->stamp.wanted == w->engine->stood.digest)
			ret = write_part(w, &alone, e);
		else
			ret = write_whole(w, &alone, e);
		if (ret && ret != -EAGAIN)
			return ret;
		w->written |= !ret;
		if (alone)
			return settle(w, ip6, e);
		/* What was seen may not be what was made. */
		filter_stamp_remove(w->engine->stamp, NULL);
	}
	return err_set(e, -EAGAIN,
		"packet filter: another program changed its rules each time they were written");
}

static bool engine_holds(void *self)
{
	struct engine *en = self;
	uint32_t generation;
	struct stamp stamp;

	return en->stood.objects && stamp_read(en->stamp, &stamp) &&
	       stamp.wanted == en->stood.digest &&
	       nft_generation_get(en->nl, &generation, NULL) == 0 && generation == stamp.generation;
}

static int engine_stand(void *self, const struct ruleset *r, bool need_ip6,
	struct packet_filter_outcome *outcome, struct err *e)
{
	struct work w = { .engine = self, .ruleset = r };
	bool without_ip6 = access("/proc/sys/net/ipv6", F_OK) < 0;
	int ret;

	if (without_ip6 && need_ip6)
		return err_set(e, -EAFNOSUPPORT,
			"a guest has an IPv6 address, but this kernel has no IPv6");
	/* Before the rules, which note the generation. */
	ret = r->followed ? flow_table_stand(&w.engine->flows, w.engine->nl, &w.engine->run,
				    &r->there, r->group, e)
			  : 0;
	if (!ret)
		ret = wanted_make(&w, e);
	if (!ret)
		ret = rules_stand(&w, need_ip6, e);
	*outcome = (struct packet_filter_outcome){ w.written, without_ip6 };
	work_free(&w);
	return ret;
}

static void counter_see(void *arg, const char *chain, uint64_t packets)
{
	policy_hits_count(arg, chain, packets);
}

/* The digest in the stamp says that these rules are those that stand. */
static int engine_hits(void *self, const struct ruleset *r, struct policy_hits *out, struct err *e)
{
	struct engine *en = self;
	struct nft_rules wanted;
	struct stamp stamp;
	int ret = nft_rules_render_seen(r, &wanted, policy_hits_see, out, e);

	if (!ret && (!stamp_read(en->stamp, &stamp) || stamp.wanted != wanted.digest))
		ret = err_set(e, -EAGAIN, "the rules that stand are not those that should");
	if (!ret)
		ret = nft_counters_read(en->nl, NFT_FAMILY, NFT_TABLE, counter_see, out, e);
	nft_rules_free(&wanted);
	return ret ? ret : policy_hits_end(out, e);
}

static int engine_tear_down(void *self, struct err *e)
{
	const struct uplink_names no_links = { .count = 0 };
	struct engine *en = self;
	struct nft_rules now = { .objects = NULL };
	struct table t = { .parts = NULL };
	struct text batch = { .s = NULL };
	uint32_t generation;
	int ret = flow_table_stand(&en->flows, en->nl, &en->run, &no_links, 0, e);

	if (!ret)
		ret = table_look(en, &t, e);
	if (!ret)
		ret = table_wake(en, &t, &generation, e);
	if (!ret)
		ret = table_objects(&t, false, &now, e);
	if (!ret)
		ret = nft_rules_remove(&now, &batch, e);
	if (!ret)
		ret = nft_run(&en->run, batch.s, e);
	if (!ret)
		ret = filter_stamp_remove(en->stamp, e);
	nft_rules_free(&en->stood);
	nft_rules_free(&now);
	text_dispose(&batch);
	free(t.parts);
	return ret;
}

static int engine_print(const struct ruleset *r, FILE *out, struct err *e)
{
	const struct nft_rules nothing = { .objects = NULL };
	struct nft_rules wanted;
	struct text batch = { .s = NULL };
	int ret = nft_rules_render(r, &wanted, e);

	if (!ret)
		ret = nft_rules_change(&nothing, &wanted, &batch, e);
	if (!ret)
		fprintf(out, "# packet filter, for: nft -f\n%s", batch.s);
	text_dispose(&batch);
	nft_rules_free(&wanted);
	return ret;
}

/* --- what is there --- */

static bool engine_usable(struct netlink *nl)
{
	uint32_t generation;

	return nft_generation_get(nl, &generation, NULL) == 0 && nft_run_usable();
}

static bool engine_traces(struct netlink *nl)
{
	return nft_chain_exists(nl, NFT_FAMILY, NFT_TABLE, NFT_CHAIN_OURS);
}

/* Our table with nothing but the user's chains is one that its engine is wanted for. */
static bool engine_in_use(struct netlink *nl)
{
	return nft_chain_exists(nl, NFT_FAMILY, NFT_TABLE, nft_user_chains[0]) ||
	       nft_chain_exists(nl, NFT_FAMILY, NFT_TABLE, nft_user_chains[1]);
}

const struct packet_filter_engine packet_filter_nft = {
	.name = "nftables",
	.stamp = "packet-filter-nftables",
	.usable = engine_usable,
	.traces = engine_traces,
	.in_use = engine_in_use,
	.open = engine_open,
	.close = engine_close,
	.stand = engine_stand,
	.holds = engine_holds,
	.hits = engine_hits,
	.tear_down = engine_tear_down,
	.print = engine_print,
};
