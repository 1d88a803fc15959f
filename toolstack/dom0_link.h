/*
 * dom0_link: dom0's end of its link, and whom it asks for names.
 *
 * The link is found by its MAC; its name is udev's to choose and may change. What is set on it goes
 * with it, so nothing of that has to be undone. resolv.conf is dom0's own and may be anything, also
 * a link to a file that somebody rewrites, or nothing: it is not touched but covered, by a mount of
 * a file of ours over it, which a reboot ends as well. It must not know Xen.
 */
#ifndef NETVM_DOM0_LINK_H
#define NETVM_DOM0_LINK_H

#include <stdbool.h>

#include "common/err.h"
#include "common/netlink.h"
#include "xenstore-schema/schema.h"

#define DOM0_RESOLV_CONF "/etc/resolv.conf"
#define DOM0_RESOLVER	 RUNDIR "/dom0.resolv.conf" /* what covers it */

#define DOM0_ROUTE_METRIC 1 /* of dom0's default routes by its link */

/* The link with that MAC. -ENODEV: there is none. */
int dom0_link_find(struct netlink *nl, const struct mac *mac, struct link *out, struct err *e);

/* Waits until it is there, or is gone. -ETIMEDOUT. */
int dom0_link_await(struct netlink *nl, const struct mac *mac, bool there, struct err *e);

/* Addresses, the link up and connected, default routes. The peer of the link is told nothing but
 * what it asks about these addresses, and nothing that it says moves a route. */
int dom0_link_set(struct netlink *nl, const struct guest_link *l, struct err *e);

/* -EEXIST: dom0 has a default route that comes before those of the link, with its words. */
int dom0_link_is_needed(struct netlink *nl, const struct guest_link *l, struct err *e);

/* Whether dom0 has a resolv.conf, of whatever kind. */
bool dom0_resolver_exists(void);
/* Covers it; where there was none an empty one is made first, which `made` tells later. */
int dom0_resolver_cover(const struct guest_link *l, struct err *e);
bool dom0_resolver_is_covered(bool made);
int dom0_resolver_uncover(bool made, struct err *e);

#endif
