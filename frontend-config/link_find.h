/*
 * link_find: which interface is the frontend of vif <devid>.
 *
 * The kernel knows the xenbus device of each netfront interface
 * (/sys/class/net/IF/device/nodename holds "device/vif/<devid>": Linux,
 * drivers/xen/xenbus/xenbus_probe.c); where no interface says so, the only one with the published
 * MAC it is. The one user of sysfs in this program; must not know what is done with the interface.
 */
#ifndef NETVM_LINK_FIND_H
#define NETVM_LINK_FIND_H

#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/err.h"
#include "common/netlink.h"

#define LINK_FIND_SYSFS "/sys/class/net"

/*
 * Of `links`, the one of `devid`; `mac` may be unset. `sysfs` is LINK_FIND_SYSFS but in tests.
 * Returns 0 with
 * `*out` pointing into `links`, -ENODEV where there is none (it may appear later), -ENOTUNIQ where
 * several have the MAC.
 */
int link_find(const char *sysfs, const struct link *links, size_t count, uint32_t devid,
	const struct mac *mac, const struct link **out, struct err *e);

#endif
