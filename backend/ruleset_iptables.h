/*
 * ruleset_iptables: a ruleset in the words of iptables, both ways.
 *
 * Pure: from a ruleset to the rules of our chains, from the output of iptables-save to what stands
 * of them, and from "what stands" and "what is wanted" to the input of iptables-restore --noflush
 * that leads from one to the other. The only place that knows iptables' text. It runs nothing.
 *
 * Chains of ours, one a job, each reached by one unconditional jump that is the first rule of a
 * built-in chain; the user's two are called by ours, created where they are missing, and never
 * written to:
 *
 *   filter  netvm-input (INPUT), netvm-output (OUTPUT), netvm-forward (FORWARD), which calls
 *           netvm-uplinks, netvm-passed-on, netvm-policy, custom-input, custom-forward, and one for
 *           each part of guests' policies and limits (policy_iptables.h, limits_iptables.h), called
 *           netvm-DIGEST
 *   mangle  netvm-mark (PREROUTING), netvm-mss (FORWARD)
 *   nat     netvm-dns (PREROUTING), netvm-postrouting (POSTROUTING)
 */
#ifndef NETVM_RULESET_IPTABLES_H
#define NETVM_RULESET_IPTABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/policy_hits.h"
#include "backend/policy_iptables.h"
#include "backend/ruleset.h"
#include "common/err.h"

enum iptables_chain_id {
	CHAIN_INPUT,
	CHAIN_FORWARD,
	CHAIN_UPLINKS,
	CHAIN_PASSED_ON,
	CHAIN_OUTPUT,
	CHAIN_POLICY,
	CHAIN_CUSTOM_INPUT,
	CHAIN_CUSTOM_FORWARD,
	CHAIN_MARK,
	CHAIN_MSS,
	CHAIN_DNS,
	CHAIN_POSTROUTING,
	CHAIN_COUNT
};

struct iptables_chain {
	bool exists;
	char *rules;	  /* "-A CHAIN ...\n" lines, NULL: none */
	size_t count;	  /* of rules */
	char *references; /* rules of other programs' and built-in chains that lead here, as they
			     were printed */
	size_t jumps;	  /* the unconditional ones among them in the built-in chain of this one */
	bool first;	  /* the built-in chain begins with such a jump */
};

enum iptables_kind { IPTABLES_UNKNOWN, IPTABLES_NFT, IPTABLES_LEGACY };

/* Our part of the tables of one family. All zero: nothing of it stands. */
struct iptables_rules {
	struct iptables_chain chain[CHAIN_COUNT];
	struct iptables_mades made; /* chains of guests' policies */
	struct iptables_mades sets; /* that those need; never parsed */
	enum iptables_kind kind;    /* as the first line of iptables-save tells; unknown where there
				       were no tables */
};

/* What `r` means for a family (AF_INET or AF_INET6). -ENOMEM. `out` is valid for
 * iptables_rules_free() afterwards, also after a failure; so for the next. */
int iptables_rules_render(
	const struct ruleset *r, int family, struct iptables_rules *out, struct err *e);

/* Reads what iptables-save (without -c) printed. -EBADMSG with the line's number where it is not
 * that; -ENOMEM. */
int iptables_rules_parse(const char *saved, struct iptables_rules *out, struct err *e);

/* Hands to `out` what a line of iptables-save -c says that a rule counted; other lines, and other
 * chains than those, say nothing. */
void iptables_counter_read(const char *line, struct policy_hits *out);

/* The input of iptables-restore --noflush that makes `wanted` out of `now`; `*text` malloc'd. A
 * table in which nothing differs is left out. What `wanted` lacks is removed, the user's chains
 * only where they are empty and nobody else uses them. `trusted`: nobody but us wrote `now`, so
 * that a chain of a policy that is there is as its name says, and is left alone. -ENOMEM. */
int iptables_rules_change(const struct iptables_rules *now, const struct iptables_rules *wanted,
	bool trusted, char **text, struct err *e);

/* How many transactions such an input is: one a table that it changes. */
size_t iptables_rules_transactions(const char *text);

/* Whether `now`, as parsed, is what `wanted`, as rendered, leads to. Rules are counted, not
 * compared: iptables prints them in words of its own. */
bool iptables_rules_stand(const struct iptables_rules *now, const struct iptables_rules *wanted);

/* Whether nothing of ours is left. */
bool iptables_rules_absent(const struct iptables_rules *now);

/* A digest of all of our part, the user's rules left out. Equal text gives equal digests. */
uint64_t iptables_rules_digest(const struct iptables_rules *r);

void iptables_rules_free(struct iptables_rules *r); /* may be repeated */

#endif
