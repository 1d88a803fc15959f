/*
 * How a plan is made: link_wanted_check() refuses what cannot work; wants_make() spells the wanted
 * addresses and routes out; then each difference to what is becomes one action, additions first
 * (MTU, sysctls, link on, addresses, routes), removals behind (routes, addresses, link off).
 *
 * Always: no action touches an address that is not in the notes, or a route that does not carry
 * ROUTE_PROTOCOL on this link.
 */
#include "frontend-config/link_plan.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define MTU_MIN	     68	  /* RFC 791 */
#define MTU_MIN_IPV6 1280 /* RFC 8200 */
#define MTU_MAX	     65535

const char *const link_sysctl_names[LINK_SYSCTLS] = {
	[LINK_ACCEPT_RA] = "accept_ra",
	[LINK_DISABLE_IPV6] = "disable_ipv6",
};

struct wants {
	struct addr addrs[2];
	size_t addr_count;
	struct route routes[4]; /* for each family: to the gateway, then through it */
	size_t route_count;
};

void link_notes_clear(struct link_notes *n)
{
	memset(n, 0, sizeof(*n));
	for (size_t i = 0; i < LINK_SYSCTLS; i++)
		n->sysctl_was[i] = LINK_SYSCTL_NONE;
}

/* --- checking --- */

static int family_check(
	const struct addr *ip, const struct addr *gateway, const char *six, struct err *e)
{
	char text[ADDR_TEXT_MAX];

	if (addr_is_set(ip) && !addr_is_unicast(ip))
		return err_set(e, -EINVAL, "ip%s %s is no address that a host can hold", six,
			addr_print(ip, text));
	if (!addr_is_set(gateway))
		return 0;
	if (!addr_is_unicast(gateway))
		return err_set(e, -EINVAL, "gateway%s %s is no address that a host can hold", six,
			addr_print(gateway, text));
	if (!addr_is_set(ip))
		return err_set(e, -EINVAL, "gateway%s %s is given without ip%s", six,
			addr_print(gateway, text), six);
	if (addr_equal(ip, gateway))
		return err_set(e, -EINVAL, "ip%s and gateway%s are both %s", six, six,
			addr_print(ip, text));
	return 0;
}

int link_wanted_check(const struct guest_link *wanted, struct err *e)
{
	const struct addr *dns[] = { &wanted->dns[0], &wanted->dns[1], &wanted->dns6[0],
		&wanted->dns6[1] };
	uint32_t least = addr_is_set(&wanted->ip6) ? MTU_MIN_IPV6 : MTU_MIN;
	char text[ADDR_TEXT_MAX];
	int ret = family_check(&wanted->ip, &wanted->gateway, "", e);

	if (!ret)
		ret = family_check(&wanted->ip6, &wanted->gateway6, "6", e);
	if (ret)
		return ret;
	for (size_t i = 0; i < sizeof(dns) / sizeof(*dns); i++)
		if (addr_is_set(dns[i]) && !addr_is_unicast(dns[i]))
			return err_set(e, -EINVAL, "dns%zu%s %s is no address that a host can hold",
				i % 2 + 1, i < 2 ? "" : "-6", addr_print(dns[i], text));
	if (wanted->mtu && (wanted->mtu < least || wanted->mtu > MTU_MAX))
		return err_set(
			e, -EINVAL, "mtu %u is not between %u and %u", wanted->mtu, least, MTU_MAX);
	return 0;
}

/* --- what is wanted, spelled out --- */

static struct prefix prefix_host(const struct addr *a)
{
	return (struct prefix){ .addr = *a, .len = (uint8_t)(addr_len(a) * 8) };
}

static void family_wants(struct wants *w, const struct addr *ip, const struct addr *gateway,
	int ifindex, uint32_t metric)
{
	struct route r = {
		.source = *ip, .ifindex = ifindex, .metric = metric, .protocol = ROUTE_PROTOCOL
	};

	if (!addr_is_set(ip))
		return;
	w->addrs[w->addr_count++] = *ip;
	if (!addr_is_set(gateway))
		return;
	/* A link-local gateway needs no route: the kernel has fe80::/64 on every link. */
	if (!addr_is_linklocal(gateway)) {
		r.dst = prefix_host(gateway);
		w->routes[w->route_count++] = r;
	}
	memset(&r.dst, 0, sizeof(r.dst));
	r.dst.addr.family = ip->family;
	r.gateway = *gateway;
	r.gateway_on_link = true;
	w->routes[w->route_count++] = r;
}

static void wants_make(
	struct wants *w, const struct guest_link *wanted, int ifindex, uint32_t metric)
{
	memset(w, 0, sizeof(*w));
	if (!wanted)
		return;
	family_wants(w, &wanted->ip, &wanted->gateway, ifindex, metric);
	family_wants(w, &wanted->ip6, &wanted->gateway6, ifindex, metric);
}

/* --- comparing --- */

static bool prefix_equal(const struct prefix *a, const struct prefix *b)
{
	return a->len == b->len && addr_equal(&a->addr, &b->addr);
}

/* Of one place in the routing table: a second one with the same three cannot be. */
static bool route_same_place(const struct route *a, const struct route *b)
{
	return prefix_equal(&a->dst, &b->dst) && a->metric == b->metric;
}

static bool route_equal(const struct route *a, const struct route *b)
{
	return route_same_place(a, b) && a->ifindex == b->ifindex &&
	       addr_equal(&a->gateway, &b->gateway) && addr_equal(&a->source, &b->source);
}

static bool route_is_ours(const struct route *r, int ifindex)
{
	return r->protocol == ROUTE_PROTOCOL && r->ifindex == ifindex;
}

/* An IPv6 address stands once on a link, whatever its prefix; an IPv4 one may stand there with
 * several. */
static bool addr_stands(const struct link_actual *actual, const struct addr *a)
{
	for (size_t i = 0; i < actual->addr_count; i++)
		if (addr_equal(&actual->addrs[i].addr, a) &&
			(a->family == AF_INET6 || actual->addrs[i].prefix_len == 32))
			return true;
	return false;
}

static bool addr_among(const struct addr *a, const struct addr *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (addr_equal(&list[i], a))
			return true;
	return false;
}

static bool addr_is_noted(const struct link_notes *n, const struct addr *a)
{
	return addr_among(a, n->addrs, n->addr_count);
}

/* Whether others use the link: an address that is neither ours nor the kernel's own link-local. */
static bool others_hold_addr(
	const struct link_notes *n, const struct link_actual *actual, bool only_ipv6)
{
	for (size_t i = 0; i < actual->addr_count; i++) {
		const struct addr *a = &actual->addrs[i].addr;

		if (only_ipv6 && a->family != AF_INET6)
			continue;
		if (a->family == AF_INET6 && addr_is_linklocal(a))
			continue;
		if (!addr_is_noted(n, a))
			return true;
	}
	return false;
}

static bool others_hold_route(const struct link_actual *actual)
{
	for (size_t i = 0; i < actual->route_count; i++) {
		const struct route *r = &actual->routes[i];

		if (r->ifindex == actual->link.ifindex && r->protocol != ROUTE_PROTOCOL_KERNEL &&
			r->protocol != ROUTE_PROTOCOL)
			return true;
	}
	return false;
}

/* --- the steps --- */

static struct link_action *action_add(struct link_actions *out, enum link_action_kind kind)
{
	static struct link_action spill;
	struct link_action *a = &spill;

	if (out->count < LINK_ACTIONS_MAX)
		a = &out->action[out->count++];
	else
		out->more = true;
	memset(a, 0, sizeof(*a));
	a->kind = kind;
	return a;
}

static void sysctl_plan(enum link_sysctl which, int value, const struct link_actual *actual,
	struct link_actions *out)
{
	struct link_action *a;

	if (actual->sysctl[which] == LINK_SYSCTL_NONE || actual->sysctl[which] == value)
		return;
	a = action_add(out, LINK_SET_SYSCTL);
	a->sysctl.which = which;
	a->sysctl.value = value;
	a->sysctl.was = actual->sysctl[which];
}

static void link_settings_plan(const struct guest_link *wanted, const struct link_notes *n,
	const struct link_actual *actual, struct link_actions *out)
{
	if (wanted->mtu && wanted->mtu != actual->link.mtu)
		action_add(out, LINK_SET_MTU)->mtu = wanted->mtu;
	if (!wanted->mtu && n->mtu_was && n->mtu_was != actual->link.mtu)
		action_add(out, LINK_SET_MTU)->mtu = n->mtu_was;
	sysctl_plan(LINK_ACCEPT_RA, 0, actual, out);
	if (addr_is_set(&wanted->ip6))
		sysctl_plan(LINK_DISABLE_IPV6, 0, actual, out);
	else if (!others_hold_addr(n, actual, true))
		sysctl_plan(LINK_DISABLE_IPV6, 1, actual, out);
	if (!actual->link.up)
		action_add(out, LINK_SWITCH_ON);
}

static int routes_plan(const struct wants *w, const struct link_actual *actual,
	struct link_actions *out, struct err *e)
{
	char text[PREFIX_TEXT_MAX];

	for (size_t i = 0; i < w->route_count; i++) {
		const struct route *r = &w->routes[i];
		bool stands = false, taken = false;

		for (size_t k = 0; k < actual->route_count; k++) {
			const struct route *there = &actual->routes[k];

			if (!route_same_place(there, r))
				continue;
			stands = stands || route_equal(there, r);
			taken = taken || !route_is_ours(there, r->ifindex);
		}
		if (stands)
			continue;
		if (taken)
			return err_set(e, -EEXIST,
				"a route to %s with metric %u that is not ours stands already; "
				"another \"metric\" in the configuration avoids it",
				prefix_print(&r->dst, text), r->metric);
		action_add(out, LINK_SET_ROUTE)->route = *r;
	}
	return 0;
}

static void removals_plan(const struct wants *w, const struct link_notes *n,
	const struct link_actual *actual, struct link_actions *out)
{
	for (size_t i = 0; i < actual->route_count; i++) {
		const struct route *r = &actual->routes[i];
		bool keep = !route_is_ours(r, actual->link.ifindex);

		for (size_t k = 0; k < w->route_count; k++)
			keep = keep || route_same_place(r, &w->routes[k]);
		if (!keep)
			action_add(out, LINK_DELETE_ROUTE)->route = *r;
	}
	/* Also one that is noted and not there: it leaves the notes. */
	for (size_t i = 0; i < n->addr_count; i++)
		if (!addr_among(&n->addrs[i], w->addrs, w->addr_count))
			action_add(out, LINK_DELETE_ADDR)->addr = n->addrs[i];
}

/* What was different before we came is put back, unless others changed it meanwhile. */
static void settings_undo_plan(
	const struct link_notes *n, const struct link_actual *actual, struct link_actions *out)
{
	if (n->mtu_was && n->mtu_was != actual->link.mtu)
		action_add(out, LINK_SET_MTU)->mtu = n->mtu_was;
	if (n->switched_on && actual->link.up && !others_hold_addr(n, actual, false) &&
		!others_hold_route(actual))
		action_add(out, LINK_SWITCH_OFF);
	if (n->sysctl_was[LINK_ACCEPT_RA] != LINK_SYSCTL_NONE &&
		actual->sysctl[LINK_ACCEPT_RA] == 0)
		sysctl_plan(LINK_ACCEPT_RA, n->sysctl_was[LINK_ACCEPT_RA], actual, out);
	/* Switching IPv6 off throws every IPv6 address away. */
	if (n->sysctl_was[LINK_DISABLE_IPV6] == 0 ||
		(n->sysctl_was[LINK_DISABLE_IPV6] == 1 && !others_hold_addr(n, actual, true)))
		sysctl_plan(LINK_DISABLE_IPV6, n->sysctl_was[LINK_DISABLE_IPV6], actual, out);
}

int link_plan(const struct guest_link *wanted, uint32_t metric, const struct link_notes *notes,
	const struct link_actual *actual, struct link_actions *out, struct err *e)
{
	struct link_notes none;
	struct wants w;
	int ret;

	out->count = 0;
	out->more = false;
	link_notes_clear(&none);
	if (notes->ifindex != actual->link.ifindex)
		notes = &none;
	wants_make(&w, wanted, actual->link.ifindex, metric);
	if (wanted)
		link_settings_plan(wanted, notes, actual, out);
	for (size_t i = 0; i < w.addr_count; i++)
		if (!addr_stands(actual, &w.addrs[i]))
			action_add(out, LINK_ADD_ADDR)->addr = w.addrs[i];
	ret = routes_plan(&w, actual, out, e);
	if (ret) {
		out->count = 0;
		return err_prefix(e, "%s", actual->link.name);
	}
	removals_plan(&w, notes, actual, out);
	if (!wanted)
		settings_undo_plan(notes, actual, out);
	return 0;
}

/* --- notes --- */

int link_notes_expect(struct link_notes *n, const struct link_actual *actual,
	const struct link_action *a, struct err *e)
{
	if (n->ifindex != actual->link.ifindex) {
		link_notes_clear(n);
		n->ifindex = actual->link.ifindex;
	}
	memcpy(n->name, actual->link.name, sizeof(n->name));
	switch (a->kind) {
	case LINK_ADD_ADDR:
		if (addr_is_noted(n, &a->addr))
			return 0;
		if (n->addr_count == LINK_NOTED_ADDRS)
			return err_set(e, -E2BIG, "%s: holds %d addresses of ours already", n->name,
				LINK_NOTED_ADDRS);
		n->addrs[n->addr_count++] = a->addr;
		return 0;
	case LINK_SET_MTU:
		if (!n->mtu_was)
			n->mtu_was = actual->link.mtu;
		return 0;
	case LINK_SET_SYSCTL:
		if (n->sysctl_was[a->sysctl.which] == LINK_SYSCTL_NONE)
			n->sysctl_was[a->sysctl.which] = a->sysctl.was;
		return 0;
	case LINK_SWITCH_ON:
		n->switched_on = true;
		return 0;
	default:
		return 0;
	}
}

void link_notes_settle(struct link_notes *n, const struct link_action *a)
{
	if (a->kind == LINK_SET_MTU && a->mtu == n->mtu_was)
		n->mtu_was = 0;
	if (a->kind == LINK_SET_SYSCTL && n->sysctl_was[a->sysctl.which] == a->sysctl.value)
		n->sysctl_was[a->sysctl.which] = LINK_SYSCTL_NONE;
	if (a->kind == LINK_SWITCH_OFF)
		n->switched_on = false;
	if (a->kind != LINK_DELETE_ADDR)
		return;
	for (size_t i = 0; i < n->addr_count; i++) {
		if (!addr_equal(&n->addrs[i], &a->addr))
			continue;
		n->addr_count--;
		memmove(&n->addrs[i], &n->addrs[i + 1], (n->addr_count - i) * sizeof(*n->addrs));
		memset(&n->addrs[n->addr_count], 0, sizeof(*n->addrs));
		return;
	}
}

/* --- words --- */

static const char *route_print(const struct route *r, char *buf, size_t size)
{
	char dst[PREFIX_TEXT_MAX], gateway[ADDR_TEXT_MAX];
	const char *to = r->dst.len			  ? prefix_print(&r->dst, dst)
			 : r->dst.addr.family == AF_INET6 ? "::/0"
							  : "0.0.0.0/0";

	if (addr_is_set(&r->gateway))
		snprintf(buf, size, "route to %s via %s metric %u", to,
			addr_print(&r->gateway, gateway), r->metric);
	else
		snprintf(buf, size, "route to %s on the link metric %u", to, r->metric);
	return buf;
}

const char *link_action_print(
	const struct link_action *a, const char *name, char buf[LINK_ACTION_TEXT_MAX])
{
	char text[LINK_ACTION_TEXT_MAX - 32];

	switch (a->kind) {
	case LINK_SET_MTU:
		snprintf(buf, LINK_ACTION_TEXT_MAX, "%s: set mtu %u", name, a->mtu);
		break;
	case LINK_SET_SYSCTL:
		snprintf(buf, LINK_ACTION_TEXT_MAX, "%s: set sysctl %s %d", name,
			link_sysctl_names[a->sysctl.which], a->sysctl.value);
		break;
	case LINK_SWITCH_ON:
		snprintf(buf, LINK_ACTION_TEXT_MAX, "%s: switch on", name);
		break;
	case LINK_SWITCH_OFF:
		snprintf(buf, LINK_ACTION_TEXT_MAX, "%s: switch off", name);
		break;
	case LINK_ADD_ADDR:
	case LINK_DELETE_ADDR:
		snprintf(buf, LINK_ACTION_TEXT_MAX, "%s: %s address %s", name,
			a->kind == LINK_ADD_ADDR ? "add" : "delete", addr_print(&a->addr, text));
		break;
	case LINK_SET_ROUTE:
	case LINK_DELETE_ROUTE:
		snprintf(buf, LINK_ACTION_TEXT_MAX, "%s: %s %s", name,
			a->kind == LINK_SET_ROUTE ? "set" : "delete",
			route_print(&a->route, text, sizeof(text)));
		break;
	}
	return buf;
}
