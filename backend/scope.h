/*
 * scope: what a pass has to look at: everything, or the vifs of some guests.
 *
 * What happened to one guest's vif or entry concerns no other guest's; of everything else that
 * happens it is not known whom it concerns. So with many guests one more costs no more than the
 * first. Rules, uplinks and resolvers are looked at by every pass. Must not know passes.
 */
#ifndef NETVM_SCOPE_H
#define NETVM_SCOPE_H

#include <stdbool.h>

#include "xenstore-schema/schema.h"

struct scope {
	bool all;
	struct domids guests; /* where it is not all */
};

void scope_add_all(struct scope *s);
void scope_add_guest(struct scope *s, uint32_t domid); /* too many are all */
void scope_add(struct scope *s, const struct scope *more);
void scope_add_event(struct scope *s, const char *path); /* of xenstore */
void scope_add_link(struct scope *s, const char *name);	 /* something happened to that link */

/* NULL: all. */
const struct domids *scope_guests(const struct scope *s);

#endif
