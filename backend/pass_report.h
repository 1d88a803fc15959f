/*
 * pass_report: what a network domain says of itself under data/netvm after a pass.
 *
 * Words for people and for dom0, made from what the service last read; what is another than before
 * is said. It must not know vifs.
 */
#ifndef NETVM_PASS_REPORT_H
#define NETVM_PASS_REPORT_H

#include <stdint.h>

#include "backend/pass.h"
#include "backend/service.h"
#include "common/err.h"

/* Writes it. `probe`: dom0's number, 0: none. `m` has the guests' addresses. `rules_fault`: code 0
 * where the rules stand. */
int pass_report(struct service *s, const struct pass_memory *m, uint32_t probe,
	const struct err *rules_fault, const struct pass_listeners *to, struct err *e);

#endif
