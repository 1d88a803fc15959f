/*
 * iptables_made: chains and sets that are named after what they hold, as a list. It must not know
 * what they hold.
 */
#ifndef NETVM_IPTABLES_MADE_H
#define NETVM_IPTABLES_MADE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define IPTABLES_MADE_PREFIX "netvm-"
#define IPTABLES_MADE_NAME   23 /* that, 16 hexadecimal digits, a NUL */

/* One chain or set. */
struct iptables_made {
	char name[IPTABLES_MADE_NAME];
	char *text;   /* malloc'd lines: a chain's rules without "-A NAME ", a set's addresses */
	size_t count; /* of lines */
};

struct iptables_mades {
	struct iptables_made *items; /* sorted by name, each once */
	size_t count, space;
};

/* Whether a name is one of these. */
bool iptables_made_name(const char *name);

/* NULL where there is none. */
struct iptables_made *iptables_made_find(const struct iptables_mades *m, const char *name);

/* Adds an empty one, or finds the one there is. NULL: no memory. */
struct iptables_made *iptables_made_add(struct iptables_mades *m, const char *name);

/* One that is being written. */
struct iptables_text {
	char *buf;
	size_t len, count;
	FILE *out;
	bool added;    /* there was none like it: iptables_text_close() */
	size_t note;   /* what the next lines stand for, to who writes them */
	size_t *notes; /* of each line, for `space` of them; NULL: nobody asks. Who writes frees it
			*/
	size_t space;
};

/* false: no memory; nothing is to be closed then. */
bool iptables_text_open(struct iptables_text *t);
void iptables_text_line(struct iptables_text *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Names the finished text and puts it where it belongs. `kind` keeps apart what reads the same.
 * false: no memory; the name may be "" then. */
bool iptables_text_close(struct iptables_text *t, const char *kind, struct iptables_mades *where,
	char name[IPTABLES_MADE_NAME]);

void iptables_mades_free(struct iptables_mades *m); /* may be repeated */

#endif
