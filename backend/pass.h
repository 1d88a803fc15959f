/*
 * pass: one look at everything a network domain serves, and what follows from it.
 *
 * Rules, then every vif (pass_plan.h), then the reports under data/netvm. Each vif is dealt with
 * for itself: a faulty one is reported and the rest go on. Nothing is remembered from one pass to
 * the next; what was said about a vif is read back from xenstore, so that it is said once. It must
 * not know when passes happen.
 */
#ifndef NETVM_PASS_H
#define NETVM_PASS_H

#include <stdbool.h>
#include <stddef.h>

#include "backend/service.h"
#include "backend/uplink.h"
#include "common/err.h"

/* Capabilities that are reported to dom0: what this version can enforce. */
#define PASS_CAPABILITIES "vif guard dns nat ip6 cable policy"

struct pass_result {
	size_t vifs, faulty; /* vifs that are wanted, and those of them that could not be served */
	bool rules_fault;    /* the packet filter does not stand */
	bool settings_stale; /* dom0 does not manage this domain any more: open the service anew */
	struct uplinks uplinks;
};

/* Told what happened, once: `faulty` or not, and a sentence. */
typedef void (*pass_say)(bool faulty, const char *words);

/*
 * 0 when the pass was made, whatever became of single vifs. -ENOTCONN: xenstored is gone; links
 * stay as they are. Other errors: nothing could be looked at. With options.plan in `s` nothing is
 * done or reported, only printed.
 */
int pass_run(struct service *s, pass_say say, struct pass_result *out, struct err *e);

/* Closes every vif, takes the rules and the reports away. Goes on where one fails; the first
 * failure is returned. */
int pass_take_down(struct service *s, struct err *e);

#endif
