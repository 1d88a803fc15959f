/*
 * netvmd_look: reads what is, for netvmd_plan.h: domains and vifs from libxl (in a child process),
 * what is published and reported from xenstore.
 *
 * What a network domain writes is read through the schema alone, whose reads are bounded and
 * strict; a report that cannot be read is none.
 */
#ifndef NETVM_NETVMD_LOOK_H
#define NETVM_NETVMD_LOOK_H

#include "toolstack/netvmd_plan.h"
#include "xenstore-schema/store.h"

/* libxl is given `seconds`. netvmd_actual_dispose() in any case. -ENOTCONN: the store is gone; a
 * libxl that cannot reach Xen is -EHOSTDOWN. */
int netvmd_look(struct store *s, const struct registry *r, unsigned int seconds,
	struct netvmd_actual *out, struct err *e);

#endif
