/*
 * policy_iptables: guests' policies as chains and sets of iptables, named after what they hold.
 *
 * Pure. A chain's name is a digest of its rules, a set's of its addresses, and a chain that leads
 * to others names them; so what a chain means, down to the last address, is in its name. What is
 * wanted and what stands are compared by names alone, and a change of one rule makes anew the block
 * it is in, what leads there, and nothing else.
 *
 * From the top: the guest is found by its source address in a tree of chains, sixteen rules a
 * level, and its vif must be the one that the packet came by; its own chain holds the verdicts on
 * DNS (policy decides on what the guest sent, here the destination is a real resolver already),
 * then its rules, in blocks where they are many, then what no rule decides. Only ruleset_iptables.c
 * uses this.
 *
 * For packets to other guests there is a second tree, of the guests that have a rule for them, with
 * the rules that count there alone (policy_decide.h).
 */
#ifndef NETVM_POLICY_IPTABLES_H
#define NETVM_POLICY_IPTABLES_H

#include "backend/iptables_made.h"
#include "backend/ruleset.h"

/* The chains to begin with. */
struct policy_iptables_tops {
	char outside[IPTABLES_MADE_NAME]; /* "": no guest has an address of that family */
	char guests[IPTABLES_MADE_NAME];  /* for packets to other guests; "": nobody may send any */
};

/* Chains and sets of one family (AF_INET or AF_INET6). -ENOMEM. Valid for iptables_mades_free() in
 * any case. */
int policy_iptables_render(const struct ruleset *r, int family, struct iptables_mades *chains,
	struct iptables_mades *sets, struct policy_iptables_tops *tops);

/* The same, and tells `see` (may be NULL) what the rules of guests' chains stand for. */
int policy_iptables_render_seen(const struct ruleset *r, int family, struct iptables_mades *chains,
	struct iptables_mades *sets, struct policy_iptables_tops *tops, ruleset_see see, void *arg);

#endif
