/*
 * ruleset_guests: the guests of a ruleset, as dom0's client entries have them.
 *
 * A guest of which dom0's `generation` is the same is not read again. Must not know anything else
 * of a ruleset (ruleset_source.h).
 */
#ifndef NETVM_RULESET_GUESTS_H
#define NETVM_RULESET_GUESTS_H

#include "backend/ruleset.h"
#include "xenstore-schema/schema.h"

/*
 * Moves the guests of `before` to `r`, and reads those that are other than then (r->now counts);
 * `changed` (NULL: all): only these may be. Those get before's serial + 1. `*other`: whether there
 * was any such, or one went. r->expiry is right for those that were read as well where `changed` is
 * not NULL. A negative errno: xenstore could not be asked; both are fit to be disposed of.
 */
int ruleset_guests_read(struct store *store, const struct domids *changed, struct ruleset *before,
	struct ruleset *r, bool *other, struct err *e);

#endif
