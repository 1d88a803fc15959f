/*
 * netvm attach NAME [NETVM], netvm detach NAME: the registry is changed, netvmd does the rest, and
 * it is waited for while the domain runs. What cannot come by waiting alone is said at once, and
 * what keeps netvmd as soon as it says so.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "toolstack/life.h"
#include "toolstack/present.h"

#define VIFS_MAX	  64
#define LOOK_MILLISECONDS 1000

struct link_wait {
	const struct life *l;
	const struct registry_domain *d;
	bool attached; /* wanted; else detached */
	uint32_t domid, backend;
	bool backend_runs;
	char *told;    /* the obstacle that was told last */
	long long due; /* of the next look at everything, on clock_milliseconds() */
};

/* --- what is --- */

static bool vif_is_up(const struct link_wait *w, uint32_t devid)
{
	const struct vif_id id = { w->domid, devid };
	struct vif_frontend front;
	struct vif_backend back;

	return vif_frontend_read(w->l->store, w->domid, devid, &front, NULL) == 0 &&
	       front.backend_domid == w->backend && front.state == XENBUS_CONNECTED &&
	       vif_backend_read(w->l->store, w->backend, &id, &back, NULL) == 0 &&
	       back.state == XENBUS_CONNECTED && strcmp(back.hotplug_status, "error") != 0;
}

static bool is_attached(const struct link_wait *w)
{
	uint32_t devids[VIFS_MAX];
	size_t count = 0;

	if (vif_frontend_list(w->l->store, w->domid, devids, VIFS_MAX, &count, NULL))
		return false;
	for (size_t i = 0; i < count; i++)
		if (vif_is_up(w, devids[i]))
			return true;
	return false;
}

static bool runs(const struct present *p, uint32_t domid)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->domains[i].domid == domid)
			return true;
	return domid == 0;
}

/* Its link is what leads to the network domain that it had, to a dead one, or has its MAC; whatever
 * else it has is the administrator's. */
static int is_detached(
	const struct link_wait *w, const struct present *p, bool *gone, struct err *e)
{
	const struct xen_domain domain = { .domid = w->domid };
	struct xen_vif *vifs = NULL;
	struct mac mac;
	size_t count = 0;
	int ret = xen_vifs_list(&domain, 1, &vifs, &count, e);

	registry_mac(w->d, &mac);
	*gone = true;
	for (size_t i = 0; i < count && !ret; i++)
		if (vifs[i].id.domid == w->domid &&
			((w->backend_runs && vifs[i].backend == w->backend) ||
				!runs(p, vifs[i].backend) ||
				memcmp(&vifs[i].mac, &mac, sizeof(mac)) == 0))
			*gone = false;
	free(vifs);
	return ret;
}

/* What netvmd says of the domain, each sentence once. */
static void obstacles_tell(struct link_wait *w, const struct present *p)
{
	for (size_t i = 0; i < p->obstacles.count; i++) {
		const struct netvmd_obstacle *o = &p->obstacles.obstacle[i];

		if (strcmp(o->domain, w->d->name) != 0 || (w->told && !strcmp(w->told, o->words)))
			continue;
		free(w->told);
		w->told = strdup(o->words);
		printf("netvmd says: %s\n", o->words);
		fflush(stdout);
	}
}

/* --- waiting --- */

/* Whether what is waited for can come at all, and what netvmd says of it. */
static int prospects(struct link_wait *w, const struct present *p, struct err *e)
{
	if (p->no_xen.code)
		return err_set(e, p->no_xen.code, "%s", p->no_xen.text);
	if (!p->no_netvmd.code && p->netvmd == NETVMD_AWAY)
		return err_set(e, -ESRCH,
			"%s is registered so, but netvmd does not run and nothing is done about "
			"it; systemctl start netvmd",
			w->d->name);
	if (!runs(p, w->domid))
		return err_set(e, -ESRCH, "%s has ended meanwhile", w->d->name);
	obstacles_tell(w, p);
	return 0;
}

/* 1: it is as wanted; 0: not yet. What costs libxl a list of all domains is looked at once a second
 * while it is not: dom0 has better to do meanwhile. */
static int look(struct link_wait *w, struct err *e)
{
	const bool due = clock_milliseconds() >= w->due;
	struct present p;
	bool done = false;
	int ret = 0;

	if (w->attached && is_attached(w))
		return 1;
	if (w->attached && !due)
		return 0;
	present_open(&p);
	if (!w->attached && !p.no_xen.code)
		ret = is_detached(w, &p, &done, e);
	if (!ret && !done)
		ret = prospects(w, &p, e);
	present_close(&p);
	w->due = clock_milliseconds() + LOOK_MILLISECONDS;
	return ret ? ret : done;
}

static int await(struct link_wait *w, struct err *e)
{
	int ret = vifs_watch(w->l->store, w->domid, "vifs", e);

	if (!ret && w->backend_runs)
		ret = vif_backend_watch(w->l->store, w->backend, "backend", e);
	while (!ret && (ret = look(w, e)) == 0) {
		if (!life_seconds_left(w->l))
			return err_set(e, -ETIMEDOUT, "%s is not %s after %u s%s%s", w->d->name,
				w->attached ? "attached" : "detached", w->l->n->o.timeout,
				w->told ? ": " : "; netvm status shows more",
				w->told ? w->told : "");
		ret = life_await(w->l, e);
	}
	return ret < 0 ? ret : 0;
}

/* --- the two verbs --- */

/* `d` is the domain as it is after an attach, before a detach. */
static int change_await(
	const struct life *l, const struct registry_domain *d, bool attached, struct err *e)
{
	struct link_wait w = { .l = l, .d = d, .attached = attached };
	struct xen_domain now, netvm;
	bool found;
	int ret = life_find(d->name, &now, &found, e);

	if (ret)
		return ret;
	if (!found || now.dying || now.shutdown) {
		printf("%s does not run; %s when it is started.\n", d->name,
			attached ? "it is attached" : "it has no network");
		return 0;
	}
	w.domid = now.domid;
	ret = d->netvm ? life_find(d->netvm->name, &netvm, &w.backend_runs, e) : 0;
	w.backend = w.backend_runs ? netvm.domid : 0;
	if (!ret && attached && (!w.backend_runs || netvm.dying || netvm.shutdown))
		ret = err_set(e, -ENOTCONN,
			"%s is registered so, and is attached as soon as %s runs; netvm start %s",
			d->name, d->netvm->name, d->netvm->name);
	if (!ret)
		ret = await(&w, e);
	free(w.told);
	if (!ret)
		printf(attached ? "%s is attached to %s.\n" : "%s is detached.\n", d->name,
			d->netvm ? d->netvm->name : "");
	return ret;
}

static int attach(struct netvm *n, const struct life *before, struct err *e)
{
	const struct registry_domain *d;
	const char *name = n->args[0];
	struct life l = *before;
	struct registry r;
	int ret = netvm_registry_read(n, &r, e);

	l.r = &r;
	if (!ret)
		ret = netvm_domain_find(n, &r, name, &d, e);
	if (!ret && !d->netvm)
		ret = err_set(e, -EINVAL,
			"%s lies on the way out of the default network domain, which is none for "
			"it",
			name);
	if (!ret)
		ret = change_await(&l, d, true, e);
	registry_dispose(&r);
	return ret;
}

/* Nobody waits with the registry held. */
static int pair_apply(const struct netvm *n, char *pair, struct err *e)
{
	struct registry_held h;
	int ret = netvm_registry_hold(n, &h, e);

	if (!ret)
		ret = netvm_pairs_apply(n, &h, n->args[0], &pair, 1, e);
	registry_let_go(&h);
	return ret;
}

int netvm_attach(struct netvm *n, struct err *e)
{
	char pair[DOMAIN_NAME_MAX + 8] = "netvm=";
	const char *to = n->count > 1 ? n->args[1] : NULL;
	struct life l = { .store = NULL };
	struct registry r;
	int ret = netvm_registry_read(n, &r, e);

	if (!ret)
		ret = netvm_domain_known(n, &r, n->args[0], e);
	if (!ret && to)
		ret = netvm_provider_check(n, &r, to, e);
	if (!ret && !to && !r.globals.default_netvm)
		ret = err_set(e, -EINVAL,
			"there is no default network domain; netvm attach %s NETVM names one",
			n->args[0]);
	if (!ret && to)
		snprintf(pair, sizeof(pair), "netvm=%s", to);
	if (!ret && !n->o.dry_run)
		ret = life_open(&l, n, &r, e);
	if (!ret)
		ret = pair_apply(n, pair, e);
	if (!ret && !n->o.dry_run)
		ret = attach(n, &l, e);
	life_close(&l);
	registry_dispose(&r);
	return ret;
}

int netvm_detach(struct netvm *n, struct err *e)
{
	char pair[] = "netvm=none";
	const struct registry_domain *d;
	struct life l = { .store = NULL };
	struct registry r;
	int ret = netvm_registry_read(n, &r, e);

	if (!ret)
		ret = netvm_domain_find(n, &r, n->args[0], &d, e);
	if (!ret && !n->o.dry_run)
		ret = life_open(&l, n, &r, e);
	if (!ret)
		ret = pair_apply(n, pair, e);
	if (!ret && !n->o.dry_run)
		ret = change_await(&l, d, false, e);
	life_close(&l);
	registry_dispose(&r);
	return ret;
}
