/*
 * conn_alarm: ends in time a call of libxenstore that the program's only thread makes itself.
 * Private to conn.c.
 *
 * A call waits in read(2), write(2) or connect(2) on a descriptor that libxenstore does not tell.
 * When time is up a signal's handler runs in that thread. It has libxentoolcore put an end of file
 * in the place of each such descriptor (xentoolcore_restrict_all(), which libxenstore serves by
 * dup2(2)); the interrupted call is made again by libxenstore, finds the end of file and fails. On
 * /dev/xen/xenbus a signal interrupts the wait as well. libxentoolcore takes a lock for that, which
 * libxenstore has for a moment while it opens: then the handler leaves it alone
 * (conn_alarm_hold()); the interruption itself makes connect(2) fail. The signal comes again and
 * again, for the case that it came a moment too early.
 *
 * Takes SIGALRM and the real interval timer, and breaks every connection of the process. One call
 * at a time.
 */
#ifndef NETVM_CONN_ALARM_H
#define NETVM_CONN_ALARM_H

#include <stdbool.h>

/* What is called until conn_alarm_end() has STORE_PATIENCE seconds. */
void conn_alarm_begin(void);

/* While the connection is made the alarm interrupts, and nothing more. For any thread. */
void conn_alarm_hold(bool hold);

/* It has returned. Whether time was up, so that no connection is of use any more. */
bool conn_alarm_end(void);

#endif
