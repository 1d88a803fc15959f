/*
 * dom0_filter: the packet filter that lets nothing into dom0 by its link.
 *
 * A table of nf_tables of our own, whose verdicts nobody's rules overrule: what it drops is
 * dropped. Answers to what dom0 began come in, ICMP errors about that, and what IPv6 needs of a
 * neighbour; nothing else, and nothing is forwarded. Before the link is there every link that comes
 * from now on is shut, told by the numbers of those that are; with the link, it alone. Links that
 * dom0 has of its own are let be in any case.
 *
 * The text is pure. Doing it is one transaction of nft(8); where that cannot be had iptables does
 * the same (dom0_filter_iptables.h). It must not know Xen.
 */
#ifndef NETVM_DOM0_FILTER_H
#define NETVM_DOM0_FILTER_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"
#include "common/netlink.h"

#define DOM0_FILTER_TABLE "netvm-dom0"

/* The text of the whole table in the place of the one that stands, malloc'd; NULL: no memory.
 * `ifindex`: the link; 0: every link but the `count` of `links`. */
char *dom0_filter_print(int ifindex, const struct link *links, size_t count);

/* Puts it there, or takes it away. -ENOENT: there is neither nft nor iptables. */
int dom0_filter_shut(
	struct netlink *nl, int ifindex, const struct link *links, size_t count, struct err *e);
int dom0_filter_open(struct netlink *nl, struct err *e);   /* 0 also where there is none */
bool dom0_filter_stands(struct netlink *nl, bool *partly); /* `*partly`: some of it, or all */

#endif
