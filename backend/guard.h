/*
 * guard: the program that decides which packets of a guest enter the network domain at all.
 *
 * Classic BPF, generated from the guest's addresses, run by the kernel for every packet that enters
 * at the vif, before anything else looks at it. It does not depend on packet filter rules: whoever
 * flushes those opens nothing here. What passes:
 *
 *   every packet  is long enough to be what it says, has the guest's MAC as source and no VLAN tag
 *   ARP           Ethernet and IPv4, request or answer, the sender's MAC is the guest's, its IPv4
 *                 address one of the guest's, or none in a request (RFC 5227's probe)
 *   IPv4          the source is one of the guest's addresses; of a guest that is given its address
 * by DHCP also 0.0.0.0, to everybody (255.255.255.255), UDP from port 68 to 67 (RFC 2131) IPv6 the
 * source is one of the guest's addresses. Of neighbour discovery (RFC 4861) only solicitations,
 * also from :: (is this address taken?), and advertisements of its own addresses that are not the
 * gateway's. Those two, and pings of the gateway, also from the link-local address that goes with
 * its MAC, and from no other: each would take a place in the kernel's table of neighbours, which is
 * one for all links and small. A guest that has chosen another can do without: it asks by the
 * address that it wants to send from (RFC 4861 section 7.2.2). Extension headers (RFC 8200) are
 * gone over to what they stand before: four at most, of options and fragments. Behind them there is
 * no neighbour discovery, and no routing or authentication header stands anywhere: the one leads on
 * to where no policy is asked about, the other hides ports from some packet filters, and does not
 * outlive translation
 *
 * All else is dropped: other protocols, router advertisements and redirects among it. A
 * family in which the guest has no address is dropped whole. Pure; must not know netlink or
 * xenstore.
 */
#ifndef NETVM_GUARD_H
#define NETVM_GUARD_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/addr.h"
#include "common/netlink.h"

struct guard {
	struct sock_filter prog[GUARD_PROGRAM_MAX];
	size_t count;
};

/* What a guest may send: `count` addresses, at most VIF_ADDRS_MAX, of either family; `gateway6` may
 * be absent. `dhcp`: it is given its IPv4 address by DHCP. */
void guard_make(struct guard *g, const struct mac *mac, const struct addr *addrs, size_t count,
	const struct addr *gateway6, bool dhcp);

/* Nothing passes. */
void guard_make_closed(struct guard *g);

#endif
