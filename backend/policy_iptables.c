/*
 * From the leaves up, since a chain is named after its contents: sets, blocks of rules, a chain for
 * each guest, the tree. What always holds: a chain is added to `chains` after everything that it
 * leads to, and text that is the same is there once.
 */
#include "backend/policy_iptables.h"

#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/digest.h"

#define BLOCK_WHOLE 64 /* rules that need no blocks */
#define BLOCK_LEAST 16
#define BLOCK_MOST  256

/* The tree splits by this many bits of the address at once. nf_tables follows 16 jumps at most
 * (NFT_JUMP_STACK_SIZE); a node so deep lists all that is below it. */
#define TREE_BITS  4
#define TREE_DEPTH 8

struct leaf;

struct render {
	const struct ruleset *ruleset;
	const struct ruleset_family *family;
	bool ip6;
	const struct leaf *guests; /* of packets to these, sorted; NULL: to the outside */
	size_t guest_count;
	struct iptables_mades *chains, *sets;
	ruleset_see see; /* NULL: nobody asks */
	void *see_arg;
	bool out_of_memory;
};

static bool text_open(struct render *r, struct iptables_text *t)
{
	bool ok = iptables_text_open(t);

	t->note = RULESET_NO_RULE;
	r->out_of_memory |= !ok;
	return ok;
}

/* Of a chain of a guest's rules: what each line stands for is noted. */
static bool text_open_rules(
	struct render *r, struct iptables_text *t, const struct ruleset_guest *g)
{
	if (!text_open(r, t))
		return false;
	/* Two lines a rule, four on DNS, and the last. */
	t->space = 2 * g->policy.count + 5;
	t->notes = r->see ? calloc(t->space, sizeof(*t->notes)) : NULL;
	r->out_of_memory |= r->see && !t->notes;
	return true;
}

static void text_close(struct render *r, struct iptables_text *t, const char *kind,
	struct iptables_mades *where, char name[IPTABLES_MADE_NAME])
{
	r->out_of_memory |= !iptables_text_close(t, kind, where, name);
}

static void text_close_rules(struct render *r, struct iptables_text *t,
	const struct ruleset_guest *g, char name[IPTABLES_MADE_NAME])
{
	/* The same block of another guest is another one, for its counters. */
	text_close(r, t, g->name, r->chains, name);
	if (t->added && t->notes)
		r->see(r->see_arg, name, (size_t)(g - r->ruleset->guests), t->notes, t->count);
	free(t->notes);
}

/* --- sets --- */

static void set_line(const struct render *r, struct iptables_text *t, const struct prefix *p)
{
	struct prefix half = { .addr = p->addr, .len = 1 };
	char text[PREFIX_TEXT_MAX];

	if (p->addr.family != (r->ip6 ? AF_INET6 : AF_INET))
		return;
	if (p->len) {
		iptables_text_line(t, "%s", prefix_print(p, text));
		return;
	}
	/* A set takes no prefix of no bits. */
	iptables_text_line(t, "%s", prefix_print(&half, text));
	half.addr.bytes[0] = 0x80;
	iptables_text_line(t, "%s", prefix_print(&half, text));
}

static void set_prefixes(const struct render *r, struct iptables_text *t,
	const struct prefix *prefixes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		set_line(r, t, &prefixes[i]);
}

static void set_name(const struct render *r, struct iptables_text *t, const char *name)
{
	struct policy_world world = ruleset_world(r->ruleset);
	const struct policy_name *n = policy_name_find(&world, name);

	for (size_t i = 0; n && i < n->count; i++) {
		struct prefix one = { n->addrs[i], r->ip6 ? 128 : 32 };

		set_line(r, t, &one);
	}
}

/* The set that a destination is, or for @internet is not, in. */
static void set_make(
	struct render *r, const struct policy_rule *rule, char name[IPTABLES_MADE_NAME])
{
	const struct prefix *private, *special;
	size_t private_count, special_count;
	struct iptables_text t;

	name[0] = '\0';
	if (!text_open(r, &t))
		return;
	private = policy_private(&private_count);
	special = policy_special(&special_count);
	if (rule->target == POLICY_TO_NAME)
		set_name(r, &t, rule->name);
	if (rule->target == POLICY_TO_LAN || rule->target == POLICY_TO_INTERNET)
		set_prefixes(r, &t, r->ruleset->lan, r->ruleset->lan_count);
	if (rule->target == POLICY_TO_PRIVATE || rule->target == POLICY_TO_INTERNET)
		set_prefixes(r, &t, private, private_count);
	if (rule->target == POLICY_TO_INTERNET)
		set_prefixes(r, &t, special, special_count);
	text_close(r, &t, r->ip6 ? "inet6" : "inet", r->sets, name);
}

/* --- one rule --- */

static const char *verdict(const struct render *r, enum policy_verdict v)
{
	if (v == POLICY_ACCEPT)
		return "ACCEPT";
	return r->ip6 ? "REJECT --reject-with icmp6-adm-prohibited"
		      : "REJECT --reject-with icmp-admin-prohibited";
}

/* "-d 192.0.2.0/24 ", or what else says where to. A name to nowhere is there for refusals only, and
 * those refuse all. */
static void destination(struct render *r, const struct policy_rule *rule, char buf[96])
{
	char set[IPTABLES_MADE_NAME], text[PREFIX_TEXT_MAX];
	struct policy_rule accept = *rule;

	buf[0] = '\0';
	accept.action = POLICY_ACCEPT;
	switch (rule->target) {
	case POLICY_TO_PREFIX:
		snprintf(buf, 96, "-d %s ", prefix_print(&rule->prefix, text));
		return;
	case POLICY_TO_NAME:
		if (!ruleset_rule_applies(r->ruleset, &accept, r->ip6 ? AF_INET6 : AF_INET))
			return;
		break;
	case POLICY_TO_LAN:
	case POLICY_TO_PRIVATE:
	case POLICY_TO_INTERNET:
		break;
	default:
		return;
	}
	set_make(r, rule, set);
	snprintf(buf, 96, "-m set %s--match-set %s dst ",
		rule->target == POLICY_TO_INTERNET ? "! " : "", set);
}

static void rule_ports(struct render *r, struct iptables_text *t, const struct policy_rule *rule,
	const char *to, const char *proto)
{
	char ports[32] = "";

	if (rule->has_ports)
		snprintf(ports, sizeof(ports), "-m %s --dport %u:%u ", proto, rule->port_first,
			rule->port_last);
	iptables_text_line(t, "%s-p %s %s-j %s", to, proto, ports, verdict(r, rule->action));
}

static void rule_icmp(
	struct render *r, struct iptables_text *t, const struct policy_rule *rule, const char *to)
{
	char type[48] = "";

	if (rule->has_icmp_type)
		snprintf(type, sizeof(type), "-m %s %u ",
			r->ip6 ? "icmp6 --icmpv6-type" : "icmp --icmp-type", rule->icmp_type);
	iptables_text_line(t, "%s-p %s %s-j %s", to, r->ip6 ? "ipv6-icmp" : "icmp", type,
		verdict(r, rule->action));
}

static void rule_render(
	struct render *r, struct iptables_text *t, const struct policy *policy, size_t index)
{
	const struct policy_rule *rule = &policy->rules[index];
	char to[96];

	t->note = index;
	destination(r, rule, to);
	if (rule->proto == POLICY_PROTO_ICMP) {
		rule_icmp(r, t, rule, to);
	} else if (rule->proto == POLICY_PROTO_ANY && !rule->has_ports) {
		iptables_text_line(t, "%s-j %s", to, verdict(r, rule->action));
	} else {
		if (rule->proto != POLICY_PROTO_UDP)
			rule_ports(r, t, rule, to, "tcp");
		if (rule->proto != POLICY_PROTO_TCP)
			rule_ports(r, t, rule, to, "udp");
	}
}

/* --- a guest --- */

struct leaf {
	const struct addr *addr;
	const char *guest;		/* name of its vif */
	char chain[IPTABLES_MADE_NAME]; /* of its policy */
};

static int leaf_cmp(const void *a, const void *b)
{
	return addr_cmp(((const struct leaf *)a)->addr, ((const struct leaf *)b)->addr);
}

/* Whether the rule can match a packet to another guest: a drop, or an accept of one's address. */
static bool rule_is_for_guests(const struct render *r, const struct policy_rule *rule)
{
	const struct leaf key = { .addr = &rule->prefix.addr };

	return policy_rule_counts_for_guests(rule) &&
	       (rule->action == POLICY_DROP ||
		       bsearch(&key, r->guests, r->guest_count, sizeof(key), leaf_cmp));
}

static void guest_dns(struct render *r, struct iptables_text *t, const struct ruleset_guest *g)
{
	char text[ADDR_TEXT_MAX];

	for (unsigned int i = 0; i < 2; i++) {
		size_t udp, tcp;

		if (!addr_is_set(&r->family->dns[i]))
			continue;
		udp = ruleset_dns_rule(r->ruleset, g, r->family, i, IPPROTO_UDP);
		tcp = ruleset_dns_rule(r->ruleset, g, r->family, i, IPPROTO_TCP);
		addr_print(&r->family->dns[i], text);
		t->note = udp;
		iptables_text_line(t, "-p udp -m conntrack --ctorigdst %s -j %s", text,
			verdict(r, policy_verdict_of(&g->policy, udp)));
		t->note = tcp;
		iptables_text_line(t, "-p tcp -m conntrack --ctorigdst %s -j %s", text,
			verdict(r, policy_verdict_of(&g->policy, tcp)));
	}
}

/* Whether packets that come to the guest's rules can match: the virtual resolvers' do not come. */
static bool rule_counts(const struct render *r, const struct policy_rule *rule)
{
	return rule->target != POLICY_TO_DNS && rule->target != POLICY_TO_NETVM_DNS &&
	       (!r->guests || rule_is_for_guests(r, rule)) &&
	       ruleset_rule_applies(r->ruleset, rule, r->ip6 ? AF_INET6 : AF_INET);
}

/* Writes the rule; whether its block of so many rules ends behind it, which the rule's own text
 * says, so that cuts stay where they are when rules come and go elsewhere. */
static bool block_rule(struct render *r, struct iptables_text *b, const struct policy *policy,
	size_t index, size_t count)
{
	uint64_t digest;
	size_t from;

	fflush(b->out);
	from = b->len;
	if (rule_counts(r, &policy->rules[index]))
		rule_render(r, b, policy, index);
	fflush(b->out);
	digest = digest_add(DIGEST_START, b->buf + from, b->len - from);
	return count >= BLOCK_MOST || (count >= BLOCK_LEAST && (digest >> 32) % BLOCK_WHOLE == 0);
}

/* Its rules in as many blocks as it takes; `t` leads to each. */
static void guest_blocks(struct render *r, struct iptables_text *t, const struct ruleset_guest *g)
{
	size_t next = 0;

	while (next < g->policy.count) {
		size_t first = next;
		char name[IPTABLES_MADE_NAME];
		struct iptables_text b;
		bool ends = false;

		if (!text_open_rules(r, &b, g))
			return;
		for (; next < g->policy.count && !ends; next++)
			ends = block_rule(r, &b, &g->policy, next, next - first + 1);
		text_close_rules(r, &b, g, name);
		t->note = RULESET_NO_RULE;
		iptables_text_line(t, "-j %s", name);
	}
}

static void guest_render(
	struct render *r, const struct ruleset_guest *g, char name[IPTABLES_MADE_NAME])
{
	struct iptables_text t;

	name[0] = '\0';
	if (!text_open_rules(r, &t, g))
		return;
	if (!r->guests)
		guest_dns(r, &t, g);
	if (g->policy.count > BLOCK_WHOLE)
		guest_blocks(r, &t, g);
	else
		for (size_t i = 0; i < g->policy.count; i++)
			if (rule_counts(r, &g->policy.rules[i]))
				rule_render(r, &t, &g->policy, i);
	t.note = g->policy.count;
	iptables_text_line(&t, "-j %s", verdict(r, r->guests ? POLICY_DROP : g->policy.otherwise));
	text_close_rules(r, &t, g, name);
}

/* Whether any packet of the guest to another can be accepted. */
static bool guest_counts(const struct render *r, const struct ruleset_guest *g)
{
	for (size_t i = 0; r->guests && i < g->policy.count; i++)
		if (g->policy.rules[i].action == POLICY_ACCEPT &&
			rule_counts(r, &g->policy.rules[i]))
			return true;
	return !r->guests;
}

/* --- the tree --- */

static bool bit_equal(const struct addr *a, const struct addr *b, unsigned int bit)
{
	return !((a->bytes[bit / 8] ^ b->bytes[bit / 8]) & (0x80U >> bit % 8));
}

static unsigned int common_bits(const struct addr *a, const struct addr *b)
{
	unsigned int bit = 0;

	while (bit < addr_len(a) * 8 && bit_equal(a, b, bit))
		bit++;
	return bit;
}

static void leaf_line(struct iptables_text *t, const struct leaf *l)
{
	char text[ADDR_TEXT_MAX];

	/* The emulated twin's name begins with that of the vif. */
	iptables_text_line(t, "-s %s -i %s+ -j %s", addr_print(l->addr, text), l->guest, l->chain);
}

/* The node of sorted leaves; its name is "" where memory ran out. Recursion ends at TREE_DEPTH. */
static void tree_node(struct render *r, const struct leaf *leaves, size_t count, unsigned int depth,
	char name[IPTABLES_MADE_NAME])
{
	unsigned int bits = common_bits(leaves[0].addr, leaves[count - 1].addr);
	struct iptables_text t;
	size_t n;

	name[0] = '\0';
	if (!text_open(r, &t))
		return;
	bits = bits / TREE_BITS * TREE_BITS + TREE_BITS;
	if (bits > addr_len(leaves[0].addr) * 8)
		bits = (unsigned int)addr_len(leaves[0].addr) * 8; /* two have the same address */
	for (size_t i = 0; i < count; i += n) {
		struct prefix p = addr_prefix(leaves[i].addr, (uint8_t)bits);
		char child[IPTABLES_MADE_NAME], text[PREFIX_TEXT_MAX];

		for (n = 1; i + n < count && prefix_contains(&p, leaves[i + n].addr);)
			n++;
		if (n > 1 && n < count && depth < TREE_DEPTH) {
			tree_node(r, &leaves[i], n, depth + 1, child);
			iptables_text_line(&t, "-s %s -j %s", prefix_print(&p, text), child);
			continue;
		}
		for (size_t k = 0; k < n; k++)
			leaf_line(&t, &leaves[i + k]);
	}
	text_close(r, &t, "tree", r->chains, name);
}

/* One tree, of the guests that count in it; gives how many. */
static size_t tree_render(struct render *r, struct leaf *leaves, char top[IPTABLES_MADE_NAME])
{
	size_t count = 0;

	for (size_t i = 0; i < r->ruleset->guest_count; i++) {
		const struct ruleset_guest *g = &r->ruleset->guests[i];
		const struct addr *a = r->ip6 ? &g->ip6 : &g->ip;

		if (!addr_is_set(a) || !guest_counts(r, g))
			continue;
		leaves[count].addr = a;
		leaves[count].guest = g->name;
		guest_render(r, g, leaves[count++].chain);
	}
	qsort(leaves, count, sizeof(*leaves), leaf_cmp);
	top[0] = '\0';
	if (count && !r->out_of_memory)
		tree_node(r, leaves, count, 0, top);
	return count;
}

int policy_iptables_render_seen(const struct ruleset *rules, int family,
	struct iptables_mades *chains, struct iptables_mades *sets,
	struct policy_iptables_tops *tops, ruleset_see see, void *arg)
{
	struct render r = { .ruleset = rules,
		.ip6 = family == AF_INET6,
		.family = family == AF_INET6 ? &rules->ip6 : &rules->ip4,
		.chains = chains,
		.sets = sets,
		.see = see,
		.see_arg = arg };
	struct leaf *leaves = calloc(2 * rules->guest_count + 1, sizeof(*leaves));

	*tops = (struct policy_iptables_tops){ .outside = "" };
	if (!leaves)
		return -ENOMEM;
	r.guest_count = tree_render(&r, leaves, tops->outside);
	r.guests = leaves;
	tree_render(&r, leaves + r.guest_count, tops->guests);
	free(leaves);
	return r.out_of_memory ? -ENOMEM : 0;
}

int policy_iptables_render(const struct ruleset *r, int family, struct iptables_mades *chains,
	struct iptables_mades *sets, struct policy_iptables_tops *tops)
{
	return policy_iptables_render_seen(r, family, chains, sets, tops, NULL, NULL);
}
