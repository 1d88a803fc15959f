#include "backend/uplink.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct choice {
	const struct uplink_names *named;
	const struct route *routes;
	size_t route_count;
	uint32_t group;
};

static bool may_be_uplink(const struct choice *c, const struct link *l)
{
	if (l->loopback || l->group == c->group)
		return false;
	return c->named->count ? uplink_names_have(c->named, l->name)
			       : uplink_name_is_plain(l->name);
}

/* The metric of the link's best default route; `*has` says whether there is one. */
static uint32_t metric_of(const struct choice *c, const struct link *l, bool *has)
{
	uint32_t best = 0;

	*has = false;
	for (size_t i = 0; i < c->route_count; i++) {
		const struct route *r = &c->routes[i];

		if (r->dst.len != 0 || r->ifindex != l->ifindex || (*has && r->metric >= best))
			continue;
		best = r->metric;
		*has = true;
	}
	return best;
}

static bool taken(const struct uplinks *u, const char *name)
{
	for (size_t i = 0; i < u->there.count; i++)
		if (strcmp(u->there.names[i], name) == 0)
			return true;
	return false;
}

static void take(struct uplinks *u, const struct link *l)
{
	memcpy(u->there.names[u->there.count++], l->name, LINK_NAME_MAX);
	if (!u->mtu || l->mtu < u->mtu)
		u->mtu = l->mtu;
}

void uplinks_choose(const struct uplink_names *named, const struct route *routes,
	size_t route_count, const struct link *links, size_t link_count, uint32_t group,
	struct uplinks *out)
{
	const struct choice c = { named, routes, route_count, group };

	memset(out, 0, sizeof(*out));
	while (out->there.count < UPLINKS_MAX) {
		const struct link *best = NULL;
		uint32_t best_metric = 0;
		bool best_has = false;

		for (size_t i = 0; i < link_count; i++) {
			bool has;
			uint32_t metric;

			if (!may_be_uplink(&c, &links[i]) || taken(out, links[i].name))
				continue;
			metric = metric_of(&c, &links[i], &has);
			if (!has && (!named->count || !links[i].up))
				continue;
			if (best && (has < best_has || (has == best_has && metric >= best_metric)))
				continue;
			best = &links[i];
			best_metric = metric;
			best_has = has;
		}
		if (!best)
			return;
		take(out, best);
	}
}

static int index_cmp(const void *a, const void *b)
{
	const struct link *x = a, *y = b;

	return (x->ifindex > y->ifindex) - (x->ifindex < y->ifindex);
}

static bool has_index(const struct link *links, size_t count, int ifindex)
{
	for (size_t i = 0; i < count; i++)
		if (links[i].ifindex == ifindex)
			return true;
	return false;
}

/* The links that have a default route, in the order of link_list(): of a thousand guests' links not
 * one is looked at. One that goes away meanwhile is passed over; a route of several ways names no
 * link. */
static int links_of_defaults(struct netlink *nl, const struct route *routes, size_t route_count,
	struct link **out, size_t *count, struct err *e)
{
	struct link *links = calloc(route_count + 1, sizeof(*links));
	int ret = links ? 0 : err_sys(e, -ENOMEM, "uplinks");
	size_t n = 0;

	for (size_t i = 0; !ret && i < route_count; i++) {
		if (routes[i].dst.len != 0 || !routes[i].ifindex ||
			has_index(links, n, routes[i].ifindex))
			continue;
		ret = link_get_by_index(nl, routes[i].ifindex, &links[n], e);
		n += !ret;
		ret = ret == -ENODEV ? 0 : ret;
	}
	if (n)
		qsort(links, n, sizeof(*links), index_cmp);
	*out = links;
	*count = n;
	return ret;
}

int uplinks_read(struct netlink *nl, const struct uplink_names *named, uint32_t group,
	struct uplinks *out, struct err *e)
{
	struct route *routes = NULL;
	struct link *links = NULL;
	size_t route_count = 0, link_count = 0;
	int ret = route_list(nl, 0, &routes, &route_count, e);

	if (!ret && named->count)
		ret = link_list(nl, &links, &link_count, e);
	else if (!ret)
		ret = links_of_defaults(nl, routes, route_count, &links, &link_count, e);
	if (!ret)
		uplinks_choose(named, routes, route_count, links, link_count, group, out);
	free(routes);
	free(links);
	return ret;
}
