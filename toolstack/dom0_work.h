/*
 * dom0_work: looks at what there is of dom0's network, and does its steps (dom0_plan.h).
 *
 * Each step may be done again where it was cut off. It must not know the registry, nor who is
 * allowed, nor when what is done.
 */
#ifndef NETVM_DOM0_WORK_H
#define NETVM_DOM0_WORK_H

#include "common/err.h"
#include "common/netlink.h"
#include "toolstack/dom0_plan.h"
#include "xenstore-schema/store.h"

struct dom0_work {
	const char *sysfs;
	struct store *store;
	struct netlink *nl;
	struct client client;	   /* PUBLISH: what the network domain is told; its rules are not
				      owned */
	struct xen_domain *domain; /* of the last look; malloc'd */
};

/* -ENOTCONN: no xenstored. dom0_work_close() in any case. */
int dom0_work_open(struct dom0_work *w, const char *sysfs, struct err *e);
void dom0_work_close(struct dom0_work *w); /* may be repeated */

/* What is, of what the record speaks of. `out` points into `w`. */
int dom0_work_look(struct dom0_work *w, const struct dom0_record *r, struct dom0_situation *out,
	struct err *e);

/* The lowest number that no vif of dom0 has. */
int dom0_work_devid(uint32_t *devid, struct err *e);

int dom0_work_do(
	struct dom0_work *w, const struct dom0_record *r, const struct dom0_step *s, struct err *e);

#endif
