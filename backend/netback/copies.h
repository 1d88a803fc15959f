/*
 * copies: what is to be copied between the guest's pages and ours, put together for one call.
 *
 * Who asks for a copy keeps its number, and finds there whether it failed. Must not know what is
 * copied.
 */
#ifndef NETVM_COPIES_H
#define NETVM_COPIES_H

#include "backend/netback/port.h"

struct copies {
	struct port_copy piece[PORT_COPIES_MAX];
	size_t count;
};

/* Asks for one. The caller knows that there is room. */
static inline void copies_ask(struct copies *c, struct port_copy piece)
{
	c->piece[c->count++] = piece;
}

#endif
