/*
 * xenstored gone or silent: every call ends, in time, with -ENOTCONN. These scenarios stop and kill
 * the xenstored whose pid is XENSTORED_PID; tests/store/faults gives each one of its own.
 */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "tests/store/scenario.h"

static pid_t xenstored(void)
{
	const char *pid = getenv("XENSTORED_PID");

	if (!pid || atoi(pid) <= 1)
		scenario_fail("XENSTORED_PID", 0, "is not set");
	return atoi(pid);
}

static void xenstored_signal(int sig)
{
	IS(0, kill(xenstored(), sig));
}

/* Until the kernel has closed what the process had open; it stays a zombie of with-xenstored. */
static void xenstored_kill(void)
{
	char path[64], state = '?';
	FILE *f;

	xenstored_signal(SIGKILL);
	snprintf(path, sizeof(path), "/proc/%d/stat", xenstored());
	while (state != 'Z' && (f = fopen(path, "r"))) {
		if (fscanf(f, "%*d %*s %c", &state) != 1)
			state = 'Z';
		fclose(f);
		poll(NULL, 0, 1);
	}
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The bound that store.h gives is the behaviour itself here. */
#define IN_TIME(call)                                                                              \
	do {                                                                                       \
		double from_ = seconds(), took_;                                                   \
		call;                                                                              \
		took_ = seconds() - from_;                                                         \
		if (took_ > STORE_PATIENCE + 1)                                                    \
			scenario_fail(__FILE__, __LINE__, "%s: wanted at most %d s, saw %.1f s",   \
				#call, STORE_PATIENCE + 1, took_);                                 \
	} while (0)

static void watch_start(struct store *s)
{
	char path[STORE_PATH_MAX], token[64];

	RETURNS(0, store_watch(s, "/test", "tok", &scenario_err));
	event_await(s, path, token);
}

static int threads_count(const char *what)
{
	DIR *dir = opendir(what);
	int n = 0;

	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static void await_count(const char *what, int want)
{
	int saw = 0;

	for (int i = 0; i < 2000 && (saw = threads_count(what)) != want; i++)
		poll(NULL, 0, 10);
	IS(want, saw);
}

/* --- killed --- */

static void every_call_fails(struct store *s)
{
	struct store_perms perms = { .owner = 0 };
	struct store_names names;
	struct guest_link link;
	char buf[16];
	bool has;

	RETURNS(-ENOTCONN, store_read(s, "/test", buf, sizeof(buf), &scenario_err));
	IS(true, strstr(scenario_err.text, "/test") != NULL);
	RETURNS(-ENOTCONN, store_write(s, "/test", "x", &scenario_err));
	RETURNS(-ENOTCONN, store_mkdir(s, "/test", &scenario_err));
	RETURNS(-ENOTCONN, store_remove(s, "/test", &scenario_err));
	RETURNS(-ENOTCONN, store_list(s, "/test", &names, &scenario_err));
	RETURNS(-ENOTCONN, store_set_perms(s, "/test", &perms, &scenario_err));
	RETURNS(-ENOTCONN, store_has_perms(s, "/test", &perms, &has, &scenario_err));
	RETURNS(-ENOTCONN, store_watch(s, "/test", "other", &scenario_err));
	RETURNS(-ENOTCONN, store_unwatch(s, "/test", "other", &scenario_err));
	RETURNS(-ENOTCONN, guest_link_read(s, 5, 0, &link, &scenario_err));
}

static void killed_while_idle(struct store *s)
{
	xenstored_kill();
	IN_TIME(every_call_fails(s));
	IN_TIME(store_close(s));
}

static void killed_while_idle_with_a_watch(struct store *s)
{
	struct pollfd fd = { .events = POLLIN };
	char path[STORE_PATH_MAX], token[64];

	watch_start(s);
	fd.fd = store_fd(s);
	IS(0, poll(&fd, 1, 0));
	xenstored_kill();
	IS(1, poll(&fd, 1, 20000));
	RETURNS(-ENOTCONN, store_next_event(s, path, token, &scenario_err));
	RETURNS(-ENOTCONN, store_next_event(s, path, token, &scenario_err));
	IS(1, poll(&fd, 1, 0));
	IN_TIME(every_call_fails(s));
	IN_TIME(store_close(s));
}

static void *kill_when_asked(void *arg)
{
	/* Stopped, it cannot have answered; so the call is under way when it dies. */
	poll(NULL, 0, 200);
	xenstored_signal(SIGKILL);
	return arg;
}

static void killed_while_asked(struct store *s)
{
	pthread_t killer;

	xenstored_signal(SIGSTOP);
	IS(0, pthread_create(&killer, NULL, kill_when_asked, NULL));
	IN_TIME(RETURNS(-ENOTCONN, store_write(s, "/test", "x", &scenario_err)));
	IS(0, pthread_join(killer, NULL));
	IN_TIME(store_close(s));
}

static void killed_while_asked_with_a_watch(struct store *s)
{
	watch_start(s);
	killed_while_asked(s);
}

/* --- silent --- */

static void silent(struct store *s)
{
	char buf[16];

	xenstored_signal(SIGSTOP);
	IN_TIME(RETURNS(-ENOTCONN, store_read(s, "/test", buf, sizeof(buf), &scenario_err)));
	IN_TIME(every_call_fails(s));
	IN_TIME(store_close(s));
}

static void silent_with_a_watch(struct store *s)
{
	char path[STORE_PATH_MAX], token[64];
	char buf[16];

	watch_start(s);
	xenstored_signal(SIGSTOP);
	IN_TIME(RETURNS(-ENOTCONN, store_read(s, "/test", buf, sizeof(buf), &scenario_err)));
	RETURNS(-ENOTCONN, store_next_event(s, path, token, &scenario_err));
	IN_TIME(store_close(s));
}

static void silent_at_close(struct store *s)
{
	watch_start(s);
	xenstored_signal(SIGSTOP);
	IN_TIME(store_close(s));
}

static int stop_body(struct store *s, void *arg, struct err *e)
{
	(void)arg;
	RETURNS(0, store_write(s, "/test", "half", e));
	xenstored_signal(SIGSTOP);
	return store_write(s, "/test", "whole", e);
}

static void silent_in_a_transaction(struct store *s)
{
	struct store *later;

	RETURNS(0, store_write(s, "/test", "before", &scenario_err));
	IN_TIME(RETURNS(-ENOTCONN, store_transact(s, stop_body, NULL, &scenario_err)));
	IN_TIME(store_close(s));
	xenstored_signal(SIGCONT);
	RETURNS(0, store_open(&later, &scenario_err));
	IS_TEXT("before", node_text(later, "/test"));
	store_close(later);
}

static void silent_from_the_beginning(struct store *s)
{
	struct store *none;

	xenstored_signal(SIGSTOP);
	IN_TIME(RETURNS(-ENOTCONN, store_open(&none, &scenario_err)));
	IS(true, none == NULL);
	IS(true, strstr(scenario_err.text, "did not answer") != NULL);
	IN_TIME(store_close(s));
}

static void what_was_given_up_is_cleared_away(struct store *s)
{
	int threads, fds;
	struct store *given_up;

	store_close(s);
	/* Detached threads take a moment to end. */
	await_count("/proc/self/task", 3);
	threads = threads_count("/proc/self/task");
	fds = threads_count("/proc/self/fd");
	RETURNS(0, store_open(&given_up, &scenario_err));
	watch_start(given_up);
	xenstored_signal(SIGSTOP);
	IN_TIME(RETURNS(-ENOTCONN, store_write(given_up, "/test", "x", &scenario_err)));
	store_close(given_up);
	xenstored_signal(SIGCONT);
	await_count("/proc/self/task", threads);
	await_count("/proc/self/fd", fds);
}

static void many_connections_leave_nothing(struct store *s)
{
	int fds;

	store_close(s);
	await_count("/proc/self/task", 3);
	fds = threads_count("/proc/self/fd");
	for (int i = 0; i < 200; i++) {
		struct store *one;

		RETURNS(0, store_open(&one, &scenario_err));
		if (i % 2)
			watch_start(one);
		store_close(one);
	}
	await_count("/proc/self/task", 3);
	await_count("/proc/self/fd", fds);
}

/* --- absent --- */

static void absent(struct store *s)
{
	struct store *none = s;

	store_close(s);
	setenv("XENSTORED_PATH", "/nonexistent/socket", 1);
	IN_TIME(RETURNS(-ENOTCONN, store_open(&none, &scenario_err)));
	IS(true, none == NULL);
	IS(true, strstr(scenario_err.text, "/nonexistent/socket") != NULL);
}

static void a_socket_that_nobody_serves(struct store *s)
{
	struct store *none;

	xenstored_kill();
	IN_TIME(RETURNS(-ENOTCONN, store_open(&none, &scenario_err)));
	store_close(s);
}

/* Stops xenstored and fills its queue of connections: then connect(2) itself waits. */
static void queue_fill(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	bool full = false;

	strncpy(addr.sun_path, getenv("XENSTORED_PATH"), sizeof(addr.sun_path) - 1);
	xenstored_signal(SIGSTOP);
	for (int i = 0; i < 100 && !full; i++) {
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

		full = connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 && errno == EAGAIN;
	}
	IS(true, full);
}

static void a_socket_that_nobody_accepts_from(struct store *s)
{
	struct store *none;

	queue_fill();
	IN_TIME(RETURNS(-ENOTCONN, store_open(&none, &scenario_err)));
	IN_TIME(store_close(s));
}

/* --- a program with one thread (store_open_alone()) --- */

/* The scenario's own store has a thread, of which the other one must not know. */
static struct store *alone_open(struct store *s)
{
	struct store *alone;

	store_close(s);
	RETURNS(0, store_open_alone(&alone, &scenario_err));
	return alone;
}

static void alone_killed_while_idle(struct store *s)
{
	struct store *alone = alone_open(s);
	char buf[16];

	RETURNS(0, store_write(alone, "/test", "x", &scenario_err));
	xenstored_kill();
	IN_TIME(RETURNS(-ENOTCONN, store_read(alone, "/test", buf, sizeof(buf), &scenario_err)));
	IN_TIME(store_close(alone));
}

static void alone_silent(struct store *s)
{
	struct store *alone = alone_open(s);
	char buf[16];

	xenstored_signal(SIGSTOP);
	IN_TIME(RETURNS(-ENOTCONN, store_read(alone, "/test", buf, sizeof(buf), &scenario_err)));
	IN_TIME(RETURNS(-ENOTCONN, store_write(alone, "/test", "x", &scenario_err)));
	IN_TIME(store_close(alone));
}

static void alone_silent_in_a_transaction(struct store *s)
{
	RETURNS(0, store_write(s, "/test", "before", &scenario_err));
	silent_in_a_transaction(alone_open(s));
}

static void alone_silent_from_the_beginning(struct store *s)
{
	struct store *alone = NULL;
	uint32_t domid;

	store_close(s);
	xenstored_signal(SIGSTOP);
	IN_TIME(RETURNS(0, store_open_alone(&alone, &scenario_err)));
	IN_TIME(RETURNS(-ENOTCONN, store_own_domid(alone, &domid, &scenario_err)));
	IN_TIME(store_close(alone));
	IS(true, strstr(scenario_err.text, "did not answer") != NULL);
}

static void alone_where_nobody_accepts(struct store *s)
{
	struct store *none;

	store_close(s);
	queue_fill();
	IN_TIME(RETURNS(-ENOTCONN, store_open_alone(&none, &scenario_err)));
}

static void alone_watches_nothing(struct store *s)
{
	struct store *alone = alone_open(s);

	RETURNS(-EOPNOTSUPP, store_watch(alone, "/test", "tok", &scenario_err));
	RETURNS(0, store_write(alone, "/test", "x", &scenario_err));
	store_close(alone);
}

const struct scenario scenarios_faults[] = {
	SCENARIO("xenstored killed while nothing is asked: every call fails at once",
		killed_while_idle),
	SCENARIO("xenstored killed while a watch stands: its descriptor says so, and every call "
		 "fails",
		killed_while_idle_with_a_watch),
	SCENARIO("xenstored killed while it is asked: the call fails", killed_while_asked),
	SCENARIO("xenstored killed while it is asked and a watch stands: the call fails",
		killed_while_asked_with_a_watch),
	SCENARIO("xenstored silent: the call fails in time, all further ones at once", silent),
	SCENARIO("xenstored silent while a watch stands: the call fails in time, and so do events",
		silent_with_a_watch),
	SCENARIO("xenstored silent at a close with a watch: it ends in time", silent_at_close),
	SCENARIO("xenstored silent in a transaction: nothing of it is ever applied",
		silent_in_a_transaction),
	SCENARIO("xenstored silent from the beginning: no store, in time",
		silent_from_the_beginning),
	SCENARIO("a connection that was given up is closed when xenstored goes on",
		what_was_given_up_is_cleared_away),
	SCENARIO("hundreds of connections leave no thread and no descriptor",
		many_connections_leave_nothing),
	SCENARIO("no xenstored: an error that names its socket, in time", absent),
	SCENARIO("a socket that nobody serves: an error in time", a_socket_that_nobody_serves),
	SCENARIO("a socket from which nobody accepts: an error in time",
		a_socket_that_nobody_accepts_from),
	SCENARIO("without threads: xenstored killed while nothing is asked: a call fails",
		alone_killed_while_idle),
	SCENARIO("without threads: xenstored silent: the call fails in time, all further ones too",
		alone_silent),
	SCENARIO("without threads: xenstored silent in a transaction: nothing of it is applied",
		alone_silent_in_a_transaction),
	SCENARIO("without threads: xenstored silent from the beginning: no store, in time",
		alone_silent_from_the_beginning),
	SCENARIO("without threads: a socket from which nobody accepts: an error in time",
		alone_where_nobody_accepts),
	SCENARIO("without threads nothing is watched, and the rest goes on", alone_watches_nothing),
	{ 0 },
};
