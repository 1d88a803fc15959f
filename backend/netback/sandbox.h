/*
 * sandbox: what a process gives up before it looks at anything that a guest may write.
 *
 * Afterwards it has: an empty root that cannot be written, network, IPC and host name of its own
 * and of nobody else, no user that owns anything, no capability, no descriptor but those that it
 * was told to keep, no way to get another, no program to run, and a dozen system calls. One that it
 * makes beside these ends it.
 */
#ifndef NETVM_SANDBOX_H
#define NETVM_SANDBOX_H

#include <stddef.h>

#include "common/err.h"

/* Keeps the first three descriptors and `fds`, which are sorted by this. Needs root's capabilities,
 * once. Where it fails the process has to end. */
int sandbox_enter(int fds[], size_t count, struct err *e);

#endif
