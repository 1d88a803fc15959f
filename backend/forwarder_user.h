/*
 * forwarder_user: who a forwarder runs as. Apart from forwarder.c because the account database
 * needs libraries that a statically linked program cannot load, and a hotplug program starts no
 * forwarder.
 */
#ifndef NETVM_FORWARDER_USER_H
#define NETVM_FORWARDER_USER_H

/* The name of an unprivileged user's group, in a place that the next call uses again; NULL: there
 * is no such user, it is privileged, or has no group. */
const char *forwarder_user_group(const char *user);

#endif
