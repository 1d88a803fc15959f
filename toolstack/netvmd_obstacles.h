/*
 * netvmd_obstacles: what keeps netvmd from what the registry wants, as `netvm status` shows it.
 *
 * After each pass netvmd leaves the obstacles that stand at that moment in a file, whole or not at
 * all: calls that failed and are tried again, guests that wait, and why. What is mended is not in
 * it any more. The file counts only while netvmd holds its lock, so one that a dead netvmd left
 * misleads nobody; netvmd removes it when it begins. Faults of the registry's own files are not in
 * it: whoever reads the registry finds them.
 *
 * A line an obstacle: the domain's name, empty where it is nobody's alone; a tab; a sentence.
 */
#ifndef NETVM_NETVMD_OBSTACLES_H
#define NETVM_NETVMD_OBSTACLES_H

#include <stddef.h>

#include "common/err.h"
#include "xenstore-schema/schema.h"

#define NETVMD_LOCK	 RUNDIR "/netvmd.lock"
#define NETVMD_OBSTACLES RUNDIR "/netvmd.obstacles"

/* `netvm watchdog` tells what it finds in the same way. */
#define WATCHDOG_LOCK	  RUNDIR "/watchdog.lock"
#define WATCHDOG_FINDINGS RUNDIR "/watchdog.findings"

struct netvmd_obstacle {
	char domain[DOMAIN_NAME_MAX]; /* "": nobody's alone */
	char *words;		      /* one line of printable ASCII that names its object */
};

struct netvmd_obstacles {
	struct netvmd_obstacle *obstacle; /* malloc'd, as each `words` */
	size_t count;
};

/* What is not printable in `words` becomes '?'. -ENOMEM. */
int netvmd_obstacles_add(struct netvmd_obstacles *o, const char *domain, const char *words);
void netvmd_obstacles_dispose(struct netvmd_obstacles *o); /* empty again; may be repeated */

/* The file's text, malloc'd; NULL: no memory. */
char *netvmd_obstacles_print(const struct netvmd_obstacles *o);
/* -EINVAL: it is no such text. netvmd_obstacles_dispose() in any case. */
int netvmd_obstacles_parse(const char *text, struct netvmd_obstacles *out, struct err *e);

/* --- netvmd's side --- */

/* Makes `path` hold these. */
int netvmd_obstacles_write(const char *path, const struct netvmd_obstacles *o, struct err *e);

/* --- the reader's --- */

enum netvmd_life {
	NETVMD_AWAY,   /* it does not run */
	NETVMD_BEGINS, /* it runs, and has not looked at everything yet */
	NETVMD_RUNS,   /* the obstacles are those of its last pass */
};

/* netvmd_obstacles_dispose() in any case. Negative: it cannot be told. */
int netvmd_obstacles_read(const char *lock, const char *path, enum netvmd_life *life,
	struct netvmd_obstacles *out, struct err *e);

#endif
