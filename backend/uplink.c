#include "backend/uplink.h"

#include <stdlib.h>
#include <string.h>

static const struct link *link_of(const struct link *links, size_t count, int ifindex)
{
	for (size_t i = 0; i < count; i++)
		if (links[i].ifindex == ifindex)
			return &links[i];
	return NULL;
}

static bool chosen(const struct uplinks *u, const char *name)
{
	for (size_t i = 0; i < u->count; i++)
		if (strcmp(u->names[i], name) == 0)
			return true;
	return false;
}

void uplinks_choose(const struct route *routes, size_t route_count, const struct link *links,
	size_t link_count, uint32_t group, struct uplinks *out)
{
	memset(out, 0, sizeof(*out));
	while (out->count < RULESET_UPLINKS_MAX) {
		const struct link *best = NULL;
		uint32_t metric = 0;

		for (size_t i = 0; i < route_count; i++) {
			const struct link *l = link_of(links, link_count, routes[i].ifindex);

			if (routes[i].dst.len != 0 || !l || l->loopback || l->group == group ||
				chosen(out, l->name) || (best && routes[i].metric >= metric))
				continue;
			best = l;
			metric = routes[i].metric;
		}
		if (!best)
			return;
		memcpy(out->names[out->count++], best->name, LINK_NAME_MAX);
		if (!out->mtu || best->mtu < out->mtu)
			out->mtu = best->mtu;
	}
}

int uplinks_read(struct netlink *nl, uint32_t group, struct uplinks *out, struct err *e)
{
	struct route *routes = NULL;
	struct link *links = NULL;
	size_t route_count = 0, link_count = 0;
	int ret = route_list(nl, 0, &routes, &route_count, e);

	if (!ret)
		ret = link_list(nl, &links, &link_count, e);
	if (!ret)
		uplinks_choose(routes, route_count, links, link_count, group, out);
	free(routes);
	free(links);
	return ret;
}
