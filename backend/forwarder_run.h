/*
 * forwarder_run: one process that forwards DNS, and what is remembered of it.
 *
 * A process is known by its number and the moment it was started (proc(5), stat field 22), so that
 * another one that has got the number is not taken for it. Only forwarder.c uses this; it must not
 * know what is forwarded.
 */
#ifndef NETVM_FORWARDER_RUN_H
#define NETVM_FORWARDER_RUN_H

#include <stdint.h>
#include <sys/types.h>

#include "backend/settings.h"
#include "common/addr.h"
#include "common/err.h"

/* All zero but fd: nothing. Without pid: it is dead, and its addresses are still here. */
struct forwarder_run {
	pid_t pid;
	uint64_t start;	      /* clock ticks since boot */
	uint64_t digest;      /* of its argument vector */
	struct addr ip4, ip6; /* where it listens */
	int fd;		      /* pidfd, readable when it ends; -1: none */
};

/* Takes back what forwarder_runs_print() printed; a line that is not that counts for nothing. Opens
 * nothing. */
void forwarder_runs_parse(const char *text, struct forwarder_run runs[FORWARDER_SLOTS]);

#define FORWARDER_RUNS_TEXT_MAX 512
void forwarder_runs_print(
	const struct forwarder_run runs[FORWARDER_SLOTS], char text[FORWARDER_RUNS_TEXT_MAX]);

/* From and to the state file, which is not there where there is nothing to remember. */
void forwarder_runs_read(const char *path, struct forwarder_run runs[FORWARDER_SLOTS]);
int forwarder_runs_write(
	const char *path, const struct forwarder_run runs[FORWARDER_SLOTS], struct err *e);

/* Opens fd where the process lives, else forgets pid. */
void forwarder_run_look(struct forwarder_run *r);

/* Starts `argv`, of which r->digest is; fills pid, start and fd. */
int forwarder_run_start(const char *const argv[], struct forwarder_run *r, struct err *e);

/* Waits until it takes connections at its addresses. -ECHILD: it ended; -ETIMEDOUT. */
int forwarder_run_await(const struct forwarder_run *r, struct err *e);

/* Ends it and waits for that, a second at most before it is killed. The addresses stay in `r`. */
void forwarder_run_end(struct forwarder_run *r);

/* Forgets all, closes fd. */
void forwarder_run_forget(struct forwarder_run *r);

#endif
