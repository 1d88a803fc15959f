/*
 * link_offloads: what the kernel hands to a link undone (ethtool's features), by ioctl(2).
 *
 * Of a vif these are what its guest has agreed to take: packets that are not summed yet, that lie
 * in pieces, and that are to be cut into segments. Must not know vifs.
 */
#ifndef NETVM_LINK_OFFLOADS_H
#define NETVM_LINK_OFFLOADS_H

#include <stdbool.h>

#include "common/err.h"

struct link_offloads {
	bool checksum, scatter_gather, segmentation;
};

/* By name. -ENODEV: no such link. One that knows nothing of offloads has none. */
int link_offloads_get(const char *link, struct link_offloads *out, struct err *e);

#endif
