/*
 * netvmd_watches: the watches of the domains that the registry knows: vifs of all, reports of the
 * network domains. They follow the domains; on a new connection netvmd_watches_forget() comes
 * first.
 */
#ifndef NETVM_NETVMD_WATCHES_H
#define NETVM_NETVMD_WATCHES_H

#include "toolstack/netvmd_plan.h"
#include "xenstore-schema/store.h"

struct netvmd_watch {
	uint32_t domid;
	bool vifs, report, wanted;
};

struct netvmd_watches {
	struct netvmd_watch *watch;
	size_t count;
};

/* Sets and removes what differs. -ENOTCONN and other errors of the store. */
int netvmd_watches_follow(struct netvmd_watches *w, struct store *s, const struct registry *r,
	const struct netvmd_actual *actual, struct err *e);
void netvmd_watches_forget(struct netvmd_watches *w); /* may be repeated */

#endif
