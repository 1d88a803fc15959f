/*
 * limits: how much one guest may have of what all share.
 *
 * The kernel tracks so many connections and no more, of all guests together; a guest that opens
 * them without end would leave none for the others. Guests with the same number of something are
 * one group to both packet filters, which it must not know.
 */
#ifndef NETVM_LIMITS_H
#define NETVM_LIMITS_H

#include <stdint.h>

#include "backend/ruleset.h"

/* What each guest may have where nobody says anything else: a quarter of what the kernel tracks in
 * all, which it reckons from the domain's memory. */
uint32_t limits_connections(void);

/* Pure: of a kernel that tracks so many; 0: it has not said, and `memory` bytes are there. */
uint32_t limits_connections_of(uint64_t tracked, uint64_t memory);

/* The numbers that guests with an address of the family have of their own, each once, from the
 * smallest. `numbers` has room for as many as there are guests. */
size_t limits_numbers(
	const struct ruleset *r, int family, enum ruleset_limit limit, uint32_t *numbers);

/* The guest's address of the family, where this is its number; else NULL. */
const struct addr *limits_addr(
	const struct ruleset_guest *g, int family, enum ruleset_limit limit, uint32_t number);

#endif
