#include "toolstack/netvmd_watches.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct netvmd_watch *watch_find(const struct netvmd_watches *w, uint32_t domid)
{
	for (size_t i = 0; i < w->count; i++)
		if (w->watch[i].domid == domid)
			return &w->watch[i];
	return NULL;
}

/* --- how much a domain brings --- */

static void room_grow(struct netvmd_watch *watch, double now)
{
	watch->room += (now - watch->since) * WATCH_STEADY;
	if (watch->room > WATCH_BURST)
		watch->room = WATCH_BURST;
	watch->since = now;
}

void netvmd_watches_note(struct netvmd_watches *w, const char *path, double now)
{
	struct netvmd_watch *watch;
	uint32_t domid;

	if (event_path_home(path, &domid))
		return;
	watch = watch_find(w, domid);
	if (!watch)
		return;
	room_grow(watch, now);
	watch->room -= watch->room >= 1;
	watch->flooding |= watch->room < 1;
}

/* Calm is who has half of the room again. */
static bool is_flooding(struct netvmd_watch *watch, double now)
{
	room_grow(watch, now);
	watch->flooding &= watch->room < WATCH_BURST / 2.;
	return watch->flooding;
}

bool netvmd_watches_flooding(const struct netvmd_watches *w, uint32_t domid)
{
	const struct netvmd_watch *watch = watch_find(w, domid);

	return watch && watch->flooding;
}

/* --- */

static struct netvmd_watch *watch_take(struct netvmd_watches *w, uint32_t domid, double now)
{
	struct netvmd_watch *grown, *found = watch_find(w, domid);

	if (found)
		return found;
	grown = realloc(w->watch, (w->count + 1) * sizeof(*grown));
	if (!grown)
		return NULL;
	w->watch = grown;
	grown[w->count] =
		(struct netvmd_watch){ .domid = domid, .room = WATCH_BURST, .since = now };
	return &grown[w->count++];
}

/* A watch that xenstored does not know any more is gone as well. */
static int domain_leave(struct netvmd_watch *watch, struct store *s, struct err *e)
{
	struct err why = ERR_NONE;
	int ret = watch->vifs ? vifs_unwatch(s, watch->domid, "vifs", &why) : 0;

	if (ret != -ENOTCONN && watch->report)
		ret = netvm_report_unwatch(s, watch->domid, "report", &why);
	watch->vifs = watch->report = false;
	if (ret == -ENOTCONN && e)
		*e = why;
	return ret == -ENOTCONN ? ret : 0;
}

static int domain_follow(struct netvmd_watches *w, struct store *s, const struct registry_domain *d,
	uint32_t domid, double now, struct err *e)
{
	struct netvmd_watch *watch = watch_take(w, domid, now);
	int ret = 0;

	if (!watch)
		return err_sys(e, -ENOMEM, "watches");
	watch->wanted = true;
	if (is_flooding(watch, now))
		return domain_leave(watch, s, e);
	if (!watch->vifs)
		ret = vifs_watch(s, domid, "vifs", e);
	watch->vifs |= !ret;
	if (!ret && !watch->report && !d->fault && d->provides_network) {
		ret = netvm_report_watch(s, domid, "report", e);
		watch->report = !ret;
	}
	return ret;
}

int netvmd_watches_follow(struct netvmd_watches *w, struct store *s, const struct registry *r,
	const struct netvmd_actual *actual, double now, struct err *e)
{
	size_t kept = 0;
	int ret = 0;

	for (size_t i = 0; i < w->count; i++)
		w->watch[i].wanted = false;
	for (size_t i = 0; i < actual->count && !ret; i++) {
		const struct registry_domain *d = registry_find(r, actual->domain[i].name);

		if (d)
			ret = domain_follow(w, s, d, actual->domain[i].domid, now, e);
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
