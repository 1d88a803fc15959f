/*
 * A registry and a Xen host in memory, for tests of netvmd's planner: domains come and go, and what
 * a plan asks for is done as libxl and xenstore do it.
 */
#ifndef NETVM_TESTS_NETVMD_WORLD_H
#define NETVM_TESTS_NETVMD_WORLD_H

#include "toolstack/netvmd_plan.h"

#define WORLD_MAX 16 /* domains, and whatever a domain has */

struct world {
	struct registry registry;
	struct registry_domain wanted[WORLD_MAX];
	struct netvmd_actual actual;
	struct netvmd_domain now[WORLD_MAX];
	uint32_t next_domid;
};

/* An empty registry with Debian-like defaults, a host with dom0 alone. */
void world_init(struct world *w);
void world_dispose(struct world *w);

/* net serves work; both run, net is ready; idle and vpn are in the registry and do not run. Nothing
 * is published yet. */
void world_of_net_and_work(struct world *w);

/* A domain in the registry, with address 10.137.0.<number>. `netvm`: NULL for none. Names must be
 * given in ascending order. world_resolve() when all are there, and after each change. */
struct registry_domain *world_want(
	struct world *w, const char *name, int number, const char *netvm, bool provides);
struct registry_domain *world_wanted(struct world *w, const char *name);
void world_netvm(struct registry_domain *d, const char *netvm);
void world_resolve(struct world *w);

/* A domain starts, or is destroyed with all that stands below its home. */
struct netvmd_domain *world_start(struct world *w, const char *name);
void world_destroy(struct world *w, struct netvmd_domain *d);
struct netvmd_domain *world_running(struct world *w, const char *name); /* NULL: does not run */

/* As xl does from a vif line. */
struct netvmd_vif *world_vif(struct world *w, struct netvmd_domain *guest, uint32_t devid,
	uint32_t backend, uint8_t mac_end);

/* Does one action. */
void world_do(struct world *w, const struct netvmd_action *a);
/* Plans; the actions' words, each in a line. Does them all if `act`. `*plan` may be NULL. */
const char *world_plan(struct world *w, bool act, struct netvmd_plan *plan);

/* Until everything is as wanted, in eight plans at most. */
void world_settle(struct world *w);

/* What `actual` has of a domain. */
const struct netvmd_client *world_client(
	struct world *w, const char *provider, const char *guest, uint32_t devid);

#endif
