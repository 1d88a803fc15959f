#include "toolstack/life.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/child.h"
#include "common/clock.h"
#include "common/log.h"
#include "xenstore-schema/schema.h"
#include "xenstore-schema/store.h"

int life_open(struct life *l, const struct netvm *n, const struct registry *r, struct err *e)
{
	*l = (struct life){ .n = n, .r = r };
	l->end = clock_milliseconds() + n->o.timeout * 1000LL;
	return store_open(&l->store, e);
}

void life_close(struct life *l)
{
	store_close(l->store);
	l->store = NULL;
}

unsigned int life_seconds_left(const struct life *l)
{
	long long left = l->end - clock_milliseconds();

	return left > 0 ? (unsigned int)(left / 1000 + 1) : 0;
}

int life_await(const struct life *l, struct err *e)
{
	struct pollfd p = { .fd = store_fd(l->store), .events = POLLIN };
	char path[STORE_PATH_MAX], token[64];
	long long left = l->end - clock_milliseconds();
	/* What a vif brings with it comes as dozens of events, which one look can serve. */
	const struct timespec rest = { .tv_nsec = 100 * 1000 * 1000 };
	int ret;

	/* A second at most: netvmd may publish the provider at any time, and no watch says so. */
	if (poll(&p, 1, left > 1000 ? 1000 : left > 0 ? (int)left : 0) > 0)
		nanosleep(&rest, NULL);
	while ((ret = store_next_event(l->store, path, token, e)) > 0)
		;
	return ret;
}

int life_find(const char *name, struct xen_domain *out, bool *found, struct err *e)
{
	struct xen_domain *domains = NULL;
	size_t count = 0;
	int ret = xen_domains_list(&domains, &count, e);

	*found = false;
	for (size_t i = 0; i < count && !ret; i++) {
		if (strcmp(domains[i].name, name) != 0)
			continue;
		/* Of several, which only happens while one ends, the one that lives. */
		if (!*found || out->dying || out->shutdown)
			*out = domains[i];
		*found = true;
	}
	free(domains);
	return ret;
}

/* --- who uses it --- */

static bool vif_leads_to(const struct xen_vif *vifs, size_t count, uint32_t domid, uint32_t backend)
{
	for (size_t i = 0; i < count; i++)
		if (vifs[i].id.domid == domid && vifs[i].backend == backend)
			return true;
	return false;
}

static bool is_wanted_by(const struct registry *r, const char *user, const char *netvm)
{
	const struct registry_domain *d = registry_find(r, user);

	return d && !d->fault && d->netvm && strcmp(d->netvm->name, netvm) == 0;
}

static void name_add(char names[LIFE_USERS_MAX], const char *name, size_t *count)
{
	size_t used = strlen(names);

	/* The dots have room in any case. */
	if (used + strlen(name) + 8 < LIFE_USERS_MAX)
		sprintf(names + used, "%s%s", *count ? ", " : "", name);
	else if (used < 3 || strcmp(names + used - 3, "...") != 0)
		strcat(names, ", ...");
	(*count)++;
}

int life_users(const struct life *l, const struct xen_domain *d, char names[LIFE_USERS_MAX],
	size_t *count, struct err *e)
{
	const struct xen_domain dom0 = { .name = "dom0" };
	struct xen_domain *domains = NULL, *all = NULL;
	struct xen_vif *vifs = NULL;
	size_t domain_count = 0, vif_count = 0;
	int ret = xen_domains_list(&domains, &domain_count, e);

	names[0] = '\0';
	*count = 0;
	if (!ret && !(all = calloc(domain_count + 1, sizeof(*all))))
		ret = err_sys(e, -ENOMEM, "the list of domains");
	if (!ret) {
		all[0] = dom0;
		memcpy(all + 1, domains, domain_count * sizeof(*all));
		ret = xen_vifs_list(all, domain_count + 1, &vifs, &vif_count, e);
	}
	for (size_t i = 0; !ret && i <= domain_count; i++)
		if (!all[i].dying && !all[i].shutdown && all[i].domid != d->domid &&
			(vif_leads_to(vifs, vif_count, all[i].domid, d->domid) ||
				is_wanted_by(l->r, all[i].name, d->name)))
			name_add(names, all[i].name, count);
	free(vifs);
	free(all);
	free(domains);
	return ret;
}

/* --- stopping --- */

static int exists(uint32_t domid, bool *there, struct xen_domain *out, struct err *e)
{
	struct xen_domain *domains = NULL;
	size_t count = 0;
	int ret = xen_domains_list(&domains, &count, e);

	*there = false;
	for (size_t i = 0; i < count && !ret; i++)
		if (domains[i].domid == domid) {
			*there = true;
			*out = domains[i];
		}
	free(domains);
	return ret;
}

/* xl returns when the domain has shut down; whoever waits for it with `xl create` then removes it,
 * unless its config says otherwise. */
static int gone_await(const struct life *l, const struct xen_domain *d, struct err *e)
{
	struct xen_domain now;
	bool there;
	int ret = domains_watch(l->store, "domains", e);

	while (!ret) {
		ret = exists(d->domid, &there, &now, e);
		if (ret || !there)
			return ret;
		if (!life_seconds_left(l))
			return err_set(e, -ETIMEDOUT,
				now.shutdown ? "%s has shut down and is kept (on_poweroff in its "
					       "xl config?); xl destroy %u removes it"
					     : "%s has not ended in time; xl destroy %u ends it "
					       "at once",
				d->name, d->domid);
		ret = life_await(l, e);
	}
	return ret;
}

static int shutdown(const struct life *l, const struct xen_domain *d, struct err *e)
{
	char domid[16];
	const char *const argv[] = { "xl", "shutdown", "-w", "-F", domid, NULL };
	struct err why = ERR_NONE, ignored = ERR_NONE;
	struct child_result r;
	struct xen_domain now;
	bool there;
	int ret;

	snprintf(domid, sizeof(domid), "%u", d->domid);
	log_info("%s: xl shutdown -w -F %s", d->name, domid);
	ret = child_run_ok(argv, NULL, LIFE_WORDS_MAX, life_seconds_left(l), &r, &why);
	child_result_free(&r);
	/* It may have ended by itself while xl was about it. */
	if (!ret || (exists(d->domid, &there, &now, &ignored) == 0 && !there))
		return 0;
	if (ret == -ETIMEDOUT)
		return err_set(e, ret,
			"%s has not shut down within %u s; xl destroy %u ends it at once", d->name,
			l->n->o.timeout, d->domid);
	return err_set(e, ret, "%s could not be shut down: %s", d->name, why.text);
}

static int destroy(const struct life *l, const struct xen_domain *d, struct err *e)
{
	char domid[16];
	const char *const argv[] = { "xl", "destroy", domid, NULL };
	struct child_result r;
	int ret;

	snprintf(domid, sizeof(domid), "%u", d->domid);
	if (l->n->o.dry_run) {
		printf("would run xl destroy %s (%s)\n", domid, d->name);
		return 0;
	}
	log_info("%s: xl destroy %s", d->name, domid);
	ret = child_run_ok(argv, NULL, LIFE_WORDS_MAX, life_seconds_left(l), &r, e);
	child_result_free(&r);
	return ret ? err_prefix(e, "%s could not be destroyed", d->name) : gone_await(l, d, e);
}

int life_stop(const struct life *l, const struct xen_domain *d, struct err *e)
{
	int ret = 0;

	if (l->n->o.destroy && !d->dying)
		return destroy(l, d, e);
	if (d->shutdown && !d->dying)
		return err_set(e, -EBUSY,
			"%s has shut down or crashed and is kept (domain %u); xl destroy %u "
			"removes it",
			d->name, d->domid, d->domid);
	if (d->paused && !d->dying)
		return err_set(e, -EBUSY,
			"%s is paused (domain %u) and would not notice; xl unpause %u lets it go "
			"on",
			d->name, d->domid, d->domid);
	if (l->n->o.dry_run) {
		printf("would run xl shutdown -w -F %u (%s)\n", d->domid, d->name);
		return 0;
	}
	if (!d->dying)
		ret = shutdown(l, d, e);
	return ret ? ret : gone_await(l, d, e);
}
