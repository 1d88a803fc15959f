/*
 * pci_group: which devices an IOMMU cannot tell, or keep, apart.
 *
 * Where Linux drives the IOMMU its groups are taken. Under Xen dom0's Linux sees none; the group
 * then follows from the topology by the rules that Linux itself uses (drivers/iommu/iommu.c,
 * pci_device_group): devices behind a bridge to conventional PCI share its requester id, and what
 * is behind a port or function without Access Control Services can reach its neighbours past the
 * IOMMU. Xen's own rule is weaker (only the requester id counts), so a device that this calls alone
 * is alone for Xen, too.
 *
 * Pure: no I/O.
 */
#ifndef NETVM_PCI_GROUP_H
#define NETVM_PCI_GROUP_H

#include "toolstack/pci.h"

enum pci_group_source {
	PCI_GROUP_LINUX,    /* sysfs names it */
	PCI_GROUP_TOPOLOGY, /* derived from bridges, functions and their ACS */
};

#define PCI_GROUP_MAX 64

struct pci_group {
	enum pci_group_source source;
	const struct pci_device
		*member[PCI_GROUP_MAX]; /* in the tree, by bdf, the device among them */
	size_t count;
	bool more; /* there are more than fit */
	/* What stands for the group: Linux's number, or the place that holds it together
	 * ("0000:00:1c.*"). */
	char name[24];
};

/* `d` is one of `t`'s. */
void pci_group_find(const struct pci_tree *t, const struct pci_device *d, struct pci_group *out);

#endif
