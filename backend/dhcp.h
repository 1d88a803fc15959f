/*
 * dhcp: DHCP for guests in which nothing of ours runs: one dnsmasq a link, kept while the link is
 * served.
 *
 * It is bound to the link, knows one MAC address and for that one IPv4 address, and says with it
 * what such a guest would have read from xenstore: the gateway, with a route to it since no subnet
 * holds it, the virtual resolvers, the MTU. It does nothing else (no DNS, no file, no lease that
 * outlives it, no word into the log for what a guest says), as an unprivileged user, which keeps
 * CAP_NET_ADMIN, since dnsmasq does not run without. What it was told is its command line; where
 * something else is wanted it is ended and another one started. One that ends by itself is started
 * again, ever more seldom. One that an earlier netbackd started is found by a file of the run
 * directory. Who gets to it is the guard's and the packet filter's business.
 */
#ifndef NETVM_DHCP_H
#define NETVM_DHCP_H

#include <stdbool.h>

#include "backend/vif.h"
#include "common/arguments.h"
#include "common/err.h"

struct dhcp_runs;

int dhcp_runs_open(struct dhcp_runs **out, const char *run_dir, struct err *e);
void dhcp_runs_close(struct dhcp_runs *r); /* processes go on; NULL is fine */

/* Readable when one of them has ended; -1 for NULL. */
int dhcp_runs_fd(const struct dhcp_runs *r);
/* The link of one that has; false: none. */
bool dhcp_runs_next_ended(struct dhcp_runs *r, char link[LINK_NAME_MAX]);

/*
 * Sees to it that a guest is answered on its link, which is there. `user`: who it runs as.
 * -ENOENT: no dnsmasq; -EINVAL: no such user; -EAGAIN: it ended, and is to be started again in
 * `*again` seconds.
 */
int dhcp_runs_keep(struct dhcp_runs *r, const struct vif_wanted *w, const char *user, double now,
	double *again, struct err *e);
/* Sees to it that it is not. */
void dhcp_runs_stop(struct dhcp_runs *r, const char *link);

/* The links where guests are answered, or lately were, by index; NULL: there are no more. */
const char *dhcp_runs_at(const struct dhcp_runs *r, size_t index);

/* Pure: the command line for a guest with an IPv4 address. */
void dhcp_words_make(
	struct arguments *out, const struct vif_wanted *w, const char *user, const char *group);

#endif
