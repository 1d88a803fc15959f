/*
 * record: what others see of a running netback: a file with its counters, locked for as long as it
 * lives.
 *
 * The lock is the process's own (fcntl(2)), so that who looks is told its number by the kernel, and
 * never of one that is dead. Who started it must not be known to anybody: any netbackd finds any
 * netback by the name of its vif. Must not know what is counted.
 */
#ifndef NETVM_RECORD_H
#define NETVM_RECORD_H

#include <stdint.h>
#include <sys/types.h>

#include <stdbool.h>

#include "backend/netback/datapath.h"
#include "common/err.h"

struct record {
	uint64_t digest; /* of the command line of who moves packets, or did */
	struct counters counters;
	struct datapath_marks marks;
	char fault[ERR_TEXT_MAX]; /* what ended it */
	bool guest;		  /* ... was the guest */
};

/* Takes the file at `path`, making it, for this process, and maps it. -EBUSY: another has it. `fd`
 * is to stay open. `resumed`: who had it before was told the same (`digest`), and its marks are
 * still there; all else is zero. */
int record_take(const char *path, uint64_t digest, struct record **out, int *fd, bool *resumed,
	struct err *e);

/* Who has it, 0: nobody; and its record. Whoever wrote that may have been broken into: its words
 * are printable, and no more. */
pid_t record_holder(const char *path, struct record *out);
/* Whether somebody has said what ended it, who has ended. */
bool record_fault(const char *path, struct record *out);

#endif
