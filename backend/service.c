/*
 * One call for a vif: lock (service_begin), ask xenstore (vif_source_read), look at the kernel
 * (vif_state_read), see whether it can be (vif_check), plan, apply; where applying fails, look
 * again and close.
 */
#include "backend/service.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backend/flows.h"
#include "backend/vif_apply.h"
#include "backend/vif_plan.h"
#include "backend/vif_source.h"
#include "backend/vif_state.h"
#include "common/clock.h"
#include "common/file.h"

/* A call takes milliseconds; one that waits for a stuck xenstored ends after STORE_PATIENCE. */
#define LOCK_PATIENCE 20

const char *service_run_dir(const struct service *s)
{
	return s->options.run_dir ? s->options.run_dir : RUNDIR;
}

int service_open(struct service *s, const struct service_options *o, struct err *e)
{
	int rc;

	*s = (struct service){ .options = *o, .lock = -1 };
	settings_read(o->config, o->unknown, &s->settings, &s->settings_fault);
	s->settings.lasting = o->lasting;
	rc = dir_create(service_run_dir(s), 0755, e);
	rc = rc ? rc : (o->alone ? store_open_alone : store_open)(&s->store, e);
	rc = rc ? rc : netlink_open(&s->nl, e);
	if (rc == 0)
		rc = packet_filter_open(
			&s->filter, s->nl, service_run_dir(s), s->settings.packet_filter, e);
	if (rc == 0)
		rc = forwarder_open(&s->forwarder, s->nl, service_run_dir(s), e);
	/* Who was here before may have been cut short. */
	s->unsettled = o->lasting ? clock_seconds() - FLOWS_PATIENCE : 0;
	if (rc < 0)
		service_close(s);
	return rc;
}

void service_close(struct service *s)
{
	forwarder_close(s->forwarder);
	packet_filter_close(s->filter);
	netlink_close(s->nl);
	store_close(s->store);
	settings_dispose(&s->settings);
	ruleset_dispose(&s->ruleset);
	s->has_ruleset = false;
	s->forwarder = NULL;
	s->filter = NULL;
	s->nl = NULL;
	s->store = NULL;
}

static int service_begin(struct service *s, struct err *e)
{
	char path[256];
	uint32_t self;
	int rc;

	snprintf(path, sizeof(path), "%s/lock", service_run_dir(s));
	rc = lock_take(path, 0, &s->lock, e);
	if (rc != -ETIMEDOUT)
		return rc;
	/* Who has it may be waiting for a xenstored that answers nobody. Then both wait at once. */
	rc = store_own_domid(s->store, &self, e);
	return rc == -ENOTCONN ? rc : lock_take(path, LOCK_PATIENCE, &s->lock, e);
}

static void service_end(struct service *s)
{
	if (s->lock >= 0)
		close(s->lock);
	s->lock = -1;
}

/* --- rules --- */

/* Whether what was read serves for this vif: its guest's policy of this generation is among it. */
static bool ruleset_has(const struct ruleset *r, const struct vif_wanted *w)
{
	const struct ruleset_guest *g;
	char name[LINK_NAME_MAX];

	if (!r->managed)
		return true;
	g = ruleset_guest_find(r, vif_link_name(&w->id, false, name));
	return g && g->generation == w->generation;
}

static void lead_to(struct ruleset_family *f, const struct addr *forwarder)
{
	if (!addr_is_set(forwarder))
		return;
	f->resolvers[0] = *forwarder;
	f->resolver_count = 1;
}

/* Leads to the forwarder what only that can do; `keep`: starts it. Where there is none its families
 * are without a resolver, and guests are refused at once. */
static void forwarder_lead(struct service *s, bool keep)
{
	const struct forward *f = &s->notes.forward;
	struct err why = ERR_NONE;
	struct forwarder_at at;
	int rc;

	if (keep)
		rc = forwarder_stand(s->forwarder, f, &s->settings, clock_seconds(), &at, &why);
	else
		rc = forwarder_find(s->forwarder, f, &s->settings, s->options.plan, &at, &why);
	snprintf(s->dns_trouble, sizeof(s->dns_trouble), "%.*s", (int)sizeof(s->dns_trouble) - 1,
		rc ? why.text : "");
	if (rc)
		return;
	lead_to(&s->ruleset.ip4, &at.ip4);
	lead_to(&s->ruleset.ip6, &at.ip6);
}

/* Ends connections that waited for an answer, and forwarders that nothing leads to. */
static int rules_settle(struct service *s, bool changed, struct err *e)
{
	double now = clock_seconds();
	bool waiting = false;
	int rc = 0;

	if (changed)
		s->unsettled = now;
	if (!s->options.lasting)
		return changed ? flows_settle_rest(s->nl, &s->ruleset, false, &waiting, e) : 0;
	forwarder_settle(s->forwarder, now);
	if (!changed && s->unsettled > 0) {
		rc = flows_settle_rest(
			s->nl, &s->ruleset, now - s->unsettled < FLOWS_PATIENCE, &waiting, e);
		if (!waiting)
			s->unsettled = 0;
	}
	return rc;
}

/* Soon after a change, for most answers come soon; then less often. */
static double flows_next(const struct service *s, double now)
{
	if (!s->unsettled)
		return 0;
	return now - s->unsettled < 0.2 ? 0.05 : 0.4;
}

double service_next(const struct service *s)
{
	double now = clock_seconds(), least = 0;
	const double next[] = { forwarder_next(s->forwarder, now), packet_filter_next(s->filter),
		flows_next(s, now) };

	for (size_t i = 0; i < sizeof(next) / sizeof(next[0]); i++)
		if (next[i] > 0 && (!least || next[i] < least))
			least = next[i];
	return least;
}

static int rules_read(struct service *s, const struct domids *changed, bool keep, struct err *e)
{
	int rc = ruleset_source_read(s->store, s->nl, &s->settings, service_run_dir(s), changed,
		&s->ruleset, &s->notes, e);

	if (rc == 0)
		forwarder_lead(s, keep);
	return rc;
}

/* `w`: the vif that rules must stand for; what was read before may serve. NULL: read anew, of
 * guests those of `of`. */
static int rules_stand(struct service *s, const struct domids *of, const struct vif_wanted *w,
	bool ip6, bool *changed, struct err *e)
{
	struct packet_filter_outcome outcome = { .changed = false };
	int rc = 0;

	if (!w || !s->has_ruleset || !ruleset_has(&s->ruleset, w))
		rc = rules_read(s, of, s->options.lasting, e);
	if (rc == 0 && w && !ruleset_has(&s->ruleset, w))
		rc = err_set(e, -EAGAIN, "dom0 changed its policy meanwhile");
	if (rc == 0)
		rc = packet_filter_stand(s->filter, &s->ruleset, ip6, &outcome, e);
	if (rc == 0)
		rc = rules_settle(s, outcome.changed, e);
	s->has_ruleset = rc == 0;
	if (changed)
		*changed = outcome.changed;
	return rc;
}

static int rules_stand_action(void *arg, const struct vif_wanted *w, bool ip6, struct err *e)
{
	const struct domids own = { { w->id.domid }, 1 };

	return rules_stand(arg, &own, w, ip6, NULL, e);
}

int service_rules_stand(struct service *s, const struct domids *of, bool *changed, struct err *e)
{
	int rc;

	if (s->settings_fault.code < 0) {
		*e = s->settings_fault;
		return e->code;
	}
	rc = service_begin(s, e);
	if (rc == 0)
		rc = vif_source_provider(s->store, &s->settings, e);
	if (rc == 0)
		rc = rules_stand(s, of, NULL, false, changed, e);
	service_end(s);
	return rc;
}

int service_rules_look(struct service *s, struct err *e)
{
	int rc = s->settings_fault.code;

	if (rc < 0)
		*e = s->settings_fault;
	else
		rc = vif_source_provider(s->store, &s->settings, e);
	s->has_ruleset = false;
	return rc < 0 ? rc : rules_read(s, NULL, false, e);
}

int service_rules_print(struct service *s, FILE *out, struct err *e)
{
	int rc = service_rules_look(s, e);

	return rc < 0 ? rc : packet_filter_print(s->filter, &s->ruleset, out, e);
}

int service_rules_remove(struct service *s, struct err *e)
{
	int rc = service_begin(s, e);

	rc = rc ? rc : packet_filter_tear_down(s->filter, e);
	rc = rc ? rc : forwarder_tear_down(s->forwarder, e);
	rc = rc ? rc : link_rewrite_sweep(s->nl, e);
	service_end(s);
	return rc;
}

/* --- one vif, under the lock --- */

static void plan_show(const struct service *s, const struct vif_plan *p)
{
	for (size_t i = 0; i < p->count; i++) {
		vif_action_print(p, &p->actions[i], s->options.plan);
		fputc('\n', s->options.plan);
	}
}

/* Plans and applies once. `*changed`: whether the vif is (or may be) another than before. */
static int vif_pass(struct service *s, const struct vif_wanted *w, const struct vif_actual *a,
	bool *changed, struct err *e)
{
	const struct vif_tools tools = { s->nl, s->store, s->options.backend, rules_stand_action,
		s };
	struct vif_plan p;
	int rc = 0;

	vif_plan_make(&p, w, a);
	*changed = vif_plan_changes(&p);
	if (s->options.plan)
		plan_show(s, &p);
	else
		rc = vif_apply(&tools, &p, w, a, e);
	vif_plan_dispose(&p);
	return rc;
}

/* Closes the vif as `w` says, which is not VIF_SERVED. */
static int vif_close(struct service *s, const struct vif_wanted *w, struct err *e)
{
	struct vif_actual a = { .exists = false };
	bool changed;
	int rc = vif_state_read(s->nl, w, &a, e);

	if (rc == 0)
		rc = vif_pass(s, w, &a, &changed, e);
	vif_actual_dispose(&a);
	return rc;
}

static int vif_fail(struct service *s, struct vif_wanted *w, struct err *e)
{
	struct err ignored = ERR_NONE; /* the first fault is the one to tell */
	int code = e->code;

	vif_wanted_fail(w, e);
	vif_close(s, w, &ignored);
	return code;
}

/*
 * Another vif holds an address that `w` wants. If that one is on its way out and merely nobody has
 * closed it yet (a guest that was restarted), it is closed now; else it stays untouched.
 */
static int holder_close_if_leaving(
	struct service *s, const struct vif_claim *claim, bool *closed, struct err *e)
{
	struct vif_wanted holder = { .life = VIF_GONE };
	int rc;

	*closed = false;
	if (claim->kind != CLAIM_VIF ||
		vif_name_parse(claim->link, &holder.id, &holder.emulated) < 0)
		return 0;
	rc = vif_source_is_leaving(s->store, s->options.backend, &holder.id, e);
	if (rc <= 0)
		return rc;
	vif_link_name(&holder.id, holder.emulated, holder.link);
	*closed = true;
	return vif_close(s, &holder, e);
}

static int holders_close_if_leaving(struct service *s, const struct vif_wanted *w,
	const struct vif_actual *a, bool *closed, struct err *e)
{
	bool one;
	int rc = 0;

	*closed = false;
	for (size_t i = 0; rc == 0 && !s->options.plan && i < w->count; i++) {
		rc = holder_close_if_leaving(s, &a->claims[i], &one, e);
		*closed |= one;
	}
	return rc;
}

/* What is, after those who leave have let go of the addresses. */
static int actual_read(
	struct service *s, const struct vif_wanted *w, struct vif_actual *a, struct err *e)
{
	bool closed;
	int rc = vif_state_read(s->nl, w, a, e);

	if (rc == 0 && w->life == VIF_SERVED) {
		rc = holders_close_if_leaving(s, w, a, &closed, e);
		if (rc == 0 && closed) {
			vif_actual_dispose(a);
			rc = vif_state_read(s->nl, w, a, e);
		}
	}
	return rc;
}

/* A cable counts as pulled when the kernel shows it: looked at anew, nothing is left to be done. */
static int cut_verify(struct service *s, const struct vif_wanted *w, struct err *e)
{
	struct vif_actual a = { .exists = false };
	struct vif_plan p = { .count = 0 };
	int rc = vif_state_read(s->nl, w, &a, e);

	if (rc == 0) {
		vif_plan_make(&p, w, &a);
		if (vif_plan_changes(&p))
			rc = err_set(e, -EIO,
				"its cable is off, but the kernel does not show that nothing "
				"passes");
	}
	vif_plan_dispose(&p);
	vif_actual_dispose(&a);
	return rc;
}

static int vif_open(struct service *s, struct vif_wanted *w, struct err *e)
{
	struct vif_actual a = { .exists = false };
	bool changed = true;
	int rc = actual_read(s, w, &a, e);

	if (rc == 0 && !a.exists)
		rc = err_set(e, -ENODEV, "there is no link %s", w->link);
	if (rc == 0 && w->life == VIF_SERVED)
		rc = vif_check(w, &a, e);
	if (rc == 0)
		rc = vif_pass(s, w, &a, &changed, e);
	vif_actual_dispose(&a);
	if (rc == 0 && w->life == VIF_CUT_OFF && !s->options.plan)
		rc = cut_verify(s, w, e);
	/* An open vif that was right stays so when only its status could not be told again. */
	if (rc < 0 && (changed || rc != -ENOTCONN))
		rc = vif_fail(s, w, e);
	return rc;
}

/* What dom0 and xenstore want of the vif, which may be nothing that can be served (VIF_FAULTY). */
static int wanted_read(struct service *s, const struct vif_id *id, bool emulated,
	struct vif_wanted *w, struct err *e)
{
	int rc = s->settings_fault.code;

	*w = (struct vif_wanted){ .id = *id, .emulated = emulated };
	vif_link_name(id, emulated, w->link);
	if (rc < 0)
		*e = s->settings_fault;
	else if (!s->has_ruleset) /* else dom0 was asked when the rules were read */
		rc = vif_source_provider(s->store, &s->settings, e);
	if (rc == 0)
		rc = vif_source_read(s->store, &s->settings, s->has_ruleset ? &s->ruleset : NULL,
			s->options.backend, id, emulated, w, e);
	if (rc == -ENOTCONN)
		return rc;
	if (rc < 0)
		vif_wanted_fail(w, e);
	return 0;
}

int service_look(struct service *s, const struct vif_id *id, struct vif_wanted *w, struct err *e)
{
	int rc = wanted_read(s, id, false, w, e);

	s->has_ruleset = false;
	if (rc == 0)
		rc = rules_read(s, NULL, false, e);
	return rc;
}

int service_vif_up(struct service *s, const struct vif_id *id, bool emulated, struct vif_wanted *w,
	struct err *e)
{
	struct vif_wanted wanted = { .id = *id };
	struct err why = ERR_NONE;
	char name[LINK_NAME_MAX];
	int rc = service_begin(s, &why);

	if (rc == 0)
		rc = wanted_read(s, id, emulated, &wanted, &why);
	if (rc == 0 && wanted.life == VIF_GONE) {
		rc = vif_close(s, &wanted, &why);
		if (rc == 0)
			rc = err_set(&why, -ENOENT, "its backend directory is gone from xenstore");
	} else if (rc == 0 && wanted.life == VIF_FAULTY) {
		err_set(&why, -EINVAL, "%s", wanted.fault);
		rc = vif_fail(s, &wanted, &why);
	} else if (rc == 0) {
		rc = vif_open(s, &wanted, &why);
	}
	service_end(s);
	if (w)
		*w = wanted;
	return rc < 0 ? err_set(e, rc, "%s: %s", vif_link_name(id, emulated, name), why.text) : 0;
}

int service_vif_down(struct service *s, const struct vif_id *id, bool emulated, struct err *e)
{
	struct vif_wanted wanted = { .id = *id, .emulated = emulated };
	struct err why = ERR_NONE;
	char name[LINK_NAME_MAX];
	struct link link;
	int rc = service_begin(s, &why);

	if (rc == 0) {
		vif_link_name(id, emulated, wanted.link);
		/* The addresses whose connections are to be forgotten are those of the link's
		 * routes; where it is gone xenstore may still know them. */
		if (link_get(s->nl, wanted.link, &link, NULL) < 0)
			wanted_read(s, id, emulated, &wanted, &why);
		wanted.life = VIF_GONE;
		rc = vif_close(s, &wanted, &why);
	}
	service_end(s);
	return rc < 0 ? err_set(e, rc, "%s: %s", vif_link_name(id, emulated, name), why.text) : 0;
}

int service_stray_close(struct service *s, const char *name, struct err *e)
{
	/* No domain can have this number, so no guest's nodes are touched. */
	struct vif_wanted wanted = { .id = { DOMID_LIMIT, 0 }, .life = VIF_GONE };
	struct err why = ERR_NONE;
	int rc = service_begin(s, &why);

	if (rc == 0) {
		snprintf(wanted.link, sizeof(wanted.link), "%s", name);
		rc = vif_close(s, &wanted, &why);
	}
	service_end(s);
	return rc < 0 ? err_set(e, rc, "%s: %s", name, why.text) : 0;
}
