/*
 * A guest has a record from its first job until it is gone. A job ends when its process does
 * (on_child); what it said is drained as it comes (on_words), so that it never waits for us. One
 * that outlives its deadline is killed and given up at once (on_deadline): a process that hangs in
 * /dev/xen/xenbus cannot be killed.
 */
#include "toolstack/netvmd_jobs.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/backoff.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/sorted.h"
#include "toolstack/xen_child.h"

struct guest {
	struct netvmd_jobs *jobs;
	uint32_t domid;
	bool runs;
	double not_before; /* on clock_seconds(); 0: at any time */
	struct backoff failures;
	char name[DOMAIN_NAME_MAX];
	char failed[NETVMD_WORDS_MAX + 2 +
		    ERR_TEXT_MAX]; /* the last job, and why; "": it did not */
	/* The job: */
	enum netvmd_verb verb;
	char what[NETVMD_WORDS_MAX];
	char words[XEN_CHILD_WORDS_MAX];
	size_t len;
	ev_io io;
	ev_child child;
	ev_timer deadline;
};

struct netvmd_jobs {
	struct ev_loop *loop;
	void (*ended)(void *arg);
	void *arg;
	struct guest **guest; /* ascending by domid */
	size_t guests;
	size_t running;
	/* Those that wait for their turn: from `turn` on. */
	struct netvmd_action *waiting;
	size_t turn, waitings, waiting_room;
	double marked; /* when guests were told to be busy, or not */
};

int netvmd_jobs_open(struct netvmd_jobs **out, struct ev_loop *loop, void (*ended)(void *arg),
	void *arg, struct err *e)
{
	struct netvmd_jobs *j = calloc(1, sizeof(*j));

	if (!j)
		return err_sys(e, -ENOMEM, "jobs");
	*j = (struct netvmd_jobs){ .loop = loop, .ended = ended, .arg = arg };
	*out = j;
	return 0;
}

static void watchers_stop(struct guest *g)
{
	ev_io_stop(g->jobs->loop, &g->io);
	ev_child_stop(g->jobs->loop, &g->child);
	ev_timer_stop(g->jobs->loop, &g->deadline);
	if (g->io.fd >= 0)
		close(g->io.fd);
	ev_io_set(&g->io, -1, EV_READ);
}

void netvmd_jobs_close(struct netvmd_jobs *j)
{
	for (size_t i = 0; j && i < j->guests; i++) {
		if (j->guest[i]->runs)
			watchers_stop(j->guest[i]);
		free(j->guest[i]);
	}
	if (j) {
		free(j->guest);
		free(j->waiting);
	}
	free(j);
}

/* --- the end of one --- */

/* Takes what it says, the beginning of it, and reads the rest away. */
static void words_drain(struct guest *g)
{
	char buf[512];
	ssize_t n;

	while ((n = read(g->io.fd, buf, sizeof(buf))) > 0) {
		size_t room = sizeof(g->words) - 1 - g->len;

		if ((size_t)n < room)
			room = (size_t)n;
		memcpy(g->words + g->len, buf, room);
		g->len += room;
		g->words[g->len] = '\0';
	}
	if (n == 0)
		ev_io_stop(g->jobs->loop, &g->io);
}

static int job_begin(struct netvmd_jobs *j, const struct netvmd_action *a, struct err *e);

/* A failure is nobody's fault that the next pass would not find. */
static void turns_take(struct netvmd_jobs *j)
{
	while (j->running < JOBS_MAX && j->turn < j->waitings) {
		struct err why = ERR_NONE;
		int ret = job_begin(j, &j->waiting[j->turn++], &why);

		if (ret && ret != -EAGAIN)
			log_error("%s", why.text);
	}
}

static void job_end(struct guest *g, int ret, const struct err *why)
{
	double now = clock_seconds();

	watchers_stop(g);
	g->runs = false;
	g->jobs->running--;
	if (ret && ret != -ENOENT) {
		double wait = backoff_failed(&g->failures, now);

		g->not_before = now + wait;
		snprintf(g->failed, sizeof(g->failed), "%s: %s", g->what, why->text);
		log_error("%s; trying again in %.0f s", g->failed, wait);
	} else {
		g->failed[0] = '\0';
		g->not_before = g->verb == NETVMD_ATTACH ? now + JOBS_REST : 0;
		if (g->verb == NETVMD_ATTACH)
			backoff_end(&g->failures);
		log_info("%s: %s", g->what, ret ? "the domain is gone" : "done");
	}
	turns_take(g->jobs);
	g->jobs->ended(g->jobs->arg);
}

static void on_words(struct ev_loop *loop, ev_io *io, int events)
{
	(void)loop;
	(void)events;
	words_drain(io->data);
}

static void on_child(struct ev_loop *loop, ev_child *c, int events)
{
	struct guest *g = c->data;
	struct err why = ERR_NONE;

	(void)loop;
	(void)events;
	words_drain(g);
	job_end(g, xen_child_result(g->words, c->rstatus, &why), &why);
}

static void on_deadline(struct ev_loop *loop, ev_timer *t, int events)
{
	struct guest *g = t->data;
	struct err why = ERR_NONE;

	(void)loop;
	(void)events;
	kill(g->child.pid, SIGKILL);
	job_end(g, err_set(&why, -ETIMEDOUT, "libxl did not come to an end"), &why);
}

/* --- the beginning --- */

static int guest_cmp(const void *key, const void *guest)
{
	uint32_t a = *(const uint32_t *)key, b = (*(struct guest *const *)guest)->domid;

	return (a > b) - (a < b);
}

/* Where a guest is, or would be. */
static size_t guest_place(const struct netvmd_jobs *j, uint32_t domid)
{
	return sorted_place(&domid, j->guest, j->guests, sizeof(*j->guest), guest_cmp);
}

static struct guest *guest_find(const struct netvmd_jobs *j, uint32_t domid)
{
	size_t at = guest_place(j, domid);

	return at < j->guests && j->guest[at]->domid == domid ? j->guest[at] : NULL;
}

static struct guest *guest_take(struct netvmd_jobs *j, uint32_t domid)
{
	struct guest *g = guest_find(j, domid), **grown;
	size_t at = guest_place(j, domid);

	if (g)
		return g;
	grown = reallocarray(j->guest, j->guests + 1, sizeof(*grown));
	if (!grown)
		return NULL;
	j->guest = grown;
	g = calloc(1, sizeof(*g));
	if (!g)
		return NULL;
	g->jobs = j;
	g->domid = domid;
	g->failures = (struct backoff){ .first = JOBS_AGAIN_FIRST, .most = JOBS_AGAIN_MOST };
	ev_init(&g->io, on_words);
	ev_init(&g->deadline, on_deadline);
	g->io.data = g->child.data = g->deadline.data = g;
	g->io.fd = -1;
	memmove(&grown[at + 1], &grown[at], (j->guests++ - at) * sizeof(*grown));
	grown[at] = g;
	return g;
}

static int job_begin(struct netvmd_jobs *j, const struct netvmd_action *a, struct err *e)
{
	struct guest *g;
	struct xen_child c;
	int ret;

	g = guest_take(j, a->guest.domid);
	if (!g)
		return err_sys(e, -ENOMEM, "%s", a->guest_name);
	if (g->runs)
		return -EAGAIN; /* a second vif of the same guest */
	ret = a->verb == NETVMD_ATTACH ? xen_child_attach(&a->vif, &c, e)
				       : xen_child_detach(&a->guest, a->force, &c, e);
	if (ret)
		return ret;
	g->runs = true;
	g->verb = a->verb;
	g->len = 0;
	g->words[0] = '\0';
	strcpy(g->name, a->guest_name);
	netvmd_action_print(a, g->what);
	log_info("%s", g->what);
	ev_io_set(&g->io, c.fd, EV_READ);
	ev_io_start(j->loop, &g->io);
	ev_child_init(&g->child, on_child, c.pid, 0);
	g->child.data = g;
	ev_child_start(j->loop, &g->child);
	ev_timer_set(&g->deadline, XEN_VIF_SECONDS, 0.);
	ev_timer_start(j->loop, &g->deadline);
	j->running++;
	return 0;
}

/* The turns that were taken keep their room until netvmd_jobs_forget(). */
static int turn_wait(struct netvmd_jobs *j, const struct netvmd_action *a, struct err *e)
{
	if (j->waitings == j->waiting_room) {
		size_t room = j->waiting_room ? 2 * j->waiting_room : 16;
		struct netvmd_action *grown = reallocarray(j->waiting, room, sizeof(*grown));

		if (!grown)
			return err_sys(e, -ENOMEM, "%s", a->guest_name);
		j->waiting = grown;
		j->waiting_room = room;
	}
	j->waiting[j->waitings++] = *a;
	return -EAGAIN;
}

int netvmd_jobs_start(struct netvmd_jobs *j, const struct netvmd_action *a, struct err *e)
{
	return j->running < JOBS_MAX ? job_begin(j, a, e) : turn_wait(j, a, e);
}

void netvmd_jobs_forget(struct netvmd_jobs *j)
{
	free(j->waiting);
	j->waiting = NULL;
	j->turn = j->waitings = j->waiting_room = 0;
}

/* --- what a pass is told --- */

static int domid_cmp(const void *key, const void *domain)
{
	uint32_t a = *(const uint32_t *)key, b = ((const struct netvmd_domain *)domain)->domid;

	return (a > b) - (a < b);
}

static bool is_there(const struct netvmd_actual *actual, uint32_t domid)
{
	return bsearch(&domid, actual->domain, actual->count, sizeof(*actual->domain), domid_cmp);
}

void netvmd_jobs_mark(struct netvmd_jobs *j, struct netvmd_actual *actual)
{
	size_t kept = 0;

	j->marked = clock_seconds();
	for (size_t i = 0; i < j->guests; i++) {
		struct guest *g = j->guest[i];

		if (!g->runs && !is_there(actual, g->domid))
			free(g);
		else
			j->guest[kept++] = g;
	}
	j->guests = kept;
	for (size_t i = 0; i < actual->count; i++) {
		struct guest *g = guest_find(j, actual->domain[i].domid);

		actual->domain[i].busy = g && (g->runs || g->not_before > j->marked);
	}
}

/* Who was busy when guests were marked is waited for, also where that has ended meanwhile. */
double netvmd_jobs_next(const struct netvmd_jobs *j)
{
	double now = clock_seconds(), next = -1;

	for (size_t i = 0; i < j->guests; i++) {
		const struct guest *g = j->guest[i];
		double wait = g->not_before > now ? g->not_before - now : 0;

		if (!g->runs && g->not_before > j->marked && (next < 0 || wait < next))
			next = wait;
	}
	return next;
}

/* One that is not busy and was given no new job in this pass needs none any more. */
void netvmd_jobs_failures(const struct netvmd_jobs *j,
	void (*say)(void *arg, const char *guest, const char *words), void *arg)
{
	for (size_t i = 0; i < j->guests; i++) {
		const struct guest *g = j->guest[i];

		if (g->failed[0] && (g->runs || g->not_before > j->marked))
			say(arg, g->name, g->failed);
	}
}
