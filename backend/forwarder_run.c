#include "backend/forwarder_run.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/file.h"

#define DNS_PORT 53
#define PATIENCE 2000 /* milliseconds until it takes connections; dnsmasq needs some ten */

/* --- remembering: "SLOT PID START DIGEST IP4 IP6" a line --- */

static void addr_take(const char *text, uint8_t family, struct addr *out)
{
	struct addr a;

	if (addr_parse(text, &a) == 0 && a.family == family)
		*out = a;
}

static void line_take(const char *line, struct forwarder_run runs[FORWARDER_SLOTS])
{
	struct forwarder_run r = { .process = { .fd = -1 } };
	char ip4[ADDR_TEXT_MAX], ip6[ADDR_TEXT_MAX];
	int32_t pid;
	unsigned int slot;

	if (strpbrk(line, "+-") ||
		sscanf(line, "%1u %9" SCNd32 " %18" SCNu64 " %16" SCNx64 " %45s %45s", &slot, &pid,
			&r.process.start, &r.process.digest, ip4, ip6) != 6 ||
		slot >= FORWARDER_SLOTS || pid < 0 || pid == 1)
		return;
	r.process.pid = pid;
	addr_take(ip4, AF_INET, &r.ip4);
	addr_take(ip6, AF_INET6, &r.ip6);
	runs[slot] = r;
}

void forwarder_runs_parse(const char *text, struct forwarder_run runs[FORWARDER_SLOTS])
{
	for (int i = 0; i < FORWARDER_SLOTS; i++)
		runs[i] = (struct forwarder_run){ .process = { .fd = -1 } };
	for (const char *line = text; *line;) {
		const char *end = line + strcspn(line, "\n");
		char copy[160];

		if ((size_t)(end - line) < sizeof(copy)) {
			snprintf(copy, sizeof(copy), "%.*s", (int)(end - line), line);
			line_take(copy, runs);
		}
		line = *end ? end + 1 : end;
	}
}

static bool run_is_nothing(const struct forwarder_run *r)
{
	return !r->process.pid && !addr_is_set(&r->ip4) && !addr_is_set(&r->ip6);
}

void forwarder_runs_print(
	const struct forwarder_run runs[FORWARDER_SLOTS], char text[FORWARDER_RUNS_TEXT_MAX])
{
	char ip4[ADDR_TEXT_MAX], ip6[ADDR_TEXT_MAX];
	size_t len = 0;

	text[0] = '\0';
	for (int i = 0; i < FORWARDER_SLOTS; i++)
		if (!run_is_nothing(&runs[i]))
			len += (size_t)snprintf(text + len, FORWARDER_RUNS_TEXT_MAX - len,
				"%d %ld %" PRIu64 " %" PRIx64 " %s %s\n", i,
				(long)runs[i].process.pid, runs[i].process.start,
				runs[i].process.digest, addr_print(&runs[i].ip4, ip4),
				addr_print(&runs[i].ip6, ip6));
}

void forwarder_runs_read(const char *path, struct forwarder_run runs[FORWARDER_SLOTS])
{
	char *text = NULL;
	int ret = file_read(path, FORWARDER_RUNS_TEXT_MAX, &text, NULL, NULL);

	forwarder_runs_parse(ret < 0 ? "" : text, runs);
	free(text);
}

int forwarder_runs_write(
	const char *path, const struct forwarder_run runs[FORWARDER_SLOTS], struct err *e)
{
	char text[FORWARDER_RUNS_TEXT_MAX];

	forwarder_runs_print(runs, text);
	if (text[0])
		return file_replace(path, text, strlen(text), 0600, e);
	return unlink(path) < 0 && errno != ENOENT ? err_sys(e, -errno, "%s", path) : 0;
}

/* --- the process --- */

/* Whether somebody takes connections at port 53 of `a`; true where there is no address. */
static bool is_answered(const struct addr *a)
{
	const struct timeval patience = { .tv_usec = 100000 };
	struct sockaddr_in in4 = { .sin_family = AF_INET, .sin_port = htons(DNS_PORT) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(DNS_PORT) };
	bool is4 = a->family == AF_INET;
	bool ok;
	int fd;

	if (!addr_is_set(a))
		return true;
	memcpy(&in4.sin_addr, a->bytes, sizeof(in4.sin_addr));
	memcpy(&in6.sin6_addr, a->bytes, sizeof(in6.sin6_addr));
	fd = socket(a->family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	/* The address may be gone from there already, and routes lead out of this domain. */
	setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", sizeof("lo"));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	ok = connect(fd, is4 ? (struct sockaddr *)&in4 : (struct sockaddr *)&in6,
		     is4 ? sizeof(in4) : sizeof(in6)) == 0;
	close(fd);
	return ok;
}

int forwarder_run_await(const struct forwarder_run *r, struct err *e)
{
	long long end = clock_milliseconds() + PATIENCE;

	while (!is_answered(&r->ip4) || !is_answered(&r->ip6)) {
		if (kept_process_ends(&r->process, 1))
			return err_set(e, -ECHILD,
				"the forwarder, dnsmasq, ended at once; its own words are in the "
				"log");
		if (clock_milliseconds() >= end)
			return err_set(
				e, -ETIMEDOUT, "the forwarder, dnsmasq, takes no connections");
	}
	return 0;
}

void forwarder_run_forget(struct forwarder_run *r)
{
	kept_process_forget(&r->process);
	*r = (struct forwarder_run){ .process = r->process };
}
