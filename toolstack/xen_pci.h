/*
 * xen_pci: PCI devices on their way between dom0 and domains, as libxl moves them.
 *
 * A device that domains may have is "assignable": its driver has let go of it and Xen's pciback
 * holds it. libxl remembers the driver, until the host starts anew, and gives the device back to
 * it. As xen.h: each call opens libxl and closes it again; tests link another file in its place
 * (tests/store/xen-pci-standin.c). It must not decide anything, nor look at sysfs.
 *
 * All functions return 0, -ENOTCONN where this is no dom0 of a running Xen, or what libxl's words
 * mean.
 */
#ifndef NETVM_XEN_PCI_H
#define NETVM_XEN_PCI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "toolstack/pci.h"

/* Name of the driver that holds assignable devices, in sysfs, and of its module. */
#define XEN_PCI_DRIVER "pciback"
#define XEN_PCI_MODULE "xen-pciback"

/* Whether Xen itself keeps domains' devices to their domains' memory: "hvm_directio" of xl info's
 * virt_caps, which covers PV domains, too. */
int xen_iommu_present(bool *present, struct err *e);

/* Takes the device from its driver and makes it assignable. The module must be loaded. 0 also where
 * it is that already. When it fails the device may be without a driver. */
int xen_pci_take(const struct pci_bdf *bdf, struct err *e);

/* Takes the device from pciback and gives it to the driver that libxl remembers; without such it is
 * left without one. */
int xen_pci_give_back(const struct pci_bdf *bdf, struct err *e);

/* Devices that a running domain has. `*out` malloc'd, NULL for none. */
int xen_pci_list(uint32_t domid, struct pci_bdf **out, size_t *count, struct err *e);

/* Gives an assignable device to a running domain, or takes it away; both wait for the domain. */
int xen_pci_attach(uint32_t domid, const struct pci_bdf *bdf, struct err *e);
int xen_pci_detach(uint32_t domid, const struct pci_bdf *bdf, struct err *e);

#endif
