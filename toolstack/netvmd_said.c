#include "toolstack/netvmd_said.h"

#include <stdlib.h>
#include <string.h>

static bool has(char *const *list, size_t count, const char *words)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(list[i], words) == 0)
			return true;
	return false;
}

bool said_is_new(struct said *s, const char *words)
{
	bool again = has(s->now, s->now_count, words);

	if (!again && s->now_count < SAID_MAX) {
		s->now[s->now_count] = strdup(words);
		s->now_count += s->now[s->now_count] != NULL;
	}
	return !again && !has(s->before, s->before_count, words);
}

void said_turn(struct said *s)
{
	for (size_t i = 0; i < s->before_count; i++)
		free(s->before[i]);
	memcpy(s->before, s->now, sizeof(s->now));
	s->before_count = s->now_count;
	s->now_count = 0;
}

void said_dispose(struct said *s)
{
	said_turn(s);
	said_turn(s);
}
