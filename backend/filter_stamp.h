/*
 * filter_stamp: what packet_filter.h remembers from one process to the next.
 *
 * One line in a file of the run directory. It is only believed in the boot and the network
 * namespace that it was written in. A file that is damaged, absent or of another form is no stamp,
 * never an error: what it would have spared is then done.
 */
#ifndef NETVM_FILTER_STAMP_H
#define NETVM_FILTER_STAMP_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/ruleset_iptables.h"
#include "common/err.h"

enum { STAMP_IP4, STAMP_IP6, STAMP_FAMILIES };

/* What the kernel says of its tables, as far as the kinds of iptables in use concern. */
struct filter_state {
	enum iptables_kind kind[STAMP_FAMILIES]; /* unknown: this family is not filtered */
	uint32_t generation;			 /* nf_tables */
	uint64_t legacy[STAMP_FAMILIES];	 /* digests of legacy tables */
};

struct filter_stamp {
	uint64_t wanted;		/* digest of the rules as rendered */
	uint64_t saved[STAMP_FAMILIES]; /* of our part as iptables-save prints it */
	struct filter_state state;
};

/* Returns whether there is a stamp of this boot and network namespace. */
bool filter_stamp_read(const char *path, struct filter_stamp *out);
int filter_stamp_write(const char *path, const struct filter_stamp *in, struct err *e);

#endif
