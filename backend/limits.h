/*
 * limits: how much one guest may have of what all share.
 *
 * The kernel tracks so many connections and no more, of all guests together; a guest that opens
 * them without end would leave none for the others. It must not know packet filters.
 */
#ifndef NETVM_LIMITS_H
#define NETVM_LIMITS_H

#include <stdint.h>

/* What each guest may have where nobody says anything else: a quarter of what the kernel tracks in
 * all, which it reckons from the domain's memory. */
uint32_t limits_connections(void);

/* Pure: of a kernel that tracks so many; 0: it has not said, and `memory` bytes are there. */
uint32_t limits_connections_of(uint64_t tracked, uint64_t memory);

#endif
