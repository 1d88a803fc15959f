#include "toolstack/qvm.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

static const struct qvm_form *const forms[] = { &qvm_get_default_netvm, &qvm_set_default_netvm,
	&qvm_prefs, &qvm_firewall, &qvm_pci, &qvm_dom0_network_via_netvm };

const struct qvm_form *qvm_find(const char *name)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (strcmp(forms[i]->cli.name, name) == 0)
			return forms[i];
	return NULL;
}

int qvm_domain_find(const struct netvm *n, const struct registry *r, const char *name,
	const struct registry_domain **out, struct err *e)
{
	int ret = netvm_domain_find(n, r, name, out, e);

	return ret == -ENOENT ? NETVM_USAGE : ret;
}

/* --- the default network domain --- */

static const struct cli_option options[] = { QVM_OPTIONS, QVM_OPTIONS_END };

static int get_default(struct netvm *n, const struct cli_parsed *p, struct err *e)
{
	(void)p;
	return netvm_get_default(n, e);
}

static int set_default(struct netvm *n, const struct cli_parsed *p, struct err *e)
{
	n->args = p->args;
	n->count = p->count;
	return netvm_set_default(n, e);
}

const struct qvm_form qvm_get_default_netvm = {
	.cli = { .name = "qvm-get-default-netvm",
		.summary = "print the default network domain",
		.description = "Prints the network domain of domains that name none, or \"none\", "
			       "as netvm get-default\n"
			       "does.",
		.section = 8,
		.options = options },
	.run = get_default,
};

const struct qvm_form qvm_set_default_netvm = {
	.cli = { .name = "qvm-set-default-netvm",
		.summary = "choose the default network domain",
		.arguments = "VMNAME",
		.description = "Chooses the network domain of domains that name none (\"none\": "
			       "they have none), as\n"
			       "netvm set-default does.",
		.section = 8,
		.options = options,
		.completes = "domain",
		.asks = "netvm",
		.min_args = 1,
		.max_args = 1 },
	.run = set_default,
};
