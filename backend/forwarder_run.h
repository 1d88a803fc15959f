/*
 * forwarder_run: one process that forwards DNS, and what is remembered of it.
 *
 * Only forwarder.c uses this; it must not know what is forwarded.
 */
#ifndef NETVM_FORWARDER_RUN_H
#define NETVM_FORWARDER_RUN_H

#include "backend/kept_process.h"
#include "backend/settings.h"
#include "common/addr.h"
#include "common/err.h"

/* All zero but process.fd: nothing. Without process.pid: it is dead, and its addresses are still
 * here. */
struct forwarder_run {
	struct kept_process process;
	struct addr ip4, ip6; /* where it listens */
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

/* Waits until it takes connections at its addresses. -ECHILD: it ended; -ETIMEDOUT. */
int forwarder_run_await(const struct forwarder_run *r, struct err *e);

/* Forgets all, closes fd. */
void forwarder_run_forget(struct forwarder_run *r);

#endif
