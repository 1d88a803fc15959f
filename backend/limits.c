#include "backend/limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/sysinfo.h>

#include "xenstore-schema/schema.h"

#define SHARE		  4
#define TRACKED_LEAST	  1024
#define CONNECTIONS_LEAST 256

/* As the kernel does when it begins to track (nf_conntrack_init_start()). */
static uint64_t tracked_by(uint64_t memory)
{
	const uint64_t gib = 1ULL << 30;
	uint64_t n = memory / 16384 / sizeof(void *);

	if (memory > 4 * gib)
		return 262144;
	if (memory > gib)
		return 65536;
	return n < TRACKED_LEAST ? TRACKED_LEAST : n;
}

uint32_t limits_connections_of(uint64_t tracked, uint64_t memory)
{
	uint64_t n = (tracked ? tracked : tracked_by(memory)) / SHARE;

	if (n < CONNECTIONS_LEAST)
		return CONNECTIONS_LEAST;
	return n > CLIENT_CONNECTIONS_MAX ? CLIENT_CONNECTIONS_MAX : (uint32_t)n;
}

uint32_t limits_connections(void)
{
	FILE *f = fopen("/proc/sys/net/netfilter/nf_conntrack_max", "re");
	unsigned long long tracked = 0;
	struct sysinfo info;

	if (f) {
		if (fscanf(f, "%llu", &tracked) != 1)
			tracked = 0;
		fclose(f);
	}
	if (sysinfo(&info) < 0)
		return CONNECTIONS_LEAST;
	return limits_connections_of(tracked, (uint64_t)info.totalram * info.mem_unit);
}

static int number_cmp(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

const struct addr *limits_addr(
	const struct ruleset_guest *g, int family, enum ruleset_limit limit, uint32_t number)
{
	const struct addr *a = family == AF_INET6 ? &g->ip6 : &g->ip;

	return g->limit[limit] == number && addr_is_set(a) ? a : NULL;
}

size_t limits_numbers(
	const struct ruleset *r, int family, enum ruleset_limit limit, uint32_t *numbers)
{
	size_t count = 0, kept = 0;

	for (size_t i = 0; i < r->guest_count; i++) {
		uint32_t n = r->guests[i].limit[limit];

		if (n && limits_addr(&r->guests[i], family, limit, n))
			numbers[count++] = n;
	}
	qsort(numbers, count, sizeof(*numbers), number_cmp);
	for (size_t i = 0; i < count; i++)
		if (!kept || numbers[kept - 1] != numbers[i])
			numbers[kept++] = numbers[i];
	return kept;
}
