/*
 * dom0_record: the record of dom0's network (dom0_plan.h) as a file of the run directory.
 *
 * It is written, whole or not at all, before each step, and removed when nothing is left to be
 * undone; a reboot, which ends domains, link, filter and all else, takes it away with the run
 * directory. Two locks say who is at it: DOM0_LOCK is held while steps are made, DOM0_KEEPER by
 * whoever is to take the network away again when a time is over or a command has ended. So anybody
 * can tell what goes on from what was cut off. It must not know how a step is done.
 */
#ifndef NETVM_DOM0_RECORD_H
#define NETVM_DOM0_RECORD_H

#include "common/err.h"
#include "toolstack/dom0_plan.h"

/* dom0 in the registry, where its network domain, address and rules are said as of any other. */
#define DOM0_NAME "Domain-0"

#define DOM0_RECORD RUNDIR "/dom0"
#define DOM0_LOCK   RUNDIR "/dom0.lock"
#define DOM0_KEEPER RUNDIR "/dom0.keeper"

/* The file's text, malloc'd; NULL: no memory. */
char *dom0_record_print(const struct dom0_record *r);
/* -EINVAL: it is no such text, with the line. dom0_record_dispose() in any case. */
int dom0_record_parse(const char *text, struct dom0_record *out, struct err *e);

/* -ENOENT: there is none; dom0 has no network of ours. dom0_record_dispose() in any case. */
int dom0_record_read(struct dom0_record *out, struct err *e);
int dom0_record_write(const struct dom0_record *r, struct err *e);
int dom0_record_remove(struct err *e); /* 0 also where there is none */

/* Where it stands. */
enum dom0_standing {
	DOM0_AWAY,     /* no network */
	DOM0_WORKING,  /* steps are made right now */
	DOM0_STANDING, /* it is up */
	DOM0_HALF_WAY, /* steps were cut off */
	DOM0_FORSAKEN, /* it is up, and who was to end it is gone */
	DOM0_STANDINGS,
};

/* Looks at record and locks. dom0_record_dispose() in any case. */
int dom0_standing_find(enum dom0_standing *out, struct dom0_record *r, struct err *e);

/* What is to be done about it, in a sentence; NULL: nothing. */
const char *dom0_standing_advice(enum dom0_standing s);

/* "10m", "90s", "2h", "1d", or seconds: at least one, at most a year. 0 or -EINVAL. Pure. */
int dom0_span_parse(const char *text, uint64_t *seconds);

/* Milliseconds since this boot, those of a suspended host among them. */
uint64_t dom0_clock(void);

#endif
