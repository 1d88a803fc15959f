/*
 * err: an error on its way upwards.
 *
 * A function that can fail returns 0 or a negative errno and says in `struct err` what happened, in
 * one sentence that names the object ("vif5.0: address 10.137.0.7 is held by vif4.0"). Callers add
 * what they know in front of it; only main() prints it, once. This module must not print and must
 * not know any other.
 */
#ifndef NETVM_ERR_H
#define NETVM_ERR_H

#include <stdarg.h>

#define ERR_TEXT_MAX 512

struct err {
	int code; /* negative errno, 0 while nothing went wrong */
	char text[ERR_TEXT_MAX];
};

/* clang-format off */
#define ERR_NONE { 0, "" }
/* clang-format on */

/*
 * Records a failure: `code` is a negative errno, `fmt` the sentence, without a final full stop. A
 * sentence that is too long is cut and ends in "...". `e` may be NULL. Returns `code`, so that
 * `return err_set(...)` reads well.
 */
int err_set(struct err *e, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* As err_set(), of arguments that the caller began. */
int err_vset(struct err *e, int code, const char *fmt, va_list ap)
	__attribute__((format(printf, 3, 0)));

/* As err_set(), with ": " and the system's words for `code` behind the sentence. */
int err_sys(struct err *e, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Puts "<fmt>: " in front of the sentence that `e` holds. Returns e->code (-EINVAL where `e` is
 * NULL or holds no error). */
int err_prefix(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
