/*
 * How it works. conn_call() puts a copy of the call into the connection, wakes the worker and waits
 * for `answered`, at most STORE_PATIENCE seconds. The worker does it (conn_ops.c), puts the answer
 * there and wakes the caller. A caller that loses patience sets `given_up`; a worker that finds
 * this set closes everything by itself. Whoever drops the last reference frees the memory.
 *
 * A connection that is its program's only one and asks nothing but questions (conn_open_alone())
 * has no worker: the caller makes the call itself, and an alarm ends it (conn_alarm.h). The two
 * context switches a call are most of what a short program would wait for.
 *
 * Watches have a connection to xenstored of their own. Once something is watched libxenstore reads
 * a connection in a thread, through which every answer would have to pass, too; that makes a
 * question two to four times as long.
 *
 * Always: `xs` is used by the worker only, `watches` by the worker and the event thread; everything
 * else is under `lock`, which nobody holds while in libxenstore.
 */
#include "xenstore-schema/conn.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "xenstore-schema/conn_alarm.h"
#include "xenstore-schema/store.h"

#define CONN_STACK  (256 * 1024)
#define CONN_EVENTS 1024 /* that wait in our queue; more wait in libxenstore's */
/* The watch whose first event says that the event thread may end. Any path serves, its event comes
 * at once. */
#define CONN_END_PATH  "domid"
#define CONN_END_TOKEN "netvm-conn-end"

struct conn {
	pthread_mutex_t lock;
	pthread_cond_t asked, answered; /* for the worker, for the caller */
	unsigned int refs;		/* caller, worker, event thread */
	bool alone;			/* there is no worker */
	bool given_up;			/* the caller lost patience */
	bool is_asked, is_answered;
	struct conn_call call;
	int result;
	char path[STORE_PATH_MAX];
	char data[STORE_VALUE_MAX];

	struct xs_handle *xs, *watches;

	pthread_t worker, event_thread;
	pthread_cond_t taken; /* the queue has room again */
	bool has_events, events_end, broken;
	int event_fd;
	char **events[CONN_EVENTS];
	size_t event_first, event_count;
};

static void conn_unref(struct conn *c)
{
	bool last;

	pthread_mutex_lock(&c->lock);
	last = --c->refs == 0;
	pthread_mutex_unlock(&c->lock);
	if (!last)
		return;
	for (; c->event_count; c->event_count--)
		free(c->events[c->event_first++ % CONN_EVENTS]);
	if (c->event_fd >= 0)
		close(c->event_fd);
	pthread_cond_destroy(&c->taken);
	pthread_cond_destroy(&c->answered);
	pthread_cond_destroy(&c->asked);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

/* --- the event thread --- */

static void event_post(struct conn *c)
{
	uint64_t one = 1;

	/* Fails only when the counter is full, and then it is readable anyway. */
	if (write(c->event_fd, &one, sizeof(one)) < 0)
		return;
}

/* Under lock. Takes `event` over; false when the thread is to end. */
static bool event_queue(struct conn *c, char **event)
{
	while (c->event_count == CONN_EVENTS && !c->events_end)
		pthread_cond_wait(&c->taken, &c->lock);
	if (c->events_end) {
		bool end = strcmp(event[XS_WATCH_TOKEN], CONN_END_TOKEN) == 0;

		free(event);
		return !end;
	}
	c->events[(c->event_first + c->event_count++) % CONN_EVENTS] = event;
	if (c->event_count == 1)
		event_post(c);
	return true;
}

static void *event_run(void *arg)
{
	struct conn *c = arg;
	bool go_on = true;

	while (go_on) {
		unsigned int n = 0;
		char **event = xs_read_watch(c->watches, &n);

		pthread_mutex_lock(&c->lock);
		if (event && n > XS_WATCH_TOKEN) {
			go_on = event_queue(c, event);
		} else {
			free(event);
			c->broken = true;
			event_post(c);
			go_on = false;
		}
		pthread_mutex_unlock(&c->lock);
	}
	conn_unref(c);
	return NULL;
}

/* Takes a reference for the thread. */
static int thread_start(struct conn *c, pthread_t *thread, void *(*run)(void *))
{
	sigset_t all, old;
	pthread_attr_t attr;
	int err = pthread_attr_init(&attr);

	if (err)
		return -err;
	pthread_attr_setstacksize(&attr, CONN_STACK);
	pthread_mutex_lock(&c->lock);
	c->refs++;
	pthread_mutex_unlock(&c->lock);
	/* Signals are the program's own threads' business. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(thread, &attr, run, c);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	if (err)
		conn_unref(c);
	return -err;
}

/* --- the worker --- */

/*
 * libxenstore says EINVAL both for a request that xenstored found wrong and for a connection whose
 * reader thread ended. A connection that broke has no descriptor any more, so that the next request
 * tells: EBADF.
 */
static bool conn_is_broken(struct xs_handle *xs, int err)
{
	void *value;

	if (err == -EINVAL) {
		unsigned int n;

		value = xs_read(xs, XBT_NULL, CONN_END_PATH, &n);
		err = value ? 0 : -errno;
		free(value);
	}
	return err == -EBADF || err == -EPIPE || err == -ECONNRESET;
}

/* A connection can be had from a xenstored that answers nobody (the kernel accepts for it), so it
 * is asked something: who has a store then knows that there was an answer. A program that ends
 * after some questions learns it from the first of them. */
static int do_open(struct conn *c)
{
	conn_alarm_hold(true);
	c->xs = xs_open(0);
	conn_alarm_hold(false);
	if (!c->xs)
		return -errno;
	return !c->alone && conn_is_broken(c->xs, -EINVAL) ? -ENOTCONN : 0;
}

/* With the first watch. */
static int events_start(struct conn *c)
{
	int err = c->has_events ? 0 : thread_start(c, &c->event_thread, event_run);

	c->has_events |= !err;
	return err;
}

/* Ends the event thread first: xs_close() must not pull the handle from under it. */
static int do_close(struct conn *c)
{
	if (c->has_events) {
		pthread_mutex_lock(&c->lock);
		c->events_end = true;
		pthread_cond_signal(&c->taken);
		pthread_mutex_unlock(&c->lock);
		/* Refused (over a domain's quota of watches) while the connection stands, nothing
		 * would wake the thread: then both are left as they are. */
		if (!xs_watch(c->watches, CONN_END_PATH, CONN_END_TOKEN) &&
			!conn_is_broken(c->watches, -errno))
			return -EBUSY;
		pthread_join(c->event_thread, NULL);
		c->has_events = false;
	}
	if (c->watches)
		xs_close(c->watches);
	if (c->xs)
		xs_close(c->xs);
	c->watches = c->xs = NULL;
	return 0;
}

static int watch_run(struct conn *c, struct conn_call *call)
{
	int err;

	if (!c->watches)
		c->watches = xs_open(0);
	if (!c->watches)
		return -ENOTCONN;
	err = conn_op_run(c->watches, call);
	if (!err && call->op == CONN_WATCH)
		err = events_start(c);
	return err && conn_is_broken(c->watches, err) ? -ENOTCONN : err;
}

static int call_run(struct conn *c, struct conn_call *call)
{
	int err;

	if (call->op == CONN_OPEN)
		return do_open(c);
	if (call->op == CONN_CLOSE)
		return do_close(c);
	if (call->op == CONN_WATCH || call->op == CONN_UNWATCH)
		return watch_run(c, call);
	err = conn_op_run(c->xs, call);
	return err && conn_is_broken(c->xs, err) ? -ENOTCONN : err;
}

static void *worker_run(void *arg)
{
	struct conn *c = arg;
	enum conn_op last;

	do {
		struct conn_call call;
		int err;

		pthread_mutex_lock(&c->lock);
		while (!c->is_asked)
			pthread_cond_wait(&c->asked, &c->lock);
		c->is_asked = false;
		call = c->call;
		pthread_mutex_unlock(&c->lock);

		err = call_run(c, &call);
		last = call.op;

		pthread_mutex_lock(&c->lock);
		if (c->given_up) {
			pthread_mutex_unlock(&c->lock);
			free(call.out);
			if (last != CONN_CLOSE)
				do_close(c);
			break;
		}
		c->call = call;
		c->result = err;
		c->is_answered = true;
		pthread_cond_signal(&c->answered);
		pthread_mutex_unlock(&c->lock);
	} while (last != CONN_CLOSE);
	conn_unref(c);
	return NULL;
}

/* --- the caller's side --- */

static int call_copy(struct conn *c, const struct conn_call *call)
{
	size_t len = call->path ? strlen(call->path) : 0;

	if (len >= sizeof(c->path) || call->len >= sizeof(c->data))
		return -EMSGSIZE;
	c->call = *call;
	c->call.out = NULL;
	c->call.count = 0;
	memcpy(c->path, call->path ? call->path : "", len + 1);
	if (call->len)
		memcpy(c->data, call->data, call->len);
	c->data[call->len] = '\0';
	c->call.path = c->path;
	c->call.data = c->data;
	return 0;
}

/* What the caller gets. */
static int call_answer(const struct conn *c, struct conn_call *call)
{
	call->out = c->call.out;
	call->count = c->call.count;
	return c->result == -E2BIG && call->op != CONN_WATCH ? -EMSGSIZE : c->result;
}

static int call_alone(struct conn *c, struct conn_call *call)
{
	int err = c->given_up ? -ENOTCONN : call_copy(c, call);

	if (err)
		return err;
	if (call->op == CONN_WATCH)
		return -EOPNOTSUPP;
	conn_alarm_begin();
	c->result = call_run(c, &c->call);
	c->given_up = conn_alarm_end();
	if (!c->given_up)
		return call_answer(c, call);
	free(c->call.out);
	return -ENOTCONN;
}

int conn_call(struct conn *c, struct conn_call *call)
{
	struct timespec until;
	int err;

	if (c->alone)
		return call_alone(c, call);
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += STORE_PATIENCE;
	pthread_mutex_lock(&c->lock);
	err = c->given_up ? -ENOTCONN : call_copy(c, call);
	if (err)
		goto out;
	c->is_answered = false;
	c->is_asked = true;
	pthread_cond_signal(&c->asked);
	while (!c->is_answered)
		if (pthread_cond_timedwait(&c->answered, &c->lock, &until) == ETIMEDOUT &&
			!c->is_answered) {
			c->given_up = true;
			err = -ENOTCONN;
			goto out;
		}
	err = call_answer(c, call);
out:
	pthread_mutex_unlock(&c->lock);
	return err;
}

static struct conn *conn_new(void)
{
	struct conn *c = calloc(1, sizeof(*c));
	pthread_condattr_t attr;

	if (!c)
		return NULL;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->asked, NULL);
	pthread_cond_init(&c->answered, &attr);
	pthread_cond_init(&c->taken, NULL);
	pthread_condattr_destroy(&attr);
	c->refs = 1;
	c->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (c->event_fd >= 0)
		return c;
	conn_unref(c);
	return NULL;
}

static int conn_begin(struct conn *c, struct conn **out)
{
	struct conn_call call = { .op = CONN_OPEN };
	int err = conn_call(c, &call);

	if (err)
		conn_close(c);
	else
		*out = c;
	return err;
}

int conn_open(struct conn **out)
{
	struct conn *c = conn_new();
	int err;

	*out = NULL;
	if (!c)
		return -ENOMEM;
	err = thread_start(c, &c->worker, worker_run);
	if (!err)
		return conn_begin(c, out);
	conn_unref(c);
	return err;
}

int conn_open_alone(struct conn **out)
{
	struct conn *c = conn_new();

	*out = NULL;
	if (!c)
		return -ENOMEM;
	c->alone = true;
	return conn_begin(c, out);
}

/* Waits for a worker that answered the call; one that was given up ends some day. */
static void worker_close(struct conn *c)
{
	struct conn_call call = { .op = CONN_CLOSE };

	if (conn_call(c, &call) == -ENOTCONN)
		pthread_detach(c->worker);
	else
		pthread_join(c->worker, NULL);
}

void conn_close(struct conn *c)
{
	if (!c)
		return;
	if (c->alone)
		do_close(c);
	else
		worker_close(c);
	conn_unref(c);
}

/* --- events --- */

int conn_event_fd(const struct conn *c)
{
	return c->event_fd;
}

int conn_next_event(struct conn *c, char ***out)
{
	uint64_t n;
	int ret = 0;

	pthread_mutex_lock(&c->lock);
	if (c->event_count) {
		*out = c->events[c->event_first];
		c->event_first = (c->event_first + 1) % CONN_EVENTS;
		c->event_count--;
		pthread_cond_signal(&c->taken);
		ret = 1;
	} else if (c->broken || c->given_up) {
		ret = -ENOTCONN;
	}
	/* Readable as long as there is something to take, a broken connection forever. */
	if (!c->event_count && !c->broken && read(c->event_fd, &n, sizeof(n)) < 0 &&
		errno != EAGAIN)
		ret = -errno;
	pthread_mutex_unlock(&c->lock);
	return ret;
}
