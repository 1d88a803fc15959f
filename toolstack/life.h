/*
 * life: domains of the registry started and stopped, for start, stop and restart.
 *
 * xl does both, run with an argument vector. What is waited for are events of xenstored, and all
 * that one command does has one deadline, which --timeout sets. With --dry-run everything is
 * checked, and what would be run is printed. It must not know where a domain's vifs are wanted:
 * netvmd attaches them, whenever their network domain says that it is ready.
 */
#ifndef NETVM_LIFE_H
#define NETVM_LIFE_H

#include "toolstack/netvm.h"
#include "toolstack/xen.h"

struct store;

struct life {
	const struct netvm *n;
	const struct registry *r;
	struct store *store;
	long long end; /* milliseconds of the monotonic clock */
};

/* The time begins. life_close() in any case. */
int life_open(struct life *l, const struct netvm *n, const struct registry *r, struct err *e);
void life_close(struct life *l);

/* What runs under that name, alive or not. `*found` false: nothing. */
int life_find(const char *name, struct xen_domain *out, bool *found, struct err *e);

/* Every network domain above `d`, the farthest first, then `d`: each is started if it does not run,
 * and each network domain must say that it is ready before the next one is. `ready`: so must `d`.
 */
int life_start(const struct life *l, const struct registry_domain *d, bool ready, struct err *e);

/* What can be told of life_start() before anything is done: -ENOENT, -EACCES: its xl config. */
int life_start_check(const struct registry_domain *d, struct err *e);

/* Starts `d` alone, which does not run. */
int life_create(const struct life *l, const struct registry_domain *d, struct err *e);

/* Who uses that domain as a network domain, as libxl's records or the registry have it, among those
 * that run: their names, separated by ", ". `*count` 0: nobody does. */
#define LIFE_USERS_MAX 400
int life_users(const struct life *l, const struct xen_domain *d, char names[LIFE_USERS_MAX],
	size_t *count, struct err *e);

/* Shuts it down, or with --destroy destroys it, and waits until it is gone. */
int life_stop(const struct life *l, const struct xen_domain *d, struct err *e);

/* --- what its two files share --- */

#define LIFE_WORDS_MAX 4096 /* of xl */

unsigned int life_seconds_left(const struct life *l); /* 0: the deadline is over */
/* Takes xenstored's events, or waits for one: a second at most, for not everything has a watch. */
int life_await(const struct life *l, struct err *e);

#endif
