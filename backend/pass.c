#include "backend/pass.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/pass_plan.h"
#include "backend/pass_report.h"

#define EXPIRY_MAX 60 /* seconds */

/* What became of one wanted vif. */
struct outcome {
	struct vif_id id;
	struct client_report report;
	bool faulty; /* it could not be served; what is served may have an `error`, too */
};

struct pass {
	struct service *s;
	pass_say say;
	struct pass_memory *memory;
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

static void next_pass(struct pass_result *r, double seconds)
{
	if (!r->next || seconds < r->next)
		r->next = seconds;
}

/* --- looking --- */

/* Whether this closed backend was first seen less than PASS_GRACE ago. */
static bool closed_is_fresh(struct pass *p, const struct vif_id *id)
{
	struct pass_memory *m = p->memory;

	if (!m)
		return false;
	for (size_t i = 0; i < m->count; i++)
		if (vif_id_equal(&m->closed[i].id, id))
			return p->now - m->closed[i].since < PASS_GRACE;
	if (m->count < PASS_CLOSED_MAX)
		m->closed[m->count++] = (struct pass_closed){ *id, p->now };
	return true;
}

/* Forgets those that are not closed any more. */
static void closed_forget(struct pass *p)
{
	struct pass_memory *m = p->memory;
	size_t kept = 0;

	for (size_t i = 0; m && i < m->count; i++) {
		bool closed = false;

		for (size_t k = 0; k < p->backend_count && !closed; k++)
			closed = vif_id_equal(&p->backends[k].id, &m->closed[i].id) &&
				 !p->backends[k].online && p->backends[k].state == XENBUS_CLOSED;
		if (closed)
			m->closed[kept++] = m->closed[i];
	}
	if (m)
		m->count = kept;
}

/* A directory whose `online` or `state` makes no sense is one to be brought up, which then says
 * what is wrong with it. */
static int backends_look(struct pass *p, struct err *e)
{
	struct vif_id *ids = NULL;
	size_t count = 0;
	int ret = vif_backend_list(p->s->store, p->s->options.backend, &ids, &count, e);

	if (!ret) {
		p->backends = calloc(count + 1, sizeof(*p->backends));
		p->outcomes = calloc(count + 1, sizeof(*p->outcomes));
		if (!p->backends || !p->outcomes)
			ret = err_sys(e, -ENOMEM, "list of vifs");
	}
	for (size_t i = 0; i < count && !ret; i++) {
		struct vif_backend b;

		ret = vif_backend_read_life(p->s->store, p->s->options.backend, &ids[i], &b, e);
		if (ret == -ENOTCONN)
			break;
		if (ret != -ENOENT)
			p->backends[p->backend_count++] = (struct pass_backend){
				.id = ids[i],
				.online = ret < 0 || b.online,
				.state = ret < 0 ? XENBUS_INIT_WAIT : b.state,
				.fresh = ret == 0 && !b.online && b.state == XENBUS_CLOSED &&
					 closed_is_fresh(p, &ids[i]),
			};
		if (p->backend_count && p->backends[p->backend_count - 1].fresh)
			next_pass(p->result, PASS_GRACE);
		ret = 0;
	}
	closed_forget(p);
	free(ids);
	return ret;
}

static int links_look(struct pass *p, struct err *e)
{
	struct link *links = NULL;
	size_t count = 0;
	int ret = link_list(p->s->nl, &links, &count, e);

	if (!ret) {
		p->links = calloc(count + 1, sizeof(*p->links));
		if (!p->links)
			ret = err_sys(e, -ENOMEM, "list of links");
	}
	for (size_t i = 0; i < count && !ret; i++) {
		struct pass_link *l = &p->links[p->link_count];

		l->ours = links[i].group == VIF_GROUP;
		if (vif_name_parse(links[i].name, &l->id, &l->emulated) == 0)
			p->link_count++;
	}
	free(links);
	return ret;
}

/* --- doing --- */

static struct outcome *outcome_of(struct pass *p, const struct vif_id *id)
{
	struct outcome *o;

	for (size_t i = 0; i < p->outcome_count; i++) {
		o = &p->outcomes[i];
		if (vif_id_equal(&o->id, id))
			return o;
	}
	o = &p->outcomes[p->outcome_count++];
	o->id = *id;
	return o;
}

static int do_down(struct pass *p, const struct pass_action *a, struct err *e)
{
	int ret = service_vif_down(p->s, &a->id, a->emulated, e);

	if (ret && ret != -ENOTCONN)
		p->say(true, e->text);
	return ret;
}

static int do_remove(struct pass *p, const struct pass_action *a, struct err *e)
{
	char name[VIF_NAME_MAX], words[80];
	int ret;

	vif_name_print(&a->id, name);
	if (p->s->options.plan) {
		fprintf(p->s->options.plan, "%s: remove its backend directory\n", name);
		return 0;
	}
	ret = vif_backend_remove(p->s->store, p->s->options.backend, &a->id, e);
	if (ret && ret != -ENOTCONN)
		p->say(true, e->text);
	if (!ret) {
		snprintf(words, sizeof(words), "%s: gone", name);
		p->say(false, words);
	}
	return ret;
}

/* A rule whose name does not resolve is no fault of the guest's link, but is said. */
static void names_note(const struct pass *p, struct outcome *o)
{
	const struct ruleset_guest *g;
	struct policy_world world = ruleset_world(&p->s->ruleset);
	char vif[LINK_NAME_MAX];

	g = ruleset_guest_find(&p->s->ruleset, vif_link_name(&o->id, false, vif));
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

static int do_up(struct pass *p, const struct pass_action *a, struct err *e)
{
	static const char *const states[] = {
		[VIF_SERVED] = "connected",
		[VIF_CUT_OFF] = "cut off",
		[VIF_FAULTY] = "error",
		[VIF_GONE] = "error",
	};
	struct vif_wanted w;
	struct outcome *o;
	int ret = service_vif_up(p->s, &a->id, a->emulated, &w, e);

	/* Gone meanwhile: the next pass sees it. (-ENOENT is iptables' absence, too.) */
	if (ret == -ENOTCONN || (ret == -ENOENT && w.life == VIF_GONE))
		return ret;
	o = outcome_of(p, &a->id);
	/* The emulated twin comes second; it must not hide what is wrong with the first. */
	if (a->emulated && o->report.error[0])
		return 0;
	snprintf(o->report.state, sizeof(o->report.state), "%s", ret ? "error" : states[w.life]);
	snprintf(o->report.error, sizeof(o->report.error), "%.*s", (int)sizeof(o->report.error) - 1,
		ret ? e->text : "");
	o->report.generation = ret ? 0 : w.generation;
	o->faulty = ret != 0;
	if (!ret)
		names_note(p, o);
	return 0;
}

/* Every action for itself; only the loss of xenstored ends the pass. */
static int actions_do(struct pass *p, struct err *e)
{
	static int (*const verbs[PASS_VERBS])(
		struct pass * p, const struct pass_action *a, struct err *e) = {
		[PASS_DOWN] = do_down,
		[PASS_REMOVE] = do_remove,
		[PASS_UP] = do_up,
	};

	for (size_t i = 0; i < p->action_count; i++) {
		struct err why = ERR_NONE;

		if (verbs[p->actions[i].verb](p, &p->actions[i], &why) == -ENOTCONN) {
			if (e)
				*e = why;
			return -ENOTCONN;
		}
	}
	return 0;
}

/* --- reporting --- */

/* What is written is compared with what was said before: a change is news. */
static int client_report_put(struct pass *p, const struct outcome *o, struct err *e)
{
	char name[VIF_NAME_MAX], words[ERR_TEXT_MAX];
	struct client_report before;
	int ret = client_report_read(p->s->store, SCHEMA_SELF, &o->id, &before, NULL);

	if (ret == -ENOTCONN)
		return err_set(e, ret, "xenstored is gone");
	if (ret || strcmp(before.error, o->report.error) != 0 ||
		strcmp(before.state, o->report.state) != 0) {
		snprintf(words, sizeof(words), "%s: %s", vif_name_print(&o->id, name),
			o->report.state);
		p->say(o->report.error[0], o->report.error[0] ? o->report.error : words);
	}
	return client_report_write(p->s->store, &o->id, &o->report, e);
}

static bool has_outcome(const struct pass *p, const struct vif_id *id)
{
	for (size_t i = 0; i < p->outcome_count; i++)
		if (vif_id_equal(&p->outcomes[i].id, id))
			return true;
	return false;
}

static int client_reports(struct pass *p, struct err *e)
{
	struct vif_id *ids = NULL;
	size_t count = 0;
	int ret = client_report_list(p->s->store, &ids, &count, e);

	for (size_t i = 0; i < count && !ret; i++)
		if (!has_outcome(p, &ids[i]))
			ret = client_report_remove(p->s->store, &ids[i], e);
	for (size_t i = 0; i < p->outcome_count && !ret; i++)
		ret = client_report_put(p, &p->outcomes[i], e);
	free(ids);
	return ret;
}

/* --- the pass --- */

/* A rule ends in time though nothing happens. A clock that was set meanwhile, or a machine that
 * slept, is noticed within EXPIRY_MAX. */
static void expiry_note(struct pass *p)
{
	const struct ruleset *r = &p->s->ruleset;
	int64_t expiry = ruleset_next_expiry(r);

	if (expiry)
		next_pass(p->result,
			expiry - r->now < EXPIRY_MAX ? (double)(expiry - r->now) : EXPIRY_MAX);
}

static int rules_stand(struct pass *p, struct err *e)
{
	bool changed = false;
	int ret = p->s->options.plan
			  ? service_rules_print(p->s, p->s->options.plan, &p->rules_fault)
			  : service_rules_stand(p->s, &changed, &p->rules_fault);

	if (p->s->options.plan && ret && ret != -ENOTCONN)
		p->say(true, p->rules_fault.text);
	if (!ret)
		p->rules_fault.code = 0;
	p->result->rules_fault = ret != 0;
	if (!ret)
		expiry_note(p);
	if (!p->s->options.plan && service_next(p->s) > 0)
		next_pass(p->result, service_next(p->s));
	if (changed && !ret)
		p->say(false, "packet filter: rules written");
	if (ret == -ENOTCONN && e)
		*e = p->rules_fault;
	return ret == -ENOTCONN ? ret : 0;
}

/* The number that dom0 wants back, 0 where it does not manage this domain. */
static int probe_read(struct pass *p, uint32_t *probe, struct err *e)
{
	struct provider provider = { .probe = 0 };
	int ret = provider_read(p->s->store, SCHEMA_SELF, &provider, e);

	p->result->settings_stale = ret == -ENOENT && p->s->settings.managed;
	*probe = provider.probe;
	return ret == -ENOTCONN ? ret : 0;
}

int pass_run(struct service *s, struct pass_memory *memory, double now, pass_say say,
	struct pass_result *out, struct err *e)
{
	struct pass p = { .s = s, .memory = memory, .now = now, .say = say, .result = out };
	uint32_t probe = 0;
	int ret;

	memset(out, 0, sizeof(*out));
	ret = probe_read(&p, &probe, e);
	if (!ret && out->settings_stale)
		return 0;
	if (!ret)
		ret = rules_stand(&p, e);
	if (!ret)
		ret = backends_look(&p, e);
	if (!ret)
		ret = links_look(&p, e);
	if (!ret && pass_plan_make(p.backends, p.backend_count, p.links, p.link_count, &p.actions,
			    &p.action_count) < 0)
		ret = err_sys(e, -ENOMEM, "plan of a pass");
	if (!ret)
		ret = actions_do(&p, e);
	if (!ret && !s->options.plan)
		ret = client_reports(&p, e);
	if (!ret && !s->options.plan)
		ret = pass_report(s, probe, &p.rules_fault, say, e);
	out->uplinks = s->notes.uplinks;
	out->vifs = p.outcome_count;
	for (size_t i = 0; i < p.outcome_count; i++)
		out->faulty += p.outcomes[i].faulty;
	free(p.backends);
	free(p.links);
	free(p.actions);
	free(p.outcomes);
	return ret;
}

int pass_take_down(struct service *s, struct err *e)
{
	struct service_link *links = NULL;
	struct err later = ERR_NONE;
	size_t count = 0;
	int ret = service_link_list(s, &links, &count, e), rc;

	for (size_t i = 0; i < count; i++) {
		rc = service_vif_down(s, &links[i].id, links[i].emulated, ret ? &later : e);
		ret = ret ? ret : rc;
	}
	free(links);
	if (s->options.plan)
		return ret;
	rc = service_rules_remove(s, ret ? &later : e);
	ret = ret ? ret : rc;
	rc = netvm_report_remove(s->store, ret ? &later : e);
	return ret ? ret : rc;
}
