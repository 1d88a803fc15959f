/* What becomes of a packet of a guest, and why: every way that it can end. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

#include "backend/explain.h"
#include "tests/unit/addrs.h"

static struct ruleset rules;
static struct ruleset_guest guest = { .name = "vif5.0" };

static int world_make(void **state)
{
	struct err e = ERR_NONE;

	(void)state;
	rules = (struct ruleset){ .managed = true, .now = 1000 };
	rules.ip4.gateway = addr_of("10.137.0.1");
	rules.ip6.gateway = addr_of("fe80::1");
	rules.ip4.dns[0] = addr_of("10.139.1.1");
	rules.ip4.dns[1] = addr_of("10.139.1.2");
	rules.ip4.resolvers[0] = addr_of("198.51.100.1");
	rules.ip4.resolver_count = 1;
	return policy_parse("# the web\n"
			    "action=drop dst4=192.0.2.0/24 proto=tcp dstports=80\n"
			    "action=accept specialtarget=dns\n"
			    "action=accept dst4=10.137.0.6 proto=tcp\n"
			    "action=accept dst4=192.0.2.0/24",
		POLICY_DROP, &guest.policy, &e);
}

static int world_end(void **state)
{
	(void)state;
	policy_dispose(&guest.policy);
	return 0;
}

/* The question that "tcp 192.0.2.1 80" is. */
static struct explain_question question(const char *text, enum explain_way way)
{
	struct explain_question q = { .guest = &guest, .has_address = true, .way = way };
	char copy[64], *words[4], *next = NULL;
	struct err e = ERR_NONE;
	int count = 0;

	snprintf(copy, sizeof(copy), "%s", text);
	for (char *w = strtok_r(copy, " ", &next); w && count < 4; w = strtok_r(NULL, " ", &next))
		words[count++] = w;
	if (explain_packet_parse(words, count, &q.packet, &e) != 0)
		fail_msg("\"%s\": %s", text, e.text);
	return q;
}

static void check(const char *text, enum explain_way way, enum policy_verdict verdict,
	enum explain_cause cause)
{
	struct explain_question q = question(text, way);
	struct explanation x = explain(&rules, &q);

	if (x.verdict != verdict || x.cause != cause)
		fail_msg("%s: %s: %s", text, x.verdict == POLICY_ACCEPT ? "accepted" : "dropped",
			explain_cause_name(x.cause));
}

static void the_rule_that_decides_is_named_by_its_line(void **state)
{
	struct explain_question q = question("tcp 192.0.2.1 80", EXPLAIN_TO_OUTSIDE);
	struct explanation x = explain(&rules, &q);

	(void)state;
	assert_int_equal(x.verdict, POLICY_DROP);
	assert_int_equal(x.cause, EXPLAIN_RULE);
	assert_int_equal(x.rule->line, 2);
	q = question("tcp 192.0.2.1 443", EXPLAIN_TO_OUTSIDE);
	x = explain(&rules, &q);
	assert_int_equal(x.verdict, POLICY_ACCEPT);
	assert_int_equal(x.rule->line, 5);
	check("icmp 203.0.113.1", EXPLAIN_TO_OUTSIDE, POLICY_DROP, EXPLAIN_OTHERWISE);
	guest.policy.otherwise = POLICY_ACCEPT;
	check("icmp 203.0.113.1", EXPLAIN_TO_OUTSIDE, POLICY_ACCEPT, EXPLAIN_OTHERWISE);
}

static void an_address_of_a_routed_subnet_is_a_guests_or_nobodys(void **state)
{
	(void)state;
	guest.policy.otherwise = POLICY_ACCEPT;
	check("tcp 2001:db8:5::77 80", EXPLAIN_TO_OUTSIDE, POLICY_ACCEPT, EXPLAIN_OTHERWISE);
	prefix_parse("2001:db8:5::/64", &rules.routed6.item[0]);
	rules.routed6.count = 1;
	check("tcp 2001:db8:5::77 80", EXPLAIN_TO_OUTSIDE, POLICY_DROP, EXPLAIN_NOBODY);
	check("tcp 2001:db8:6::77 80", EXPLAIN_TO_OUTSIDE, POLICY_ACCEPT, EXPLAIN_OTHERWISE);
	check("tcp 2001:db8:5::6 80", EXPLAIN_TO_GUEST, POLICY_DROP, EXPLAIN_GUEST);
}

static void another_guest_is_reached_where_a_rule_names_it(void **state)
{
	(void)state;
	guest.policy.otherwise = POLICY_ACCEPT;
	check("tcp 10.137.0.6 80", EXPLAIN_TO_GUEST, POLICY_ACCEPT, EXPLAIN_RULE);
	check("udp 10.137.0.6 80", EXPLAIN_TO_GUEST, POLICY_DROP, EXPLAIN_GUEST);
	check("tcp 192.0.2.9 443", EXPLAIN_TO_GUEST, POLICY_DROP, EXPLAIN_GUEST);
	rules.managed = false;
	check("tcp 10.137.0.6 80", EXPLAIN_TO_GUEST, POLICY_DROP, EXPLAIN_GUEST);
}

static void the_network_domain_answers_a_ping_of_the_gateway_alone(void **state)
{
	(void)state;
	check("icmp 10.137.0.1", EXPLAIN_TO_SELF, POLICY_ACCEPT, EXPLAIN_GATEWAY);
	check("icmp fe80::1", EXPLAIN_TO_SELF, POLICY_ACCEPT, EXPLAIN_GATEWAY);
	check("icmp 10.137.0.1 13", EXPLAIN_TO_SELF, POLICY_DROP, EXPLAIN_OWN);
	check("icmp fe80::1 8", EXPLAIN_TO_SELF, POLICY_DROP, EXPLAIN_OWN);
	check("tcp 10.137.0.1 22", EXPLAIN_TO_SELF, POLICY_DROP, EXPLAIN_OWN);
	check("icmp 198.51.100.2", EXPLAIN_TO_SELF, POLICY_DROP, EXPLAIN_OWN);
}

static void the_gateway_that_a_guest_sees_is_the_gateway(void **state)
{
	(void)state;
	guest.visible_gateway = addr_of("192.168.1.1");
	check("icmp 192.168.1.1", EXPLAIN_TO_OUTSIDE, POLICY_ACCEPT, EXPLAIN_GATEWAY);
	check("tcp 192.168.1.1 22", EXPLAIN_TO_OUTSIDE, POLICY_DROP, EXPLAIN_OWN);
	guest.visible_gateway = (struct addr){ .family = 0 };
}

static void a_virtual_resolver_takes_dns_where_there_is_a_real_one(void **state)
{
	(void)state;
	check("udp 10.139.1.1 53", EXPLAIN_TO_OUTSIDE, POLICY_ACCEPT, EXPLAIN_RULE);
	check("tcp 10.139.1.2 53", EXPLAIN_TO_OUTSIDE, POLICY_ACCEPT, EXPLAIN_RULE);
	check("udp 10.139.1.1 123", EXPLAIN_TO_OUTSIDE, POLICY_DROP, EXPLAIN_RESOLVER);
	check("icmp 10.139.1.1", EXPLAIN_TO_OUTSIDE, POLICY_DROP, EXPLAIN_RESOLVER);
	rules.ip4.resolver_count = 0;
	check("udp 10.139.1.1 53", EXPLAIN_TO_OUTSIDE, POLICY_DROP, EXPLAIN_NO_RESOLVER);
}

static void what_is_no_matter_of_rules_is_said_as_well(void **state)
{
	struct explain_question q = question("tcp 2001:db8::1 443", EXPLAIN_TO_OUTSIDE);

	(void)state;
	check("tcp 192.0.2.1 443", EXPLAIN_TO_NO_UPLINK, POLICY_DROP, EXPLAIN_UPLINK);
	q.has_address = false;
	assert_int_equal(explain(&rules, &q).cause, EXPLAIN_NO_ADDRESS);
	q.has_address = true;
	q.guest = NULL;
	assert_int_equal(explain(&rules, &q).cause, EXPLAIN_NO_POLICY);
	assert_int_equal(explain(&rules, &q).verdict, POLICY_DROP);
	rules.managed = false;
	assert_int_equal(explain(&rules, &q).cause, EXPLAIN_UNMANAGED);
	assert_int_equal(explain(&rules, &q).verdict, POLICY_ACCEPT);
}

static void a_packet_in_words_is_taken_exactly(void **state)
{
	static const char *const wrong[][4] = {
		{ "tcp" },
		{ "tcp", "192.0.2.1" },
		{ "tcp", "192.0.2", "80" },
		{ "tcp", "192.0.2.1", "65536" },
		{ "tcp", "192.0.2.1", "-1" },
		{ "tcp", "192.0.2.1", "80x" },
		{ "udp", "192.0.2.1", "" },
		{ "icmp", "192.0.2.1", "256" },
		{ "47", "192.0.2.1", "80" },
		{ "256", "192.0.2.1" },
		{ "gre", "192.0.2.1" },
		{ "tcp", "192.0.2.1", "80", "81" },
	};
	struct policy_packet p;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct err e = ERR_NONE;
		int count = 0;

		while (count < 4 && wrong[i][count])
			count++;
		if (explain_packet_parse((char *const *)wrong[i], count, &p, &e) != -EINVAL ||
			!e.text[0])
			fail_msg("row %zu is taken", i);
	}
	p = question("icmp 2001:db8::1", EXPLAIN_TO_OUTSIDE).packet;
	assert_int_equal(p.proto, 58);
	assert_int_equal(p.icmp_type, 128);
	p = question("1 192.0.2.1 13", EXPLAIN_TO_OUTSIDE).packet;
	assert_int_equal(p.icmp_type, 13);
	assert_int_equal(question("47 192.0.2.1", EXPLAIN_TO_OUTSIDE).packet.proto, 47);
	assert_int_equal(question("6 192.0.2.1 443", EXPLAIN_TO_OUTSIDE).packet.port, 443);
}

static void every_cause_has_its_words(void **state)
{
	(void)state;
	for (enum explain_cause c = 0; c < EXPLAIN_CAUSES; c++) {
		assert_non_null(explain_cause_name(c));
		assert_non_null(explain_cause_words(c));
	}
}

static struct explanation from_outside(const char *source, const char *proto, const char *port)
{
	char from[] = "from", address[64], protocol[8], number[8];
	char *words[] = { from, address, protocol, number };
	struct explain_question q = {
		.guest = &guest, .has_address = true, .from_outside = true, .way = EXPLAIN_TO_SELF
	};
	struct err e = ERR_NONE;

	snprintf(address, sizeof(address), "%s", source);
	snprintf(protocol, sizeof(protocol), "%s", proto);
	snprintf(number, sizeof(number), "%s", port);
	if (explain_outside_parse(words, 4, &q.packet, &e) != 0)
		fail_msg("%s", e.text);
	return explain(&rules, &q);
}

static void what_comes_from_outside_is_led_to_a_port_that_is_exposed_to_it(void **state)
{
	struct exposure web, dns;
	struct explanation x;

	(void)state;
	assert_int_equal(exposure_parse("tcp/8080:80@198.51.100.0/24", &web), 0);
	assert_int_equal(exposure_parse("udp/53", &dns), 0);
	guest.exposures.count = 0;
	exposures_add(&guest.exposures, &web);
	exposures_add(&guest.exposures, &dns);
	x = from_outside("198.51.100.9", "tcp", "8080");
	assert_int_equal(x.verdict, POLICY_ACCEPT);
	assert_int_equal(x.cause, EXPLAIN_EXPOSED);
	assert_int_equal(x.exposure->to, 80);
	assert_int_equal(from_outside("203.0.113.9", "tcp", "8080").cause, EXPLAIN_SOURCE);
	assert_int_equal(from_outside("2001:db8::9", "tcp", "8080").cause, EXPLAIN_SOURCE);
	assert_int_equal(from_outside("203.0.113.9", "udp", "53").cause, EXPLAIN_EXPOSED);
	assert_int_equal(from_outside("198.51.100.9", "tcp", "80").cause, EXPLAIN_NOT_EXPOSED);
	assert_int_equal(from_outside("198.51.100.9", "udp", "8080").cause, EXPLAIN_NOT_EXPOSED);
	assert_int_equal(from_outside("203.0.113.9", "udp", "54").verdict, POLICY_DROP);
	guest.exposures.count = 0;
}

static void what_is_no_packet_from_outside_is_refused(void **state)
{
	char from[] = "from", address[] = "192.0.2.1", icmp[] = "icmp", tcp[] = "tcp",
	     port[] = "80", bad[] = "x";
	char *const wrong[][4] = { { from, address, icmp, port }, { from, bad, tcp, port },
		{ from, address, tcp, bad } };
	char *const few[] = { from, address, tcp };
	struct policy_packet p;
	struct err e = ERR_NONE;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(explain_outside_parse(wrong[i], 4, &p, &e), -EINVAL);
	assert_int_equal(explain_outside_parse(few, 3, &p, &e), -EINVAL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_make, world_end)
	const struct CMUnitTest tests[] = {
		TEST(the_rule_that_decides_is_named_by_its_line),
		TEST(an_address_of_a_routed_subnet_is_a_guests_or_nobodys),
		TEST(another_guest_is_reached_where_a_rule_names_it),
		TEST(the_network_domain_answers_a_ping_of_the_gateway_alone),
		TEST(the_gateway_that_a_guest_sees_is_the_gateway),
		TEST(a_virtual_resolver_takes_dns_where_there_is_a_real_one),
		TEST(what_is_no_matter_of_rules_is_said_as_well),
		TEST(a_packet_in_words_is_taken_exactly),
		TEST(every_cause_has_its_words),
		TEST(what_comes_from_outside_is_led_to_a_port_that_is_exposed_to_it),
		TEST(what_is_no_packet_from_outside_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
