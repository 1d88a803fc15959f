/*
 * ruleset_source: which rules are wanted at this moment.
 *
 * Puts the model of the packet filter together: settings, the real resolvers and the uplinks of
 * this domain, and, where dom0 manages it, the guests and their policies as dom0's client entries
 * have them, with what the names in those stand for (host_names.h, in `run_dir`). It must not know
 * vifs or packet filters.
 */
#ifndef NETVM_RULESET_SOURCE_H
#define NETVM_RULESET_SOURCE_H

#include "backend/resolvers_plan.h"
#include "backend/ruleset.h"
#include "backend/settings.h"
#include "common/err.h"
#include "common/netlink.h"
#include "xenstore-schema/store.h"

/* What there is to say besides the ruleset. */
struct ruleset_notes {
	struct forward forward; /* what a forwarder has to do; the ruleset is without it */
	struct resolvers_refused refused;
	struct uplinks uplinks; /* that are there */
};

/*
 * Reads into `r`, which holds what was read before, or is zeroed: a guest whose entry has the same
 * `generation` as then is not read again, and where `changed` is not NULL only the entries of these
 * guests are looked at, and the uplinks are taken to be as they were. Where nothing is other than
 * before its serial stays. A guest whose policy cannot be understood is there with one that drops
 * everything; one whose entry is unusable is left out, and so reaches nothing. (Who serves its vif
 * says why.) A negative errno: xenstore or the kernel could not be asked; `r` is then empty. The
 * caller owns `r`: ruleset_dispose().
 */
int ruleset_source_read(struct store *store, struct netlink *nl, const struct settings *settings,
	const char *run_dir, const struct domids *changed, struct ruleset *r,
	struct ruleset_notes *notes, struct err *e);

#endif
