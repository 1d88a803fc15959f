/*
 * host_names: what the host names of rules (dsthost) stand for, and until when.
 *
 * A table, and the text of the file that it is kept in, so that a restart forgets nothing and the
 * hotplug program knows what netbackd knows. An address is there until HOST_NAMES_GRACE after the
 * time that its answer was good for, so that a name whose addresses go round does not end
 * connections; it goes earlier only with its name. Pure: the clock is handed in, and asking is
 * name_resolver.h's business.
 */
#ifndef NETVM_HOST_NAMES_H
#define NETVM_HOST_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/ruleset.h"
#include "common/addr.h"
#include "common/err.h"

#define HOST_NAMES_FILE	     "names" /* in the run directory */
#define HOST_NAMES_FILE_MAX  (4U << 20)
#define HOST_NAMES_MAX	     4096
#define HOST_NAMES_ADDRS_MAX 256
#define HOST_NAMES_GRACE     300 /* seconds */
/* Seconds until a name is asked for again: within these, as the answer says; after none. */
#define HOST_NAMES_AGAIN_MIN	5
#define HOST_NAMES_AGAIN_MAX	3600
#define HOST_NAMES_AGAIN_FAILED 15

struct host_names_addr {
	struct addr addr;
	int64_t until; /* seconds since 1970 */
};

struct host_names_entry {
	char *name;
	int64_t ask;  /* when to ask for it next; 0: never asked */
	bool failing; /* the last answer had no address; not in the file */
	struct host_names_addr *addrs;
	size_t count;
};

struct host_names {
	struct host_names_entry *items; /* sorted by name (strcmp) */
	size_t count;
};

/* One address of an answer. */
struct host_names_answer {
	struct addr addr;
	uint32_t ttl; /* seconds */
};

void host_names_dispose(struct host_names *n); /* may be repeated */

/* Strict: -EBADMSG for anything that host_names_print() does not print, -ENOMEM. `out` is empty
 * then. */
int host_names_parse(const char *text, struct host_names *out, struct err *e);
/* Malloc'd; NULL: no memory. */
char *host_names_print(const struct host_names *n);

/* Reads the file of a run directory. What is absent or damaged is an empty table: names are asked
 * for again then. -ENOMEM. */
int host_names_load(const char *run_dir, struct host_names *out, struct err *e);
int host_names_save(const char *run_dir, const struct host_names *n, struct err *e);

/* Makes it the table of exactly the names that unexpired rules of `r` have; of more than
 * HOST_NAMES_MAX the rest is left out. `*changed`: whether it was another. -ENOMEM. */
int host_names_want(struct host_names *n, const struct ruleset *r, bool *changed);

/* Takes an answer: its addresses are added or live on, those whose time is over go. Addresses that
 * no packet is sent to are passed over; of more than HOST_NAMES_ADDRS_MAX the ones that go first.
 * `*changed`: whether the name stands for others than before. -ENOMEM. */
int host_names_take(struct host_names *n, const char *name, const struct host_names_answer *answers,
	size_t count, int64_t now, bool *changed);

/* NULL where it is not in the table. */
const struct host_names_entry *host_names_find(const struct host_names *n, const char *name);

/* The name whose time to be asked for has come, or NULL; then `*next` is when it comes for the
 * next, 0: for none. */
struct host_names_entry *host_names_due(struct host_names *n, int64_t now, int64_t *next);

/* Puts the table into the model. -ENOMEM. */
int host_names_to_ruleset(const struct host_names *n, int64_t now, struct ruleset *r);

#endif
