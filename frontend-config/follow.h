/*
 * follow: passes over everything whenever something changes, until SIGTERM or SIGINT.
 *
 * What is published (xenstore watch), links, addresses and routes (rtnetlink) are events; what
 * happened is never read from an event, a pass looks at everything. Faults, and a xenstored that
 * does not answer, are tried again after growing pauses. It must not know what a pass does.
 */
#ifndef NETVM_FOLLOW_H
#define NETVM_FOLLOW_H

#include "common/err.h"
#include "frontend-config/frontend.h"

/* Returns 0 when it was asked to end (all stays in force), a negative errno where it could not
 * begin. Logs. */
int follow_run(const struct frontend_options *options, struct err *e);

#endif
