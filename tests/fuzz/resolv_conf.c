/*
 * resolv.conf with any bytes: what is taken is an address that another host can hold, each once,
 * and the rules that it leads to are of a fixed shape, whatever was in the file.
 *
 * sources: backend/resolvers.c backend/resolvers_plan.c backend/ruleset.c backend/uplink_names.c
 * sources: backend/ruleset_iptables.c backend/ruleset_iptables_change.c
 * sources: xenstore-schema/exposure.c xenstore-schema/names.c
 * sources: backend/policy_iptables.c backend/iptables_made.c
 * sources: backend/limits.c backend/limits_iptables.c
 * sources: backend/policy_decide.c backend/policy_special.c xenstore-schema/policy.c
 * sources: xenstore-schema/policy_words.c backend/ruleset_iptables_parse.c
 * sources: backend/policy_hits.c common/addr.c common/clock.c common/err.c common/file.c
 * sources: common/text.c
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "backend/resolvers_plan.h"
#include "backend/ruleset_iptables.h"
#include "tests/fuzz/fuzz.h"

static void list_check(const struct addr *list, size_t count, int family)
{
	HOLDS(count <= RULESET_RESOLVERS_MAX);
	for (size_t i = 0; i < count; i++) {
		HOLDS(list[i].family == family && addr_is_unicast(&list[i]));
		HOLDS(!addr_is_loopback(&list[i]) && !addr_is_linklocal(&list[i]));
		for (size_t k = 0; k < i; k++)
			HOLDS(!addr_equal(&list[i], &list[k]));
	}
}

/* What the forwarder is told to ask: loopback but no stub, or link-local by a link whose name has
 * no meaning of its own there. */
static void near_check(const struct resolvers *r)
{
	HOLDS(r->near_count <= RULESET_RESOLVERS_MAX);
	for (size_t i = 0; i < r->near_count; i++) {
		const struct resolver_near *n = &r->near[i];

		HOLDS(strspn(n->link, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789-_.") == strlen(n->link));
		HOLDS(n->link[0] ? addr_is_linklocal(&n->addr) : addr_is_loopback(&n->addr));
		HOLDS(memcmp(n->addr.bytes, "\177\0\0\65", 4) != 0);
	}
}

/* Nothing but the alphabet of our own rules comes out. */
static void rules_check(const struct ruleset *r, int family)
{
	struct iptables_rules rules;
	struct err e = ERR_NONE;
	char *text;
	const struct iptables_rules none = { .kind = IPTABLES_UNKNOWN };

	HOLDS(iptables_rules_render(r, family, &rules, &e) == 0);
	HOLDS(iptables_rules_change(&none, &rules, false, &text, &e) == 0);
	HOLDS(strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			   "0123456789 -_.,:!*/[]\n") == strlen(text));
	free(text);
	iptables_rules_free(&rules);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ruleset set = { .group = 30830, .mark = RULESET_MARK };
	char *text = malloc(size + 1);
	struct resolvers_facts facts = { .above_all = size % 2, .named = size % 5 == 0 };
	struct resolvers_refused refused = { .loops = "" };
	struct forward forward;
	struct resolvers r;

	HOLDS(text);
	memcpy(text, data, size);
	text[size] = '\0';
	resolvers_parse(text, &r);
	free(text);
	near_check(&r);
	list_check(r.ip4, r.count4, AF_INET);
	list_check(r.ip6, r.count6, AF_INET6);
	addr_parse("10.139.1.1", &set.ip4.dns[0]);
	addr_parse("2001:db8::53", &set.ip6.dns[0]);
	for (size_t i = 0; i < RULESET_RESOLVERS_MAX; i++) {
		facts.where4[i] = (size + i) % 3;
		facts.where6[i] = (size / 3 + i) % 3;
	}
	resolvers_plan(&r, &facts, &set, &forward, &refused);
	HOLDS(strnlen(refused.loops, sizeof(refused.loops)) < sizeof(refused.loops));
	HOLDS(strnlen(refused.aside, sizeof(refused.aside)) < sizeof(refused.aside));
	HOLDS(!forward.ip4 || !set.ip4.resolver_count);
	HOLDS(!forward.ip6 || !set.ip6.resolver_count);
	HOLDS(!forward.ask_count == !(forward.ip4 || forward.ip6));
	rules_check(&set, AF_INET);
	rules_check(&set, AF_INET6);
	return 0;
}
