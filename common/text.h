/*
 * text: a text that grows.
 *
 * A lack of memory is remembered, not returned: what is added afterwards is lost, and whoever uses
 * the text asks once, `failed`. It must not know what it holds.
 */
#ifndef NETVM_TEXT_H
#define NETVM_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct text {
	char *s; /* NUL-terminated; NULL while empty */
	size_t len, space;
	bool failed;
};

void text_add(struct text *t, const char *s);
/* Room for `more` bytes at `s + len`, and a NUL; false: there is no memory for them. Whoever writes
 * there adds to `len` and ends it with a NUL. */
bool text_reserve(struct text *t, size_t more);
void text_add_bytes(struct text *t, const char *s, size_t len);
void text_add_number(struct text *t, unsigned long n);
void text_addf(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void text_dispose(struct text *t); /* may be repeated */

/* Whether `word` is one of `words`, which are separated by one space each. */
bool text_has_word(const char *words, const char *word);

#endif
