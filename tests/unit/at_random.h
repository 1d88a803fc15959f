/*
 * Tests at random. Included after unit.h; a test has seed_choose and seed_print as set-up and
 * tear-down, and gives each of its rounds a seed of its own, counted up, by seed_round(). That of
 * the last round, which is the one that failed, is printed; NETVM_SEED begins with it.
 */
#ifndef NETVM_TESTS_UNIT_AT_RANDOM_H
#define NETVM_TESTS_UNIT_AT_RANDOM_H

#include <stdlib.h>
#include <time.h>

static uint64_t seed, random_state;

static inline void seed_round(void)
{
	random_state = ++seed;
}

/* A number below that one. */
static inline unsigned int chance(unsigned int below)
{
	random_state = random_state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (unsigned int)(random_state >> 33) % below;
}

static inline int seed_choose(void **state)
{
	const char *given = getenv("NETVM_SEED");

	(void)state;
	seed = (given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL) << 20) - 1;
	return 0;
}

static inline int seed_print(void **state)
{
	(void)state;
	print_message("last seed: %llu\n", (unsigned long long)seed);
	return 0;
}

#endif
