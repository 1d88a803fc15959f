#include "backend/collision.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static const struct link *link_of(const struct link *links, size_t count, int ifindex)
{
	for (size_t i = 0; i < count; i++)
		if (links[i].ifindex == ifindex)
			return &links[i];
	return NULL;
}

static bool is_host(const struct prefix *p)
{
	return p->len == (p->addr.family == AF_INET6 ? 128 : 32);
}

static const struct addr *hit_find(const struct prefix *subnet, const struct ruleset *r,
	const struct addr *guests, size_t guest_count)
{
	const struct addr *const own[] = { &r->ip4.gateway, &r->ip6.gateway };

	for (int i = 0; i < 2; i++)
		if (addr_is_set(own[i]) && prefix_contains(subnet, own[i]))
			return own[i];
	for (size_t i = 0; i < guest_count; i++)
		if (prefix_contains(subnet, &guests[i]))
			return &guests[i];
	return NULL;
}

/* A single address is no subnet: an uplink of a proxy domain has one of its own network domain's
 * pool, where its guests' are as well. Link-local ones are another network on every link. */
void collision_find(const struct ruleset *r, const struct uplinks *there, const struct link *links,
	size_t link_count, const struct link_addr *addrs, size_t addr_count,
	const struct addr *guests, size_t guest_count, char words[COLLISION_WORDS_MAX])
{
	char net[ADDR_TEXT_MAX], text[ADDR_TEXT_MAX];

	words[0] = '\0';
	for (size_t i = 0; i < addr_count; i++) {
		const struct link *l = link_of(links, link_count, addrs[i].ifindex);
		const struct prefix subnet = addr_prefix(&addrs[i].addr, addrs[i].prefix_len);
		const struct addr *hit;

		if (!l || !uplink_names_have(&there->there, l->name) || is_host(&subnet) ||
			addr_is_linklocal(&addrs[i].addr))
			continue;
		hit = hit_find(&subnet, r, guests, guest_count);
		if (!hit)
			continue;
		snprintf(words, COLLISION_WORDS_MAX,
			"%s: its subnet %s/%u has %s, which is %s here; give %s, or that network "
			"another subnet",
			l->name, addr_print(&subnet.addr, net), subnet.len, addr_print(hit, text),
			hit == &r->ip4.gateway || hit == &r->ip6.gateway ? "the guests' gateway"
									 : "a guest's",
			r->managed ? "guests other addresses in dom0 (pool in netvm.conf)"
				   : "guests other addresses (vif's ip in their xl configs, "
				     "gateway in netbackd.conf)");
		return;
	}
}

/* Single addresses that lead to a link of the guests' group. */
static size_t guests_take(const struct ruleset *r, const struct link *links, size_t link_count,
	const struct route *routes, size_t route_count, struct addr *out)
{
	size_t n = 0;

	for (size_t i = 0; i < route_count; i++) {
		const struct link *l = link_of(links, link_count, routes[i].ifindex);

		if (is_host(&routes[i].dst) && l && l->group == r->group)
			out[n++] = routes[i].dst.addr;
	}
	return n;
}

int collision_read(struct netlink *nl, const struct ruleset *r, const struct uplinks *there,
	char words[COLLISION_WORDS_MAX], struct err *e)
{
	struct link_addr *addrs = NULL;
	struct route *routes = NULL;
	struct link *links = NULL;
	struct addr *guests = NULL;
	size_t addr_count = 0, route_count = 0, link_count = 0, guest_count;
	int ret = link_addr_list(nl, 0, &addrs, &addr_count, e);

	words[0] = '\0';
	if (!ret)
		ret = route_list(nl, 0, &routes, &route_count, e);
	if (!ret)
		ret = link_list(nl, &links, &link_count, e);
	if (!ret) {
		guests = calloc(route_count + 1, sizeof(*guests));
		ret = guests ? 0 : err_sys(e, -ENOMEM, "addresses of guests");
	}
	if (!ret) {
		guest_count = guests_take(r, links, link_count, routes, route_count, guests);
		collision_find(
			r, there, links, link_count, addrs, addr_count, guests, guest_count, words);
	}
	free(guests);
	free(links);
	free(routes);
	free(addrs);
	return ret;
}
