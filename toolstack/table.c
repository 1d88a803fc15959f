#include "toolstack/table.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* `at`, an array of `*space` things of that size, with room for `more` behind `used`; NULL: there
 * is no memory, and `at` is as it was. */
static void *grown(void *at, size_t *space, size_t used, size_t more, size_t size)
{
	size_t wanted = *space ? *space : 256;
	void *new;

	while (wanted - used < more)
		wanted *= 2;
	if (wanted == *space)
		return at;
	new = reallocarray(at, wanted, size);
	if (new)
		*space = wanted;
	return new;
}

/* Where there is no memory it is not there. */
static void cell_add(struct table *t, const char *text)
{
	const char *shown = text && *text ? text : "-";
	size_t size = strlen(shown) + 1;
	size_t *cell = grown(t->cell, &t->cell_space, t->cells, 1, sizeof(*cell));
	char *all;

	if (!cell)
		return;
	t->cell = cell;
	all = grown(t->text, &t->text_space, t->text_used, size, 1);
	if (!all)
		return;
	t->text = all;
	t->cell[t->cells++] = t->text_used;
	memcpy(t->text + t->text_used, shown, size);
	t->text_used += size;
}

void table_start(struct table *t, ...)
{
	const char *head;
	va_list ap;

	memset(t, 0, sizeof(*t));
	va_start(ap, t);
	while ((head = va_arg(ap, const char *)) && t->columns < TABLE_COLUMNS_MAX) {
		cell_add(t, head);
		t->columns++;
	}
	va_end(ap);
}

void table_row(struct table *t, ...)
{
	va_list ap;

	va_start(ap, t);
	for (size_t i = 0; i < t->columns; i++)
		cell_add(t, va_arg(ap, const char *));
	va_end(ap);
}

static void spaces_print(size_t count)
{
	static const char spaces[] = "                                ";

	while (count) {
		size_t some = count < sizeof(spaces) - 1 ? count : sizeof(spaces) - 1;

		fwrite_unlocked(spaces, 1, some, stdout);
		count -= some;
	}
}

/* printf(3) would take most of the time where there are thousands of rows. */
void table_print(struct table *t)
{
	size_t width[TABLE_COLUMNS_MAX] = { 0 };

	for (size_t i = 0; i < t->cells; i++) {
		size_t len = strlen(t->text + t->cell[i]);

		if (len > width[i % t->columns])
			width[i % t->columns] = len;
	}
	for (size_t i = 0; i < t->cells; i++) {
		const char *text = t->text + t->cell[i];
		size_t column = i % t->columns, len = strlen(text);

		fwrite_unlocked(text, 1, len, stdout);
		if (column == t->columns - 1)
			fputc_unlocked('\n', stdout);
		else
			spaces_print(width[column] + 2 - len);
	}
	table_dispose(t);
}

void table_dispose(struct table *t)
{
	free(t->text);
	free(t->cell);
	memset(t, 0, sizeof(*t));
}
