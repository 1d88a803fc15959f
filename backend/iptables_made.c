#include "backend/iptables_made.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool iptables_made_name(const char *name)
{
	size_t len = strlen(IPTABLES_MADE_PREFIX), n;

	if (strncmp(name, IPTABLES_MADE_PREFIX, len) != 0)
		return false;
	n = strspn(name + len, "0123456789abcdef");
	return n == 16 && name[len + n] == '\0';
}

/* Where the name is, or belongs. */
static size_t made_place(const struct iptables_mades *m, const char *name, bool *found)
{
	size_t low = 0, high = m->count;

	*found = false;
	while (low < high && !*found) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(m->items[middle].name, name);

		if (order < 0)
			low = middle + 1;
		else
			high = middle;
		*found = order == 0;
		if (*found)
			return middle;
	}
	return low;
}

struct iptables_made *iptables_made_find(const struct iptables_mades *m, const char *name)
{
	bool found;
	size_t place = made_place(m, name, &found);

	return found ? &m->items[place] : NULL;
}

struct iptables_made *iptables_made_add(struct iptables_mades *m, const char *name)
{
	bool found;
	size_t place = made_place(m, name, &found);

	if (found)
		return &m->items[place];
	if (m->count == m->space) {
		size_t space = m->space ? m->space * 2 : 16;
		struct iptables_made *more = realloc(m->items, space * sizeof(*more));

		if (!more)
			return NULL;
		m->items = more;
		m->space = space;
	}
	memmove(&m->items[place + 1], &m->items[place], (m->count - place) * sizeof(*m->items));
	m->count++;
	m->items[place] = (struct iptables_made){ .text = NULL };
	snprintf(m->items[place].name, IPTABLES_MADE_NAME, "%s", name);
	return &m->items[place];
}

void iptables_mades_free(struct iptables_mades *m)
{
	for (size_t i = 0; i < m->count; i++)
		free(m->items[i].text);
	free(m->items);
	*m = (struct iptables_mades){ .items = NULL };
}
