/*
 * events: what happened in this domain, in words, until somebody is told (hooks.h).
 *
 * A queue of word lists: the event's name, what it is about, the rest. It has a bound; what finds
 * no room is counted, for nobody who is told may delay those who tell. It must not know who is
 * told.
 */
#ifndef NETVM_EVENTS_H
#define NETVM_EVENTS_H

#include <stdbool.h>
#include <stddef.h>

#define EVENTS_MAX	4096
#define EVENT_WORDS_MAX 20

struct event {
	struct event *next;
	size_t count;
	const char *words[EVENT_WORDS_MAX + 1]; /* in `text`; NULL behind the last */
	char text[];
};

/* Zeroed, it is empty. */
struct events {
	struct event *first, *last;
	size_t count;
	size_t lost;  /* that found no room; whoever says so sets it to 0 */
	bool telling; /* somebody is being told of one that was taken */
};

/* Copies `words`, which end in NULL, EVENT_WORDS_MAX of them at most. `q` NULL: nobody is told. */
void events_add(struct events *q, const char *const words[]);
/* The oldest, which the caller frees with free(3); NULL: there is none. */
struct event *events_take(struct events *q);
/* Whether everybody has been told everything; `q` NULL: nobody is told. */
bool events_are_told(const struct events *q);
void events_dispose(struct events *q); /* may be repeated */

#endif
