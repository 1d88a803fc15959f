/*
 * iptables_stamp: what the iptables engine remembers from one process to the next, and what the
 * kernel says about its tables for it to compare. It must not know what the rules are.
 */
#ifndef NETVM_IPTABLES_STAMP_H
#define NETVM_IPTABLES_STAMP_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/ruleset_iptables.h"
#include "common/err.h"
#include "common/netlink.h"

enum { STAMP_IP4, STAMP_IP6, STAMP_FAMILIES };

extern const int stamp_families[STAMP_FAMILIES]; /* AF_INET, AF_INET6 */

/* What the kernel says of its tables, as far as the kinds of iptables in use concern. */
struct iptables_state {
	enum iptables_kind kind[STAMP_FAMILIES]; /* unknown: this family is not filtered */
	uint32_t generation;			 /* nf_tables */
	uint64_t legacy[STAMP_FAMILIES];	 /* digests of legacy tables */
};

struct iptables_stamp {
	uint64_t wanted;		/* digest of the rules as rendered */
	uint64_t saved[STAMP_FAMILIES]; /* of our part as iptables-save prints it; 0: not read since
					   it was written */
	struct iptables_state state;
};

/* Whether there is one that can be believed (filter_stamp.h); else `out` is zeroed. */
bool iptables_stamp_read(const char *path, struct iptables_stamp *out);
int iptables_stamp_write(const char *path, const struct iptables_stamp *in, struct err *e);

/* Reads what `kind`s of tables ask for. With `guess`, an unknown kind is taken for nf_tables, if
 * the kernel has that. */
int iptables_state_get(struct netlink *nl, const enum iptables_kind *kind, bool guess,
	struct iptables_state *out, struct err *e);
bool iptables_state_equal(const struct iptables_state *a, const struct iptables_state *b);

#endif
