/*
 * iptables_legacy: whether the kernel's x_tables tables are still what they were.
 *
 * Legacy iptables has no generation number, so the tables are read as the kernel holds them
 * (getsockopt IPT_SO_GET_INFO and IPT_SO_GET_ENTRIES, linux/netfilter_ipv4/ip_tables.h) and
 * digested without their packet counters. Asking creates a table that is not there: ask only where
 * legacy iptables is what runs. It must not know what the rules mean.
 */
#ifndef NETVM_IPTABLES_LEGACY_H
#define NETVM_IPTABLES_LEGACY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

/* Digest of the tables filter, mangle and nat of a family (AF_INET or AF_INET6). Needs
 * CAP_NET_ADMIN. -EAGAIN: they changed while they were read. */
int iptables_legacy_digest(int family, uint64_t *digest, struct err *e);

/* Whether there is a table "filter" of the family. Creates none. */
bool iptables_legacy_in_use(int family);

/* Whether the table `table` of a family is there and has such a chain, other than a built-in one.
 * Creates no table; false where that cannot be told. */
bool iptables_legacy_has_chain(int family, const char *table, const char *chain);

#endif
