/*
 * netvmd_jobs: vifs being attached and detached, beside the event loop.
 *
 * Each is a child process (xen_child.h), at most one a guest and JOBS_MAX in all. How it ended is
 * said once; a failure is tried again, ever more seldom, and a vif that was attached a moment ago
 * is not attached anew at once, so that a network domain that keeps breaking its vifs costs little.
 * Nothing is lost when this is: the next pass finds what has become of it in xenstore.
 *
 * More than JOBS_MAX wait for one to end, so that nobody's attachment waits for a pass over all
 * domains; a pass says anew what is to be done, and whoever hears that something else is wanted now
 * makes them be forgotten (netvmd_jobs_forget()).
 *
 * It must not know what is wanted.
 */
#ifndef NETVM_NETVMD_JOBS_H
#define NETVM_NETVMD_JOBS_H

#include <ev.h>

#include "toolstack/netvmd_plan.h"

#define JOBS_MAX	 8
#define JOBS_AGAIN_FIRST 2.0 /* seconds after a failure; it doubles up to */
#define JOBS_AGAIN_MOST	 60.0
#define JOBS_REST	 5.0 /* after an attachment */

struct netvmd_jobs;

/* `ended` is called after each. `loop`: the default loop, which alone hears of children. */
int netvmd_jobs_open(struct netvmd_jobs **out, struct ev_loop *loop, void (*ended)(void *arg),
	void *arg, struct err *e);
/* Those that run go on by themselves. NULL is fine. */
void netvmd_jobs_close(struct netvmd_jobs *j);

/* Those that wait for their turn are not begun any more. */
void netvmd_jobs_forget(struct netvmd_jobs *j);

/* Sets `busy` of each domain, and forgets domains that are gone. */
void netvmd_jobs_mark(struct netvmd_jobs *j, struct netvmd_actual *actual);

/* Tells `say` of each guest whose last job failed and that is still to be tried again. */
void netvmd_jobs_failures(const struct netvmd_jobs *j,
	void (*say)(void *arg, const char *guest, const char *words), void *arg);

/* Begins an ATTACH or DETACH of a guest that is not busy. -EAGAIN: there are enough, and it is
 * begun when there is room. */
int netvmd_jobs_start(struct netvmd_jobs *j, const struct netvmd_action *a, struct err *e);

/* Seconds until a guest that was marked as busy is so no more, without a job's end; negative: none
 * was. */
double netvmd_jobs_next(const struct netvmd_jobs *j);

#endif
