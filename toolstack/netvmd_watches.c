#include "toolstack/netvmd_watches.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct netvmd_watch *watch_take(struct netvmd_watches *w, uint32_t domid)
{
	struct netvmd_watch *grown;

	for (size_t i = 0; i < w->count; i++)
		if (w->watch[i].domid == domid)
			return &w->watch[i];
	grown = realloc(w->watch, (w->count + 1) * sizeof(*grown));
	if (!grown)
		return NULL;
	w->watch = grown;
	grown[w->count] = (struct netvmd_watch){ .domid = domid };
	return &grown[w->count++];
}

static int domain_follow(struct netvmd_watches *w, struct store *s, const struct registry_domain *d,
	uint32_t domid, struct err *e)
{
	struct netvmd_watch *watch = watch_take(w, domid);
	int ret = 0;

	if (!watch)
		return err_sys(e, -ENOMEM, "watches");
	watch->wanted = true;
	if (!watch->vifs)
		ret = vifs_watch(s, domid, "vifs", e);
	watch->vifs |= !ret;
	if (!ret && !watch->report && !d->fault.code && d->provides_network) {
		ret = netvm_report_watch(s, domid, "report", e);
		watch->report = !ret;
	}
	return ret;
}

/* A watch that xenstored does not know any more is gone as well. */
static int domain_leave(const struct netvmd_watch *watch, struct store *s, struct err *e)
{
	struct err why = ERR_NONE;
	int ret = watch->vifs ? vifs_unwatch(s, watch->domid, "vifs", &why) : 0;

	if (ret != -ENOTCONN && watch->report)
		ret = netvm_report_unwatch(s, watch->domid, "report", &why);
	if (ret == -ENOTCONN && e)
		*e = why;
	return ret == -ENOTCONN ? ret : 0;
}

int netvmd_watches_follow(struct netvmd_watches *w, struct store *s, const struct registry *r,
	const struct netvmd_actual *actual, struct err *e)
{
	size_t kept = 0;
	int ret = 0;

	for (size_t i = 0; i < w->count; i++)
		w->watch[i].wanted = false;
	for (size_t i = 0; i < actual->count && !ret; i++) {
		const struct registry_domain *d = registry_find(r, actual->domain[i].name);

		if (d)
			ret = domain_follow(w, s, d, actual->domain[i].domid, e);
	}
	for (size_t i = 0; i < w->count && !ret; i++) {
		if (!w->watch[i].wanted)
			ret = domain_leave(&w->watch[i], s, e);
		else
			w->watch[kept++] = w->watch[i];
	}
	if (!ret)
		w->count = kept;
	return ret;
}

void netvmd_watches_forget(struct netvmd_watches *w)
{
	free(w->watch);
	memset(w, 0, sizeof(*w));
}
