/*
 * netvm_dom0: what the verbs about dom0's own network share.
 *
 * The way up and the way down, with the record written before each step and a line said about it.
 * A way up on which a step fails, or which SIGINT, SIGTERM or SIGHUP interrupts, is gone back.
 */
#ifndef NETVM_NETVM_DOM0_H
#define NETVM_NETVM_DOM0_H

#include <stdio.h>

#include "common/json.h"
#include "toolstack/dom0_record.h"
#include "toolstack/netvm.h"

struct dom0_lines {
	FILE *out;	   /* a line a step */
	struct json *json; /* or an item a step; NULL: lines */
	bool quiet;	   /* neither */
};

/* What was brought. */
struct dom0_brought {
	uint64_t since, until; /* as in the record */
	int keeper;	       /* descriptor; while anybody holds it, somebody is to end it. -1 */
};

/*
 * Brings dom0 its network, for as long as --for says. The first `names` arguments are allowed to
 * run as those of --allow are. `kept`: the caller is to end it. -EEXIST: there is one, or something
 * of one. -EINTR: a signal came, and what was begun is undone; dom0_signal_caught() has it.
 */
int dom0_up(struct netvm *n, const struct dom0_lines *lines, int names, bool kept,
	struct dom0_brought *out, struct err *e);

/* Ends what stands, or what is left of it. 0 also where there is nothing; `*was` says so. */
int dom0_down(const struct netvm *n, const struct dom0_lines *lines, bool *was, struct err *e);
/* The same, if it is the one that was brought at `since`. */
int dom0_down_of(
	const struct netvm *n, const struct dom0_lines *lines, uint64_t since, struct err *e);

/* Ends it when its time is over, in a process that goes on by itself and holds `b->keeper`; it ends
 * as soon as there is nothing to be ended. */
int dom0_keeper_start(const struct netvm *n, const struct dom0_brought *b, struct err *e);

/* From now on SIGINT, SIGTERM and SIGHUP are remembered, the last two also handed on to `*child`
 * where that is above 0. SIGPIPE ends nothing half-way. */
void dom0_signals_catch(void);
void dom0_signals_hand_on(int child);
int dom0_signal_caught(void); /* 0: none */

#endif
