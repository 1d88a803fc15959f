#include "toolstack/pci_survey.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "toolstack/xen_pci.h"

/* Whether Linux says that it runs on Xen. */
static bool on_xen(const char *sysfs)
{
	char path[PATH_MAX], *type = NULL;
	bool xen = false;

	if (snprintf(path, sizeof(path), "%s/hypervisor/type", sysfs) < (int)sizeof(path) &&
		file_read(path, 64, &type, NULL, NULL) == 0)
		xen = strcmp(type, "xen\n") == 0;
	free(type);
	return xen;
}

static void iommu_find(struct pci_survey *s)
{
	struct err why = ERR_NONE;
	bool present;

	if (xen_iommu_present(&present, &why) == 0) {
		s->iommu = present ? PCI_IOMMU_PRESENT : PCI_IOMMU_ABSENT;
		snprintf(s->iommu_source, sizeof(s->iommu_source),
			"Xen's virt_caps %s hvm_directio", present ? "have" : "lack");
	} else if (on_xen(s->sysfs)) {
		s->iommu = PCI_IOMMU_UNKNOWN;
		snprintf(s->iommu_source, sizeof(s->iommu_source), "%.150s", why.text);
	} else {
		s->iommu = s->tree.linux_iommu ? PCI_IOMMU_PRESENT : PCI_IOMMU_ABSENT;
		snprintf(s->iommu_source, sizeof(s->iommu_source),
			"Linux without Xen %s /sys/class/iommu",
			s->tree.linux_iommu ? "has one in" : "has none in");
	}
}

int pci_survey_read(
	const char *sysfs, const struct registry *registry, struct pci_survey *out, struct err *e)
{
	int ret;

	memset(out, 0, sizeof(*out));
	out->sysfs = sysfs;
	out->registry = registry;
	ret = pci_tree_read(sysfs, &out->tree, e);
	if (!ret)
		ret = dom0_net_read(&out->net, e);
	if (!ret)
		iommu_find(out);
	return ret;
}

void pci_survey_free(struct pci_survey *s)
{
	pci_tree_free(&s->tree);
	dom0_net_free(&s->net);
}

const char *pci_survey_holder(const struct registry *r, const struct pci_bdf *bdf)
{
	struct pci_bdf held;

	for (size_t i = 0; i < r->count; i++)
		for (size_t k = 0; k < r->domain[i].pci.count; k++)
			if (pci_bdf_parse(r->domain[i].pci.item[k], &held) == 0 &&
				pci_bdf_cmp(&held, bdf) == 0)
				return r->domain[i].name;
	return "";
}

static bool goes_along(const struct pci_survey *s, const struct pci_device *d)
{
	for (size_t i = 0; i < s->together_count; i++)
		if (pci_bdf_cmp(&s->together[i], &d->bdf) == 0)
			return true;
	return false;
}

int pci_survey_judge(const struct pci_survey *s, const struct pci_device *d, const char *domain,
	struct pci_opinion *out, struct err *e)
{
	struct pci_facts facts = { .device = d,
		.group = &out->group,
		.iommu = s->iommu,
		.iommu_source = s->iommu_source,
		.use = &out->use };
	int ret = dom0_use_of_device(s->sysfs, &s->net, d, &out->use, e);

	if (ret)
		return ret;
	pci_group_find(&s->tree, d, &out->group);
	for (size_t i = 0; i < out->group.count; i++) {
		facts.holder[i] = pci_survey_holder(s->registry, &out->group.member[i]->bdf);
		if (!*facts.holder[i] && goes_along(s, out->group.member[i]))
			facts.holder[i] = domain;
	}
	out->holder = pci_survey_holder(s->registry, &d->bdf);
	facts.domain = *domain ? domain : out->holder;
	pci_judge(&facts, &out->judgement);
	return 0;
}
