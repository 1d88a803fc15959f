/*
 * config_text: what a text in xl's syntax says, before anybody asks what its keys mean.
 *
 * libxlutil reads such texts (config_library.c). Nearly all there are, and all that we write, are
 * plain: a key and a value in each statement, no quote within a quoted text. These are read here
 * (config_plain.c), a few times as fast, and without loading the library. What is not plain, or not
 * in order, is the library's: a plain text says to both the same, and no other is taken as one.
 * config.c is the only user.
 */
#ifndef NETVM_CONFIG_TEXT_H
#define NETVM_CONFIG_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/config_index.h"
#include "common/err.h"

/* A key's value: one text (a number is one, too), or a list of them. */
struct config_value {
	bool list;
	const char *one; /* where it is no list */
	/* Where it is one: which of the text's items are its; one that is no text is NULL. */
	size_t first, count;
};

struct config_text {
	const char *path; /* for sentences */
	const char *text;
	struct config_index index;
	struct config_value value[CONFIG_KEYS_MAX]; /* of each key of the index */
	const char **item;			    /* malloc'd */
	size_t items, room;
	void *kept; /* in which the texts are; what frees it: */
	void (*release)(void *kept);
};

/*
 * Reads a text, which must stay for as long as `out` does, as `path` must. -EINVAL with
 * "PATH:LINE: ...", -ENOMEM, -ENOENT: libxlutil is not installed. config_text_clear() in any case.
 * `out` may hold anything before.
 */
int config_text_read(const char *path, const char *text, struct config_text *out, struct err *e);
void config_text_clear(struct config_text *t);

/* The two readers, of an empty `out` with path and text. 0, or a negative errno;
 * config_plain_read() gives -ENOTSUP, without words, for a text that is not plain, and leaves `out`
 * empty again. */
int config_plain_read(struct config_text *out, struct err *e);
int config_library_read(struct config_text *out, struct err *e);

/* Adds an item to the text's. -ENOMEM. */
int config_text_item_add(struct config_text *t, const char *item);

#endif
