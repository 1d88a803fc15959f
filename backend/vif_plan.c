#include "backend/vif_plan.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "backend/visible.h"

/*
 * Documentation/networking/ip-sysctl.rst. proxy_arp lets guests with a wide netmask work; strict
 * rp_filter is a second lock behind the guard; send_redirects counts if either the link's or "all"
 * is set, so both are cleared. addr_gen_mode 1: no link-local address but ours.
 */
static const struct vif_sysctl sysctls[] = {
	{ "net/ipv4/conf/%s/proxy_arp", "1", SYSCTL_ALWAYS },
	{ "net/ipv4/conf/%s/rp_filter", "1", SYSCTL_ALWAYS },
	{ "net/ipv4/conf/%s/accept_redirects", "0", SYSCTL_ALWAYS },
	{ "net/ipv4/conf/all/send_redirects", "0", SYSCTL_ALWAYS },
	{ "net/ipv4/conf/%s/send_redirects", "0", SYSCTL_ALWAYS },
	{ "net/ipv4/conf/%s/accept_source_route", "0", SYSCTL_ALWAYS },
	{ "net/ipv6/conf/%s/disable_ipv6", "1", SYSCTL_WITHOUT_IP6 },
	{ "net/ipv6/conf/%s/addr_gen_mode", "1", SYSCTL_WITH_IP6 },
	{ "net/ipv6/conf/%s/accept_ra", "0", SYSCTL_WITH_IP6 },
	{ "net/ipv6/conf/%s/accept_redirects", "0", SYSCTL_WITH_IP6 },
	{ "net/ipv6/conf/%s/accept_source_route", "-1", SYSCTL_WITH_IP6 },
	{ "net/ipv6/conf/%s/disable_ipv6", "0", SYSCTL_WITH_IP6 },
};
static_assert(
	sizeof(sysctls) / sizeof(sysctls[0]) <= VIF_SYSCTLS_MAX, "struct vif_actual has room");

const struct vif_sysctl *vif_sysctls(size_t *count)
{
	*count = sizeof(sysctls) / sizeof(sysctls[0]);
	return sysctls;
}

const char *vif_sysctl_name(const struct vif_sysctl *s, const char *link, char buf[96])
{
	const char *hole = strstr(s->format, "%s");

	if (hole)
		snprintf(buf, 96, "%.*s%s%s", (int)(hole - s->format), s->format, link, hole + 2);
	else
		snprintf(buf, 96, "%s", s->format);
	return buf;
}

/* --- checks --- */

static int check_addr(const struct vif_wanted *w, const struct addr *a,
	const struct vif_claim *claim, struct err *e)
{
	char text[ADDR_TEXT_MAX];

	addr_print(a, text);
	if (!addr_is_unicast(a))
		return err_set(e, -EINVAL, "%s is no address that a guest can have", text);
	/* The kernel has such addresses on every link; a route would be ambiguous. */
	if (addr_is_linklocal(a))
		return err_set(e, -EINVAL, "%s is a link-local address", text);
	if (addr_equal(a, &w->gateway) || addr_equal(a, &w->gateway6))
		return err_set(e, -EADDRINUSE, "address %s is the gateway's", text);
	for (size_t i = 0; i < VIF_DNS_MAX; i++)
		if (addr_equal(a, &w->dns[i]))
			return err_set(
				e, -EADDRINUSE, "address %s is that of a virtual resolver", text);
	if (claim->kind == CLAIM_VIF)
		return err_set(e, -EADDRINUSE, "address %s is held by %s", text, claim->link);
	if (claim->kind == CLAIM_OURS)
		return err_set(e, -EADDRINUSE, "address %s is the network domain's own", text);
	return 0;
}

int vif_check(const struct vif_wanted *w, const struct vif_actual *a, struct err *e)
{
	int rc;

	if (!a->exists)
		return err_set(e, -ENODEV, "there is no link %s", w->link);
	if (!mac_is_set(&w->mac))
		return err_set(e, -EINVAL, "no MAC address is given");
	if (w->count == 0)
		return err_set(e, -EINVAL, "no IP address is given");
	for (size_t i = 0; i < w->count; i++) {
		rc = check_addr(w, &w->addrs[i], &a->claims[i], e);
		if (rc < 0)
			return rc;
	}
	if ((vif_wants_family(w, AF_INET) && !addr_is_set(&w->gateway)) ||
		(vif_wants_family(w, AF_INET6) && !addr_is_set(&w->gateway6)))
		return err_set(e, -EINVAL, "no gateway address is given");
	return visible_check(w, e);
}

/* --- the list --- */

static struct vif_action *plan_add(struct vif_plan *p, enum vif_action_kind kind)
{
	static struct vif_action nowhere;

	if (p->count == p->space) {
		size_t space = p->space ? p->space * 2 : 32;
		void *actions = reallocarray(p->actions, space, sizeof(*p->actions));

		if (!actions) {
			p->out_of_memory = true;
			return &nowhere;
		}
		p->actions = actions;
		p->space = space;
	}
	p->actions[p->count] = (struct vif_action){ .kind = kind };
	return &p->actions[p->count++];
}

static void plan_addr(struct vif_plan *p, enum vif_action_kind kind, const struct addr *addr)
{
	plan_add(p, kind)->addr = *addr;
}

void vif_plan_dispose(struct vif_plan *p)
{
	free(p->actions);
	p->actions = NULL;
	p->count = p->space = 0;
}

/* --- what an open vif has --- */

static struct route host_route(const struct vif_wanted *w, int ifindex, const struct addr *addr)
{
	return (struct route){
		.dst = { *addr, (uint8_t)(addr_len(addr) * 8) },
		.ifindex = ifindex,
		.metric = w->emulated ? VIF_METRIC_EMULATED : VIF_METRIC,
		.protocol = ROUTE_PROTOCOL,
	};
}

static bool route_is_same(const struct route *a, const struct route *b)
{
	return a->dst.len == b->dst.len && addr_equal(&a->dst.addr, &b->dst.addr) &&
	       addr_equal(&a->gateway, &b->gateway) && a->metric == b->metric &&
	       a->protocol == b->protocol;
}

static bool is_open(const struct vif_wanted *w)
{
	return w->life == VIF_SERVED;
}

static bool wants_route(const struct vif_wanted *w, const struct route *r)
{
	for (size_t i = 0; is_open(w) && i < w->count; i++) {
		struct route wanted = host_route(w, r->ifindex, &w->addrs[i]);

		if (route_is_same(&wanted, r))
			return true;
	}
	return false;
}

static bool has_route(const struct vif_actual *a, const struct route *wanted)
{
	for (size_t i = 0; i < a->route_count; i++)
		if (route_is_same(&a->routes[i], wanted))
			return true;
	return false;
}

/* The `i`th address that is the guest's on its link; NULL: there are no more. Its DHCP server
 * answers to the one that it sees. */
static const struct addr *neighbour_at(const struct vif_wanted *w, size_t i)
{
	if (i < w->count)
		return &w->addrs[i];
	return i == w->count && w->dhcp && addr_is_set(&w->visible) ? &w->visible : NULL;
}

static bool wants_neighbour(const struct vif_wanted *w, const struct neighbour *n)
{
	const struct addr *a;

	for (size_t i = 0; is_open(w) && (a = neighbour_at(w, i)) != NULL; i++)
		if (addr_equal(a, &n->addr))
			return mac_equal(&w->mac, &n->mac);
	return false;
}

static bool has_neighbour(
	const struct vif_actual *a, const struct addr *addr, const struct mac *mac)
{
	for (size_t i = 0; i < a->neighbour_count; i++)
		if (addr_equal(&a->neighbours[i].addr, addr))
			return mac_equal(&a->neighbours[i].mac, mac);
	return false;
}

/* A link-local gateway brings the route to link-local guests; any other is alone. */
static uint8_t gateway_prefix(const struct addr *gateway)
{
	if (gateway->family == AF_INET6 && addr_is_linklocal(gateway))
		return 64;
	return (uint8_t)(addr_len(gateway) * 8);
}

static bool is_gateway(const struct vif_wanted *w, const struct link_addr *addr)
{
	const struct addr *gateway = addr->addr.family == AF_INET ? &w->gateway : &w->gateway6;

	return vif_wants_family(w, addr->addr.family) && addr_equal(gateway, &addr->addr) &&
	       addr->prefix_len == gateway_prefix(gateway);
}

static bool has_gateway(const struct vif_wanted *w, const struct vif_actual *a, uint8_t family)
{
	for (size_t i = 0; i < a->addr_count; i++)
		if (a->addrs[i].addr.family == family && is_gateway(w, &a->addrs[i]))
			return true;
	return false;
}

/* --- the parts of a plan --- */

/* Routes that the kernel made for an address go with that address. */
static void plan_leftover_routes(
	struct vif_plan *p, const struct vif_wanted *w, const struct vif_actual *a)
{
	for (size_t i = 0; i < a->route_count; i++)
		if (a->routes[i].protocol != ROUTE_PROTOCOL_KERNEL &&
			!wants_route(w, &a->routes[i]))
			plan_add(p, DO_ROUTE_DELETE)->route = a->routes[i];
}

static void plan_leftovers(
	struct vif_plan *p, const struct vif_wanted *w, const struct vif_actual *a)
{
	plan_leftover_routes(p, w, a);
	for (size_t i = 0; i < a->neighbour_count; i++)
		if (!wants_neighbour(w, &a->neighbours[i]))
			plan_addr(p, DO_NEIGHBOUR_DELETE, &a->neighbours[i].addr);
	for (size_t i = 0; i < a->addr_count; i++) {
		struct vif_action *action;

		if (is_open(w) && is_gateway(w, &a->addrs[i]))
			continue;
		action = plan_add(p, DO_ADDR_DELETE);
		action->addr = a->addrs[i].addr;
		action->number = a->addrs[i].prefix_len;
	}
}

/* Connections of addresses that this vif served and does not any more. An emulated link hands its
 * guest over to the twin, connections and all. */
static void plan_forget_leftovers(
	struct vif_plan *p, const struct vif_wanted *w, const struct vif_actual *a)
{
	for (size_t i = 0; !w->emulated && i < a->route_count; i++) {
		const struct route *r = &a->routes[i];

		if (r->protocol == ROUTE_PROTOCOL && !wants_route(w, r) &&
			r->dst.len == addr_len(&r->dst.addr) * 8)
			plan_addr(p, DO_FORGET, &r->dst.addr);
	}
}

static void plan_guard(struct vif_plan *p, const struct vif_actual *a)
{
	size_t size = p->guard.count * sizeof(p->guard.prog[0]);

	if (a->guard_count != p->guard.count || memcmp(a->guard, p->guard.prog, size) != 0)
		plan_add(p, DO_GUARD);
}

/* What the guest sees is translated before its guard lets it in; until then, and afterwards, it is
 * an address that no route leads to by this link. */
static void plan_rewrites(
	struct vif_plan *p, const struct vif_wanted *w, const struct vif_actual *a)
{
	struct rewrites r = { .count = 0 };

	if (is_open(w))
		visible_rewrites(w, &r);
	if (r.count && a->rewrites != REWRITES_THESE)
		visible_print(w, plan_add(p, DO_REWRITE)->text);
	if (!r.count && a->rewrites != REWRITES_NONE)
		plan_add(p, DO_REWRITE_NOT);
}

static void plan_group(struct vif_plan *p, const struct vif_actual *a)
{
	if (a->link.group != VIF_GROUP)
		plan_add(p, DO_GROUP);
}

static void plan_sysctls(struct vif_plan *p, const struct vif_wanted *w, const struct vif_actual *a)
{
	bool ip6 = vif_wants_family(w, AF_INET6);

	for (size_t i = 0; i < sizeof(sysctls) / sizeof(sysctls[0]); i++) {
		struct vif_action *action;

		if ((sysctls[i].when == SYSCTL_WITH_IP6 && !ip6) ||
			(sysctls[i].when == SYSCTL_WITHOUT_IP6 && ip6))
			continue;
		/* What the kernel does not have cannot do harm: without IPv6 there is nothing to
		 * switch off. With an IPv6 guest the rules have failed before. */
		if (strcmp(a->sysctls[i], sysctls[i].value) == 0 || !a->sysctls[i][0])
			continue;
		action = plan_add(p, DO_SYSCTL);
		vif_sysctl_name(&sysctls[i], w->link, action->text);
		action->value = sysctls[i].value;
	}
}

static void plan_neighbours(
	struct vif_plan *p, const struct vif_wanted *w, const struct vif_actual *actual)
{
	const struct addr *a;

	for (size_t i = 0; (a = neighbour_at(w, i)) != NULL; i++) {
		struct vif_action *action;

		/* Switching the link on keeps permanent neighbours; one that was down is fed anew.
		 */
		if (has_neighbour(actual, a, &w->mac))
			continue;
		action = plan_add(p, DO_NEIGHBOUR_SET);
		action->addr = *a;
		action->mac = w->mac;
	}
}

static void plan_gateways(
	struct vif_plan *p, const struct vif_wanted *w, const struct vif_actual *a)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };

	for (size_t i = 0; i < sizeof(families); i++) {
		struct vif_action *action;

		if (!vif_wants_family(w, families[i]) || has_gateway(w, a, families[i]))
			continue;
		action = plan_add(p, DO_ADDR_SET);
		action->addr = families[i] == AF_INET ? w->gateway : w->gateway6;
		action->number = gateway_prefix(&action->addr);
	}
}

/* hotplug-status is about the paravirtual link; the emulated one tells only what went wrong. */
static void plan_status(struct vif_plan *p, const struct vif_wanted *w)
{
	static const enum vif_action_kind status[] = {
		[VIF_SERVED] = DO_CONNECTED,
		[VIF_CUT_OFF] = DO_CONNECTED,
		[VIF_FAULTY] = DO_FAILED,
		[VIF_GONE] = DO_DISCONNECTED,
	};

	if (!w->emulated || w->life == VIF_FAULTY)
		plan_add(p, status[w->life]);
}

static void plan_open(struct vif_plan *p, const struct vif_wanted *w, const struct vif_actual *a)
{
	struct addr seen[VIF_ADDRS_MAX];

	for (size_t i = 0; i < w->count; i++)
		seen[i] = *visible_addr(w, &w->addrs[i]);
	guard_make(&p->guard, &w->mac, seen, w->count, &w->gateway6, w->dhcp);
	plan_add(p, DO_RULES)->addr.family = vif_wants_family(w, AF_INET6) ? AF_INET6 : AF_INET;
	plan_group(p, a);
	plan_rewrites(p, w, a);
	plan_guard(p, a);
	plan_sysctls(p, w, a);
	plan_leftovers(p, w, a);
	plan_forget_leftovers(p, w, a);
	for (size_t i = 0; !w->emulated && i < w->count; i++) {
		struct route r = host_route(w, a->link.ifindex, &w->addrs[i]);

		if (!has_route(a, &r))
			plan_addr(p, DO_FORGET, &w->addrs[i]);
	}
	plan_neighbours(p, w, a);
	if (w->mtu && w->mtu != a->link.mtu)
		plan_add(p, DO_MTU)->number = w->mtu;
	if (!a->link.up)
		plan_add(p, DO_UP);
	plan_gateways(p, w, a);
	for (size_t i = 0; i < w->count; i++) {
		struct route r = host_route(w, a->link.ifindex, &w->addrs[i]);

		if (!has_route(a, &r))
			plan_add(p, DO_ROUTE_SET)->route = r;
	}
	if (a->mute)
		plan_add(p, DO_SPEAK);
	plan_status(p, w);
}

/* Whether the link has all that an open one has for the guest's addresses. */
static bool was_open(const struct vif_wanted *w, const struct vif_actual *a)
{
	bool open = a->exists && a->link.up && a->link.group == VIF_GROUP && w->count;

	for (size_t i = 0; open && i < w->count; i++) {
		struct route r = host_route(w, a->link.ifindex, &w->addrs[i]);

		open = has_route(a, &r);
	}
	return open;
}

static void plan_cut(struct vif_plan *p, const struct vif_wanted *w, const struct vif_actual *a)
{
	guard_make_closed(&p->guard);
	plan_guard(p, a);
	if (!a->mute)
		plan_add(p, DO_MUTE);
	plan_status(p, w);
}

static void plan_close(struct vif_plan *p, const struct vif_wanted *w, const struct vif_actual *a)
{
	guard_make_closed(&p->guard);
	if (a->exists) {
		plan_group(p, a);
		if (a->link.up)
			plan_add(p, DO_DOWN);
		plan_leftovers(p, w, a);
		plan_forget_leftovers(p, w, a);
		plan_guard(p, a);
	} else {
		/* The link took all with it but the connections. In a fault or on a second look the
		 * address may be somebody else's. */
		for (size_t i = 0; w->life == VIF_GONE && !w->emulated && i < w->count; i++)
			if (a->claims[i].kind == CLAIM_NONE)
				plan_addr(p, DO_FORGET, &w->addrs[i]);
	}
	plan_rewrites(p, w, a);
	plan_status(p, w);
}

void vif_plan_make(struct vif_plan *p, const struct vif_wanted *w, const struct vif_actual *a)
{
	*p = (struct vif_plan){ .count = 0 };
	snprintf(p->link, sizeof(p->link), "%s", w->link);
	snprintf(p->fault, sizeof(p->fault), "%s", w->fault);
	if (is_open(w))
		plan_open(p, w, a);
	else if (w->life == VIF_CUT_OFF && was_open(w, a))
		plan_cut(p, w, a);
	else
		plan_close(p, w, a);
}

/* --- words --- */

void vif_action_print(const struct vif_plan *p, const struct vif_action *action, FILE *out)
{
	static const char *const words[VIF_ACTIONS] = {
		[DO_RULES] = "rules stand",
		[DO_SYSCTL] = "setting",
		[DO_GROUP] = "into the group of guests",
		[DO_GUARD] = "source guard",
		[DO_REWRITE] = "the guest sees",
		[DO_REWRITE_NOT] = "no translation",
		[DO_MUTE] = "nothing to the guest",
		[DO_SPEAK] = "packets to the guest again",
		[DO_MTU] = "MTU",
		[DO_UP] = "link on",
		[DO_DOWN] = "link off",
		[DO_FORGET] = "forget connections of",
		[DO_NEIGHBOUR_SET] = "neighbour",
		[DO_NEIGHBOUR_DELETE] = "no neighbour",
		[DO_ADDR_SET] = "address",
		[DO_ADDR_DELETE] = "no address",
		[DO_ROUTE_SET] = "route to",
		[DO_ROUTE_DELETE] = "no route to",
		[DO_CONNECTED] = "hotplug-status connected",
		[DO_FAILED] = "hotplug-status error:",
		[DO_DISCONNECTED] = "no hotplug-status",
	};
	char text[PREFIX_TEXT_MAX], mac[MAC_TEXT_MAX];

	fprintf(out, "%s: %s", p->link, words[action->kind]);
	switch (action->kind) {
	case DO_SYSCTL:
		fprintf(out, " %s = %s", action->text, action->value);
		break;
	case DO_GUARD:
		fprintf(out, "%s", p->guard.count == 1 ? " that drops everything" : "");
		break;
	case DO_REWRITE:
		fprintf(out, " %s", action->text);
		break;
	case DO_MTU:
		fprintf(out, " %u", action->number);
		break;
	case DO_FORGET:
	case DO_NEIGHBOUR_DELETE:
		fprintf(out, " %s", addr_print(&action->addr, text));
		break;
	case DO_NEIGHBOUR_SET:
		fprintf(out, " %s at %s", addr_print(&action->addr, text),
			mac_print(&action->mac, mac));
		break;
	case DO_ADDR_SET:
	case DO_ADDR_DELETE:
		fprintf(out, " %s/%u", addr_print(&action->addr, text), action->number);
		break;
	case DO_ROUTE_SET:
	case DO_ROUTE_DELETE:
		fprintf(out, " %s", prefix_print(&action->route.dst, text));
		break;
	case DO_FAILED:
		fprintf(out, " %s", p->fault);
		break;
	default:
		break;
	}
}

bool vif_plan_changes(const struct vif_plan *p)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->actions[i].kind != DO_RULES && p->actions[i].kind != DO_CONNECTED)
			return true;
	return false;
}
