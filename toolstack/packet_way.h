/*
 * packet_way: which way a packet that a guest sends goes, as the registry has it: every network
 * domain on the way, what it says about the packet and why, and where the way ends.
 *
 * Pure. What a network domain says is asked of its own model (backend/explain.h), so that dom0 and
 * the network domain mean the same. dom0 does not know what names in rules stand for, nor which
 * subnets uplinks have: rules by those are passed over, and those of them that would have said
 * otherwise are counted (`doubts`). It must not know Xen, xenstore, nor what is running.
 */
#ifndef NETVM_PACKET_WAY_H
#define NETVM_PACKET_WAY_H

#include "backend/explain.h"
#include "toolstack/registry.h"

#define PACKET_WAY_MAX 64 /* network domains */

/* One network domain on the way. */
struct packet_hop {
	const struct registry_domain *from; /* whose packet it is there: the guest's, or that of the
					       network domain before */
	const struct registry_domain *netvm;
	struct addr source;	 /* that the packet has when it comes there; not set: it has none */
	struct explanation said; /* `rule` is one of `policy` */
	struct policy policy;	 /* of `from` */
	size_t doubts;		 /* rules that may decide instead, and say the opposite */
	const struct policy_rule *doubt; /* the first of these, one of `policy` */
};

enum packet_end {
	PACKET_NOWHERE, /* the guest has no network domain */
	PACKET_DROPPED, /* in the last network domain of the way, as in those that follow */
	PACKET_OUTSIDE, /* leaves by an uplink, with that link's address, or its own (routed6) */
	PACKET_TUNNEL,	/* leaves by a VPN's tunnel: domains further out see the tunnel's packets */
	PACKET_GUEST,	/* reaches `to` */
	PACKET_NETVM,	/* is for the network domain itself */
	PACKET_RESOLVER, /* reaches a real resolver */
	PACKET_ENDS
};

struct packet_way {
	struct packet_hop hop[PACKET_WAY_MAX];
	size_t count;
	enum packet_end end;
	const struct registry_domain *to; /* PACKET_GUEST */
};

/*
 * `r`: with addresses given (registry_allocate()) and rules resolved (registry_rules_resolve());
 * `d`: a domain of it that is in order. `now`: seconds since 1970. -ENOMEM, -E2BIG: the chain is
 * longer than PACKET_WAY_MAX; -EINVAL: rules that the registry's check has not seen. `out` refers
 * to `r`, and is valid for packet_way_dispose() in any case.
 */
int packet_way_find(const struct registry *r, const struct registry_domain *d,
	const struct policy_packet *packet, int64_t now, struct packet_way *out, struct err *e);
void packet_way_dispose(struct packet_way *w); /* may be repeated */

/* One word for where it ends, for programs: "dropped", "outside", ... */
const char *packet_end_name(enum packet_end end);

#endif
