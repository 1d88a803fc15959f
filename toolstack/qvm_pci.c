/* qvm-pci [list|attach|detach|assign|unassign]: netvm pci with the domain first. */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "toolstack/netvm_verbs.h"
#include "toolstack/qvm.h"

static int run(struct netvm *n, const struct cli_parsed *p, struct err *e)
{
	char *args[2] = { p->count > 1 ? p->args[1] : NULL, p->count ? p->args[0] : NULL };
	int ret;

	n->args = args;
	n->count = p->verb->id == NETVM_PCI_ASSIGN ? 2 : 1;
	ret = p->verb->id == NETVM_PCI_LIST	? netvm_pci_list(n, e)
	      : p->verb->id == NETVM_PCI_ASSIGN ? netvm_pci_assign(n, e)
						: netvm_pci_release(n, e);
	n->args = NULL;
	n->count = 0;
	return ret;
}

static const struct cli_option options[] = {
	QVM_OPTIONS,
	{ "names", 0, CLI_FLAG, QVM_AT(names), NULL, "list: print names alone, one a line" },
	{ "cut-dom0", 0, CLI_FLAG, QVM_AT(cut_dom0), NULL, "as netvm pci assign" },
	{ "no-iommu", 0, CLI_FLAG, QVM_AT(no_iommu), NULL, "as netvm pci assign" },
	{ "shared-group", 0, CLI_FLAG, QVM_AT(shared_group), NULL, "as netvm pci assign" },
	{ "force", 0, CLI_FLAG, QVM_AT(force), NULL, "as netvm pci release" },
	{ "sysfs", 0, CLI_TEXT, QVM_AT(sysfs), "DIR", "where sysfs is mounted (default /sys)" },
	QVM_OPTIONS_END,
};

static const struct cli_verb verbs[] = {
	{ "list", "", "network devices, as netvm pci list", 0, 0, NETVM_PCI_LIST, NULL },
	{ "ls", "", "the same", 0, 0, NETVM_PCI_LIST, NULL },
	{ "assign", "NAME DEVICE", "give a network device to a domain, for good", 2, 2,
		NETVM_PCI_ASSIGN, "domain netdev" },
	{ "attach", "NAME DEVICE", "the same", 2, 2, NETVM_PCI_ASSIGN, "domain netdev" },
	{ "unassign", "NAME DEVICE", "take it back to dom0", 2, 2, NETVM_PCI_RELEASE,
		"domain netdev" },
	{ "detach", "NAME DEVICE", "the same", 2, 2, NETVM_PCI_RELEASE, "domain netdev" },
	{ NULL, NULL, NULL, 0, 0, 0, NULL },
};

const struct qvm_form qvm_pci = {
	.cli = { .name = "qvm-pci",
		.summary = "give network devices to domains and take them back",
		.description = "The same as netvm pci; see netvm(8). A DEVICE may also be written "
			       "dom0:00_03.0.",
		.section = 8,
		.options = options,
		.verbs = verbs,
		.asks = "netvm" },
	.run = run,
};
