/*
 * resolv_file: a resolv.conf of our own in the place of somebody else's, and back.
 *
 * Ours is known by its first line, which holds a checksum of the rest: a file that anybody edited
 * is not ours any more. The file that stood there before is kept beside it under another name (the
 * same inode, so owner, mode and contents come back as they were). A symbolic link belongs to
 * another program and is never replaced; a file that others put in the place of ours is theirs.
 *
 * resolv_plan() is pure; the rest is the thin shell around it. Must not know who publishes
 * resolvers.
 */
#ifndef NETVM_RESOLV_FILE_H
#define NETVM_RESOLV_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/addr.h"
#include "common/err.h"

#define RESOLV_TEXT_MAX	    8192
#define RESOLV_SAVED_SUFFIX ".before-netvm"

/* The whole text of ours for these resolvers. Returns its length, or -EMSGSIZE. */
int resolv_render(const struct addr *server, size_t count, char buf[RESOLV_TEXT_MAX]);
/* Whether a text is one that resolv_render() made, unchanged. */
bool resolv_is_ours(const char *text);

enum resolv_kind { RESOLV_ABSENT, RESOLV_SYMLINK, RESOLV_TEXT };

struct resolv_actual {
	enum resolv_kind kind;
	const char *text; /* for RESOLV_TEXT, else NULL */
	bool saved;	  /* an earlier file is kept beside it */
	bool written;	  /* noted: since boot ours has stood there */
};

enum resolv_action {
	RESOLV_LEAVE,	       /* as it should be, or not ours to touch */
	RESOLV_WRITE,	       /* put ours there */
	RESOLV_KEEP_AND_WRITE, /* keep what stands there, put ours in its place */
	RESOLV_RESTORE,	       /* put back what was kept */
	RESOLV_REMOVE,	       /* there was none before */
	RESOLV_FORGET, /* others have put theirs there: what was kept is of no use any more */
	RESOLV_REFUSE_SYMLINK,
	RESOLV_REFUSE_CHANGED,
};

/* `wanted` NULL: none of ours. */
enum resolv_action resolv_plan(const char *wanted, const struct resolv_actual *actual);

/*
 * Makes `path` hold `wanted` (NULL: what was there before us). `*written` is the note: read, and
 * set to whether ours stands there. `*changed` (may be NULL): something was done; `only_say`:
 * nothing is done, `*changed` says whether it would be. Returns 0; -EEXIST where the file belongs
 * to somebody else and was left alone; else a negative errno.
 */
int resolv_apply(const char *path, const char *wanted, bool *written, bool only_say, bool *changed,
	struct err *e);

#endif
