#include "backend/vif_apply.h"

#include <errno.h>
#include <sys/socket.h>

#include "backend/visible.h"
#include "common/file.h"

/* What an action works on. */
struct work {
	const struct vif_tools *tools;
	const struct vif_plan *plan;
	const struct vif_wanted *wanted;
	int ifindex;
};

static int do_rules(const struct work *w, const struct vif_action *a, struct err *e)
{
	return w->tools->rules_stand(w->tools->arg, w->wanted, a->addr.family == AF_INET6, e);
}

static int do_sysctl(const struct work *w, const struct vif_action *a, struct err *e)
{
	int rc = sysctl_set(a->text, a->value, e);

	(void)w;
	/* The settings of a link vanish with it, as a file. */
	return rc == -ENOENT ? -ENODEV : rc;
}

static int do_group(const struct work *w, const struct vif_action *a, struct err *e)
{
	(void)a;
	return link_set_group(w->tools->nl, w->ifindex, VIF_GROUP, e);
}

static int do_guard(const struct work *w, const struct vif_action *a, struct err *e)
{
	(void)a;
	return guard_set(w->tools->nl, w->ifindex, w->plan->guard.prog, w->plan->guard.count, e);
}

static int do_rewrite(const struct work *w, const struct vif_action *a, struct err *e)
{
	struct rewrites r;

	(void)a;
	visible_rewrites(w->wanted, &r);
	return link_rewrite_set(w->tools->nl, w->plan->link, &r, e);
}

static int do_rewrite_not(const struct work *w, const struct vif_action *a, struct err *e)
{
	(void)a;
	return link_rewrite_delete(w->tools->nl, w->plan->link, e);
}

static int do_mute(const struct work *w, const struct vif_action *a, struct err *e)
{
	return link_mute(w->tools->nl, w->ifindex, a->kind == DO_MUTE, e);
}

static int do_mtu(const struct work *w, const struct vif_action *a, struct err *e)
{
	return link_set_mtu(w->tools->nl, w->ifindex, a->number, e);
}

static int do_up(const struct work *w, const struct vif_action *a, struct err *e)
{
	(void)a;
	return link_set_up(w->tools->nl, w->ifindex, true, e);
}

static int do_down(const struct work *w, const struct vif_action *a, struct err *e)
{
	(void)a;
	return link_set_up(w->tools->nl, w->ifindex, false, e);
}

static int do_forget(const struct work *w, const struct vif_action *a, struct err *e)
{
	return conntrack_forget(w->tools->nl, &a->addr, e);
}

static int do_neighbour_set(const struct work *w, const struct vif_action *a, struct err *e)
{
	return neighbour_set(w->tools->nl, w->ifindex, &a->addr, &a->mac, e);
}

static int do_neighbour_delete(const struct work *w, const struct vif_action *a, struct err *e)
{
	return neighbour_delete(w->tools->nl, w->ifindex, &a->addr, e);
}

static int do_addr_set(const struct work *w, const struct vif_action *a, struct err *e)
{
	struct link_addr addr = { w->ifindex, a->addr, (uint8_t)a->number };

	return link_addr_set(w->tools->nl, &addr, e);
}

static int do_addr_delete(const struct work *w, const struct vif_action *a, struct err *e)
{
	struct link_addr addr = { w->ifindex, a->addr, (uint8_t)a->number };

	return link_addr_delete(w->tools->nl, &addr, e);
}

static int do_route_set(const struct work *w, const struct vif_action *a, struct err *e)
{
	return route_set(w->tools->nl, &a->route, e);
}

static int do_route_delete(const struct work *w, const struct vif_action *a, struct err *e)
{
	return route_delete(w->tools->nl, &a->route, e);
}

static int do_connected(const struct work *w, const struct vif_action *a, struct err *e)
{
	(void)a;
	/* One that was right before has most often said so. */
	if (!vif_plan_changes(w->plan) &&
		vif_backend_is_connected(w->tools->store, w->tools->backend, &w->wanted->id))
		return 0;
	return vif_backend_connected(w->tools->store, w->tools->backend, &w->wanted->id, e);
}

/* Where the backend directory is gone nobody waits for the words. */
static int do_failed(const struct work *w, const struct vif_action *a, struct err *e)
{
	int rc = vif_backend_failed(
		w->tools->store, w->tools->backend, &w->wanted->id, w->plan->fault, e);

	(void)a;
	return rc == -ENOENT ? 0 : rc;
}

static int do_disconnected(const struct work *w, const struct vif_action *a, struct err *e)
{
	int rc = vif_backend_disconnected(w->tools->store, w->tools->backend, &w->wanted->id, e);

	(void)a;
	return rc == -ENOENT ? 0 : rc;
}

static int (*const actions[VIF_ACTIONS])(
	const struct work *w, const struct vif_action *a, struct err *e) = {
	[DO_RULES] = do_rules,
	[DO_SYSCTL] = do_sysctl,
	[DO_GROUP] = do_group,
	[DO_GUARD] = do_guard,
	[DO_REWRITE] = do_rewrite,
	[DO_REWRITE_NOT] = do_rewrite_not,
	[DO_MUTE] = do_mute,
	[DO_SPEAK] = do_mute,
	[DO_MTU] = do_mtu,
	[DO_UP] = do_up,
	[DO_DOWN] = do_down,
	[DO_FORGET] = do_forget,
	[DO_NEIGHBOUR_SET] = do_neighbour_set,
	[DO_NEIGHBOUR_DELETE] = do_neighbour_delete,
	[DO_ADDR_SET] = do_addr_set,
	[DO_ADDR_DELETE] = do_addr_delete,
	[DO_ROUTE_SET] = do_route_set,
	[DO_ROUTE_DELETE] = do_route_delete,
	[DO_CONNECTED] = do_connected,
	[DO_FAILED] = do_failed,
	[DO_DISCONNECTED] = do_disconnected,
};

int vif_apply(const struct vif_tools *t, const struct vif_plan *p, const struct vif_wanted *w,
	const struct vif_actual *a, struct err *e)
{
	const struct work work = { t, p, w, a->link.ifindex };
	const bool opening = w->life == VIF_SERVED;
	struct err one = ERR_NONE;
	int first = 0, rc;

	if (p->out_of_memory)
		return err_sys(e, -ENOMEM, "%s", p->link);
	for (size_t i = 0; i < p->count; i++) {
		rc = actions[p->actions[i].kind](&work, &p->actions[i], &one);
		if (rc == 0 || (rc == -ENODEV && !opening))
			continue;
		if (rc == -ENODEV)
			err_set(&one, rc, "link %s went away meanwhile", p->link);
		if (first == 0) {
			first = rc;
			if (e)
				*e = one;
		}
		if (opening)
			break;
	}
	return first;
}
