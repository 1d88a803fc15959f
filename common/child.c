/*
 * How a child runs: pipes for its three standard streams, posix_spawnp(3) (which says at once when
 * there is no such program), one poll(2) loop that feeds and drains them until its output ends or
 * the time is over, then waitpid(2). Every path closes the pipes and leaves no zombie.
 */
#include "common/child.h"
#include "common/clock.h"
#include "common/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define READ_SIZE 4095

enum stream { IN, OUT, WORDS, STREAMS };

struct child {
	pid_t pid;
	int ours[STREAMS]; /* our ends, non-blocking; -1 when closed */
	const char *input;
	size_t input_left;
	struct text out;
	size_t out_max, words_len;
	struct child_result *r;
};

static void fd_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* `flags`: POSIX_SPAWN_ ones, besides ours. */
static int spawn(
	pid_t *pid, const char *const argv[], const int theirs[STREAMS], unsigned int flags)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none, pipe_signal;
	char locale[] = "LC_ALL=C",
	     path[4096 + 6] = "PATH=", *environment[] = { locale, path, NULL };
	const char *search = getenv("PATH");
	int ret;

	if (!search || strlen(search) > 4096)
		search = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	memcpy(path + 5, search, strlen(search) + 1);
	sigemptyset(&none);
	sigemptyset(&pipe_signal);
	sigaddset(&pipe_signal, SIGPIPE);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attr);
	for (int i = 0; i < STREAMS; i++)
		posix_spawn_file_actions_adddup2(&actions, theirs[i], i);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &pipe_signal);
	posix_spawnattr_setflags(
		&attr, (short)(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | flags));
	ret = posix_spawnp(pid, argv[0], &actions, &attr, (char *const *)argv, environment);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attr);
	return -ret;
}

/* Writes what the pipe takes of the input; closes it at the end, or when the child does not want
 * more. */
static void feed(struct child *c)
{
	ssize_t n = write(c->ours[IN], c->input, c->input_left);

	if (n > 0) {
		c->input += n;
		c->input_left -= (size_t)n;
	} else if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		return;
	} else if (n < 0) {
		c->input_left = 0;
	}
	if (!c->input_left)
		fd_close(&c->ours[IN]);
}

static int drain_out(struct child *c)
{
	struct text *out = &c->out;
	ssize_t n;

	if (out->space - out->len < 2 && !text_reserve(out, READ_SIZE))
		return -ENOMEM;
	n = read(c->ours[OUT], out->s + out->len, out->space - out->len - 1);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (n == 0)
		fd_close(&c->ours[OUT]);
	out->len += (size_t)n;
	out->s[out->len] = '\0';
	return out->len > c->out_max ? -EMSGSIZE : 0;
}

/* Keeps the beginning of standard error and reads the rest away. */
static int drain_words(struct child *c)
{
	char buf[512];
	size_t room = sizeof(c->r->words) - 1 - c->words_len;
	ssize_t n = read(c->ours[WORDS], buf, sizeof(buf));

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (n == 0)
		fd_close(&c->ours[WORDS]);
	if ((size_t)n < room)
		room = (size_t)n;
	memcpy(c->r->words + c->words_len, buf, room);
	c->words_len += room;
	c->r->words[c->words_len] = '\0';
	return 0;
}

/* Feeds and drains until both output streams end. */
static int converse(struct child *c, long long end)
{
	while (c->ours[OUT] >= 0 || c->ours[WORDS] >= 0) {
		struct pollfd p[STREAMS] = { { c->ours[IN], POLLOUT, 0 },
			{ c->ours[OUT], POLLIN, 0 }, { c->ours[WORDS], POLLIN, 0 } };
		long long left = end - clock_milliseconds();
		int ret = 0;

		if (left <= 0)
			return -ETIMEDOUT;
		if (poll(p, STREAMS, (int)left) < 0 && errno != EINTR)
			return -errno;
		if (p[IN].revents)
			feed(c);
		if (p[OUT].revents)
			ret = drain_out(c);
		if (!ret && p[WORDS].revents)
			ret = drain_words(c);
		if (ret)
			return ret;
	}
	return 0;
}

/* Waits for the end, killing the child where it must not or does not end by itself. */
static int reap(struct child *c, int ret, long long end)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	int status = 0;
	pid_t pid;

	if (ret)
		kill(c->pid, SIGKILL);
	/* Output has ended; most programs have ended with it. One that only closed its output is
	 * given the rest of its time. */
	while ((pid = waitpid(c->pid, &status, ret ? 0 : WNOHANG)) != c->pid) {
		if (pid < 0 && errno != EINTR)
			return -errno;
		if (!ret && clock_milliseconds() >= end) {
			ret = -ETIMEDOUT;
			kill(c->pid, SIGKILL);
		}
		if (!ret)
			nanosleep(&pause, NULL);
	}
	c->r->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return ret;
}

int child_run(const char *const argv[], const char *input, size_t out_max, unsigned int seconds,
	struct child_result *r, struct err *e)
{
	struct child c = {
		.ours = { -1, -1, -1 }, .input = input ? input : "", .out_max = out_max, .r = r
	};
	long long end = clock_milliseconds() + (long long)seconds * 1000;
	int theirs[STREAMS] = { -1, -1, -1 }, ret = 0;
	struct sigaction ignore = { .sa_handler = SIG_IGN }, before;

	memset(r, 0, sizeof(*r));
	c.input_left = strlen(c.input);
	sigaction(SIGPIPE, &ignore, &before);
	for (int i = 0; i < STREAMS && !ret; i++) {
		int fds[2];

		if (pipe2(fds, O_CLOEXEC) < 0) {
			ret = -errno;
			break;
		}
		c.ours[i] = fds[i == IN ? 1 : 0];
		theirs[i] = fds[i == IN ? 0 : 1];
		fcntl(c.ours[i], F_SETFL, O_NONBLOCK);
	}
	if (!ret)
		ret = spawn(&c.pid, argv, theirs, 0);
	for (int i = 0; i < STREAMS; i++)
		fd_close(&theirs[i]);
	if (!ret) {
		if (!c.input_left)
			fd_close(&c.ours[IN]);
		ret = reap(&c, converse(&c, end), end);
	}
	for (int i = 0; i < STREAMS; i++)
		fd_close(&c.ours[i]);
	sigaction(SIGPIPE, &before, NULL);
	r->out = c.out.s;
	r->out_len = c.out.len;
	r->words[strcspn(r->words, "\n")] = '\0';
	if (ret == -ENOENT)
		return err_set(e, ret, "%s: not found; is its package installed?", argv[0]);
	if (ret == -ETIMEDOUT)
		return err_set(
			e, ret, "%s: did not end within %u s and was killed", argv[0], seconds);
	return ret ? err_sys(e, ret, "%s", argv[0]) : 0;
}

int child_run_ok(const char *const argv[], const char *input, size_t out_max, unsigned int seconds,
	struct child_result *r, struct err *e)
{
	int ret = child_run(argv, input, out_max, seconds, r, e);

	if (ret || r->status == 0)
		return ret;
	return err_set(e, -EIO, "%s: failed with status %d%s%s", argv[0], r->status,
		r->words[0] ? ": " : "", r->words);
}

int child_start(const char *const argv[], pid_t *pid, struct err *e)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), ret = null < 0 ? -errno : 0;
	const int theirs[STREAMS] = { [IN] = null, [OUT] = null, [WORDS] = STDERR_FILENO };

	if (!ret)
		ret = spawn(pid, argv, theirs, POSIX_SPAWN_SETSID);
	fd_close(&null);
	if (ret == -ENOENT)
		return err_set(e, ret, "%s: not found; is its package installed?", argv[0]);
	return ret ? err_sys(e, ret, "%s", argv[0]) : 0;
}

void child_result_free(struct child_result *r)
{
	free(r->out);
	r->out = NULL;
	r->out_len = 0;
}
