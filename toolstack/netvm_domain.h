/* netvm_domain: one domain of the registry in words and in JSON, for the verbs that show domains.
 */
#ifndef NETVM_NETVM_DOMAIN_H
#define NETVM_NETVM_DOMAIN_H

#include <stddef.h>

#include "common/json.h"
#include "toolstack/registry.h"

#define DOMAIN_VALUE_MAX 4096

/*
 * The value of `key` that is in force, given or by default, as one text: lists are separated by
 * spaces (links, which have some, by commas), rules by line breaks, "" stands for none. `*given`
 * (may be NULL): it differs from what the domain would have without the key. It stands in `buf`, or
 * belongs to `d` (rules, which are of any length). NULL: there is no such key.
 */
const char *domain_value(
	const struct registry_domain *d, const char *key, char buf[DOMAIN_VALUE_MAX], bool *given);

/* All keys of `d`, typed, into the object that is open; only name and fault of one at fault. */
void domain_json(struct json *j, const struct registry_domain *d);

#endif
