/* Addresses, routes and neighbours (NETLINK_ROUTE). */
#include <assert.h>
#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/netlink_internal.h"

#define IP6_METRIC_DEFAULT                                                                         \
	1024 /* IP6_RT_PRIO_USER in the kernel's include/uapi/linux/ipv6_route.h */

static_assert(ROUTE_PROTOCOL_KERNEL == RTPROT_KERNEL, "as in linux/rtnetlink.h");

/* Whether an errno says that the object, or the link that it hung on, is not there. */
static bool is_absent(int rc)
{
	return rc == -ESRCH || rc == -ENOENT || rc == -EADDRNOTAVAIL || rc == -ENODEV;
}

/* A dump of one kind of object, filtered by link in `keep`. */
struct dump {
	struct netlink_list list;
	int ifindex; /* 0: all */
};

static void dump_restart(void *arg)
{
	netlink_list_clear(&((struct dump *)arg)->list);
}

static bool dump_wants(const struct dump *d, int ifindex)
{
	return d->ifindex == 0 || d->ifindex == ifindex;
}

/* --- addresses --- */

static int link_addr_change(struct netlink *nl, uint16_t type, uint16_t flags,
	const struct link_addr *a, const char *verb, struct err *e)
{
	struct ifaddrmsg m = { .ifa_family = a->addr.family,
		.ifa_prefixlen = a->prefix_len,
		.ifa_index = (unsigned int)a->ifindex };
	char text[ADDR_TEXT_MAX];
	struct netlink_request r;
	int rc;

	netlink_begin(&r, BUS_ROUTE, type, flags, &m, sizeof(m));
	netlink_put_addr(&r, IFA_LOCAL, &a->addr);
	netlink_put_addr(&r, IFA_ADDRESS, &a->addr);
	if (a->addr.family == AF_INET6 && type == RTM_NEWADDR)
		attr_put_u32(&r, IFA_FLAGS,
			IFA_F_NODAD | (a->prefix_len == 128 ? IFA_F_NOPREFIXROUTE : 0));
	rc = netlink_run(nl, &r, NULL, NULL, NULL);
	if (rc == 0 || (type == RTM_DELADDR && is_absent(rc)))
		return 0;
	return netlink_fail(nl, e, rc, "cannot %s address %s/%u on link %d", verb,
		addr_print(&a->addr, text), a->prefix_len, a->ifindex);
}

int link_addr_set(struct netlink *nl, const struct link_addr *a, struct err *e)
{
	return link_addr_change(nl, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, a, "set", e);
}

int link_addr_delete(struct netlink *nl, const struct link_addr *a, struct err *e)
{
	return link_addr_change(nl, RTM_DELADDR, 0, a, "delete", e);
}

static int link_addr_answer(const struct nlmsghdr *h, void *arg)
{
	const struct ifaddrmsg *m = message_data(h);
	const struct nlattr *attrs[IFA_LOCAL + 1];
	struct dump *d = arg;
	struct link_addr *a;
	struct addr addr;

	netlink_attrs(h, sizeof(*m), attrs, IFA_LOCAL);
	/* IFA_LOCAL is the own end; IPv6 without a peer has IFA_ADDRESS alone. */
	if (!dump_wants(d, (int)m->ifa_index) ||
		!netlink_get_addr(attrs[IFA_LOCAL] ? attrs[IFA_LOCAL] : attrs[IFA_ADDRESS],
			m->ifa_family, &addr))
		return 0;
	a = netlink_list_add(&d->list);
	if (!a)
		return -ENOMEM;
	*a = (struct link_addr){
		.ifindex = (int)m->ifa_index, .addr = addr, .prefix_len = m->ifa_prefixlen
	};
	return 0;
}

int link_addr_list(
	struct netlink *nl, int ifindex, struct link_addr **out, size_t *count, struct err *e)
{
	struct ifaddrmsg m = { .ifa_family = AF_UNSPEC, .ifa_index = (unsigned int)ifindex };
	struct dump d = { { .size = sizeof(struct link_addr) }, ifindex };
	struct netlink_request r;
	int rc;

	netlink_begin(&r, BUS_ROUTE, RTM_GETADDR, NLM_F_DUMP, &m, sizeof(m));
	rc = netlink_run(nl, &r, link_addr_answer, dump_restart, &d);
	if (rc == -ENODEV) /* the link went away: nothing is on it */
		rc = 0;
	rc = netlink_list_give(&d.list, rc, out, count);
	return rc < 0 ? netlink_fail(nl, e, rc, "cannot list addresses") : 0;
}

/* --- routes --- */

static void route_begin(
	struct netlink_request *r, uint16_t type, uint16_t flags, const struct route *route)
{
	struct rtmsg m = {
		.rtm_family = route->dst.addr.family,
		.rtm_dst_len = route->dst.len,
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = ROUTE_PROTOCOL,
		.rtm_scope = addr_is_set(&route->gateway) ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK,
		.rtm_type = RTN_UNICAST,
		.rtm_flags = route->gateway_on_link ? RTNH_F_ONLINK : 0,
	};
	uint32_t metric = route->metric;

	if (type == RTM_DELROUTE) {
		m.rtm_protocol = route->protocol;
		m.rtm_scope = RT_SCOPE_NOWHERE; /* any */
		/* No metric is any metric to the kernel: it would take the first that it finds. In
		 * IPv4 that is the one of metric 0, if it is there. */
		if (m.rtm_family == AF_INET6 && !metric)
			metric = IP6_METRIC_DEFAULT;
	}
	netlink_begin(r, BUS_ROUTE, type, flags, &m, sizeof(m));
	if (route->dst.len > 0)
		netlink_put_addr(r, RTA_DST, &route->dst.addr);
	netlink_put_addr(r, RTA_GATEWAY, &route->gateway);
	if (route->ifindex)
		attr_put_u32(r, RTA_OIF, (uint32_t)route->ifindex);
	if (metric)
		attr_put_u32(r, RTA_PRIORITY, metric);
}

int route_set(struct netlink *nl, const struct route *route, struct err *e)
{
	char text[PREFIX_TEXT_MAX];
	struct netlink_request r;
	struct nlattr *nest;
	int rc;

	route_begin(&r, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, route);
	netlink_put_addr(&r, RTA_PREFSRC, &route->source);
	if (route->mtu) {
		nest = attr_nest(&r, RTA_METRICS);
		attr_put_u32(&r, RTAX_MTU, route->mtu);
		attr_nest_end(&r, nest);
	}
	rc = netlink_run(nl, &r, NULL, NULL, NULL);
	return rc < 0 ? netlink_fail(nl, e, rc, "cannot set route to %s on link %d",
				prefix_print(&route->dst, text), route->ifindex)
		      : 0;
}

int route_delete(struct netlink *nl, const struct route *route, struct err *e)
{
	char text[PREFIX_TEXT_MAX];
	struct netlink_request r;
	int rc;

	route_begin(&r, RTM_DELROUTE, 0, route);
	rc = netlink_run(nl, &r, NULL, NULL, NULL);
	if (rc == 0 || is_absent(rc))
		return 0;
	return netlink_fail(nl, e, rc, "cannot delete route to %s on link %d",
		prefix_print(&route->dst, text), route->ifindex);
}

/* Reads a unicast route of the main table; false for any other. */
static bool route_read(const struct nlmsghdr *h, struct route *out)
{
	const struct rtmsg *m = message_data(h);
	const struct nlattr *attrs[RTA_TABLE + 1], *metrics[RTAX_MTU + 1];

	netlink_attrs(h, sizeof(*m), attrs, RTA_TABLE);
	if ((m->rtm_family != AF_INET && m->rtm_family != AF_INET6) || m->rtm_type != RTN_UNICAST ||
		(m->rtm_flags & RTM_F_CLONED) ||
		(attrs[RTA_TABLE] ? attr_u32(attrs[RTA_TABLE]) : m->rtm_table) != RT_TABLE_MAIN)
		return false;
	*out = (struct route){
		.dst = { { .family = m->rtm_family }, m->rtm_dst_len },
		.protocol = m->rtm_protocol,
		.gateway_on_link = m->rtm_flags & RTNH_F_ONLINK,
		.ifindex = attrs[RTA_OIF] ? (int)attr_u32(attrs[RTA_OIF]) : 0,
		.metric = attrs[RTA_PRIORITY] ? attr_u32(attrs[RTA_PRIORITY]) : 0,
	};
	if (m->rtm_family == AF_INET6 && out->metric == IP6_METRIC_DEFAULT)
		out->metric = 0;
	netlink_get_addr(attrs[RTA_DST], m->rtm_family, &out->dst.addr);
	netlink_get_addr(attrs[RTA_GATEWAY], m->rtm_family, &out->gateway);
	netlink_get_addr(attrs[RTA_PREFSRC], m->rtm_family, &out->source);
	if (attrs[RTA_METRICS]) {
		netlink_attrs_nested(attrs[RTA_METRICS], metrics, RTAX_MTU);
		out->mtu = metrics[RTAX_MTU] ? attr_u32(metrics[RTAX_MTU]) : 0;
	}
	return true;
}

static int route_answer(const struct nlmsghdr *h, void *arg)
{
	struct dump *d = arg;
	struct route route, *room;

	if (!route_read(h, &route) || !dump_wants(d, route.ifindex))
		return 0;
	room = netlink_list_add(&d->list);
	if (!room)
		return -ENOMEM;
	*room = route;
	return 0;
}

/* Each family is dumped by itself: with AF_UNSPEC a strict kernel takes no filter. */
static int route_dump(struct netlink *nl, uint8_t family, struct dump *d)
{
	struct rtmsg m = { .rtm_family = family, .rtm_table = RT_TABLE_MAIN };
	struct netlink_request r;
	int rc;

	netlink_begin(&r, BUS_ROUTE, RTM_GETROUTE, NLM_F_DUMP, &m, sizeof(m));
	if (d->ifindex)
		attr_put_u32(&r, RTA_OIF, (uint32_t)d->ifindex);
	rc = netlink_run(nl, &r, route_answer, dump_restart, d);
	/* -ENOENT: nothing was ever put into this table; -ENODEV: the link is gone, and its routes;
	 * -EOPNOTSUPP: the kernel has no IPv6. */
	return rc == -ENOENT || rc == -ENODEV || rc == -EOPNOTSUPP ? 0 : rc;
}

int route_list(struct netlink *nl, int ifindex, struct route **out, size_t *count, struct err *e)
{
	struct dump v4 = { { .size = sizeof(struct route) }, ifindex };
	struct dump v6 = v4;
	int rc = route_dump(nl, AF_INET, &v4);

	if (rc == 0)
		rc = route_dump(nl, AF_INET6, &v6);
	for (size_t i = 0; rc == 0 && i < v6.list.count; i++) {
		struct route *room = netlink_list_add(&v4.list);

		if (room)
			*room = ((struct route *)v6.list.items)[i];
		else
			rc = -ENOMEM;
	}
	free(v6.list.items);
	rc = netlink_list_give(&v4.list, rc, out, count);
	return rc < 0 ? netlink_fail(nl, e, rc, "cannot list routes") : 0;
}

struct route_match {
	struct route route;
	bool found, local;
};

static int route_match_answer(const struct nlmsghdr *h, void *arg)
{
	const struct rtmsg *m = message_data(h);
	struct route_match *match = arg;

	if (h->nlmsg_type != RTM_NEWROUTE)
		return 0;
	match->local = m->rtm_type == RTN_LOCAL || m->rtm_type == RTN_BROADCAST ||
		       m->rtm_type == RTN_ANYCAST;
	match->found = route_read(h, &match->route);
	return 0;
}

int route_find(struct netlink *nl, const struct addr *addr, struct route *out, struct err *e)
{
	struct rtmsg m = { .rtm_family = addr->family,
		.rtm_dst_len = (uint8_t)(addr_len(addr) * 8),
		.rtm_flags = RTM_F_FIB_MATCH };
	struct route_match match = { .found = false };
	char text[ADDR_TEXT_MAX];
	struct netlink_request r;
	int rc;

	netlink_begin(&r, BUS_ROUTE, RTM_GETROUTE, 0, &m, sizeof(m));
	netlink_ask_one(&r);
	netlink_put_addr(&r, RTA_DST, addr);
	rc = netlink_run(nl, &r, route_match_answer, NULL, &match);
	if (rc == 0 && match.found) {
		*out = match.route;
		return 0;
	}
	if (rc == 0 && match.local)
		return err_set(e, -EADDRINUSE, "%s is an address of this machine or a broadcast",
			addr_print(addr, text));
	/* No route, or one that leads nowhere: unreachable, prohibited. */
	if (rc == 0 || rc == -ENETUNREACH || rc == -EHOSTUNREACH || rc == -EACCES ||
		rc == -EINVAL || rc == -EOPNOTSUPP || rc == -EAGAIN)
		rc = -ENOENT;
	return err_sys(e, rc, "route to %s", addr_print(addr, text));
}

/* --- neighbours --- */

static int neighbour_change(struct netlink *nl, uint16_t type, uint16_t flags, int ifindex,
	const struct addr *addr, const struct mac *mac, const char *verb, struct err *e)
{
	struct ndmsg m = {
		.ndm_family = addr->family, .ndm_ifindex = ifindex, .ndm_state = NUD_PERMANENT
	};
	char text[ADDR_TEXT_MAX];
	struct netlink_request r;
	int rc;

	netlink_begin(&r, BUS_ROUTE, type, flags, &m, sizeof(m));
	netlink_put_addr(&r, NDA_DST, addr);
	if (mac)
		attr_put(&r, NDA_LLADDR, sizeof(mac->bytes), mac->bytes);
	rc = netlink_run(nl, &r, NULL, NULL, NULL);
	if (rc == 0 || (type == RTM_DELNEIGH && is_absent(rc)))
		return 0;
	return netlink_fail(nl, e, rc, "cannot %s neighbour %s on link %d", verb,
		addr_print(addr, text), ifindex);
}

int neighbour_set(struct netlink *nl, int ifindex, const struct addr *addr, const struct mac *mac,
	struct err *e)
{
	return neighbour_change(
		nl, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, ifindex, addr, mac, "set", e);
}

int neighbour_delete(struct netlink *nl, int ifindex, const struct addr *addr, struct err *e)
{
	return neighbour_change(nl, RTM_DELNEIGH, 0, ifindex, addr, NULL, "delete", e);
}

static int neighbour_answer(const struct nlmsghdr *h, void *arg)
{
	const struct ndmsg *m = message_data(h);
	const struct nlattr *attrs[NDA_LLADDR + 1];
	struct dump *d = arg;
	struct neighbour *n;
	struct addr addr;

	if (!(m->ndm_state & NUD_PERMANENT) || (m->ndm_flags & NTF_PROXY) ||
		!dump_wants(d, m->ndm_ifindex))
		return 0;
	netlink_attrs(h, sizeof(*m), attrs, NDA_LLADDR);
	if (!netlink_get_addr(attrs[NDA_DST], m->ndm_family, &addr))
		return 0;
	n = netlink_list_add(&d->list);
	if (!n)
		return -ENOMEM;
	*n = (struct neighbour){ .ifindex = m->ndm_ifindex, .addr = addr };
	if (attrs[NDA_LLADDR] && attr_len(attrs[NDA_LLADDR]) == sizeof(n->mac.bytes))
		memcpy(n->mac.bytes, attr_data(attrs[NDA_LLADDR]), sizeof(n->mac.bytes));
	return 0;
}

int neighbour_list(
	struct netlink *nl, int ifindex, struct neighbour **out, size_t *count, struct err *e)
{
	struct ndmsg m = { .ndm_family = AF_UNSPEC };
	struct dump d = { { .size = sizeof(struct neighbour) }, ifindex };
	struct netlink_request r;
	int rc;

	netlink_begin(&r, BUS_ROUTE, RTM_GETNEIGH, NLM_F_DUMP, &m, sizeof(m));
	if (ifindex)
		attr_put_u32(&r, NDA_IFINDEX, (uint32_t)ifindex);
	rc = netlink_run(nl, &r, neighbour_answer, dump_restart, &d);
	if (rc == -ENODEV)
		rc = 0;
	rc = netlink_list_give(&d.list, rc, out, count);
	return rc < 0 ? netlink_fail(nl, e, rc, "cannot list neighbours") : 0;
}
