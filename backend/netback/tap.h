/*
 * tap: the network device that stands for a vif where netback is its data path.
 *
 * It has the vif's name and lasts without a process, so that everything that is done with a vif's
 * link is done with it as well, and whoever moves its packets can be replaced. The only place that
 * knows tun's ioctls.
 */
#ifndef NETVM_TAP_H
#define NETVM_TAP_H

#include <stdbool.h>

#include "backend/netback/rx_packet.h"
#include "common/err.h"

/* Makes it, closed and without address, if it is not there. -EEXIST: there is a link of that name
 * that is no tap of ours. */
int tap_make(const char *name, struct err *e);
/* Takes it away; 0 also where there is none. -EEXIST as above. */
int tap_remove(const char *name, struct err *e);
/* Whether there is a link of that name that is a tap of ours. */
bool tap_is(const char *name);

/* Opens the end of one that is there where packets are read and written, without blocking, behind a
 * struct virtio_net_hdr, and tells the kernel what may be left undone in them. -ENODEV: there is
 * none. -EBUSY: somebody holds it. */
int tap_open(const char *name, const struct guest_takes *takes, int *fd, struct err *e);

#endif
