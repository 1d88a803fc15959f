/*
 * config: files in xl's configuration syntax (xl.cfg(5): KEY = "text" | number | [ "list", ... ]).
 *
 * A table says which keys there are and what each may hold; every fault is named with file and
 * line, that of the item in a list. How such a text is read is config_text.h's business. Must not
 * know what the keys mean.
 */
#ifndef NETVM_CONFIG_H
#define NETVM_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

#define CONFIG_LIST_MAX 64
#define CONFIG_FILE_MAX (1024 * 1024) /* bytes that are read of a file */

struct config_list {
	char **item; /* malloc'd, as each text is; at most CONFIG_LIST_MAX */
	size_t count;
};

enum config_kind {
	CONFIG_TEXT,   /* char *: malloc'd */
	CONFIG_NUMBER, /* long */
	CONFIG_BOOL,   /* bool: 0 or 1 */
	CONFIG_LIST,   /* struct config_list: a list of strings; one string is a list of one */
	CONFIG_LINES,  /* char *: malloc'd: as a list, of any length, joined by '\n'; NULL: none */
};

struct config_key {
	const char *name; /* NULL ends the table */
	enum config_kind kind;
	size_t offset;
	/* NULL, or refuses a value, each of a list: returns 0, or -EINVAL with what was expected in
	 * `e` ("an IPv4 address"). */
	int (*check)(const char *text, struct err *e);
	const char *help;
};

/*
 * Reads `path` into `out` (a struct that `keys` describe, set to its defaults by the caller; every
 * text in it malloc'd). A missing file gives -ENOENT, a fault -EINVAL with "FILE:LINE: ...". Keys
 * that the table does not name are kept out and added to `unknown` (may be NULL), as far as a list
 * goes. Several threads may read at once.
 */
int config_read(const char *path, const struct config_key *keys, void *out,
	struct config_list *unknown, struct err *e);

/* As config_read(), of a text; `path` is for messages only. */
int config_parse(const char *path, const char *text, const struct config_key *keys, void *out,
	struct config_list *unknown, struct err *e);

/* Told each fault of a file: "FILE:LINE: ...". */
typedef void (*config_tell)(void *arg, const char *words);

/*
 * As config_read(), but goes on behind a fault and tells each, keys that mean nothing among them;
 * only a syntax error ends it. Returns how many it told, or a negative errno where the file could
 * not be read. `out` is of use for config_dispose() alone.
 */
int config_check(const char *path, const struct config_key *keys, void *out, config_tell tell,
	void *arg, struct err *e);

/* Says that a value is not what was expected: `"10.0.0" is not an IPv4 address`; of a long one its
 * beginning. Returns -EINVAL. */
int config_refuse(const char *text, const char *expected, struct err *e);

/* Adds a copy of a text. -E2BIG: it has CONFIG_LIST_MAX; -ENOMEM. */
int config_list_add(struct config_list *list, const char *text);
/* Frees its texts and empties it. May be repeated. */
void config_list_clear(struct config_list *list);

/* Frees every text and list that `keys` name in `out` and sets them to empty. May be repeated. */
void config_dispose(const struct config_key *keys, void *out);

/* The checks that most tables need. */
int config_check_number(const char *text, long min, long max, const char *unit, struct err *e);
int config_check_addr4(const char *text, struct err *e);
int config_check_addr6(const char *text, struct err *e);
int config_check_prefix(const char *text, struct err *e);
int config_check_routed6(const char *text, struct err *e);
int config_check_mac(const char *text, struct err *e);

#endif
