/*
 * link_model: a model of the kernel for tests of link_plan.h: a link with addresses and routes on
 * which actions are played, with the kernel's own habits (routes go with the address they name, and
 * with the last IPv4 address; all of them go when the link goes off).
 */
#ifndef NETVM_TESTS_LINK_MODEL_H
#define NETVM_TESTS_LINK_MODEL_H

#include <stdbool.h>

#include "frontend-config/link_plan.h"

#define ETH0	  2
#define MODEL_MAX 32
#define FOREIGN	  4 /* RTPROT_STATIC */

/* The kernel, as far as it matters here. */
struct model {
	struct link link;
	struct link_addr addrs[MODEL_MAX];
	struct route routes[MODEL_MAX];
	size_t addr_count, route_count;
	int sysctl[LINK_SYSCTLS];
	struct link_notes notes;
};

struct addr A(const char *text);
/* What dom0 says of a guest that has everything. */
struct guest_link published(void);

/* A link as it is when it has just come. */
void model_init(struct model *m);
void model_addr_add(struct model *m, const char *text, uint8_t len);
void model_addr_delete(struct model *m, const struct addr *a);
struct link_actual actual_of(const struct model *m);
bool has_addr(const struct model *m, const char *text, uint8_t len);
/* NULL: there is none. */
const struct route *route_of(const struct model *m, const char *dst, uint32_t metric);
/* A route as others set it. */
struct route foreign_route(const char *dst, int ifindex, uint32_t metric);

/* One pass, as frontend.c makes it, that is killed after `most` actions. Returns how many the plan
 * had. */
size_t pass(struct model *m, const struct guest_link *wanted, size_t most);

#endif
