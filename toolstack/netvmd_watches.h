/*
 * netvmd_watches: the watches of the domains: of all their names, by which the registry knows them;
 * of those that it knows, the vifs; of network domains their reports. They follow the domains; on a
 * new connection netvmd_watches_forget() comes first.
 *
 * What is watched belongs to the domains, who may write there as often as they like. One that does
 * so without end (netvmd_watches_note()) is not watched until it has been calm: netvmd looks at it
 * from time to time then, as at all others, and is told nothing in between.
 */
#ifndef NETVM_NETVMD_WATCHES_H
#define NETVM_NETVMD_WATCHES_H

#include "toolstack/netvmd_plan.h"
#include "xenstore-schema/store.h"

#define WATCH_BURST                                                                                \
	2000 /* events of one domain at once: one that begins with many guests has hundreds */
#define WATCH_STEADY 20 /* events a second */

struct netvmd_watch {
	uint32_t domid;
	bool name, vifs, report, wanted;
	bool flooding;
	double room;  /* events that it may still bring ... */
	double since; /* ... at this moment */
};

struct netvmd_watches {
	struct netvmd_watch *watch; /* ascending by domid */
	size_t count;
};

/* Counts an event at `now` (seconds of one clock). Pure. */
void netvmd_watches_note(struct netvmd_watches *w, const char *path, double now);

/* Sets and removes what differs. -ENOTCONN and other errors of the store. */
int netvmd_watches_follow(struct netvmd_watches *w, struct store *s, const struct registry *r,
	const struct netvmd_actual *actual, double now, struct err *e);
/* Whether the domain is not watched because of what it did. */
bool netvmd_watches_flooding(const struct netvmd_watches *w, uint32_t domid);
void netvmd_watches_forget(struct netvmd_watches *w); /* may be repeated */

#endif
