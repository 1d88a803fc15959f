/*
 * qvm-pci [list|attach|detach|assign|unassign]: network devices, with the domain in front of the
 * device. What is attached is the running domain's until it is shut down; what is assigned it has
 * whenever it runs.
 */
#include "toolstack/qvm_pci.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* --- the device --- */

/* "dom0:00_03.0", with or without the identity behind it that means any (":*"), or as sysfs writes
 * it. */
static int device_take(const char *text, struct pci_bdf *out, struct err *e)
{
	static const char dom0[] = "dom0:";
	char copy[PCI_BDF_TEXT_MAX + 8];
	size_t len = strlen(text);

	if (len > 2 && strcmp(text + len - 2, ":*") == 0)
		len -= 2;
	if (len >= sizeof(copy)) {
		err_set(e, -EINVAL, "\"%.60s\" is no device (\"dom0:00_03.0\")", text);
		return NETVM_USAGE;
	}
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (strncmp(copy, dom0, strlen(dom0)) != 0 && strchr(copy, '_'))
		return err_set(e, -ENODEV, "%.60s: only dom0 has PCI devices to give", text);
	return netvm_bdf_take(copy, out, e);
}

/* --- giving --- */

static int give(struct netvm *n, const struct registry_domain *d, bool now, struct err *e)
{
	char name[DOMAIN_NAME_MAX], text[PCI_BDF_TEXT_MAX], *args[2] = { text, name };
	struct pci_bdf bdf;
	int ret = n->count < 3 ? NETVM_USAGE : device_take(n->args[2], &bdf, e);

	if (n->count < 3)
		err_set(e, -EINVAL, "qvm-pci %s takes VMNAME DEVICE", n->args[0]);
	if (ret)
		return ret;
	pci_bdf_print(&bdf, text);
	memcpy(name, d->name, sizeof(name));
	n->args = args;
	n->count = 2;
	n->o.now = now;
	n->o.quiet = true;
	ret = netvm_pci_assign(n, e);
	n->args = NULL;
	n->count = 0;
	return ret;
}

static int attach(struct netvm *n, const struct registry_domain *d, struct err *e)
{
	return give(n, d, !n->o.qvm.persistent, e);
}

static int assign(struct netvm *n, const struct registry_domain *d, struct err *e)
{
	return give(n, d, false, e);
}

/* --- taking --- */

/* How a device is taken, if it is there to be taken at all. */
struct taking {
	bool (*is_there)(const struct handover *h);
	const char *how; /* what it is not otherwise */
	void (*plan)(const struct pci_situation *s, struct pci_plan *out);
};

static bool is_attached(const struct handover *h)
{
	return h->s.attached;
}

static bool is_assigned(const struct handover *h)
{
	return h->s.registered;
}

static const struct taking detaching = { is_attached, "attached", pci_plan_detach },
			   unassigning = { is_assigned, "assigned", pci_plan_unassign };

/* -ENOENT: it is not there to be taken. */
static int take(const struct netvm *n, const struct registry_domain *d, const struct pci_bdf *bdf,
	const struct taking *t, struct err *e)
{
	char text[PCI_BDF_TEXT_MAX];
	struct handover h = { .lock = -1 };
	int ret = handover_open(&h, n->o.sysfs, n->dir, bdf, d, !n->o.dry_run, e);

	if (!ret && !t->is_there(&h))
		ret = err_set(e, -ENOENT, "%s is not %s to %s", pci_bdf_print(bdf, text), t->how,
			d->name);
	if (!ret) {
		t->plan(&h.s, &h.plan);
		if (n->o.dry_run)
			netvm_plan_print(&h);
		else
			ret = handover_run(&h, false, e);
	}
	handover_close(&h);
	return ret;
}

/* All that there are. */
static int take_all(const struct netvm *n, const struct registry_domain *d, const struct taking *t,
	struct err *e)
{
	struct pci_tree tree;
	int ret = pci_tree_read(n->o.sysfs, &tree, e);

	for (size_t i = 0; !ret && i < tree.count; i++) {
		if (!pci_is_network(&tree.device[i]))
			continue;
		ret = take(n, d, &tree.device[i].bdf, t, e);
		if (ret == -ENOENT)
			ret = 0;
	}
	pci_tree_free(&tree);
	return ret;
}

static int some_take(const struct netvm *n, const struct registry_domain *d, const struct taking *t,
	struct err *e)
{
	struct pci_bdf bdf;
	int ret;

	if (n->count < 3)
		return take_all(n, d, t, e);
	ret = device_take(n->args[2], &bdf, e);
	return ret ? ret : take(n, d, &bdf, t, e);
}

static int detach(struct netvm *n, const struct registry_domain *d, struct err *e)
{
	return some_take(n, d, &detaching, e);
}

static int unassign(struct netvm *n, const struct registry_domain *d, struct err *e)
{
	return some_take(n, d, &unassigning, e);
}

/* --- the command line --- */

#define NAMES_MAX 4

static const struct act {
	const char *names[NAMES_MAX]; /* Qubes has short ones as well */
	int (*run)(
		struct netvm *n, const struct registry_domain *d, struct err *e); /* NULL: list */
} acts[] = {
	{ { "list", "ls", "l" }, NULL },
	{ { "attach", "at", "a" }, attach },
	{ { "detach", "dt", "d" }, detach },
	{ { "assign", "s" }, assign },
	{ { "unassign", "u" }, unassign },
};

static const struct act *act_find(const struct netvm *n, struct err *e)
{
	const char *word = n->count ? n->args[0] : "list";

	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
		for (size_t k = 0; k < NAMES_MAX && acts[i].names[k]; k++)
			if (strcmp(acts[i].names[k], word) == 0)
				return &acts[i];
	err_set(e, -EINVAL,
		"qvm-pci knows list, attach, detach, assign and unassign, not \"%.40s\"", word);
	return NULL;
}

static int usage_check(const struct netvm *n, const struct act *act, struct err *e)
{
	if (n->o.qvm.device_option)
		err_set(e, -EINVAL, "-o %.60s: a network device has no options here",
			n->o.qvm.device_option);
	else if (act->run && n->count < 2)
		err_set(e, -EINVAL, "qvm-pci %s takes VMNAME and a device", n->args[0]);
	else if (act->run && n->count > 3)
		err_set(e, -EINVAL, "qvm-pci %s: \"%.40s\" is too much", n->args[0], n->args[3]);
	else
		return 0;
	return NETVM_USAGE;
}

/* Every name that there is on the command line of a list. */
static int names_check(const struct netvm *n, const struct registry *r, struct err *e)
{
	const struct registry_domain *d;
	int ret = 0;

	for (int i = 1; i < n->count && !ret; i++)
		if (strcmp(n->args[i], "dom0") != 0)
			ret = qvm_domain_find(n, r, n->args[i], &d, e);
	return ret;
}

static int run(struct netvm *n, const struct cli_parsed *p, struct err *e)
{
	const struct registry_domain *d;
	const struct act *act;
	struct registry r;
	int ret;

	n->args = p->args;
	n->count = p->count;
	act = act_find(n, e);
	ret = act ? usage_check(n, act, e) : NETVM_USAGE;
	if (ret)
		return ret;
	ret = netvm_registry_read(n, &r, e);
	if (!ret && !act->run) {
		ret = names_check(n, &r, e);
		if (!ret)
			ret = n->o.json ? netvm_pci_list(n, e) : qvm_pci_list(n, &r, e);
	} else if (!ret) {
		ret = qvm_domain_find(n, &r, n->args[1], &d, e);
		if (!ret)
			ret = act->run(n, d, e);
	}
	registry_dispose(&r);
	return ret;
}

static const struct cli_option options[] = {
	QVM_OPTIONS,
	{ "persistent", 'p', CLI_FLAG, QVM_AT(qvm.persistent), NULL,
		"attach: and assign it, so that the domain has it whenever it runs" },
	{ "assignments", 's', CLI_FLAG, QVM_AT(qvm.assignments), NULL,
		"list: also to whom a device is assigned, with * in front of the name" },
	{ "with-sbdf", 0, CLI_FLAG, QVM_AT(qvm.sbdf), NULL,
		"list: also the name of a device in sysfs" },
	{ "resolve-paths", 0, CLI_FLAG, QVM_AT(qvm.sbdf), NULL, "list: the same" },
	{ "all", 0, CLI_FLAG, QVM_AT(qvm.all), NULL, "list: devices of all domains" },
	{ "required", 'r', CLI_FLAG, QVM_AT(qvm.ignored), NULL,
		"ignored: what is assigned is required" },
	{ "option", 'o', CLI_TEXT, QVM_AT(qvm.device_option), "NAME=VALUE",
		"refused: there is none for network devices" },
	{ "cut-dom0", 0, CLI_FLAG, QVM_AT(cut_dom0), NULL, "as netvm pci assign" },
	{ "no-iommu", 0, CLI_FLAG, QVM_AT(no_iommu), NULL, "as netvm pci assign" },
	{ "shared-group", 0, CLI_FLAG, QVM_AT(shared_group), NULL, "as netvm pci assign" },
	{ "sysfs", 0, CLI_TEXT, QVM_AT(sysfs), "DIR", "where sysfs is mounted (default /sys)" },
	QVM_OPTIONS_END,
};

const struct qvm_form qvm_pci = {
	.cli = { .name = "qvm-pci",
		.summary = "give network devices to domains and take them back",
		.arguments = "[list [VMNAME]... | attach|assign VMNAME DEVICE | detach|unassign "
			     "VMNAME [DEVICE]]",
		.description =
			"Lists network devices, and does with them what netvm pci does. attach "
			"gives one to a\n"
			"domain that runs, until that is shut down; assign gives it to a domain "
			"whenever it runs,\n"
			"and at once if it runs. detach takes it from a domain that runs; one that "
			"is assigned it\n"
			"has again when it is started next, another is dom0's again. unassign ends "
			"that: a domain\n"
			"that has the device keeps it until it is detached or shut down. Without "
			"DEVICE all of the\n"
			"domain's are meant. What netvm pci assign refuses is refused here, "
			"too.\n\n"
			"A DEVICE is dom0:00_03.0, or 0000:00:03.0 as in sysfs. Qubes' short names "
			"(ls, l, at, a, dt,\n"
			"d, s, u) are known.",
		.epilogue = "Exit status: 0 done; 1 failed, or refused; 2 the command line is "
			    "wrong, or there is no\nsuch domain.",
		.section = 8,
		.options = options,
		.completes = "list/attach/detach/assign/unassign domain netdev",
		.asks = "netvm",
		.max_args = -1 },
	.run = run,
};
