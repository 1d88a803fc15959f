/*
 * life_start(): from the farthest network domain above it down to the domain itself, each is
 * started if it does not run, and each network domain must say that it is ready before the next one
 * is. "Ready" must be said now: in a domain that netvmd provides for, dom0's probe number is
 * changed and the domain has to answer with it; one that was started just now has nothing old to
 * say.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/child.h"
#include "common/clock.h"
#include "common/log.h"
#include "toolstack/life.h"
#include "toolstack/netvm_pci.h"
#include "xenstore-schema/schema.h"
#include "xenstore-schema/store.h"

#define CHAIN_MAX 64

static int running_find(const char *name, bool *running, uint32_t *domid, struct err *e)
{
	struct xen_domain d;
	int ret = life_find(name, &d, running, e);

	if (!ret && *running && (d.dying || d.shutdown))
		ret = err_set(e, -EBUSY,
			"%s is shutting down or has crashed (domain %u); see xl list", name,
			d.domid);
	*domid = ret ? 0 : d.domid;
	return ret;
}

int life_create(const struct life *l, const struct registry_domain *d, struct err *e)
{
	char path[PATH_MAX];
	const char *const argv[] = { "xl", "create", "-q", path, NULL };
	struct child_result r;
	int ret = registry_xl_config(d, path, sizeof(path), e);

	if (!ret)
		ret = netvm_pci_take_all(l->n, l->r, d, e);
	if (!ret && l->n->o.dry_run) {
		printf("would run xl create %s\n", path);
		return 0;
	}
	if (ret)
		return ret;
	if (!life_seconds_left(l))
		return err_set(e, -ETIMEDOUT, "there was no time left to start it");
	log_info("%s: xl create %s", d->name, path);
	ret = child_run_ok(argv, NULL, LIFE_WORDS_MAX, life_seconds_left(l), &r, e);
	child_result_free(&r);
	return ret;
}

int life_start_check(const struct registry_domain *d, struct err *e)
{
	char path[PATH_MAX];
	int ret = registry_xl_config(d, path, sizeof(path), e);

	if (!ret && access(path, R_OK))
		ret = err_sys(e, -errno, "%s, the xl config of %s", path, d->name);
	return ret;
}

/* --- readiness --- */

/* Asks for a fresh report. `*asked`: there is a provider to ask through. */
static int probe_ask(
	struct store *store, uint32_t domid, bool *asked, uint32_t *probe, struct err *e)
{
	int ret = provider_probe(store, domid, probe, e);

	*asked = ret == 0;
	return ret == -ENOENT ? 0 : ret;
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

static int ready_await(const struct life *l, const char *name, uint32_t domid, struct err *e)
{
	struct netvm_report report;
	bool asked = false;
	uint32_t probe = 0;
	int ret = netvm_report_watch(l->store, domid, name, e), seen = -ENOENT;

	while (!ret) {
		if (!asked)
			ret = probe_ask(l->store, domid, &asked, &probe, e);
		if (!ret)
			seen = netvm_report_read(l->store, domid, &report, NULL);
		if (!ret && !seen && is_ready(&report, asked, probe))
			return 0;
		if (!ret && clock_milliseconds() >= l->end)
			return not_ready(name, seen, &report, asked, probe, l->n->o.timeout, e);
		if (!ret)
			ret = life_await(l, e);
	}
	return ret;
}

/* --- all of them --- */

static int domain_start(
	const struct life *l, const struct registry_domain *d, bool needed, struct err *e)
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
		ret = life_create(l, d, e);
		if (ret)
			return err_prefix(e, "%s could not be started", d->name);
		if (l->n->o.dry_run)
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
	if (!ret && needed && !l->n->o.dry_run)
		ret = ready_await(l, d->name, domid, e);
	return ret;
}

int life_start(const struct life *l, const struct registry_domain *d, bool ready, struct err *e)
{
	const struct registry_domain *chain[CHAIN_MAX];
	size_t count = registry_chain(d, chain, CHAIN_MAX);
	int ret = 0;

	if (count > CHAIN_MAX)
		return err_set(e, -E2BIG, "%s has more than %d network domains above it", d->name,
			CHAIN_MAX);
	for (size_t i = count; i-- > 0 && !ret;)
		ret = domain_start(l, chain[i], true, e);
	return ret ? ret : domain_start(l, d, ready, e);
}
