#include "backend/pass.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/dhcp.h"
#include "backend/netback_run.h"
#include "backend/pass_internal.h"
#include "backend/pass_netback.h"
#include "backend/pass_report.h"

#define EXPIRY_MAX 60 /* seconds */

/* --- doing --- */

struct outcome *pass_outcome(struct pass *p, const struct vif_id *id)
{
	struct outcome *o;

	for (size_t i = 0; i < p->outcome_count; i++) {
		o = &p->outcomes[i];
		if (vif_id_equal(&o->vif.id, id))
			return o;
	}
	o = &p->outcomes[p->outcome_count++];
	o->vif.id = *id;
	o->vif.wanted = true;
	return o;
}

static bool has_outcome(const struct pass *p, const struct vif_id *id)
{
	for (size_t i = 0; i < p->outcome_count; i++)
		if (vif_id_equal(&p->outcomes[i].vif.id, id))
			return true;
	return false;
}

void pass_undone(struct pass *p, const struct err *why)
{
	p->to->say(true, why->text);
	p->result->undone = true;
	p->memory->partial = true;
}

static int do_down(struct pass *p, const struct pass_action *a, struct err *e)
{
	int ret = service_vif_down(p->s, &a->id, a->emulated, e);

	if (ret && ret != -ENOTCONN)
		pass_undone(p, e);
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
		pass_undone(p, e);
	if (!ret) {
		snprintf(words, sizeof(words), "%s: gone", name);
		p->to->say(false, words);
	}
	return ret;
}

/* A guest that gets no answer by DHCP may do without; its link is in order. */
static void dhcp_see_to(struct pass *p, const struct vif_wanted *w, bool served, struct err *e)
{
	double again = 0;

	if (!p->s->dhcp || p->s->options.plan)
		return;
	if (served && w->dhcp)
		dhcp_runs_keep(p->s->dhcp, w, p->s->settings.forwarder_user, p->now, &again, e);
	else
		dhcp_runs_stop(p->s->dhcp, w->link);
	if (again > 0)
		pass_due(p->result, again);
}

static int do_up(struct pass *p, const struct pass_action *a, struct err *e)
{
	static const char *const states[] = {
		[VIF_SERVED] = "connected",
		[VIF_CUT_OFF] = "cut off",
		[VIF_FAULTY] = "error",
		[VIF_GONE] = "error",
	};
	struct err note = ERR_NONE;
	struct vif_wanted w;
	struct outcome *o;
	int ret;

	/* What moves its packets could not be had, and has said so. */
	if (has_outcome(p, &a->id) && !a->emulated)
		return 0;
	ret = service_vif_up(p->s, &a->id, a->emulated, &w, e);
	if (!ret)
		ret = pass_netback_connect(p, &w, &note, e);
	/* Gone meanwhile: the next pass sees it. (-ENOENT is iptables' absence, too.) */
	if (ret == -ENOTCONN || (ret == -ENOENT && w.life == VIF_GONE))
		return ret;
	o = pass_outcome(p, &a->id);
	dhcp_see_to(p, &w, !ret && w.life == VIF_SERVED, &note);
	/* The emulated twin comes second; it must not hide what is wrong with the first. */
	if (a->emulated && o->report.error[0])
		return 0;
	snprintf(o->report.state, sizeof(o->report.state), "%s", ret ? "error" : states[w.life]);
	snprintf(o->report.error, sizeof(o->report.error), "%.*s", (int)sizeof(o->report.error) - 1,
		ret ? e->text : "");
	o->report.generation = ret ? 0 : w.generation;
	o->vif.faulty = ret != 0;
	o->vif.addr_count = ret ? 0 : w.count;
	memcpy(o->vif.addrs, w.addrs, o->vif.addr_count * sizeof(w.addrs[0]));
	if (!ret && note.code)
		snprintf(o->report.error, sizeof(o->report.error), "%.*s",
			(int)sizeof(o->report.error) - 1, note.text);
	else if (!ret && w.life == VIF_SERVED)
		pass_note(p, o);
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

static bool report_equal(const struct client_report *a, const struct client_report *b)
{
	return strcmp(a->state, b->state) == 0 && strcmp(a->error, b->error) == 0 &&
	       a->generation == b->generation;
}

/* What is written is compared with what was said before (NULL: nothing): a change is news. */
static void report_say(
	const struct pass *p, const struct outcome *o, const struct client_report *before)
{
	char name[VIF_NAME_MAX], words[ERR_TEXT_MAX];

	pass_tell_report(p, o, before);
	if (before && strcmp(before->error, o->report.error) == 0 &&
		strcmp(before->state, o->report.state) == 0)
		return;
	snprintf(words, sizeof(words), "%s: %s", vif_name_print(&o->vif.id, name), o->report.state);
	p->to->say(o->report.error[0], o->report.error[0] ? o->report.error : words);
}

static int client_report_put(struct pass *p, const struct outcome *o, bool is_there, struct err *e)
{
	struct client_report before;
	int ret = is_there ? client_report_read(p->s->store, SCHEMA_SELF, &o->vif.id, &before, NULL)
			   : -ENOENT;

	if (ret == -ENOTCONN)
		return err_set(e, ret, "xenstored is gone");
	report_say(p, o, ret ? NULL : &before);
	if (ret == -ENOENT)
		return client_report_begin(p->s->store, &o->vif.id, &o->report, e);
	if (!ret && report_equal(&before, &o->report))
		return 0;
	return client_report_write(p->s->store, &o->vif.id, &o->report, e);
}

static bool ids_have(const struct vif_id *ids, size_t count, const struct vif_id *id)
{
	for (size_t i = 0; i < count; i++)
		if (vif_id_equal(&ids[i], id))
			return true;
	return false;
}

/* What xenstored refuses to be told of one guest (a quota) it may take of the next. */
static int report_done(struct pass *p, int ret, const struct err *why, struct err *e)
{
	if (ret && ret != -ENOTCONN)
		pass_undone(p, why);
	else if (ret && e)
		*e = *why;
	return ret == -ENOTCONN ? ret : 0;
}

static int client_reports(struct pass *p, struct err *e)
{
	struct vif_id *ids = NULL;
	struct err why = ERR_NONE;
	size_t count = 0;
	int ret = client_report_list_of(p->s->store, scope_guests(p->scope), &ids, &count, e);

	for (size_t i = 0; i < count && !ret; i++)
		if (!has_outcome(p, &ids[i])) {
			ret = client_report_remove(p->s->store, &ids[i], &why);
			if (!ret)
				pass_tell_down(p, &ids[i]);
			ret = report_done(p, ret, &why, e);
		}
	for (size_t i = 0; i < p->outcome_count && !ret; i++) {
		const struct outcome *o = &p->outcomes[i];

		ret = client_report_put(p, o, ids_have(ids, count, &o->vif.id), &why);
		ret = report_done(p, ret, &why, e);
	}
	free(ids);
	return ret;
}

/* --- the pass --- */

/* A rule ends in time though nothing happens. A clock that was set meanwhile, or a machine that
 * slept, is noticed within EXPIRY_MAX. */
static void expiry_note(struct pass *p)
{
	const struct ruleset *r = &p->s->ruleset;
	int64_t expiry = r->expiry;

	if (expiry)
		pass_due(p->result,
			expiry - r->now < EXPIRY_MAX ? (double)(expiry - r->now) : EXPIRY_MAX);
}

static int rules_stand(struct pass *p, struct err *e)
{
	bool changed = false;
	int ret = p->s->options.plan
			  ? service_rules_print(p->s, p->s->options.plan, &p->rules_fault)
			  : service_rules_stand(
				    p->s, scope_guests(p->scope), &changed, &p->rules_fault);

	if (p->s->options.plan && ret && ret != -ENOTCONN)
		p->to->say(true, p->rules_fault.text);
	if (!ret)
		p->rules_fault.code = 0;
	p->result->rules_fault = ret != 0;
	if (ret)
		scope_add_all(p->scope);
	if (!ret)
		expiry_note(p);
	if (!p->s->options.plan && service_next(p->s) > 0)
		pass_due(p->result, service_next(p->s));
	if (changed && !ret)
		p->to->say(false, "packet filter: rules written");
	if (ret == -ENOTCONN && e)
		*e = p->rules_fault;
	return ret == -ENOTCONN ? ret : 0;
}

/* What dom0 wants answered; all zero where it does not manage this domain. */
static int asked_read(struct pass *p, struct provider *asked, struct err *e)
{
	int ret;

	*asked = (struct provider){ .probe = 0 };
	ret = provider_read(p->s->store, SCHEMA_SELF, asked, e);
	p->result->settings_stale = ret == -ENOENT && p->s->settings.managed;
	return ret == -ENOTCONN ? ret : 0;
}

/* What is remembered of links that nobody wants is that they are here. */
static int memory_put(struct pass *p, struct err *e)
{
	struct pass_vif *vifs = calloc(p->outcome_count + p->link_count + 1, sizeof(*vifs));
	size_t n = 0;
	int ret = vifs ? 0 : -ENOMEM;

	for (size_t i = 0; i < p->outcome_count && !ret; i++)
		vifs[n++] = p->outcomes[i].vif;
	for (size_t i = 0; i < p->link_count && !ret; i++)
		if (p->links[i].ours && !has_outcome(p, &p->links[i].id))
			vifs[n++] = (struct pass_vif){ .id = p->links[i].id };
	if (!ret)
		ret = pass_memory_put(p->memory, p->scope, vifs, n);
	free(vifs);
	return ret ? err_sys(e, ret, "list of vifs") : 0;
}

static void result_count(const struct pass *p)
{
	p->result->seen = p->outcome_count;
	for (size_t i = 0; i < p->memory->vif_count; i++) {
		p->result->vifs += p->memory->vifs[i].wanted;
		p->result->faulty += p->memory->vifs[i].faulty;
	}
}

static bool is_wanted(const struct pass *p, const struct vif_id *id)
{
	for (size_t i = 0; i < p->backend_count; i++)
		if (vif_id_equal(&p->backends[i].id, id) && p->backends[i].online)
			return true;
	return false;
}

static bool is_there(const struct pass *p, const struct vif_id *id, bool emulated)
{
	for (size_t i = 0; i < p->link_count; i++)
		if (vif_id_equal(&p->links[i].id, id) && p->links[i].emulated == emulated)
			return true;
	return false;
}

/* Of links that are gone, or nobody wants any more. */
static void dhcp_end_strays(struct pass *p)
{
	const struct domids *of = scope_guests(p->scope);
	const char *link;
	struct vif_id id;
	bool emulated;
	size_t i = 0;

	if (!p->s->dhcp || p->s->options.plan)
		return;
	while ((link = dhcp_runs_at(p->s->dhcp, i)) != NULL)
		if (vif_name_parse(link, &id, &emulated) == 0 &&
			((of && !domids_have(of, id.domid)) ||
				(is_wanted(p, &id) && is_there(p, &id, emulated))))
			i++;
		else
			dhcp_runs_stop(p->s->dhcp, link);
}

static int vifs_pass(struct pass *p, struct err *e)
{
	int ret;

	/* Whoever of the following cannot deal with everything says so anew. */
	if (!scope_guests(p->scope))
		p->memory->partial = false;
	ret = pass_look_backends(p, e);
	if (!ret)
		ret = pass_netback_prepare(p, e);
	if (!ret)
		ret = pass_look_links(p, e);
	if (!ret)
		pass_netback_end_strays(p);
	if (!ret)
		dhcp_end_strays(p);
	if (!ret && pass_plan_make(p->backends, p->backend_count, p->links, p->link_count,
			    &p->actions, &p->action_count) < 0)
		ret = err_sys(e, -ENOMEM, "plan of a pass");
	if (!ret)
		ret = actions_do(p, e);
	if (!ret && !p->s->options.plan)
		ret = client_reports(p, e);
	if (!ret)
		ret = memory_put(p, e);
	free(p->backends);
	free(p->links);
	free(p->actions);
	free(p->outcomes);
	return ret;
}

int pass_open(struct service *s, struct err *e)
{
	int ret = dhcp_runs_open(&s->dhcp, service_run_dir(s), e);

	return ret ? ret : netback_runs_open(&s->netback, service_run_dir(s), e);
}

void pass_close(struct service *s)
{
	netback_runs_close(s->netback);
	s->netback = NULL;
	dhcp_runs_close(s->dhcp);
	s->dhcp = NULL;
}

int pass_run(struct service *s, struct pass_memory *memory, struct scope *scope, double now,
	const struct pass_listeners *to, struct pass_result *out, struct err *e)
{
	struct pass_memory once = { .once = true };
	struct pass p = { .s = s,
		.memory = memory ? memory : &once,
		.scope = scope,
		.now = now,
		.to = to,
		.result = out };
	struct provider asked;
	int ret;

	memset(out, 0, sizeof(*out));
	ret = asked_read(&p, &asked, e);
	if (!ret && out->settings_stale)
		return 0;
	pass_memory_scope(p.memory, scope);
	if (!ret)
		ret = rules_stand(&p, e);
	if (!ret)
		ret = vifs_pass(&p, e);
	if (!ret && !s->options.plan)
		pass_tell_power(&p, asked.power);
	out->unanswered = p.memory->answered != p.memory->told;
	if (!ret && !s->options.plan)
		ret = pass_report(s, p.memory, asked.probe, &p.rules_fault, to, e);
	out->uplinks = s->notes.uplinks;
	result_count(&p);
	pass_memory_dispose(&once);
	return ret;
}

/* The links of the group, open or closed. `*out` malloc'd. */
static int group_list(struct service *s, struct pass_link **out, size_t *count, struct err *e)
{
	struct link *links = NULL;
	size_t link_count, n = 0;
	int rc = link_list(s->nl, &links, &link_count, e);

	*out = NULL;
	if (rc == 0) {
		*out = calloc(link_count + 1, sizeof(**out));
		rc = *out ? 0 : err_sys(e, -ENOMEM, "list of vifs");
	}
	for (size_t i = 0; rc == 0 && i < link_count; i++) {
		struct pass_link *l = &(*out)[n];

		if (links[i].group != VIF_GROUP ||
			vif_name_parse(links[i].name, &l->id, &l->emulated) < 0)
			continue;
		l->ours = true;
		n++;
	}
	free(links);
	*count = n;
	return rc;
}

int pass_take_down(struct service *s, struct err *e)
{
	struct pass_link *links = NULL;
	struct err later = ERR_NONE;
	size_t count = 0;
	int ret = group_list(s, &links, &count, e), rc;

	for (size_t i = 0; i < count; i++) {
		rc = service_vif_down(s, &links[i].id, links[i].emulated, ret ? &later : e);
		ret = ret ? ret : rc;
		rc = pass_netback_down(s, &links[i], ret ? &later : e);
		ret = ret ? ret : rc;
	}
	free(links);
	if (s->options.plan)
		return ret;
	while (s->dhcp && dhcp_runs_at(s->dhcp, 0))
		dhcp_runs_stop(s->dhcp, dhcp_runs_at(s->dhcp, 0));
	rc = service_rules_remove(s, ret ? &later : e);
	ret = ret ? ret : rc;
	rc = netvm_report_remove(s->store, ret ? &later : e);
	return ret ? ret : rc;
}
