/*
 * pci_survey: everything that a judgement of dom0's PCI devices needs, read once: the devices
 * (sysfs), what dom0 does through them (the kernel), who they are assigned to (the registry), and
 * whether there is an IOMMU (Xen, else Linux).
 */
#ifndef NETVM_PCI_SURVEY_H
#define NETVM_PCI_SURVEY_H

#include "toolstack/dom0_use.h"
#include "toolstack/pci_judge.h"
#include "toolstack/registry.h"

struct pci_survey {
	const char *sysfs;
	const struct registry *registry;
	struct pci_tree tree;
	struct dom0_net net;
	enum pci_iommu iommu;
	char iommu_source[160];
	const struct pci_bdf *together; /* given to the same domain in one go; the caller's */
	size_t together_count;
};

/* pci_survey_free() in any case. `registry` stays the caller's. */
int pci_survey_read(
	const char *sysfs, const struct registry *registry, struct pci_survey *out, struct err *e);
void pci_survey_free(struct pci_survey *s); /* may be repeated */

/* The domain of the registry that has the device; "" for none. */
const char *pci_survey_holder(const struct registry *r, const struct pci_bdf *bdf);

struct pci_opinion {
	struct pci_group group;
	struct dom0_use use;
	const char *holder;
	struct pci_judgement judgement;
};

/* About a device of s->tree and the domain that is to have it ("": none is meant; then the one that
 * has it). */
int pci_survey_judge(const struct pci_survey *s, const struct pci_device *d, const char *domain,
	struct pci_opinion *out, struct err *e);

#endif
