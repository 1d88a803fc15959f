/*
 * frontend: one pass over everything this domain is given: what is published for it, its
 * interfaces, its resolver.
 *
 * A pass reads all of it, plans (link_plan.h, dns_plan.h, resolv_file.h) and does what is planned.
 * It keeps nothing between passes but the notes (notes.h). A device whose publication is wrong, or
 * cannot be applied, keeps what it has; the others are served. It must not know events or time.
 */
#ifndef NETVM_FRONTEND_H
#define NETVM_FRONTEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/netlink.h"
#include "frontend-config/dns_plan.h"
#include "xenstore-schema/store.h"

struct frontend_options {
	const char *state_dir;	 /* of the notes and the lock */
	const char *resolv_conf; /* path */
	bool choose_way;	 /* look which way to the resolver the machine has; else: */
	enum dns_way way;
	uint32_t metric; /* of device 0's default route; N more for device N */
	bool dry_run;	 /* say what would be done */
};

enum frontend_word {
	FRONTEND_DOES,	/* an action, as it is done (or would be) */
	FRONTEND_LACKS, /* what is not as it should be, and why */
};

struct frontend {
	const struct frontend_options *options;
	struct netlink *nl;
	/* Called for each sentence; may be NULL. */
	void (*say)(void *arg, enum frontend_word what, const char *text);
	void *arg;
};

struct frontend_result {
	size_t done;   /* actions */
	size_t faults; /* sentences of FRONTEND_LACKS */
	bool more;     /* there is more to do than one pass takes */
	bool untold;   /* the resolver was not told: `anew` is needed in the next pass */
};

/*
 * One pass. `s` NULL: everything of ours goes, whatever is published. `anew`: tell the resolver
 * again what it was told. Returns 0 when the pass was done (`r` says how well), a negative errno
 * when it could not be: -ENOTCONN from the store, the lock, the kernel.
 */
int frontend_pass(
	struct frontend *f, struct store *s, bool anew, struct frontend_result *r, struct err *e);

#endif
