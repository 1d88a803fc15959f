/*
 * status: what stands in this domain, for netbackd --status.
 *
 * Read from xenstore and the kernel at this moment, whoever made it; nothing is changed, no lock is
 * needed, and it may run beside the daemon. What the daemon says of itself and of the vifs is its
 * report under data/netvm.
 */
#ifndef NETVM_STATUS_H
#define NETVM_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "backend/netback/counters.h"
#include "backend/service.h"
#include "common/err.h"
#include "common/link_offloads.h"

struct status_link {
	bool exists, up;
	struct link_counters counters;
	struct link_offloads offloads; /* towards the guest */
};

struct status_vif {
	struct vif_wanted wanted;
	char name[DOMAIN_NAME_MAX];	   /* the guest's; "": dom0 has not said it */
	struct status_link link, emulated; /* `emulated`: vifG.D-emu */
	pid_t netback;			   /* who moves its packets; 0: the kernel, or nobody */
	struct counters counters;	   /* of that process; hostile where it was broken into */
	struct client_report report;	   /* state "": the daemon has said nothing of it */
};

struct status {
	struct service *service;    /* with the rules of this moment */
	const char *packet_filter;  /* name of the engine that stands; NULL: none */
	struct netvm_report report; /* state "": no daemon has reported */
	struct policy_hits hits;    /* of service->ruleset; where `hits_fault` is not set */
	struct err hits_fault;
	struct status_vif *vifs;
	size_t count;
};

/* `out` is valid for status_dispose() in any case. */
int status_read(struct service *s, struct status *out, struct err *e);
void status_dispose(struct status *st);

/* On standard output. -EIO: it could not be written. */
int status_print(const struct status *st, bool json, struct err *e);

#endif
