/* netvm pci assign BDF NAME: gives a network device of dom0's to a domain, for good, or with --now
 * to the one that runs. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "toolstack/netvm_pci.h"

static void done_print(const struct handover *h)
{
	char text[PCI_BDF_TEXT_MAX];

	pci_bdf_print(&h->bdf, text);
	if (h->now) {
		printf("%s is %s's until that is shut down; netvm pci release %s takes it back to "
		       "dom0.\n",
			text, h->domain, text);
		return;
	}
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

/* No other domain has it, whatever the registry says, and one that is to have it now runs. */
static int users_check(struct handover *h, struct err *e)
{
	char text[PCI_BDF_TEXT_MAX];
	int ret = h->s.attached ? 0 : handover_user_find(h, e);

	if (!ret && strcmp(h->user, h->domain) != 0 && h->user[0])
		ret = err_set(e, -EBUSY, "%s is in use by %s, which runs",
			pci_bdf_print(&h->bdf, text), h->user);
	if (!ret && h->now && !h->s.running)
		ret = err_set(e, -ESRCH,
			"%s does not run; without --now it gets the device when it is started",
			h->domain);
	return ret;
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
	h.now = n->o.now;
	if (!ret)
		ret = users_check(&h, e);
	if (!ret && !d->provides_network)
		log_warning("%s is no network domain; netvm set %s provides_network=1 makes it one",
			d->name, d->name);
	if (!ret)
		ret = netvm_pci_give(n, &h, e);
	if (!ret && !n->o.dry_run && !n->o.quiet)
		done_print(&h);
	else if (!ret && !n->o.dry_run && !h.now && !h.s.config)
		log_warning("its xl config could not be changed (%s), and needs pci = [ \"%s\" ]",
			h.xl_config_why, n->args[0]);
	if (h.warning[0])
		log_warning("%s", h.warning);
	handover_close(&h);
	registry_dispose(&r);
	return ret;
}
