#include "common/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Marks a text that did not fit; `len` is what vsnprintf() returned. */
static void text_mark_cut(char *text, size_t size, int len)
{
	if (len < 0)
		snprintf(text, size, "(unprintable error text)");
	else if ((size_t)len >= size)
		memcpy(text + size - 4, "...", 4);
}

int err_vset(struct err *e, int code, const char *fmt, va_list ap)
{
	if (!e)
		return code;
	e->code = code;
	text_mark_cut(e->text, sizeof(e->text), vsnprintf(e->text, sizeof(e->text), fmt, ap));
	return code;
}

int err_set(struct err *e, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	err_vset(e, code, fmt, ap);
	va_end(ap);
	return code;
}

int err_sys(struct err *e, int code, const char *fmt, ...)
{
	char text[ERR_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	text_mark_cut(text, sizeof(text), vsnprintf(text, sizeof(text), fmt, ap));
	va_end(ap);
	return err_set(e, code, "%s: %s", text, strerror(-code));
}

int err_prefix(struct err *e, const char *fmt, ...)
{
	char prefix[ERR_TEXT_MAX], text[ERR_TEXT_MAX];
	va_list ap;

	if (!e || !e->code)
		return -EINVAL;
	va_start(ap, fmt);
	text_mark_cut(prefix, sizeof(prefix), vsnprintf(prefix, sizeof(prefix), fmt, ap));
	va_end(ap);
	memcpy(text, e->text, sizeof(text));
	return err_set(e, e->code, "%s: %s", prefix, text);
}
