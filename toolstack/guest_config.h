/*
 * guest_config: what a guest is told about its link, as files that others read: for guests in which
 * no netfront-config runs.
 *
 * Each format gives the same: the address alone (/32, /128), a gateway that no subnet holds, the
 * virtual resolvers. It must not know the registry, nor Xen. Pure.
 */
#ifndef NETVM_GUEST_CONFIG_H
#define NETVM_GUEST_CONFIG_H

#include <stdbool.h>
#include <stdio.h>

#include "common/err.h"
#include "xenstore-schema/schema.h"

enum guest_format {
	/* Linux's ip= (Documentation/admin-guide/nfs/nfsroot.rst): IPv4 alone. The kernel takes a
	 * gateway only within the netmask, so that is the smallest subnet which holds both. */
	GUEST_KERNEL_IP,
	/* cloud-init's network-config, version 2: what netplan reads. The interface is found by its
	 * MAC address and gets the name. */
	GUEST_CLOUD_INIT,
	/* A part of /etc/network/interfaces, interfaces(5) of ifupdown. */
	GUEST_INTERFACES,
	GUEST_FORMATS
};

/* "kernel-ip", "cloud-init", "interfaces"; GUEST_FORMATS: there is no such. */
enum guest_format guest_format_find(const char *name);
const char *guest_format_name(enum guest_format f);

/* Whether an interface can have that name, and every format can hold it: 1 to 15 letters, digits,
 * '.', '_', '-'. */
bool guest_interface_check(const char *name);

/*
 * Prints the link of the guest `name`, whose only vif is `interface`. -EINVAL: the format cannot
 * hold it, or an address lacks its gateway; nothing is printed then.
 */
int guest_config_print(FILE *out, enum guest_format f, const char *name, const char *interface,
	const struct guest_link *link, struct err *e);

#endif
