/*
 * file: bounded reads and whole writes of small files.
 *
 * A read never returns more than the caller allows, a write leaves the old or the new file,
 * whatever happens. Must not know what is in the files.
 */
#ifndef NETVM_FILE_H
#define NETVM_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

/*
 * Reads a whole file into `*out`, malloc'd and NUL-terminated (the caller frees it); `*len` (may be
 * NULL) without the NUL. A file of more than `max` bytes gives -EFBIG, one with a NUL byte inside
 * -EILSEQ, others the errno of open(2) or read(2).
 */
int file_read(const char *path, size_t max, char **out, size_t *len, struct err *e);
/* As that, of a file of a disk below the open directory `dir`, in two system calls less than it
 * might take; `path` is for messages only. */
int file_read_plain(
	int dir, const char *name, const char *path, size_t max, char **out, struct err *e);

/* Replaces `path` by `len` bytes: written beside it, fsync'd, renamed over it, the directory
 * fsync'd. `mode` as for open(2). */
int file_replace(const char *path, const void *data, size_t len, unsigned int mode, struct err *e);

/* Writes `value` into a file that exists (sysfs, procfs), in one write(2). */
int file_put(const char *path, const char *value, struct err *e);

/* Writes a sysctl, named by its path below /proc/sys ("net/ipv4/conf/vif1.0/rp_filter"), if it does
 * not hold `value` yet. */
int sysctl_set(const char *name, const char *value, struct err *e);

/* Creates a directory with its parents. Returns 0 also where it stands already. */
int dir_create(const char *path, unsigned int mode, struct err *e);

/*
 * Opens (creating it) and locks a file against other processes; waits at most `seconds`
 * (-ETIMEDOUT). Gives a descriptor whose close(2) unlocks it.
 */
int lock_take(const char *path, unsigned int seconds, int *fd, struct err *e);

/* Whether a process holds the lock. It shares the lock for a moment to find out, so who takes one
 * that is looked at like this waits a second for it. A file that is not there is not held. */
int lock_is_held(const char *path, bool *held, struct err *e);

#endif
