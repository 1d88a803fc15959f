#include "toolstack/netvm_pci.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "toolstack/pci_survey.h"

int netvm_bdf_take(const char *text, struct pci_bdf *out, struct err *e)
{
	char copy[PCI_BDF_TEXT_MAX];
	char *c;

	if (strncmp(text, "dom0:", 5) == 0 && strlen(text + 5) < sizeof(copy)) {
		strcpy(copy, text + 5);
		while ((c = strchr(copy, '_')))
			*c = ':';
		text = copy;
	}
	if (pci_bdf_parse(text, out) == 0)
		return 0;
	err_set(e, -EINVAL,
		"\"%s\" is no PCI device (as in \"0000:00:03.0\"; netvm pci list shows them)",
		text);
	return NETVM_USAGE;
}

unsigned int netvm_overruled(const struct netvm_options *o)
{
	return (o->cut_dom0 ? 1U << PCI_OBJECTION_DOM0 : 0) |
	       (o->no_iommu ? 1U << PCI_OBJECTION_IOMMU : 0) |
	       (o->shared_group ? 1U << PCI_OBJECTION_GROUP : 0);
}

static int device_judge(const struct netvm *n, const struct pci_survey *s,
	const struct pci_bdf *bdf, const char *domain, struct err *e)
{
	const struct pci_device *d = pci_tree_find(&s->tree, bdf);
	struct pci_opinion o;
	char text[PCI_BDF_TEXT_MAX];
	int ret;

	if (!d)
		return err_set(e, -ENODEV,
			"there is no PCI device %s in this host; netvm pci list shows its network "
			"devices",
			pci_bdf_print(bdf, text));
	ret = pci_survey_judge(s, d, domain, &o, e);
	return ret ? ret : pci_judgement_check(&o.judgement, bdf, netvm_overruled(&n->o), e);
}

int netvm_pci_judge(const struct netvm *n, const struct registry *r, const struct pci_bdf *bdfs,
	size_t count, const char *domain, struct err *e)
{
	struct pci_survey s;
	int ret = pci_survey_read(n->o.sysfs, r, &s, e);

	s.together = bdfs;
	s.together_count = count;
	for (size_t i = 0; i < count && !ret; i++)
		ret = device_judge(n, &s, &bdfs[i], domain, e);
	pci_survey_free(&s);
	return ret;
}

void netvm_plan_print(const struct handover *h)
{
	char text[PCI_BDF_TEXT_MAX];

	pci_bdf_print(&h->bdf, text);
	if (!h->plan.count)
		printf("%s: nothing is to be done\n", text);
	for (size_t i = 0; i < h->plan.count; i++)
		printf("%s: would %s\n", text, pci_action_words(h->plan.action[i]));
}

int netvm_pci_give(const struct netvm *n, struct handover *h, struct err *e)
{
	if (h->now)
		pci_plan_attach(&h->s, &h->plan);
	else
		pci_plan_assign(&h->s, &h->plan);
	if (!n->o.dry_run)
		return handover_run(h, true, e);
	netvm_plan_print(h);
	return 0;
}

static int device_take(const struct netvm *n, const struct registry *r,
	const struct registry_domain *d, const struct pci_bdf *bdf, struct err *e)
{
	struct handover h;
	int ret = handover_open(&h, n->o.sysfs, n->dir, bdf, d, !n->o.dry_run, e);

	if (!ret && !h.s.taken && !h.s.remembered)
		ret = netvm_pci_judge(n, r, bdf, 1, d->name, e);
	if (!ret)
		ret = netvm_pci_give(n, &h, e);
	handover_close(&h);
	return ret;
}

int netvm_pci_take_all(const struct netvm *n, const struct registry *r,
	const struct registry_domain *d, struct err *e)
{
	struct pci_bdf bdf;
	int ret = 0;

	for (size_t i = 0; i < d->pci.count && !ret; i++) {
		ret = netvm_bdf_take(d->pci.item[i], &bdf, e);
		if (!ret)
			ret = device_take(n, r, d, &bdf, e);
	}
	return ret;
}
