#include "toolstack/table.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void cell_add(struct table *t, const char *text)
{
	if (t->count == t->space) {
		size_t space = t->space ? 2 * t->space : 64;
		char **more = reallocarray(t->cell, space, sizeof(*more));

		if (!more)
			return;
		t->cell = more;
		t->space = space;
	}
	t->cell[t->count++] = strdup(text && *text ? text : "-");
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

void table_print(struct table *t)
{
	size_t width[TABLE_COLUMNS_MAX] = { 0 };

	for (size_t i = 0; i < t->count; i++) {
		size_t len = t->cell[i] ? strlen(t->cell[i]) : 0;

		if (len > width[i % t->columns])
			width[i % t->columns] = len;
	}
	for (size_t i = 0; i < t->count; i++) {
		const char *text = t->cell[i] ? t->cell[i] : "";
		size_t column = i % t->columns;

		fputs(text, stdout);
		if (column == t->columns - 1)
			putchar('\n');
		else
			for (size_t pad = width[column] + 2 - strlen(text); pad; pad--)
				putchar(' ');
	}
	table_dispose(t);
}

void table_dispose(struct table *t)
{
	for (size_t i = 0; i < t->count; i++)
		free(t->cell[i]);
	free(t->cell);
	memset(t, 0, sizeof(*t));
}
