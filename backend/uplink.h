/*
 * uplink: by which links this domain reaches the world, for reports.
 *
 * An uplink is a link outside the guests' group with a default route of either family. It must not
 * know what guests are, nor the packet filter.
 */
#ifndef NETVM_UPLINK_H
#define NETVM_UPLINK_H

#include <stddef.h>
#include <stdint.h>

#include "backend/ruleset.h"
#include "common/err.h"
#include "common/netlink.h"

struct uplinks {
	char names[RULESET_UPLINKS_MAX][LINK_NAME_MAX]; /* best (lowest metric) first */
	size_t count;
	uint32_t mtu; /* bytes: the smallest of theirs; 0 without any */
};

/* Pure: from the routes and links of this moment. More than fit are left out. */
void uplinks_choose(const struct route *routes, size_t route_count, const struct link *links,
	size_t link_count, uint32_t group, struct uplinks *out);

/* Asks the kernel. */
int uplinks_read(struct netlink *nl, uint32_t group, struct uplinks *out, struct err *e);

#endif
