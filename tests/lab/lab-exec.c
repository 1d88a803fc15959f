/*
 * lab-exec DOMAIN COMMAND [ARGUMENT]...
 *
 * Runs a command in a domain over its console (console_text.h) and gives its output, its errors and
 * its exit status, 128 and the signal's number if it ended by one. DOMAIN is a name, a number, or
 * the path of a tty. Whoever comes while another's command runs there waits for its end. A domain
 * that boots is waited for. Ending lab-exec ends the command.
 *
 * Where lab-exec itself fails it says so and its exit status is 255.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include <xenstore.h>

#include "tests/lab/console_text.h"

enum {
	EXIT_OWN = 255,
	PATIENCE_S = 120, /* with a domain that does not answer */
	REPEAT_MS = 1000,
	TTY_POLL_MS = 100,
};

static const char *domain;
static volatile sig_atomic_t ended_by;

static _Noreturn __attribute__((format(printf, 1, 2))) void give_up(const char *format, ...)
{
	va_list arguments;

	fprintf(stderr, "lab-exec: %s: ", domain);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	exit(EXIT_OWN);
}

static time_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

/* --- finding the console --- */

/* The value of a domain's node, to be freed, or NULL. */
static char *domain_read(struct xs_handle *store, const char *domid, const char *node)
{
	char path[128];

	snprintf(path, sizeof(path), "/local/domain/%.16s/%s", domid, node);
	return xs_read(store, XBT_NULL, path, NULL);
}

/* The domain's number as text in domid; false where there is no such domain. */
static bool domain_find(struct xs_handle *store, char domid[16])
{
	unsigned int count = 0;
	char **all = xs_directory(store, XBT_NULL, "/local/domain", &count);
	bool number = domain[strspn(domain, "0123456789")] == '\0', found = false;

	if (!all)
		give_up("xenstore: %s", strerror(errno));
	for (unsigned int i = 0; i < count && !found; i++) {
		char *name = domain_read(store, all[i], "name");

		found = number ? strcmp(all[i], domain) == 0 : name && strcmp(name, domain) == 0;
		if (found)
			snprintf(domid, 16, "%s", all[i]);
		free(name);
	}
	free(all);
	return found;
}

/* The path of its console's tty, to be freed; waits until xenconsoled has made one. */
static char *tty_find(void)
{
	struct xs_handle *store;
	time_t end = now() + PATIENCE_S;
	char domid[16], *tty = NULL;

	if (strchr(domain, '/'))
		return strdup(domain);
	store = xs_open(0);
	if (!store)
		give_up("xenstore cannot be opened: %s", strerror(errno));
	while (!tty) {
		if (!domain_find(store, domid))
			give_up("there is no such domain");
		tty = domain_read(store, domid, "console/tty");
		if (tty && *tty)
			break;
		free(tty);
		tty = NULL;
		if (now() > end)
			give_up("it has no console");
		poll(NULL, 0, TTY_POLL_MS);
	}
	xs_close(store);
	return tty;
}

static int console_open(void)
{
	char *tty = tty_find();
	int fd = open(tty, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC), error;

	if (fd < 0)
		give_up("%s: %s", tty, strerror(errno));
	while (flock(fd, LOCK_EX) < 0) {
		if (errno != EINTR || ended_by)
			give_up("%s: %s", tty, strerror(errno));
	}
	error = console_make_raw(fd);
	if (error < 0)
		give_up("%s: %s", tty, strerror(-error));
	free(tty);
	return fd;
}

/* --- the request --- */

struct request {
	uint32_t id;
	char *text;
	size_t len;
	size_t sent;
	bool started;
	bool done;
	int status;
};

static void request_make(struct request *r, int count, char *words[])
{
	static char arguments[CONSOLE_ARGUMENTS_MAX];
	size_t len = 0;
	FILE *text;

	if (getrandom(&r->id, sizeof(r->id), 0) != sizeof(r->id))
		give_up("no random number: %s", strerror(errno));
	for (int i = 0; i < count; i++) {
		size_t n = strlen(words[i]) + 1;

		if (n > sizeof(arguments) - len)
			give_up("the arguments are longer than %zu bytes", sizeof(arguments));
		memcpy(arguments + len, words[i], n);
		len += n;
	}
	text = open_memstream(&r->text, &r->len);
	fprintf(text, "\n@>%" PRIx32 " n\n", r->id);
	for (size_t at = 0; at < len; at += CONSOLE_BYTES_MAX) {
		char piece[4 * CONSOLE_BYTES_MAX + 1];
		size_t n = len - at < CONSOLE_BYTES_MAX ? len - at : CONSOLE_BYTES_MAX;

		console_escape(arguments + at, n, piece);
		fprintf(text, "@>%" PRIx32 " a %s\n", r->id, piece);
	}
	fprintf(text, "@>%" PRIx32 " ! %zu %" PRIx32 "\n", r->id, len, console_sum(arguments, len));
	if (fclose(text) != 0)
		give_up("%s", strerror(errno));
}

static void output_write(int fd, char *text)
{
	ssize_t len = console_unescape(text, text);
	char *at = text;

	if (len < 0)
		give_up("a line of its answer is damaged: \"%s\"", text);
	while (len > 0) {
		ssize_t n = write(fd, at, (size_t)len);

		if (n < 0 && errno != EINTR)
			give_up("cannot pass its output on: %s", strerror(errno));
		if (n > 0) {
			at += n;
			len -= n;
		}
	}
}

static void line_take(struct request *r, char *line)
{
	uint32_t id;
	char verb;
	int at = 0;

	if (sscanf(line, "@<%" SCNx32 " %c%n", &id, &verb, &at) != 2 || at == 0 || id != r->id)
		return;
	line += at + (line[at] == ' ');
	switch (verb) {
	case 's':
		r->started = true;
		break;
	case 'o':
		output_write(1, line);
		break;
	case 'e':
		output_write(2, line);
		break;
	case 'x':
		r->done = true;
		r->status = atoi(line);
		break;
	}
}

static void console_read(int fd, struct request *r)
{
	static struct console_line line;
	char bytes[4096];
	ssize_t n = read(fd, bytes, sizeof(bytes));

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		give_up("it ended%s", r->started ? " while the command ran" : "");
	for (ssize_t i = 0; i < n && !r->done; i++) {
		if (console_line_take(&line, bytes[i]))
			line_take(r, line.text);
	}
}

static void console_send(int fd, struct request *r)
{
	ssize_t n = write(fd, r->text + r->sent, r->len - r->sent);

	if (n < 0 && errno != EAGAIN && errno != EINTR)
		give_up("its console takes nothing: %s", strerror(errno));
	if (n > 0)
		r->sent += (size_t)n;
}

/* Sends the request until it is answered, then waits for the command's end, or for a signal. */
static void request_run(int fd, struct request *r, const sigset_t *unblocked)
{
	const struct timespec repeat = { .tv_sec = REPEAT_MS / 1000 };
	time_t end = now() + PATIENCE_S;

	while (!r->done && !ended_by) {
		struct pollfd p = { fd, POLLIN | (r->sent < r->len ? POLLOUT : 0), 0 };
		int n = ppoll(&p, 1, r->started ? NULL : &repeat, unblocked);

		if (n < 0 && errno != EINTR)
			give_up("%s", strerror(errno));
		if (!r->started && now() > end)
			give_up("no answer in %d s; its console's log says more", PATIENCE_S);
		if (n > 0 && p.revents & POLLOUT)
			console_send(fd, r);
		if (n > 0 && p.revents & ~POLLOUT)
			console_read(fd, r);
		if (n == 0 && !r->started && r->sent == r->len)
			r->sent = 0;
	}
}

static void signal_note(int number)
{
	ended_by = number;
}

int main(int argc, char *argv[])
{
	static const int signals[] = { SIGHUP, SIGINT, SIGTERM };
	struct sigaction note = { .sa_handler = signal_note };
	struct request r = { 0 };
	sigset_t blocked, before;
	int fd;

	if (argc < 3) {
		fputs("usage: lab-exec DOMAIN COMMAND [ARGUMENT]...\n", stderr);
		return EXIT_OWN;
	}
	domain = argv[1];
	sigemptyset(&blocked);
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
		sigaction(signals[i], &note, NULL);
		sigaddset(&blocked, signals[i]);
	}
	request_make(&r, argc - 2, argv + 2);
	fd = console_open();
	sigprocmask(SIG_BLOCK, &blocked, &before);
	request_run(fd, &r, &before);
	if (!r.done) {
		dprintf(fd, "\n@>%" PRIx32 " k\n", r.id);
		r.status = 128 + ended_by;
	}
	free(r.text);
	return r.status;
}
