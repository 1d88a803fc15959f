/*
 * hooks: the administrator's own programs, which are told what happens in this domain (events.h).
 *
 * Every program of a directory is run with an event's words as its arguments, in the order of their
 * names, one at a time, event after event; without a shell, without input, with an environment of
 * LC_ALL and PATH. Whoever takes longer than HOOK_SECONDS is killed. None of it is waited for: the
 * event loop goes on meanwhile. A program that others than root may change, or a directory, is not
 * run. It must not know what the events mean.
 */
#ifndef NETVM_HOOKS_H
#define NETVM_HOOKS_H

#include <ev.h>

#include "backend/events.h"
#include "common/err.h"

#define HOOK_SECONDS 10.

struct hooks;

/* Takes from `events`, which must stay. `say` is called with a sentence when one fails, `told` when
 * everybody has been told everything. `loop` is the default loop. */
int hooks_open(struct hooks **out, struct ev_loop *loop, struct events *events,
	void (*say)(const char *words), void (*told)(void *arg), void *arg, struct err *e);
/* Ends the one that runs. NULL is fine. */
void hooks_close(struct hooks *h);

/* Begins to tell what has come into the queue, if nothing is being told already, to the programs
 * of `dir`; a directory that is not there has none. */
void hooks_run(struct hooks *h, const char *dir);

#endif
