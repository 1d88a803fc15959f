/*
 * registry_watch: tells when a file of the registry may have changed (inotify).
 *
 * The directories are watched, not the files, so that whatever way an editor writes is seen. Where
 * one does not exist the nearest above it is watched. It must not know what is in the files.
 */
#ifndef NETVM_REGISTRY_WATCH_H
#define NETVM_REGISTRY_WATCH_H

#include "common/err.h"

/* A non-blocking descriptor that is readable after a change; close(2) it. */
int registry_watch_open(int *fd, struct err *e);
/* (Re)names what is watched for the registry in `dir`; before each look at it. */
int registry_watch_renew(int fd, const char *dir, struct err *e);
/* As that, for another directory; again before each look. */
int registry_watch_also(int fd, const char *dir, struct err *e);
/* Reads away what is pending. */
int registry_watch_drain(int fd, struct err *e);

#endif
