/* netvm_pci: what `pci assign`, `pci release` and `start` share. */
#ifndef NETVM_NETVM_PCI_H
#define NETVM_NETVM_PCI_H

#include "toolstack/netvm.h"
#include "toolstack/pci_handover.h"

/* A device on the command line: as sysfs writes it, or as Qubes does ("dom0:00_03.0"). NETVM_USAGE
 * for text that is none. */
int netvm_bdf_take(const char *text, struct pci_bdf *out, struct err *e);

/* The overrules that the options ask for, as pci_judgement_check() wants them. */
unsigned int netvm_overruled(const struct netvm_options *o);

/* Judges devices that `domain` gets in one go, and refuses what stands against any of them. */
int netvm_pci_judge(const struct netvm *n, const struct registry *r, const struct pci_bdf *bdfs,
	size_t count, const char *domain, struct err *e);

/* The plan in words, for --dry-run. */
void netvm_plan_print(const struct handover *h);

/* Does what gives the device to its domain, or prints it where the options say so. */
int netvm_pci_give(const struct netvm *n, struct handover *h, struct err *e);

/* Makes every device that the registry gives `d` assignable, before it is started: those that were
 * given with `pci assign` as they are, others after a judgement. */
int netvm_pci_take_all(const struct netvm *n, const struct registry *r,
	const struct registry_domain *d, struct err *e);

#endif
