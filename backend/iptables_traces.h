/*
 * iptables_traces: what the kernel has of iptables' tables, of either kind. No process is started.
 * It must not know what rules say.
 */
#ifndef NETVM_IPTABLES_TRACES_H
#define NETVM_IPTABLES_TRACES_H

#include <stdbool.h>

#include "common/netlink.h"

/* Whether a chain of ours stands in any table of either family. */
bool iptables_traces(struct netlink *nl);
/* Whether some program uses iptables' `filter` table in this network namespace. */
bool iptables_in_use(struct netlink *nl);

#endif
