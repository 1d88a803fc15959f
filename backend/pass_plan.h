/*
 * pass_plan: what one pass of netbackd does about every vif, as data.
 *
 * From the backend directories that xenstore has and the links that the kernel has to a list of
 * actions, in the order in which they are done: who leaves goes first, for whoever comes may have
 * the same address. Pure. It must not know how a vif is opened or closed.
 */
#ifndef NETVM_PASS_PLAN_H
#define NETVM_PASS_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "xenstore-schema/schema.h"

/* A directory backend/vif/G/<devid>. */
struct pass_backend {
	struct vif_id id;
	bool online;
	enum xenbus_state state;
	bool fresh; /* it is closed for so short a time that libxl may not have seen it */
};

/* A link with a vif's name. */
struct pass_link {
	struct vif_id id;
	bool emulated;
	bool ours; /* it is in the guests' group */
};

enum pass_verb {
	PASS_DOWN,   /* close the link, if there is one */
	PASS_REMOVE, /* remove the backend directory */
	PASS_UP,     /* make the link what xenstore wants */
	PASS_VERBS
};

struct pass_action {
	enum pass_verb verb;
	struct vif_id id;
	bool emulated;
};

/*
 * `*out` malloc'd, the caller frees it. -ENOMEM.
 *
 * A backend that is closed (state 6) with `online` 0 is taken down and its directory removed, as a
 * driver domain owes libxl (libxl_device.c: backend_watch_callback, libxl__device_destroy); while
 * it is still closing it is only taken down. One whose link is yet to come (state below InitWait)
 * is left alone. All others are brought up, with their emulated twins. Links of the group without a
 * backend directory are taken down; other links without one are somebody else's.
 */
int pass_plan_make(const struct pass_backend *backends, size_t backend_count,
	const struct pass_link *links, size_t link_count, struct pass_action **out, size_t *count);

#endif
