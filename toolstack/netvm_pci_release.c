/* netvm pci release BDF: the device goes back to dom0, to the driver and name that it had. */
#include <errno.h>
#include <stdio.h>

#include "common/log.h"
#include "toolstack/netvm_pci.h"
#include "toolstack/pci_survey.h"

static int done_print(const struct netvm *n, const struct pci_bdf *bdf, struct err *e)
{
	char text[PCI_BDF_TEXT_MAX];
	struct pci_device d;
	int ret = pci_device_read(n->o.sysfs, bdf, &d, e);

	if (ret)
		return ret;
	printf("%s is dom0's again, with the driver %s", pci_bdf_print(bdf, text),
		d.driver[0] ? d.driver : "that it had: none");
	for (size_t i = 0; i < d.net_count; i++)
		printf("%s%s", i ? ", " : ", as ", d.nets[i].name);
	printf(".\n");
	return 0;
}

static int run(const struct netvm *n, struct handover *h, struct err *e)
{
	char text[PCI_BDF_TEXT_MAX];
	int ret;

	pci_plan_release(&h->s, &h->plan);
	if (!h->plan.count)
		return err_set(e, -ENOENT,
			"%s is assigned to no domain; netvm pci list shows who has what",
			pci_bdf_print(&h->bdf, text));
	if (h->user[0] && !n->o.force)
		return err_set(e, -EBUSY,
			"%s is in use by %s, which runs; shut it down first (xl shutdown -w %u), "
			"or take it away while it runs with --force",
			pci_bdf_print(&h->bdf, text), h->user, h->user_domid);
	if (n->o.dry_run) {
		netvm_plan_print(h);
		return 0;
	}
	ret = handover_run(h, false, e);
	return ret ? err_prefix(e, "not released; what was done stays done, and netvm pci release "
				   "goes on "
				   "from there")
		   : done_print(n, &h->bdf, e);
}

int netvm_pci_release(struct netvm *n, struct err *e)
{
	struct handover h = { .lock = -1 };
	struct pci_bdf bdf;
	struct registry r;
	int ret = netvm_bdf_take(n->args[0], &bdf, e);

	if (ret)
		return ret;
	ret = netvm_registry_read(n, &r, e);
	if (!ret)
		ret = handover_open(&h, n->o.sysfs, n->dir, &bdf,
			registry_find(&r, pci_survey_holder(&r, &bdf)), !n->o.dry_run, e);
	if (!ret)
		ret = handover_user_find(&h, e);
	if (!ret)
		ret = run(n, &h, e);
	if (h.warning[0])
		log_warning("%s", h.warning);
	handover_close(&h);
	registry_dispose(&r);
	return ret;
}
