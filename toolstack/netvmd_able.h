/*
 * netvmd_able: whether a network domain can be given a guest's vif at this moment. Pure.
 */
#ifndef NETVM_NETVMD_ABLE_H
#define NETVM_NETVMD_ABLE_H

#include "toolstack/netvmd_plan.h"

/*
 * NULL: it can. Else why not, as what follows "net, which": its report (the network domain's own
 * word) must say that it is ready, and able to enforce what the registry demands for this guest.
 * `provider` is in order in the registry and has not shut down; NULL: it does not run.
 */
const char *netvmd_unable(
	const struct netvmd_domain *provider, const struct registry_domain *guest);

#endif
