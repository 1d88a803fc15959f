/* vif_apply: runs the actions of a plan. */
#ifndef NETVM_VIF_APPLY_H
#define NETVM_VIF_APPLY_H

#include "backend/vif_plan.h"
#include "xenstore-schema/store.h"

struct vif_tools {
	struct netlink *nl;
	struct store *store;
	uint32_t backend; /* whose backend directory: SCHEMA_SELF or a domid */
	/* DO_RULES: makes the packet filter's rules stand, the guest's own among them; `ip6`: it
	 * has IPv6. */
	int (*rules_stand)(void *arg, const struct vif_wanted *w, bool ip6, struct err *e);
	void *arg;
};

/*
 * Runs `p` on the vif that `w` and `a` are about. Opening stops at the first failure and returns
 * it; the caller then closes the vif. Closing goes on behind a failure, so that all goes that can
 * go, and returns the first one; a link that went away meanwhile is what closing wants.
 */
int vif_apply(const struct vif_tools *t, const struct vif_plan *p, const struct vif_wanted *w,
	const struct vif_actual *a, struct err *e);

#endif
