/*
 * From what stands to what is wanted, as one batch, in an order in which each command finds what it
 * speaks of and nothing that is removed is still in use:
 *
 *   1. the table, new sets and maps, new chains
 *   2. chains that differ are emptied, base chains made anew
 *   3. sets that differ are filled anew
 *   4. rules of chains that differ
 *   5. map elements that differ
 *   6. what is not wanted any more is removed
 *
 * The kernel takes a batch as one transaction, so that none of these is ever seen half-way.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backend/ruleset_nft_internal.h"
#include "common/digest.h"

static const char *const kinds[] = { [NFT_SET] = "set", [NFT_MAP] = "map", [NFT_CHAIN] = "chain" };

/* --- objects --- */

static int object_cmp(const void *a, const void *b)
{
	const struct nft_object *x = a, *y = b;

	return x->kind != y->kind ? (int)x->kind - (int)y->kind : strcmp(x->name, y->name);
}

void nft_rules_sort(struct nft_rules *r)
{
	if (r->count)
		qsort(r->objects, r->count, sizeof(r->objects[0]), object_cmp);
	r->digest = DIGEST_START;
	for (size_t i = 0; i < r->count; i++) {
		const struct nft_object *o = &r->objects[i];

		r->digest = digest_add(r->digest, o->name, strlen(o->name) + 1);
		r->digest = digest_add(r->digest, &o->digest, sizeof(o->digest));
	}
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
	for (size_t i = 0; i < r->count; i++) {
		free(r->objects[i].name);
		free(r->objects[i].body);
	}
	free(r->objects);
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
		int cmp = !a ? 1 : !b ? -1 : object_cmp(a, b);

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

/* One for each step, since objects are seen in another order. */
struct batch {
	struct text declare, clear, sets, rules, maps, remove;
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

/* --- maps: element by element, for there is one a guest --- */

/* Lines of a body, sorted. */
struct lines {
	char **line;
	size_t count;
	char *copy;
};

static int line_cmp(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* False: out of memory. */
static bool lines_split(struct lines *l, const char *body)
{
	size_t max = 1;
	char *end = NULL;

	for (const char *c = body; *c; c++)
		max += *c == '\n';
	*l = (struct lines){ .line = calloc(max, sizeof(*l->line)), .copy = strdup(body) };
	if (!l->line || !l->copy)
		return false;
	for (char *s = strtok_r(l->copy, "\n", &end); s; s = strtok_r(NULL, "\n", &end))
		l->line[l->count++] = s;
	qsort(l->line, l->count, sizeof(*l->line), line_cmp);
	return true;
}

static void lines_free(struct lines *l)
{
	free(l->line);
	free(l->copy);
}

/* Of "KEY : VERDICT" what deleting takes. */
static int key_len(const char *line)
{
	return (int)(strstr(line, " : ") - line);
}

static void fill_map(struct batch *b, const struct nft_object *now, const struct nft_object *wanted)
{
	struct lines old = { .line = NULL }, new = { .line = NULL };
	struct text add = { .s = NULL };
	bool ok = lines_split(&old, now->body ? now->body : "") &&
		  lines_split(&new, wanted->body ? wanted->body : "");

	for (size_t i = 0, j = 0; ok && (i < old.count || j < new.count);) {
		int cmp = i == old.count   ? 1
			  : j == new.count ? -1
					   : strcmp(old.line[i], new.line[j]);

		if (cmp < 0)
			text_addf(&b->maps, "delete element inet " NFT_TABLE " %s { %.*s }\n",
				wanted->name, key_len(old.line[i]), old.line[i]);
		else if (cmp > 0)
			text_addf(&add, "add element inet " NFT_TABLE " %s { %s }\n", wanted->name,
				new.line[j]);
		i += cmp <= 0;
		j += cmp >= 0;
	}
	if (add.len)
		text_add_bytes(&b->maps, add.s, add.len);
	b->maps.failed |= !ok || add.failed;
	text_dispose(&add);
	lines_free(&old);
	lines_free(&new);
}

static void remove_object(struct batch *b, const struct nft_object *o)
{
	if (o->user)
		return;
	if (o->kind == NFT_CHAIN)
		command(&b->clear, "flush", o);
	else if (o->kind == NFT_MAP)
		/* Its elements lead to chains that go as well. */
		text_addf(&b->clear, "flush map inet " NFT_TABLE " %s", o->name);
	if (o->kind != NFT_SET)
		text_add(&b->clear, "\n");
	command(&b->remove, "delete", o);
	text_add(&b->remove, "\n");
}

static int batch_see(
	void *arg, const struct nft_object *now, const struct nft_object *wanted, struct err *e)
{
	struct batch *b = arg;

	(void)e;
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
	else if (now && now->digest)
		fill_map(b, now, wanted);
	else
		elements(&b->maps, "add", wanted);
	return 0;
}

static bool has_user_chain(const struct nft_rules *r)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->objects[i].user)
			return true;
	return false;
}

int nft_rules_change(const struct nft_rules *now, const struct nft_rules *wanted, struct text *out,
	struct err *e)
{
	struct batch b = { .declare = { .s = NULL } };
	struct text *const parts[] = { &b.declare, &b.clear, &b.sets, &b.rules, &b.maps,
		&b.remove };

	*out = (struct text){ .s = NULL };
	text_add(out, "add table inet " NFT_TABLE "\n");
	if (wanted->count || has_user_chain(now))
		nft_rules_compare(now, wanted, batch_see, &b, NULL);
	else
		text_add(out, "delete table inet " NFT_TABLE "\n");
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
