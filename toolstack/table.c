#include "toolstack/table.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void cell_add(struct table *t, const char *text)
{
	const char *shown = text && *text ? text : "-";
	size_t len = strlen(shown), column = t->cells++ % t->columns;

	text_add_bytes(&t->text, shown, len + 1);
	if (len > t->width[column])
		t->width[column] = len;
}

void table_start(struct table *t, ...)
{
	const char *head[TABLE_COLUMNS_MAX];
	va_list ap;

	memset(t, 0, sizeof(*t));
	va_start(ap, t);
	while (t->columns < TABLE_COLUMNS_MAX && (head[t->columns] = va_arg(ap, const char *)))
		t->columns++;
	va_end(ap);
	for (size_t i = 0; i < t->columns; i++)
		cell_add(t, head[i]);
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
static void rows_print(const struct table *t)
{
	const char *text = t->text.s;

	for (size_t i = 0; i < t->cells; i++) {
		size_t column = i % t->columns, len = strlen(text);

		fwrite_unlocked(text, 1, len, stdout);
		if (column == t->columns - 1)
			fputc_unlocked('\n', stdout);
		else
			spaces_print(t->width[column] + 2 - len);
		text += len + 1;
	}
}

int table_print(struct table *t, struct err *e)
{
	int ret = t->text.failed ? err_sys(e, -ENOMEM, "the table is not shown") : 0;

	if (!ret)
		rows_print(t);
	table_dispose(t);
	return ret;
}

void table_dispose(struct table *t)
{
	text_dispose(&t->text);
	memset(t, 0, sizeof(*t));
}
