/* Which links lead to the world. */
#include "tests/unit/unit.h"

#include <sys/socket.h>

#include "backend/uplink.h"

static const struct link links[] = {
	{ .ifindex = 1, .name = "lo", .mtu = 65536, .loopback = true },
	{ .ifindex = 2, .name = "eth0", .mtu = 1500 },
	{ .ifindex = 3, .name = "wlan0", .mtu = 1400 },
	{ .ifindex = 4, .name = "vif5.0", .mtu = 1300, .group = 7 },
};

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
	uplinks_choose(r, 3, links, 4, 7, &u);
	assert_int_equal(u.count, 2);
	assert_string_equal(u.names[0], "wlan0");
	assert_string_equal(u.names[1], "eth0");
	assert_int_equal(u.mtu, 1400);
}

static void guests_loopback_and_links_without_a_default_route_are_none(void **state)
{
	const struct route r[] = { route(1, 0, 0), route(4, 0, 0), route(2, 24, 0),
		route(9, 0, 0) };
	struct uplinks u;

	(void)state;
	uplinks_choose(r, 4, links, 4, 7, &u);
	assert_int_equal(u.count, 0);
	assert_int_equal(u.mtu, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_best_default_route_comes_first_and_the_smallest_mtu_counts),
		cmocka_unit_test(guests_loopback_and_links_without_a_default_route_are_none),
	};

	return cmocka_run_group_tests_name("uplink", tests, NULL, NULL);
}
