/*
 * flows: ends the tracked connections that the rules of this moment would not let begin.
 *
 * Packet filters ask their rules about a connection's first packet only. So whenever rules have
 * changed, the connections of guests are held against the same model: one that policy turns away
 * now ends, and so does a DNS flow to what is no longer the real resolver; all others go on.
 *
 * What was led to a guest from outside ends where the guest does not expose that port to where it
 * comes from now. In a managed domain that holds for whoever led it there, for dom0 says what
 * reaches a guest. So does what came to a guest's own IPv6 address, where that is not of a routed
 * subnet or the port is not exposed; but for what this domain itself opened.
 *
 * What a guest opened outwards by IPv6 ends where it leaves with another source than it would now,
 * the guest's own or that of the uplink.
 *
 * A question that is under way to the resolver before would be lost with its flow, and who asked it
 * would wait for seconds. So such a flow stays until the answer has come, or some seconds have
 * passed. It must not know packet filters.
 */
#ifndef NETVM_FLOWS_H
#define NETVM_FLOWS_H

#include <stdbool.h>

#include "backend/ruleset.h"
#include "common/err.h"
#include "common/netlink.h"

/* Pure: whether it was led to a guest from outside, and would not be now. `answers`: whose address
 * f->answers is, `from`: whose f->src is; NULL: no guest's. */
bool flow_is_closed(const struct ruleset *r, const struct ruleset_guest *answers,
	const struct ruleset_guest *from, const struct flow *f);

/* Pure: whether it has its source translated, or not, against what would be done now; of a flow
 * that a guest opened outwards. */
bool flow_is_mistranslated(const struct ruleset *r, const struct flow *f);

/* Pure: whether the connection must end. `guest`: whose address f->src is, NULL: no guest's;
 * `to_guest`: f->dst is another's. */
bool flow_must_end(const struct ruleset *r, const struct ruleset_guest *guest, bool to_guest,
	const struct flow *f);

/* Pure: whether it is a flow of DNS that must end only because the real resolver is another one
 * now, and an answer may still be on its way. */
bool flow_may_wait(const struct ruleset *r, const struct ruleset_guest *guest, bool to_guest,
	const struct flow *f);

/* Seconds after a change of the resolvers in which flows may wait. */
#define FLOWS_PATIENCE 2.0

/* Ends those of them that the kernel tracks and that may not wait; so flows_settle_rest() must
 * follow. -EOPNOTSUPP as conntrack_end(). */
int flows_settle(struct netlink *nl, const struct ruleset *r, struct err *e);

/* As that; `patient`: flows may wait, and `*waiting` says whether some do. Else all end. */
int flows_settle_rest(
	struct netlink *nl, const struct ruleset *r, bool patient, bool *waiting, struct err *e);

#endif
