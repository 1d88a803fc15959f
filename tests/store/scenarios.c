/*
 * Runs the scenarios of one group: scenarios GROUP [--list | NUMBER]. Without a number all of them,
 * each in a child, all on the xenstored that XENSTORED_PATH names; domains 5 and 6 and /test are
 * removed before each.
 */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include <xenstore.h>

#include "tests/store/scenario.h"

struct err scenario_err;

void scenario_fail(const char *where, int line, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	printf("# %s:%d: %s\n", where, line, text);
	fflush(stdout);
	_exit(EXIT_FAILURE);
}

bool is_oxenstored(void)
{
	const char *kind = getenv("XENSTORED_KIND");

	return kind && strcmp(kind, "oxenstored") == 0;
}

/* --- nodes --- */

const char *node_text(struct store *s, const char *path)
{
	static char text[STORE_VALUE_MAX];
	int err = store_read(s, path, text, sizeof(text), NULL);

	if (err == -ENOENT)
		strcpy(text, "(none)");
	else if (err)
		scenario_fail(path, 0, "reading it gives %d", err);
	return text;
}

void node_put(struct store *s, const char *path, const char *value)
{
	RETURNS(0, store_write(s, path, value, &scenario_err));
}

/* Output of a program of xenstore-utils. */
static char *output_of(const char *program, const char *option, const char *path)
{
	size_t room = 1 << 20, len = 0;
	char *text = malloc(room);
	int pipe_fd[2];
	ssize_t n;
	pid_t pid;

	if (!text || pipe(pipe_fd) < 0 || (pid = fork()) < 0)
		scenario_fail(program, 0, "cannot be run");
	if (!pid) {
		dup2(pipe_fd[1], STDOUT_FILENO);
		execlp(program, program, option, path, (char *)NULL);
		_exit(127);
	}
	close(pipe_fd[1]);
	while (len < room - 1 && (n = read(pipe_fd[0], text + len, room - 1 - len)) > 0)
		len += (size_t)n;
	close(pipe_fd[0]);
	waitpid(pid, NULL, 0);
	text[len] = '\0';
	return text;
}

char *tree_text(const char *path)
{
	return output_of("xenstore-ls", "-fp", path);
}

const char *node_perms(const char *path)
{
	static char text[256];
	struct xs_handle *xs = xs_open(0);
	unsigned int count = 0;
	struct xs_permissions *p = xs ? xs_get_permissions(xs, XBT_NULL, path, &count) : NULL;
	size_t len = 0;

	text[0] = '\0';
	for (unsigned int i = 0; i < count && len < sizeof(text) - 16; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%c%u", i ? "," : "",
			"nrwb"[p[i].perms & 3], p[i].id);
	free(p);
	xs_close(xs);
	return text;
}

void event_await(struct store *s, char path[STORE_PATH_MAX], char token[64])
{
	struct pollfd fd = { .fd = store_fd(s), .events = POLLIN };
	int ret;

	while ((ret = store_next_event(s, path, token, &scenario_err)) == 0)
		if (poll(&fd, 1, 20000) == 0)
			scenario_fail("event_await", 0, "no event came");
	if (ret < 0)
		scenario_fail("event_await", 0, "%d: %s", ret, scenario_err.text);
}

struct store *quiet_begin(const char *watched)
{
	char path[STORE_PATH_MAX], token[64];
	struct store *watcher;

	RETURNS(0, store_open(&watcher, &scenario_err));
	RETURNS(0, store_watch(watcher, watched, "quiet", &scenario_err));
	event_await(watcher, path, token);
	return watcher;
}

/* The first event is that of a node that is written now. */
void quiet_end(struct store *watcher, struct store *s, const char *watched)
{
	char path[STORE_PATH_MAX], token[64], after[STORE_PATH_MAX];

	snprintf(after, sizeof(after), "%.512s/after", watched);
	node_put(s, after, "x");
	event_await(watcher, path, token);
	IS_TEXT(after, path);
	store_close(watcher);
}

struct addr addr_of(const char *text)
{
	struct addr a;

	IS(0, addr_parse(text, &a));
	return a;
}

struct mac mac_of(const char *text)
{
	struct mac m;

	IS(0, mac_parse(text, &m));
	return m;
}

/* --- running --- */

static const struct {
	const char *name;
	const struct scenario *scenarios;
} groups[] = {
	{ "nodes", scenarios_nodes },
	{ "published", scenarios_published },
	{ "clients", scenarios_clients },
	{ "reports", scenarios_reports },
	{ "permissions", scenarios_permissions },
	{ "costs", scenarios_costs },
	{ "faults", scenarios_faults },
};

/* In a child, so that one that ends early, or crashes, is one that failed. */
static bool scenario_run(const struct scenario *sc)
{
	int status = -1;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		struct store *s;

		RETURNS(0, store_open(&s, &scenario_err));
		store_remove(s, "/local/domain/5", NULL);
		store_remove(s, "/local/domain/6", NULL);
		store_remove(s, "/test", NULL);
		sc->run(s);
		exit(EXIT_SUCCESS);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		status = -1;
	if (status)
		printf("not ok - %s (wanted an end without fault, saw status %#x)\n", sc->sentence,
			status);
	else
		printf("ok - %s\n", sc->sentence);
	return !status;
}

int main(int argc, char *argv[])
{
	const struct scenario *sc = NULL;
	int passed = 0, failed = 0;

	for (size_t i = 0; argc > 1 && i < sizeof(groups) / sizeof(groups[0]); i++)
		if (strcmp(argv[1], groups[i].name) == 0)
			sc = groups[i].scenarios;
	if (!sc) {
		fprintf(stderr, "usage: scenarios GROUP [--list | NUMBER]\n");
		return 2;
	}
	for (int i = 0; sc[i].sentence; i++) {
		if (argc > 2 && strcmp(argv[2], "--list") == 0) {
			printf("%d\n", i);
			continue;
		}
		if (argc > 2 && atoi(argv[2]) != i)
			continue;
		if (sc[i].only && is_oxenstored() != (strcmp(sc[i].only, "oxenstored") == 0))
			continue;
		if (scenario_run(&sc[i]))
			passed++;
		else
			failed++;
	}
	if (argc < 3 || strcmp(argv[2], "--list") != 0)
		printf("%d passed, %d failed\n", passed, failed);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
