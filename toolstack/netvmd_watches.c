#include "toolstack/netvmd_watches.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/sorted.h"

static int watch_cmp(const void *key, const void *watch)
{
	uint32_t a = *(const uint32_t *)key, b = ((const struct netvmd_watch *)watch)->domid;

	return (a > b) - (a < b);
}

/* Where a domain's is, or would be. */
static size_t watch_place(const struct netvmd_watches *w, uint32_t domid)
{
	return sorted_place(&domid, w->watch, w->count, sizeof(*w->watch), watch_cmp);
}

static struct netvmd_watch *watch_find(const struct netvmd_watches *w, uint32_t domid)
{
	size_t at = watch_place(w, domid);

	return at < w->count && w->watch[at].domid == domid ? &w->watch[at] : NULL;
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
	size_t at = watch_place(w, domid);

	if (found)
		return found;
	grown = realloc(w->watch, (w->count + 1) * sizeof(*grown));
	if (!grown)
		return NULL;
	w->watch = grown;
	memmove(&grown[at + 1], &grown[at], (w->count++ - at) * sizeof(*grown));
	grown[at] = (struct netvmd_watch){ .domid = domid, .room = WATCH_BURST, .since = now };
	return &grown[at];
}

/* A watch that xenstored does not know any more is gone as well. */
static int domain_leave(struct netvmd_watch *watch, struct store *s, struct err *e)
{
	struct err why = ERR_NONE;
	int ret = watch->name ? domain_name_unwatch(s, watch->domid, "name", &why) : 0;

	if (ret != -ENOTCONN && watch->vifs)
		ret = vifs_unwatch(s, watch->domid, "vifs", &why);
	if (ret != -ENOTCONN && watch->report)
		ret = netvm_report_unwatch(s, watch->domid, "report", &why);
	watch->name = watch->vifs = watch->report = false;
	if (ret == -ENOTCONN && e)
		*e = why;
	return ret == -ENOTCONN ? ret : 0;
}

/* `d` NULL: the registry does not know it. */
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
	if (!watch->name)
		ret = domain_name_watch(s, domid, "name", e);
	watch->name |= !ret;
	if (!ret && !watch->vifs && d) {
		ret = vifs_watch(s, domid, "vifs", e);
		watch->vifs = !ret;
	}
	if (!ret && !watch->report && d && !d->fault && d->provides_network) {
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
		const struct netvmd_domain *x = &actual->domain[i];

		ret = domain_follow(w, s, registry_find(r, x->name), x->domid, now, e);
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
