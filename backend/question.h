/*
 * question: what netbackd answers about a guest, on standard output, for people or as JSON.
 *
 * Reads xenstore and the kernel, changes nothing. dom0's `netvm` asks by running netbackd.
 */
#ifndef NETVM_QUESTION_H
#define NETVM_QUESTION_H

#include <stdbool.h>

#include "backend/service.h"
#include "common/err.h"

/* What becomes of a packet (explain.h) of the guest behind `vif` ("vif5.0", or its emulated twin).
 * -EINVAL: that is no vif, or no packet; -ENOENT: there is no such vif. */
int question_explain(struct service *s, const char *vif, char *const packet[], int count, bool json,
	struct err *e);

#endif
