#include "common/log_bound.h"

#include <string.h>

/* A count, and the line after it. */
#define ROOM_FOR_COUNT 2.

static double room_at(const struct log_subject *s, double now)
{
	double room = s->room + (now - s->since) / LOG_BOUND_SECONDS;

	return room > LOG_BOUND_BURST ? LOG_BOUND_BURST : room;
}

/* As if it had never spoken. */
static bool is_silent(const struct log_subject *s, double now)
{
	return !s->held && room_at(s, now) >= LOG_BOUND_BURST;
}

static void room_take(struct log_subject *s, double now)
{
	s->room = room_at(s, now) - 1;
	s->since = now;
}

static void name_of(const char *line, char name[LOG_SUBJECT_MAX])
{
	size_t len = strcspn(line, ": ");

	if (len >= LOG_SUBJECT_MAX)
		len = LOG_SUBJECT_MAX - 1;
	memcpy(name, line, len);
	name[len] = '\0';
}

/* The subject of that name, or a place for it: one that is silent, a new one, else the last. */
static struct log_subject *subject_of(struct log_bound *b, const char *name, double now)
{
	struct log_subject *place = NULL;

	for (size_t i = 0; i < b->count; i++) {
		if (strcmp(b->subjects[i].name, name) == 0)
			return &b->subjects[i];
		if (!place && is_silent(&b->subjects[i], now))
			place = &b->subjects[i];
	}
	if (!place && b->count == LOG_BOUND_SUBJECTS) {
		place = &b->subjects[LOG_BOUND_SUBJECTS - 1];
		strcpy(place->name, "others");
		return place;
	}
	if (!place)
		place = &b->subjects[b->count++];
	*place = (struct log_subject){ .room = LOG_BOUND_BURST, .since = now };
	strcpy(place->name, name);
	return place;
}

bool log_bound_passes(struct log_bound *b, const char *line, double now)
{
	char name[LOG_SUBJECT_MAX];
	struct log_subject *s;

	name_of(line, name);
	s = subject_of(b, name, now);
	if (room_at(s, now) < 1) {
		s->held++;
		return false;
	}
	room_take(s, now);
	return true;
}

unsigned long log_bound_due(struct log_bound *b, double now, char name[LOG_SUBJECT_MAX])
{
	for (size_t i = 0; i < b->count; i++) {
		struct log_subject *s = &b->subjects[i];
		unsigned long held = s->held;

		if (!held || room_at(s, now) < ROOM_FOR_COUNT)
			continue;
		room_take(s, now);
		s->held = 0;
		strcpy(name, s->name);
		return held;
	}
	return 0;
}

double log_bound_wait(const struct log_bound *b, double now)
{
	double least = -1;

	for (size_t i = 0; i < b->count; i++) {
		const struct log_subject *s = &b->subjects[i];
		double wait = (ROOM_FOR_COUNT - room_at(s, now)) * LOG_BOUND_SECONDS;

		if (s->held && (least < 0 || wait < least))
			least = wait > 0 ? wait : 0;
	}
	return least;
}
