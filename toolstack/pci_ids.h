/*
 * pci_ids: what vendors and devices are called, by the list that distributions keep (pci.ids).
 *
 * A line is "8086  Intel Corporation", below it "<tab>10d3  82574L Gigabit Network Connection" for
 * each of its devices; lines with two tabs (subsystems), comments and the classes behind them are
 * passed over. The list is a convenience: without it there are no names, and what it says decides
 * nothing. It must not know sysfs, Xen or the registry.
 *
 * Source of the form: the comment that pci.ids begins with (https://pci-ids.ucw.cz).
 */
#ifndef NETVM_PCI_IDS_H
#define NETVM_PCI_IDS_H

#include <stdint.h>

#include "common/err.h"

#define PCI_NAME_MAX 160 /* with the NUL; longer ones are cut */

/* Each "" where the list has no such name. */
struct pci_name {
	char vendor[PCI_NAME_MAX], device[PCI_NAME_MAX];
};

/* The list's text, malloc'd; NULL and 0: this host has none. */
int pci_ids_read(char **text, struct err *e);

/* `text` NULL: no names. What is not printable in them is '?'. Pure. */
void pci_ids_find(const char *text, uint16_t vendor, uint16_t device, struct pci_name *out);

/* "Intel Corporation 82574L Gigabit Network Connection", or as much of it as is known, down to
 * "8086:10d3". */
#define PCI_DESCRIPTION_MAX (2 * PCI_NAME_MAX + 32)
const char *pci_ids_describe(
	const char *text, uint16_t vendor, uint16_t device, char buf[PCI_DESCRIPTION_MAX]);

#endif
