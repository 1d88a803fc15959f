/*
 * notify: tells the service manager what state a daemon is in (sd_notify(3)'s protocol: a datagram
 * to $NOTIFY_SOCKET).
 */
#ifndef NETVM_NOTIFY_H
#define NETVM_NOTIFY_H

/* Sends `state` ("READY=1", "STATUS=...", "STOPPING=1"). Without $NOTIFY_SOCKET nothing happens;
 * failures are not reported. */
void notify_send(const char *state);

#endif
