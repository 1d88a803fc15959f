/*
 * pci: the PCI devices of this host, as dom0's Linux shows them in sysfs.
 *
 * The only place that knows sysfs PCI (and the sysfs side of network interfaces: which device one
 * sits on, what is stacked on it). It reads everything into plain structs; what follows from them
 * is decided in pci_group.h and pci_judge.h. It changes nothing: devices change hands through libxl
 * (xen.h). It must not know Xen, domains or the registry.
 *
 * Where sysfs is mounted is a parameter, so that a tree of plain files serves as well.
 *
 * Facts: Linux, Documentation/ABI/testing/sysfs-bus-pci (reset, reset_method) and sysfs-class-net;
 * configuration space: PCI Local Bus 3.0 chapter 6, PCI Express Base 4.0 sections 7.5.3 and 7.7.8
 * (ACS).
 */
#ifndef NETVM_PCI_H
#define NETVM_PCI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/err.h"
#include "common/netlink.h"

#define PCI_SYSFS "/sys"

/* --- where a device is --- */

struct pci_bdf {
	uint16_t domain; /* PCI segment, no domain of Xen's */
	uint8_t bus, slot, function;
};

#define PCI_BDF_TEXT_MAX 13 /* "0000:00:03.0" */

/* "0000:00:03.0", or without the leading segment; hexadecimal of either case, nothing else. 0 or
 * -EINVAL. */
int pci_bdf_parse(const char *text, struct pci_bdf *out);
const char *pci_bdf_print(const struct pci_bdf *b, char buf[PCI_BDF_TEXT_MAX]);
/* Total order: negative, 0, positive. */
int pci_bdf_cmp(const struct pci_bdf *a, const struct pci_bdf *b);

/* --- configuration space --- */

/* The device/port type of the PCI Express capability. */
enum pci_port {
	PCI_PORT_CONVENTIONAL, /* no such capability, or it could not be read */
	PCI_PORT_ENDPOINT,     /* all kinds of end points */
	PCI_PORT_ROOT,
	PCI_PORT_UPSTREAM,
	PCI_PORT_DOWNSTREAM,
	PCI_PORT_TO_PCI,   /* PCI Express to PCI bridge */
	PCI_PORT_FROM_PCI, /* PCI to PCI Express bridge */
	PCI_PORT_EVENTS,   /* root complex event collector */
};

struct pci_config {
	enum pci_port port;
	bool bridge;	    /* header type 1 */
	bool multifunction; /* says so in its header */
	bool acs; /* Access Control Services: whatever it can do of validation, request and
		     completion redirection and upstream forwarding is switched on */
};

/* Reads the contents of a configuration space, of whatever length and contents; what is not there
 * is false. */
void pci_config_parse(const uint8_t *data, size_t len, struct pci_config *out);

/* --- devices --- */

#define PCI_CLASS_NETWORK 0x02	 /* top byte of the class code */
#define PCI_CLASS_USB	  0x0c03 /* top two bytes: a USB controller */
#define PCI_DRIVER_MAX	  64
#define PCI_RESET_MAX	  64
#define PCI_NETS_MAX	  8

struct pci_net {
	char name[LINK_NAME_MAX];
	struct mac mac; /* all zero: not an Ethernet one, or none */
};

struct pci_device {
	struct pci_bdf bdf;
	uint32_t class; /* 24 bits: base class, subclass, interface */
	uint16_t vendor, device;
	char driver[PCI_DRIVER_MAX]; /* "" where none is bound */
	/* How Linux can reset it, best first: "flr bus"; "some way" where it does not say which;
	 * "": not at all. */
	char reset[PCI_RESET_MAX];
	struct pci_config config;
	bool virtual_function; /* of an SR-IOV device */
	bool has_parent;
	struct pci_bdf parent;		   /* the bridge above */
	int iommu_group;		   /* as Linux numbers them; -1: it shows none */
	struct pci_net nets[PCI_NETS_MAX]; /* its interfaces, by name */
	size_t net_count;
};

struct pci_tree {
	struct pci_device *device; /* ascending by bdf */
	size_t count;
	bool linux_iommu; /* Linux itself drives an IOMMU (then it shows groups) */
};

/* Reads all devices. On a host without PCI the tree is empty. -ENOENT where `sysfs` is no sysfs. */
int pci_tree_read(const char *sysfs, struct pci_tree *out, struct err *e);
void pci_tree_free(struct pci_tree *t); /* may be repeated */

/* NULL where there is no such device. */
const struct pci_device *pci_tree_find(const struct pci_tree *t, const struct pci_bdf *bdf);

static inline bool pci_is_network(const struct pci_device *d)
{
	return d->class >> 16 == PCI_CLASS_NETWORK;
}

/* A USB controller: the interfaces of what hangs on it are its `nets`. */
static inline bool pci_is_usb(const struct pci_device *d)
{
	return d->class >> 8 == PCI_CLASS_USB;
}

/* Reads one device anew. -ENODEV: there is none. */
int pci_device_read(
	const char *sysfs, const struct pci_bdf *bdf, struct pci_device *out, struct err *e);

/* Whether a driver of this name is there to take devices. */
bool pci_driver_exists(const char *sysfs, const char *driver);

/* --- interfaces --- */

#define PCI_STACK_MAX 32

/* The interface itself and all that are stacked on it (bridge, bond, VLAN), each once. */
struct pci_stack {
	char name[PCI_STACK_MAX][LINK_NAME_MAX];
	size_t count;
};

/* More than PCI_STACK_MAX: -E2BIG. An interface that is not there has an empty stack. */
int pci_stack_read(const char *sysfs, const char *net, struct pci_stack *out, struct err *e);

#endif
