/*
 * arrivals: plays dom0 towards a netbackd with many guests, and takes the time.
 *
 *   arrivals make FROM TO [managed]  writes the directories of vifFROM.0 to vifTO.0, each in a
 *                                    transaction, as libxl does; managed: a policy for each first
 *   arrivals remove FROM TO          takes them away again
 *   arrivals await FROM TO           waits until all of them are connected
 *   arrivals one ID [managed]        makes one, and prints the milliseconds until it is connected
 *   arrivals storm COUNT             makes COUNT events under backend/vif that change nothing
 *
 * Guest N has 10.137.1.0 + N, the link is the caller's. Exit status 1 where 60 seconds were not
 * enough. It asks libxenstore by itself, so that it is no part of what is measured.
 */
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xenstore.h>

#include "common/clock.h"

#define PATIENCE 60 /* seconds */

static struct xs_handle *xs;

static _Noreturn void die(const char *what)
{
	perror(what);
	exit(2);
}

static void put(xs_transaction_t t, const char *dir, const char *key, const char *value)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, key);
	if (!xs_write(xs, t, path, value, (unsigned int)strlen(value)))
		die(path);
}

static void policy_put(xs_transaction_t t, unsigned int n, const char *ip, const char *mac)
{
	char dir[64], name[16], rule[64];

	snprintf(dir, sizeof(dir), "netvm-provider/clients/%u/0", n);
	snprintf(name, sizeof(name), "guest%u", n);
	snprintf(rule, sizeof(rule), "action=accept proto=tcp dstports=%u", n);
	put(t, dir, "name", name);
	put(t, dir, "ip", ip);
	put(t, dir, "mac", mac);
	put(t, dir, "policy", "drop");
	put(t, dir, "policy/0000", rule);
	put(t, dir, "generation", "1");
}

static void backend_put(xs_transaction_t t, unsigned int n, const char *ip, const char *mac)
{
	char dir[64];

	snprintf(dir, sizeof(dir), "backend/vif/%u/0", n);
	put(t, dir, "script", "/etc/xen/scripts/vif-route-netvm");
	put(t, dir, "ip", ip);
	put(t, dir, "mac", mac);
	put(t, dir, "online", "1");
	put(t, dir, "state", "2");
}

static void in_transaction(
	void (*body)(xs_transaction_t, unsigned int, const char *, const char *), unsigned int n)
{
	char ip[32], mac[32];
	xs_transaction_t t;

	snprintf(ip, sizeof(ip), "10.137.%u.%u", (n >> 8) + 1, n & 255);
	snprintf(mac, sizeof(mac), "00:16:3e:00:%02x:%02x", n >> 8 & 255, n & 255);
	do {
		t = xs_transaction_start(xs);
		if (t == XBT_NULL)
			die("transaction");
		body(t, n, ip, mac);
	} while (!xs_transaction_end(xs, t, false));
}

static void make(unsigned int from, unsigned int to, bool managed)
{
	for (unsigned int n = from; n <= to; n++) {
		if (managed)
			in_transaction(policy_put, n);
		in_transaction(backend_put, n);
	}
}

static void take_away(unsigned int from, unsigned int to)
{
	char path[64];

	for (unsigned int n = from; n <= to; n++) {
		snprintf(path, sizeof(path), "backend/vif/%u", n);
		xs_rm(xs, XBT_NULL, path);
		snprintf(path, sizeof(path), "netvm-provider/clients/%u", n);
		xs_rm(xs, XBT_NULL, path);
	}
}

static bool is_connected(unsigned int n)
{
	unsigned int len;
	char path[64], *value;
	bool is;

	snprintf(path, sizeof(path), "backend/vif/%u/0/hotplug-status", n);
	value = xs_read(xs, XBT_NULL, path, &len);
	is = value && strcmp(value, "connected") == 0;
	free(value);
	return is;
}

/* Sleeps until something happens to what is watched. */
static void event_wait(double until)
{
	struct pollfd fd = { .fd = xs_fileno(xs), .events = POLLIN };
	double left = until - clock_seconds();
	char **event;

	if (left <= 0 || poll(&fd, 1, (int)(left * 1000) + 1) <= 0) {
		fprintf(stderr, "arrivals: not connected after %d s\n", PATIENCE);
		exit(1);
	}
	while ((event = xs_check_watch(xs)))
		free(event);
}

static void await(unsigned int from, unsigned int to)
{
	double until = clock_seconds() + PATIENCE;
	char path[64];

	for (unsigned int n = from; n <= to; n++) {
		snprintf(path, sizeof(path), "backend/vif/%u/0/hotplug-status", n);
		if (!xs_watch(xs, path, "arrivals"))
			die(path);
		while (!is_connected(n))
			event_wait(until);
		xs_unwatch(xs, path, "arrivals");
	}
}

static void one(unsigned int n, bool managed)
{
	double begin;

	if (managed)
		in_transaction(policy_put, n);
	begin = clock_seconds();
	in_transaction(backend_put, n);
	await(n, n);
	printf("%.3f\n", (clock_seconds() - begin) * 1000);
}

static void storm(unsigned int count)
{
	for (unsigned int n = 0; n < count; n++)
		if (!xs_write(xs, XBT_NULL, "backend/vif/storm", "1", 1))
			die("storm");
}

int main(int argc, char *argv[])
{
	bool managed = argc > 3 && strcmp(argv[argc - 1], "managed") == 0;
	unsigned int from = argc > 2 ? (unsigned int)strtoul(argv[2], NULL, 10) : 0;
	unsigned int to = argc > 3 ? (unsigned int)strtoul(argv[3], NULL, 10) : from;

	xs = xs_open(0);
	if (!xs)
		die("xenstored");
	if (argc > 3 && strcmp(argv[1], "make") == 0)
		make(from, to, managed);
	else if (argc > 3 && strcmp(argv[1], "remove") == 0)
		take_away(from, to);
	else if (argc > 3 && strcmp(argv[1], "await") == 0)
		await(from, to);
	else if (argc > 2 && strcmp(argv[1], "one") == 0)
		one(from, managed);
	else if (argc > 2 && strcmp(argv[1], "storm") == 0)
		storm(from);
	else
		return fprintf(stderr,
			       "usage: arrivals make|remove|await FROM TO, one ID, storm COUNT\n"),
		       2;
	xs_close(xs);
	return 0;
}
