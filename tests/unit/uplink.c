/* Which links lead to the world. */
#include "tests/unit/unit.h"

#include <sys/socket.h>

#include "backend/uplink.h"

static const struct link links[] = {
	{ .ifindex = 1, .name = "lo", .mtu = 65536, .loopback = true, .up = true },
	{ .ifindex = 2, .name = "eth0", .mtu = 1500, .up = true },
	{ .ifindex = 3, .name = "wlan0", .mtu = 1400, .up = true },
	{ .ifindex = 4, .name = "vif5.0", .mtu = 1300, .group = 7, .up = true },
	{ .ifindex = 5, .name = "wg0", .mtu = 1420, .up = true },
	{ .ifindex = 6, .name = "wlan1", .mtu = 1280 },
	{ .ifindex = 7, .name = "e\"+", .mtu = 1200, .up = true },
};
#define LINKS (sizeof(links) / sizeof(links[0]))

static const struct uplink_names nothing_named;

static struct route route(int ifindex, uint8_t len, uint32_t metric)
{
	return (struct route){ .dst = { .addr = { .family = AF_INET }, .len = len },
		.ifindex = ifindex,
		.metric = metric };
}

static void the_best_default_route_comes_first_and_the_smallest_mtu_counts(void **state)
{
	const struct route r[] = { route(2, 0, 600), route(3, 0, 100), route(3, 0, 1024) };
	struct uplinks u;

	(void)state;
	uplinks_choose(&nothing_named, r, 3, links, LINKS, 7, &u);
	assert_int_equal(u.there.count, 2);
	assert_string_equal(u.there.names[0], "wlan0");
	assert_string_equal(u.there.names[1], "eth0");
	assert_int_equal(u.mtu, 1400);
}

static void guests_loopback_and_links_without_a_default_route_are_none(void **state)
{
	const struct route r[] = { route(1, 0, 0), route(4, 0, 0), route(2, 24, 0),
		route(9, 0, 0) };
	struct uplinks u;

	(void)state;
	uplinks_choose(&nothing_named, r, 4, links, LINKS, 7, &u);
	assert_int_equal(u.there.count, 0);
	assert_int_equal(u.mtu, 0);
}

static void a_link_whose_name_would_mean_more_to_a_packet_filter_is_none(void **state)
{
	const struct route r[] = { route(7, 0, 0) };
	struct uplinks u;

	(void)state;
	uplinks_choose(&nothing_named, r, 1, links, LINKS, 7, &u);
	assert_int_equal(u.there.count, 0);
}

static void named_ones_are_there_by_name_or_pattern_while_they_are_up(void **state)
{
	const struct uplink_names named = { { "wg0", "wlan*", "vif*" }, 3 };
	const struct route r[] = { route(2, 0, 1), route(3, 0, 100) };
	struct uplinks u;

	(void)state;
	uplinks_choose(&named, r, 2, links, LINKS, 7, &u);
	assert_int_equal(u.there.count, 2);
	assert_string_equal(u.there.names[0], "wlan0");
	assert_string_equal(u.there.names[1], "wg0");
	assert_int_equal(u.mtu, 1400);
}

static void a_pattern_is_a_plain_name_with_a_star_behind(void **state)
{
	static const char *const valid[] = { "eth0", "wlan*", "*", "enp0s3.100", "abcdefghijklmno",
		"abcdefghijklmn*" };
	static const char *const wrong[] = { "", "w*0", "**", "a b", "../eth0", "eth+", "e\"0",
		"e\\0", "abcdefghijklmnop", "abcdefghijklmno*", "eth0\n", "\xc3\xa4" };

	(void)state;
	for (size_t i = 0; i < sizeof(valid) / sizeof(valid[0]); i++)
		assert_true(uplink_pattern_is_valid(valid[i]));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(uplink_pattern_is_valid(wrong[i]));
	assert_false(uplink_name_is_plain("wlan*"));
}

static void a_name_covers_itself_alone(void **state)
{
	const struct uplink_names named = { { "wg0", "wlan*" }, 2 };

	(void)state;
	assert_true(uplink_names_have(&named, "wg0"));
	assert_true(uplink_names_have(&named, "wlan"));
	assert_true(uplink_names_have(&named, "wlan17"));
	assert_false(uplink_names_have(&named, "wg01"));
	assert_false(uplink_names_have(&named, "wla"));
	assert_false(uplink_names_have(&nothing_named, "wg0"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_best_default_route_comes_first_and_the_smallest_mtu_counts),
		cmocka_unit_test(guests_loopback_and_links_without_a_default_route_are_none),
		cmocka_unit_test(a_link_whose_name_would_mean_more_to_a_packet_filter_is_none),
		cmocka_unit_test(named_ones_are_there_by_name_or_pattern_while_they_are_up),
		cmocka_unit_test(a_pattern_is_a_plain_name_with_a_star_behind),
		cmocka_unit_test(a_name_covers_itself_alone),
	};

	return cmocka_run_group_tests_name("uplink", tests, NULL, NULL);
}
