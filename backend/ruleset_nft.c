/*
 * From a ruleset to the objects of the table: the base, one function a chain. The guests are in
 * ruleset_nft_guests.c, the way from one state to another in ruleset_nft_change.c.
 *
 * "accept" here is not the last word, as it is in iptables: a packet that our chain accepts still
 * goes through the base chains of other tables, and what they drop is dropped.
 */
#include "backend/ruleset_nft.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/ruleset_nft_internal.h"
#include "common/digest.h"

const char *const nft_user_chains[NFT_USER_CHAINS] = { "custom-forward", "custom-input" };

const struct nft_words nft_words[2] = {
	{ AF_INET, '4', "ip", "icmp", "meta l4proto icmp ", "ct original ip daddr ", "8",
		"icmp port-unreachable", "{ type ipv4_addr; }",
		"{ type ipv4_addr; flags interval; }", "{ type ipv4_addr . ifname : verdict; }",
		"{ type ipv4_addr; size 65536; flags dynamic; }" },
	{ AF_INET6, '6', "ip6", "icmpv6", "meta l4proto icmpv6 ", "ct original ip6 daddr ", "128",
		"icmpv6 port-unreachable", "{ type ipv6_addr; }",
		"{ type ipv6_addr; flags interval; }", "{ type ipv6_addr . ifname : verdict; }",
		"{ type ipv6_addr; size 65536; flags dynamic; }" },
};

static bool chain_is_user(const char *name)
{
	for (int i = 0; i < NFT_USER_CHAINS; i++)
		if (strcmp(name, nft_user_chains[i]) == 0)
			return true;
	return false;
}

void nft_write(struct nft_writer *w, enum nft_kind kind, const char *name, const char *spec)
{
	struct nft_rules *out = w->out;
	struct nft_object *o;
	char *copy = strdup(name);

	if (out->count == out->space) {
		size_t space = out->space ? out->space * 2 : 32;

		o = reallocarray(out->objects, space, sizeof(*o));
		if (o) {
			out->objects = o;
			out->space = space;
		}
	}
	if (!copy || w->body.failed || out->count == out->space) {
		w->failed = true;
		free(copy);
		text_dispose(&w->body);
		return;
	}
	o = &out->objects[out->count++];
	*o = (struct nft_object){
		.kind = kind, .name = copy, .spec = spec, .body = w->body.s, .key = w->key
	};
	if (w->guest)
		memcpy(o->guest, w->guest->name, sizeof(o->guest));
	o->user = kind == NFT_CHAIN && chain_is_user(name);
	o->digest = digest_add(DIGEST_START, spec, strlen(spec) + 1);
	o->digest = digest_add(o->digest, w->body.s, w->body.len);
	w->body = (struct text){ .s = NULL }; /* handed over */
	w->key.len = 0;
}

/* --- the base --- */

/* `what` and then `verdict` for what leaves by an uplink. */
static void rule_uplinks(struct nft_writer *w, const char *what, const char *verdict)
{
	const struct ruleset *r = w->ruleset;

	for (size_t i = 0; r->confined && i < r->uplinks.count; i++)
		text_addf(&w->body, "%soifname \"%s\" %s\n", what, r->uplinks.names[i], verdict);
	if (!r->confined)
		text_addf(&w->body, "%s%s\n", what, verdict);
}

/* What a guest sends to a virtual resolver is told at once that nobody is there. */
static void rules_resolver_refuse(
	struct nft_writer *w, const struct nft_words *f, const struct addr *virtual)
{
	char text[ADDR_TEXT_MAX];

	addr_print(virtual, text);
	text_addf(&w->body, "%s daddr %s meta l4proto tcp reject with tcp reset\n", f->ip, text);
	text_addf(&w->body, "%s daddr %s reject with %s\n", f->ip, text, f->unreachable);
}

static void each_virtual(struct nft_writer *w,
	void (*each)(struct nft_writer *w, const struct nft_words *f, const struct addr *virtual))
{
	for (int i = 0; i < 4; i++) {
		const struct nft_words *f = &nft_words[i / 2];
		const struct addr *virtual = &nft_family(w, f)->dns[i % 2];

		if (addr_is_set(virtual))
			each(w, f, virtual);
	}
}

/* What guests send out by other links than uplinks ends here; and what came by a named one. */
static void write_uplinks(struct nft_writer *w)
{
	if (!w->ruleset->confined)
		return;
	rule_uplinks(w, "", "return");
	each_virtual(w, rules_resolver_refuse);
	text_add(&w->body, "drop\n");
	nft_write(w, NFT_CHAIN, "uplinks", "");
	if (!w->ruleset->named)
		return;
	rule_uplinks(w, "", "return");
	text_add(&w->body, "ct status & (snat | dnat) != 0 return\ndrop\n");
	nft_write(w, NFT_CHAIN, "passed-on", "");
}

/* Nobody here, neither the kernel nor a program, tells guests of routers. An error about what came
 * out of a tunnel quotes it; a reset for the forwarder's question names whom it asked. */
static void write_output(struct nft_writer *w)
{
	const uint32_t group = w->ruleset->group;

	text_addf(&w->body,
		"oifgroup %u icmp type { redirect, router-advertisement } drop\n"
		"oifgroup %u icmpv6 type { nd-router-advert, nd-redirect } drop\n",
		group, group);
	if (w->ruleset->named) {
		text_add(&w->body, "oifname \"lo\" return\n");
		rule_uplinks(w, "", "return");
		text_addf(&w->body, "oifgroup %u return\n", group);
		text_add(&w->body, "meta l4proto { icmp, icmpv6 } ct state related,invalid drop\n"
				   "tcp dport 53 tcp flags & rst == rst drop\n");
	}
	nft_write(w, NFT_CHAIN, "output",
		"{ type filter hook output priority filter; policy accept; }");
}

/* What all packets of known connections get, before the user's chain and our verdicts. What is not
 * tracked has no original destination that a policy could be about. */
static void rules_known(struct nft_writer *w)
{
	text_add(&w->body, "ct state established,related accept\n");
	text_add(&w->body, w->ruleset->managed ? "ct state invalid,untracked drop\n"
					       : "ct state invalid drop\n");
}

#define FORWARDERS (2 * RULESET_FORWARDERS_MAX)

/* The words for one of our forwarder's addresses, of either family; NULL where it is not set. */
static const struct nft_words *forwarder_at(
	const struct nft_writer *w, int i, char text[ADDR_TEXT_MAX])
{
	const struct nft_words *f = &nft_words[i / RULESET_FORWARDERS_MAX];
	const struct addr *a = &nft_family(w, f)->forwarders[i % RULESET_FORWARDERS_MAX];

	addr_print(a, text);
	return addr_is_set(a) ? f : NULL;
}

/* Our own forwarder is there for guests alone: nobody else's packet comes to it by a link. */
static void rules_forwarder_closed(struct nft_writer *w)
{
	char text[ADDR_TEXT_MAX];

	for (int i = 0; i < FORWARDERS; i++) {
		const struct nft_words *f = forwarder_at(w, i, text);

		if (f)
			text_addf(&w->body, "%s daddr %s iifname != \"lo\" iifgroup != %u drop\n",
				f->ip, text, w->ruleset->group);
	}
}

/* Questions that were translated to it; what a guest sends there itself is not. One rule a family:
 * when a guest comes the kernel goes over all that each rule with a map of guests may lead to. */
static void rules_forwarder(struct nft_writer *w)
{
	char text[ADDR_TEXT_MAX];

	for (int family = 0; family < 2; family++) {
		const struct nft_words *f = &nft_words[family];
		struct text at = { .s = NULL };

		for (int i = 0; i < RULESET_FORWARDERS_MAX; i++)
			if (forwarder_at(w, family * RULESET_FORWARDERS_MAX + i, text))
				text_addf(&at, "%s%s", at.len ? ", " : "", text);
		if (at.len)
			text_addf(&w->body,
				"%s daddr { %s } meta l4proto @tcpudp th dport 53 ct status dnat ",
				f->ip, at.s);
		if (at.len && w->ruleset->managed)
			text_addf(&w->body, "%s saddr . iifname vmap @guests%c\n", f->ip, f->digit);
		else if (at.len)
			text_add(&w->body, "accept\n");
		w->failed |= at.failed;
		text_dispose(&at);
	}
}

/* By either link of a guest. */
static void rules_dhcp(struct nft_writer *w)
{
	char link[LINK_NAME_MAX];

	for (size_t i = 0; i < w->ruleset->guest_count; i++)
		for (int twin = 0; twin < 2; twin++)
			if (ruleset_dhcp_link(&w->ruleset->guests[i], twin, link))
				text_addf(&w->body,
					"iifname \"%s\" udp sport 68 udp dport 67 accept\n", link);
}

static void write_input(struct nft_writer *w)
{
	char text[ADDR_TEXT_MAX];

	rules_forwarder_closed(w);
	text_addf(&w->body, "iifgroup != %u return\n", w->ruleset->group);
	rules_dhcp(w);
	/* Neighbour discovery, without which IPv6 does not work at all (RFC 4861), and which is
	 * never tracked. */
	text_add(&w->body, "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept\n");
	text_add(&w->body, "ct state established,related accept\n");
	text_add(&w->body, "ct state invalid drop\n");
	text_add(&w->body, "jump connections\njump custom-input\n");
	rules_forwarder(w);
	for (int i = 0; i < 2; i++) {
		const struct nft_words *f = &nft_words[i];
		const struct addr *gateway = &nft_family(w, f)->gateway;

		if (addr_is_set(gateway))
			text_addf(&w->body, "%s daddr %s %s type %s accept\n", f->ip,
				addr_print(gateway, text), f->icmp, f->echo);
	}
	text_add(&w->body, "drop\n");
	nft_write(w, NFT_CHAIN, "input",
		"{ type filter hook input priority filter; policy accept; }");
}

/* --- ports of guests that are open to the outside --- */

/* Calls `each` for every port and every address that it leads to; `routed`: those that the world
 * reaches without translation. */
static void each_exposure(struct nft_writer *w, bool routed,
	void (*each)(struct nft_writer *w, const struct nft_words *f, const struct exposure *x,
		const char *guest))
{
	for (size_t g = 0; g < w->ruleset->guest_count; g++)
		for (int f = 0; f < 2; f++) {
			const struct ruleset_guest *guest = &w->ruleset->guests[g];
			const struct addr *a = f ? &guest->ip6 : &guest->ip;
			char text[ADDR_TEXT_MAX];

			if (!addr_is_set(a) ||
				(routed && !prefixes_contain(&w->ruleset->routed6, a)))
				continue;
			for (size_t i = 0; i < guest->exposures.count; i++)
				if (exposure_has_family(&guest->exposures.item[i], a->family))
					each(w, &nft_words[f], &guest->exposures.item[i],
						addr_print(a, text));
		}
}

/* The words for who may come there; none for everybody. */
static const char *source_words(
	const struct nft_words *f, const struct exposure *x, char buf[PREFIX_TEXT_MAX + 16])
{
	char text[PREFIX_TEXT_MAX];

	buf[0] = '\0';
	if (x->source.len)
		snprintf(buf, PREFIX_TEXT_MAX + 16, "%s saddr %s ", f->ip,
			prefix_print(&x->source, text));
	return buf;
}

/* By an uplink, or by any link that is no guest's. */
static void rules_translate(struct nft_writer *w, const struct nft_words *f,
	const struct exposure *x, const char *guest)
{
	const struct ruleset *r = w->ruleset;
	const bool ip6 = f->family == AF_INET6;
	char source[PREFIX_TEXT_MAX + 16];

	for (size_t i = 0; i < (r->confined ? r->uplinks.count : 1); i++) {
		if (r->confined)
			text_addf(&w->body, "iifname \"%s\" ", r->uplinks.names[i]);
		text_addf(&w->body,
			"iifgroup != %u meta nfproto ipv%c %sfib daddr type local %s dport %u dnat "
			"%s to %s%s%s:%u\n",
			r->group, f->digit, source_words(f, x, source), exposure_proto(x), x->port,
			f->ip, ip6 ? "[" : "", guest, ip6 ? "]" : "", x->to);
	}
}

/* To the guest's own address and port. */
static void rules_let_in_straight(struct nft_writer *w, const struct nft_words *f,
	const struct exposure *x, const char *guest)
{
	const struct ruleset *r = w->ruleset;
	char source[PREFIX_TEXT_MAX + 16];

	for (size_t i = 0; i < (r->confined ? r->uplinks.count : 1); i++) {
		if (r->confined)
			text_addf(&w->body, "iifname \"%s\" ", r->uplinks.names[i]);
		text_addf(&w->body, "iifgroup != %u oifgroup %u %s%s daddr %s %s dport %u accept\n",
			r->group, r->group, source_words(f, x, source), f->ip, guest,
			exposure_proto(x), x->to);
	}
}

/* Exactly what was translated so. */
static void rule_let_in(struct nft_writer *w, const struct nft_words *f, const struct exposure *x,
	const char *guest)
{
	const uint32_t group = w->ruleset->group;
	char source[PREFIX_TEXT_MAX + 16];

	text_addf(&w->body,
		"iifgroup != %u oifgroup %u %s%s daddr %s %s dport %u ct status dnat ct original "
		"proto-dst %u accept\n",
		group, group, source_words(f, x, source), f->ip, guest, exposure_proto(x), x->to,
		x->port);
}

/* What is for a routed subnet is for a guest, or for nobody. */
static void rules_routed_refuse(struct nft_writer *w)
{
	const struct prefixes *routed = &w->ruleset->routed6;
	char what[96], text[PREFIX_TEXT_MAX];

	for (size_t i = 0; i < routed->count; i++) {
		snprintf(what, sizeof(what), "ip6 daddr %s oifgroup != %u ",
			prefix_print(&routed->item[i], text), w->ruleset->group);
		rule_uplinks(w, what, "reject with icmpv6 addr-unreachable");
	}
}

static void write_forward(struct nft_writer *w)
{
	const struct ruleset *r = w->ruleset;

	rules_routed_refuse(w);
	for (size_t i = 0; r->named && i < r->uplinks.count; i++)
		text_addf(&w->body, "iifname \"%s\" oifgroup != %u jump passed-on\n",
			r->uplinks.names[i], r->group);
	text_addf(&w->body, "iifgroup != %u oifgroup != %u return\n", r->group, r->group);
	if (r->confined)
		text_addf(
			&w->body, "iifgroup %u oifgroup != %u jump uplinks\n", r->group, r->group);
	rules_known(w);
	text_addf(&w->body, "iifgroup %u jump connections\njump custom-forward\n", r->group);
	if (r->managed)
		text_addf(&w->body,
			"iifgroup %u oifgroup %u ip saddr . iifname vmap @peers4\n"
			"iifgroup %u oifgroup %u ip6 saddr . iifname vmap @peers6\n",
			r->group, r->group, r->group, r->group);
	each_exposure(w, false, rule_let_in);
	each_exposure(w, true, rules_let_in_straight);
	text_addf(&w->body, "oifgroup %u drop\n", r->group);
	text_add(&w->body, "jump resolvers\n");
	if (r->managed)
		text_add(&w->body, "ip saddr . iifname vmap @guests4\nip6 saddr . iifname vmap "
				   "@guests6\ngoto refuse\n");
	else
		text_add(&w->body, "goto leave\n");
	nft_write(w, NFT_CHAIN, NFT_CHAIN_OURS,
		"{ type filter hook forward priority filter; policy accept; }");
	text_add(&w->body, "accept\n");
	nft_write(w, NFT_CHAIN, "leave", "");
	text_add(&w->body, "reject with icmpx admin-prohibited\n");
	nft_write(w, NFT_CHAIN, "refuse", "");
}

/*
 * A virtual resolver takes nothing but DNS, and that is translated before it gets here. In a chain
 * of network domains its translation may be itself, or the other one: the domain above serves the
 * same two, and its answer is then this domain's resolver.
 */
static void rules_resolver(
	struct nft_writer *w, const struct nft_words *f, const struct addr *virtual)
{
	char text[ADDR_TEXT_MAX];

	addr_print(virtual, text);
	for (unsigned int i = 0; i < 2; i++) {
		const struct addr *target = ruleset_target(nft_family(w, f), i);

		if (!target || !addr_equal(target, virtual))
			continue;
		text_addf(&w->body, "%s daddr %s meta l4proto @tcpudp th dport 53 return\n", f->ip,
			text);
		break;
	}
	rules_resolver_refuse(w, f, virtual);
}

static void write_dns(struct nft_writer *w)
{
	char virtual[ADDR_TEXT_MAX], real[ADDR_TEXT_MAX];

	each_virtual(w, rules_resolver);
	nft_write(w, NFT_CHAIN, "resolvers", "");
	each_exposure(w, false, rules_translate);
	text_addf(&w->body, "iifgroup != %u return\n", w->ruleset->group);
	for (unsigned int i = 0; i < 4; i++) {
		const struct nft_words *f = &nft_words[i / 2];
		const struct addr *target = ruleset_target(nft_family(w, f), i % 2);

		if (target)
			text_addf(&w->body,
				"%s daddr %s meta l4proto @tcpudp th dport 53 dnat %s to %s\n",
				f->ip, addr_print(&nft_family(w, f)->dns[i % 2], virtual), f->ip,
				addr_print(target, real));
	}
	nft_write(w, NFT_CHAIN, NFT_CHAIN_DNS,
		"{ type nat hook prerouting priority dstnat; policy accept; }");
	text_add(&w->body, "tcp\nudp\n");
	nft_write(w, NFT_SET, "tcpudp", "{ type inet_proto; }");
}

static void write_nat(struct nft_writer *w)
{
	const struct ruleset *r = w->ruleset;
	char what[96], text[PREFIX_TEXT_MAX];

	text_addf(&w->body, "iifgroup %u jump rates\n", r->group);
	text_addf(&w->body, "iifgroup %u meta mark set meta mark | 0x%x\n", r->group, r->mark);
	nft_write(w, NFT_CHAIN, "from-guests",
		"{ type filter hook prerouting priority mangle; policy accept; }");
	text_addf(&w->body,
		"iifgroup %u tcp flags & (syn | rst) == syn tcp option maxseg size set rt mtu\n"
		"oifgroup %u tcp flags & (syn | rst) == syn tcp option maxseg size set rt mtu\n",
		r->group, r->group);
	nft_write(w, NFT_CHAIN, "mss",
		"{ type filter hook forward priority mangle; policy accept; }");
	for (size_t i = 0; i < r->routed6.count; i++)
		text_addf(
			&w->body, "ip6 saddr %s return\n", prefix_print(&r->routed6.item[i], text));
	snprintf(what, sizeof(what), "meta mark & 0x%x == 0x%x oifgroup != %u ", r->mark, r->mark,
		r->group);
	rule_uplinks(w, what, "masquerade");
	nft_write(w, NFT_CHAIN, "postrouting",
		"{ type nat hook postrouting priority srcnat; policy accept; }");
}

static void write_all_guests(struct nft_writer *w)
{
	const size_t count = w->ruleset->guest_count;
	size_t *all = calloc(count + 1, sizeof(*all));

	w->failed |= !all;
	for (size_t i = 0; all && i < count; i++)
		all[i] = i;
	for (int f = 0; f < 2 && all; f++) {
		nft_write_ways(w, &nft_words[f]);
		nft_write_guests(w, &nft_words[f], all, count);
	}
	free(all);
}

int nft_rules_render_seen(
	const struct ruleset *r, struct nft_rules *out, ruleset_see see, void *arg, struct err *e)
{
	struct nft_writer w = { .ruleset = r, .out = out, .see = see, .see_arg = arg };

	*out = (struct nft_rules){ .base = r->base };
	write_input(&w);
	write_uplinks(&w);
	write_output(&w);
	write_forward(&w);
	write_dns(&w);
	write_nat(&w);
	nft_write_limits(&w);
	for (int i = 0; i < NFT_USER_CHAINS; i++)
		nft_write(&w, NFT_CHAIN, nft_user_chains[i], "");
	if (r->managed)
		write_all_guests(&w);
	text_dispose(&w.body);
	nft_rules_sort(out);
	if (w.failed)
		return err_sys(e, -ENOMEM, "packet filter rules");
	return nft_rules_note_guests(out, r, e);
}

int nft_rules_render(const struct ruleset *r, struct nft_rules *out, struct err *e)
{
	return nft_rules_render_seen(r, out, NULL, NULL, e);
}
