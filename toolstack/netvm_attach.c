/*
 * netvm attach NAME [NETVM], netvm detach NAME: the registry is changed, netvmd does the rest, and
 * it is waited for while the domain runs. What cannot come by waiting alone is said at once, and
 * what keeps netvmd as soon as it says so.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "toolstack/life.h"
#include "toolstack/present.h"

struct link_wait {
	const struct life *l;
	const struct registry_domain *d;
	bool attached; /* wanted; else detached */
	uint32_t domid, backend;
	bool backend_runs;
	char *told; /* the obstacle that was told last */
};

/* --- what is --- */

static bool is_attached(const struct link_wait *w, const struct present *p)
{
	struct present_domain now;

	present_domain_find(p, w->d->name, &now);
	for (size_t i = 0; i < now.vifs; i++)
		if (now.vif[i].frontend.backend_domid == w->backend && now.vif[i].has_backend &&
			now.vif[i].frontend.state == XENBUS_CONNECTED &&
			now.vif[i].backend.state == XENBUS_CONNECTED &&
			strcmp(now.vif[i].backend.hotplug_status, "error") != 0)
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

/* 1: it is as wanted; 0: not yet. */
static int look(struct link_wait *w, struct err *e)
{
	struct present p;
	bool done = false;
	int ret = 0;

	present_open(&p);
	if (p.no_xen.code)
		ret = err_set(e, p.no_xen.code, "%s", p.no_xen.text);
	else if (!p.no_netvmd.code && p.netvmd == NETVMD_AWAY)
		ret = err_set(e, -ESRCH,
			"%s is registered so, but netvmd does not run and nothing is done about "
			"it; systemctl start netvmd",
			w->d->name);
	else if (!runs(&p, w->domid))
		ret = err_set(e, -ESRCH, "%s has ended meanwhile", w->d->name);
	else if (w->attached)
		done = is_attached(w, &p);
	else
		ret = is_detached(w, &p, &done, e);
	if (!ret && !done)
		obstacles_tell(w, &p);
	present_close(&p);
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
