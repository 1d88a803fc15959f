/*
 * vif_plan: decides what is to be done so that a vif becomes what is wanted of it.
 *
 * A pure function from wanted and actual to a list of actions, which vif_apply() runs and
 * vif_action_print() puts into words. What always holds of a plan:
 *
 *   - opening: the rules stand, the link is in the guests' group and its guard is in force before
 *     the link is switched on; hotplug-status comes last;
 *   - closing: the link goes down first; hotplug-status comes last;
 *   - cutting off: what stands stays, and nothing passes in either direction;
 *   - what is right already is left alone: of an open vif only the rules and the status remain;
 *   - nothing touches another link.
 */
#ifndef NETVM_VIF_PLAN_H
#define NETVM_VIF_PLAN_H

#include <stddef.h>
#include <stdio.h>

#include "backend/guard.h"
#include "backend/vif.h"

enum vif_action_kind {
	DO_RULES,   /* the packet filter's rules stand; addr.family AF_INET6: IPv6 is needed */
	DO_SYSCTL,  /* text, value */
	DO_GROUP,   /* into VIF_GROUP */
	DO_GUARD,   /* plan->guard */
	DO_REWRITE, /* visible_rewrites() */
	DO_REWRITE_NOT,
	DO_MUTE,	     /* nothing leaves by the link */
	DO_SPEAK,	     /* it does again */
	DO_MTU,		     /* number */
	DO_UP,		     /* switch on */
	DO_DOWN,	     /* switch off */
	DO_FORGET,	     /* tracked connections of addr */
	DO_NEIGHBOUR_SET,    /* addr, mac */
	DO_NEIGHBOUR_DELETE, /* addr */
	DO_ADDR_SET,	     /* addr, number: prefix length */
	DO_ADDR_DELETE,
	DO_ROUTE_SET, /* route */
	DO_ROUTE_DELETE,
	DO_CONNECTED,	 /* hotplug-status "connected" */
	DO_FAILED,	 /* hotplug-error, hotplug-status "error" */
	DO_DISCONNECTED, /* no hotplug-status */
	VIF_ACTIONS
};

struct vif_action {
	enum vif_action_kind kind;
	struct addr addr;
	struct mac mac;
	uint32_t number;
	struct route route;
	const char *value;
	char text[96];
};

struct vif_plan {
	char link[LINK_NAME_MAX];
	struct vif_action *actions; /* malloc'd; vif_plan_dispose() */
	size_t count, space;
	struct guard guard; /* of DO_GUARD */
	char fault[NETVM_WORDS_MAX];
	bool out_of_memory; /* some action is missing: the plan must not be run */
};

/*
 * Looks for reasons why `w` cannot be served as it stands (no address, no MAC, an address that is
 * ours or held by another vif), which only `a` shows. Returns 0, or -EINVAL, -EADDRINUSE, -ENODEV
 * with the sentence; the caller then makes it VIF_FAULTY.
 */
int vif_check(const struct vif_wanted *w, const struct vif_actual *a, struct err *e);

/* `p` is overwritten. */
void vif_plan_make(struct vif_plan *p, const struct vif_wanted *w, const struct vif_actual *a);
void vif_plan_dispose(struct vif_plan *p); /* may be repeated */

/* One line in words, without a newline: "vif5.0: route to 10.137.0.7/32". */
void vif_action_print(const struct vif_plan *p, const struct vif_action *action, FILE *out);

/* What of /proc/sys a vif is held to. The number of entries goes to `*count`. */
struct vif_sysctl {
	const char *format; /* path with "%s" for the link, or none */
	const char *value;  /* on an open vif */
	enum { SYSCTL_ALWAYS, SYSCTL_WITH_IP6, SYSCTL_WITHOUT_IP6 } when;
};
const struct vif_sysctl *vif_sysctls(size_t *count);
const char *vif_sysctl_name(const struct vif_sysctl *s, const char *link, char buf[96]);

/* Whether a plan does more than see to the rules and say that all is well. */
bool vif_plan_changes(const struct vif_plan *p);

#endif
