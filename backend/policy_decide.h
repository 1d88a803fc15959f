/*
 * policy_decide: which rule of a policy decides about a packet.
 *
 * Guests are reached by name only: a packet to another guest of the same network domain is accepted
 * by no rule but one whose destination is that address alone, and never because no rule matches. So
 * "everything", a subnet, or a name that somebody's DNS made a guest's address opens no guest.
 *
 * Pure: the meaning of the policy language (xenstore-schema/policy.h) in C, which both packet
 * filters are held against, which ends connections that new rules turn away, and which answers
 * "explain". What names and words stand for at this moment is handed in. It must not know packet
 * filters, netlink or xenstore.
 */
#ifndef NETVM_POLICY_DECIDE_H
#define NETVM_POLICY_DECIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "xenstore-schema/policy.h"

#define POLICY_DNS_MAX 4

/* What one name resolves to. */
struct policy_name {
	char *name;	    /* in lower case */
	struct addr *addrs; /* of either family */
	size_t count;	    /* 0: does not resolve; with addresses of one family only, it has none
			       of the other, which is not the same */
};

/* What destinations are at this moment. Everything stays the caller's. */
struct policy_world {
	const struct prefix *lan; /* subnets of the uplinks */
	size_t lan_count;
	struct addr dns[POLICY_DNS_MAX]; /* virtual resolvers, either family */
	size_t dns_count;
	const struct policy_name *names; /* sorted by name (strcmp) */
	size_t name_count;
	int64_t now; /* seconds since 1970 */
};

/* A packet as the guest sent it: before any translation. Its family is that of `dst`; an
 * IPv4-mapped address is an IPv6 address here, as for the kernel. */
struct policy_packet {
	struct addr dst;
	uint8_t proto; /* IP protocol number; ICMPv6 is 58 */
	uint16_t port; /* destination, host byte order; TCP and UDP */
	uint8_t icmp_type;
	bool to_guest; /* `dst` is another guest of this network domain */
};

/*
 * The index of the first rule that matches, or policy->count where none does. A rule whose `expire`
 * is not after `now` matches nothing. A name that does not resolve: an accept by it matches
 * nothing, a drop by it matches whatever its other conditions match.
 */
size_t policy_decide(const struct policy *policy, const struct policy_world *world,
	const struct policy_packet *packet);

/* What that means: the rule's action, or `otherwise` (but see policy_judge()). */
enum policy_verdict policy_verdict_of(const struct policy *policy, size_t index);

/* Both in one; what no rule says of a packet to another guest is a drop. */
enum policy_verdict policy_judge(const struct policy *policy, const struct policy_world *world,
	const struct policy_packet *packet);

/* Whether the rule can match a packet to another guest: a drop, or an accept of one address. */
bool policy_rule_counts_for_guests(const struct policy_rule *rule);

/* What `name` stands for; NULL where `world` does not have it. */
const struct policy_name *policy_name_find(const struct policy_world *world, const char *name);

/*
 * The prefixes that make up @private, and those that @internet leaves out besides (and @lan); each
 * a table of both families, disjoint, the count to `*count`. Whatever is no unicast address is in
 * the second. Private and special IPv4 addresses behind NAT64's well-known prefix (64:ff9b::/96)
 * are there as well, because that is where they lead; the rest of that prefix is @internet. So are
 * the networks for documentation (RFC 5737, RFC 3849), which examples and tests use as such.
 * Sources: RFC 1918, 6598, 3927, 4193, 4291, 6890 with the registries that it made, 6052.
 */
const struct prefix *policy_private(size_t *count);
const struct prefix *policy_special(size_t *count);

#endif
