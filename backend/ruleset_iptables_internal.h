/*
 * ruleset_iptables_internal: the names that both directions of ruleset_iptables.h share.
 */
#ifndef NETVM_RULESET_IPTABLES_INTERNAL_H
#define NETVM_RULESET_IPTABLES_INTERNAL_H

#include "backend/ruleset_iptables.h"

struct iptables_chain_name {
	const char *table, *name;
	const char *hook; /* the built-in chain that begins with a jump to it; NULL: called by ours
			   */
	bool user;	  /* the user's: made where it is missing, never written to */
};

extern const struct iptables_chain_name iptables_chain_names[CHAIN_COUNT];

#endif
