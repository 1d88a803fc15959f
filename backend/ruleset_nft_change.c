/*
 * From what stands to what is wanted, as one batch, in an order in which each command finds what it
 * speaks of and nothing that is removed is still in use:
 *
 *   1. the table, new sets and maps, new chains
 *   2. map elements that differ or are not wanted any more are removed
 *   3. chains that differ are emptied, base chains made anew
 *   4. sets that differ are filled anew
 *   5. rules of chains that differ
 *   6. map elements that differ
 *   7. what is not wanted any more is removed
 *
 * The kernel takes a batch as one transaction, so that none of these is ever seen half-way.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/ruleset_nft_internal.h"
#include "common/digest.h"

static const char *const kinds[] = {
	[NFT_SET] = "set",
	[NFT_MAP] = "map",
	[NFT_ELEMENT] = "element",
	[NFT_CHAIN] = "chain",
};

/* --- objects --- */

int nft_object_cmp(const void *a, const void *b)
{
	const struct nft_object *x = a, *y = b;

	return x->kind != y->kind ? (int)x->kind - (int)y->kind : strcmp(x->name, y->name);
}

uint64_t nft_object_share(const struct nft_object *o)
{
	uint64_t share = digest_add(DIGEST_START, o->name, strlen(o->name) + 1);

	return digest_add(share, &o->digest, sizeof(o->digest));
}

void nft_object_free(struct nft_object *o)
{
	free(o->name);
	free(o->body);
}

void nft_rules_sort(struct nft_rules *r)
{
	if (r->count)
		qsort(r->objects, r->count, sizeof(r->objects[0]), nft_object_cmp);
	r->digest = 0;
	for (size_t i = 0; i < r->count; i++)
		r->digest += nft_object_share(&r->objects[i]);
}

int nft_rules_note(struct nft_rules *r, bool chain, const char *name, struct err *e)
{
	struct nft_writer w = { .out = r };
	enum nft_kind kind = chain ? NFT_CHAIN : NFT_SET;

	if (!chain && (strncmp(name, "guests", 6) == 0 || strncmp(name, "peers", 5) == 0))
		kind = NFT_MAP;
	nft_write(&w, kind, name, "");
	if (w.failed)
		return err_sys(e, -ENOMEM, "packet filter rules");
	r->objects[r->count - 1].digest = 0;
	return 0;
}

void nft_rules_free(struct nft_rules *r)
{
	for (size_t i = 0; i < r->count; i++)
		nft_object_free(&r->objects[i]);
	free(r->objects);
	free(r->guests);
	*r = (struct nft_rules){ .objects = NULL };
}

int nft_rules_compare(const struct nft_rules *now, const struct nft_rules *wanted,
	nft_rules_see see, void *arg, struct err *e)
{
	size_t i = 0, j = 0;
	int ret = 0;

	while (!ret && (i < now->count || j < wanted->count)) {
		const struct nft_object *a = i < now->count ? &now->objects[i] : NULL;
		const struct nft_object *b = j < wanted->count ? &wanted->objects[j] : NULL;
		int cmp = !a ? 1 : !b ? -1 : nft_object_cmp(a, b);

		i += cmp <= 0;
		j += cmp >= 0;
		if (cmp < 0)
			ret = see(arg, a, NULL, e);
		else if (cmp > 0)
			ret = see(arg, NULL, b, e);
		else if (!b->user && (a->digest != b->digest || !a->digest))
			ret = see(arg, a, b, e);
	}
	return ret;
}

/* --- the batch --- */

/* Elements of one map after the other, each map's in one command. */
struct list {
	struct text text;
	char map[NFT_NAME_MAX]; /* whose command is not at its end yet, "": none */
};

/* One for each step, since objects are seen in another order. */
struct batch {
	struct text declare, clear, sets, rules, remove;
	struct list off, on;
};

static void command(struct text *t, const char *verb, const struct nft_object *o)
{
	text_addf(t, "%s %s inet " NFT_TABLE " %s", verb, kinds[o->kind], o->name);
}

static void declare(struct text *t, const struct nft_object *o)
{
	command(t, "add", o);
	text_addf(t, " %s\n", o->spec);
}

/* Elements, each a line in the body, as "{ a, b }". */
static void elements(struct text *t, const char *verb, const struct nft_object *o)
{
	const char *end;

	if (!o->body)
		return;
	text_addf(t, "%s element inet " NFT_TABLE " %s {", verb, o->name);
	for (const char *line = o->body; *line; line = end + 1) {
		end = strchr(line, '\n');
		text_add(t, line == o->body ? " " : ", ");
		text_add_bytes(t, line, (size_t)(end - line));
	}
	text_add(t, " }\n");
}

static void fill_chain(struct text *t, const struct nft_object *o)
{
	const char *end;

	for (const char *line = o->body; line && *line; line = end + 1) {
		end = strchr(line, '\n');
		text_addf(t, "add rule inet " NFT_TABLE " %s ", o->name);
		text_add_bytes(t, line, (size_t)(end + 1 - line));
	}
}

static void list_end(struct list *l)
{
	if (l->map[0])
		text_add(&l->text, " }\n");
	l->map[0] = '\0';
}

/* `leads`: with where the element leads. */
static void list_add(struct list *l, const char *verb, const struct nft_object *o, bool leads)
{
	const char *key = strchr(o->name, ' ') + 1;
	const int len = (int)(key - o->name) - 1;

	if (strncmp(l->map, o->name, (size_t)len) != 0 || l->map[len]) {
		list_end(l);
		snprintf(l->map, sizeof(l->map), "%.*s", len, o->name);
		text_addf(&l->text, "%s element inet " NFT_TABLE " %s { ", verb, l->map);
	} else {
		text_add(&l->text, ", ");
	}
	text_add(&l->text, key);
	if (leads)
		text_addf(&l->text, " : %s", o->body);
}

static void remove_object(struct batch *b, const struct nft_object *o)
{
	if (o->user)
		return;
	/* Of what is not known a map's elements lead to chains that go as well. */
	if (o->kind != NFT_SET) {
		command(&b->clear, "flush", o);
		text_add(&b->clear, "\n");
	}
	command(&b->remove, "delete", o);
	text_add(&b->remove, "\n");
}

static int batch_see(
	void *arg, const struct nft_object *now, const struct nft_object *wanted, struct err *e)
{
	struct batch *b = arg;

	(void)e;
	if ((now ? now : wanted)->kind == NFT_ELEMENT) {
		if (now)
			list_add(&b->off, "delete", now, false);
		if (wanted)
			list_add(&b->on, "add", wanted, true);
		return 0;
	}
	if (!wanted) {
		remove_object(b, now);
		return 0;
	}
	if (!now)
		declare(&b->declare, wanted);
	else if (wanted->kind == NFT_CHAIN || wanted->kind == NFT_SET || !now->digest)
		text_addf(&b->clear, "flush %s inet " NFT_TABLE " %s\n", kinds[wanted->kind],
			wanted->name);
	/* What is known of a base chain that somebody else may have made is its name. */
	if (now && !now->digest && *wanted->spec && wanted->kind == NFT_CHAIN) {
		command(&b->clear, "delete", wanted);
		text_add(&b->clear, "\n");
		declare(&b->clear, wanted);
	}
	if (wanted->kind == NFT_CHAIN)
		fill_chain(&b->rules, wanted);
	else if (wanted->kind == NFT_SET)
		elements(&b->sets, "add", wanted);
	return 0;
}

static bool has_user_chain(const struct nft_rules *r)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->objects[i].user)
			return true;
	return false;
}

static int batch_end(struct batch *b, struct text *out, struct err *e)
{
	struct text *const parts[] = { &b->declare, &b->off.text, &b->clear, &b->sets, &b->rules,
		&b->on.text, &b->remove };

	list_end(&b->off);
	list_end(&b->on);
	*out = (struct text){ .s = NULL };
	text_add(out, "add table inet " NFT_TABLE "\n");
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (parts[i]->len)
			text_add_bytes(out, parts[i]->s, parts[i]->len);
		out->failed |= parts[i]->failed;
		text_dispose(parts[i]);
	}
	if (!out->failed)
		return 0;
	text_dispose(out);
	return err_sys(e, -ENOMEM, "packet filter rules");
}

int nft_rules_change(const struct nft_rules *now, const struct nft_rules *wanted, struct text *out,
	struct err *e)
{
	struct batch b = { .declare = { .s = NULL } };

	nft_rules_compare(now, wanted, batch_see, &b, NULL);
	return batch_end(&b, out, e);
}

int nft_rules_remove(const struct nft_rules *now, struct text *out, struct err *e)
{
	const struct nft_rules nothing = { .objects = NULL };
	struct batch b = { .declare = { .s = NULL } };

	if (has_user_chain(now))
		return nft_rules_change(now, &nothing, out, e);
	text_add(&b.remove, "delete table inet " NFT_TABLE "\n");
	return batch_end(&b, out, e);
}
