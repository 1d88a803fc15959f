#include "common/arguments.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/digest.h"

void arguments_add(struct arguments *a, const char *fmt, ...)
{
	const size_t room = sizeof(a->text) - a->used;
	char *at = a->text + a->used;
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(at, room, fmt, ap);
	va_end(ap);
	if (a->full || len < 0 || (size_t)len >= room || a->count == ARGUMENTS_MAX) {
		a->full = true;
		return;
	}
	a->used += (size_t)len + 1;
	a->argv[a->count++] = at;
	a->argv[a->count] = NULL;
}

int arguments_check(const struct arguments *a, struct err *e)
{
	return a->full ? err_set(e, -E2BIG, "%s: its command line has no room", a->argv[0]) : 0;
}

uint64_t arguments_digest(const char *const argv[])
{
	uint64_t digest = DIGEST_START;

	for (; *argv; argv++)
		digest = digest_add(digest, *argv, strlen(*argv) + 1);
	return digest;
}
