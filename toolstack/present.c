#include "toolstack/present.h"

#include <stdlib.h>
#include <string.h>

#include "common/sorted.h"

static int by_name(const void *a, const void *b)
{
	const struct xen_domain *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : x->domid < y->domid ? -1 : x->domid > y->domid;
}

void present_open(struct present *p)
{
	enum netvmd_life watchdog;

	*p = (struct present){ .count = 0 };
	xen_domains_list(&p->domains, &p->count, &p->no_xen);
	if (p->count)
		qsort(p->domains, p->count, sizeof(*p->domains), by_name);
	if (store_open(&p->store, &p->no_store))
		p->store = NULL;
	netvmd_obstacles_read(
		NETVMD_LOCK, NETVMD_OBSTACLES, &p->netvmd, &p->obstacles, &p->no_netvmd);
	netvmd_obstacles_read(WATCHDOG_LOCK, WATCHDOG_FINDINGS, &watchdog, &p->findings, NULL);
}

void present_close(struct present *p)
{
	store_close(p->store);
	netvmd_obstacles_dispose(&p->obstacles);
	netvmd_obstacles_dispose(&p->findings);
	free(p->domains);
}

const char *present_state_word(enum xenbus_state s)
{
	static const char *const words[] = {
		[XENBUS_UNKNOWN] = "unknown",
		[XENBUS_INITIALISING] = "initialising",
		[XENBUS_INIT_WAIT] = "waiting",
		[XENBUS_INITIALISED] = "initialised",
		[XENBUS_CONNECTED] = "connected",
		[XENBUS_CLOSING] = "closing",
		[XENBUS_CLOSED] = "closed",
		[XENBUS_RECONFIGURING] = "reconfiguring",
		[XENBUS_RECONFIGURED] = "reconfigured",
	};

	return (size_t)s < sizeof(words) / sizeof(words[0]) ? words[s] : "unknown";
}

static void vif_find(struct store *store, uint32_t domid, struct present_vif *v)
{
	struct vif_id id = { domid, v->devid };

	if (vif_frontend_read(store, domid, v->devid, &v->frontend, NULL))
		return;
	v->has_backend =
		vif_backend_read(store, v->frontend.backend_domid, &id, &v->backend, NULL) == 0;
	client_report_read(store, v->frontend.backend_domid, &id, &v->report, NULL);
}

static int name_cmp(const void *key, const void *domain)
{
	return strcmp(key, ((const struct xen_domain *)domain)->name);
}

/* The first domain of that name, or where it would stand. */
static size_t name_find(const struct present *p, const char *name)
{
	return sorted_place(name, p->domains, p->count, sizeof(*p->domains), name_cmp);
}

void present_domain_find(const struct present *p, const char *name, struct present_domain *out)
{
	uint32_t devids[PRESENT_VIFS_MAX];

	out->known = !p->no_xen.code;
	out->running = out->reports = false;
	out->domid = 0;
	out->vifs = 0;
	for (size_t i = name_find(p, name); i < p->count && !strcmp(p->domains[i].name, name);
		i++) {
		if (p->domains[i].dying)
			continue;
		out->running = !p->domains[i].shutdown;
		out->domid = p->domains[i].domid;
	}
	if (!out->running || !p->store)
		return;
	memset(out->vif, 0, sizeof(out->vif));
	if (vif_frontend_list(p->store, out->domid, devids, PRESENT_VIFS_MAX, &out->vifs, NULL))
		out->vifs = 0;
	for (size_t i = 0; i < out->vifs; i++) {
		out->vif[i].devid = devids[i];
		vif_find(p->store, out->domid, &out->vif[i]);
	}
	out->reports = netvm_report_read(p->store, out->domid, &out->report, NULL) == 0;
}

const char *present_name(const struct present *p, uint32_t domid)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->domains[i].domid == domid)
			return p->domains[i].name;
	return domid ? "?" : "dom0";
}
