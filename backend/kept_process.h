/*
 * kept_process: a program that is to run for as long as something lasts, whoever started it.
 *
 * It is known by its number and the moment it was started (proc(5), stat field 22), so that another
 * one that has got the number is not taken for it, and by a digest of what it was told. Where that
 * is remembered is the caller's business; it must not know what the program does.
 */
#ifndef NETVM_KEPT_PROCESS_H
#define NETVM_KEPT_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/err.h"

/* All zero but fd: none. */
struct kept_process {
	pid_t pid;
	uint64_t start;	 /* clock ticks since boot */
	uint64_t digest; /* of its argument vector */
	int fd;		 /* pidfd, readable when it ends; -1: not looked at, or none */
};

/* Opens fd where the process lives, else forgets pid. */
void kept_process_look(struct kept_process *p);

/* Starts `argv`, of which p->digest is; fills pid, start and fd. -ENOENT: there is no such program.
 */
int kept_process_start(const char *const argv[], struct kept_process *p, struct err *e);

/* Whether it ends within that time; of one that was looked at or started. */
bool kept_process_ends(const struct kept_process *p, int milliseconds);

/* Ends it and waits for that, a second at most before it is killed. */
void kept_process_end(struct kept_process *p);

/* Closes fd and forgets all; the process goes on. */
void kept_process_forget(struct kept_process *p);

#endif
