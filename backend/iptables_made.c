#include "backend/iptables_made.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/digest.h"

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

bool iptables_text_open(struct iptables_text *t)
{
	*t = (struct iptables_text){ .count = 0 };
	t->out = open_memstream(&t->buf, &t->len);
	return t->out;
}

void iptables_text_line(struct iptables_text *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(t->out, fmt, ap);
	va_end(ap);
	fputc('\n', t->out);
	if (t->notes && t->count < t->space)
		t->notes[t->count] = t->note;
	t->count++;
}

bool iptables_text_close(struct iptables_text *t, const char *kind, struct iptables_mades *where,
	char name[IPTABLES_MADE_NAME])
{
	uint64_t digest = digest_add(DIGEST_START, kind, strlen(kind) + 1);
	struct iptables_made *m;

	name[0] = '\0';
	if (fclose(t->out) != 0) {
		free(t->buf);
		return false;
	}
	digest = digest_add(digest, t->buf, t->len);
	snprintf(name, IPTABLES_MADE_NAME, IPTABLES_MADE_PREFIX "%016llx",
		(unsigned long long)digest);
	m = iptables_made_add(where, name);
	if (m && !m->text) {
		m->text = t->buf;
		m->count = t->count;
		t->added = true;
	} else {
		free(t->buf);
	}
	return m;
}

void iptables_mades_free(struct iptables_mades *m)
{
	for (size_t i = 0; i < m->count; i++)
		free(m->items[i].text);
	free(m->items);
	*m = (struct iptables_mades){ .items = NULL };
}
