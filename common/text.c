#include "common/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool text_reserve(struct text *t, size_t more)
{
	size_t space = t->space ? t->space : 256;
	char *s;

	while (space <= t->len + more)
		space *= 2;
	if (space == t->space)
		return true;
	s = t->failed ? NULL : realloc(t->s, space);
	if (!s) {
		t->failed = true;
		return false;
	}
	t->s = s;
	t->space = space;
	return true;
}

void text_add_bytes(struct text *t, const char *s, size_t len)
{
	if (!text_reserve(t, len))
		return;
	memcpy(t->s + t->len, s, len);
	t->len += len;
	t->s[t->len] = '\0';
}

void text_add(struct text *t, const char *s)
{
	text_add_bytes(t, s, strlen(s));
}

void text_add_number(struct text *t, unsigned long n)
{
	char digits[24];
	size_t at = sizeof(digits);

	do
		digits[--at] = (char)('0' + n % 10);
	while (n /= 10);
	text_add_bytes(t, digits + at, sizeof(digits) - at);
}

void text_addf(struct text *t, const char *fmt, ...)
{
	size_t room = t->space - t->len;
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(room ? t->s + t->len : NULL, room, fmt, ap);
	va_end(ap);
	if (len < 0)
		return;
	if ((size_t)len >= room) {
		if (!text_reserve(t, (size_t)len))
			return;
		va_start(ap, fmt);
		vsnprintf(t->s + t->len, (size_t)len + 1, fmt, ap);
		va_end(ap);
	}
	t->len += (size_t)len;
}

void text_dispose(struct text *t)
{
	free(t->s);
	*t = (struct text){ .s = NULL };
}

bool text_has_word(const char *words, const char *word)
{
	size_t len = strlen(word);

	while (*words) {
		size_t n = strcspn(words, " ");

		if (n == len && memcmp(words, word, len) == 0)
			return true;
		words += n + (words[n] == ' ');
	}
	return false;
}
