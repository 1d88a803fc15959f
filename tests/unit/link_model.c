#include "tests/unit/unit.h"

#include <sys/socket.h>

#include "tests/unit/link_model.h"

struct addr A(const char *text) {
	struct addr a;

	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

void model_init(struct model *m)
{
	memset(m, 0, sizeof(*m));
	m->link = (struct link){ .ifindex = ETH0, .name = "eth0", .mtu = 1500 };
	m->sysctl[LINK_ACCEPT_RA] = 1;
	link_notes_clear(&m->notes);
}

struct guest_link published(void)
{
	return (struct guest_link){
		.ip = A("10.137.0.5"),
		.ip6 = A("2001:db8::5"),
		.gateway = A("10.137.0.1"),
		.gateway6 = A("fe80::1"),
		.dns = { A("10.139.1.1"), A("10.139.1.2") },
		.mtu = 1400,
	};
}

void model_addr_add(struct model *m, const char *text, uint8_t len)
{
	m->addrs[m->addr_count++] =
		(struct link_addr){ .ifindex = ETH0, .addr = A(text), .prefix_len = len };
}

static void model_routes_drop(
	struct model *m, bool (*goes)(const struct route *, const void *), const void *arg)
{
	size_t kept = 0;

	for (size_t i = 0; i < m->route_count; i++)
		if (!goes(&m->routes[i], arg))
			m->routes[kept++] = m->routes[i];
	m->route_count = kept;
}

static bool names_source(const struct route *r, const void *arg)
{
	return addr_equal(&r->source, arg);
}

static bool is_ipv4_of_link(const struct route *r, const void *arg)
{
	(void)arg;
	return r->ifindex == ETH0 && r->dst.addr.family == AF_INET;
}

static bool is_of_link(const struct route *r, const void *arg)
{
	(void)arg;
	return r->ifindex == ETH0;
}

static bool is_same_place(const struct route *r, const void *arg)
{
	const struct route *other = arg;

	return r->metric == other->metric && r->dst.len == other->dst.len &&
	       addr_equal(&r->dst.addr, &other->dst.addr);
}

void model_addr_delete(struct model *m, const struct addr *a)
{
	size_t ipv4 = 0, kept = 0;

	for (size_t i = 0; i < m->addr_count; i++) {
		if (addr_equal(&m->addrs[i].addr, a) && m->addrs[i].prefix_len == addr_len(a) * 8)
			continue;
		m->addrs[kept++] = m->addrs[i];
		ipv4 += m->addrs[i].addr.family == AF_INET;
	}
	if (kept == m->addr_count)
		return;
	m->addr_count = kept;
	model_routes_drop(m, names_source, a);
	if (a->family == AF_INET && !ipv4)
		model_routes_drop(m, is_ipv4_of_link, NULL);
}

static void model_play(struct model *m, const struct link_action *a)
{
	struct route same;

	switch (a->kind) {
	case LINK_SET_MTU:
		m->link.mtu = a->mtu;
		break;
	case LINK_SET_SYSCTL:
		m->sysctl[a->sysctl.which] = a->sysctl.value;
		break;
	case LINK_SWITCH_ON:
		m->link.up = true;
		break;
	case LINK_SWITCH_OFF:
		m->link.up = false;
		model_routes_drop(m, is_of_link, NULL);
		break;
	case LINK_ADD_ADDR:
		assert_true(a->addr.family != AF_INET6 || m->sysctl[LINK_DISABLE_IPV6] == 0);
		m->addrs[m->addr_count++] = (struct link_addr){ .ifindex = ETH0,
			.addr = a->addr,
			.prefix_len = (uint8_t)(addr_len(&a->addr) * 8) };
		break;
	case LINK_DELETE_ADDR:
		model_addr_delete(m, &a->addr);
		break;
	case LINK_SET_ROUTE:
		assert_true(m->link.up);
		same = a->route;
		model_routes_drop(m, is_same_place, &same);
		m->routes[m->route_count++] = a->route;
		break;
	case LINK_DELETE_ROUTE:
		same = a->route;
		model_routes_drop(m, is_same_place, &same);
		break;
	}
}

struct link_actual actual_of(const struct model *m)
{
	struct link_actual a = { .link = m->link,
		.addrs = m->addrs,
		.addr_count = m->addr_count,
		.routes = m->routes,
		.route_count = m->route_count };

	memcpy(a.sysctl, m->sysctl, sizeof(a.sysctl));
	return a;
}

size_t pass(struct model *m, const struct guest_link *wanted, size_t most)
{
	const struct link_actual actual = actual_of(m);
	struct link_actions plan;

	assert_int_equal(link_plan(wanted, LINK_METRIC, &m->notes, &actual, &plan, NULL), 0);
	assert_false(plan.more);
	for (size_t i = 0; i < plan.count; i++)
		assert_int_equal(link_notes_expect(&m->notes, &actual, &plan.action[i], NULL), 0);
	for (size_t i = 0; i < plan.count && i < most; i++) {
		model_play(m, &plan.action[i]);
		/* The notes are written once more at the end, which a killed pass does not reach.
		 */
		if (most >= plan.count)
			link_notes_settle(&m->notes, &plan.action[i]);
	}
	if (!wanted && most >= plan.count)
		link_notes_clear(&m->notes);
	return plan.count;
}

bool has_addr(const struct model *m, const char *text, uint8_t len)
{
	const struct addr a = A(text);

	for (size_t i = 0; i < m->addr_count; i++)
		if (addr_equal(&m->addrs[i].addr, &a) && m->addrs[i].prefix_len == len)
			return true;
	return false;
}

const struct route *route_of(const struct model *m, const char *dst, uint32_t metric)
{
	struct prefix p;

	assert_int_equal(prefix_parse(dst, &p), 0);
	for (size_t i = 0; i < m->route_count; i++)
		if (m->routes[i].metric == metric && m->routes[i].dst.len == p.len &&
			addr_equal(&m->routes[i].dst.addr, &p.addr))
			return &m->routes[i];
	return NULL;
}

struct route foreign_route(const char *dst, int ifindex, uint32_t metric)
{
	struct route r = { .ifindex = ifindex, .metric = metric, .protocol = FOREIGN };

	assert_int_equal(prefix_parse(dst, &r.dst), 0);
	return r;
}
