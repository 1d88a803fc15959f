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

static const struct prefix *routed_find(const struct prefix *subnet, const struct prefixes *routed)
{
	for (size_t i = 0; i < routed->count; i++)
		if (prefix_contains(subnet, &routed->item[i].addr) ||
			prefix_contains(&routed->item[i], &subnet->addr))
			return &routed->item[i];
	return NULL;
}

static void hit_tell(const struct ruleset *r, const char *link, const struct prefix *subnet,
	const struct addr *hit, char words[COLLISION_WORDS_MAX])
{
	char net[PREFIX_TEXT_MAX], text[ADDR_TEXT_MAX];

	snprintf(words, COLLISION_WORDS_MAX,
		"%s: its subnet %s has %s, which is %s here; give %s, or that network another "
		"subnet",
		link, prefix_print(subnet, net), addr_print(hit, text),
		hit == &r->ip4.gateway || hit == &r->ip6.gateway ? "the guests' gateway"
								 : "a guest's",
		r->managed ? "guests other addresses in dom0 (pool in netvm.conf)"
			   : "guests other addresses (vif's ip in their xl configs, gateway in "
			     "netbackd.conf)");
}

static void routed_tell(const char *link, const struct prefix *subnet, const struct prefix *routed,
	char words[COLLISION_WORDS_MAX])
{
	char net[PREFIX_TEXT_MAX], text[PREFIX_TEXT_MAX];

	snprintf(words, COLLISION_WORDS_MAX,
		"%s: its subnet %s overlaps %s of routed6, where guests reach each other alone; "
		"let routed6 name the subnets that the world routes here and no others",
		link, prefix_print(subnet, net), prefix_print(routed, text));
}

/* A single address is no subnet: an uplink of a proxy domain has one of its own network domain's
 * pool, where its guests' are as well. Link-local ones are another network on every link. */
void collision_find(const struct ruleset *r, const struct uplinks *there, const struct link *links,
	size_t link_count, const struct link_addr *addrs, size_t addr_count,
	const struct addr *guests, size_t guest_count, char words[COLLISION_WORDS_MAX])
{
	words[0] = '\0';
	for (size_t i = 0; i < addr_count; i++) {
		const struct link *l = link_of(links, link_count, addrs[i].ifindex);
		const struct prefix subnet = addr_prefix(&addrs[i].addr, addrs[i].prefix_len);
		const struct prefix *routed = routed_find(&subnet, &r->routed6);
		const struct addr *hit;

		if (!l || !uplink_names_have(&there->there, l->name) || is_host(&subnet) ||
			addr_is_linklocal(&addrs[i].addr))
			continue;
		hit = hit_find(&subnet, r, guests, guest_count);
		if (routed)
			routed_tell(l->name, &subnet, routed, words);
		else if (hit)
			hit_tell(r, l->name, &subnet, hit, words);
		if (words[0])
			return;
	}
}

/* The uplink of this name, where it is there, and its subnets. */
static int subnets_read(struct netlink *nl, const char *name, struct link *link,
	struct link_addr **addrs, size_t *count, struct err *e)
{
	int ret = link_get(nl, name, link, e);

	*addrs = NULL;
	*count = 0;
	if (!ret)
		ret = link_addr_list(nl, link->ifindex, addrs, count, e);
	return ret == -ENODEV ? 0 : ret;
}

int collision_read(struct netlink *nl, const struct ruleset *r, const struct uplinks *there,
	const struct addr *guests, size_t guest_count, char words[COLLISION_WORDS_MAX],
	struct err *e)
{
	int ret = 0;

	words[0] = '\0';
	for (size_t i = 0; !ret && !words[0] && i < there->there.count; i++) {
		struct link_addr *addrs;
		struct link link;
		size_t count;

		ret = subnets_read(nl, there->there.names[i], &link, &addrs, &count, e);
		if (!ret)
			collision_find(
				r, there, &link, 1, addrs, count, guests, guest_count, words);
		free(addrs);
	}
	return ret;
}
