#include "toolstack/dom0_plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STUBDOM_END "-dm"

void dom0_record_dispose(struct dom0_record *r)
{
	free(r->paused);
	r->paused = NULL;
	r->count = 0;
}

void dom0_plan_dispose(struct dom0_plan *p)
{
	free(p->step);
	memset(p, 0, sizeof(*p));
}

static struct dom0_domain domain_of(const struct xen_domain *x)
{
	struct dom0_domain d = { .domid = x->domid };

	memcpy(d.uuid, x->uuid, sizeof(d.uuid));
	memcpy(d.name, x->name, sizeof(d.name));
	return d;
}

/* The domain of the record as it is now; NULL: it is gone. */
static const struct xen_domain *now_find(
	const struct dom0_situation *s, const struct dom0_domain *d)
{
	for (size_t i = 0; i < s->domains; i++)
		if (s->domain[i].domid == d->domid &&
			memcmp(s->domain[i].uuid, d->uuid, sizeof(d->uuid)) == 0)
			return &s->domain[i];
	return NULL;
}

static bool runs(const struct xen_domain *x)
{
	return !x->dying && !x->shutdown;
}

bool dom0_domain_runs(const struct dom0_situation *s, const struct dom0_domain *d)
{
	const struct xen_domain *x = now_find(s, d);

	return x && runs(x);
}

/* Room for `most` steps. */
static int plan_begin(struct dom0_plan *p, size_t most, struct err *e)
{
	*p = (struct dom0_plan){ .step = calloc(most, sizeof(*p->step)) };
	return p->step ? 0 : err_sys(e, -ENOMEM, "the steps of dom0's network");
}

static struct dom0_step *step_add(struct dom0_plan *p, enum dom0_verb verb)
{
	p->step[p->count].verb = verb;
	return &p->step[p->count++];
}

/* --- up --- */

static bool is_named(const char *const *name, size_t count, const char *wanted)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(name[i], wanted) == 0)
			return true;
	return false;
}

static const struct xen_domain *running_find(const struct dom0_situation *s, const char *name)
{
	for (size_t i = 0; i < s->domains; i++)
		if (runs(&s->domain[i]) && strcmp(s->domain[i].name, name) == 0)
			return &s->domain[i];
	return NULL;
}

static int allowed_check(
	const struct dom0_allowed *a, const struct dom0_situation *s, struct err *e)
{
	for (size_t i = 0; i < a->chained; i++) {
		const struct xen_domain *x = running_find(s, a->chain[i]);

		if (!x)
			return err_set(e, -EHOSTDOWN,
				"%s, which dom0's network goes through, does not run; netvm start "
				"%s "
				"starts it",
				a->chain[i], a->chain[i]);
		if (x->paused)
			return err_set(e, -EHOSTDOWN,
				"%s, which dom0's network goes through, is paused; xl unpause %s "
				"lets "
				"it run",
				a->chain[i], a->chain[i]);
	}
	for (size_t i = 0; i < a->names; i++)
		if (!running_find(s, a->name[i]))
			return err_set(e, -ENOENT,
				"%s, which is to be allowed, does not run; xl list shows who does",
				a->name[i]);
	return 0;
}

static bool is_allowed(const struct dom0_allowed *a, const char *name)
{
	return name[0] &&
	       (is_named(a->chain, a->chained, name) || is_named(a->name, a->names, name));
}

/* A domain in which libxl lets another's devices be emulated goes with that one ("NAME-dm":
 * libxl__stub_dm_name()). */
static bool is_allowed_stubdom(const struct dom0_allowed *a, const char *name)
{
	char served[DOMAIN_NAME_MAX];
	size_t len = strlen(name), end = strlen(STUBDOM_END);

	if (len <= end || strcmp(name + len - end, STUBDOM_END) != 0)
		return false;
	memcpy(served, name, len - end);
	served[len - end] = '\0';
	return is_allowed(a, served);
}

static bool is_to_be_paused(const struct dom0_allowed *a, const struct xen_domain *x)
{
	return runs(x) && !x->paused && !is_allowed(a, x->name) && !is_allowed_stubdom(a, x->name);
}

int dom0_plan_up(const struct dom0_record *r, const struct dom0_allowed *a,
	const struct dom0_situation *s, struct dom0_plan *out, struct err *e)
{
	int ret;

	memset(out, 0, sizeof(*out));
	ret = allowed_check(a, s, e);
	if (!ret)
		ret = plan_begin(out, s->domains + DOM0_VERBS, e);
	if (ret)
		return ret;
	step_add(out, DOM0_SHUT);
	for (size_t i = 0; i < s->domains; i++)
		if (is_to_be_paused(a, &s->domain[i]))
			step_add(out, DOM0_PAUSE)->domain = domain_of(&s->domain[i]);
	if (!s->driver)
		step_add(out, DOM0_LOAD);
	step_add(out, DOM0_PUBLISH);
	step_add(out, DOM0_ATTACH);
	step_add(out, DOM0_NARROW);
	step_add(out, DOM0_ADDRESS);
	if (addr_is_set(&r->link.dns[0]) || addr_is_set(&r->link.dns6[0]))
		step_add(out, DOM0_RESOLVE);
	return 0;
}

/* --- down --- */

static bool is_begun(const struct dom0_record *r, enum dom0_verb verb)
{
	return r->begun & (1U << verb);
}

int dom0_plan_down(const struct dom0_record *r, const struct dom0_situation *s,
	struct dom0_plan *out, struct err *e)
{
	bool alive = dom0_domain_runs(s, &r->netvm);
	int ret = plan_begin(out, r->count + DOM0_VERBS, e);

	if (ret)
		return ret;
	if (is_begun(r, DOM0_RESOLVE) && s->resolves)
		step_add(out, DOM0_UNRESOLVE);
	if (is_begun(r, DOM0_ATTACH) && s->attached)
		step_add(out, DOM0_DETACH)->force = !alive;
	if (is_begun(r, DOM0_PUBLISH) && s->published && alive)
		step_add(out, DOM0_WITHDRAW);
	if (is_begun(r, DOM0_LOAD) && s->loaded)
		step_add(out, DOM0_UNLOAD);
	if (is_begun(r, DOM0_SHUT) && s->filters)
		step_add(out, DOM0_OPEN);
	for (size_t i = 0; i < r->count; i++) {
		const struct xen_domain *x = now_find(s, &r->paused[i]);

		if (x && x->paused && !x->dying)
			step_add(out, DOM0_RESUME)->domain = r->paused[i];
	}
	return 0;
}

/* --- the record --- */

int dom0_record_expect(struct dom0_record *r, const struct dom0_step *s, struct err *e)
{
	struct dom0_domain *grown;

	if (s->verb < DOM0_UNRESOLVE)
		r->begun |= 1U << s->verb;
	if (s->verb != DOM0_PAUSE)
		return 0;
	grown = realloc(r->paused, (r->count + 1) * sizeof(*grown));
	if (!grown)
		return err_sys(e, -ENOMEM, "the domains that are paused");
	r->paused = grown;
	grown[r->count++] = s->domain;
	return 0;
}

/* --- words --- */

/* What there is of both: "10.137.0.9 and 2001:db8::9". */
#define BOTH_MAX (2 * ADDR_TEXT_MAX + 8)
static const char *both_print(const struct addr *a, const struct addr *b, char buf[BOTH_MAX])
{
	char first[ADDR_TEXT_MAX], second[ADDR_TEXT_MAX];

	if (addr_is_set(a) && addr_is_set(b))
		snprintf(buf, BOTH_MAX, "%s and %s", addr_print(a, first), addr_print(b, second));
	else
		snprintf(buf, BOTH_MAX, "%s", addr_print(addr_is_set(a) ? a : b, first));
	return buf;
}

const char *dom0_step_print(
	const struct dom0_step *s, const struct dom0_record *r, char buf[DOM0_WORDS_MAX])
{
	static const char *const plain[DOM0_VERBS] = {
		[DOM0_SHUT] = "let nothing in by links that are new in dom0",
		[DOM0_LOAD] = "load dom0's vif driver",
		[DOM0_NARROW] = "let nothing in by dom0's link, and no other",
		[DOM0_UNRESOLVE] = "give dom0 its own resolv.conf back",
		[DOM0_UNLOAD] = "unload dom0's vif driver",
		[DOM0_OPEN] = "take the packet filter of dom0's link away",
	};
	const char *domain = s->domain.name[0] ? s->domain.name : "domain";
	const struct guest_link *l = &r->link;
	char a[BOTH_MAX], b[BOTH_MAX];

	switch (s->verb) {
	case DOM0_PAUSE:
	case DOM0_RESUME:
		snprintf(buf, DOM0_WORDS_MAX, "%s %s (%u)",
			s->verb == DOM0_PAUSE ? "pause" : "let go on", domain, s->domain.domid);
		break;
	case DOM0_PUBLISH:
		snprintf(buf, DOM0_WORDS_MAX, "tell %s (%u) to serve dom0 as %s", r->netvm.name,
			r->netvm.domid, both_print(&l->ip, &l->ip6, a));
		break;
	case DOM0_WITHDRAW:
		snprintf(buf, DOM0_WORDS_MAX, "tell %s (%u) to serve dom0 no more", r->netvm.name,
			r->netvm.domid);
		break;
	case DOM0_ATTACH:
		snprintf(buf, DOM0_WORDS_MAX, "attach vif %u of %s (%u) to dom0", r->devid,
			r->netvm.name, r->netvm.domid);
		break;
	case DOM0_DETACH:
		snprintf(buf, DOM0_WORDS_MAX, "detach vif %u of %s (%u) from dom0%s", r->devid,
			r->netvm.name, r->netvm.domid, s->force ? ", which is gone" : "");
		break;
	case DOM0_ADDRESS:
		snprintf(buf, DOM0_WORDS_MAX, "give dom0's link %s, and all routes by %s",
			both_print(&l->ip, &l->ip6, a), both_print(&l->gateway, &l->gateway6, b));
		break;
	case DOM0_RESOLVE:
		snprintf(buf, DOM0_WORDS_MAX, "let dom0 ask %s for names",
			both_print(&l->dns[0], &l->dns6[0], a));
		break;
	default:
		snprintf(buf, DOM0_WORDS_MAX, "%s", plain[s->verb]);
	}
	return buf;
}
