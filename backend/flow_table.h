/*
 * flow_table: lets what comes back to guests take the kernel's short way (a flow table of
 * nf_tables).
 *
 * A connection that every packet filter of this machine has let through, and that is established,
 * is noted in the flow table of the uplinks. From then on what arrives for it there goes straight
 * to the guest's vif, by the connection's own translation. What a guest sends goes the whole way
 * always, packet by packet: past its limits, and out by an uplink of the moment or not at all. DNS
 * does, too, so that its flows tell questions from answers (flows.h).
 *
 * The way ends with the connection: the kernel does not look up one that has been deleted
 * (net/netfilter/nf_flow_table_core.c, flow_offload_lookup()), and deleting is what ends those that
 * policy turns away. Where the kernel has no flow tables there is none, and packets go the whole
 * way.
 *
 * It has a table of its own, made anew whenever it differs, which nothing of the rules depends on.
 * It must not know them.
 */
#ifndef NETVM_FLOW_TABLE_H
#define NETVM_FLOW_TABLE_H

#include "backend/nft_run.h"
#include "backend/uplink_names.h"
#include "common/err.h"
#include "common/netlink.h"
#include "common/text.h"

#define FLOW_TABLE "xen-netvm-flows"

/* What this process last made. Zeroed: nothing. */
struct flow_table {
	struct uplink_names links;
	struct nft_part made; /* its chain as it then was */
	bool tried, failed;   /* ... for these links */
};

/* Pure: the batch that makes it of `links`, none: that takes it away. `group`: of the guests'
 * vifs. `out` is the caller's to dispose of; its `failed`: memory is out. */
void flow_table_render(const struct uplink_names *links, uint32_t group, struct text *out);

/* Makes it stand. What the kernel refuses is tried again for other links only. -ENOMEM, and errors
 * of netlink. */
int flow_table_stand(struct flow_table *t, struct netlink *nl, struct nft_run **run,
	const struct uplink_names *links, uint32_t group, struct err *e);

#endif
