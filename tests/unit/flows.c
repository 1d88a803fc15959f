/* Which connections end when the rules are others, and which wait for an answer first. */
#include "tests/unit/unit.h"

#include <netinet/in.h>

#include "backend/flows.h"

static struct ruleset set;

static struct flow question(const char *to, const char *answers)
{
	struct flow f = { .proto = IPPROTO_UDP, .port = 53 };

	addr_parse("10.137.0.5", &f.src);
	addr_parse(to, &f.dst);
	addr_parse(answers, &f.answers);
	return f;
}

static int begin(void **state)
{
	(void)state;
	set = (struct ruleset){ .group = 1 };
	addr_parse("10.139.1.1", &set.ip4.dns[0]);
	addr_parse("10.139.1.2", &set.ip4.dns[1]);
	addr_parse("192.0.2.1", &set.ip4.resolvers[0]);
	set.ip4.resolver_count = 1;
	return 0;
}

static void a_flow_to_the_real_resolver_goes_on(void **state)
{
	struct flow f = question("10.139.1.2", "192.0.2.1");

	(void)state;
	assert_false(flow_must_end(&set, NULL, false, &f));
	assert_false(flow_may_wait(&set, NULL, false, &f));
	f = question("198.51.100.1", "198.51.100.1");
	assert_false(flow_must_end(&set, NULL, false, &f));
}

static void a_question_under_way_to_the_resolver_before_waits_for_its_answer(void **state)
{
	struct flow f = question("10.139.1.1", "192.0.2.9");

	(void)state;
	f.counted = true;
	f.packets = 1;
	assert_true(flow_must_end(&set, NULL, false, &f));
	assert_true(flow_may_wait(&set, NULL, false, &f));
	f.packets = 3;
	f.replies = 2;
	assert_true(flow_may_wait(&set, NULL, false, &f));
	f.replies = 3;
	assert_true(flow_must_end(&set, NULL, false, &f));
	assert_false(flow_may_wait(&set, NULL, false, &f));
}

static void what_cannot_be_told_waits(void **state)
{
	struct flow f = question("10.139.1.1", "192.0.2.9");

	(void)state;
	assert_true(flow_may_wait(&set, NULL, false, &f)); /* not counted */
	f = (struct flow){ .proto = IPPROTO_TCP,
		.port = 53,
		.src = f.src,
		.dst = f.dst,
		.answers = f.answers,
		.counted = true,
		.packets = 3,
		.replies = 3 };
	assert_true(flow_may_wait(&set, NULL, false, &f));
}

static void other_ports_of_a_virtual_resolver_do_not_wait(void **state)
{
	struct flow f = question("10.139.1.1", "10.139.1.1");

	(void)state;
	f.port = 80;
	assert_true(flow_must_end(&set, NULL, false, &f));
	assert_false(flow_may_wait(&set, NULL, false, &f));
}

static void what_policy_turns_away_does_not_wait(void **state)
{
	struct ruleset_guest guest = { .policy = { .otherwise = POLICY_DROP } };
	struct flow f = question("10.139.1.1", "192.0.2.9");

	(void)state;
	set.managed = true;
	assert_true(flow_must_end(&set, &guest, false, &f));
	assert_false(flow_may_wait(&set, &guest, false, &f));
	guest.policy.otherwise = POLICY_ACCEPT;
	assert_true(flow_may_wait(&set, &guest, false, &f));
}

static void what_was_led_to_a_guest_ends_unless_that_port_is_exposed_now(void **state)
{
	struct ruleset_guest guest = { .policy = { .otherwise = POLICY_DROP } };
	struct exposure web = { .proto = IPPROTO_TCP, .port = 8080, .to = 80 };
	struct flow f = { .proto = IPPROTO_TCP, .port = 8080, .answers_port = 80 };

	(void)state;
	addr_parse("198.51.100.1", &f.src);
	addr_parse("198.51.100.2", &f.dst);
	addr_parse("10.137.0.5", &f.answers);
	assert_true(flow_is_closed(&set, &guest, NULL, &f));
	exposures_add(&guest.exposures, &web);
	assert_false(flow_is_closed(&set, &guest, NULL, &f));
	f.answers_port = 81;
	assert_true(flow_is_closed(&set, &guest, NULL, &f));
	f.answers_port = 80;
	f.proto = IPPROTO_UDP;
	assert_true(flow_is_closed(&set, &guest, NULL, &f));
	assert_false(flow_is_closed(&set, NULL, NULL, &f));
	f.dst = f.answers;
	assert_false(flow_is_closed(&set, &guest, NULL, &f));
}

static void what_comes_from_elsewhere_than_an_exposed_port_is_open_to_ends(void **state)
{
	struct ruleset_guest guest = { .policy = { .otherwise = POLICY_DROP } };
	struct exposure web;
	struct flow f = { .proto = IPPROTO_TCP, .port = 8080, .answers_port = 80 };

	(void)state;
	assert_int_equal(exposure_parse("tcp/8080:80@198.51.100.0/25", &web), 0);
	exposures_add(&guest.exposures, &web);
	addr_parse("198.51.100.127", &f.src);
	addr_parse("198.51.100.2", &f.dst);
	addr_parse("10.137.0.5", &f.answers);
	assert_false(flow_is_closed(&set, &guest, NULL, &f));
	addr_parse("198.51.100.128", &f.src);
	assert_true(flow_is_closed(&set, &guest, NULL, &f));
}

static struct flow straight(const char *from, const char *to)
{
	struct flow f = { .proto = IPPROTO_TCP, .port = 80, .answers_port = 80 };

	addr_parse(from, &f.src);
	addr_parse(to, &f.dst);
	f.answers = f.dst;
	f.seen_as = f.src;
	prefix_parse("2001:db8:5::/64", &set.routed6.item[0]);
	return f;
}

static void what_came_to_a_guests_own_address_ends_unless_it_is_routed_and_exposed(void **state)
{
	struct ruleset_guest guest = { .policy = { .otherwise = POLICY_ACCEPT } };
	struct exposure web;
	struct flow f = straight("2001:db8:99::1", "2001:db8:5::5");

	(void)state;
	assert_int_equal(exposure_parse("tcp/8080:80@2001:db8:99::/64", &web), 0);
	set.routed6.count = 1;
	assert_true(flow_is_closed(&set, &guest, NULL, &f));
	exposures_add(&guest.exposures, &web);
	assert_false(flow_is_closed(&set, &guest, NULL, &f));
	f.port = f.answers_port = 8080; /* that is the network domain's */
	assert_true(flow_is_closed(&set, &guest, NULL, &f));
	f = straight("2001:db8:98::1", "2001:db8:5::5");
	assert_true(flow_is_closed(&set, &guest, NULL, &f));
	f = straight("2001:db8:99::1", "2001:db8:5::5");
	set.routed6.count = 0;
	assert_true(flow_is_closed(&set, &guest, NULL, &f));
	assert_false(flow_is_closed(&set, &guest, &guest, &f)); /* another guest's */
	assert_false(flow_is_closed(&set, NULL, NULL, &f));
}

static void a_source_that_would_be_another_now_is_noticed(void **state)
{
	struct flow f = straight("2001:db8:5::5", "2001:db8:99::1");

	(void)state;
	assert_true(flow_is_mistranslated(&set, &f));
	set.routed6.count = 1;
	assert_false(flow_is_mistranslated(&set, &f));
	addr_parse("2001:db8:51::2", &f.seen_as);
	assert_true(flow_is_mistranslated(&set, &f));
	set.routed6.count = 0;
	assert_false(flow_is_mistranslated(&set, &f));
	f = straight("10.137.0.5", "192.0.2.1");
	assert_false(flow_is_mistranslated(&set, &f));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(
			what_came_to_a_guests_own_address_ends_unless_it_is_routed_and_exposed,
			begin),
		cmocka_unit_test_setup(a_source_that_would_be_another_now_is_noticed, begin),
		cmocka_unit_test_setup(a_flow_to_the_real_resolver_goes_on, begin),
		cmocka_unit_test_setup(
			a_question_under_way_to_the_resolver_before_waits_for_its_answer, begin),
		cmocka_unit_test_setup(what_cannot_be_told_waits, begin),
		cmocka_unit_test_setup(other_ports_of_a_virtual_resolver_do_not_wait, begin),
		cmocka_unit_test_setup(what_policy_turns_away_does_not_wait, begin),
		cmocka_unit_test_setup(
			what_was_led_to_a_guest_ends_unless_that_port_is_exposed_now, begin),
		cmocka_unit_test_setup(
			what_comes_from_elsewhere_than_an_exposed_port_is_open_to_ends, begin),
	};

	return cmocka_run_group_tests_name("flows", tests, NULL, NULL);
}
