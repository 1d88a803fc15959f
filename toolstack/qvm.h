/*
 * qvm: the commands that users of Qubes type. Each is a link to netvm with a command line of its
 * own (options, order of arguments, output and exit status as Qubes documents them), which is led
 * to what netvm does itself. netvm's own options --config, --dry-run and --json are theirs, too.
 */
#ifndef NETVM_QVM_H
#define NETVM_QVM_H

#include "toolstack/netvm.h"

struct qvm_form {
	struct cli cli; /* cli.name is the command's */
	int (*run)(struct netvm *n, const struct cli_parsed *p, struct err *e);
};

/* NULL: the program is called by its own name, or one that means nothing. */
const struct qvm_form *qvm_find(const char *name);

extern const struct qvm_form qvm_get_default_netvm, qvm_set_default_netvm, qvm_prefs, qvm_firewall,
	qvm_pci, qvm_dom0_network_via_netvm;

/* --- what they share --- */

#define QVM_AT(member) offsetof(struct netvm_options, member)
#define QVM_OPTIONS                                                                                \
	{ "config", 'c', CLI_TEXT, QVM_AT(config), "FILE",                                         \
		"another netvm.conf than " REGISTRY_DIR "/netvm.conf" },                           \
		{ "json", 'j', CLI_FLAG, QVM_AT(json), NULL, "print JSON, as netvm does" },        \
		{ "dry-run", 'n', CLI_FLAG, QVM_AT(dry_run), NULL,                                 \
			"say what would be changed, and change nothing" },                         \
		{ "quiet", 'q', CLI_FLAG, QVM_AT(qvm.ignored), NULL, "ignored" },                  \
	{                                                                                          \
		"force-root", 0, CLI_FLAG, QVM_AT(qvm.ignored), NULL, "ignored"                    \
	}
#define QVM_OPTIONS_END                                                                            \
	{                                                                                          \
		NULL, 0, CLI_FLAG, 0, NULL, NULL                                                   \
	}

/* netvm_domain_find(), where a domain that is not there is a wrong command line, as it is there. */
int qvm_domain_find(const struct netvm *n, const struct registry *r, const char *name,
	const struct registry_domain **out, struct err *e);

#endif
