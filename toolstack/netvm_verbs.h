/* netvm_verbs: the verbs of netvm by number, and by the names under which it can be called. */
#ifndef NETVM_NETVM_VERBS_H
#define NETVM_NETVM_VERBS_H

#include "toolstack/netvm.h"

enum netvm_verb {
	NETVM_LIST = 1,
	NETVM_STATUS,
	NETVM_GET,
	NETVM_SET,
	NETVM_ADD,
	NETVM_REMOVE,
	NETVM_CABLE,
	NETVM_GET_DEFAULT,
	NETVM_SET_DEFAULT,
	NETVM_START,
	NETVM_XL_CONFIG,
	NETVM_IMPORT,
	NETVM_EXPOSE,
	NETVM_LINK,
	NETVM_LIMIT,
	NETVM_FIREWALL,
	NETVM_EXPLAIN,
	NETVM_PCI_LIST,
	NETVM_PCI_ASSIGN,
	NETVM_PCI_RELEASE,
	NETVM_VERBS
};

/* Another name of the program, with a command line of its own. */
struct netvm_alias {
	struct cli cli; /* cli.name is the name */
	/* What was parsed, as one of netvm's verbs: returns its number and sets n->args and
	 * n->count, or NETVM_VERBS with a sentence (a usage error). NULL: the verb's id is that
	 * number. */
	int (*translate)(struct netvm *n, const struct cli_parsed *p, struct err *e);
};

/* NULL: the program is called by its own name, or one that means nothing. */
const struct netvm_alias *netvm_alias_find(const char *name);

#endif
