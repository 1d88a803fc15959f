/* What a pass did about vifs, as events. */
#include "backend/pass_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "backend/events.h"

static void tell_rules(struct events *to, const char *vif, uint32_t generation)
{
	char number[16];
	const char *const words[] = { "rules", vif, number, NULL };

	snprintf(number, sizeof(number), "%" PRIu32, generation);
	events_add(to, words);
}

static void tell_up(struct events *to, const char *vif, const struct pass_vif *v)
{
	char texts[VIF_ADDRS_MAX][ADDR_TEXT_MAX];
	const char *words[VIF_ADDRS_MAX + 3] = { "vif-up", vif };

	_Static_assert(VIF_ADDRS_MAX + 2 <= EVENT_WORDS_MAX, "an event has room for them");
	for (size_t i = 0; i < v->addr_count; i++)
		words[i + 2] = addr_print(&v->addrs[i], texts[i]);
	events_add(to, words);
}

void pass_tell_report(
	const struct pass *p, const struct outcome *o, const struct client_report *before)
{
	const struct client_report *now = &o->report;
	bool changed = !before || strcmp(before->state, now->state) != 0;
	char vif[VIF_NAME_MAX];

	vif_name_print(&o->vif.id, vif);
	if (now->generation && (!before || before->generation != now->generation))
		tell_rules(p->to->events, vif, now->generation);
	if (strcmp(now->state, "error") == 0) {
		const char *const words[] = { "vif-error", vif, now->error, NULL };

		if (changed || strcmp(before->error, now->error) != 0)
			events_add(p->to->events, words);
	} else if (strcmp(now->state, "cut off") == 0) {
		const char *const words[] = { "vif-cut-off", vif, NULL };

		if (changed)
			events_add(p->to->events, words);
	} else if (changed) {
		tell_up(p->to->events, vif, &o->vif);
	}
}

void pass_tell_down(const struct pass *p, const struct vif_id *id)
{
	char vif[VIF_NAME_MAX];
	const char *const words[] = { "vif-down", vif_name_print(id, vif), NULL };

	events_add(p->to->events, words);
}

void pass_tell_power(const struct pass *p, enum provider_power power)
{
	const char *const words[] = { power == PROVIDER_SUSPENDS ? "suspend" : "resume", NULL };

	if (power != p->memory->told)
		events_add(p->to->events, words);
	p->memory->told = power;
	if (events_are_told(p->to->events))
		p->memory->answered = power;
}
