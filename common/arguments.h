/*
 * arguments: the argument vector of a program that is to be started, put together word by word, and
 * a digest by which one that runs is known for having been started so. It must not know the
 * program.
 */
#ifndef NETVM_ARGUMENTS_H
#define NETVM_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

#define ARGUMENTS_MAX	   96
#define ARGUMENTS_TEXT_MAX 8192

/* All zero: none. It points into itself, and so cannot be copied. */
struct arguments {
	const char *argv[ARGUMENTS_MAX + 1]; /* ends with NULL */
	size_t count;
	char text[ARGUMENTS_TEXT_MAX];
	size_t used;
	bool full; /* a word had no room */
};

void arguments_add(struct arguments *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* -E2BIG where a word had no room: it is not to be started so. */
int arguments_check(const struct arguments *a, struct err *e);

/* Of each word with its end (digest.h). */
uint64_t arguments_digest(const char *const argv[]);

#endif
