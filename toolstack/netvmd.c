/*
 * netvmd: the daemon of dom0.
 *
 * Everything that happens (a domain that comes or goes, a vif, a network domain's report, a file of
 * the registry, a signal) asks for the same thing: a pass over everything (netvmd_pass.h). What
 * happens during a pass asks for one more. So nothing that was missed matters, and while nothing
 * happens nothing runs.
 *
 * Nobody is waited for. libxl runs in processes of its own (xen_child.h says why): the look at the
 * beginning of a pass is given XEN_LOOK_SECONDS, twice that where it was too little, a vif that is
 * attached or detached goes on beside the loop (netvmd_jobs.h); xenstored is given STORE_PATIENCE
 * for each answer. A network domain that is hung, or hostile, costs its own guests their vif and
 * nobody else anything: its events bring passes no more often than PASS_REST allows.
 *
 * main() sets up in the order lock, store, watches, first pass, ready; it undoes nothing at the
 * end: all that is published stays in force.
 */
#include <errno.h>
#include <ev.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/backoff.h"
#include "common/cli.h"
#include "common/clock.h"
#include "common/daemon_signals.h"
#include "common/file.h"
#include "common/log.h"
#include "common/log_loop.h"
#include "common/notify.h"
#include "common/pass_timer.h"
#include "toolstack/netvmd_jobs.h"
#include "toolstack/netvmd_obstacles.h"
#include "toolstack/netvmd_pass.h"
#include "toolstack/netvmd_said.h"
#include "toolstack/netvmd_watches.h"
#include "toolstack/registry_watch.h"
#include "toolstack/xen_child.h"

#define AGAIN_FIRST  1.0  /* seconds until xenstored, or what failed, is tried again */
#define AGAIN_MOST   30.0 /* it doubles up to this */
#define PASS_REST    0.1  /* seconds at least between two passes, or as long as the first took */
#define FLOOD_AGAIN  10.0 /* seconds until a domain that is not watched is looked at again */
#define PAUSED_AGAIN 1.0  /* seconds until a paused guest is looked at again */
#define ONCE_PASSES  8	  /* of --once, each of which does what the one before made possible */

#define LOCK_PATIENCE 1 /* seconds: who looks whether netvmd runs shares the lock for a moment */

struct options {
	const char *config;
	bool once, dry_run;
};

struct daemon {
	struct ev_loop *loop;
	struct options options;
	char dir[PATH_MAX];
	int lock, registry_fd;
	struct store *store;	/* NULL: gone */
	struct backoff absence; /* of xenstored */
	struct backoff faults;
	struct netvmd_watches watches;
	struct err watches_fault;
	struct netvmd_jobs *jobs;
	unsigned int look_seconds;
	ev_io store_io, registry_io;
	struct pass_timer pass;
	ev_timer retry;
	struct daemon_signals signals;
	struct log_loop log;
	struct said said;
	struct netvmd_obstacles obstacles;
	bool floods; /* a domain is not watched */
	bool ready;
	int status;
};

/* Also the unknown keys, whose callback has no argument. */
static struct said *saying;

static void tell_unknown_key(const char *path, const char *key)
{
	char words[PATH_MAX + 128];

	snprintf(words, sizeof(words), "%s: nobody knows the key \"%s\"; it is passed over", path,
		key);
	if (said_is_new(saying, words))
		log_warning("%s", words);
}

static void say(void *arg, bool faulty, const char *words)
{
	struct daemon *d = arg;

	if (!faulty)
		log_info("%s", words);
	else if (said_is_new(&d->said, words))
		log_error("%s", words);
}

static void obstacle_add(void *arg, const char *domain, const char *words)
{
	struct daemon *d = arg;

	if (netvmd_obstacles_add(&d->obstacles, domain, words))
		log_error("no memory for: %s", words);
}

/* What netvm status reads. */
static void obstacles_tell(struct daemon *d)
{
	struct err e = ERR_NONE;

	if (netvmd_obstacles_write(NETVMD_OBSTACLES, &d->obstacles, &e))
		say(d, true, e.text);
	netvmd_obstacles_dispose(&d->obstacles);
}

static void tell_manager(const struct daemon *d, const struct netvmd_result *r)
{
	char text[160];

	snprintf(text, sizeof(text), "STATUS=%zu domains in the registry, %zu at fault; %zu wait",
		r->domains, r->faults, r->waiting);
	notify_send(text);
	if (!d->ready)
		notify_send("READY=1");
}

/* --- passes --- */

static void floods_say(struct daemon *d, const struct netvmd_actual *actual)
{
	char words[DOMAIN_NAME_MAX + 160];

	d->floods = false;
	for (size_t i = 0; i < actual->count; i++) {
		const struct netvmd_domain *x = &actual->domain[i];

		if (!netvmd_watches_flooding(&d->watches, x->domid))
			continue;
		snprintf(words, sizeof(words),
			"%s (%u) changes its part of xenstore without end; until it is calm "
			"netvmd looks there every %.0f s only",
			x->name, x->domid, FLOOD_AGAIN);
		say(d, true, words);
		obstacle_add(d, x->name, words);
		d->floods = true;
	}
}

static void seen(void *arg, const struct registry *r, struct netvmd_actual *actual)
{
	struct daemon *d = arg;

	netvmd_jobs_mark(d->jobs, actual);
	d->watches_fault.code = 0;
	/* Each new watch brings an event, and so a pass that sees what it came too late for. */
	netvmd_watches_follow(&d->watches, d->store, r, actual, clock_seconds(), &d->watches_fault);
	floods_say(d, actual);
}

static int vif_begin(void *arg, const struct netvmd_action *a, struct err *e)
{
	struct daemon *d = arg;

	return netvmd_jobs_start(d->jobs, a, e);
}

static void store_lost(struct daemon *d, const struct err *e)
{
	double wait = backoff_failed(&d->absence, clock_seconds());

	netvmd_obstacles_dispose(&d->obstacles);
	obstacle_add(d, "", e->text);
	obstacles_tell(d);
	log_error("%s; domains stay as they are, trying again in %.0f s", e->text, wait);
	ev_io_stop(d->loop, &d->store_io);
	netvmd_watches_forget(&d->watches);
	store_close(d->store);
	d->store = NULL;
	ev_now_update(d->loop); /* the timer counts from now */
	ev_timer_set(&d->retry, wait, 0.);
	ev_timer_start(d->loop, &d->retry);
}

/* How long the next look at libxl may take, by what became of this pass. */
static void patience_set(struct daemon *d, int ret)
{
	if (ret != -ETIMEDOUT)
		d->look_seconds = XEN_LOOK_SECONDS;
	else if (d->look_seconds < XEN_LOOK_MOST)
		d->look_seconds *= 2;
}

static int pass_make(struct daemon *d, struct netvmd_result *r, struct err *e)
{
	const struct netvmd_pass p = { .dir = d->dir,
		.store = d->store,
		.look_seconds = d->look_seconds,
		.arg = d,
		.unknown = tell_unknown_key,
		.say = say,
		.obstacle = obstacle_add,
		.seen = seen,
		.vif = vif_begin };
	int ret = registry_watch_renew(d->registry_fd, d->dir, e);

	if (!ret)
		ret = netvmd_pass_run(&p, r, e);
	if (!ret && d->watches_fault.code) {
		*e = d->watches_fault;
		ret = e->code;
	}
	return ret;
}

/* A pass has ended: when the next one is, and what is told to whom. */
static void pass_end(struct daemon *d, int ret, const struct netvmd_result *r, const struct err *e)
{
	double next = ret ? -1 : netvmd_jobs_next(d->jobs);

	if (ret) {
		say(d, true, e->text);
		obstacle_add(d, "", e->text);
	}
	netvmd_jobs_failures(d->jobs, obstacle_add, d);
	obstacles_tell(d);
	said_turn(&d->said);
	if (ret || r->failed)
		pass_timer_ask(&d->pass, backoff_failed(&d->faults, clock_seconds()));
	else
		backoff_end(&d->faults);
	if (!ret && r->again)
		pass_timer_ask(&d->pass, PAUSED_AGAIN);
	if (!ret && d->floods)
		pass_timer_ask(&d->pass, FLOOD_AGAIN);
	if (next >= 0)
		pass_timer_ask(&d->pass, next);
	if (ret)
		return;
	tell_manager(d, r);
	d->ready = true;
}

static void on_pass(void *arg)
{
	struct daemon *d = arg;
	struct netvmd_result r;
	struct err e = ERR_NONE;
	double begin = clock_seconds(), took;
	int ret;

	if (!d->store)
		return;
	netvmd_jobs_forget(d->jobs);
	ret = pass_make(d, &r, &e);
	patience_set(d, ret);
	if (ret == -ENOTCONN)
		store_lost(d, &e);
	else
		pass_end(d, ret, &r, &e);
	took = clock_seconds() - begin;
	pass_timer_rest(&d->pass, took > PASS_REST ? took : PASS_REST);
}

/* --- the store --- */

static int store_begin(struct daemon *d, struct err *e)
{
	int ret = store_open(&d->store, e);

	if (!ret)
		ret = domains_watch(d->store, "domains", e);
	if (ret) {
		store_close(d->store);
		d->store = NULL;
		return ret;
	}
	ev_io_set(&d->store_io, store_fd(d->store), EV_READ);
	ev_io_start(d->loop, &d->store_io);
	pass_timer_ask(&d->pass, 0);
	return 0;
}

static void on_retry(struct ev_loop *loop, ev_timer *t, int events)
{
	struct daemon *d = t->data;
	struct err e = ERR_NONE;

	(void)loop;
	(void)events;
	if (store_begin(d, &e)) {
		store_lost(d, &e);
		return;
	}
	backoff_end(&d->absence);
	log_info("xenstored is back");
}

/* --- events --- */

/* A job ended, or SIGHUP. */
static void on_wish(void *arg)
{
	struct daemon *d = arg;

	pass_timer_ask(&d->pass, 0);
}

static void on_store(struct ev_loop *loop, ev_io *io, int events)
{
	char path[STORE_PATH_MAX], token[64];
	struct daemon *d = io->data;
	struct err e = ERR_NONE;
	bool news = false;
	int ret;

	(void)loop;
	(void)events;
	while ((ret = store_next_event(d->store, path, token, &e)) > 0) {
		log_debug("xenstore: %s", path);
		netvmd_watches_note(&d->watches, path, clock_seconds());
		/* An answer to the watchdog is none of netvmd's business. */
		news |= !event_path_is_probe(path);
	}
	if (ret < 0)
		store_lost(d, &e);
	else if (news)
		pass_timer_ask(&d->pass, 0);
}

static void on_registry(struct ev_loop *loop, ev_io *io, int events)
{
	struct daemon *d = io->data;
	struct err e = ERR_NONE;

	(void)events;
	if (registry_watch_drain(io->fd, &e)) {
		log_error("%s", e.text);
		ev_io_stop(loop, io);
	}
	/* What waits may not be wanted any more. */
	netvmd_jobs_forget(d->jobs);
	on_wish(d);
}

/* --- set-up --- */

static void daemon_init(struct daemon *d)
{
	d->look_seconds = XEN_LOOK_SECONDS;
	d->absence = d->faults = (struct backoff){ .first = AGAIN_FIRST, .most = AGAIN_MOST };
	d->signals =
		(struct daemon_signals){ .farewell = "ending; all that is published stays in force",
			.reload = on_wish,
			.arg = d };
	pass_timer_init(&d->pass, d->loop, on_pass, d);
	ev_init(&d->store_io, on_store);
	ev_init(&d->registry_io, on_registry);
	ev_init(&d->retry, on_retry);
	d->store_io.data = d->registry_io.data = d->retry.data = d;
}

static int daemon_run(struct daemon *d, struct err *e)
{
	int ret;

	d->loop = ev_default_loop(0);
	if (!d->loop)
		return err_set(e, -ENOMEM, "no event loop");
	daemon_init(d);
	daemon_signals_start(&d->signals, d->loop);
	log_loop_start(&d->log, d->loop);
	ret = netvmd_jobs_open(&d->jobs, d->loop, on_wish, d, e);
	if (!ret)
		ret = registry_watch_open(&d->registry_fd, e);
	if (!ret)
		ret = store_begin(d, e);
	if (!ret) {
		ev_io_set(&d->registry_io, d->registry_fd, EV_READ);
		ev_io_start(d->loop, &d->registry_io);
		ev_run(d->loop, 0);
	}
	netvmd_jobs_close(d->jobs);
	netvmd_watches_forget(&d->watches);
	if (d->registry_fd >= 0)
		close(d->registry_fd);
	return ret;
}

/* --- --once and --dry-run --- */

static int vif_now(void *arg, const struct netvmd_action *a, struct err *e)
{
	char words[NETVMD_WORDS_MAX];
	struct xen_child c;
	int ret = a->verb == NETVMD_ATTACH ? xen_child_attach(&a->vif, &c, e)
					   : xen_child_detach(&a->guest, a->force, &c, e);

	if (!ret)
		ret = xen_child_wait(&c, XEN_VIF_SECONDS, e);
	if (!ret)
		say(arg, false, netvmd_action_print(a, words));
	return ret;
}

static int pass_once(struct daemon *d, struct err *e)
{
	struct netvmd_pass p = { .dir = d->dir,
		.plan = d->options.dry_run ? stdout : NULL,
		.look_seconds = XEN_LOOK_SECONDS,
		.arg = d,
		.unknown = tell_unknown_key,
		.say = say,
		.vif = vif_now };
	struct netvmd_result r = { .done = 1 };
	int ret = store_open(&d->store, e);

	p.store = d->store;
	for (int i = 0; i < ONCE_PASSES && r.done && !r.failed && !ret; i++) {
		ret = netvmd_pass_run(&p, &r, e);
		said_turn(&d->said);
	}
	if (!ret && (r.faults || r.failed))
		d->status = EXIT_SOME_FAULTY;
	return ret;
}

static const struct cli_option cli_options[] = {
	{ "config", 'c', CLI_TEXT, offsetof(struct options, config), "FILE",
		"read FILE, and domains/ beside it, in the place of " REGISTRY_DIR "/netvm.conf" },
	{ "once", 'o', CLI_FLAG, offsetof(struct options, once), NULL,
		"make everything as the registry wants it, then exit" },
	{ "dry-run", 'n', CLI_FLAG, offsetof(struct options, dry_run), NULL,
		"print what would be done first, do nothing, exit" },
	{ NULL, 0, CLI_FLAG, 0, NULL, NULL },
};

static const struct cli cli = {
	.name = "netvmd",
	.summary = "tells domains their network and attaches them to their network domains",
	.description =
		"Runs in dom0 and keeps in force what the registry says, which netvm(8) or an "
		"editor "
		"changes.\n"
		"As soon as a domain exists it publishes the domain's address, gateway and "
		"resolvers "
		"in\n"
		"xenstore, and to its network domain that this guest is to be served. A domain "
		"whose "
		"xl\n"
		"config has no vif of its network domain is given one when that domain says that "
		"it "
		"is\n"
		"ready. When a network domain dies the dead vifs of its guests are removed; when "
		"it "
		"is back\n"
		"they are attached again, with the same addresses.\n"
		"\n"
		"A file of the registry that cannot be used is named in the log with its line, and "
		"in\n"
		"netvm status; what was in force before stays in force for the domains that it "
		"concerns.\n"
		"What failed is tried again, ever more seldom, and shown by netvm status with the "
		"domain\n"
		"as long as it lasts, as are guests that wait, and for what.\n"
		"\n"
		"It stays in the foreground, logs to standard error and tells the service manager "
		"when it\n"
		"is ready. SIGHUP looks at everything anew. SIGTERM ends it and leaves everything "
		"in "
		"force.",
	.epilogue =
		"Exit status: 0 as wanted, as far as the network domains run; 1 (with --once) some "
		"domain\n"
		"is at fault or something failed; 2 nothing could be done (another netvmd runs, "
		"xenstored\n"
		"or Xen is not there), or the command line is wrong.\n"
		"\n"
		"Files: " REGISTRY_DIR "/netvm.conf, " REGISTRY_DIR
		"/domains/NAME.conf (netvm.conf(5)),\n" NETVMD_LOCK ", " NETVMD_OBSTACLES ".",
	.section = 8,
	.options = cli_options,
};

static int lock_own(struct daemon *d, struct err *e)
{
	int ret = dir_create(RUNDIR, 0755, e);

	if (!ret)
		ret = lock_take(NETVMD_LOCK, LOCK_PATIENCE, &d->lock, e);
	if (!ret && unlink(NETVMD_OBSTACLES) < 0 && errno != ENOENT)
		ret = err_sys(e, -errno, "%s", NETVMD_OBSTACLES);
	return ret == -ETIMEDOUT ? err_set(e, -EBUSY, "another netvmd runs already (it holds %s)",
					   NETVMD_LOCK)
				 : ret;
}

static int run(struct daemon *d, struct err *e)
{
	int ret = d->options.dry_run ? 0 : lock_own(d, e);

	if (!ret && (d->options.once || d->options.dry_run))
		ret = pass_once(d, e);
	else if (!ret)
		ret = daemon_run(d, e);
	if (!ret && fflush(stdout))
		ret = err_sys(e, -errno, "standard output");
	return ret;
}

int main(int argc, char *argv[])
{
	struct daemon d = { .lock = -1, .registry_fd = -1 };
	struct cli_parsed parsed;
	struct err e = ERR_NONE;

	if (argc && strcmp(argv[0], XEN_CHILD_NAME) == 0)
		return xen_child_main(argc, argv);
	log_open(cli.name, LOG_LEVEL_INFO);
	saying = &d.said;
	if (cli_parse(&cli, argc, argv, &d.options, &parsed, &e) < 0 ||
		(parsed.info == CLI_RUN && registry_dir_find(d.options.config, d.dir, &e) < 0)) {
		log_error("%s", e.text);
		return CLI_EXIT_USAGE;
	}
	if (parsed.info != CLI_RUN)
		return cli_print_info(&cli, parsed.info);
	if (parsed.verbose)
		log_open(cli.name, LOG_LEVEL_DEBUG);
	if (run(&d, &e)) {
		log_error("%s", e.text);
		d.status = EXIT_NOT_DONE;
	}
	store_close(d.store);
	said_dispose(&d.said);
	netvmd_obstacles_dispose(&d.obstacles);
	if (d.lock >= 0)
		close(d.lock);
	return d.status;
}
