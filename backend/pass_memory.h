/*
 * pass_memory: what one pass leaves to the next, so that that may look at a part.
 *
 * Which vifs there are, so that those of a guest are found when xenstore has nothing of it any
 * more, and which of them are to be looked at by every pass: those that could not be served (what
 * was in their way may be gone) and backends that wait for their end. All of it can be lost: then
 * the next pass looks at everything.
 */
#ifndef NETVM_PASS_MEMORY_H
#define NETVM_PASS_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

#include "backend/pass_plan.h"
#include "backend/scope.h"
#include "backend/vif.h"
#include "common/addr.h"

/*
 * libxl in dom0 waits for state 6 too, and takes it for a failure when the directory is gone before
 * it has looked (libxl_event.c: devstate_callback). xl devd is slow enough never to be too early:
 * its offline script runs in between. So a directory is removed this many seconds after it was
 * first seen closed; libxl waits ten for that (LIBXL_DESTROY_TIMEOUT).
 */
#define PASS_GRACE	1.0
#define PASS_CLOSED_MAX 256

struct pass_vif {
	struct vif_id id;
	bool wanted;			  /* else only its link is here */
	bool faulty;			  /* it could not be served */
	struct addr addrs[VIF_ADDRS_MAX]; /* that lead to its guest */
	size_t addr_count;
};

struct pass_memory {
	/* When each closed backend was first seen so. Losing it costs a second. */
	struct pass_closed {
		struct vif_id id;
		double since;
	} closed[PASS_CLOSED_MAX];
	size_t count;
	struct pass_vif *vifs;
	size_t vif_count;
	enum provider_power told;     /* what the host does, as hooks are told of it, */
	enum provider_power answered; /* and as they were */
	bool partial;		      /* not everything that was looked at could be dealt with */
	bool once;		      /* there will be no other pass: nothing waits */
};

void pass_memory_dispose(struct pass_memory *m);

/* Whether this closed backend was first seen less than PASS_GRACE before `now`. One for which there
 * is no room is always fresh. */
bool pass_memory_is_fresh(struct pass_memory *m, const struct vif_id *id, double now);
/* Forgets those that are not closed any more. */
void pass_memory_forget_closed(
	struct pass_memory *m, const struct pass_backend *backends, size_t count);

/* Adds what every pass looks at. */
void pass_memory_scope(const struct pass_memory *m, struct scope *scope);

/* Remembers `vifs` as all that there are of those that `scope` has. -ENOMEM. */
int pass_memory_put(struct pass_memory *m, const struct scope *scope, const struct pass_vif *vifs,
	size_t count);

#endif
