/*
 * config_index: which keys a text in xl's configuration syntax has, and on which lines.
 *
 * It is for sentences about files and must not know what keys mean; libxlutil reads their values.
 * Of a text that libxlutil refuses it says something, but nothing of use. Pure.
 */
#ifndef NETVM_CONFIG_INDEX_H
#define NETVM_CONFIG_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "common/err.h"

#define CONFIG_KEYS_MAX	    256
#define CONFIG_KEY_NAME_MAX 64

struct config_index {
	struct config_place {
		char name[CONFIG_KEY_NAME_MAX];
		unsigned int line; /* of the key, from 1 */
		size_t at;	   /* in the text */
	} key[CONFIG_KEYS_MAX];
	size_t count;
};

/* How many characters at the start of a text a key could be made of: letters, digits, '_' and '.'.
 * What the library does not take as a key it refuses (xen: tools/libs/util/libxlu_cfg_l.l). */
size_t config_key_length(const char *text);

/* -EINVAL: a key is given twice; -E2BIG. `path` is for the sentence. `out` is empty before. */
int config_index_make(const char *path, const char *text, struct config_index *out, struct err *e);

/* strcmp(3) == 0, and nearly always without calling that: of thousands of files each key is looked
 * for among all. */
static inline bool config_key_is(const char *a, const char *b)
{
	return *a == *b && strcmp(a, b) == 0;
}

/* NULL: the text has no such key. */
const struct config_place *config_place(const struct config_index *index, const char *name);

/* The line of text number `item` in a key's value, from 0; the key's own where it has not so many.
 * `p` NULL: 0, as below. */
unsigned int config_item_line(const char *text, const struct config_place *p, size_t item);

/* The line on which a key's value ends. */
unsigned int config_last_line(const char *text, const struct config_place *p);

#endif
