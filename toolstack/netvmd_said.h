/*
 * netvmd_said: what is faulty is found again by every pass, and said once.
 *
 * A fault is said when the pass before did not find it. Room for SAID_MAX; beyond it is said each
 * time.
 */
#ifndef NETVM_NETVMD_SAID_H
#define NETVM_NETVMD_SAID_H

#include <stdbool.h>
#include <stddef.h>

#define SAID_MAX 1024

struct said {
	char *now[SAID_MAX], *before[SAID_MAX];
	size_t now_count, before_count;
};

/* Whether it is news. Takes a note of it. */
bool said_is_new(struct said *s, const char *words);
/* A pass has ended; faults that it did not find are news the next time. */
void said_turn(struct said *s);
void said_dispose(struct said *s); /* may be repeated */

#endif
