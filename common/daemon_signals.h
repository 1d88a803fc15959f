/*
 * daemon_signals: the end of a daemon's event loop, and the wish to read its configuration again.
 *
 * SIGTERM and SIGINT tell the service manager and the log that it ends, and break the loop; all
 * that the daemon has set up stays in force.
 */
#ifndef NETVM_DAEMON_SIGNALS_H
#define NETVM_DAEMON_SIGNALS_H

#include <ev.h>

struct daemon_signals {
	const char *farewell;	   /* for the log: what stays as it is */
	void (*reload)(void *arg); /* SIGHUP; NULL: it is not handled */
	void *arg;
	ev_signal terminate, interrupt, hangup; /* its own */
};

/* It must not move while the loop stands. `loop`: the default loop. */
void daemon_signals_start(struct daemon_signals *s, struct ev_loop *loop);

#endif
