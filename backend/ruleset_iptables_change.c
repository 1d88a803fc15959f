/*
 * From two states to the script that leads from one to the other.
 *
 * What always holds: a script names each table once, so that each table changes in one step; our
 * chains are declared, which empties them; the user's are made with -N, which fails (and with it
 * the script) where somebody made them meanwhile, rather than emptying them.
 */
#include "backend/ruleset_iptables.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/ruleset_iptables_internal.h"
#include "common/digest.h"

/* `references` ("-A X ... -j CHAIN" lines) as deletions. */
static void write_deletions(FILE *out, const char *references)
{
	for (const char *line = references; line && *line; line = strchr(line, '\n') + 1)
		fprintf(out, "-D%.*s\n", (int)(strcspn(line, "\n") - 2), line + 2);
}

static bool chain_is_user(int id)
{
	return iptables_chain_names[id].user;
}

/* Declares, fills and calls what is wanted. */
static void write_chain(
	FILE *out, int id, const struct iptables_chain *now, const struct iptables_chain *wanted)
{
	const struct iptables_chain_name *n = &iptables_chain_names[id];

	if (wanted->rules)
		fputs(wanted->rules, out);
	if (!n->hook || !wanted->jumps || (now->first && now->jumps == 1))
		return;
	for (size_t i = 0; i < now->jumps; i++)
		fprintf(out, "-D %s -j %s\n", n->hook, n->name);
	fprintf(out, "-I %s 1 -j %s\n", n->hook, n->name);
}

/* A policy's chain is left alone where it is there and `trusted`; where it is to be made it is
 * declared, which empties it. */
static bool made_stands(
	const struct iptables_rules *now, const struct iptables_made *m, bool trusted)
{
	const struct iptables_made *there = iptables_made_find(&now->made, m->name);

	return trusted && there && there->count == m->count;
}

static void declare_made(FILE *out, const struct iptables_rules *now,
	const struct iptables_rules *wanted, bool trusted)
{
	for (size_t i = 0; i < wanted->made.count; i++)
		if (!made_stands(now, &wanted->made.items[i], trusted))
			fprintf(out, ":%s - [0:0]\n", wanted->made.items[i].name);
}

static void write_made(FILE *out, const struct iptables_rules *now,
	const struct iptables_rules *wanted, bool trusted)
{
	for (size_t i = 0; i < wanted->made.count; i++) {
		const struct iptables_made *m = &wanted->made.items[i];
		size_t len;

		if (made_stands(now, m, trusted))
			continue;
		for (const char *l = m->text; l && *l; l += len + 1) {
			len = strcspn(l, "\n");
			fprintf(out, "-A %s %.*s\n", m->name, (int)len, l);
		}
	}
}

static void remove_made(
	FILE *out, const struct iptables_rules *now, const struct iptables_rules *wanted)
{
	static const char *const commands[] = { "-F", "-X" };

	for (int c = 0; c < 2; c++)
		for (size_t i = 0; i < now->made.count; i++)
			if (!iptables_made_find(&wanted->made, now->made.items[i].name))
				fprintf(out, "%s %s\n", commands[c], now->made.items[i].name);
}

/* Empties and removes what is not wanted. References between chains of ours are gone when every one
 * of them is empty; so removals come last. */
static void write_removals(FILE *out, const char *table, const struct iptables_rules *now,
	const struct iptables_rules *wanted)
{
	for (int i = 0; i < CHAIN_COUNT; i++) {
		const struct iptables_chain *c = &now->chain[i];

		if (strcmp(iptables_chain_names[i].table, table) != 0 || chain_is_user(i) ||
			!c->exists || wanted->chain[i].exists)
			continue;
		write_deletions(out, c->references);
		fprintf(out, "-F %s\n", iptables_chain_names[i].name);
	}
	for (int i = 0; i < CHAIN_COUNT; i++) {
		const struct iptables_chain *c = &now->chain[i];

		if (strcmp(iptables_chain_names[i].table, table) != 0 || !c->exists ||
			wanted->chain[i].exists ||
			(chain_is_user(i) && (c->count || c->references)))
			continue;
		fprintf(out, "-X %s\n", iptables_chain_names[i].name);
	}
}

static bool text_equal(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* Word for word: what reads otherwise is written anew. */
static bool chain_stands(
	int id, const struct iptables_chain *now, const struct iptables_chain *wanted)
{
	if (now->exists != wanted->exists)
		return false;
	return chain_is_user(id) || (now->jumps == wanted->jumps && now->first == wanted->first &&
					    text_equal(now->rules, wanted->rules));
}

static bool mades_stand(
	const struct iptables_rules *now, const struct iptables_rules *wanted, bool trusted)
{
	if (now->made.count != wanted->made.count)
		return false;
	for (size_t i = 0; i < wanted->made.count; i++)
		if (!made_stands(now, &wanted->made.items[i], trusted))
			return false;
	return true;
}

static bool table_stands(const char *table, const struct iptables_rules *now,
	const struct iptables_rules *wanted, bool trusted)
{
	for (int i = 0; i < CHAIN_COUNT; i++)
		if (strcmp(iptables_chain_names[i].table, table) == 0 &&
			!chain_stands(i, &now->chain[i], &wanted->chain[i]))
			return false;
	return strcmp(table, iptables_chain_names[CHAIN_POLICY].table) != 0 ||
	       mades_stand(now, wanted, trusted);
}

static void write_table(FILE *out, const char *table, const struct iptables_rules *now,
	const struct iptables_rules *wanted, bool trusted)
{
	bool policies = strcmp(table, iptables_chain_names[CHAIN_POLICY].table) == 0;

	fprintf(out, "*%s\n", table);
	for (int i = 0; i < CHAIN_COUNT; i++) {
		const struct iptables_chain_name *n = &iptables_chain_names[i];

		if (strcmp(n->table, table) != 0 || !wanted->chain[i].exists)
			continue;
		if (!chain_is_user(i))
			fprintf(out, ":%s - [0:0]\n", n->name);
		else if (!now->chain[i].exists)
			fprintf(out, "-N %s\n", n->name);
	}
	if (policies)
		declare_made(out, now, wanted, trusted);
	for (int i = 0; i < CHAIN_COUNT; i++)
		if (strcmp(iptables_chain_names[i].table, table) == 0 && wanted->chain[i].exists &&
			!chain_is_user(i))
			write_chain(out, i, &now->chain[i], &wanted->chain[i]);
	if (policies)
		write_made(out, now, wanted, trusted);
	write_removals(out, table, now, wanted);
	if (policies)
		remove_made(out, now, wanted);
	fprintf(out, "COMMIT\n");
}

int iptables_rules_change(const struct iptables_rules *now, const struct iptables_rules *wanted,
	bool trusted, char **text, struct err *e)
{
	static const char *const tables[] = { "filter", "mangle", "nat" };
	size_t len;
	FILE *out;

	*text = NULL;
	out = open_memstream(text, &len);
	if (!out)
		return err_sys(e, -ENOMEM, "packet filter rules");
	for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++)
		if (!table_stands(tables[t], now, wanted, trusted))
			write_table(out, tables[t], now, wanted, trusted);
	if (fclose(out) != 0) {
		free(*text);
		*text = NULL;
		return err_sys(e, -ENOMEM, "packet filter rules");
	}
	return 0;
}

size_t iptables_rules_transactions(const char *text)
{
	size_t count = 0;

	for (const char *at = text; (at = strstr(at, "\nCOMMIT\n")); at++)
		count++;
	return count;
}

bool iptables_rules_stand(const struct iptables_rules *now, const struct iptables_rules *wanted)
{
	for (int i = 0; i < CHAIN_COUNT; i++) {
		const struct iptables_chain *a = &now->chain[i], *b = &wanted->chain[i];

		if (a->exists != b->exists)
			return false;
		if (chain_is_user(i))
			continue;
		if (a->count != b->count || a->jumps != b->jumps || a->first != b->first)
			return false;
	}
	return mades_stand(now, wanted, true);
}

bool iptables_rules_absent(const struct iptables_rules *now)
{
	for (int i = 0; i < CHAIN_COUNT; i++)
		if (!chain_is_user(i) && now->chain[i].exists)
			return false;
	return now->made.count == 0;
}

uint64_t iptables_rules_digest(const struct iptables_rules *r)
{
	uint64_t digest = DIGEST_START;

	for (int i = 0; i < CHAIN_COUNT; i++) {
		const struct iptables_chain *c = &r->chain[i];
		unsigned char facts[] = { c->exists, c->jumps == 1, c->first };

		digest = digest_add(digest, facts, sizeof(facts));
		if (c->rules && !chain_is_user(i))
			digest = digest_add(digest, c->rules, strlen(c->rules) + 1);
	}
	for (size_t i = 0; i < r->made.count; i++) {
		const struct iptables_made *m = &r->made.items[i];

		digest = digest_add(digest, m->name, strlen(m->name) + 1);
		if (m->text)
			digest = digest_add(digest, m->text, strlen(m->text) + 1);
	}
	return digest;
}

void iptables_rules_free(struct iptables_rules *r)
{
	for (int i = 0; i < CHAIN_COUNT; i++) {
		free(r->chain[i].rules);
		free(r->chain[i].references);
	}
	iptables_mades_free(&r->made);
	iptables_mades_free(&r->sets);
	memset(r, 0, sizeof(*r));
}
