/*
 * check: what is wrong with configuration and policy files, all of it, for netbackd --check.
 *
 * Reads files and nothing else: no xenstore, no kernel, no lock. A policy file holds rule lines as
 * policy.h has them, as dom0 would publish them for one guest.
 */
#ifndef NETVM_CHECK_H
#define NETVM_CHECK_H

#include "common/config.h"
#include "common/err.h"

/* Tells each fault, "FILE:LINE: ...", and returns how many there are. A negative errno: a file
 * could not be read; the others still were. `config`: netbackd.conf, NULL for the usual one, which
 * may be absent. */
int check_files(const char *config, char *const policies[], int count, config_tell tell, void *arg,
	struct err *e);

#endif
