/*
 * From a ruleset to rules (one function a chain), and from two states to the script that leads from
 * one to the other. Reading what stands is in ruleset_iptables_parse.c.
 *
 * What always holds: a script names each table once, so that each table changes in one step; our
 * chains are declared, which empties them; the user's are made with -N, which fails (and with it
 * the script) where somebody made them meanwhile, rather than emptying them.
 */
#include "backend/ruleset_iptables.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/digest.h"
#include "backend/ruleset_iptables_internal.h"

const struct iptables_chain_name iptables_chain_names[CHAIN_COUNT] = {
	[CHAIN_INPUT] = { "filter", "netvm-input", "INPUT", false },
	[CHAIN_FORWARD] = { "filter", "netvm-forward", "FORWARD", false },
	[CHAIN_POLICY] = { "filter", "netvm-policy", NULL, false },
	[CHAIN_CUSTOM_INPUT] = { "filter", "custom-input", NULL, true },
	[CHAIN_CUSTOM_FORWARD] = { "filter", "custom-forward", NULL, true },
	[CHAIN_MARK] = { "mangle", "netvm-mark", "PREROUTING", false },
	[CHAIN_DNS] = { "nat", "netvm-dns", "PREROUTING", false },
	[CHAIN_POSTROUTING] = { "nat", "netvm-postrouting", "POSTROUTING", false },
};

/* Where verdicts on what a guest reaches are made. */
#define POLICY "netvm-policy"

/* --- from a ruleset to rules --- */

/* Where a chain's rules are written to, and whose. */
struct writer {
	FILE *out;
	const struct ruleset *ruleset;
	const struct ruleset_family *family;
	bool ip6;
	const char *chain;
	const struct policy_iptables_tops *policies; /* where guests' policies begin */
	size_t count;
};

__attribute__((format(printf, 2, 3))) static void rule(struct writer *w, const char *fmt, ...)
{
	va_list ap;

	fprintf(w->out, "-A %s ", w->chain);
	va_start(ap, fmt);
	vfprintf(w->out, fmt, ap);
	va_end(ap);
	fputc('\n', w->out);
	w->count++;
}

/* `what` leaves by an uplink, or by any link where none is named: `verdict`. */
static void rule_uplinks(struct writer *w, const char *what, const char *verdict)
{
	for (size_t i = 0; i < w->ruleset->uplink_count; i++)
		rule(w, "%s-o %s -j %s", what, w->ruleset->uplinks[i], verdict);
	if (!w->ruleset->uplink_count)
		rule(w, "%s-j %s", what, verdict);
}

/* What all packets of known connections get, before the user's chain and our verdicts. */
static void rules_known(struct writer *w)
{
	rule(w, "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT");
	rule(w, "-m conntrack --ctstate INVALID -j DROP");
}

/* Our own forwarder is there for guests alone: nobody else's packet comes to it by a link. */
static void rules_forwarder_closed(struct writer *w)
{
	char text[ADDR_TEXT_MAX];

	for (int i = 0; i < RULESET_FORWARDERS_MAX; i++)
		if (addr_is_set(&w->family->forwarders[i]))
			rule(w, "-d %s ! -i lo -m devgroup ! --src-group 0x%x -j DROP",
				addr_print(&w->family->forwarders[i], text), w->ruleset->group);
}

/* Questions that were translated to it; what a guest sends there itself is not. */
static void rules_forwarder(struct writer *w)
{
	static const char *const protocols[] = { "udp", "tcp" };
	char text[ADDR_TEXT_MAX];

	for (int i = 0; i < RULESET_FORWARDERS_MAX; i++)
		for (int p = 0; addr_is_set(&w->family->forwarders[i]) && p < 2; p++)
			rule(w,
				"-d %s -p %s -m %s --dport 53 -m conntrack --ctstate DNAT "
				"-j " POLICY,
				addr_print(&w->family->forwarders[i], text), protocols[p],
				protocols[p]);
}

static void render_input(struct writer *w)
{
	char gateway[ADDR_TEXT_MAX];
	const char *proto =
		w->ip6 ? "-p ipv6-icmp -m icmp6 --icmpv6-type" : "-p icmp -m icmp --icmp-type";

	rules_forwarder_closed(w);
	rule(w, "-m devgroup ! --src-group 0x%x -j RETURN", w->ruleset->group);
	rules_known(w);
	/* Neighbour discovery, without which IPv6 does not work at all: solicitation and
	 * advertisement (RFC 4861). */
	for (int type = 135; w->ip6 && type <= 136; type++)
		rule(w, "%s %d -j ACCEPT", proto, type);
	rule(w, "-j custom-input");
	rules_forwarder(w);
	if (addr_is_set(&w->family->gateway))
		rule(w, "-d %s %s %d -j ACCEPT", addr_print(&w->family->gateway, gateway), proto,
			w->ip6 ? 128 : 8);
	rule(w, "-j DROP");
}

/*
 * A virtual resolver takes nothing but DNS, and that is translated before it gets here. In a chain
 * of network domains its translation may be itself, or the other one: the domain above serves the
 * same two, and its answer is then this domain's resolver.
 */
static void rules_resolver(struct writer *w, const struct addr *virtual)
{
	char text[ADDR_TEXT_MAX], what[ADDR_TEXT_MAX + 48];

	addr_print(virtual, text);
	for (unsigned int i = 0; i < 2; i++) {
		const struct addr *target = ruleset_target(w->family, i);

		if (!target || !addr_equal(target, virtual))
			continue;
		snprintf(what, sizeof(what), "-d %s -p udp -m udp --dport 53 ", text);
		rule_uplinks(w, what, POLICY);
		snprintf(what, sizeof(what), "-d %s -p tcp -m tcp --dport 53 ", text);
		rule_uplinks(w, what, POLICY);
		break;
	}
	rule(w, "-d %s -p tcp -j REJECT --reject-with tcp-reset", text);
	rule(w, "-d %s -j REJECT --reject-with %s-port-unreachable", text,
		w->ip6 ? "icmp6" : "icmp");
}

static void render_forward(struct writer *w)
{
	uint32_t group = w->ruleset->group;

	rule(w, "-m devgroup ! --src-group 0x%x ! --dst-group 0x%x -j RETURN", group, group);
	rules_known(w);
	rule(w, "-j custom-forward");
	if (w->policies->guests[0])
		rule(w, "-m devgroup --src-group 0x%x --dst-group 0x%x -j %s", group, group,
			w->policies->guests);
	rule(w, "-m devgroup --dst-group 0x%x -j DROP", group);
	for (int i = 0; i < 2; i++)
		if (addr_is_set(&w->family->dns[i]))
			rules_resolver(w, &w->family->dns[i]);
	rule_uplinks(w, "", POLICY);
	if (w->ruleset->uplink_count)
		rule(w, "-j DROP");
}

/* What passed all else: the guest's own rules, or everything where there are none. */
static void render_policy(struct writer *w)
{
	if (w->policies->outside[0])
		rule(w, "-j %s", w->policies->outside);
	if (w->ruleset->managed)
		rule(w, "-j REJECT --reject-with %s",
			w->ip6 ? "icmp6-adm-prohibited" : "icmp-admin-prohibited");
	else
		rule(w, "-j ACCEPT");
}

static void render_mark(struct writer *w)
{
	rule(w, "-m devgroup --src-group 0x%x -j MARK --set-xmark 0x%x/0x%x", w->ruleset->group,
		w->ruleset->mark, w->ruleset->mark);
}

static void render_dns(struct writer *w)
{
	static const char *const protocols[] = { "udp", "tcp" };
	char virtual[ADDR_TEXT_MAX], real[ADDR_TEXT_MAX];

	rule(w, "-m devgroup ! --src-group 0x%x -j RETURN", w->ruleset->group);
	for (unsigned int i = 0; i < 2; i++) {
		const struct addr *target = ruleset_target(w->family, i);

		for (int p = 0; target && p < 2; p++)
			rule(w, "-d %s -p %s -m %s --dport 53 -j DNAT --to-destination %s",
				addr_print(&w->family->dns[i], virtual), protocols[p], protocols[p],
				addr_print(target, real));
	}
}

static void render_postrouting(struct writer *w)
{
	char what[96];

	snprintf(what, sizeof(what), "-m mark --mark 0x%x/0x%x -m devgroup ! --dst-group 0x%x ",
		w->ruleset->mark, w->ruleset->mark, w->ruleset->group);
	rule_uplinks(w, what, "MASQUERADE");
}

static int chain_render(
	struct writer *w, void (*render)(struct writer *w), struct iptables_chain *out)
{
	size_t len;

	w->count = 0;
	w->out = open_memstream(&out->rules, &len);
	if (!w->out)
		return -ENOMEM;
	render(w);
	if (fclose(w->out) != 0)
		return -ENOMEM;
	out->count = w->count;
	return 0;
}

int iptables_rules_render(
	const struct ruleset *r, int family, struct iptables_rules *out, struct err *e)
{
	static void (*const render[CHAIN_COUNT])(struct writer * w) = {
		[CHAIN_INPUT] = render_input,
		[CHAIN_FORWARD] = render_forward,
		[CHAIN_POLICY] = render_policy,
		[CHAIN_MARK] = render_mark,
		[CHAIN_DNS] = render_dns,
		[CHAIN_POSTROUTING] = render_postrouting,
	};
	struct policy_iptables_tops tops;
	struct writer w = { .ruleset = r, .ip6 = family == AF_INET6, .policies = &tops };

	w.family = w.ip6 ? &r->ip6 : &r->ip4;
	memset(out, 0, sizeof(*out));
	if (policy_iptables_render(r, family, &out->made, &out->sets, &tops) < 0)
		return err_sys(e, -ENOMEM, "packet filter rules");
	for (int i = 0; i < CHAIN_COUNT; i++) {
		struct iptables_chain *c = &out->chain[i];

		c->exists = true;
		if (!render[i])
			continue;
		w.chain = iptables_chain_names[i].name;
		c->jumps = iptables_chain_names[i].hook ? 1 : 0;
		c->first = iptables_chain_names[i].hook;
		if (chain_render(&w, render[i], c) < 0)
			return err_sys(e, -ENOMEM, "packet filter rules");
	}
	return 0;
}

/* --- from what stands to what is wanted --- */

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

static bool table_concerned(
	const char *table, const struct iptables_rules *now, const struct iptables_rules *wanted)
{
	for (int i = 0; i < CHAIN_COUNT; i++)
		if (strcmp(iptables_chain_names[i].table, table) == 0 &&
			(now->chain[i].exists || wanted->chain[i].exists))
			return true;
	return false;
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
		if (table_concerned(tables[t], now, wanted))
			write_table(out, tables[t], now, wanted, trusted);
	if (fclose(out) != 0) {
		free(*text);
		*text = NULL;
		return err_sys(e, -ENOMEM, "packet filter rules");
	}
	return 0;
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
	if (now->made.count != wanted->made.count)
		return false;
	for (size_t i = 0; i < wanted->made.count; i++)
		if (!made_stands(now, &wanted->made.items[i], true))
			return false;
	return true;
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
