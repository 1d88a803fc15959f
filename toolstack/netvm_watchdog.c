/*
 * netvm watchdog: asks every network domain that runs whether it still serves, and has those that
 * do not, and whose file says watchdog = "restart", restarted.
 *
 * A program of its own and not part of netvmd, which has no right to make domains. It looks at
 * everything in each interval of the registry; what it has seen it tells netvm status by a file, as
 * netvmd does. A restart (as netvm restart --destroy) is a process beside it, one at a time, and
 * after one of the same domain the next waits ever longer. netvmd then attaches the guests, as
 * after any restart.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/backoff.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/log.h"
#include "toolstack/netvm.h"
#include "toolstack/present.h"
#include "toolstack/watchdog.h"

#define AGAIN_FIRST 60.0 /* seconds between two restarts of a domain; they double up to */
#define AGAIN_MOST  3600.0

#define LOCK_PATIENCE 1 /* seconds: who looks whether it runs shares the lock for a moment */

struct watched {
	char name[DOMAIN_NAME_MAX];
	struct watchdog dog;
	enum watchdog_verdict verdict;
	struct backoff restarts;
	double next; /* before which it is not restarted again */
	bool seen;
};

struct kennel {
	const struct netvm *n;
	struct watched *item;
	size_t count;
	char *told; /* the file's text as it was last written */
	int lock;
	pid_t restarting; /* the process that restarts a domain; 0: none */
};

static struct watched *watched_take(struct kennel *k, const char *name)
{
	struct watched *grown;

	for (size_t i = 0; i < k->count; i++)
		if (strcmp(k->item[i].name, name) == 0)
			return &k->item[i];
	grown = reallocarray(k->item, k->count + 1, sizeof(*grown));
	if (!grown)
		return NULL;
	k->item = grown;
	grown[k->count] = (struct watched){
		.restarts = { .first = AGAIN_FIRST, .most = AGAIN_MOST },
	};
	snprintf(grown[k->count].name, sizeof(grown->name), "%s", name);
	return &grown[k->count++];
}

/* --- looking --- */

static struct watchdog_look look_at(const struct registry_domain *d, const struct present *p)
{
	struct present_domain now;
	struct watchdog_look l = { .may_lack = d->role == PROVIDER_VPN };

	present_domain_find(p, d->name, &now);
	l.domid = now.running ? now.domid : 0;
	for (size_t i = 0; i < p->count; i++)
		if (p->domains[i].domid == l.domid)
			l.still = p->domains[i].paused || p->domains[i].shutdown;
	if (now.reports) {
		l.answered = now.report.probe;
		l.ready = strcmp(now.report.state, "ready") == 0;
		l.uplink = now.report.uplink[0];
	}
	return l;
}

static void verdict_say(struct watched *w, enum watchdog_verdict v)
{
	const char *words = watchdog_words(v);

	if (words && v != w->verdict)
		log_error("%s %s", w->name, words);
	else if (v == WATCHDOG_WELL && watchdog_words(w->verdict))
		log_info("%s is well again", w->name);
	w->verdict = v;
}

/* One that is not managed yet is asked next time. */
static void ask(struct watched *w, const struct present *p)
{
	struct err e = ERR_NONE;
	int ret = provider_probe(p->store, w->dog.domid, &w->dog.asked, &e);

	if (ret)
		w->dog.asked = 0;
	if (ret && ret != -ENOENT)
		log_error("%s: %s", w->name, e.text);
}

static int domain_look(
	struct kennel *k, const struct registry_domain *d, const struct present *p, double interval)
{
	struct watchdog_look l = look_at(d, p);
	struct watched *w = watched_take(k, d->name);

	if (!w)
		return -ENOMEM;
	w->seen = l.domid != 0;
	if (!l.domid)
		return 0;
	verdict_say(w, watchdog_judge(&w->dog, &l, clock_seconds(), interval));
	if (w->verdict == WATCHDOG_WELL && clock_seconds() >= w->next)
		backoff_end(&w->restarts);
	if (!w->dog.asked && !l.still)
		ask(w, p);
	return 0;
}

/* --- telling --- */

static int tell(struct kennel *k, struct err *e)
{
	struct netvmd_obstacles o = { .count = 0 };
	char words[DOMAIN_NAME_MAX + 128], *text;
	int ret = 0;

	for (size_t i = 0; i < k->count && !ret; i++) {
		const char *what = watchdog_words(k->item[i].verdict);

		if (!k->item[i].seen || !what)
			continue;
		snprintf(words, sizeof(words), "%s %s", k->item[i].name, what);
		ret = netvmd_obstacles_add(&o, k->item[i].name, words);
	}
	text = ret ? NULL : netvmd_obstacles_print(&o);
	if (!text)
		ret = err_sys(e, -ENOMEM, "watchdog");
	else if (!k->told || strcmp(text, k->told) != 0)
		ret = netvmd_obstacles_write(WATCHDOG_FINDINGS, &o, e);
	netvmd_obstacles_dispose(&o);
	free(k->told);
	k->told = ret ? free(text), NULL : text;
	return ret;
}

/* --- restarting --- */

/* In a process beside this one, which has no other thread. */
static void restart_run(const struct kennel *k, char *name)
{
	struct netvm n = *k->n;
	struct err e = ERR_NONE;
	int ret;

	close(k->lock);
	n.args = &name;
	n.count = 1;
	n.o.destroy = true;
	ret = netvm_restart(&n, &e);
	if (ret)
		log_error("%s could not be restarted: %s", name, e.text);
	fflush(stdout);
	_exit(ret ? EXIT_FAILURE : EXIT_SUCCESS);
}

static void restart(struct kennel *k, struct watched *w)
{
	double now = clock_seconds();

	log_warning("%s is restarted", w->name);
	k->restarting = fork();
	if (!k->restarting)
		restart_run(k, w->name);
	if (k->restarting < 0) {
		log_error("%s is not restarted: %s", w->name, strerror(errno));
		k->restarting = 0;
	}
	w->next = now + backoff_failed(&w->restarts, now);
	w->dog = (struct watchdog){ .domid = 0 };
}

static void restart_end(struct kennel *k)
{
	if (k->restarting && waitpid(k->restarting, NULL, WNOHANG) == k->restarting)
		k->restarting = 0;
}

static void restart_due(struct kennel *k, const struct registry *r)
{
	for (size_t i = 0; i < k->count && !k->restarting; i++) {
		struct watched *w = &k->item[i];
		const struct registry_domain *d = registry_find(r, w->name);

		if (w->seen && watchdog_words(w->verdict) && d &&
			d->watchdog == WATCHDOG_RESTARTS && clock_seconds() >= w->next)
			restart(k, w);
	}
}

/* --- on and on --- */

/* Seconds until it is to be done again in `*interval`. */
static int round_make(struct kennel *k, double *interval, struct err *e)
{
	struct registry r;
	struct present p;
	int ret = netvm_registry_read(k->n, &r, e);

	*interval = ret ? WATCHDOG_INTERVAL : r.globals.watchdog_interval;
	present_open(&p);
	for (size_t i = 0; i < k->count; i++)
		k->item[i].seen = false;
	for (size_t i = 0; !ret && p.store && !p.no_xen.code && i < r.count; i++)
		if (!r.domain[i].fault && r.domain[i].provides_network &&
			r.domain[i].watchdog != WATCHDOG_OFF)
			ret = domain_look(k, &r.domain[i], &p, *interval);
	if (ret == -ENOMEM)
		err_sys(e, ret, "watchdog");
	present_close(&p); /* and with it its connection's thread */
	restart_end(k);
	if (!ret)
		restart_due(k, &r);
	registry_dispose(&r);
	return ret ? ret : tell(k, e);
}

int netvm_watchdog(struct netvm *n, struct err *e)
{
	struct kennel k = { .n = n };
	int ret = dir_create(RUNDIR, 0755, e);

	if (!ret)
		ret = lock_take(WATCHDOG_LOCK, LOCK_PATIENCE, &k.lock, e);
	if (ret == -ETIMEDOUT)
		return err_set(e, -EBUSY, "a watchdog runs already");
	while (!ret) {
		double interval;
		struct timespec pause;
		struct err why = ERR_NONE;

		if (round_make(&k, &interval, &why))
			log_error("%s", why.text);
		pause = (struct timespec){ .tv_sec = (time_t)interval };
		nanosleep(&pause, NULL);
	}
	return ret;
}
