/* netvm pci assign BDF NAME: gives a network device of dom0's to a domain, for good. */
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "toolstack/netvm_pci.h"

static void done_print(const struct handover *h)
{
	char text[PCI_BDF_TEXT_MAX];

	pci_bdf_print(&h->bdf, text);
	if (!h->plan.count)
		printf("%s is %s's already.\n", text, h->domain);
	else if (h->s.running && !h->warning[0])
		printf("%s is %s's now.\n", text, h->domain);
	else
		printf("%s is taken from dom0; %s has it when it is started.\n", text, h->domain);
	if (!h->s.config)
		printf("Its xl config could not be changed (%s). It needs this line:\n"
		       "    pci = [ \"%s\" ]\n",
			h->xl_config_why, text);
}

int netvm_pci_assign(struct netvm *n, struct err *e)
{
	const struct registry_domain *d;
	struct handover h = { .lock = -1 };
	struct pci_bdf bdf;
	struct registry r;
	int ret = netvm_bdf_take(n->args[0], &bdf, e);

	if (ret)
		return ret;
	ret = netvm_registry_read(n, &r, e);
	if (!ret)
		ret = netvm_domain_find(n, &r, n->args[1], &d, e);
	if (!ret)
		ret = netvm_pci_judge(n, &r, &bdf, d->name, e);
	if (!ret)
		ret = handover_open(&h, n->o.sysfs, n->dir, &bdf, d, !n->o.dry_run, e);
	if (!ret && !d->provides_network)
		log_warning("%s is no network domain; netvm set %s provides_network=1 makes it one",
			d->name, d->name);
	if (!ret)
		ret = netvm_pci_give(n, &h, e);
	if (!ret && !n->o.dry_run)
		done_print(&h);
	if (h.warning[0])
		log_warning("%s", h.warning);
	handover_close(&h);
	registry_dispose(&r);
	return ret;
}
