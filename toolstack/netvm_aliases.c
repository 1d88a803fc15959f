/*
 * The names that users of Qubes know. Each is a command line of its own with its arguments in the
 * order that they are used to there, turned into a verb of netvm's.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "toolstack/netvm_verbs.h"

#define AT(member)  offsetof(struct netvm_options, member)
#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

#define OPTIONS_ALL                                                                                \
	{ "config", 'c', CLI_TEXT, AT(config), "FILE",                                             \
		"another netvm.conf than " REGISTRY_DIR "/netvm.conf" },                           \
		{ "json", 'j', CLI_FLAG, AT(json), NULL, "print JSON" },                           \
	{                                                                                          \
		"dry-run", 'n', CLI_FLAG, AT(dry_run), NULL,                                       \
			"say what would be changed, and change nothing"                            \
	}
#define OPTIONS_END                                                                                \
	{                                                                                          \
		NULL, 0, CLI_FLAG, 0, NULL, NULL                                                   \
	}

static const struct cli_option plain_options[] = { OPTIONS_ALL, OPTIONS_END };

static const struct cli_option prefs_options[] = {
	OPTIONS_ALL,
	{ "get", 'g', CLI_FLAG, AT(get), NULL, "print a value (without VALUE: the default)" },
	{ "set", 's', CLI_FLAG, AT(set), NULL, "set a value (with VALUE: the default)" },
	{ "default", 'D', CLI_FLAG, AT(reset), NULL, "set KEY back to its default" },
	OPTIONS_END,
};

static const struct cli_option pci_options[] = {
	OPTIONS_ALL,
	{ "names", 0, CLI_FLAG, AT(names), NULL, "list: print names alone, one a line" },
	{ "cut-dom0", 0, CLI_FLAG, AT(cut_dom0), NULL, "as netvm pci assign" },
	{ "no-iommu", 0, CLI_FLAG, AT(no_iommu), NULL, "as netvm pci assign" },
	{ "shared-group", 0, CLI_FLAG, AT(shared_group), NULL, "as netvm pci assign" },
	{ "force", 0, CLI_FLAG, AT(force), NULL, "as netvm pci release" },
	{ "sysfs", 0, CLI_TEXT, AT(sysfs), "DIR", "where sysfs is mounted (default /sys)" },
	OPTIONS_END,
};

static int set_default_translate(struct netvm *n, const struct cli_parsed *p, struct err *e)
{
	(void)e;
	n->args = p->args;
	n->count = p->count;
	return NETVM_SET_DEFAULT;
}

static int get_default_translate(struct netvm *n, const struct cli_parsed *p, struct err *e)
{
	(void)n;
	(void)p;
	(void)e;
	return NETVM_GET_DEFAULT;
}

/* NAME, NAME KEY, NAME KEY VALUE; an empty netvm is none. */
static int prefs_translate(struct netvm *n, const struct cli_parsed *p, struct err *e)
{
	const char *value = p->count > 2 ? p->args[2] : "";
	int wanted = n->o.set ? 3 : n->o.reset ? 2 : 0;

	n->args = p->args;
	n->count = p->count;
	if ((wanted && p->count != wanted) || (n->o.get && p->count > 2) ||
		n->o.get + n->o.set + n->o.reset > 1) {
		err_set(e, -EINVAL,
			"qvm-prefs takes NAME [KEY], NAME KEY VALUE, or --default NAME KEY");
		return NETVM_VERBS;
	}
	if (p->count < 3 && !n->o.reset)
		return NETVM_GET;
	if (strcmp(p->args[1], "netvm") == 0 && !*value && !n->o.reset)
		value = "none";
	if (snprintf(n->own_pair, sizeof(n->own_pair), "%s=%s", p->args[1], value) >=
		(int)sizeof(n->own_pair)) {
		err_set(e, -E2BIG, "that value is too long");
		return NETVM_VERBS;
	}
	n->own_args[0] = p->args[0];
	n->own_args[1] = n->own_pair;
	n->args = n->own_args;
	n->count = 2;
	return NETVM_SET;
}

/* NAME comes first there. */
static int pci_translate(struct netvm *n, const struct cli_parsed *p, struct err *e)
{
	(void)e;
	n->args = n->own_args;
	n->own_args[0] = p->count > 1 ? p->args[1] : NULL;
	n->own_args[1] = p->count ? p->args[0] : NULL;
	n->count = p->verb->id == NETVM_PCI_ASSIGN ? 2 : 1;
	return p->verb->id;
}

static const struct cli_verb pci_verbs[] = {
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

static const struct netvm_alias aliases[] = {
	{ { .name = "qvm-get-default-netvm",
		  .summary = "print the default network domain",
		  .description = "The same as netvm get-default; see netvm(8).",
		  .section = 8,
		  .options = plain_options },
		get_default_translate },
	{ { .name = "qvm-set-default-netvm",
		  .summary = "choose the default network domain",
		  .arguments = "NAME",
		  .description = "The same as netvm set-default; see netvm(8).",
		  .section = 8,
		  .options = plain_options,
		  .min_args = 1,
		  .max_args = 1 },
		set_default_translate },
	{ { .name = "qvm-prefs",
		  .summary = "print and set keys of a domain",
		  .arguments = "NAME [KEY [VALUE]]",
		  .description = "The same as netvm get and netvm set; see netvm(8).",
		  .section = 8,
		  .options = prefs_options,
		  .min_args = 1,
		  .max_args = 3 },
		prefs_translate },
	{ { .name = "qvm-pci",
		  .summary = "give network devices to domains and take them back",
		  .description =
			  "The same as netvm pci; see netvm(8). A DEVICE may also be written "
			  "dom0:00_03.0.",
		  .section = 8,
		  .options = pci_options,
		  .verbs = pci_verbs },
		pci_translate },
};

const struct netvm_alias *netvm_alias_find(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(aliases); i++)
		if (strcmp(aliases[i].cli.name, name) == 0)
			return &aliases[i];
	return NULL;
}
