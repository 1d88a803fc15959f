/* What is said of guests that are served all the same. */
#include <errno.h>
#include <stdio.h>

#include "backend/pass_internal.h"
#include "backend/vif_offloads.h"

#define ROOM 200 /* of NETVM_WORDS_MAX, behind the vif's name */

/* A rule whose name does not resolve is no fault of the guest's link. */
static void names_note(const struct pass *p, struct outcome *o)
{
	const struct ruleset_guest *g;
	struct policy_world world = ruleset_world(&p->s->ruleset);
	char vif[LINK_NAME_MAX];

	g = ruleset_guest_find(&p->s->ruleset, vif_link_name(&o->vif.id, false, vif));
	for (size_t i = 0; g && i < g->policy.count; i++) {
		const struct policy_rule *rule = &g->policy.rules[i];
		const struct policy_name *name;

		if (rule->target != POLICY_TO_NAME)
			continue;
		name = policy_name_find(&world, rule->name);
		if (name && name->count)
			continue;
		snprintf(o->report.error, sizeof(o->report.error),
			"%s: line %u of its policy: %.180s does not resolve", vif, rule->line,
			rule->name);
		return;
	}
}

static enum xenbus_state backend_state(const struct pass *p, const struct vif_id *id)
{
	for (size_t i = 0; i < p->backend_count; i++)
		if (vif_id_equal(&p->backends[i].id, id))
			return p->backends[i].state;
	return XENBUS_UNKNOWN;
}

/* Nor is what its guest takes of unfinished packets, where that does not go together. */
static void offloads_note(const struct pass *p, struct outcome *o)
{
	struct err why = ERR_NONE;
	char words[NETVM_WORDS_MAX], vif[VIF_NAME_MAX];
	const struct vif_id *id = &o->vif.id;
	int ret = vif_offloads_look(p->s->nl, p->s->store, p->s->options.backend, id,
		backend_state(p, id), words, &why);

	vif_name_print(id, vif);
	/* Gone meanwhile, as xenstored may be: the next pass sees it. */
	if (ret && ret != -ENODEV && ret != -ENOTCONN)
		snprintf(o->report.error, sizeof(o->report.error), "%s: %.*s", vif, ROOM, why.text);
	else if (!ret && words[0])
		snprintf(o->report.error, sizeof(o->report.error), "%s: its guest %.*s", vif, ROOM,
			words);
}

void pass_note(const struct pass *p, struct outcome *o)
{
	names_note(p, o);
	if (!o->report.error[0] && !p->s->options.plan)
		offloads_note(p, o);
}
