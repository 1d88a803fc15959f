/*
 * pass: one look at everything a network domain serves, and what follows from it.
 *
 * Rules, then every vif (pass_plan.h), then the reports under data/netvm. Each vif is dealt with
 * for itself: a faulty one is reported and the rest go on. A pass over some guests' vifs (scope.h)
 * leaves the others as they are; nothing else is remembered from one pass to the next
 * (pass_memory.h), and what was said about a vif is read back from xenstore, so that it is said
 * once. It must not know when passes happen.
 */
#ifndef NETVM_PASS_H
#define NETVM_PASS_H

#include <stdbool.h>
#include <stddef.h>

#include "backend/events.h"
#include "backend/pass_memory.h"
#include "backend/scope.h"
#include "backend/service.h"
#include "backend/uplink.h"
#include "common/err.h"

/* Capabilities that are reported to dom0: what this version can enforce. */
#define PASS_CAPABILITIES                                                                          \
	"vif guard dns nat ip6 cable policy limits rates power visible dhcp datapath"

struct pass_result {
	size_t seen;	     /* vifs that were looked at */
	size_t vifs, faulty; /* vifs that are wanted, and those of them that could not be served */
	bool rules_fault;    /* the packet filter does not stand */
	bool undone;	     /* something could not be closed, removed or reported */
	bool unanswered;     /* dom0 waits until programs have been told what it said */
	bool settings_stale; /* dom0 does not manage this domain any more: open the service anew */
	double next; /* seconds until another pass is due without an event: a closed backend waits,
			a rule expires; 0: none is */
	struct uplinks uplinks;
};

/* A sentence for people: `faulty` or not. */
typedef void (*pass_say)(bool faulty, const char *words);

/* Who is told what happened, once. */
struct pass_listeners {
	pass_say say;
	struct events *events; /* for programs; NULL: none is told */
};

/* What passes need besides the service: who moves packets, where the kernel does not. What that
 * started goes on after pass_close(), which may be repeated, and before service_close(). */
int pass_open(struct service *s, struct err *e);
void pass_close(struct service *s);

/*
 * 0 when the pass was made, whatever became of single vifs. -ENOTCONN: xenstored is gone; links
 * stay as they are. Other errors: nothing could be looked at. With options.plan in `s` nothing is
 * done or reported, only printed. `memory` is NULL where there will be no other pass (nothing waits
 * then), or zeroed before the first; pass_memory_dispose() it. `scope`: what is looked at, and is
 * given what was; where rules do not stand that is everything. `now` is in seconds on a clock that
 * nobody sets.
 */
int pass_run(struct service *s, struct pass_memory *memory, struct scope *scope, double now,
	const struct pass_listeners *to, struct pass_result *out, struct err *e);

/* Closes every vif, takes the rules and the reports away. Goes on where one fails; the first
 * failure is returned. */
int pass_take_down(struct service *s, struct err *e);

#endif
