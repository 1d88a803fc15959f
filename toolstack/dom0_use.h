/*
 * dom0_use: what dom0 itself does through a network device.
 *
 * The answer to "what is cut off when this device goes?": dom0's default route, the server of its
 * root file system, an address or a route of its own, over any interface of the device or stacked
 * on one (bridge, bond, VLAN). Link-local addresses and routes do not count, they come with every
 * interface that is up.
 *
 * Facts: routes and addresses from the kernel (netlink.h), the stack from sysfs (pci.h), the root
 * file system from /proc/self/mountinfo (proc(5), nfs(5)).
 */
#ifndef NETVM_DOM0_USE_H
#define NETVM_DOM0_USE_H

#include "common/addr.h"
#include "common/netlink.h"
#include "toolstack/pci.h"

/* Each text is "" where the device is not used so. */
struct dom0_use {
	char default_route[LINK_NAME_MAX]; /* the interface through which it leaves */
	char root_fs[LINK_NAME_MAX];	   /* ... through which its server is reached */
	char address[PREFIX_TEXT_MAX];	   /* an address of dom0 on it, "192.0.2.7/24" */
	char address_link[LINK_NAME_MAX];
	char route[PREFIX_TEXT_MAX]; /* the destination of another route through it */
	char route_link[LINK_NAME_MAX];
};

/* Everything about dom0's network that matters here, read once for all devices. */
struct dom0_net {
	struct link *links;
	size_t link_count;
	struct link_addr *addrs;
	size_t addr_count;
	struct route *routes;
	size_t route_count;
	struct addr root_server; /* none: the root file system is local */
	int root_ifindex;	 /* the way to it, 0: none */
};

/* Reads it. Free with dom0_net_free(), which may be repeated. */
int dom0_net_read(struct dom0_net *out, struct err *e);
void dom0_net_free(struct dom0_net *n);

/* What goes through any of the interfaces named in `stack`; adds to `use`. Pure. */
void dom0_use_find(const struct dom0_net *n, const struct pci_stack *stack, struct dom0_use *use);

/* The same for all interfaces of a device. */
int dom0_use_of_device(const char *sysfs, const struct dom0_net *n, const struct pci_device *d,
	struct dom0_use *use, struct err *e);

/* The address of the server that holds the root file system, from the text of mountinfo: the last
 * mount on "/", if it is a network file system. None where it is local or cannot be told. Pure. */
void dom0_root_server(const char *mountinfo, struct addr *out);

#endif
