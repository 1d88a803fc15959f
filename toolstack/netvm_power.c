/*
 * netvm suspend, netvm resume: before the host sleeps, and when it is back.
 *
 * Every network domain that runs is told by its `power`, and runs its hooks; it is waited for, all
 * of them at once, within one deadline, so that one that hangs does not keep the host awake. After
 * that resume gives every domain that runs the devices that it lost meanwhile. What is wanted
 * beside is netvmd's work, which wakes up by itself.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/log.h"
#include "common/text.h"
#include "toolstack/life.h"
#include "toolstack/netvm_pci.h"
#include "toolstack/present.h"

struct told {
	const struct registry_domain *d;
	uint32_t domid;
	bool answered;
	struct err why; /* that it could not be told; code 0: it was */
};

struct telling {
	const struct life *l;
	enum provider_power power;
	struct told *told;
	size_t count;
};

/* --- whom --- */

static bool is_paused(const struct present *p, uint32_t domid)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->domains[i].domid == domid)
			return p->domains[i].paused;
	return false;
}

/* Those that say that they can answer. */
static int told_find(struct telling *t, const struct present *p, struct err *e)
{
	const struct registry *r = t->l->r;

	t->told = calloc(r->count + 1, sizeof(*t->told));
	if (!t->told)
		return err_sys(e, -ENOMEM, "network domains");
	for (size_t i = 0; i < r->count; i++) {
		struct present_domain now;

		if (r->domain[i].fault || !r->domain[i].provides_network)
			continue;
		present_domain_find(p, r->domain[i].name, &now);
		if (now.reports && text_has_word(now.report.capabilities, "power") &&
			!is_paused(p, now.domid))
			t->told[t->count++] =
				(struct told){ &r->domain[i], now.domid, false, { 0 } };
	}
	return 0;
}

/* --- telling --- */

static void tell(struct telling *t)
{
	for (size_t i = 0; i < t->count; i++) {
		struct told *x = &t->told[i];
		int ret = netvm_report_watch(t->l->store, x->domid, "power", &x->why);

		if (!ret)
			provider_power(t->l->store, x->domid, t->power, &x->why);
	}
}

/* How many have not answered yet. */
static size_t answers_look(struct telling *t)
{
	struct netvm_report report;
	size_t open = 0;

	for (size_t i = 0; i < t->count; i++) {
		struct told *x = &t->told[i];

		if (x->why.code || x->answered)
			continue;
		x->answered = netvm_report_read(t->l->store, x->domid, &report, NULL) == 0 &&
			      strcmp(report.power, provider_power_word(t->power)) == 0;
		open += !x->answered;
	}
	return open;
}

static int answers_await(struct telling *t, struct err *e)
{
	int ret = 0;

	while (!ret && answers_look(t) && life_seconds_left(t->l))
		ret = life_await(t->l, e);
	return ret;
}

static int json_print(const struct telling *t, struct err *e)
{
	struct json *j = json_open();

	json_object(j, NULL);
	json_array(j, "network_domains");
	for (size_t i = 0; i < t->count; i++) {
		json_object(j, NULL);
		json_text(j, "name", t->told[i].d->name);
		json_bool(j, "answered", t->told[i].answered);
		json_text(j, "error", t->told[i].why.code ? t->told[i].why.text : NULL);
		json_object_end(j);
	}
	json_array_end(j);
	json_object_end(j);
	return netvm_json_end(j, e);
}

/* The first that did not answer is the error, the others are warned of. */
static int outcome(const struct telling *t, struct err *e)
{
	int ret = 0;

	for (size_t i = 0; i < t->count; i++) {
		const struct told *x = &t->told[i];
		struct err why = x->why;

		if (x->answered)
			continue;
		if (!why.code)
			err_set(&why, -ETIMEDOUT,
				"%s has not answered within %u s (do its hooks hang, or netbackd "
				"there?)",
				x->d->name, t->l->n->o.timeout);
		else
			err_prefix(&why, "%s could not be told", x->d->name);
		if (!ret)
			*e = why;
		else
			log_warning("%s", why.text);
		ret = ret ? ret : why.code;
	}
	return ret;
}

static int all_tell(const struct life *l, enum provider_power power, struct err *e)
{
	struct telling t = { .l = l, .power = power };
	struct present p;
	int ret;

	present_open(&p);
	ret = p.no_xen.code ? (*e = p.no_xen, p.no_xen.code) : told_find(&t, &p, e);
	present_close(&p);
	for (size_t i = 0; i < t.count && l->n->o.dry_run; i++)
		printf("would tell %s: %s\n", t.told[i].d->name, provider_power_word(power));
	if (!ret && !l->n->o.dry_run) {
		tell(&t);
		ret = answers_await(&t, e);
		if (!ret && l->n->o.json)
			ret = json_print(&t, e);
		if (!ret)
			ret = outcome(&t, e);
	}
	free(t.told);
	return ret;
}

/* --- devices --- */

static int device_return(
	const struct netvm *n, const struct registry_domain *d, const char *text, struct err *e)
{
	struct handover h = { .lock = -1 };
	struct pci_bdf bdf;
	int ret = netvm_bdf_take(text, &bdf, e);

	if (ret)
		return ret;
	ret = handover_open(&h, n->o.sysfs, n->dir, &bdf, d, !n->o.dry_run, e);
	if (!ret && h.s.running && !h.s.attached) {
		log_info("%s: %s is attached again", d->name, text);
		h.now = true;
		ret = netvm_pci_give(n, &h, e);
	}
	handover_close(&h);
	return ret;
}

/* Each for itself; the first failure is the error. */
static int devices_return(const struct netvm *n, const struct registry *r, struct err *e)
{
	int ret = 0;

	for (size_t i = 0; i < r->count; i++) {
		const struct registry_domain *d = &r->domain[i];

		for (size_t k = 0; !d->fault && k < d->pci.count; k++) {
			struct err why = ERR_NONE;
			int rc = device_return(n, d, d->pci.item[k], &why);

			if (rc && !ret)
				*e = why;
			else if (rc)
				log_warning("%s", why.text);
			ret = ret ? ret : rc;
		}
	}
	return ret;
}

/* --- the verbs --- */

static int run(struct netvm *n, enum provider_power power, struct err *e)
{
	struct life l = { .store = NULL };
	struct err later = ERR_NONE;
	struct registry r;
	int ret = netvm_registry_read(n, &r, e), rc;

	if (!ret)
		ret = life_open(&l, n, &r, e);
	if (!ret) {
		ret = all_tell(&l, power, e);
		rc = power == PROVIDER_RUNS ? devices_return(n, &r, ret ? &later : e) : 0;
		if (ret && rc)
			log_warning("%s", later.text);
		ret = ret ? ret : rc;
	}
	life_close(&l);
	registry_dispose(&r);
	return ret;
}

int netvm_suspend(struct netvm *n, struct err *e)
{
	return run(n, PROVIDER_SUSPENDS, e);
}

int netvm_resume(struct netvm *n, struct err *e)
{
	return run(n, PROVIDER_RUNS, e);
}
