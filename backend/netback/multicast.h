/*
 * multicast: the multicast addresses that a guest wants to hear, where it says which (netif.h,
 * "feature-multicast-control").
 *
 * Plain data that outlives the process, so what is in it is held against its bounds each time. Must
 * not know where packets come from.
 */
#ifndef NETVM_MULTICAST_H
#define NETVM_MULTICAST_H

#include <stdbool.h>
#include <stdint.h>

#include "common/addr.h"

/* As many as Linux's backend keeps (XEN_NETBK_MCAST_MAX). */
#define MULTICAST_MAX 64

struct multicast {
	uint32_t count;
	struct mac groups[MULTICAST_MAX];
};

/* 0 also where it is there already; -ENOSPC: there are too many; -EINVAL: no multicast address. */
int multicast_join(struct multicast *m, const struct mac *group);
void multicast_leave(struct multicast *m, const struct mac *group);

/* Whether a packet to that MAC address (6 bytes) is for the guest: all that are not multicast, and
 * broadcasts, are. */
bool multicast_wants(const struct multicast *m, const uint8_t *to);

#endif
