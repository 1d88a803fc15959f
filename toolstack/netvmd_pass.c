#include "toolstack/netvmd_pass.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "toolstack/dom0_record.h"
#include "toolstack/netvmd_look.h"

/* --- doing --- */

static int do_unpublish_link(
	const struct netvmd_pass *p, const struct netvmd_action *a, struct err *e)
{
	return guest_link_remove(p->store, a->guest.domid, a->guest.devid, e);
}

static int do_withdraw_client(
	const struct netvmd_pass *p, const struct netvmd_action *a, struct err *e)
{
	return client_remove(p->store, a->provider, &a->guest, e);
}

static int do_withdraw_provider(
	const struct netvmd_pass *p, const struct netvmd_action *a, struct err *e)
{
	return provider_remove(p->store, a->provider, e);
}

static int do_publish_provider(
	const struct netvmd_pass *p, const struct netvmd_action *a, struct err *e)
{
	return provider_write(p->store, a->provider, &a->published, e);
}

static int do_publish_link(
	const struct netvmd_pass *p, const struct netvmd_action *a, struct err *e)
{
	return guest_link_write(p->store, a->guest.domid, a->guest.devid, &a->link, e);
}

static int do_publish_client(
	const struct netvmd_pass *p, const struct netvmd_action *a, struct err *e)
{
	return client_write(p->store, a->provider, &a->guest, &a->client, e);
}

static int do_vif(const struct netvmd_pass *p, const struct netvmd_action *a, struct err *e)
{
	return p->vif(p->arg, a, e);
}

static int (*const verbs[NETVMD_VERBS])(
	const struct netvmd_pass *p, const struct netvmd_action *a, struct err *e) = {
	[NETVMD_UNPUBLISH_LINK] = do_unpublish_link,
	[NETVMD_WITHDRAW_CLIENT] = do_withdraw_client,
	[NETVMD_WITHDRAW_PROVIDER] = do_withdraw_provider,
	[NETVMD_DETACH] = do_vif,
	[NETVMD_PUBLISH_PROVIDER] = do_publish_provider,
	[NETVMD_PUBLISH_LINK] = do_publish_link,
	[NETVMD_PUBLISH_CLIENT] = do_publish_client,
	[NETVMD_ATTACH] = do_vif,
};

static bool is_about_vif(const struct netvmd_action *a)
{
	return a->verb == NETVMD_ATTACH || a->verb == NETVMD_DETACH;
}

/* Whose actions are of no use any more, since one before them has failed: of a guest, or of all
 * guests of a network domain. */
struct spoilt {
	bool guest[DOMID_LIMIT], provider[DOMID_LIMIT];
};

static bool is_spoilt(const struct spoilt *s, const struct netvmd_action *a)
{
	return (a->guest.domid && s->guest[a->guest.domid]) || s->provider[a->provider];
}

static void spoil(struct spoilt *s, const struct netvmd_action *a)
{
	if (a->guest.domid)
		s->guest[a->guest.domid] = true;
	else
		s->provider[a->provider] = true;
}

static void obstacle(const struct netvmd_pass *p, const char *domain, const char *words)
{
	if (p->obstacle)
		p->obstacle(p->arg, domain, words);
}

/* Does it and says so. A domain that is gone meanwhile is no failure: the next pass sees it. */
static int action_do(const struct netvmd_pass *p, const struct netvmd_action *a, bool *failed,
	struct netvmd_result *out, struct err *e)
{
	char words[NETVMD_WORDS_MAX];
	struct err why = ERR_NONE;
	int ret = verbs[a->verb](p, a, &why);

	netvmd_action_print(a, words);
	*failed = ret != 0;
	if (ret == -ENOTCONN && !is_about_vif(a)) {
		if (e)
			*e = why;
		return ret;
	}
	if (!ret) {
		out->done++;
		if (!is_about_vif(a))
			p->say(p->arg, false, words);
	} else if (ret != -EAGAIN && ret != -ENOENT) {
		out->failed++;
		err_prefix(&why, "%s", words);
		p->say(p->arg, true, why.text);
		obstacle(p, a->guest_name[0] ? a->guest_name : a->provider_name, why.text);
	}
	return 0;
}

static int plan_do(const struct netvmd_pass *p, const struct netvmd_plan *plan,
	struct netvmd_result *out, struct err *e)
{
	struct spoilt *spoilt = calloc(1, sizeof(*spoilt));
	int ret = spoilt ? 0 : err_sys(e, -ENOMEM, "plan of a pass");

	for (size_t i = 0; i < plan->count && !ret; i++) {
		const struct netvmd_action *a = &plan->action[i];
		bool failed = is_spoilt(spoilt, a);

		if (!failed)
			ret = action_do(p, a, &failed, out, e);
		if (failed)
			spoil(spoilt, a);
	}
	free(spoilt);
	return ret;
}

static void plan_print(const struct netvmd_pass *p, const struct netvmd_plan *plan)
{
	char words[NETVMD_WORDS_MAX];

	for (size_t i = 0; i < plan->count; i++)
		fprintf(p->plan, "%s\n", netvmd_action_print(&plan->action[i], words));
}

/* --- the pass --- */

/* A fault of netvm.conf is every domain's. */
static void faults_say(
	const struct netvmd_pass *p, const struct registry *r, struct netvmd_result *out)
{
	out->domains = r->count;
	if (r->globals.fault.code) {
		out->faults = 1;
		p->say(p->arg, true, r->globals.fault.text);
		return;
	}
	for (size_t i = 0; i < r->count; i++) {
		if (!r->domain[i].fault)
			continue;
		out->faults++;
		p->say(p->arg, true, r->domain[i].fault->text);
	}
}

/* What a network domain writes may be anything: it serves nobody until it can be used. */
static void nonsense_say(const struct netvmd_pass *p, const struct netvmd_actual *actual)
{
	struct err words = ERR_NONE;

	for (size_t i = 0; i < actual->count; i++) {
		const struct netvmd_domain *d = &actual->domain[i];

		if (!d->nonsense)
			continue;
		err_set(&words, -EINVAL, "%s (%u): what it says in xenstore cannot be used: %s",
			d->name, d->domid, d->nonsense);
		p->say(p->arg, true, words.text);
		obstacle(p, d->name, words.text);
	}
}

/* Domains that were written by hand may have no address yet. */
static int registry_take(const struct netvmd_pass *p, struct registry *r, struct err *e)
{
	size_t changed;
	int ret = registry_read(p->dir, r, p->unknown, e);

	if (!ret)
		ret = registry_allocate(r, p->plan != NULL, &changed, e);
	return ret ? ret : registry_rules_resolve(r, e);
}

static int act(const struct netvmd_pass *p, const struct registry *r,
	const struct netvmd_actual *actual, struct netvmd_result *out, struct err *e)
{
	struct netvmd_plan plan;
	int ret = netvmd_plan(r, actual, &plan);

	if (ret)
		err_sys(e, ret, "plan of a pass");
	else if (p->plan)
		plan_print(p, &plan);
	else
		ret = plan_do(p, &plan, out, e);
	for (size_t i = 0; i < plan.waiting; i++)
		obstacle(p, plan.wait[i].guest_name, plan.wait[i].words);
	out->waiting = plan.waiting;
	out->again = plan.again;
	netvmd_plan_dispose(&plan);
	return ret;
}

/* netvmd does not end what netvm dom0 began, which the administrator may still need; it says that
 * it is to be ended, and by what. */
static void dom0_say(const struct netvmd_pass *p, struct netvmd_result *out)
{
	enum dom0_standing standing;
	struct dom0_record r;
	struct err e = ERR_NONE;
	const char *words =
		dom0_standing_find(&standing, &r, &e) ? e.text : dom0_standing_advice(standing);

	dom0_record_dispose(&r);
	/* Nothing tells that whoever is at work was killed. */
	out->again |= standing == DOM0_WORKING;
	if (!words)
		return;
	p->say(p->arg, true, words);
	obstacle(p, DOM0_NAME, words);
}

int netvmd_pass_run(const struct netvmd_pass *p, struct netvmd_result *out, struct err *e)
{
	struct netvmd_actual actual = { .domain = NULL };
	struct registry r;
	uint32_t self;
	/* Whether xenstored answers, before libxl is asked, which would wait for it. */
	int ret = store_own_domid(p->store, &self, e);

	memset(out, 0, sizeof(*out));
	if (ret)
		return ret;
	ret = registry_take(p, &r, e);
	if (!ret) {
		faults_say(p, &r, out);
		ret = netvmd_look(p->store, &r, p->look_seconds, &actual, e);
	}
	if (!ret && p->seen)
		p->seen(p->arg, &r, &actual);
	if (!ret) {
		nonsense_say(p, &actual);
		ret = act(p, &r, &actual, out, e);
	}
	if (!ret && !p->plan)
		dom0_say(p, out);
	netvmd_actual_dispose(&actual);
	registry_dispose(&r);
	return ret;
}
