/*
 * A watch that stands is set again at no cost (xenstored says EEXIST, the kernel nothing), so there
 * is no list of them. Those of a domain that is gone stay, and tell nothing.
 */
#include "toolstack/present_watch.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "common/clock.h"
#include "toolstack/registry_watch.h"

#define STORE_AGAIN 5.0 /* seconds until an absent xenstored is looked for again */
#define GATHER	    0.2 /* seconds after a change in which others are taken with it */

int present_watch_open(struct present_watch *w, struct err *e)
{
	*w = (struct present_watch){ .files = -1 };
	return registry_watch_open(&w->files, e);
}

static void store_leave(struct present_watch *w)
{
	store_close(w->store);
	w->store = NULL;
}

void present_watch_close(struct present_watch *w)
{
	store_leave(w);
	if (w->files >= 0)
		close(w->files);
	w->files = -1;
}

typedef int (*watch_set)(struct store *s, uint32_t domid, const char *token, struct err *e);

static int domain_renew(struct store *s, const struct xen_domain *x, const struct registry *r)
{
	static const watch_set of_guest[] = { vifs_watch, NULL };
	static const watch_set of_provider[] = { vifs_watch, netvm_report_watch, vif_backend_watch,
		NULL };
	const struct registry_domain *d = registry_find(r, x->name);
	int ret = 0;

	if (!d)
		return 0;
	for (const watch_set *set = d->provides_network ? of_provider : of_guest;
		*set && (!ret || ret == -EEXIST); set++)
		ret = (*set)(s, x->domid, "present", NULL);
	return ret == -ENOTCONN ? ret : 0;
}

static void store_renew(struct present_watch *w, const struct registry *r, const struct present *p)
{
	int ret = 0;

	if (!w->store) {
		ret = store_open(&w->store, NULL);
		if (!ret)
			ret = domains_watch(w->store, "present", NULL);
	}
	for (size_t i = 0; i < p->count && !ret; i++)
		ret = domain_renew(w->store, &p->domains[i], r);
	if (ret)
		store_leave(w);
}

int present_watch_renew(struct present_watch *w, const char *dir, const struct registry *r,
	const struct present *p, struct err *e)
{
	int ret = registry_watch_renew(w->files, dir, e);

	if (!ret)
		ret = registry_watch_also(w->files, RUNDIR, e);
	if (!ret)
		store_renew(w, r, p);
	return ret;
}

/* Reads away what has come. */
static int drain(struct present_watch *w, struct err *e)
{
	char path[STORE_PATH_MAX], token[64];
	int ret = 0;

	while (w->store && (ret = store_next_event(w->store, path, token, NULL)) > 0)
		;
	if (ret < 0)
		store_leave(w);
	return registry_watch_drain(w->files, e);
}

static double wait_least(const struct present_watch *w, double until)
{
	if (until > 0)
		return until - clock_seconds();
	return w->store ? -1 : STORE_AGAIN;
}

int present_watch_wait(struct present_watch *w, struct err *e)
{
	double until = 0; /* when gathering ends; 0: nothing has changed yet */
	int ret = 0;

	while (!ret && (until == 0 || clock_seconds() < until)) {
		struct pollfd fds[] = { { .fd = w->files, .events = POLLIN },
			{ .fd = w->store ? store_fd(w->store) : -1, .events = POLLIN } };
		double least = wait_least(w, until);

		if (poll(fds, 2, least < 0 ? -1 : (int)(least * 1e3) + 1) < 0 && errno != EINTR)
			return err_sys(e, -errno, "waiting for changes");
		ret = drain(w, e);
		if (until == 0)
			until = clock_seconds() + GATHER;
	}
	return ret;
}
