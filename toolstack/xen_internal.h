/*
 * xen_internal: what the files that speak to libxl share: a context with a logger, and errors. Only
 * they include it.
 */
#ifndef NETVM_XEN_INTERNAL_H
#define NETVM_XEN_INTERNAL_H

#include <libxl.h>

#include "common/err.h"

#define XEN_WORDS_MAX 256

struct xen_words {
	xentoollog_logger vtable;
	char first[XEN_WORDS_MAX]; /* the first line at error level */
};

struct xen {
	libxl_ctx *ctx;
	struct xen_words words;
};

/* -ENOTCONN where this is no dom0 of a running Xen. `x` is valid for xen_close() afterwards. */
int xen_open(struct xen *x, struct err *e);
void xen_close(struct xen *x); /* may be repeated */

/* What libxl's error number `rc` and its words mean, about `what`. Returns a negative errno. */
int xen_err(const struct xen *x, int rc, const char *what, struct err *e);

#endif
