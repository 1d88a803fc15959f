/*
 * present: what is at this moment, beside what the registry wants, for the verbs that show or judge
 * it: what runs (libxl), how far each vif is and what network domains report (xenstore; their word,
 * no more), what keeps netvmd from what is wanted.
 *
 * What cannot be told is left out, with the reason. It must not decide anything.
 */
#ifndef NETVM_PRESENT_H
#define NETVM_PRESENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "toolstack/netvmd_obstacles.h"
#include "toolstack/xen.h"
#include "xenstore-schema/schema.h"
#include "xenstore-schema/store.h"

#define PRESENT_VIFS_MAX 8

struct present {
	struct xen_domain *domains;
	size_t count;
	struct store *store; /* NULL: does not answer */
	enum netvmd_life netvmd;
	struct netvmd_obstacles obstacles;
	struct netvmd_obstacles findings;	/* of the watchdog; none where it does not run */
	struct err no_xen, no_store, no_netvmd; /* code 0: it can be told */
};

/* present_close() afterwards in any case. */
void present_open(struct present *p);
void present_close(struct present *p);

struct present_vif {
	uint32_t devid;
	struct vif_frontend frontend;
	struct vif_backend backend;
	bool has_backend;
	struct client_report report; /* of the network domain about it */
};

struct present_domain {
	bool known, running; /* `known`: whether it runs can be told */
	uint32_t domid;
	struct present_vif vif[PRESENT_VIFS_MAX];
	size_t vifs;
	bool reports;
	struct netvm_report report; /* of a network domain about itself */
};

void present_domain_find(const struct present *p, const char *name, struct present_domain *out);

/* The name of a running domain; "dom0" for 0, "?" for one that does not run. */
const char *present_name(const struct present *p, uint32_t domid);

/* One word for a state of Xen's vif protocol. */
const char *present_state_word(enum xenbus_state s);

#endif
