/*
 * netvm_rules: the rules of a domain and its policy as lines that can be changed, and as the text
 * of a file that people keep and edit: a rule a line, the policy as "policy=accept", "policy=drop"
 * or "policy=default"; empty lines and those that begin with '#' mean nothing.
 *
 * It must not know verbs, nor where a text comes from.
 */
#ifndef NETVM_NETVM_RULES_H
#define NETVM_NETVM_RULES_H

#include <stdio.h>

#include "toolstack/netvm.h"

enum rules_policy { RULES_POLICY_UNSAID, RULES_POLICY_DEFAULT, RULES_POLICY_GIVEN };

struct rules {
	char **line; /* malloc'd, as each of them */
	size_t count;
	enum rules_policy said;
	enum policy_verdict policy; /* RULES_POLICY_GIVEN */
};

/* Those of a domain that is in order. -ENOMEM. rules_dispose() in any case, as below. */
int rules_of(const struct registry_domain *d, struct rules *out, struct err *e);
/* From a text. -EINVAL: what is neither a rule nor a policy, as "NAME:LINE: ...". -ENOMEM. */
int rules_parse(const char *name, const char *text, struct rules *out, struct err *e);
/* As a text that rules_parse() takes, with a comment that says what it is, of domain `name`. */
void rules_print(FILE *out, const char *name, const struct rules *r);
/* Whether both are the same, letter by letter. */
bool rules_equal(const struct rules *a, const struct rules *b);

/* In front of line `at` (from 0; `count`: as the last). -ENOMEM. */
int rules_insert(struct rules *r, size_t at, const char *rule, struct err *e);
void rules_delete(struct rules *r, size_t at);
/* "accept", "drop" or "default" into `said` and `policy`. -EINVAL: another word. */
int rules_policy_parse(struct rules *r, const char *word);

/*
 * What is to be done to a domain's file for it to hold them (and the policy, if one is said).
 * `policy`: room for a word, which the changes point to, as they do to `r`. Returns how many.
 */
size_t rules_changes(
	const struct rules *r, const char **policy, struct registry_change out[NETVM_DECIDED_MAX]);

void rules_dispose(struct rules *r); /* may be repeated */

#endif
