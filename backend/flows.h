/*
 * flows: ends the tracked connections that the rules of this moment would not let begin.
 *
 * Packet filters ask their rules about a connection's first packet only. So whenever rules have
 * changed, the connections of guests are held against the same model: one that policy turns away
 * now ends, and so does a DNS flow to what is no longer the real resolver; all others go on. It
 * must not know packet filters.
 */
#ifndef NETVM_FLOWS_H
#define NETVM_FLOWS_H

#include <stdbool.h>

#include "backend/ruleset.h"
#include "common/err.h"
#include "common/netlink.h"

/* Pure: whether the connection must end. `guest`: whose address f->src is, NULL: no guest's;
 * `to_guest`: f->dst is another's. */
bool flow_must_end(const struct ruleset *r, const struct ruleset_guest *guest, bool to_guest,
	const struct flow *f);

/* Ends those of them that the kernel tracks. -EOPNOTSUPP as conntrack_end(). */
int flows_settle(struct netlink *nl, const struct ruleset *r, struct err *e);

#endif
