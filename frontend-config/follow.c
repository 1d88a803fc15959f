/*
 * One timer decides when the next pass is (pass_timer.h); events only bring it nearer.
 * - A pass that did something doubles the rest after it, one that did nothing resets it: when
 *   another program undoes what we do, neither of us burns the machine.
 * - Faults, or no xenstored: again after `patience`, which grows until a pass has no faults.
 */
#include "frontend-config/follow.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <ev.h>

#include "common/backoff.h"
#include "common/clock.h"
#include "common/daemon_signals.h"
#include "common/log.h"
#include "common/log_loop.h"
#include "common/notify.h"
#include "common/pass_timer.h"
#include "xenstore-schema/schema.h"

#define REST_FIRST     0.02 /* seconds */
#define REST_MOST      5.0
#define PATIENCE_FIRST 0.5
#define PATIENCE_MOST  30.0
#define WORDS_MAX      4096

struct follow {
	struct ev_loop *loop;
	struct frontend frontend;
	struct store *store;
	int changes; /* rtnetlink */
	ev_io store_io, changes_io;
	struct pass_timer pass;
	struct daemon_signals signals;
	struct log_loop log;
	struct backoff patience;
	double rest;
	bool anew, ready;
	char words[WORDS_MAX], said[WORDS_MAX]; /* faults of this pass, and of the last one */
};

static void on_word(void *arg, enum frontend_word what, const char *text)
{
	struct follow *f = arg;
	size_t used = strlen(f->words);

	if (what == FRONTEND_DOES)
		log_info("%s", text);
	else
		snprintf(f->words + used, sizeof(f->words) - used, "%s\n", text);
}

/* Says what is wrong when it is not what was said last. */
static void words_say(struct follow *f)
{
	char status[256], *rest = f->words, *line;

	snprintf(status, sizeof(status), "STATUS=%.200s",
		f->words[0] ? f->words : "All links are as published");
	status[strcspn(status, "\n")] = '\0';
	notify_send(status);
	if (strcmp(f->words, f->said) == 0)
		return;
	memcpy(f->said, f->words, sizeof(f->said));
	if (!f->words[0])
		log_info("all links are as published");
	while ((line = strsep(&rest, "\n")))
		if (*line)
			log_warning("%s", line);
}

static void store_leave(struct follow *f)
{
	if (!f->store)
		return;
	ev_io_stop(f->loop, &f->store_io);
	store_close(f->store);
	f->store = NULL;
}

static void on_store(struct ev_loop *loop, ev_io *io, int what)
{
	struct follow *f = io->data;
	char path[STORE_PATH_MAX], token[64];
	struct err e = ERR_NONE;
	int ret;

	(void)loop;
	(void)what;
	while ((ret = store_next_event(f->store, path, token, &e)) == 1)
		;
	if (ret == 0) {
		pass_timer_ask(&f->pass, 0);
		return;
	}
	on_word(f, FRONTEND_LACKS, e.text);
	words_say(f);
	f->words[0] = '\0';
	store_leave(f);
	pass_timer_ask(&f->pass, backoff_failed(&f->patience, clock_seconds()));
}

static void on_changes(struct ev_loop *loop, ev_io *io, int what)
{
	struct follow *f = io->data;
	struct err e = ERR_NONE;

	(void)loop;
	(void)what;
	if (netlink_watch_drain(f->changes, &e))
		log_warning("%s", e.text);
	pass_timer_ask(&f->pass, 0);
}

static int store_reach(struct follow *f, struct err *e)
{
	int ret = 0;

	if (f->store)
		return 0;
	ret = store_open(&f->store, e);
	if (!ret)
		ret = guest_link_watch(f->store, SCHEMA_SELF, "netvm", e);
	if (ret) {
		store_close(f->store);
		f->store = NULL;
		return ret;
	}
	ev_io_set(&f->store_io, store_fd(f->store), EV_READ);
	ev_io_start(f->loop, &f->store_io);
	return 0;
}

/* The rest after a pass that did something, or nothing. */
static void rest_take(struct follow *f, bool done)
{
	if (!done)
		f->rest = REST_FIRST;
	else if (f->rest * 2 < REST_MOST)
		f->rest *= 2;
	else
		f->rest = REST_MOST;
	pass_timer_rest(&f->pass, f->rest);
}

static void on_pass(void *arg)
{
	struct follow *f = arg;
	struct frontend_result r = { .faults = 1 };
	struct err e = ERR_NONE;
	int ret;

	f->words[0] = '\0';
	ret = store_reach(f, &e);
	if (!ret)
		ret = frontend_pass(&f->frontend, f->store, f->anew, &r, &e);
	if (ret) {
		on_word(f, FRONTEND_LACKS, e.text);
		r.faults++;
		if (ret == -ENOTCONN)
			store_leave(f);
	} else {
		f->anew = r.untold;
	}
	/* Also without xenstored: what starts it may wait for us. */
	if (!f->ready)
		notify_send("READY=1");
	f->ready = true;
	words_say(f);
	if (!r.more)
		rest_take(f, r.done);
	if (r.more)
		pass_timer_ask(&f->pass, 0);
	else if (r.faults)
		pass_timer_ask(&f->pass, backoff_failed(&f->patience, clock_seconds()));
	else
		backoff_end(&f->patience);
}

static void watchers_start(struct follow *f)
{
	ev_init(&f->store_io, on_store);
	ev_io_init(&f->changes_io, on_changes, f->changes, EV_READ);
	pass_timer_init(&f->pass, f->loop, on_pass, f);
	f->store_io.data = f->changes_io.data = f;
	ev_io_start(f->loop, &f->changes_io);
	daemon_signals_start(&f->signals, f->loop);
	log_loop_start(&f->log, f->loop);
	pass_timer_ask(&f->pass, 0);
}

int follow_run(const struct frontend_options *options, struct err *e)
{
	struct follow f = {
		.frontend = { .options = options, .say = on_word, .arg = &f },
		.changes = -1,
		.signals = { .farewell = "ends; everything stays as it is" },
		.patience = { .first = PATIENCE_FIRST, .most = PATIENCE_MOST },
		.rest = REST_FIRST,
		.anew = true,
	};
	int ret;

	f.loop = ev_default_loop(EVFLAG_AUTO);
	if (!f.loop)
		return err_set(e, -EIO, "the event loop could not be made");
	ret = netlink_open(&f.frontend.nl, e);
	if (!ret)
		ret = netlink_watch_open(
			NETLINK_LINKS | NETLINK_ADDRS | NETLINK_ROUTES, &f.changes, e);
	if (ret)
		goto out;
	watchers_start(&f);
	ev_run(f.loop, 0);
out:
	store_leave(&f);
	if (f.changes >= 0)
		close(f.changes);
	netlink_close(f.frontend.nl);
	ev_loop_destroy(f.loop);
	return ret;
}
