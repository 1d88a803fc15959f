/*
 * netvmd_index: finds among thousands of domains, and what is published for them, in the time that
 * a sorted list takes.
 *
 * Pure; of what netvmd_plan.h says is, as it is at one moment.
 */
#ifndef NETVM_NETVMD_INDEX_H
#define NETVM_NETVMD_INDEX_H

#include "toolstack/netvmd_plan.h"

struct netvmd_index {
	const struct netvmd_domain **running; /* ascending by name, then domid */
	size_t running_count;
	struct netvmd_index_client {
		const struct netvmd_domain *provider;
		const struct netvmd_client *client;
	} * client; /* ascending by provider, then guest */
	size_t client_count;
};

/* Points into `a`. -ENOMEM. netvmd_index_dispose() in any case. */
int netvmd_index_make(struct netvmd_index *x, const struct netvmd_actual *a);
void netvmd_index_dispose(struct netvmd_index *x);

/* The domain of that name that has not shut down; of two, the younger. NULL: there is none. */
const struct netvmd_domain *netvmd_index_running(const struct netvmd_index *x, const char *name);
/* What `provider`, a domain of `a`, is told of the guest's vif; NULL: nothing. */
const struct netvmd_client *netvmd_index_client(const struct netvmd_index *x,
	const struct netvmd_domain *provider, const struct vif_id *guest);

#endif
