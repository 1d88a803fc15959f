#include "frontend-config/resolver.h"

#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/child.h"

/* systemd-resolved.service(8), "Synthetic records" to "/etc/resolv.conf"; the socket is that of its
 * public interface. */
#define RESOLVED_SOCKET	 "/run/systemd/resolve/io.systemd.Resolve"
#define RESOLVED_RUN_DIR "/run/systemd/resolve/"
#define RESOLVED_STATIC	 "/usr/lib/systemd/resolv.conf"

#define CHILD_SECONDS 20 /* resolvconf runs hooks of the distribution */
#define CHILD_OUT_MAX 65536

static bool socket_answers(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool answers;

	if (fd < 0)
		return false;
	snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
	answers = connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0 || errno == EAGAIN;
	close(fd);
	return answers;
}

/* Whether PATH holds such a program. */
static bool program_exists(const char *name)
{
	const char *search = getenv("PATH");
	char path[PATH_MAX];

	if (!search)
		search = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	for (const char *p = search; *p;) {
		size_t len = strcspn(p, ":");
		int n = snprintf(path, sizeof(path), "%.*s/%s", (int)len, p, name);

		if (n > 0 && (size_t)n < sizeof(path) && access(path, X_OK) == 0)
			return true;
		p += len + (p[len] == ':');
	}
	return false;
}

/* Where a link leads, read as text: the target may not exist yet. */
static bool leads_to_resolved(const char *resolv_conf)
{
	static const char *const static_files[] = { RESOLVED_STATIC,
		"../usr/lib/systemd/resolv.conf", "/lib/systemd/resolv.conf" };
	char to[PATH_MAX];
	struct stat st;
	ssize_t n;

	if (lstat(resolv_conf, &st) < 0)
		return errno == ENOENT;
	n = readlink(resolv_conf, to, sizeof(to) - 1);
	if (n < 0)
		return false;
	to[n] = '\0';
	for (size_t i = 0; i < sizeof(static_files) / sizeof(*static_files); i++)
		if (strcmp(to, static_files[i]) == 0)
			return true;
	/* Debian makes it relative: "../run/systemd/resolve/stub-resolv.conf". */
	return strstr(to, RESOLVED_RUN_DIR) != NULL;
}

void resolver_probe(const char *resolv_conf, struct dns_probe *out)
{
	out->resolved_runs = socket_answers(RESOLVED_SOCKET) && program_exists("resolvectl");
	out->resolv_conf_is_resolved = leads_to_resolved(resolv_conf);
	out->has_resolvconf = program_exists("resolvconf");
}

static int resolved_do(const struct dns_action *a, struct err *e)
{
	char text[DNS_SERVERS_MAX][ADDR_TEXT_MAX];
	const char *argv[3 + DNS_SERVERS_MAX + 1] = { "resolvectl", "dns", a->entry->name };
	struct child_result r;
	size_t argc = 3;
	int ret;

	/* It forgets a link that goes; and without it there is nothing to take back. */
	if (a->kind == DNS_WITHDRAW &&
		(!if_nametoindex(a->entry->name) || !socket_answers(RESOLVED_SOCKET)))
		return 0;
	if (a->kind == DNS_WITHDRAW)
		argv[argc++] = ""; /* resolvectl(1): an empty word clears the list */
	for (size_t i = 0; a->kind == DNS_TELL && i < a->entry->count; i++)
		argv[argc++] = addr_print(&a->entry->server[i], text[i]);
	ret = child_run_ok(argv, NULL, CHILD_OUT_MAX, CHILD_SECONDS, &r, e);
	child_result_free(&r);
	return ret;
}

static int resolvconf_do(const struct dns_action *a, struct err *e)
{
	char record[LINK_NAME_MAX + 8],
		input[DNS_SERVERS_MAX * (ADDR_TEXT_MAX + 16)] = "", text[ADDR_TEXT_MAX];
	const char *argv[] = { "resolvconf", a->kind == DNS_TELL ? "-a" : "-d", record, NULL };
	struct child_result r;
	size_t used = 0;
	int ret;

	if (a->kind == DNS_WITHDRAW && !program_exists("resolvconf"))
		return 0;
	snprintf(record, sizeof(record), "%s.netvm", a->entry->name);
	for (size_t i = 0; a->kind == DNS_TELL && i < a->entry->count; i++)
		used += (size_t)snprintf(input + used, sizeof(input) - used, "nameserver %s\n",
			addr_print(&a->entry->server[i], text));
	ret = child_run_ok(argv, input, CHILD_OUT_MAX, CHILD_SECONDS, &r, e);
	child_result_free(&r);
	return ret;
}

int resolver_do(const struct dns_action *a, struct err *e)
{
	int ret = a->entry->way == DNS_RESOLVED ? resolved_do(a, e) : resolvconf_do(a, e);

	return ret ? err_prefix(e, "resolvers of %s", a->entry->name) : 0;
}
