/*
 * policy_hits: how many packets each rule of each guest's policy decided about.
 *
 * Pure. While a ruleset is rendered the engine tells which rule each counting rule of a chain
 * stands for (ruleset_see); afterwards what the kernel counted is handed in, chain by chain and in
 * the order of the rules, and summed up for each rule of a policy. It must not know packet filters.
 */
#ifndef NETVM_POLICY_HITS_H
#define NETVM_POLICY_HITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/ruleset.h"
#include "common/err.h"

struct policy_hits_chain {
	char *name;
	size_t guest, count, next; /* `next`: the rule whose count comes next */
	size_t *rules;
};

struct policy_hits {
	uint64_t **counts; /* of each guest: one a rule, and the last of what none decided */
	size_t guest_count;
	struct policy_hits_chain *chains;
	size_t chain_count, chain_space;
	bool sorted, surplus, out_of_memory;
};

/* Zeroes, for each guest of `r`. -ENOMEM. Valid for policy_hits_dispose() in any case. */
int policy_hits_make(const struct ruleset *r, struct policy_hits *out, struct err *e);
void policy_hits_dispose(struct policy_hits *h); /* may be repeated */

/* A ruleset_see; `arg` is the struct policy_hits. */
void policy_hits_see(void *arg, const char *chain, size_t guest, const size_t *rules, size_t count);

/* The next counting rule of `chain` counted so many packets. Chains of others are passed over. */
void policy_hits_count(struct policy_hits *h, const char *chain, uint64_t packets);

/* Every chain has been counted to its end, and no further: 0 and the chains are forgotten, so that
 * others can be seen. -EAGAIN: the kernel has other rules than those; -ENOMEM. */
int policy_hits_end(struct policy_hits *h, struct err *e);

#endif
