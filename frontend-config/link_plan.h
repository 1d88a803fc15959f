/*
 * link_plan: what to do to one interface, so that it is as dom0 published it.
 *
 * A pure function from what is wanted (struct guest_link), what is (links, addresses, routes,
 * sysctls as the kernel gives them) and what we set before (struct link_notes) to a list of
 * actions. The order of the list is the order of doing: nothing of an old address goes before the
 * new one stands, so that the kernel does not throw away the routes of others on that link, which
 * it does when the last IPv4 address of a link goes.
 *
 * How we know our own: routes by ROUTE_PROTOCOL on that link; addresses, and values that were
 * different before, by the notes, which hold an address from before it is set until after it is
 * gone. An address that stood already when we came is not noted, serves as well, and stays.
 *
 * No I/O here; it must not know xenstore, sockets or files.
 */
#ifndef NETVM_LINK_PLAN_H
#define NETVM_LINK_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/err.h"
#include "common/netlink.h"
#include "xenstore-schema/schema.h"

/* The sysctls of a link that we set, below net/ipv6/conf/<link>/. The guest's addresses come from
 * dom0 alone, so router advertisements are not heard; and IPv6 is off unless an address is given.
 */
enum link_sysctl { LINK_ACCEPT_RA, LINK_DISABLE_IPV6, LINK_SYSCTLS };
extern const char *const link_sysctl_names[LINK_SYSCTLS];

#define LINK_SYSCTL_NONE (-1)

/* The default route of the first link has this metric, that of device N has N more. In use by
 * nobody that we know (NetworkManager: 100 and up, systemd-networkd: 1024, ifupdown: 0). */
#define LINK_METRIC 110U

#define LINK_NOTED_ADDRS 8

/* What we set on a link, as far as the kernel does not say so itself. */
struct link_notes {
	int ifindex; /* 0: nothing is noted */
	char name[LINK_NAME_MAX];
	struct addr addrs[LINK_NOTED_ADDRS]; /* ours, each with its full prefix */
	size_t addr_count;
	uint32_t mtu_was;	      /* 0: as we found it */
	bool switched_on;	      /* it was off */
	int sysctl_was[LINK_SYSCTLS]; /* LINK_SYSCTL_NONE: as we found it */
};

/* Empties them; a zeroed struct is not empty, because 0 is a sysctl's value. */
void link_notes_clear(struct link_notes *n);

struct link_actual {
	struct link link;
	const struct link_addr *addrs; /* of this link */
	size_t addr_count;
	const struct route *routes; /* of all links: a route of others must not be replaced */
	size_t route_count;
	int sysctl[LINK_SYSCTLS]; /* LINK_SYSCTL_NONE: the kernel has no IPv6 */
};

enum link_action_kind {
	LINK_SET_MTU,
	LINK_SET_SYSCTL,
	LINK_SWITCH_ON,
	LINK_ADD_ADDR,
	LINK_SET_ROUTE,
	LINK_DELETE_ROUTE,
	LINK_DELETE_ADDR,
	LINK_SWITCH_OFF,
};

struct link_action {
	enum link_action_kind kind;
	union {
		uint32_t mtu;
		struct {
			enum link_sysctl which;
			int value, was;
		} sysctl;
		struct addr addr;
		struct route route;
	};
};

#define LINK_ACTIONS_MAX 64
struct link_actions {
	struct link_action action[LINK_ACTIONS_MAX];
	size_t count;
	bool more; /* the list is full: plan again when these are done */
};

/* Whether a guest can live with what was published: addresses that a host can hold, no gateway
 * without an address or equal to it, an MTU that IP allows. Returns 0, or -EINVAL with which value
 * is wrong and why. */
int link_wanted_check(const struct guest_link *wanted, struct err *e);

/*
 * Fills `out`. `wanted` NULL: nothing is published any more, all of ours goes. `notes` of another
 * ifindex count as empty. Returns 0, or -EEXIST where a route of somebody else stands in the way
 * (replacing it would be removing it).
 */
int link_plan(const struct guest_link *wanted, uint32_t metric, const struct link_notes *notes,
	const struct link_actual *actual, struct link_actions *out, struct err *e);

/* Into the notes before an action is done: what it is about to set. */
int link_notes_expect(struct link_notes *n, const struct link_actual *actual,
	const struct link_action *a, struct err *e);
/* Out of the notes after it was done: what it took away. */
void link_notes_settle(struct link_notes *n, const struct link_action *a);

/* One action in words, as --dry-run, logs and tests have it: "eth0: add address 10.137.0.5". */
#define LINK_ACTION_TEXT_MAX 192
const char *link_action_print(
	const struct link_action *a, const char *name, char buf[LINK_ACTION_TEXT_MAX]);

#endif
