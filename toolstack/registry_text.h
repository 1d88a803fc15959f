/*
 * registry_text: changes one key in the text of a file in xl's syntax and leaves every other byte
 * as it is. Pure. It must not know any key.
 */
#ifndef NETVM_REGISTRY_TEXT_H
#define NETVM_REGISTRY_TEXT_H

#include <stddef.h>

#include "common/addr.h"
#include "common/config.h"
#include "common/err.h"

/*
 * `text` with `key` set to `values` (NULL: taken out), written as `kind` wants it. A statement that
 * stands is replaced in place (a comment behind it stays), a new one goes to the end. Gives
 * malloc'd text. -EINVAL: a value that has no form in this syntax (quotes, control characters, a
 * number that is none), named in `e`.
 */
int registry_text_set(const char *text, const char *key, enum config_kind kind,
	const char *const *values, size_t count, char **out, struct err *e);

/* Every word of `text` that is an address. `*out` malloc'd. -ENOMEM. */
int registry_text_addresses(const char *text, struct addr **out, size_t *count);

#endif
