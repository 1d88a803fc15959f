/*
 * daemon: passes over everything whenever something happens, until SIGTERM or SIGINT.
 *
 * The only user of the event loop in the back end. It knows what to watch and when a pass is due;
 * what a pass does is pass.h's.
 */
#ifndef NETVM_DAEMON_H
#define NETVM_DAEMON_H

#include "backend/pass.h"
#include "backend/service.h"
#include "common/err.h"

/*
 * `s` is open, as `options` says; it may be another afterwards (closed, opened anew), and is the
 * caller's to close. SIGHUP reads the configuration again. Returns 0 when it was asked to end, with
 * links and rules in force; a negative errno where it could not begin. Logs, tells the service
 * manager.
 */
int daemon_run(
	struct service *s, const struct service_options *options, pass_say say, struct err *e);

#endif
