#include "backend/pass_netback.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "backend/netback/tap.h"
#include "backend/netback_plan.h"
#include "backend/netback_run.h"

/* xen-netback's driver, whether it is a module or part of the kernel. */
#define KERNEL_DRIVER "/sys/bus/xen-backend/drivers/vif"

/* Whether a vif's packets are netback's to move: all of them with datapath = user, and those that
 * it moved when that was so, until their guests let go of them. */
static bool is_ours(const struct service *s, const struct vif_id *id)
{
	return s->netback && !s->options.plan &&
	       (settings_datapath_is_user(&s->settings) || netback_runs_have(s->netback, id));
}

static bool is_kept_meanwhile(const struct pass *p, const struct vif_id *id)
{
	return is_ours(p->s, id) && !settings_datapath_is_user(&p->s->settings);
}

static int see(
	const struct pass *p, const struct pass_backend *b, struct netback_seen *out, struct err *e)
{
	*out = (struct netback_seen){ .online = b->online, .backend = b->state };
	return vif_frontend_read_state(p->s->store, &b->id, &out->frontend, e);
}

/* --- before the link --- */

static int tap_do(const struct netback_plan *plan, const struct vif_id *id, struct err *e)
{
	char name[VIF_NAME_MAX];
	int ret = 0;

	vif_name_print(id, name);
	if (plan->remove_tap)
		ret = tap_remove(name, e);
	return ret || !plan->make_tap ? ret : tap_make(name, e);
}

static int state_do(const struct pass *p, const struct netback_plan *plan, struct pass_backend *b,
	struct err *e)
{
	int ret = 0;

	if (plan->announce) {
		ret = vif_backend_announce(p->s->store, &b->id, e);
		b->state = ret ? b->state : XENBUS_INIT_WAIT;
	} else if (plan->close) {
		ret = vif_backend_put_state(p->s->store, &b->id, plan->state, e);
		b->state = ret ? b->state : plan->state;
	}
	return ret;
}

/* Nothing is made for who has let go: whoever is to move its packets now finds it free. */
static void plan_part(struct netback_plan *plan)
{
	if (!plan->stop)
		return;
	plan->remove_tap = true;
	plan->make_tap = plan->announce = false;
}

static int prepare(const struct pass *p, struct pass_backend *b, struct err *e)
{
	struct netback_plan plan;
	struct netback_seen seen;
	int ret = netback_runs_watch(p->s->netback, p->s->store, &b->id, e);

	if (!ret)
		ret = see(p, b, &seen, e);
	if (ret)
		return ret;
	plan = netback_plan(&seen);
	if (is_kept_meanwhile(p, &b->id))
		plan_part(&plan);
	if (plan.stop)
		netback_runs_stop(p->s->netback, &b->id);
	if (plan.make_tap && access(KERNEL_DRIVER, F_OK) == 0)
		return err_set(e, -EBUSY,
			"datapath = user, but xen-netback is here as well: unload it, and see to "
			"it "
			"that nothing loads it (modprobe.d(5), \"blacklist xen-netback\")");
	ret = tap_do(&plan, &b->id, e);
	return ret ? ret : state_do(p, &plan, b, e);
}

/* The vif is reported as faulty and left as it is. */
static int fail(struct pass *p, const struct vif_id *id, struct err *why)
{
	struct outcome *o = pass_outcome(p, id);
	struct err ignored = ERR_NONE;
	char name[VIF_NAME_MAX];

	err_prefix(why, "%s", vif_name_print(id, name));
	snprintf(o->report.state, sizeof(o->report.state), "error");
	snprintf(o->report.error, sizeof(o->report.error), "%.*s", (int)sizeof(o->report.error) - 1,
		why->text);
	o->report.generation = 0;
	o->vif.faulty = true;
	return vif_backend_failed(p->s->store, p->s->options.backend, id, why->text, &ignored);
}

int pass_netback_prepare(struct pass *p, struct err *e)
{
	for (size_t i = 0; i < p->backend_count; i++) {
		struct err why = ERR_NONE;
		int ret = is_ours(p->s, &p->backends[i].id) ? prepare(p, &p->backends[i], &why) : 0;

		/* -ENOENT: it has gone meanwhile, which the next pass sees. */
		if (ret && ret != -ENOTCONN && ret != -ENOENT)
			ret = fail(p, &p->backends[i].id, &why);
		if (ret == -ENOTCONN)
			return err_set(e, ret, "xenstored is gone");
	}
	return 0;
}

/* --- what is left over --- */

static bool has_backend(const struct pass *p, const struct vif_id *id)
{
	for (size_t i = 0; i < p->backend_count; i++)
		if (vif_id_equal(&p->backends[i].id, id))
			return true;
	return false;
}

int pass_netback_down(struct service *s, const struct pass_link *link, struct err *e)
{
	char name[VIF_NAME_MAX];

	if (link->emulated || !is_ours(s, &link->id))
		return 0;
	netback_runs_end(s->netback, s->store, &link->id);
	vif_name_print(&link->id, name);
	if (!tap_is(name) || tap_remove(name, e) == 0)
		return 0;
	return err_prefix(e, "%s", name);
}

static void stray_end(struct pass *p, const struct vif_id *id)
{
	const struct pass_link link = { .id = *id };
	struct err why = ERR_NONE;

	if (pass_netback_down(p->s, &link, &why) < 0)
		pass_undone(p, &why);
}

/* What we know of, and taps that somebody before us left. */
void pass_netback_end_strays(struct pass *p)
{
	const struct domids *of = scope_guests(p->scope);
	struct vif_id id;
	size_t i = 0;

	if (!p->s->netback || p->s->options.plan)
		return;
	while (netback_runs_at(p->s->netback, i, &id))
		if ((of && !domids_have(of, id.domid)) || has_backend(p, &id))
			i++;
		else
			stray_end(p, &id);
	for (i = 0; i < p->link_count; i++)
		if (!p->links[i].emulated && !has_backend(p, &p->links[i].id))
			stray_end(p, &p->links[i].id);
}

/* --- behind the link --- */

static int keep(struct pass *p, const struct vif_wanted *w, struct err *e)
{
	struct vif_connection c;
	double again = 0;
	int ret = vif_connection_read(p->s->store, &w->id, &c, e);

	if (!ret)
		ret = netback_runs_keep(p->s->netback, w, &c, p->now, &again, e);
	if (again > 0)
		pass_due(p->result, again);
	return ret;
}

int pass_netback_connect(
	struct pass *p, const struct vif_wanted *w, struct err *note, struct err *e)
{
	struct pass_backend *b = NULL;
	struct netback_seen seen;
	int ret;

	for (size_t i = 0; i < p->backend_count; i++)
		if (vif_id_equal(&p->backends[i].id, &w->id))
			b = &p->backends[i];
	if (!is_ours(p->s, &w->id) || w->emulated || !b)
		return 0;
	if (is_kept_meanwhile(p, &w->id))
		err_set(note, -EBUSY,
			"datapath = kernel, but netback moves its packets until it is attached "
			"anew");
	ret = see(p, b, &seen, e);
	if (ret || !netback_plan(&seen).connect)
		return ret;
	ret = keep(p, w, e);
	if (ret && ret != -ENOTCONN)
		err_prefix(e, "%s", w->link);
	if (!ret && b->state != XENBUS_CONNECTED)
		ret = vif_backend_put_state(p->s->store, &w->id, XENBUS_CONNECTED, e);
	return ret;
}
