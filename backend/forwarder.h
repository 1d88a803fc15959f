/*
 * forwarder: a DNS forwarder of this domain's own (dnsmasq), for what translation cannot do
 * (resolvers_plan.h says when).
 *
 * It is made to stand as the packet filter is: each call compares what is wanted with what runs, as
 * one file of the run directory remembers it, and acts on the difference, so that one that another
 * process started is taken over, and one that died is started again, ever more seldom if it dies at
 * once. A forwarder never changes what it asks: another one is started beside it, on the second of
 * two addresses, and the old one ends when questions under way to it have been answered. It listens
 * on port 53 of its address and nowhere else, without a cache that guests would share, as an
 * unprivileged user. Who gets there is the packet filter's business.
 *
 * The caller holds the domain's lock around all but open, close and fd.
 */
#ifndef NETVM_FORWARDER_H
#define NETVM_FORWARDER_H

#include <stdbool.h>
#include <stdio.h>

#include "backend/resolvers_plan.h"
#include "backend/settings.h"
#include "common/err.h"
#include "common/netlink.h"

struct forwarder;

int forwarder_open(struct forwarder **out, struct netlink *nl, const char *run_dir, struct err *e);
/* What runs goes on. NULL is fine. */
void forwarder_close(struct forwarder *f);

/* Where it listens; absent: not in that family. */
struct forwarder_at {
	struct addr ip4, ip6;
};

/*
 * Makes a forwarder stand that does what `w` says (ask_count 0: none is wanted), and answers when
 * this returns 0. The settings have an address for each family that `w` wants. -EAGAIN: it died and
 * is not started again yet; -ENOENT: no dnsmasq; -EINVAL: no user; or why it did not start. `now`:
 * clock_seconds().
 */
int forwarder_stand(struct forwarder *f, const struct forward *w, const struct settings *settings,
	double now, struct forwarder_at *at, struct err *e);

/* As that, but starts nothing: -ESRCH where no such forwarder runs. With `plan`, `at` is then where
 * one would be started, and a comment in `plan` says so, or why there would be none. */
int forwarder_find(struct forwarder *f, const struct forward *w, const struct settings *settings,
	FILE *plan, struct forwarder_at *at, struct err *e);

/* To be called when the rules lead to where the last of these calls said: ends others, some seconds
 * after they were last wanted. */
void forwarder_settle(struct forwarder *f, double now);

/* Seconds until forwarder_stand() has to be called again without an event, 0: never. */
double forwarder_next(const struct forwarder *f, double now);

/* Readable when the forwarder ends; -1: none runs. It changes with forwarder_stand(). */
int forwarder_fd(const struct forwarder *f);

/* Ends all, removes their addresses. */
int forwarder_tear_down(struct forwarder *f, struct err *e);

#endif
