/*
 * netback_run: the netback processes of this domain, one a vif.
 *
 * A process is found by the record that it holds (netback/record.h), never by what was remembered:
 * one that an earlier netbackd started is as good as one of ours. What it was told is its command
 * line; where something else is wanted it is ended and another one started, which goes on where
 * that one stood. One that ends by itself is started again, ever more seldom; one whose guest broke
 * the protocol is not, until the guest connects anew. The watches on what frontends say are kept
 * here as well. Must not know what states mean.
 */
#ifndef NETVM_NETBACK_RUN_H
#define NETVM_NETBACK_RUN_H

#include <stdbool.h>

#include "backend/netback/record.h"
#include "backend/vif.h"
#include "common/err.h"
#include "xenstore-schema/schema.h"

struct netback_runs;

/* `run_dir`: where records are, in a directory of their own. */
int netback_runs_open(struct netback_runs **out, const char *run_dir, struct err *e);
void netback_runs_close(struct netback_runs *r); /* processes go on; NULL is fine */

/* Readable when one of them has ended; -1 for NULL. */
int netback_runs_fd(const struct netback_runs *r);
/* The guest of one that has; false: none. */
bool netback_runs_next_ended(struct netback_runs *r, uint32_t *domid);

/*
 * Sees to it that packets of this vif are moved, for this connection and this guest's addresses.
 * -EPROTO: its guest broke the protocol; -EAGAIN: it ended, and is to be started again in `*again`
 * seconds. Both with what it said.
 */
int netback_runs_keep(struct netback_runs *r, const struct vif_wanted *w,
	const struct vif_connection *c, double now, double *again, struct err *e);

/* Sees to it that they are not. */
void netback_runs_stop(struct netback_runs *r, const struct vif_id *id);

/* Watches the frontend's state, where it does not yet. Events have the token "netback". */
int netback_runs_watch(
	struct netback_runs *r, struct store *s, const struct vif_id *id, struct err *e);
/* Stops, and watches no more: the vif is no more. */
void netback_runs_end(struct netback_runs *r, struct store *s, const struct vif_id *id);

/* Whether one was started for this vif that was not stopped since; it may have ended. */
bool netback_runs_have(const struct netback_runs *r, const struct vif_id *id);

/* The process that moves a vif's packets, 0: none, and its record. For anybody. */
pid_t netback_process(const char *run_dir, const struct vif_id *id, struct record *out);

/* The vifs that are watched, by index. False: there are no more. */
bool netback_runs_at(const struct netback_runs *r, size_t index, struct vif_id *id);

#endif
