/*
 * child: runs a program with an argument vector and waits for its end, or starts one that stays.
 *
 * No shell, no inherited descriptors but the three, LC_ALL=C, and an end for programs that hang.
 * Must not know any program.
 */
#ifndef NETVM_CHILD_H
#define NETVM_CHILD_H

#include <stddef.h>
#include <sys/types.h>

#include "common/err.h"

struct child_result {
	int status; /* exit status, or 128 + signal */
	char *out;  /* standard output, NUL-terminated, malloc'd; child_result_free() */
	size_t out_len;
	char words[256]; /* the first line of standard error, for messages */
};

/*
 * Runs `argv[0]` (found through PATH) with `input` (may be NULL) on its standard input and collects
 * at most `out_max` bytes of its output (more: -EMSGSIZE). After `seconds` it is killed
 * (-ETIMEDOUT). Returns 0 when the program ran and ended, whatever its exit status; -ENOENT where
 * there is no such program; `r` is always valid for child_result_free() afterwards.
 */
int child_run(const char *const argv[], const char *input, size_t out_max, unsigned int seconds,
	struct child_result *r, struct err *e);

/* As child_run(), and an exit status other than 0 is -EIO, with the program's own first words in
 * `e`. */
int child_run_ok(const char *const argv[], const char *input, size_t out_max, unsigned int seconds,
	struct child_result *r, struct err *e);

void child_result_free(struct child_result *r);

/* Starts a program and goes on: in a session of its own, without input or output, with our standard
 * error, which is where its log goes. The caller reaps it (or libev does). -ENOENT as above. */
int child_start(const char *const argv[], pid_t *pid, struct err *e);

#endif
