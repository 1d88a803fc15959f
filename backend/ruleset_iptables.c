/*
 * From a ruleset to rules, one function a chain. Reading what stands is in
 * ruleset_iptables_parse.c, the way from one state to another in ruleset_iptables_change.c.
 */
#include "backend/ruleset_iptables.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "backend/limits_iptables.h"
#include "backend/ruleset_iptables_internal.h"

const struct iptables_chain_name iptables_chain_names[CHAIN_COUNT] = {
	[CHAIN_INPUT] = { "filter", "netvm-input", "INPUT", false },
	[CHAIN_FORWARD] = { "filter", "netvm-forward", "FORWARD", false },
	[CHAIN_UPLINKS] = { "filter", "netvm-uplinks", NULL, false },
	[CHAIN_PASSED_ON] = { "filter", "netvm-passed-on", NULL, false },
	[CHAIN_OUTPUT] = { "filter", "netvm-output", "OUTPUT", false },
	[CHAIN_POLICY] = { "filter", "netvm-policy", NULL, false },
	[CHAIN_CUSTOM_INPUT] = { "filter", "custom-input", NULL, true },
	[CHAIN_CUSTOM_FORWARD] = { "filter", "custom-forward", NULL, true },
	[CHAIN_MARK] = { "mangle", "netvm-mark", "PREROUTING", false },
	[CHAIN_MSS] = { "mangle", "netvm-mss", "FORWARD", false },
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
	const char *limits; /* the chain of limits_iptables.h, "": there are none */
	struct iptables_mades *sets;
	bool failed; /* no memory */
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

/* The words for one link; iptables' sign of a pattern is another one than ours. */
static void uplink_words(const char *option, const char *pattern, char out[LINK_NAME_MAX + 8])
{
	size_t len = strlen(pattern);
	bool any = len && pattern[len - 1] == '*';

	snprintf(out, LINK_NAME_MAX + 8, "%s %.*s%s ", option, (int)(any ? len - 1 : len), pattern,
		any ? "+" : "");
}

/* `what` leaves by an uplink: `verdict`. */
static void rule_uplinks(struct writer *w, const char *what, const char *verdict)
{
	const struct ruleset *r = w->ruleset;
	char by[LINK_NAME_MAX + 8];

	for (size_t i = 0; r->confined && i < r->uplinks.count; i++) {
		uplink_words("-o", r->uplinks.names[i], by);
		rule(w, "%s%s-j %s", what, by, verdict);
	}
	if (!r->confined)
		rule(w, "%s-j %s", what, verdict);
}

/* What a guest sends to a virtual resolver is told at once that nobody is there. */
static void rules_resolver_refuse(struct writer *w, const struct addr *virtual)
{
	char text[ADDR_TEXT_MAX];

	rule(w, "-d %s -p tcp -j REJECT --reject-with tcp-reset", addr_print(virtual, text));
	rule(w, "-d %s -j REJECT --reject-with %s-port-unreachable", text,
		w->ip6 ? "icmp6" : "icmp");
}

static void each_virtual(
	struct writer *w, void (*each)(struct writer *w, const struct addr *virtual))
{
	for (int i = 0; i < 2; i++)
		if (addr_is_set(&w->family->dns[i]))
			each(w, &w->family->dns[i]);
}

/* What guests send out by other links than uplinks ends here. */
static void render_uplinks(struct writer *w)
{
	if (!w->ruleset->confined)
		return;
	rule_uplinks(w, "", "RETURN");
	each_virtual(w, rules_resolver_refuse);
	rule(w, "-j DROP");
}

/* What came by a named uplink, and is not for a guest. */
static void render_passed_on(struct writer *w)
{
	if (!w->ruleset->named)
		return;
	rule_uplinks(w, "", "RETURN");
	rule(w, "-m conntrack --ctstate SNAT,DNAT -j RETURN");
	rule(w, "-j DROP");
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

/* Nobody here, neither the kernel nor a program, tells guests of routers: redirects and router
 * advertisements (RFC 792, RFC 1256; RFC 4861). */
static void rules_no_router(struct writer *w)
{
	static const int types[2][2] = { { 5, 9 }, { 134, 137 } };

	for (int i = 0; i < 2; i++)
		rule(w, "-m devgroup --dst-group 0x%x %s %d -j DROP", w->ruleset->group,
			w->ip6 ? "-p ipv6-icmp -m icmp6 --icmpv6-type"
			       : "-p icmp -m icmp --icmp-type",
			types[w->ip6][i]);
}

/* An error about what came out of a tunnel quotes it; a reset for the forwarder's question names
 * whom it asked. */
static void render_output(struct writer *w)
{
	rules_no_router(w);
	if (!w->ruleset->named)
		return;
	rule(w, "-o lo -j RETURN");
	rule_uplinks(w, "", "RETURN");
	rule(w, "-m devgroup --dst-group 0x%x -j RETURN", w->ruleset->group);
	rule(w, "-p %s -m conntrack --ctstate RELATED,INVALID -j DROP",
		w->ip6 ? "ipv6-icmp" : "icmp");
	rule(w, "-p tcp -m tcp --dport 53 --tcp-flags RST RST -j DROP");
}

/* By either of a guest's links. */
static void rules_dhcp(struct writer *w)
{
	char link[LINK_NAME_MAX];

	for (size_t i = 0; !w->ip6 && i < w->ruleset->guest_count; i++)
		for (int twin = 0; twin < 2; twin++)
			if (ruleset_dhcp_link(&w->ruleset->guests[i], twin, link))
				rule(w, "-i %s -p udp -m udp --sport 68 --dport 67 -j ACCEPT",
					link);
}

static void render_input(struct writer *w)
{
	char gateway[ADDR_TEXT_MAX];
	const char *proto =
		w->ip6 ? "-p ipv6-icmp -m icmp6 --icmpv6-type" : "-p icmp -m icmp --icmp-type";

	rules_forwarder_closed(w);
	rule(w, "-m devgroup ! --src-group 0x%x -j RETURN", w->ruleset->group);
	rules_dhcp(w);
	rules_known(w);
	/* Neighbour discovery, without which IPv6 does not work at all: solicitation and
	 * advertisement (RFC 4861). */
	for (int type = 135; w->ip6 && type <= 136; type++)
		rule(w, "%s %d -j ACCEPT", proto, type);
	if (w->limits[0])
		rule(w, "-j %s", w->limits);
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
	char text[ADDR_TEXT_MAX];

	addr_print(virtual, text);
	for (unsigned int i = 0; i < 2; i++) {
		const struct addr *target = ruleset_target(w->family, i);

		if (!target || !addr_equal(target, virtual))
			continue;
		rule(w, "-d %s -p udp -m udp --dport 53 -j " POLICY, text);
		rule(w, "-d %s -p tcp -m tcp --dport 53 -j " POLICY, text);
		break;
	}
	rules_resolver_refuse(w, virtual);
}

/* --- ports of guests that are open to the outside --- */

/* Calls `each` for every port that leads to an address of this family; `routed`: to one that the
 * world reaches without translation. */
static void each_exposure(struct writer *w, bool routed,
	void (*each)(struct writer *w, const struct exposure *x, const char *guest))
{
	for (size_t g = 0; g < w->ruleset->guest_count; g++) {
		const struct ruleset_guest *guest = &w->ruleset->guests[g];
		const struct addr *a = w->ip6 ? &guest->ip6 : &guest->ip;
		char text[ADDR_TEXT_MAX];

		if (!addr_is_set(a) || (routed && !prefixes_contain(&w->ruleset->routed6, a)))
			continue;
		for (size_t i = 0; i < guest->exposures.count; i++)
			if (exposure_has_family(&guest->exposures.item[i], a->family))
				each(w, &guest->exposures.item[i], addr_print(a, text));
	}
}

/* The words for who may come there; none for everybody. */
static const char *source_words(const struct exposure *x, char buf[PREFIX_TEXT_MAX + 8])
{
	char text[PREFIX_TEXT_MAX];

	buf[0] = '\0';
	if (x->source.len)
		snprintf(buf, PREFIX_TEXT_MAX + 8, "-s %s ", prefix_print(&x->source, text));
	return buf;
}

/* By an uplink, or by any link that is no guest's. */
static void rules_translate(struct writer *w, const struct exposure *x, const char *guest)
{
	const struct ruleset *r = w->ruleset;
	const char *proto = exposure_proto(x);
	char what[256], by[LINK_NAME_MAX + 8] = "", source[PREFIX_TEXT_MAX + 8];

	snprintf(what, sizeof(what),
		"%s-m devgroup ! --src-group 0x%x -m addrtype --dst-type LOCAL -p %s -m %s --dport "
		"%u -j DNAT --to-destination %s%s%s:%u",
		source_words(x, source), r->group, proto, proto, x->port, w->ip6 ? "[" : "", guest,
		w->ip6 ? "]" : "", x->to);
	for (size_t i = 0; i < (r->confined ? r->uplinks.count : 1); i++) {
		if (r->confined)
			uplink_words("-i", r->uplinks.names[i], by);
		rule(w, "%s%s", by, what);
	}
}

/* To the guest's own address and port. */
static void rules_let_in_straight(struct writer *w, const struct exposure *x, const char *guest)
{
	const struct ruleset *r = w->ruleset;
	const char *proto = exposure_proto(x);
	char by[LINK_NAME_MAX + 8] = "", source[PREFIX_TEXT_MAX + 8];

	for (size_t i = 0; i < (r->confined ? r->uplinks.count : 1); i++) {
		if (r->confined)
			uplink_words("-i", r->uplinks.names[i], by);
		rule(w,
			"%s%s-d %s -p %s -m %s --dport %u -m devgroup ! --src-group 0x%x "
			"--dst-group 0x%x -j ACCEPT",
			by, source_words(x, source), guest, proto, proto, x->to, r->group,
			r->group);
	}
}

/* Exactly what was translated so. */
static void rule_let_in(struct writer *w, const struct exposure *x, const char *guest)
{
	const uint32_t group = w->ruleset->group;
	const char *proto = exposure_proto(x);
	char source[PREFIX_TEXT_MAX + 8];

	rule(w,
		"%s-d %s -p %s -m %s --dport %u -m devgroup ! --src-group 0x%x --dst-group 0x%x "
		"-m conntrack --ctstate DNAT --ctorigdstport %u -j ACCEPT",
		source_words(x, source), guest, proto, proto, x->to, group, group, x->port);
}

/* What is for a routed subnet is for a guest, or for nobody. */
static void rules_routed_refuse(struct writer *w)
{
	const struct prefixes *routed = &w->ruleset->routed6;
	char what[96], text[PREFIX_TEXT_MAX];

	for (size_t i = 0; w->ip6 && i < routed->count; i++) {
		snprintf(what, sizeof(what), "-d %s -m devgroup ! --dst-group 0x%x ",
			prefix_print(&routed->item[i], text), w->ruleset->group);
		rule_uplinks(w, what, "REJECT --reject-with icmp6-addr-unreachable");
	}
}

static void render_forward(struct writer *w)
{
	const struct ruleset *r = w->ruleset;
	uint32_t group = r->group;
	char by[LINK_NAME_MAX + 8];

	rules_routed_refuse(w);
	for (size_t i = 0; r->named && i < r->uplinks.count; i++) {
		uplink_words("-i", r->uplinks.names[i], by);
		rule(w, "%s-m devgroup ! --dst-group 0x%x -j netvm-passed-on", by, group);
	}
	rule(w, "-m devgroup ! --src-group 0x%x ! --dst-group 0x%x -j RETURN", group, group);
	if (w->ruleset->confined)
		rule(w, "-m devgroup --src-group 0x%x ! --dst-group 0x%x -j netvm-uplinks", group,
			group);
	rules_known(w);
	if (w->limits[0])
		rule(w, "-m devgroup --src-group 0x%x -j %s", group, w->limits);
	rule(w, "-j custom-forward");
	if (w->policies->guests[0])
		rule(w, "-m devgroup --src-group 0x%x --dst-group 0x%x -j %s", group, group,
			w->policies->guests);
	each_exposure(w, false, rule_let_in);
	each_exposure(w, true, rules_let_in_straight);
	rule(w, "-m devgroup --dst-group 0x%x -j DROP", group);
	each_virtual(w, rules_resolver);
	rule(w, "-j " POLICY);
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

static void rate_line(void *arg, const char *text)
{
	struct writer *w = arg;

	rule(w, "-m devgroup --src-group 0x%x %s", w->ruleset->group, text);
}

static void render_mark(struct writer *w)
{
	if (limits_iptables_rates(w->ruleset, w->ip6 ? AF_INET6 : AF_INET, w->sets, rate_line, w) <
		0)
		w->failed = true;
	rule(w, "-m devgroup --src-group 0x%x -j MARK --set-xmark 0x%x/0x%x", w->ruleset->group,
		w->ruleset->mark, w->ruleset->mark);
}

static void render_mss(struct writer *w)
{
	static const char *const sides[] = { "src", "dst" };

	for (int i = 0; i < 2; i++)
		rule(w,
			"-m devgroup --%s-group 0x%x -p tcp -m tcp --tcp-flags SYN,RST SYN "
			"-j TCPMSS --clamp-mss-to-pmtu",
			sides[i], w->ruleset->group);
}

static void render_dns(struct writer *w)
{
	static const char *const protocols[] = { "udp", "tcp" };
	char virtual[ADDR_TEXT_MAX], real[ADDR_TEXT_MAX];

	each_exposure(w, false, rules_translate);
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
	const struct prefixes *routed = &w->ruleset->routed6;
	char what[96], text[PREFIX_TEXT_MAX];

	for (size_t i = 0; w->ip6 && i < routed->count; i++)
		rule(w, "-s %s -j RETURN", prefix_print(&routed->item[i], text));
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
		[CHAIN_UPLINKS] = render_uplinks,
		[CHAIN_PASSED_ON] = render_passed_on,
		[CHAIN_OUTPUT] = render_output,
		[CHAIN_POLICY] = render_policy,
		[CHAIN_MARK] = render_mark,
		[CHAIN_MSS] = render_mss,
		[CHAIN_DNS] = render_dns,
		[CHAIN_POSTROUTING] = render_postrouting,
	};
	struct policy_iptables_tops tops;
	char limits[IPTABLES_MADE_NAME];
	struct writer w = { .ruleset = r,
		.ip6 = family == AF_INET6,
		.policies = &tops,
		.limits = limits,
		.sets = &out->sets };

	w.family = w.ip6 ? &r->ip6 : &r->ip4;
	memset(out, 0, sizeof(*out));
	if (policy_iptables_render(r, family, &out->made, &out->sets, &tops) < 0 ||
		limits_iptables_render(r, family, &out->made, &out->sets, limits) < 0)
		return err_sys(e, -ENOMEM, "packet filter rules");
	for (int i = 0; i < CHAIN_COUNT; i++) {
		struct iptables_chain *c = &out->chain[i];

		c->exists = true;
		if (!render[i])
			continue;
		w.chain = iptables_chain_names[i].name;
		c->jumps = iptables_chain_names[i].hook ? 1 : 0;
		c->first = iptables_chain_names[i].hook;
		if (chain_render(&w, render[i], c) < 0 || w.failed)
			return err_sys(e, -ENOMEM, "packet filter rules");
	}
	return 0;
}
