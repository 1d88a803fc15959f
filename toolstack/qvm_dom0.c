/* qvm-dom0-network-via-netvm up|down: netvm dom0 up and down. */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "toolstack/qvm.h"

static int run(struct netvm *n, const struct cli_parsed *p, struct err *e)
{
	static const struct {
		const char *word;
		int (*verb)(struct netvm *n, struct err *e);
	} words[] = { { "up", netvm_dom0_up }, { "down", netvm_dom0_down } };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(words[i].word, p->args[0]) != 0)
			continue;
		n->args = NULL;
		n->count = 0;
		return words[i].verb(n, e);
	}
	err_set(e, -EINVAL, "it takes up or down, not \"%.40s\"", p->args[0]);
	return NETVM_USAGE;
}

static const struct cli_option options[] = {
	QVM_OPTIONS,
	{ "sysfs", 0, CLI_TEXT, QVM_AT(sysfs), "DIR", "where sysfs is mounted (default /sys)" },
	QVM_OPTIONS_END,
};

const struct qvm_form qvm_dom0_network_via_netvm = {
	.cli = { .name = "qvm-dom0-network-via-netvm",
		.summary = "give dom0 itself a network for a while",
		.arguments = "up|down",
		.description = "up pauses every running domain but the network domains on the way "
			       "out, and connects dom0\n"
			       "as if it was a guest; down undoes exactly that. They are netvm "
			       "dom0 up and netvm dom0\n"
			       "down, which can do more: let domains run meanwhile, end by "
			       "themselves, run a command.",
		.section = 8,
		.options = options,
		.completes = "up/down",
		.asks = "netvm",
		.min_args = 1,
		.max_args = 1 },
	.run = run,
};
