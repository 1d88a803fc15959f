/*
 * notes: what netfront-config set, where the thing itself does not tell.
 *
 * One small text file in RUNDIR, so it ends with the boot, as the things do. A thing is noted
 * before it is set and struck out after it is gone: after a crash anywhere the notes hold all of
 * ours, and perhaps something that is not there, which is harmless. Parsing and printing are pure.
 * Must not know what is wanted.
 */
#ifndef NETVM_NOTES_H
#define NETVM_NOTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "frontend-config/dns_plan.h"
#include "frontend-config/link_plan.h"

#define NOTES_LINKS_MAX 32 /* devices that are looked after */
#define NOTES_TEXT_MAX	32768

struct note {
	uint32_t devid;
	struct link_notes link;
	struct dns_entry dns; /* what was told; way DNS_NONE: nothing */
};

struct notes {
	struct note note[NOTES_LINKS_MAX]; /* ascending by devid */
	size_t count;
	bool resolv_conf; /* ours has been put there */
};

/* The note of a device, made where there is none and `make`; NULL where there is none, or no room.
 */
struct note *notes_find(struct notes *n, uint32_t devid, bool make);
/* Strikes out notes that hold nothing. */
void notes_tidy(struct notes *n);

/* Returns 0, or -EINVAL with the line that is wrong. `out` is written on success only. */
int notes_parse(const char *text, struct notes *out, struct err *e);
/* Returns the length, or -EMSGSIZE. */
int notes_print(const struct notes *n, char buf[NOTES_TEXT_MAX]);

/* No file: empty notes. */
int notes_read(const char *path, struct notes *out, struct err *e);
/* Writes the file if it does not say so already; removes it where there is nothing to note. */
int notes_write(const char *path, const struct notes *n, struct err *e);

#endif
