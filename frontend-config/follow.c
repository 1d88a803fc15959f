/*
 * One timer decides when the next pass is; events only bring it nearer. Rules of the timer:
 * - an event: after `pace`, so that a burst is one pass. A pass that did something doubles the
 *   pace, one that did nothing resets it: when another program undoes what we do, neither of us
 *   burns the machine.
 * - faults, or no xenstored: after `patience`, which doubles up to PATIENCE_MAX and is reset by a
 *   pass without faults.
 */
#include "frontend-config/follow.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <ev.h>

#include "common/log.h"
#include "common/notify.h"
#include "xenstore-schema/schema.h"

#define PACE_MIN     0.02 /* seconds */
#define PACE_MAX     5.0
#define PATIENCE_MIN 0.5
#define PATIENCE_MAX 30.0
#define WORDS_MAX    4096

struct follow {
	struct ev_loop *loop;
	struct frontend frontend;
	struct store *store;
	int changes; /* rtnetlink */
	ev_io store_io, changes_io;
	ev_timer timer;
	ev_signal term, interrupt;
	double pace, patience;
	bool anew, ready;
	char words[WORDS_MAX], said[WORDS_MAX]; /* faults of this pass, and of the last one */
};

static double more_of(double now, double least, double most)
{
	now = now < least ? least : now * 2;
	return now > most ? most : now;
}

/* The next pass is in `after` seconds, or earlier if it was to be earlier. */
static void pass_in(struct follow *f, double after)
{
	if (ev_is_active(&f->timer) && ev_timer_remaining(f->loop, &f->timer) <= after)
		return;
	ev_timer_stop(f->loop, &f->timer);
	ev_timer_set(&f->timer, after, 0);
	ev_timer_start(f->loop, &f->timer);
}

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
		pass_in(f, f->pace);
		return;
	}
	on_word(f, FRONTEND_LACKS, e.text);
	words_say(f);
	f->words[0] = '\0';
	store_leave(f);
	pass_in(f, f->patience);
}

static void on_changes(struct ev_loop *loop, ev_io *io, int what)
{
	struct follow *f = io->data;
	struct err e = ERR_NONE;

	(void)loop;
	(void)what;
	if (netlink_watch_drain(f->changes, &e))
		log_warning("%s", e.text);
	pass_in(f, f->pace);
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

static void on_timer(struct ev_loop *loop, ev_timer *timer, int what)
{
	struct follow *f = timer->data;
	struct frontend_result r = { .faults = 1 };
	struct err e = ERR_NONE;
	int ret;

	(void)loop;
	(void)what;
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
	f->pace = r.done ? more_of(f->pace, PACE_MIN, PACE_MAX) : PACE_MIN;
	if (r.more)
		pass_in(f, 0);
	else if (r.faults)
		pass_in(f, f->patience = more_of(f->patience, PATIENCE_MIN, PATIENCE_MAX));
	else
		f->patience = PATIENCE_MIN / 2;
}

static void on_signal(struct ev_loop *loop, ev_signal *signal, int what)
{
	(void)signal;
	(void)what;
	ev_break(loop, EVBREAK_ALL);
}

static void watchers_start(struct follow *f)
{
	ev_init(&f->store_io, on_store);
	ev_io_init(&f->changes_io, on_changes, f->changes, EV_READ);
	ev_init(&f->timer, on_timer);
	ev_signal_init(&f->term, on_signal, SIGTERM);
	ev_signal_init(&f->interrupt, on_signal, SIGINT);
	f->store_io.data = f->changes_io.data = f->timer.data = f;
	ev_io_start(f->loop, &f->changes_io);
	ev_signal_start(f->loop, &f->term);
	ev_signal_start(f->loop, &f->interrupt);
	pass_in(f, 0);
}

int follow_run(const struct frontend_options *options, struct err *e)
{
	struct follow f = {
		.frontend = { .options = options, .say = on_word, .arg = &f },
		.changes = -1,
		.pace = PACE_MIN,
		.patience = PATIENCE_MIN / 2,
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
	notify_send("STOPPING=1");
	log_info("ends; everything stays as it is");
out:
	store_leave(&f);
	if (f.changes >= 0)
		close(f.changes);
	netlink_close(f.frontend.nl);
	ev_loop_destroy(f.loop);
	return ret;
}
