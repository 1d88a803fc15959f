/*
 * ruleset: what the packet filter of a network domain must do, as plain data.
 *
 * The model is independent of the engine (iptables now) and of how many guests there are: guests
 * are the links of one interface group, so a guest that comes or goes changes nothing here. What it
 * means:
 *
 *   forward  established and related packets of guests pass, invalid ones are dropped; a guest
 *            reaches links outside the group (where uplinks are named: only those), never another
 *            guest; nobody opens a connection to a guest. The virtual resolvers take nothing but
 *            DNS; what is not translated is refused at once.
 *   input    guests may ping the gateway (and resolve it, in IPv6); all else is dropped.
 *   nat      port 53, UDP and TCP, of each virtual resolver leads to a real one; what guests send
 *            leaves a link outside the group with that link's address.
 *
 * Packets that neither come from nor go to a guest are other programs' business. It must not know
 * iptables, files, or Xen.
 */
#ifndef NETVM_RULESET_H
#define NETVM_RULESET_H

#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/netlink.h"

#define RULESET_RESOLVERS_MAX 8
#define RULESET_UPLINKS_MAX   8

/* The bit of the packet mark that says "sent by a guest". */
#define RULESET_MARK 0x10000000U

/* What one address family needs; all of that family. An absent address is "not provided". */
struct ruleset_family {
	struct addr gateway; /* the network domain's own address towards guests */
	struct addr dns[2];  /* virtual resolvers: what guests were told */
	struct addr resolvers[RULESET_RESOLVERS_MAX]; /* real ones, best first */
	size_t resolver_count;
};

struct ruleset {
	uint32_t group; /* interface group of the guests' links */
	uint32_t mark;	/* one bit of the packet mark; others' bits are kept */
	struct ruleset_family ip4, ip6;
	char uplinks[RULESET_UPLINKS_MAX][LINK_NAME_MAX]; /* where guests' packets may leave */
	size_t uplink_count;				  /* 0: by any link outside the group */
};

/*
 * The real resolver that virtual resolver `which` (0 or 1) leads to: the first and the second, or
 * the only one for both. NULL where there is none, or no such virtual resolver.
 */
const struct addr *ruleset_target(const struct ruleset_family *f, unsigned int which);

#endif
