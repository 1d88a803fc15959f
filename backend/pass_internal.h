/*
 * pass_internal: a pass at work, shared by the files of pass.h.
 */
#ifndef NETVM_PASS_INTERNAL_H
#define NETVM_PASS_INTERNAL_H

#include "backend/pass.h"
#include "backend/pass_plan.h"

/* What became of one wanted vif. */
struct outcome {
	struct pass_vif vif;
	struct client_report report; /* what is served may have an `error`, too */
};

struct pass {
	struct service *s;
	const struct pass_listeners *to;
	struct pass_memory *memory;
	struct scope *scope;
	double now;
	struct pass_result *result;
	struct pass_backend *backends;
	size_t backend_count;
	struct pass_link *links;
	size_t link_count;
	struct pass_action *actions;
	size_t action_count;
	struct outcome *outcomes; /* room for one a backend */
	size_t outcome_count;
	struct err rules_fault;
};

/* A pass is due in so many seconds, or earlier. */
void pass_due(struct pass_result *r, double seconds);

/* The outcome of that vif, made where there is none yet. */
struct outcome *pass_outcome(struct pass *p, const struct vif_id *id);

/* Something could not be closed, removed or reported: says so, and the next pass looks at all. */
void pass_undone(struct pass *p, const struct err *why);

/* What xenstore has in `scope` into `backends`, with room for their outcomes. */
int pass_look_backends(struct pass *p, struct err *e);

/* The links of vifs that xenstore has, or had in an earlier pass; closes those of the group that
 * have no vif's name. */
int pass_look_links(struct pass *p, struct err *e);

/* Says in the report of a guest that is served what is not as it could be, if anything. */
void pass_note(const struct pass *p, struct outcome *o);

/* Tell the events of a vif (events.h): what became of it, where that is another than what was
 * reported before (NULL: nothing), and that it is gone. */
void pass_tell_report(
	const struct pass *p, const struct outcome *o, const struct client_report *before);
/* What the host is about to do, where that is news. */
void pass_tell_power(const struct pass *p, enum provider_power power);
void pass_tell_down(const struct pass *p, const struct vif_id *id);

#endif
