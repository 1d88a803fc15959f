/*
 * present_watch: tells when what present shows beside the registry may have changed.
 *
 * Files are watched by inotify (the registry's, netvmd's), the rest by watches of xenstore. It must
 * not know what changed, nor what is made of it.
 */
#ifndef NETVM_PRESENT_WATCH_H
#define NETVM_PRESENT_WATCH_H

#include "toolstack/present.h"
#include "toolstack/registry.h"

struct present_watch {
	struct store *store; /* NULL: nobody answers */
	int files;
};

/* present_watch_close() afterwards in any case. */
int present_watch_open(struct present_watch *w, struct err *e);
void present_watch_close(struct present_watch *w);

/* Watches what there is by now, for whoever looks next: the registry in `dir`, whose domains are in
 * `r`, and `p`. What is watched from now on counts as a change. An absent xenstored is no error. */
int present_watch_renew(struct present_watch *w, const char *dir, const struct registry *r,
	const struct present *p, struct err *e);
/* Waits for a change, and a moment more for what comes with it. */
int present_watch_wait(struct present_watch *w, struct err *e);

#endif
