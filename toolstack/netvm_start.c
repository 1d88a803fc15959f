/*
 * netvm start NAME: from the farthest network domain above it down to the domain itself, each is
 * started if it does not run, and each network domain must say that it is ready before the next one
 * is. "Ready" must be said now: in a domain that netvmd provides for, dom0's probe number is
 * changed and the domain has to answer with it; one that was started just now has nothing old to
 * say.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/child.h"
#include "common/clock.h"
#include "common/log.h"
#include "toolstack/netvm_pci.h"
#include "toolstack/xen.h"
#include "xenstore-schema/schema.h"
#include "xenstore-schema/store.h"

#define CHAIN_MAX 64
#define WORDS_MAX 4096

struct start {
	const struct netvm *n;
	const struct registry *r;
	struct store *store;
	long long end; /* milliseconds of the monotonic clock */
};

static int running_find(const char *name, bool *running, uint32_t *domid, struct err *e)
{
	struct xen_domain *domains = NULL;
	size_t count = 0;
	int ret = xen_domains_list(&domains, &count, e);

	*running = false;
	for (size_t i = 0; i < count && !ret; i++) {
		if (strcmp(domains[i].name, name) != 0)
			continue;
		if (domains[i].dying || domains[i].shutdown)
			ret = err_set(e, -EBUSY,
				"%s is shutting down or has crashed (domain %u); see xl list", name,
				domains[i].domid);
		*running = true;
		*domid = domains[i].domid;
	}
	free(domains);
	return ret;
}

static unsigned int seconds_left(const struct start *s)
{
	long long left = s->end - clock_milliseconds();

	return left > 0 ? (unsigned int)(left / 1000 + 1) : 0;
}

static int create(const struct start *s, const struct registry_domain *d, struct err *e)
{
	char path[PATH_MAX];
	const char *const argv[] = { "xl", "create", "-q", path, NULL };
	struct child_result r;
	int ret = registry_xl_config(d, path, sizeof(path), e);

	if (!ret)
		ret = netvm_pci_take_all(s->n, s->r, d, e);
	if (!ret && s->n->o.dry_run) {
		printf("would run xl create %s\n", path);
		return 0;
	}
	if (ret)
		return ret;
	if (!seconds_left(s))
		return err_set(e, -ETIMEDOUT, "there was no time left to start it");
	log_info("%s: xl create %s", d->name, path);
	ret = child_run_ok(argv, NULL, WORDS_MAX, seconds_left(s), &r, e);
	child_result_free(&r);
	return ret;
}

/* --- readiness --- */

/* Asks for a fresh report. `*asked`: there is a provider to ask through. */
static int probe_ask(
	struct store *store, uint32_t domid, bool *asked, uint32_t *probe, struct err *e)
{
	struct provider provider;
	int ret = provider_read(store, domid, &provider, e);

	if (ret)
		return ret == -ENOENT ? 0 : ret;
	*probe = ++provider.probe;
	ret = provider_write(store, domid, &provider, e);
	*asked = ret == 0;
	return ret;
}

/* Whether the domain says that it is ready, and says so now. */
static bool is_ready(const struct netvm_report *report, bool asked, uint32_t probe)
{
	return strcmp(report->state, "ready") == 0 && (!asked || report->probe == probe);
}

static int not_ready(const char *name, int ret, const struct netvm_report *report, bool asked,
	uint32_t probe, unsigned int timeout, struct err *e)
{
	if (ret)
		return err_set(e, -ETIMEDOUT,
			"%s runs but says nothing about its network after %u s (does netbackd run "
			"in "
			"it? xl console %s shows)",
			name, timeout, name);
	if (asked && report->probe != probe && strcmp(report->state, "ready") == 0)
		return err_set(e, -ETIMEDOUT,
			"%s said once that it is ready, but has not answered for %u s (does "
			"netbackd "
			"still run in it?)",
			name, timeout);
	return err_set(e, -ETIMEDOUT, "%s is not ready after %u s; it says: %s", name, timeout,
		report->state[0] ? report->state : "nothing");
}

static int events_await(struct store *store, long long end, struct err *e)
{
	struct pollfd p = { .fd = store_fd(store), .events = POLLIN };
	char path[STORE_PATH_MAX], token[64];
	long long left = end - clock_milliseconds();
	int ret;

	/* A second at most: netvmd may publish the provider at any time, and no watch says so. */
	poll(&p, 1, left > 1000 ? 1000 : left > 0 ? (int)left : 0);
	while ((ret = store_next_event(store, path, token, e)) > 0)
		;
	return ret;
}

static int ready_await(const struct start *s, const char *name, uint32_t domid, struct err *e)
{
	struct netvm_report report;
	bool asked = false;
	uint32_t probe = 0;
	int ret = netvm_report_watch(s->store, domid, name, e), seen = -ENOENT;

	while (!ret) {
		if (!asked)
			ret = probe_ask(s->store, domid, &asked, &probe, e);
		if (!ret)
			seen = netvm_report_read(s->store, domid, &report, NULL);
		if (!ret && !seen && is_ready(&report, asked, probe))
			return 0;
		if (!ret && clock_milliseconds() >= s->end)
			return not_ready(name, seen, &report, asked, probe, s->n->o.timeout, e);
		if (!ret)
			ret = events_await(s->store, s->end, e);
	}
	return ret;
}

/* --- all of them --- */

static int domain_start(
	const struct start *s, const struct registry_domain *d, bool needed, struct err *e)
{
	bool running;
	uint32_t domid = 0;
	int ret = running_find(d->name, &running, &domid, e);

	if (ret)
		return ret;
	if (running && !needed) {
		printf("%s runs already (domain %u).\n", d->name, domid);
		return 0;
	}
	if (!running) {
		ret = create(s, d, e);
		if (ret)
			return err_prefix(e, "%s could not be started", d->name);
		if (s->n->o.dry_run)
			return 0;
		ret = running_find(d->name, &running, &domid, e);
		if (!ret && !running)
			ret = err_set(e, -ENOENT,
				"%s was created and is gone again; is its name in the xl config "
				"\"%s\"?",
				d->name, d->name);
		if (!ret)
			printf("%s is started (domain %u).\n", d->name, domid);
	}
	if (!ret && needed && !s->n->o.dry_run)
		ret = ready_await(s, d->name, domid, e);
	return ret;
}

int netvm_start(struct netvm *n, struct err *e)
{
	const struct registry_domain *d, *chain[CHAIN_MAX];
	struct registry r;
	struct start s = { .n = n, .r = &r, .end = clock_milliseconds() + n->o.timeout * 1000LL };
	size_t count = 0;
	int ret = netvm_registry_read(n, &r, e);

	if (!ret)
		ret = netvm_domain_find(n, &r, n->args[0], &d, e);
	if (!ret)
		count = registry_chain(d, chain, CHAIN_MAX);
	if (!ret && count > CHAIN_MAX)
		ret = err_set(e, -E2BIG, "%s has more than %d network domains above it", d->name,
			CHAIN_MAX);
	if (!ret)
		ret = store_open(&s.store, e);
	for (size_t i = count; i-- > 0 && !ret;)
		ret = domain_start(&s, chain[i], true, e);
	if (!ret)
		ret = domain_start(&s, d, false, e);
	store_close(s.store);
	registry_dispose(&r);
	return ret;
}
