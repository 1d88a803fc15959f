/*
 * netvm pci assign BDF... NAME: gives network devices of dom0's to a domain, for good, or with
 * --now to the one that runs; with --all-network all that no domain has. They are judged together,
 * before any of them is given.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "toolstack/netvm_pci.h"
#include "toolstack/pci_survey.h"

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

static int device_give(const struct netvm *n, const struct registry_domain *d,
	const struct pci_bdf *bdf, struct err *e)
{
	char text[PCI_BDF_TEXT_MAX];
	struct handover h;
	int ret = handover_open(&h, n->o.sysfs, n->dir, bdf, d, !n->o.dry_run, e);

	h.now = n->o.now;
	if (!ret)
		ret = users_check(&h, e);
	if (!ret)
		ret = netvm_pci_give(n, &h, e);
	if (!ret && !n->o.dry_run && !n->o.quiet)
		done_print(&h);
	else if (!ret && !n->o.dry_run && !h.now && !h.s.config)
		log_warning("its xl config could not be changed (%s), and needs pci = [ \"%s\" ]",
			h.xl_config_why, pci_bdf_print(bdf, text));
	if (h.warning[0])
		log_warning("%s", h.warning);
	handover_close(&h);
	return ret;
}

/* --- which devices --- */

struct chosen {
	struct pci_bdf *bdf; /* malloc'd */
	size_t count;
};

static int chosen_named(const struct netvm *n, struct chosen *out, struct err *e)
{
	size_t count = (size_t)n->count - 1;
	int ret = 0;

	if (!count) {
		err_set(e, -EINVAL, "which device? netvm pci list shows them; --all-network: all");
		return NETVM_USAGE;
	}
	out->bdf = calloc(count, sizeof(*out->bdf));
	if (!out->bdf)
		return err_sys(e, -ENOMEM, "devices");
	for (; out->count < count && !ret; out->count++)
		ret = netvm_bdf_take(n->args[out->count], &out->bdf[out->count], e);
	return ret;
}

/* What another domain has it keeps. */
static bool is_free(const struct registry *r, const struct pci_device *d, const char *domain)
{
	const char *holder = pci_survey_holder(r, &d->bdf);
	char text[PCI_BDF_TEXT_MAX];
	bool others = *holder && strcmp(holder, domain) != 0;

	if (others)
		log_info("%s stays %s's", pci_bdf_print(&d->bdf, text), holder);
	return !others;
}

static int chosen_all(
	const struct netvm *n, const struct registry *r, struct chosen *out, struct err *e)
{
	struct pci_tree tree;
	int ret;

	if (n->count != 1) {
		err_set(e, -EINVAL,
			"with --all-network the name of the domain is all that is needed");
		return NETVM_USAGE;
	}
	ret = pci_tree_read(n->o.sysfs, &tree, e);
	if (!ret) {
		out->bdf = calloc(tree.count + 1, sizeof(*out->bdf));
		ret = out->bdf ? 0 : err_sys(e, -ENOMEM, "devices");
	}
	for (size_t i = 0; i < tree.count && !ret; i++)
		if (pci_is_network(&tree.device[i]) && is_free(r, &tree.device[i], n->args[0]))
			out->bdf[out->count++] = tree.device[i].bdf;
	if (!ret && !out->count)
		ret = err_set(e, -ENODEV, "this host has no PCI network device that no domain has");
	pci_tree_free(&tree);
	return ret;
}

static int chosen_give(
	const struct netvm *n, const struct registry *r, const struct chosen *c, struct err *e)
{
	const struct registry_domain *d;
	int ret = netvm_domain_find(n, r, n->args[n->count - 1], &d, e);

	if (!ret)
		ret = netvm_pci_judge(n, r, c->bdf, c->count, d->name, e);
	for (size_t i = 0; i < c->count && !ret; i++)
		ret = device_give(n, d, &c->bdf[i], e);
	if (!ret && !d->provides_network)
		log_warning("%s is no network domain; netvm set %s provides_network=1 makes it one",
			d->name, d->name);
	return ret;
}

int netvm_pci_assign(struct netvm *n, struct err *e)
{
	struct chosen c = { .count = 0 };
	struct registry r;
	int ret = n->o.all_network ? 0 : chosen_named(n, &c, e);

	if (!ret) {
		ret = netvm_registry_read(n, &r, e);
		if (!ret && n->o.all_network)
			ret = chosen_all(n, &r, &c, e);
		if (!ret)
			ret = chosen_give(n, &r, &c, e);
		registry_dispose(&r);
	}
	free(c.bdf);
	return ret;
}
