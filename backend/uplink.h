/*
 * uplink: by which links guests' packets may leave, and which of those are there.
 *
 * Uplinks are named (a name, or a pattern with a star at its end: "wlan*"), or else are the links
 * with a default route of either family. A link of the guests' group and loopback never are. It
 * must not know what guests are, nor the packet filter.
 */
#ifndef NETVM_UPLINK_H
#define NETVM_UPLINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/uplink_names.h"
#include "common/err.h"
#include "common/netlink.h"

struct uplinks {
	/* Those that are there: with a default route, the best (lowest metric) first, then (where
	 * uplinks are named) those that are up without one. */
	struct uplink_names there;
	uint32_t mtu; /* bytes: the smallest of theirs; 0 without any */
};

/* Pure: from the routes and links of this moment. `named` without any: links with a default route.
 * More than fit are left out. */
void uplinks_choose(const struct uplink_names *named, const struct route *routes,
	size_t route_count, const struct link *links, size_t link_count, uint32_t group,
	struct uplinks *out);

/* Asks the kernel. */
int uplinks_read(struct netlink *nl, const struct uplink_names *named, uint32_t group,
	struct uplinks *out, struct err *e);

#endif
