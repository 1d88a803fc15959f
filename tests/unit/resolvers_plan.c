/* What the virtual resolvers lead to, in every situation of the uplink. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "backend/resolvers_plan.h"

static struct ruleset set;
static struct resolvers_facts facts;
static struct forward forward;
static struct resolvers_refused refused;

/* A network domain with virtual resolvers of both families, and this resolv.conf. */
static void begin(void)
{
	set = (struct ruleset){ .group = 1 };
	facts = (struct resolvers_facts){ .above_count = 0 };
	addr_parse("10.137.0.1", &set.ip4.gateway);
	addr_parse("10.139.1.1", &set.ip4.dns[0]);
	addr_parse("10.139.1.2", &set.ip4.dns[1]);
	addr_parse("2001:db8:139::1", &set.ip6.dns[0]);
	addr_parse("10.139.1.53", &facts.forwarder[0]);
	addr_parse("2001:db8:139::53", &facts.forwarder[1]);
}

static void plan(const char *const list[])
{
	char text[1024] = "";
	struct resolvers r;

	for (; *list; list++)
		sprintf(text + strlen(text), "nameserver %s\n", *list);
	resolvers_parse(text, &r);
	resolvers_plan(&r, &facts, &set, &forward, &refused);
}

#define PLAN(...) plan((const char *const[]){ __VA_ARGS__, NULL })

/* What DNS1 and DNS2 of a family lead to without a forwarder, and what a forwarder asks. */
static const char *leads(const struct ruleset_family *f, unsigned int which)
{
	static char text[ADDR_TEXT_MAX];
	const struct addr *a = ruleset_target(f, which);

	return a ? addr_print(a, text) : "nothing";
}

static const char *asks(size_t i)
{
	static char text[ADDR_TEXT_MAX];

	return i < forward.ask_count ? addr_print(&forward.ask[i].addr, text) : "nothing";
}

static void with_one_resolver_both_virtual_ones_lead_to_it(void **state)
{
	(void)state;
	begin();
	PLAN("192.0.2.1", "2001:db8::1");
	assert_string_equal(leads(&set.ip4, 0), "192.0.2.1");
	assert_string_equal(leads(&set.ip4, 1), "192.0.2.1");
	assert_string_equal(leads(&set.ip6, 0), "2001:db8::1");
	assert_int_equal(forward.ask_count, 0);
}

static void of_five_the_first_two_are_taken(void **state)
{
	(void)state;
	begin();
	PLAN("192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5", "2001:db8::1");
	assert_string_equal(leads(&set.ip4, 0), "192.0.2.1");
	assert_string_equal(leads(&set.ip4, 1), "192.0.2.2");
	assert_int_equal(forward.ask_count, 0);
}

static void a_family_without_a_resolver_is_forwarded_to_the_other(void **state)
{
	(void)state;
	begin();
	PLAN("2001:db8::1", "2001:db8::2");
	assert_true(forward.ip4);
	assert_false(forward.ip6);
	assert_int_equal(forward.ask_count, 2);
	assert_string_equal(asks(0), "2001:db8::1");
	assert_string_equal(asks(1), "2001:db8::2");
	assert_string_equal(leads(&set.ip6, 0), "2001:db8::1");
	begin();
	PLAN("192.0.2.1");
	assert_true(forward.ip6);
	assert_false(forward.ip4);
	assert_string_equal(asks(0), "192.0.2.1");
}

static void a_family_without_virtual_resolvers_needs_no_forwarder(void **state)
{
	(void)state;
	begin();
	memset(set.ip6.dns, 0, sizeof(set.ip6.dns));
	PLAN("192.0.2.1");
	assert_false(forward.ip4 || forward.ip6);
	assert_int_equal(forward.ask_count, 0);
}

static void what_only_this_domain_can_ask_is_asked_when_there_is_nobody_else(void **state)
{
	(void)state;
	begin();
	PLAN("127.0.0.1", "fe80::1%eth0");
	assert_true(forward.ip4 && forward.ip6);
	assert_int_equal(forward.ask_count, 2);
	assert_string_equal(asks(0), "127.0.0.1");
	assert_string_equal(asks(1), "fe80::1");
	assert_string_equal(forward.ask[1].link, "eth0");
	begin();
	facts.where4[0] = RESOLVER_HERE;
	PLAN("192.0.2.1");
	assert_string_equal(leads(&set.ip4, 0), "nothing");
	assert_string_equal(asks(0), "192.0.2.1");
	begin();
	PLAN("127.0.0.1", "2001:db8::1");
	assert_int_equal(forward.ask_count, 1);
	assert_string_equal(asks(0), "2001:db8::1");
}

static void nothing_to_ask_is_nothing_to_forward(void **state)
{
	(void)state;
	begin();
	PLAN("127.0.0.53");
	assert_int_equal(forward.ask_count, 0);
	assert_false(forward.ip4 || forward.ip6);
	assert_string_equal(refused.loops, "");
}

static void what_leads_back_here_is_refused_and_said(void **state)
{
	static const struct {
		const char *resolver, *words;
		enum resolver_where where;
	} loop[] = {
		{ "10.139.1.1", "10.139.1.1 is a virtual resolver", RESOLVER_AWAY },
		{ "10.139.1.2", "10.139.1.2 is a virtual resolver", RESOLVER_AWAY },
		{ "10.137.0.1", "10.137.0.1 is this domain as guests' gateway", RESOLVER_HERE },
		{ "10.139.1.53", "10.139.1.53 is this domain's forwarder", RESOLVER_HERE },
		{ "10.137.0.5", "10.137.0.5 is a guest", RESOLVER_BEHIND_GUEST },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(loop) / sizeof(loop[0]); i++) {
		begin();
		facts.where4[0] = loop[i].where;
		PLAN(loop[i].resolver, "192.0.2.2");
		assert_string_equal(refused.loops, loop[i].words);
		assert_string_equal(leads(&set.ip4, 0), "192.0.2.2");
		begin();
		facts.where4[0] = loop[i].where;
		PLAN(loop[i].resolver);
		assert_string_equal(leads(&set.ip4, 0), "nothing");
		assert_int_equal(forward.ask_count, 0);
	}
	begin();
	PLAN("2001:db8:139::1");
	assert_string_equal(refused.loops, "2001:db8:139::1 is a virtual resolver");
}

static void each_loop_is_said_as_long_as_there_is_room(void **state)
{
	(void)state;
	begin();
	PLAN("10.139.1.1", "10.139.1.2", "2001:db8:139::1", "10.137.0.1", "10.139.1.53",
		"2001:db8:139::53");
	assert_non_null(strstr(refused.loops, "10.139.1.1 is a virtual resolver, 10.139.1.2 is"));
	assert_true(strlen(refused.loops) < sizeof(refused.loops));
}

static void in_a_chain_the_virtual_resolvers_of_the_domain_above_are_real(void **state)
{
	(void)state;
	begin();
	addr_parse("10.139.1.2", &facts.above[0]);
	facts.above_count = 1;
	PLAN("10.139.1.1", "10.139.1.2");
	assert_string_equal(leads(&set.ip4, 0), "10.139.1.2");
	assert_string_equal(refused.loops, "10.139.1.1 is a virtual resolver");
	begin();
	facts.above_all = true;
	PLAN("10.139.1.1", "10.139.1.2");
	assert_string_equal(leads(&set.ip4, 0), "10.139.1.1");
	assert_string_equal(leads(&set.ip4, 1), "10.139.1.2");
	assert_string_equal(refused.loops, "");
	/* Not where it is our own address: that is no domain above. */
	begin();
	facts.above_all = true;
	facts.where4[0] = RESOLVER_HERE;
	PLAN("10.139.1.1");
	assert_string_equal(leads(&set.ip4, 0), "nothing");
	assert_int_equal(forward.ask_count, 0);
}

static void one_that_no_uplink_leads_to_is_refused(void **state)
{
	(void)state;
	begin();
	facts.where4[0] = RESOLVER_ASIDE;
	PLAN("192.0.2.1", "192.0.2.2");
	assert_string_equal(leads(&set.ip4, 0), "192.0.2.2");
	assert_string_equal(leads(&set.ip4, 1), "192.0.2.2");
	assert_string_equal(refused.aside, "192.0.2.1");
	assert_string_equal(refused.loops, "");
}

static void where_uplinks_are_named_the_forwarder_is_bound_to_the_one_that_leads_there(void **state)
{
	(void)state;
	begin();
	facts.named = true;
	set.uplinks = (struct uplink_names){ { "wg*" }, 1 };
	facts.where4[0] = RESOLVER_ASIDE;
	strcpy(facts.link4[1], "wg0");
	PLAN("192.0.2.1", "192.0.2.2");
	assert_true(forward.ip6);
	assert_int_equal(forward.ask_count, 1);
	assert_string_equal(asks(0), "192.0.2.2");
	assert_string_equal(forward.ask[0].link, "wg0");
}

static void where_uplinks_are_named_nobody_in_this_domain_is_asked(void **state)
{
	(void)state;
	begin();
	facts.named = true;
	set.uplinks = (struct uplink_names){ { "wg*" }, 1 };
	facts.where4[0] = RESOLVER_HERE;
	PLAN("198.51.100.2", "127.0.0.1", "fe80::1%eth0");
	assert_int_equal(forward.ask_count, 0);
	assert_string_equal(refused.aside, "127.0.0.1, fe80::1, 198.51.100.2");
	PLAN("fe80::1%wg0");
	assert_int_equal(forward.ask_count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(with_one_resolver_both_virtual_ones_lead_to_it),
		cmocka_unit_test(of_five_the_first_two_are_taken),
		cmocka_unit_test(a_family_without_a_resolver_is_forwarded_to_the_other),
		cmocka_unit_test(a_family_without_virtual_resolvers_needs_no_forwarder),
		cmocka_unit_test(what_only_this_domain_can_ask_is_asked_when_there_is_nobody_else),
		cmocka_unit_test(nothing_to_ask_is_nothing_to_forward),
		cmocka_unit_test(what_leads_back_here_is_refused_and_said),
		cmocka_unit_test(each_loop_is_said_as_long_as_there_is_room),
		cmocka_unit_test(in_a_chain_the_virtual_resolvers_of_the_domain_above_are_real),
		cmocka_unit_test(one_that_no_uplink_leads_to_is_refused),
		cmocka_unit_test(
			where_uplinks_are_named_the_forwarder_is_bound_to_the_one_that_leads_there),
		cmocka_unit_test(where_uplinks_are_named_nobody_in_this_domain_is_asked),
	};

	return cmocka_run_group_tests_name("resolvers_plan", tests, NULL, NULL);
}
