/* What is done to an interface, shown on a model of the kernel. */
#include "tests/unit/unit.h"

#include "tests/unit/link_model.h"

static struct err e;

/* --- what is set --- */

static void a_new_link_gets_everything_in_an_order_that_the_kernel_takes(void **state)
{
	const struct guest_link g = published();
	char text[LINK_ACTION_TEXT_MAX];
	static const char *const wanted[] = {
		"eth0: set mtu 1400",
		"eth0: set sysctl accept_ra 0",
		"eth0: switch on",
		"eth0: add address 10.137.0.5",
		"eth0: add address 2001:db8::5",
		"eth0: set route to 10.137.0.1/32 on the link metric 110",
		"eth0: set route to 0.0.0.0/0 via 10.137.0.1 metric 110",
		"eth0: set route to ::/0 via fe80::1 metric 110",
	};
	struct link_actual actual;
	struct link_actions plan;
	struct model m;

	(void)state;
	model_init(&m);
	actual = actual_of(&m);
	assert_int_equal(link_plan(&g, LINK_METRIC, &m.notes, &actual, &plan, &e), 0);
	assert_int_equal(plan.count, sizeof(wanted) / sizeof(*wanted));
	for (size_t i = 0; i < plan.count; i++)
		assert_string_equal(link_action_print(&plan.action[i], "eth0", text), wanted[i]);
}

static void a_second_pass_has_nothing_to_do(void **state)
{
	const struct guest_link g = published();
	struct model m;

	(void)state;
	model_init(&m);
	assert_int_not_equal(pass(&m, &g, SIZE_MAX), 0);
	assert_int_equal(pass(&m, &g, SIZE_MAX), 0);
}

static void a_gateway_that_is_not_link_local_is_reached_by_a_route_of_its_own_in_ipv6_too(
	void **state)
{
	struct guest_link g = published();
	struct model m;

	(void)state;
	model_init(&m);
	g.gateway6 = A("2001:db8::1");
	pass(&m, &g, SIZE_MAX);
	assert_non_null(route_of(&m, "2001:db8::1/128", LINK_METRIC));
	assert_non_null(route_of(&m, "::/0", LINK_METRIC));
}

static void without_an_ipv6_address_ipv6_is_off_unless_others_use_it(void **state)
{
	struct guest_link g = published();
	struct model m;

	(void)state;
	g.ip6 = g.gateway6 = (struct addr){ .family = 0 };
	model_init(&m);
	pass(&m, &g, SIZE_MAX);
	assert_int_equal(m.sysctl[LINK_DISABLE_IPV6], 1);

	model_init(&m);
	model_addr_add(&m, "fe80::1234", 64);
	pass(&m, &g, SIZE_MAX);
	assert_int_equal(m.sysctl[LINK_DISABLE_IPV6], 1);

	model_init(&m);
	model_addr_add(&m, "2001:db8:1::9", 64);
	pass(&m, &g, SIZE_MAX);
	assert_int_equal(m.sysctl[LINK_DISABLE_IPV6], 0);
}

static void an_address_alone_is_set_without_routes(void **state)
{
	const struct guest_link g = { .ip = A("10.137.0.5") };
	struct model m;

	(void)state;
	model_init(&m);
	pass(&m, &g, SIZE_MAX);
	assert_true(has_addr(&m, "10.137.0.5", 32));
	assert_int_equal(m.route_count, 0);
	assert_int_equal(m.link.mtu, 1500);
}

/* --- what changes --- */

static void a_changed_address_stands_before_the_old_one_goes_and_others_keep_their_routes(
	void **state)
{
	struct guest_link g = published();
	struct model m;

	(void)state;
	model_init(&m);
	pass(&m, &g, SIZE_MAX);
	m.routes[m.route_count++] = foreign_route("192.0.2.0/24", ETH0, 0);
	g.ip = A("10.137.0.9");
	pass(&m, &g, SIZE_MAX);
	assert_true(has_addr(&m, "10.137.0.9", 32));
	assert_false(has_addr(&m, "10.137.0.5", 32));
	assert_non_null(route_of(&m, "192.0.2.0/24", 0));
	assert_true(addr_equal(&route_of(&m, "0.0.0.0/0", LINK_METRIC)->source, &g.ip));
	assert_int_equal(pass(&m, &g, SIZE_MAX), 0);
}

static void a_changed_gateway_leaves_no_route_to_the_old_one(void **state)
{
	struct guest_link g = published();
	struct model m;

	(void)state;
	model_init(&m);
	pass(&m, &g, SIZE_MAX);
	g.gateway = A("10.137.0.2");
	pass(&m, &g, SIZE_MAX);
	assert_null(route_of(&m, "10.137.0.1/32", LINK_METRIC));
	assert_non_null(route_of(&m, "10.137.0.2/32", LINK_METRIC));
	assert_true(addr_equal(&route_of(&m, "0.0.0.0/0", LINK_METRIC)->gateway, &g.gateway));
	assert_int_equal(pass(&m, &g, SIZE_MAX), 0);
}

static void what_others_remove_is_put_back(void **state)
{
	const struct guest_link g = published();
	const struct addr ip = A("10.137.0.5");
	struct model m;

	(void)state;
	model_init(&m);
	pass(&m, &g, SIZE_MAX);
	model_addr_delete(&m, &ip);
	assert_null(route_of(&m, "0.0.0.0/0", LINK_METRIC));
	m.link.up = false;
	m.link.mtu = 1500;
	pass(&m, &g, SIZE_MAX);
	assert_true(m.link.up);
	assert_int_equal(m.link.mtu, 1400);
	assert_true(has_addr(&m, "10.137.0.5", 32));
	assert_non_null(route_of(&m, "0.0.0.0/0", LINK_METRIC));
}

static void an_mtu_that_is_published_no_longer_goes_back_to_what_it_was(void **state)
{
	struct guest_link g = published();
	struct model m;

	(void)state;
	model_init(&m);
	pass(&m, &g, SIZE_MAX);
	g.mtu = 0;
	pass(&m, &g, SIZE_MAX);
	assert_int_equal(m.link.mtu, 1500);
	assert_int_equal(pass(&m, &g, SIZE_MAX), 0);
}

static void an_interface_that_came_anew_under_the_same_name_gets_everything(void **state)
{
	const struct guest_link g = published();
	struct link_notes old;
	struct model m;

	(void)state;
	model_init(&m);
	pass(&m, &g, SIZE_MAX);
	old = m.notes;
	old.ifindex = ETH0 + 7;
	model_init(&m);
	m.notes = old;
	pass(&m, &g, SIZE_MAX);
	assert_true(has_addr(&m, "10.137.0.5", 32));
	assert_int_equal(m.notes.ifindex, ETH0);
	assert_int_equal(m.notes.addr_count, 2);
}

/* --- what goes, and what is of others --- */

static void notes_of_another_interface_mean_nothing_for_this_one(void **state)
{
	const struct guest_link g = published();
	struct model m;

	(void)state;
	model_init(&m);
	m.notes.ifindex = ETH0 + 7;
	m.notes.addrs[m.notes.addr_count++] = A("192.0.2.7");
	model_addr_add(&m, "192.0.2.7", 32);
	pass(&m, &g, SIZE_MAX);
	assert_true(has_addr(&m, "192.0.2.7", 32));
}

static void what_goes_is_ours_and_all_of_ours(void **state)
{
	const struct guest_link g = published();
	struct model m;

	(void)state;
	model_init(&m);
	pass(&m, &g, SIZE_MAX);
	pass(&m, NULL, SIZE_MAX);
	assert_int_equal(m.addr_count, 0);
	assert_int_equal(m.route_count, 0);
	assert_int_equal(m.link.mtu, 1500);
	assert_false(m.link.up);
	assert_int_equal(m.sysctl[LINK_ACCEPT_RA], 1);
	assert_int_equal(m.sysctl[LINK_DISABLE_IPV6], 0);
	assert_int_equal(m.notes.ifindex, 0);
	assert_int_equal(pass(&m, NULL, SIZE_MAX), 0);
}

static void an_address_that_stood_before_us_serves_and_stays(void **state)
{
	const struct guest_link g = published();
	struct model m;

	(void)state;
	model_init(&m);
	model_addr_add(&m, "10.137.0.5", 32);
	model_addr_add(&m, "2001:db8::5", 64);
	pass(&m, &g, SIZE_MAX);
	assert_int_equal(m.addr_count, 2);
	pass(&m, NULL, SIZE_MAX);
	assert_int_equal(m.addr_count, 2);
	assert_true(m.link.up);
}

static void addresses_and_routes_of_others_survive_and_hold_the_link_up(void **state)
{
	const struct guest_link g = published();
	struct model m;

	(void)state;
	model_init(&m);
	pass(&m, &g, SIZE_MAX);
	model_addr_add(&m, "192.0.2.7", 24);
	m.routes[m.route_count++] = foreign_route("198.51.100.0/24", ETH0, 0);
	pass(&m, NULL, SIZE_MAX);
	assert_int_equal(m.addr_count, 1);
	assert_true(has_addr(&m, "192.0.2.7", 24));
	assert_int_equal(m.route_count, 1);
	assert_non_null(route_of(&m, "198.51.100.0/24", 0));
	assert_true(m.link.up);
}

static void a_setting_that_others_changed_meanwhile_is_left_to_them(void **state)
{
	const struct guest_link g = published();
	struct model m;

	(void)state;
	model_init(&m);
	pass(&m, &g, SIZE_MAX);
	m.sysctl[LINK_ACCEPT_RA] = 2;
	pass(&m, NULL, SIZE_MAX);
	assert_int_equal(m.sysctl[LINK_ACCEPT_RA], 2);
}

static void routes_of_ours_on_other_links_are_not_looked_at(void **state)
{
	const struct guest_link g = published();
	struct model m;

	(void)state;
	model_init(&m);
	m.routes[m.route_count] = foreign_route("10.137.0.77/32", ETH0 + 1, 0);
	m.routes[m.route_count++].protocol = ROUTE_PROTOCOL;
	pass(&m, &g, SIZE_MAX);
	pass(&m, NULL, SIZE_MAX);
	assert_int_equal(m.route_count, 1);
}

static void a_default_route_of_others_with_our_metric_is_an_error_and_nothing_is_done(void **state)
{
	const struct guest_link g = published();
	struct link_actual actual;
	struct link_actions plan;
	struct model m;

	(void)state;
	model_init(&m);
	m.routes[m.route_count++] = foreign_route("0.0.0.0/0", ETH0 + 1, LINK_METRIC);
	actual = actual_of(&m);
	assert_int_equal(link_plan(&g, LINK_METRIC, &m.notes, &actual, &plan, &e), -EEXIST);
	assert_int_equal(plan.count, 0);
	assert_non_null(strstr(e.text, "0.0.0.0/0 with metric 110"));
	/* With another metric both can be. */
	assert_int_equal(link_plan(&g, LINK_METRIC + 1, &m.notes, &actual, &plan, &e), 0);
}

static void a_route_of_others_that_is_just_what_is_wanted_serves_and_stays(void **state)
{
	const struct guest_link g = published();
	struct route r = foreign_route("0.0.0.0/0", ETH0, LINK_METRIC);
	struct model m;

	(void)state;
	model_init(&m);
	m.link.up = true;
	r.gateway = g.gateway;
	r.source = g.ip;
	m.routes[m.route_count++] = r;
	pass(&m, &g, SIZE_MAX);
	assert_int_equal(route_of(&m, "0.0.0.0/0", LINK_METRIC)->protocol, FOREIGN);
	/* The kernel takes it with the address that it names; the planner does not ask for it. */
	pass(&m, &g, SIZE_MAX);
}

/* --- killed at any point --- */

static void step_wanted(struct guest_link *g, int which)
{
	*g = published();
	if (which & 1)
		g->ip = A("10.137.0.9");
	if (which & 2)
		g->ip6 = g->gateway6 = (struct addr){ .family = 0 };
	if (which & 4)
		g->gateway = A("10.137.0.2");
	if (which & 8)
		g->mtu = 0;
}

static void killed_after_any_action_of_any_change_it_ends_in_the_same_state(void **state)
{
	(void)state;
	for (int from = 0; from < 16; from++) {
		for (int to = 0; to <= 16; to++) {
			for (size_t killed = 0; killed < 16; killed++) {
				struct guest_link a, b;
				struct model m;

				step_wanted(&a, from);
				step_wanted(&b, to);
				model_init(&m);
				model_addr_add(&m, "192.0.2.7", 24);
				m.routes[m.route_count++] =
					foreign_route("198.51.100.0/24", ETH0, 0);
				pass(&m, &a, killed);
				pass(&m, to == 16 ? NULL : &b, killed / 2);
				pass(&m, to == 16 ? NULL : &b, SIZE_MAX);
				assert_int_equal(pass(&m, to == 16 ? NULL : &b, SIZE_MAX), 0);
				assert_true(has_addr(&m, "192.0.2.7", 24));
				assert_non_null(route_of(&m, "198.51.100.0/24", 0));
				assert_int_equal(m.addr_count,
					to == 16 ? 1u : 2u + (addr_is_set(&b.ip6) ? 1u : 0u));
				pass(&m, NULL, SIZE_MAX);
				assert_int_equal(m.addr_count, 1);
				assert_int_equal(m.route_count, 1);
				assert_int_equal(m.link.mtu, 1500);
				assert_int_equal(m.sysctl[LINK_ACCEPT_RA], 1);
				assert_int_equal(m.sysctl[LINK_DISABLE_IPV6], 0);
			}
		}
	}
}

static void more_than_a_plan_holds_is_done_in_several(void **state)
{
	struct link_actions plan;
	struct link_actual actual;
	struct route routes[LINK_ACTIONS_MAX + 5];
	struct model m;

	(void)state;
	model_init(&m);
	for (size_t i = 0; i < LINK_ACTIONS_MAX + 5; i++) {
		routes[i] = foreign_route("192.0.2.1/32", ETH0, (uint32_t)i + 1000);
		routes[i].protocol = ROUTE_PROTOCOL;
	}
	actual = actual_of(&m);
	actual.routes = routes;
	actual.route_count = LINK_ACTIONS_MAX + 5;
	assert_int_equal(link_plan(NULL, LINK_METRIC, &m.notes, &actual, &plan, &e), 0);
	assert_true(plan.more);
	assert_int_equal(plan.count, LINK_ACTIONS_MAX);
}

/* --- what is refused --- */

static void what_a_guest_cannot_live_with_is_refused_by_name(void **state)
{
	struct {
		struct guest_link g;
		const char *words;
	} cases[] = {
		{ { .ip = A("224.0.0.1") }, "ip 224.0.0.1" },
		{ { .ip = A("127.0.0.1") }, "ip 127.0.0.1" },
		{ { .ip6 = A("::1") }, "ip6 ::1" },
		{ { .gateway = A("10.137.0.1") }, "without ip" },
		{ { .gateway6 = A("fe80::1") }, "without ip6" },
		{ { .ip = A("10.137.0.1"), .gateway = A("10.137.0.1") }, "are both 10.137.0.1" },
		{ { .ip = A("10.137.0.5"), .gateway = A("0.0.0.0") }, "gateway 0.0.0.0" },
		{ { .ip = A("10.137.0.5"), .dns = { [1] = A("0.0.0.0") } }, "dns2 0.0.0.0" },
		{ { .ip6 = A("2001:db8::5"), .dns6 = { A("ff02::1") } }, "dns1-6 ff02::1" },
		{ { .ip = A("10.137.0.5"), .mtu = 67 }, "mtu 67" },
		{ { .ip6 = A("2001:db8::5"), .mtu = 1279 }, "mtu 1279" },
		{ { .ip = A("10.137.0.5"), .mtu = 65536 }, "mtu 65536" },
	};
	const struct guest_link good = published();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(link_wanted_check(&cases[i].g, &e), -EINVAL);
		assert_non_null(strstr(e.text, cases[i].words));
	}
	assert_int_equal(link_wanted_check(&good, &e), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_link_gets_everything_in_an_order_that_the_kernel_takes),
		cmocka_unit_test(a_second_pass_has_nothing_to_do),
		cmocka_unit_test(
			a_gateway_that_is_not_link_local_is_reached_by_a_route_of_its_own_in_ipv6_too),
		cmocka_unit_test(without_an_ipv6_address_ipv6_is_off_unless_others_use_it),
		cmocka_unit_test(an_address_alone_is_set_without_routes),
		cmocka_unit_test(
			a_changed_address_stands_before_the_old_one_goes_and_others_keep_their_routes),
		cmocka_unit_test(a_changed_gateway_leaves_no_route_to_the_old_one),
		cmocka_unit_test(what_others_remove_is_put_back),
		cmocka_unit_test(an_mtu_that_is_published_no_longer_goes_back_to_what_it_was),
		cmocka_unit_test(an_interface_that_came_anew_under_the_same_name_gets_everything),
		cmocka_unit_test(notes_of_another_interface_mean_nothing_for_this_one),
		cmocka_unit_test(what_goes_is_ours_and_all_of_ours),
		cmocka_unit_test(an_address_that_stood_before_us_serves_and_stays),
		cmocka_unit_test(addresses_and_routes_of_others_survive_and_hold_the_link_up),
		cmocka_unit_test(a_setting_that_others_changed_meanwhile_is_left_to_them),
		cmocka_unit_test(routes_of_ours_on_other_links_are_not_looked_at),
		cmocka_unit_test(
			a_default_route_of_others_with_our_metric_is_an_error_and_nothing_is_done),
		cmocka_unit_test(a_route_of_others_that_is_just_what_is_wanted_serves_and_stays),
		cmocka_unit_test(killed_after_any_action_of_any_change_it_ends_in_the_same_state),
		cmocka_unit_test(more_than_a_plan_holds_is_done_in_several),
		cmocka_unit_test(what_a_guest_cannot_live_with_is_refused_by_name),
	};

	return cmocka_run_group_tests_name("link_plan", tests, NULL, NULL);
}
