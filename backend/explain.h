/*
 * explain: what becomes of a packet of a guest, and which rule of which line says so; or of one
 * that comes for it from outside.
 *
 * Pure: the whole way of a packet through the model (ruleset.h), of which policy_decide.h is one
 * part. A packet that begins a connection is meant; those of connections that stand pass. What the
 * user's chains (custom-forward, custom-input) and other programs' rules say is not known here.
 */
#ifndef NETVM_EXPLAIN_H
#define NETVM_EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "backend/ruleset.h"
#include "common/err.h"

enum explain_cause {
	EXPLAIN_RULE,	     /* a rule of its policy */
	EXPLAIN_OTHERWISE,   /* what its policy says where no rule matches */
	EXPLAIN_UNMANAGED,   /* there are no policies here */
	EXPLAIN_NO_POLICY,   /* there are, and it has none */
	EXPLAIN_NO_ADDRESS,  /* the guest has no address of that family to send it from */
	EXPLAIN_GATEWAY,     /* a ping of the gateway, which answers */
	EXPLAIN_OWN,	     /* the network domain itself, which guests do not reach */
	EXPLAIN_GUEST,	     /* another guest, which no rule names */
	EXPLAIN_RESOLVER,    /* a virtual resolver, which takes nothing but DNS */
	EXPLAIN_NO_RESOLVER, /* DNS, and there is no real resolver */
	EXPLAIN_NOBODY,	     /* a routed subnet has it, and no guest */
	EXPLAIN_UPLINK,	     /* it would leave by a link that is no uplink */
	EXPLAIN_EXPOSED,     /* from outside, to a port that the guest exposes */
	EXPLAIN_NOT_EXPOSED, /* or does not */
	EXPLAIN_SOURCE,	     /* or does, but not to that address */
	EXPLAIN_CLOSED,	     /* its link is closed; explain() itself does not know that */
	EXPLAIN_CAUSES
};

/* What the kernel's routes say of a destination. */
enum explain_way {
	EXPLAIN_TO_OUTSIDE,
	EXPLAIN_TO_GUEST,
	EXPLAIN_TO_SELF,
	EXPLAIN_TO_NO_UPLINK, /* uplinks are named, and it is none of them */
};

struct explain_question {
	const struct ruleset_guest *guest; /* NULL: no policy of it is known */
	bool has_address;		   /* the guest has one of the packet's family */
	bool from_outside; /* it comes by an uplink to a port of ours, `dst` is where it is from */
	enum explain_way way;	     /* of one that the guest sends */
	struct policy_packet packet; /* `to_guest` is set from `way` */
};

struct explanation {
	enum policy_verdict verdict;
	enum explain_cause cause;
	const struct policy_rule *rule;	 /* EXPLAIN_RULE; the question's */
	const struct exposure *exposure; /* EXPLAIN_EXPOSED; the question's */
};

struct explanation explain(const struct ruleset *r, const struct explain_question *q);

/* One word for it, for programs: "rule", "otherwise", ... */
const char *explain_cause_name(enum explain_cause cause);
/* A sentence that goes on after "accepted: " or "dropped: "; for EXPLAIN_RULE, EXPLAIN_EXPOSED
 * and EXPLAIN_CLOSED what is known besides goes behind it. */
const char *explain_cause_words(enum explain_cause cause);

/*
 * A packet in words: "tcp ADDRESS PORT", "udp ADDRESS PORT", "icmp ADDRESS [TYPE]" (without one: a
 * ping), or "NUMBER ADDRESS" for another protocol. -EINVAL with what was expected.
 */
int explain_packet_parse(char *const words[], int count, struct policy_packet *out, struct err *e);
/* One from outside: "from ADDRESS tcp|udp PORT"; `dst` is where it comes from. */
int explain_outside_parse(char *const words[], int count, struct policy_packet *out, struct err *e);

#endif
