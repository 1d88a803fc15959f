/*
 * collision: whether an uplink's subnet has addresses that are guests' here.
 *
 * Where it has, whoever really has such an address out there is not reached, and the other way
 * round; often that is the router itself. A routed subnet counts as a whole: what no guest has
 * there is refused. It must not know where addresses come from.
 */
#ifndef NETVM_COLLISION_H
#define NETVM_COLLISION_H

#include <stdbool.h>
#include <stddef.h>

#include "backend/ruleset.h"
#include "backend/uplink.h"
#include "common/netlink.h"

#define COLLISION_WORDS_MAX 256

/* Pure: the first one there is, in one sentence that says what to change; "" where there is none.
 * `addrs`: of all links; `guests`: addresses that lead to guests. The ruleset has the gateways that
 * guests have, and says who gives addresses. */
void collision_find(const struct ruleset *r, const struct uplinks *there, const struct link *links,
	size_t link_count, const struct link_addr *addrs, size_t addr_count,
	const struct addr *guests, size_t guest_count, char words[COLLISION_WORDS_MAX]);

/* Asks the kernel for the uplinks' subnets. */
int collision_read(struct netlink *nl, const struct ruleset *r, const struct uplinks *there,
	const struct addr *guests, size_t guest_count, char words[COLLISION_WORDS_MAX],
	struct err *e);

#endif
