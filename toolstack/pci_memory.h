/*
 * pci_memory: what a device was in dom0 before it was given away, kept in the registry's directory
 * (DIR/pci/BDF.conf, xl's syntax), so that it comes back as it was, also after the host started
 * anew.
 */
#ifndef NETVM_PCI_MEMORY_H
#define NETVM_PCI_MEMORY_H

#include "common/config.h"
#include "common/err.h"
#include "toolstack/pci.h"

struct pci_memory {
	char *driver;		 /* NULL: it had none */
	struct config_list nets; /* "NAME MAC" each; the MAC is missing where there was none */
};

/* One interface of those. 0, or -EINVAL for text that is none. */
int pci_memory_net_parse(const char *text, struct pci_net *out);

/* -ENOENT: nothing is kept. */
int pci_memory_read(
	const char *dir, const struct pci_bdf *bdf, struct pci_memory *out, struct err *e);
void pci_memory_dispose(struct pci_memory *m); /* may be repeated */

/* Keeps what `d` is now. */
int pci_memory_write(const char *dir, const struct pci_device *d, struct err *e);

/* 0 also where nothing was kept. */
int pci_memory_remove(const char *dir, const struct pci_bdf *bdf, struct err *e);

#endif
