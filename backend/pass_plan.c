#include "backend/pass_plan.h"

#include <errno.h>
#include <stdlib.h>

struct plan {
	struct pass_action *actions;
	size_t count;
};

static void plan_add(struct plan *p, enum pass_verb verb, const struct vif_id *id, bool emulated)
{
	p->actions[p->count++] =
		(struct pass_action){ .verb = verb, .id = *id, .emulated = emulated };
}

/* What is done about a vif that has a backend directory. */
static enum pass_verb backend_verb(const struct pass_backend *b)
{
	if (b->online || (b->state != XENBUS_CLOSING && b->state != XENBUS_CLOSED))
		return PASS_UP;
	return b->state == XENBUS_CLOSED && !b->fresh ? PASS_REMOVE : PASS_DOWN;
}

static const struct pass_backend *backend_of(
	const struct pass_backend *backends, size_t count, const struct vif_id *id)
{
	for (size_t i = 0; i < count; i++)
		if (vif_id_equal(&backends[i].id, id))
			return &backends[i];
	return NULL;
}

static bool has_link(const struct pass_link *links, size_t count, const struct vif_id *id)
{
	for (size_t i = 0; i < count; i++)
		if (!links[i].emulated && vif_id_equal(&links[i].id, id))
			return true;
	return false;
}

int pass_plan_make(const struct pass_backend *backends, size_t backend_count,
	const struct pass_link *links, size_t link_count, struct pass_action **out, size_t *count)
{
	/* At most a DOWN and a REMOVE for each directory, and one action for each link. */
	struct plan p = { .actions =
				  calloc(2 * backend_count + link_count + 1, sizeof(*p.actions)) };

	if (!p.actions)
		return -ENOMEM;
	for (size_t i = 0; i < link_count; i++) {
		const struct pass_backend *b = backend_of(backends, backend_count, &links[i].id);

		if (b ? links[i].emulated && backend_verb(b) != PASS_UP : links[i].ours)
			plan_add(&p, PASS_DOWN, &links[i].id, links[i].emulated);
	}
	for (size_t i = 0; i < backend_count; i++) {
		enum pass_verb verb = backend_verb(&backends[i]);

		if (verb == PASS_UP)
			continue;
		plan_add(&p, PASS_DOWN, &backends[i].id, false);
		if (verb == PASS_REMOVE)
			plan_add(&p, PASS_REMOVE, &backends[i].id, false);
	}
	for (size_t i = 0; i < backend_count; i++)
		if (backend_verb(&backends[i]) == PASS_UP &&
			(backends[i].state >= XENBUS_INIT_WAIT ||
				has_link(links, link_count, &backends[i].id)))
			plan_add(&p, PASS_UP, &backends[i].id, false);
	for (size_t i = 0; i < link_count; i++) {
		const struct pass_backend *b = backend_of(backends, backend_count, &links[i].id);

		if (links[i].emulated && b && backend_verb(b) == PASS_UP)
			plan_add(&p, PASS_UP, &links[i].id, true);
	}
	*out = p.actions;
	*count = p.count;
	return 0;
}
