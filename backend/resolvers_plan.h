/*
 * resolvers_plan: what the virtual resolvers lead to.
 *
 * Pure: from the resolvers that were found and where each of them is, to the real resolvers in the
 * ruleset, and to what a forwarder of this domain has to do where translation cannot:
 *
 *   - A family with virtual resolvers has no real one, the other has: the forwarder asks those.
 *   - There is none in either that packets can be translated to, but one that this domain itself
 * can ask (loopback, an address of its own, link-local): the forwarder asks that.
 *
 * A resolver whose packets would come back here is refused. So is one that no uplink leads to;
 * where uplinks are named (a VPN) what a guest asks leaves by those alone, also when it is the
 * forwarder that asks: it is bound to the link, and nobody in this domain, who may ask on by any
 * other, is asked. It must not know files, netlink, or how forwarding is done.
 */
#ifndef NETVM_RESOLVERS_PLAN_H
#define NETVM_RESOLVERS_PLAN_H

#include "backend/resolvers.h"

/* Where a packet to a resolver goes by the routes of this domain. */
enum resolver_where {
	RESOLVER_AWAY,	       /* out, or nowhere at the moment */
	RESOLVER_HERE,	       /* it is an address of this domain */
	RESOLVER_BEHIND_GUEST, /* to a guest */
	RESOLVER_ASIDE,	       /* out by a link that is no uplink */
};

#define RESOLVERS_FORWARDER_MAX 4
#define RESOLVERS_ABOVE_MAX	16

struct resolvers_facts {
	enum resolver_where where4[RULESET_RESOLVERS_MAX], where6[RULESET_RESOLVERS_MAX];
	bool named; /* uplinks are named; the rest of the ruleset's are those of the moment */
	/* The links that lead to those that are RESOLVER_AWAY, where uplinks are named; "": none.
	 */
	char link4[RULESET_RESOLVERS_MAX][LINK_NAME_MAX],
		link6[RULESET_RESOLVERS_MAX][LINK_NAME_MAX];
	/* Virtual resolvers of the network domain above, which this one is a guest of: what is
	 * virtual here is a real one there. */
	struct addr above[RESOLVERS_ABOVE_MAX];
	size_t above_count;
	bool above_all; /* all of ours are virtual there as well */
	/* Where the forwarder may listen; a family without such an address has none. */
	struct addr forwarder[RESOLVERS_FORWARDER_MAX];
};

/* What the forwarder is to do. */
struct forward {
	/* In order. The link is what an address is valid on, and else what the forwarder is bound
	 * to; "": none. */
	struct resolver_near ask[RULESET_RESOLVERS_MAX];
	size_t ask_count; /* 0: there is nothing to forward to */
	bool ip4, ip6;	  /* families whose virtual resolvers are to lead to it */
};

#define RESOLVERS_LOOPS_MAX 160

/* Resolvers that were refused, in words, as many as there is room for; "" where none was. */
struct resolvers_refused {
	char loops[RESOLVERS_LOOPS_MAX]; /* and why they would come back here */
	char aside[RESOLVERS_LOOPS_MAX]; /* no uplink leads to them */
};

/* Fills the families of `out`, which has gateways, virtual resolvers and uplinks already. */
void resolvers_plan(const struct resolvers *in, const struct resolvers_facts *facts,
	struct ruleset *out, struct forward *forward, struct resolvers_refused *refused);

#endif
