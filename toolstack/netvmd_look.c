#include "toolstack/netvmd_look.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/sorted.h"
#include "toolstack/dom0_record.h"
#include "toolstack/xen_child.h"

#define LINKS_MAX 64 /* published for a guest; dom0 alone writes there */

static bool is_gone(int ret)
{
	return ret == -ENOENT;
}

/* What is the matter with a value is no failure of the look; the loss of the store is. */
static int unless_lost(int ret, const struct err *why, struct err *e)
{
	if (ret != -ENOTCONN)
		return 0;
	if (e)
		*e = *why;
	return ret;
}

/* --- a guest --- */

static int domid_cmp(const void *key, const void *domain)
{
	uint32_t a = *(const uint32_t *)key, b = ((const struct xen_domain *)domain)->domid;

	return (a > b) - (a < b);
}

static bool is_running(const struct xen_look *look, uint32_t domid)
{
	const struct xen_domain *d =
		bsearch(&domid, look->domain, look->domains, sizeof(*d), domid_cmp);

	return d && !d->dying && !d->shutdown;
}

static int vif_cmp(const void *key, const void *vif)
{
	uint32_t a = *(const uint32_t *)key, b = ((const struct xen_vif *)vif)->id.domid;

	return (a > b) - (a < b);
}

/* The first vif of a domain, or where it would be. */
static size_t vifs_begin(const struct xen_look *look, uint32_t domid)
{
	return sorted_place(&domid, look->vif, look->vifs, sizeof(*look->vif), vif_cmp);
}

static int vif_is_alive(struct store *s, const struct xen_look *look, const struct xen_vif *v,
	bool *alive, struct err *e)
{
	struct err why = ERR_NONE;
	struct vif_backend b;
	int ret;

	*alive = v->backend == 0;
	if (*alive || !is_running(look, v->backend))
		return 0;
	ret = vif_backend_read_life(s, v->backend, &v->id, &b, &why);
	*alive = !is_gone(ret);
	return unless_lost(ret, &why, e);
}

static int vifs_take(
	struct store *s, const struct xen_look *look, struct netvmd_domain *d, struct err *e)
{
	const size_t begin = vifs_begin(look, d->domid), end = vifs_begin(look, d->domid + 1);
	int ret = 0;

	d->vif = calloc(end - begin + 1, sizeof(*d->vif));
	if (!d->vif)
		return err_sys(e, -ENOMEM, "%s", d->name);
	for (size_t i = begin; i < end && !ret; i++) {
		const struct xen_vif *v = &look->vif[i];

		d->vif[d->vifs] = (struct netvmd_vif){ v->id.devid, v->backend, v->mac, false };
		ret = vif_is_alive(s, look, v, &d->vif[d->vifs++].alive, e);
	}
	return ret;
}

static int links_read(struct store *s, struct netvmd_domain *d, struct err *e)
{
	uint32_t devids[LINKS_MAX];
	struct err why = ERR_NONE;
	size_t count = 0;
	int ret = guest_link_list(s, d->domid, devids, LINKS_MAX, &count, &why);

	d->link = calloc(count + 1, sizeof(*d->link));
	if (!d->link)
		return err_sys(e, -ENOMEM, "%s", d->name);
	if (ret && ret != -E2BIG)
		return unless_lost(ret, &why, e);
	for (size_t i = 0; i < count; i++) {
		struct netvmd_link *l = &d->link[d->links];

		l->devid = devids[i];
		ret = guest_link_read(s, d->domid, devids[i], &l->link, &why);
		if (ret == -ENOTCONN)
			return unless_lost(ret, &why, e);
		l->readable = ret == 0;
		d->links += !is_gone(ret);
	}
	return 0;
}

/* --- a network domain --- */

static int clients_read(struct store *s, struct netvmd_domain *d, struct err *e)
{
	struct vif_id *ids = NULL;
	struct err why = ERR_NONE;
	size_t count = 0;
	int ret = client_list(s, d->domid, &ids, &count, &why);

	if (ret)
		return unless_lost(ret, &why, e);
	d->client = calloc(count + 1, sizeof(*d->client));
	if (!d->client)
		ret = err_sys(e, -ENOMEM, "%s", d->name);
	for (size_t i = 0; i < count && !ret; i++) {
		struct netvmd_client *c = &d->client[d->clients];

		c->guest = ids[i];
		ret = client_read(s, d->domid, &ids[i], &c->client, &why);
		c->readable = ret == 0;
		d->clients += !is_gone(ret);
		ret = unless_lost(ret, &why, e);
	}
	free(ids);
	return ret;
}

static int provider_take(struct store *s, struct netvmd_domain *d, struct err *e)
{
	struct err why = ERR_NONE;
	int ret = provider_read(s, d->domid, &d->provider, &why);

	d->managed = !is_gone(ret);
	d->provider_readable = ret == 0;
	if (ret == -ENOTCONN)
		return unless_lost(ret, &why, e);
	return d->managed ? clients_read(s, d, e) : 0;
}

static int report_take(struct store *s, struct netvmd_domain *d, struct err *e)
{
	struct netvm_report report;
	struct err why = ERR_NONE;
	int ret = netvm_report_read(s, d->domid, &report, &why);

	if (!ret) {
		d->ready = strcmp(report.state, "ready") == 0;
		d->mtu = report.mtu;
		memcpy(d->capabilities, report.capabilities, sizeof(d->capabilities));
	} else if (!is_gone(ret) && ret != -ENOTCONN) {
		d->nonsense = strdup(why.text);
		if (!d->nonsense)
			return err_sys(e, -ENOMEM, "%s", d->name);
	}
	return unless_lost(ret, &why, e);
}

/* --- all --- */

static int domain_take(struct store *s, const struct registry *r, const struct xen_look *look,
	const struct xen_domain *x, struct netvmd_domain *d, struct err *e)
{
	const struct registry_domain *wanted = registry_find(r, x->name);
	int ret;

	d->domid = x->domid;
	memcpy(d->name, x->name, sizeof(d->name));
	d->paused = x->paused;
	d->shutdown = x->shutdown;
	ret = vifs_take(s, look, d, e);
	if (!ret)
		ret = links_read(s, d, e);
	if (!ret)
		ret = provider_take(s, d, e);
	if (!ret && wanted && !wanted->fault && wanted->provides_network)
		ret = report_take(s, d, e);
	return ret;
}

/* Behind the look at its entry: an entry that was seen was noted before it was made. */
static void dom0_take(struct netvmd_actual *out)
{
	struct dom0_record r;

	if (dom0_record_read(&r, NULL) == 0) {
		out->dom0.provider = r.netvm.domid;
		out->dom0.devid = r.devid;
	}
	dom0_record_dispose(&r);
}

int netvmd_look(struct store *s, const struct registry *r, unsigned int seconds,
	struct netvmd_actual *out, struct err *e)
{
	struct xen_look look;
	int ret;

	memset(out, 0, sizeof(*out));
	ret = xen_child_look(seconds, &look, e);
	if (ret == -ENOTCONN && e)
		e->code = -EHOSTDOWN;
	if (ret)
		return ret == -ENOTCONN ? -EHOSTDOWN : ret;
	out->domain = calloc(look.domains + 1, sizeof(*out->domain));
	if (!out->domain)
		ret = err_sys(e, -ENOMEM, "the domains");
	for (size_t i = 0; i < look.domains && !ret; i++)
		if (!look.domain[i].dying)
			ret = domain_take(
				s, r, &look, &look.domain[i], &out->domain[out->count++], e);
	xen_look_dispose(&look);
	dom0_take(out);
	return ret;
}
