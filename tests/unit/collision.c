/* An uplink's subnet with guests' addresses in it. */
#include "tests/unit/unit.h"

#include <string.h>

#include "backend/collision.h"
#include "tests/unit/addrs.h"

static const struct link links[] = {
	{ .ifindex = 2, .name = "eth0" },
	{ .ifindex = 3, .name = "side" },
};
static const struct uplinks there = { .there = { { "eth0" }, 1 } };

/* What is said where a link has `own`/`len` and a guest has `guest`. */
static const char *said(int ifindex, const char *own, uint8_t len, const char *guest)
{
	static char words[COLLISION_WORDS_MAX];
	struct ruleset r = { .managed = true };
	const struct link_addr a = { .ifindex = ifindex, .addr = addr_of(own), .prefix_len = len };
	const struct addr g = addr_of(guest);

	r.ip4.gateway = addr_of("10.137.0.1");
	r.ip6.gateway = addr_of("fe80::1");
	collision_find(&r, &there, links, 2, &a, 1, &g, 1, words);
	return words;
}

static void a_guest_s_address_in_an_uplink_s_subnet_is_said_with_what_to_change(void **state)
{
	(void)state;
	assert_string_equal(said(2, "10.138.0.77", 24, "10.138.0.5"),
		"eth0: its subnet 10.138.0.0/24 has 10.138.0.5, which is a guest's here; give "
		"guests "
		"other addresses in dom0 (pool in netvm.conf), or that network another subnet");
	assert_non_null(strstr(said(2, "2001:db8::7", 64, "2001:db8::5"), "2001:db8::/64"));
}

static void so_is_their_gateway(void **state)
{
	(void)state;
	assert_non_null(strstr(
		said(2, "10.137.0.77", 24, "10.138.0.5"), "10.137.0.1, which is the guests'"));
}

static void so_is_a_routed_subnet_that_the_uplink_has(void **state)
{
	struct ruleset r = { .routed6.count = 1 };
	struct link_addr a = { .ifindex = 2, .addr = addr_of("2001:db8:5::7"), .prefix_len = 64 };
	char words[COLLISION_WORDS_MAX];

	(void)state;
	prefix_parse("2001:db8::/48", &r.routed6.item[0]);
	collision_find(&r, &there, links, 2, &a, 1, NULL, 0, words);
	assert_string_equal(words, "");
	prefix_parse("2001:db8:5::/48", &r.routed6.item[0]);
	collision_find(&r, &there, links, 2, &a, 1, NULL, 0, words);
	assert_string_equal(words,
		"eth0: its subnet 2001:db8:5::/64 overlaps 2001:db8:5::/48 of routed6, where "
		"guests reach each other alone; let routed6 name the subnets that the world routes "
		"here and no others");
	prefix_parse("2001:db8:5:0:1::/80", &r.routed6.item[0]);
	collision_find(&r, &there, links, 2, &a, 1, NULL, 0, words);
	assert_non_null(strstr(words, "overlaps 2001:db8:5:0:1::/80"));
}

static void other_subnets_other_links_and_single_addresses_collide_with_nothing(void **state)
{
	(void)state;
	assert_string_equal(said(2, "192.0.2.7", 24, "10.137.0.5"), "");
	assert_string_equal(said(3, "10.137.0.77", 24, "10.137.0.5"), "");
	assert_string_equal(said(2, "10.137.0.7", 32, "10.137.0.7"), "");
	assert_string_equal(said(2, "fe80::7", 64, "10.137.0.5"), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_guest_s_address_in_an_uplink_s_subnet_is_said_with_what_to_change),
		cmocka_unit_test(so_is_their_gateway),
		cmocka_unit_test(so_is_a_routed_subnet_that_the_uplink_has),
		cmocka_unit_test(
			other_subnets_other_links_and_single_addresses_collide_with_nothing),
	};

	return cmocka_run_group_tests_name("collision", tests, NULL, NULL);
}
