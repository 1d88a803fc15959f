/*
 * Rulesets for the tests of backend/ruleset_nft.h, and what they are as nft's objects.
 */
#ifndef NETVM_TEST_RULESET_NFT_H
#define NETVM_TEST_RULESET_NFT_H

#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "backend/ruleset_nft.h"
#include "tests/unit/addrs.h"

/* A network domain that nobody manages, with one real resolver. */
static inline struct ruleset plain(void)
{
	struct ruleset r = { .group = 30830, .mark = RULESET_MARK };

	r.ip4.gateway = addr_of("10.137.0.1");
	r.ip4.dns[0] = addr_of("10.139.1.1");
	r.ip4.dns[1] = addr_of("10.139.1.2");
	r.ip4.resolvers[0] = addr_of("192.0.2.1");
	r.ip4.resolver_count = 1;
	return r;
}

/* A managed one with `count` guests, vif1.0 and so on, all with these rules. */
static inline struct ruleset managed(size_t count, const char *rules, enum policy_verdict otherwise)
{
	struct ruleset r = plain();
	struct err e = ERR_NONE;

	r.managed = true;
	r.now = 1000;
	r.guests = calloc(count, sizeof(*r.guests));
	assert_non_null(r.guests);
	for (size_t i = 0; i < count; i++) {
		struct ruleset_guest *g = &r.guests[r.guest_count++];
		char ip[ADDR_TEXT_MAX];

		snprintf(g->name, sizeof(g->name), "vif%zu.0", i + 1);
		snprintf(ip, sizeof(ip), "10.137.%zu.%zu", i / 250, i % 250 + 2);
		g->ip = addr_of(ip);
		g->ip6 = addr_of("2001:db8:137::2");
		g->ip6.bytes[15] = (uint8_t)(i + 2);
		assert_int_equal(policy_parse(rules, otherwise, &g->policy, &e), 0);
	}
	return r;
}

static inline struct nft_rules rendered(const struct ruleset *r)
{
	struct nft_rules rules;
	struct err e = ERR_NONE;

	assert_int_equal(nft_rules_render(r, &rules, &e), 0);
	return rules;
}

static inline const struct nft_object *object(const struct nft_rules *r, const char *name)
{
	for (size_t i = 0; i < r->count; i++)
		if (strcmp(r->objects[i].name, name) == 0)
			return &r->objects[i];
	return NULL;
}

static inline const char *body(const struct nft_rules *r, const char *name)
{
	const struct nft_object *o = object(r, name);

	if (!o)
		fail_msg("there is no %s", name);
	return o->body ? o->body : "";
}

/* Where the map's element of that key leads; NULL where there is none. */
static inline const char *leads(const struct nft_rules *r, const char *element)
{
	const struct nft_object *o = object(r, element);

	return o ? o->body : NULL;
}

#endif
