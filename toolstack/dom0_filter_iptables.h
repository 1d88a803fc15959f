/*
 * dom0_filter_iptables: the same filter (dom0_filter.h) where there is no nftables: chains of our
 * own in the mangle table, which is asked behind connection tracking and before everybody's
 * filters, as that of nftables is.
 *
 * iptables knows links by name only, and udev may rename one; so dom0's link is put into a group of
 * links, which is matched. Before the link is there the names of those that are let through; one
 * whose name iptables would not take as it stands is shut for so long. One transaction a family,
 * IPv4 first. It must not know Xen.
 */
#ifndef NETVM_DOM0_FILTER_IPTABLES_H
#define NETVM_DOM0_FILTER_IPTABLES_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"
#include "common/netlink.h"

#define DOM0_LINK_GROUP 30831 /* of links (IFLA_GROUP), dom0's own while it has one of us */

/* The text for iptables-restore (AF_INET) or ip6tables-restore (AF_INET6), malloc'd; NULL: no
 * memory. `narrow`: the links of DOM0_LINK_GROUP; else every link but the `count` of `links`.
 * `stands`: it stands already, and is replaced. Pure. */
char *dom0_iptables_print(
	int family, bool narrow, const struct link *links, size_t count, bool stands);

/* As dom0_filter_shut(), dom0_filter_open(), dom0_filter_stands(). */
int dom0_iptables_shut(
	struct netlink *nl, int ifindex, const struct link *links, size_t count, struct err *e);
int dom0_iptables_open(struct err *e);
bool dom0_iptables_stand(bool *partly); /* `*partly`: those of one family at least */

#endif
