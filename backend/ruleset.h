/*
 * ruleset: what the packet filter of a network domain must do, as plain data.
 *
 * The model is independent of the engine that makes it stand. Its base does not know the guests:
 * they are the links of one interface group, so a guest that comes or goes changes nothing there.
 * Where dom0 manages the domain, each guest has a policy besides. What it means:
 *
 *   uplinks  a guest's packet that would leave by a link outside the group that is no uplink is
 *            dropped before all else, be its connection as old as it may: whatever routes say,
 *            and whether the uplink is up, down or not there. Where uplinks are named, what came
 *            by one is not passed on to a link that is neither a guest's nor an uplink, unless it
 *            is translated: an answer, to an address that a tunnel had until a moment ago, would
 *            leave as it came out of the tunnel. Nor does this domain send an error about it
 *            there, which would quote it.
 *   forward  established and related packets of guests pass, invalid ones are dropped; a guest
 *            reaches links outside the group; nobody else opens a connection to a guest. The
 *            virtual resolvers take nothing but DNS; what is not translated is refused at once.
 *   input    guests may ping the gateway (and resolve it, in IPv6), and one that is given its
 *            address by DHCP ask for it, by its own links. Port
 *            53 of our own forwarder is open to what was translated to it and the guest's policy
 *            lets pass, whether it runs or not, so that translation alone changes when it comes
 *            and goes; nothing else of it is, nor is it to others' packets from any link. All
 *            else is dropped.
 *   output   nothing that this domain itself sends tells guests of routers: neither advertisements
 *            nor redirects, be they the kernel's or some program's.
 *   policy   what is left of "a guest reaches" is decided by the guest's own rules, the guest being
 *            the one whose address the packet has (the source guard sees to that), the destination
 *            the one that the guest sent it to, before translation. Accepted, or refused with
 *            "administratively prohibited". Without management everything is accepted; with it, a
 *            guest that is not named reaches nothing. Another guest, on a link inside the group,
 *            is reached by a rule that accepts its address alone (policy_decide.h), else never.
 *   expose   what comes by an uplink to a port of this domain that a guest exposes goes to the
 *            guest, whatever its policy is; by no other way, so not from another guest; where it
 *            names a source, only what has an address of that. What comes in keeps its source, so
 *            that is the true one also behind other network domains of ours. A guest
 *            whose entry cannot be understood exposes nothing.
 *   limits   a packet that would open one connection more than the guest may have is dropped, to
 *            wherever it goes. The connections of a guest are those that its address opened.
 *   rates    what a guest sends from an address beyond so many packets or bytes in a second is
 *            dropped, before anything else is asked about it.
 *   mss      the first packets of a guest's TCP connections, of both sides, name what the way out
 *            and the guest's link take, whatever becomes of the ICMP that says so.
 *   routed   what would leave by an uplink to an address of a routed subnet is refused, for no
 * guest has it, and it would come back for ever. What a guest of one exposes is open at its own
 * address and port, too. nat      port 53, UDP and TCP, of each virtual resolver leads to a real
 * one; what guests send leaves a link outside the group with that link's address; but for that from
 * a routed subnet, which leaves as it is.
 *
 * Packets that neither come from nor go to a guest are other programs' business. It must not know
 * iptables, files, or Xen.
 */
#ifndef NETVM_RULESET_H
#define NETVM_RULESET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/policy_decide.h"
#include "backend/uplink.h"
#include "common/addr.h"
#include "common/netlink.h"
#include "xenstore-schema/exposure.h"
#include "xenstore-schema/policy.h"

#define RULESET_RESOLVERS_MAX  8
#define RULESET_FORWARDERS_MAX 2

/* The bit of the packet mark that says "sent by a guest". */
#define RULESET_MARK 0x10000000U

/* What one address family needs; all of that family. An absent address is "not provided". */
struct ruleset_family {
	struct addr gateway; /* the network domain's own address towards guests */
	struct addr dns[2];  /* virtual resolvers: what guests were told */
	struct addr resolvers[RULESET_RESOLVERS_MAX]; /* real ones, best first */
	size_t resolver_count;
	/* Where this domain's own forwarder may listen, which is then the only one of them. */
	struct addr forwarders[RULESET_FORWARDERS_MAX];
};

enum ruleset_limit {
	LIMIT_CONNECTIONS, /* tracked ones that it has opened; where it has none, that of all */
	LIMIT_PACKETS,	   /* that it sends in a second, */
	LIMIT_BYTES,	   /* and bytes, with IP headers */
	RULESET_LIMITS
};

/* A guest whose policy the packet filter enforces. */
struct ruleset_guest {
	char name[LINK_NAME_MAX]; /* of its vif, which names its chains */
	struct addr ip, ip6;	  /* its addresses; absent: none of that family */
	struct policy policy;
	struct exposures exposures;	/* its ports that are open to the outside */
	uint32_t limit[RULESET_LIMITS]; /* its own numbers; 0: none */
	bool dhcp;			/* its link takes questions for an address */
	uint32_t generation;		/* dom0's number of this state of it */
	uint64_t serial; /* of the ruleset that it was read for, and is the same since */
	/* What its vif is to be; no engine's business. */
	struct addr visible, visible_gateway; /* struct vif_wanted's */
	struct mac mac;
	uint32_t mtu;
	bool cable;
	bool fresh; /* and was read just now as a whole, not kept from before by its generation */
};

struct ruleset {
	uint32_t group; /* interface group of the guests' links */
	uint32_t mark;	/* one bit of the packet mark; others' bits are kept */
	struct ruleset_family ip4, ip6;
	bool named;    /* uplinks are named, not those of the moment; `confined` as well */
	bool confined; /* guests' packets leave by uplinks alone; else by any link outside the group
			*/
	struct uplink_names uplinks; /* those, by name or pattern; valid ones */
	bool followed;		     /* the caller follows links: `there` counts */
	struct uplink_names there;   /* uplinks of this moment; sorted (strcmp) */

	struct prefixes routed6; /* of guests that leave with their own addresses; IPv6 */

	uint32_t connections; /* how many tracked connections a guest may have opened; 0: any */

	bool managed; /* guests have policies; the rest of this struct is of use then only */
	struct ruleset_guest *guests; /* sorted by name (strcmp); ruleset_dispose() */
	size_t guest_count;
	struct prefix *lan; /* @lan: subnets of the uplinks, either family */
	size_t lan_count;
	struct policy_name *names; /* sorted by name (strcmp); each rule's name is there */
	size_t name_count;
	uint64_t serial; /* of what was read: the same for as long as nothing of it changes; 0:
			    cannot be told */
	uint64_t base;	 /* its serial when anything but which guests there are, and what they
			    are, last changed; likewise */
	int64_t now;	 /* seconds since 1970: rules whose `expire` is not after it do not exist */
	int64_t expiry;	 /* until then none does that `now` leaves; 0: none will */
	bool whole;	 /* it was read to its end */
};

/* Frees guests, lan and names and forgets them. May be repeated. */
void ruleset_dispose(struct ruleset *r);

/*
 * The real resolver that virtual resolver `which` (0 or 1) leads to: the first and the second, or
 * the only one for both. NULL where there is none, or no such virtual resolver.
 */
const struct addr *ruleset_target(const struct ruleset_family *f, unsigned int which);

/* Whether it is one of the addresses of our own forwarder. */
bool ruleset_is_forwarder(const struct ruleset_family *f, const struct addr *a);

/* What policy_decide() needs to know of the world; points into `r`. */
struct policy_world ruleset_world(const struct ruleset *r);

/* Which rule of the guest's policy (policy.count: none) decides about port 53 of that family's
 * virtual resolver `which` (0 or 1) by UDP (17) or TCP (6). Engines render this, since what they
 * see is the translated packet. */
size_t ruleset_dns_rule(const struct ruleset *r, const struct ruleset_guest *guest,
	const struct ruleset_family *f, unsigned int which, uint8_t proto);

/* Whether the rule exists for packets of a family (AF_INET, AF_INET6) at all: not expired, with a
 * destination of that family. A name without an address of it is none; but one without any is all
 * that there is for a drop. */
bool ruleset_rule_applies(const struct ruleset *r, const struct policy_rule *rule, int family);

/*
 * Told by an engine that renders `r`, for each chain that holds rules of a guest (its index in
 * r->guests): which rule of its policy each counting rule of the chain stands for, by index;
 * policy.count is what no rule decides.
 */
#define RULESET_NO_RULE ((size_t)-1)
typedef void (*ruleset_see)(
	void *arg, const char *chain, size_t guest, const size_t *rules, size_t count);

/* By the name of its vif; NULL where it is not there. */
const struct ruleset_guest *ruleset_guest_find(const struct ruleset *r, const char *name);

/* The name of its link, or of that one's emulated twin (which one of 16 characters cannot have),
 * where it asks by DHCP; false: none. */
bool ruleset_dhcp_link(const struct ruleset_guest *g, bool twin, char link[LINK_NAME_MAX]);

/* When the next rule of any guest expires, 0: none will. */
int64_t ruleset_next_expiry(const struct ruleset *r);
/* The same of one guest; and the earlier of two such answers. */
int64_t ruleset_guest_expiry(const struct ruleset_guest *g, int64_t now);
int64_t ruleset_earlier(int64_t a, int64_t b);

#endif
