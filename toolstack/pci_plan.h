/*
 * pci_plan: the steps by which a network device goes to a domain and comes back.
 *
 * Pure: from what is the case to a list of actions. A step that is done already is not in the list,
 * so a command that was interrupted is finished by giving it again. Intentions are written before
 * the device is touched (a registry that cannot be written disturbs nothing), and forgotten after
 * it is back.
 */
#ifndef NETVM_PCI_PLAN_H
#define NETVM_PCI_PLAN_H

#include <stdbool.h>
#include <stddef.h>

enum pci_action {
	PCI_REMEMBER,	   /* its driver and interfaces in dom0 */
	PCI_REGISTER,	   /* in the domain's file of the registry */
	PCI_CONFIG_ADD,	   /* to the pci list of the domain's xl config */
	PCI_LOAD,	   /* pciback's module */
	PCI_TAKE,	   /* from its driver, make it assignable */
	PCI_ATTACH,	   /* to the running domain */
	PCI_DETACH,	   /* from the running domain */
	PCI_GIVE_BACK,	   /* from pciback, to the driver that libxl remembers */
	PCI_BIND,	   /* to the driver that we remember, and see that it is there */
	PCI_RENAME,	   /* its interfaces to their old names */
	PCI_CONFIG_REMOVE, /* from the xl config */
	PCI_UNREGISTER,	   /* from the registry */
	PCI_FORGET,	   /* what was remembered */
	PCI_ACTIONS
};

/* What is the case. */
struct pci_situation {
	bool taken;	 /* pciback holds it */
	bool driven;	 /* another driver does */
	bool remembered; /* what it was in dom0 is kept */
	bool module;	 /* pciback is there */
	bool registered; /* the domain's file has it */
	bool config;	 /* the domain has an xl config that can be changed */
	bool configured; /* ... and the device is in it */
	bool running;	 /* the domain runs */
	bool attached;	 /* ... and has it */
	bool had_nets;	 /* what is remembered names interfaces */
	bool has_domain; /* a domain holds it (release) */
};

struct pci_plan {
	enum pci_action action[PCI_ACTIONS];
	size_t count;
};

void pci_plan_assign(const struct pci_situation *s, struct pci_plan *out);
void pci_plan_release(const struct pci_situation *s, struct pci_plan *out);
/* To the running domain as it is now: nothing is written that outlasts it. */
void pci_plan_attach(const struct pci_situation *s, struct pci_plan *out);
/* From the running domain: one that is assigned to it stays assignable for its next start, another
 * is dom0's again. */
void pci_plan_detach(const struct pci_situation *s, struct pci_plan *out);
/* No longer for its next start; a domain that has it keeps it until it is detached or shut down,
 * else it is dom0's again. */
void pci_plan_unassign(const struct pci_situation *s, struct pci_plan *out);

/* What takes an action back when a later one, or itself, failed, in the order given; the list ends
 * with PCI_ACTIONS. */
const enum pci_action *pci_action_undo(enum pci_action a);

/* In words, without object: "makes it assignable". */
const char *pci_action_words(enum pci_action a);

#endif
