/*
 * pci_judge: whether a network device may be given to a domain, and why not.
 *
 * A pure judgement over facts that others have read: no I/O. What it does not know it holds against
 * the device. Each objection but two can be overruled by the option that the table names.
 */
#ifndef NETVM_PCI_JUDGE_H
#define NETVM_PCI_JUDGE_H

#include "toolstack/dom0_use.h"
#include "toolstack/pci_group.h"

enum pci_iommu { PCI_IOMMU_UNKNOWN, PCI_IOMMU_ABSENT, PCI_IOMMU_PRESENT };

struct pci_facts {
	const struct pci_device *device;
	const struct pci_group *group;
	/* The domain that each member of the group is assigned to, in its order; "" none. */
	const char *holder[PCI_GROUP_MAX];
	const char *domain; /* the one that is to get the device; "" where none is meant yet */
	enum pci_iommu iommu;
	const char *iommu_source; /* who says so, in words: "Xen (virt_caps)" */
	const struct dom0_use *use;
};

enum pci_objection_kind {
	PCI_OBJECTION_CLASS, /* no network device */
	PCI_OBJECTION_HELD,  /* another domain's already */
	PCI_OBJECTION_IOMMU, /* nothing would keep it from reading and writing all memory */
	PCI_OBJECTION_DOM0,  /* dom0 would cut itself off */
	PCI_OBJECTION_GROUP, /* others in its IOMMU group stay behind */
	PCI_OBJECTION_KINDS
};

struct pci_objection {
	enum pci_objection_kind kind;
	char why[256]; /* a sentence without a subject's name and full stop */
};

struct pci_judgement {
	struct pci_objection objection[PCI_OBJECTION_KINDS]; /* in the order of the kinds */
	size_t count;					     /* 0: safe */
};

void pci_judge(const struct pci_facts *f, struct pci_judgement *out);

/* The option that overrules an objection, without dashes; NULL: none does. */
const char *pci_objection_option(enum pci_objection_kind kind);
/* A word for it in JSON. */
const char *pci_objection_word(enum pci_objection_kind kind);

/* Kinds that the user overrules, a set of bits 1 << kind. Returns 0, or -EPERM with the first
 * objection that stands and the option that it would take. */
int pci_judgement_check(const struct pci_judgement *j, const struct pci_bdf *bdf,
	unsigned int overruled, struct err *e);

#endif
