/*
 * pci_handover: gives a network device of dom0's to a domain, and takes it back.
 *
 * The thin shell around pci_plan.h: it looks at what is the case, has the plan made, and runs or
 * prints it. Where a step of an assignment fails, those before it are taken back, so that a device
 * is dom0's as before or the domain's, never nobody's. Whether a device may be given away is not
 * decided here (pci_judge.h).
 */
#ifndef NETVM_PCI_HANDOVER_H
#define NETVM_PCI_HANDOVER_H

#include <limits.h>

#include "toolstack/pci.h"
#include "toolstack/pci_memory.h"
#include "toolstack/pci_plan.h"
#include "toolstack/registry.h"

struct handover {
	const char *sysfs;
	const char *dir; /* the registry's */
	struct pci_bdf bdf;
	char domain[DOMAIN_NAME_MAX];	  /* "" where none has it (release) */
	char xl_config[PATH_MAX];	  /* of the domain; "" for none */
	char xl_config_why[ERR_TEXT_MAX]; /* why it cannot be changed; "" where it can */
	uint32_t domid;			  /* while it runs */
	char user[DOMAIN_NAME_MAX];	  /* the running domain that has the device; "" for none,
					   * "domain N" where it has no name */
	uint32_t user_domid;
	struct pci_memory memory;
	struct pci_situation s;
	struct pci_plan plan;
	char warning[ERR_TEXT_MAX]; /* what did not work and is no failure; "" where all did */
	bool now;		    /* set by the caller: that it cannot be attached is a failure */
	int lock;
};

/*
 * Looks at what is the case about a device and `domain` (NULL: none has it), and keeps other
 * handovers out until handover_close(). Xen need not answer: then the domain counts as not running.
 * `h` is valid for handover_close() afterwards in any case. `change`: false takes no lock (dry
 * run).
 */
int handover_open(struct handover *h, const char *sysfs, const char *dir, const struct pci_bdf *bdf,
	const struct registry_domain *domain, bool change, struct err *e);
void handover_close(struct handover *h);

/* Looks in every running domain for the device, whatever the registry says of it: h->user. */
int handover_user_find(struct handover *h, struct err *e);

/* Runs h->plan, in order. `undo`: takes back what was done when a step fails. */
int handover_run(struct handover *h, bool undo, struct err *e);

#endif
