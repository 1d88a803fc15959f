/*
 * lab-agent [CONSOLE [KMSG]]: runs what lab-exec asks for (console_text.h), one command at a time.
 *
 * It is the only writer of the domain's console (/dev/hvc0): the kernel is told to keep its
 * messages to itself, and the agent passes the kernel log (/dev/kmsg) on instead, a whole line at a
 * time, so that nothing breaks a line of an answer. The domain's services log to the kernel log.
 *
 * A command has /dev/null as its standard input and a session of its own. It has ended when its
 * process has, whoever it left behind with its output open.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lab/console_text.h"

enum {
	READ_MAX = 2048,
	PIPE_HOLDS = 64 * 1024,
	KLOG_CONSOLE_LEVEL = 8, /* syslog(2) */
};

struct request {
	uint32_t id;
	char arguments[CONSOLE_ARGUMENTS_MAX];
	size_t len;
	bool started;
	pid_t pid;	/* 0: none runs */
	int streams[2]; /* its output and error, -1: ended */
};

static struct request request = { .streams = { -1, -1 } };
static int console;

static _Noreturn void give_up(const char *what)
{
	perror(what);
	exit(1);
}

static void console_write(const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(console, text, len);

		if (n < 0 && errno != EINTR)
			give_up("lab-agent: console");
		if (n > 0) {
			text += n;
			len -= (size_t)n;
		}
	}
}

static __attribute__((format(printf, 1, 2))) void answer(const char *format, ...)
{
	char line[CONSOLE_LINE_MAX];
	va_list arguments;
	int n;

	va_start(arguments, format);
	n = vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	console_write(line, (size_t)n);
}

/* A line of an answer for each line of the output, so that the console's log can be read. */
static void output_pass(char kind, const char *bytes, size_t len)
{
	static char text[READ_MAX * 16];
	size_t n = 0;

	while (len > 0) {
		size_t piece = len < CONSOLE_BYTES_MAX ? len : CONSOLE_BYTES_MAX;
		const char *end = memchr(bytes, '\n', piece);

		if (end)
			piece = (size_t)(end - bytes) + 1;
		n += (size_t)sprintf(text + n, "@<%" PRIx32 " %c ", request.id, kind);
		n += console_escape(bytes, piece, text + n);
		text[n++] = '\n';
		bytes += piece;
		len -= piece;
		if (len == 0 || n > sizeof(text) - CONSOLE_LINE_MAX) {
			console_write(text, n);
			n = 0;
		}
	}
}

/* Returns how much it passed on; 0 where there is nothing now. */
static size_t stream_pass(int which)
{
	char bytes[READ_MAX];
	ssize_t n = read(request.streams[which], bytes, sizeof(bytes));

	if (n > 0) {
		output_pass("oe"[which], bytes, (size_t)n);
		return (size_t)n;
	}
	if (n == 0 || errno != EAGAIN) {
		close(request.streams[which]);
		request.streams[which] = -1;
	}
	return 0;
}

static void request_end(int status)
{
	for (int i = 0; i < 2; i++) {
		size_t left = PIPE_HOLDS, n;

		while (request.streams[i] >= 0 && left > 0 && (n = stream_pass(i)) > 0)
			left -= n < left ? n : left;
		if (request.streams[i] >= 0)
			close(request.streams[i]);
		request.streams[i] = -1;
	}
	request.pid = 0;
	answer("@<%" PRIx32 " x %d\n", request.id,
		WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

static void request_kill(void)
{
	int status;

	if (!request.pid)
		return;
	kill(-request.pid, SIGKILL);
	waitpid(request.pid, &status, 0);
	request_end(status);
}

static _Noreturn void command_run(char *argv[], int out, int err)
{
	int nothing = open("/dev/null", O_RDWR);
	sigset_t none;

	setsid();
	setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
	setenv("HOME", "/root", 1);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (dup2(nothing, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
		_exit(126);
	execvp(argv[0], argv);
	dprintf(2, "%s: %s\n", argv[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

static void request_start(void)
{
	int out[2], err[2];
	char **argv;
	size_t count = 0;

	for (size_t i = 0; i < request.len; i++)
		count += request.arguments[i] == '\0';
	argv = calloc(count + 1, sizeof(*argv));
	if (!argv || pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0)
		give_up("lab-agent: a request");
	for (size_t i = 0, at = 0; i < count; i++) {
		argv[i] = request.arguments + at;
		at += strlen(argv[i]) + 1;
	}
	request.started = true;
	request.pid = fork();
	if (request.pid == 0)
		command_run(argv, out[1], err[1]);
	if (request.pid < 0)
		give_up("lab-agent: a process");
	free(argv);
	close(out[1]);
	close(err[1]);
	request.streams[0] = out[0];
	request.streams[1] = err[0];
	fcntl(out[0], F_SETFL, O_NONBLOCK);
	fcntl(err[0], F_SETFL, O_NONBLOCK);
	answer("@<%" PRIx32 " s\n", request.id);
}

static void arguments_add(const char *text)
{
	char bytes[CONSOLE_LINE_MAX];
	ssize_t n = console_unescape(text, bytes);

	if (n < 0 || (size_t)n > sizeof(request.arguments) - request.len)
		return; /* their sum will be wrong */
	memcpy(request.arguments + request.len, bytes, (size_t)n);
	request.len += (size_t)n;
}

static bool arguments_are(const char *text)
{
	size_t len;
	uint32_t sum;

	return sscanf(text, "%zu %" SCNx32, &len, &sum) == 2 && len > 0 && len == request.len &&
	       request.arguments[len - 1] == '\0' && sum == console_sum(request.arguments, len);
}

static void line_obey(const char *line)
{
	uint32_t id;
	char verb;
	int at = 0;

	if (sscanf(line, "@>%" SCNx32 " %c%n", &id, &verb, &at) != 2 || at == 0)
		return;
	line += at + (line[at] == ' ');
	if (verb == 'n' && id != request.id) {
		request_kill();
		request.id = id;
		request.started = false;
	}
	if (id != request.id)
		return;
	if (verb == 'k')
		request_kill();
	if (request.started)
		return;
	if (verb == 'n')
		request.len = 0;
	else if (verb == 'a')
		arguments_add(line);
	else if (verb == '!' && arguments_are(line))
		request_start();
}

static void console_read(void)
{
	static struct console_line line;
	char bytes[READ_MAX];
	ssize_t n = read(console, bytes, sizeof(bytes));

	if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
		give_up("lab-agent: console");
	for (ssize_t i = 0; i < n; i++) {
		if (console_line_take(&line, bytes[i]))
			line_obey(line.text);
	}
}

/* A few records of the kernel log: "LEVEL,NUMBER,MICROSECONDS,FLAGS;TEXT\n" and lines of details.
 */
static void kmsg_pass(int kmsg)
{
	static char text[32 * 1024];
	char record[READ_MAX];
	size_t len = 0;
	ssize_t n;

	while (len < sizeof(text) - 2 * READ_MAX &&
		(n = read(kmsg, record, sizeof(record) - 1)) > 0) {
		unsigned long long time;
		int at = 0;

		record[n] = '\0';
		if (sscanf(record, "%*u,%*u,%llu,%*[^;];%n", &time, &at) != 1 || at == 0)
			continue;
		len += (size_t)sprintf(text + len, "[%5llu.%06llu] %.*s\n", time / 1000000,
			time % 1000000, (int)strcspn(record + at, "\n"), record + at);
	}
	console_write(text, len);
}

int main(int argc, char *argv[])
{
	int kmsg = open(argc > 2 ? argv[2] : "/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	int ends, status;
	sigset_t child;

	console = open(argc > 1 ? argv[1] : "/dev/hvc0", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (console < 0 || console_make_raw(console) < 0)
		give_up("lab-agent: console");
	klogctl(KLOG_CONSOLE_LEVEL, NULL, 1);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
	ends = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
	console_write("\n", 1);
	for (;;) {
		struct signalfd_siginfo end;
		struct pollfd fds[] = { { console, POLLIN, 0 }, { ends, POLLIN, 0 },
			{ request.streams[0], POLLIN, 0 }, { request.streams[1], POLLIN, 0 },
			{ kmsg, POLLIN, 0 } };

		if (poll(fds, sizeof(fds) / sizeof(*fds), -1) < 0 && errno != EINTR)
			give_up("lab-agent: poll");
		if (fds[0].revents)
			console_read();
		for (int i = 0; i < 2; i++) {
			if (fds[2 + i].revents && request.streams[i] == fds[2 + i].fd)
				stream_pass(i);
		}
		if (fds[1].revents && read(ends, &end, sizeof(end)) > 0 && request.pid &&
			waitpid(request.pid, &status, WNOHANG) == request.pid)
			request_end(status);
		if (fds[4].revents)
			kmsg_pass(kmsg);
	}
}
