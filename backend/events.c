#include "backend/events.h"

#include <stdlib.h>
#include <string.h>

static struct event *event_make(const char *const words[])
{
	size_t count = 0, size = 0;
	struct event *event;
	char *at;

	for (; words[count] && count < EVENT_WORDS_MAX; count++)
		size += strlen(words[count]) + 1;
	event = calloc(1, sizeof(*event) + size);
	if (!event)
		return NULL;
	at = event->text;
	for (; event->count < count; event->count++) {
		event->words[event->count] = at;
		at = stpcpy(at, words[event->count]) + 1;
	}
	return event;
}

void events_add(struct events *q, const char *const words[])
{
	struct event *event;

	if (!q)
		return;
	event = q->count < EVENTS_MAX ? event_make(words) : NULL;
	if (!event) {
		q->lost++;
		return;
	}
	if (q->last)
		q->last->next = event;
	else
		q->first = event;
	q->last = event;
	q->count++;
}

struct event *events_take(struct events *q)
{
	struct event *event = q->first;

	if (!event)
		return NULL;
	q->first = event->next;
	if (!q->first)
		q->last = NULL;
	q->count--;
	return event;
}

bool events_are_told(const struct events *q)
{
	return !q || (!q->count && !q->telling);
}

void events_dispose(struct events *q)
{
	struct event *event;

	while ((event = events_take(q)))
		free(event);
}
