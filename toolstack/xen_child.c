/*
 * The child: a table of calls, each with its number of arguments (calls[]). Its answer is text on
 * standard output; the last line says how it ended, "ok" or "error CODE WORDS", so that an answer
 * that was cut off is known for one.
 *
 * The parent: posix_spawn(3) of /proc/self/exe with one pipe and this process' environment
 * (XENSTORED_PATH is libxl's, too).
 */
#include "toolstack/xen_child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "xenstore-schema/schema.h"

#define ARGS_MAX   10
#define ANSWER_MAX (4 * 1024 * 1024) /* of a look: some 60,000 domains and vifs */

extern char **environ;

/* --- the child --- */

static int call_look(char *args[], struct err *e)
{
	struct xen_domain *d = NULL;
	struct xen_vif *v = NULL;
	size_t domains = 0, vifs = 0;
	char mac[MAC_TEXT_MAX];
	int ret = xen_domains_list(&d, &domains, e);

	(void)args;
	if (!ret)
		ret = xen_vifs_list(d, domains, &v, &vifs, e);
	for (size_t i = 0; i < domains && !ret; i++)
		printf("domain %u %c%c%c %s\n", d[i].domid, d[i].paused ? 'p' : '-',
			d[i].shutdown ? 's' : '-', d[i].dying ? 'd' : '-', d[i].name);
	for (size_t i = 0; i < vifs && !ret; i++)
		printf("vif %u %u %u %s\n", v[i].id.domid, v[i].id.devid, v[i].backend,
			mac_print(&v[i].mac, mac));
	free(d);
	free(v);
	return ret;
}

static int vif_arg(char *args[], struct vif_id *id)
{
	return domid_parse(args[0], &id->domid) || devid_parse(args[1], &id->devid) ? -EINVAL : 0;
}

/* Absent ones are printed as "none" by the parent. */
static int addr_arg(const char *text, struct addr *out)
{
	return strcmp(text, "none") == 0 ? 0 : addr_parse(text, out);
}

static int call_attach(char *args[], struct err *e)
{
	struct xen_vif_spec spec = { .mtu = (uint32_t)strtoul(args[7], NULL, 10) };

	if (vif_arg(args, &spec.id) || domid_parse(args[2], &spec.backend) ||
		strlen(args[3]) >= sizeof(spec.backend_name) || mac_parse(args[4], &spec.mac) ||
		addr_arg(args[5], &spec.ip) || addr_arg(args[6], &spec.ip6))
		return err_set(e, -EINVAL, "%s: a wrong argument", XEN_CHILD_NAME);
	strcpy(spec.backend_name, args[3]);
	return xen_vif_attach(&spec, e);
}

static int call_detach(char *args[], struct err *e)
{
	struct vif_id id;

	if (vif_arg(args, &id))
		return err_set(e, -EINVAL, "%s: a wrong argument", XEN_CHILD_NAME);
	return xen_vif_detach(&id, strcmp(args[2], "force") == 0, e);
}

static const struct call {
	const char *name;
	int args;
	unsigned int seconds;
	int (*run)(char *args[], struct err *e);
} calls[] = {
	{ "look", 0, XEN_LOOK_MOST, call_look },
	{ "attach", 8, XEN_VIF_SECONDS, call_attach },
	{ "detach", 3, XEN_VIF_SECONDS, call_detach },
};

int xen_child_main(int argc, char *argv[])
{
	struct err e = ERR_NONE;
	int ret = -EINVAL;

	err_set(&e, ret, "%s is not for people", XEN_CHILD_NAME);
	for (size_t i = 0; argc > 1 && i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (strcmp(argv[1], calls[i].name) != 0 || argc - 2 != calls[i].args)
			continue;
		alarm(calls[i].seconds + 1); /* where nobody waits any more */
		ret = calls[i].run(argv + 2, &e);
	}
	for (char *c = e.text; *c; c++)
		if (*c == '\n')
			*c = ' ';
	if (ret)
		printf("error %d %s\n", -ret, e.text);
	else
		printf("ok\n");
	return fflush(stdout) || ret ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* --- starting one --- */

static int spawn(const char *const argv[], struct xen_child *out, struct err *e)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none, all;
	int fds[2], ret;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_sys(e, -errno, "%s", XEN_CHILD_NAME);
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attr);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, fds[1], STDOUT_FILENO);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	ret = -posix_spawn(
		&out->pid, "/proc/self/exe", &actions, &attr, (char *const *)argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attr);
	close(fds[1]);
	if (ret) {
		close(fds[0]);
		return err_sys(e, ret, "%s could not be started", XEN_CHILD_NAME);
	}
	out->fd = fds[0];
	return 0;
}

int xen_child_attach(const struct xen_vif_spec *spec, struct xen_child *out, struct err *e)
{
	char domid[16], devid[16], backend[16], mtu[16], mac[MAC_TEXT_MAX], ip[ADDR_TEXT_MAX],
		ip6[ADDR_TEXT_MAX];
	const char *const argv[] = { XEN_CHILD_NAME, "attach", domid, devid, backend,
		spec->backend_name, mac_print(&spec->mac, mac), addr_print(&spec->ip, ip),
		addr_print(&spec->ip6, ip6), mtu, NULL };

	snprintf(domid, sizeof(domid), "%u", spec->id.domid);
	snprintf(devid, sizeof(devid), "%u", spec->id.devid);
	snprintf(backend, sizeof(backend), "%u", spec->backend);
	snprintf(mtu, sizeof(mtu), "%u", spec->mtu);
	return spawn(argv, out, e);
}

int xen_child_detach(const struct vif_id *id, bool force, struct xen_child *out, struct err *e)
{
	char domid[16], devid[16];
	const char *const argv[] = { XEN_CHILD_NAME, "detach", domid, devid,
		force ? "force" : "gently", NULL };

	snprintf(domid, sizeof(domid), "%u", id->domid);
	snprintf(devid, sizeof(devid), "%u", id->devid);
	return spawn(argv, out, e);
}

/* --- what came of it --- */

/* The last line of `words`, without its end. */
static const char *last_line(const char *words, size_t *len)
{
	size_t end = strlen(words), start;

	while (end && words[end - 1] == '\n')
		end--;
	for (start = end; start && words[start - 1] != '\n'; start--)
		;
	*len = end - start;
	return words + start;
}

int xen_child_result(const char *words, int status, struct err *e)
{
	size_t len;
	const char *line = last_line(words, &len);
	int code = 0, used = 0;

	if (WIFSIGNALED(status) && (WTERMSIG(status) == SIGALRM || WTERMSIG(status) == SIGKILL))
		return err_set(e, -ETIMEDOUT, "libxl did not come to an end");
	if (sscanf(line, "error %d %n", &code, &used) == 1 && code > 0 && used)
		return err_set(e, -code, "%.*s", (int)(len - (size_t)used), line + used);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && len == 2 && memcmp(line, "ok", 2) == 0)
		return 0;
	return err_set(e, -EIO, "%s ended with status %d", XEN_CHILD_NAME,
		WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

/* Reads its answer to the end. `*text` malloc'd. */
static int answer_read(int fd, long long end, char **text)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	size_t len = 0, size = 0;
	ssize_t n;

	for (;;) {
		long long left = end - clock_milliseconds();

		if (len + 1 >= size) {
			char *grown = realloc(*text, size = size ? 2 * size : 4096);

			if (!grown)
				return -ENOMEM;
			*text = grown;
		}
		(*text)[len] = '\0';
		if (left <= 0)
			return -ETIMEDOUT;
		if (poll(&p, 1, (int)left) < 0 && errno != EINTR)
			return -errno;
		n = read(fd, *text + len, size - len - 1);
		if (n == 0)
			return 0;
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
		len += n > 0 ? (size_t)n : 0;
		if (len > ANSWER_MAX)
			return -EMSGSIZE;
	}
}

/* Its end is near when its answer has ended; it is not waited for beyond `end`: a process that
 * hangs in /dev/xen/xenbus cannot even be killed. */
static int end_await(pid_t pid, bool kill_it, long long end, int *status)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	pid_t ended;

	*status = SIGKILL;
	if (kill_it)
		kill(pid, SIGKILL);
	while ((ended = waitpid(pid, status, WNOHANG)) != pid) {
		if (ended < 0 && errno != EINTR)
			return -errno;
		if (clock_milliseconds() >= end) {
			kill(pid, SIGKILL);
			return -ETIMEDOUT;
		}
		nanosleep(&pause, NULL);
	}
	return 0;
}

/* The answer and the end. `*text` malloc'd in any case. */
static int child_finish(
	struct xen_child *c, unsigned int seconds, char **text, const char *what, struct err *e)
{
	long long end = clock_milliseconds() + seconds * 1000LL;
	int status, ret = answer_read(c->fd, end, text), rc;

	rc = end_await(c->pid, ret != 0, end + 100, &status);
	close(c->fd);
	c->fd = -1;
	ret = ret ? ret : rc;
	if (ret == -ETIMEDOUT)
		return err_set(e, ret, "%s: libxl gave no answer for %u s (does xenstored answer?)",
			what, seconds);
	if (ret)
		return err_sys(e, ret, "%s", what);
	return xen_child_result(*text, status, e);
}

int xen_child_wait(struct xen_child *c, unsigned int seconds, struct err *e)
{
	char *text = NULL;
	int ret = child_finish(c, seconds, &text, "a vif", e);

	free(text);
	return ret;
}

/* --- a look --- */

static int domain_parse(const char *line, struct xen_domain *d)
{
	char flags[4] = "";
	int used = 0;

	memset(d, 0, sizeof(*d));
	if (sscanf(line, "domain %u %3s %n", &d->domid, flags, &used) != 2 || !used ||
		strlen(line + used) >= sizeof(d->name) || d->domid >= DOMID_LIMIT ||
		(line[used] && domain_name_check(line + used) != 0))
		return -EINVAL;
	strcpy(d->name, line + used);
	d->paused = flags[0] == 'p';
	d->shutdown = flags[1] == 's';
	d->dying = flags[2] == 'd';
	return 0;
}

static int vif_parse(const char *line, struct xen_vif *v)
{
	char mac[MAC_TEXT_MAX] = "";

	if (sscanf(line, "vif %u %u %u %17s", &v->id.domid, &v->id.devid, &v->backend, mac) != 4)
		return -EINVAL;
	/* A vif without a MAC, which libxl knows, is one that is like no other. */
	memset(&v->mac, 0, sizeof(v->mac));
	mac_parse(mac, &v->mac);
	return 0;
}

static int number_cmp(uint32_t a, uint32_t b)
{
	return (a > b) - (a < b);
}

static int domain_cmp(const void *a, const void *b)
{
	return number_cmp(
		((const struct xen_domain *)a)->domid, ((const struct xen_domain *)b)->domid);
}

static int vif_cmp(const void *a, const void *b)
{
	const struct vif_id *x = &((const struct xen_vif *)a)->id;
	const struct vif_id *y = &((const struct xen_vif *)b)->id;
	int order = number_cmp(x->domid, y->domid);

	return order ? order : number_cmp(x->devid, y->devid);
}

int xen_look_parse(char *text, struct xen_look *out, struct err *e)
{
	char *line, *rest = text;
	size_t lines = 1;
	int ret = 0;

	memset(out, 0, sizeof(*out));
	for (const char *c = text; *c; c++)
		lines += *c == '\n';
	out->domain = calloc(lines, sizeof(*out->domain));
	out->vif = calloc(lines, sizeof(*out->vif));
	if (!out->domain || !out->vif)
		ret = err_sys(e, -ENOMEM, "the list of domains");
	while (!ret && (line = strsep(&rest, "\n")) && strcmp(line, "ok") != 0) {
		if (strncmp(line, "domain ", 7) == 0)
			ret = domain_parse(line, &out->domain[out->domains++]);
		else
			ret = vif_parse(line, &out->vif[out->vifs++]);
		if (ret)
			err_set(e, ret, "%s said \"%.64s\"", XEN_CHILD_NAME, line);
	}
	if (ret) {
		xen_look_dispose(out);
		return ret;
	}
	qsort(out->domain, out->domains, sizeof(*out->domain), domain_cmp);
	qsort(out->vif, out->vifs, sizeof(*out->vif), vif_cmp);
	return 0;
}

int xen_child_look(unsigned int seconds, struct xen_look *out, struct err *e)
{
	static const char *const argv[] = { XEN_CHILD_NAME, "look", NULL };
	struct xen_child c;
	char *text = NULL;
	int ret = spawn(argv, &c, e);

	memset(out, 0, sizeof(*out));
	if (ret)
		return ret;
	ret = child_finish(&c, seconds, &text, "the list of domains", e);
	if (!ret)
		ret = xen_look_parse(text, out, e);
	free(text);
	return ret;
}

void xen_look_dispose(struct xen_look *l)
{
	free(l->domain);
	free(l->vif);
	memset(l, 0, sizeof(*l));
}
