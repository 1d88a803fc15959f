#include "tests/unit/unit.h"

#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <stdio.h>
#include <stdlib.h>

#include "backend/vif_plan.h"
#include "backend/visible.h"
#include "tests/unit/addrs.h"

static struct vif_wanted wanted;
static struct vif_actual actual;
static struct vif_plan plan;
static char *words; /* the plan, a line an action */
static size_t words_len;

/* A guest with an address of each family, and a link as netback makes it. */
static int a_guest_and_a_bare_link(void **state)
{
	(void)state;
	wanted = (struct vif_wanted){
		.id = { 5, 0 },
		.link = "vif5.0",
		.life = VIF_SERVED,
		.addrs = { addr_of("10.137.0.5"), addr_of("2001:db8::5") },
		.count = 2,
		.mac = { { 0x00, 0x16, 0x3e, 0x00, 0x00, 0x05 } },
		.gateway = addr_of("10.137.0.1"),
		.gateway6 = addr_of("fe80::1"),
		.dns = { addr_of("10.139.1.1"), addr_of("10.139.1.2") },
	};
	actual = (struct vif_actual){ .exists = true,
		.link = { .ifindex = 7, .name = "vif5.0", .mtu = 1500 } };
	for (size_t i = 0; i < VIF_SYSCTLS_MAX; i++)
		strcpy(actual.sysctls[i], "9");
	return 0;
}

static int release(void **state)
{
	(void)state;
	vif_actual_dispose(&actual);
	vif_plan_dispose(&plan);
	free(words);
	words = NULL;
	return 0;
}

static void make(void)
{
	FILE *f;

	vif_plan_dispose(&plan);
	free(words);
	f = open_memstream(&words, &words_len);
	assert_non_null(f);
	vif_plan_make(&plan, &wanted, &actual);
	assert_false(plan.out_of_memory);
	for (size_t i = 0; i < plan.count; i++) {
		vif_action_print(&plan, &plan.actions[i], f);
		fputc('\n', f);
	}
	fclose(f);
}

static void *copy_of(const void *data, size_t len)
{
	void *copy = malloc(len);

	assert_non_null(copy);
	return memcpy(copy, data, len);
}

/* Gives the link everything that an open vif has. */
static void open_up(void)
{
	struct link_addr addrs[] = { { 7, wanted.gateway, 32 }, { 7, wanted.gateway6, 64 } };
	struct route routes[] = {
		{ .dst = { wanted.addrs[0], 32 },
			.ifindex = 7,
			.metric = 2,
			.protocol = ROUTE_PROTOCOL },
		{ .dst = { wanted.addrs[1], 128 },
			.ifindex = 7,
			.metric = 2,
			.protocol = ROUTE_PROTOCOL },
		{ .dst = { addr_of("fe80::"), 64 },
			.ifindex = 7,
			.metric = 256,
			.protocol = RTPROT_KERNEL },
	};
	struct neighbour neighbours[] = { { 7, wanted.addrs[0], wanted.mac },
		{ 7, wanted.addrs[1], wanted.mac } };
	const struct vif_sysctl *s;
	struct guard guard;
	size_t count;

	actual.link.up = true;
	actual.link.group = VIF_GROUP;
	actual.addrs = copy_of(addrs, sizeof(addrs));
	actual.addr_count = 2;
	actual.routes = copy_of(routes, sizeof(routes));
	actual.route_count = 3;
	actual.neighbours = copy_of(neighbours, sizeof(neighbours));
	actual.neighbour_count = 2;
	guard_make(&guard, &wanted.mac, wanted.addrs, wanted.count, &wanted.gateway6, false);
	memcpy(actual.guard, guard.prog, guard.count * sizeof(guard.prog[0]));
	actual.guard_count = guard.count;
	s = vif_sysctls(&count);
	for (size_t i = 0; i < count; i++)
		strcpy(actual.sysctls[i], s[i].value);
}

static void a_bare_link_is_opened_in_the_order_that_leaves_no_gap(void **state)
{
	(void)state;
	make();
	assert_string_equal(words, "vif5.0: rules stand\n"
				   "vif5.0: into the group of guests\n"
				   "vif5.0: source guard\n"
				   "vif5.0: setting net/ipv4/conf/vif5.0/proxy_arp = 1\n"
				   "vif5.0: setting net/ipv4/conf/vif5.0/rp_filter = 1\n"
				   "vif5.0: setting net/ipv4/conf/vif5.0/accept_redirects = 0\n"
				   "vif5.0: setting net/ipv4/conf/all/send_redirects = 0\n"
				   "vif5.0: setting net/ipv4/conf/vif5.0/send_redirects = 0\n"
				   "vif5.0: setting net/ipv4/conf/vif5.0/accept_source_route = 0\n"
				   "vif5.0: setting net/ipv6/conf/vif5.0/addr_gen_mode = 1\n"
				   "vif5.0: setting net/ipv6/conf/vif5.0/accept_ra = 0\n"
				   "vif5.0: setting net/ipv6/conf/vif5.0/accept_redirects = 0\n"
				   "vif5.0: setting net/ipv6/conf/vif5.0/accept_source_route = -1\n"
				   "vif5.0: setting net/ipv6/conf/vif5.0/disable_ipv6 = 0\n"
				   "vif5.0: forget connections of 10.137.0.5\n"
				   "vif5.0: forget connections of 2001:db8::5\n"
				   "vif5.0: neighbour 10.137.0.5 at 00:16:3e:00:00:05\n"
				   "vif5.0: neighbour 2001:db8::5 at 00:16:3e:00:00:05\n"
				   "vif5.0: link on\n"
				   "vif5.0: address 10.137.0.1/32\n"
				   "vif5.0: address fe80::1/64\n"
				   "vif5.0: route to 10.137.0.5/32\n"
				   "vif5.0: route to 2001:db8::5/128\n"
				   "vif5.0: hotplug-status connected\n");
}

static void an_open_vif_is_left_alone_but_for_rules_and_status(void **state)
{
	(void)state;
	open_up();
	make();
	assert_string_equal(words, "vif5.0: rules stand\n"
				   "vif5.0: hotplug-status connected\n");
}

static void a_guest_without_ip6_has_it_switched_off_on_its_link(void **state)
{
	(void)state;
	wanted.count = 1;
	make();
	assert_non_null(strstr(words, "disable_ipv6 = 1\n"));
	assert_null(strstr(words, "accept_ra"));
	assert_null(strstr(words, "fe80::1"));
	assert_int_equal(plan.actions[0].addr.family, AF_INET);
}

static void sees(const char *visible, const char *gateway)
{
	wanted.visible = visible ? addr_of(visible) : (struct addr){ .family = 0 };
	wanted.visible_gateway = gateway ? addr_of(gateway) : (struct addr){ .family = 0 };
}

static void what_a_guest_sees_is_translated_before_its_guard_lets_that_in(void **state)
{
	(void)state;
	open_up();
	sees("192.168.1.5", "192.168.1.1");
	make();
	assert_string_equal(words, "vif5.0: rules stand\n"
				   "vif5.0: the guest sees 192.168.1.5 for 10.137.0.5, gateway "
				   "192.168.1.1 for 10.137.0.1\n"
				   "vif5.0: source guard\n"
				   "vif5.0: hotplug-status connected\n");
}

static void the_guard_takes_the_visible_address_in_the_place_of_the_real_one(void **state)
{
	struct addr seen[] = { addr_of("192.168.1.5"), wanted.addrs[1] };
	struct guard guard;

	(void)state;
	sees("192.168.1.5", NULL);
	make();
	guard_make(&guard, &wanted.mac, seen, 2, &wanted.gateway6, false);
	assert_int_equal(guard.count, plan.guard.count);
	assert_memory_equal(guard.prog, plan.guard.prog, guard.count * sizeof(guard.prog[0]));
}

static void a_translation_that_stands_is_left_alone(void **state)
{
	(void)state;
	sees(NULL, "192.168.1.1");
	open_up();
	actual.rewrites = REWRITES_THESE;
	make();
	assert_string_equal(words, "vif5.0: rules stand\nvif5.0: hotplug-status connected\n");
	assert_false(vif_plan_changes(&plan));
	actual.rewrites = REWRITES_OTHERS;
	make();
	assert_string_equal(words, "vif5.0: rules stand\n"
				   "vif5.0: the guest sees gateway 192.168.1.1 for 10.137.0.1\n"
				   "vif5.0: hotplug-status connected\n");
	sees(NULL, NULL);
	make();
	assert_string_equal(words, "vif5.0: rules stand\n"
				   "vif5.0: no translation\n"
				   "vif5.0: hotplug-status connected\n");
}

static void a_translation_ends_with_the_vif_and_is_not_left_by_a_link_that_is_gone(void **state)
{
	(void)state;
	sees("192.168.1.5", NULL);
	open_up();
	actual.rewrites = REWRITES_THESE;
	wanted.life = VIF_GONE;
	make();
	assert_non_null(strstr(words, "vif5.0: source guard that drops everything\n"
				      "vif5.0: no translation\n"));
	actual.exists = false;
	make();
	assert_non_null(strstr(words, "vif5.0: no translation\n"));
	actual.rewrites = REWRITES_NONE;
	make();
	assert_null(strstr(words, "translation"));
}

/* What becomes of a field's address in packets of one direction. */
static const char *rewritten(
	const struct rewrites *r, bool leaving, enum rewrite_field field, const char *from)
{
	static char text[ADDR_TEXT_MAX];
	struct addr a = addr_of(from);

	for (size_t i = 0; i < r->count; i++)
		if (r->item[i].leaving == leaving && r->item[i].field == field &&
			addr_equal(&r->item[i].from, &a))
			a = r->item[i].to;
	return addr_print(&a, text);
}

static void every_place_of_an_address_is_translated_there_and_back(void **state)
{
	static const struct {
		bool leaving;
		enum rewrite_field field;
		const char *from, *to;
	} places[] = {
		{ false, REWRITE_SOURCE, "192.168.1.5", "10.137.0.5" },
		{ false, REWRITE_DESTINATION, "192.168.1.1", "10.137.0.1" },
		{ false, REWRITE_DESTINATION, "192.0.2.1", "192.0.2.1" },
		{ false, REWRITE_QUOTED_SOURCE, "192.168.1.1", "10.137.0.1" },
		{ false, REWRITE_QUOTED_DESTINATION, "192.168.1.5", "10.137.0.5" },
		{ false, REWRITE_ARP_SENDER, "192.168.1.5", "10.137.0.5" },
		{ false, REWRITE_ARP_TARGET, "192.168.1.1", "10.137.0.1" },
		{ false, REWRITE_ARP_TARGET, "192.168.1.5", "10.137.0.5" },
		{ true, REWRITE_SOURCE, "10.137.0.1", "192.168.1.1" },
		{ true, REWRITE_SOURCE, "192.0.2.1", "192.0.2.1" },
		{ true, REWRITE_DESTINATION, "10.137.0.5", "192.168.1.5" },
		{ true, REWRITE_QUOTED_SOURCE, "10.137.0.5", "192.168.1.5" },
		{ true, REWRITE_QUOTED_DESTINATION, "10.137.0.1", "192.168.1.1" },
		{ true, REWRITE_ARP_SENDER, "10.137.0.1", "192.168.1.1" },
		{ true, REWRITE_ARP_TARGET, "10.137.0.5", "192.168.1.5" },
	};
	struct rewrites r;

	(void)state;
	sees("192.168.1.5", "192.168.1.1");
	visible_rewrites(&wanted, &r);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		assert_string_equal(
			rewritten(&r, places[i].leaving, places[i].field, places[i].from),
			places[i].to);
	sees(NULL, NULL);
	visible_rewrites(&wanted, &r);
	assert_int_equal(r.count, 0);
}

/* Whatever may be chosen, what the guest sends comes out right: its own address and its gateway,
 * also where one is seen under a name that the other has here. */
static void no_choice_that_is_allowed_is_translated_twice(void **state)
{
	static const char *const names[] = { NULL, "192.168.1.5", "192.168.1.1", "10.137.0.5",
		"10.137.0.1", "10.137.0.6" };
	enum { NAMES = sizeof(names) / sizeof(names[0]) };
	struct err e;

	(void)state;
	for (size_t i = 0; i < (size_t)NAMES * NAMES; i++) {
		const char *own = names[i / NAMES], *gateway = names[i % NAMES];
		struct rewrites r;

		sees(own, gateway);
		own = own ? own : "10.137.0.5";
		gateway = gateway ? gateway : "10.137.0.1";
		if (vif_check(&wanted, &actual, &e) < 0)
			continue;
		visible_rewrites(&wanted, &r);
		assert_string_equal(rewritten(&r, false, REWRITE_SOURCE, own), "10.137.0.5");
		assert_string_equal(
			rewritten(&r, false, REWRITE_DESTINATION, gateway), "10.137.0.1");
		assert_string_equal(rewritten(&r, false, REWRITE_ARP_SENDER, own), "10.137.0.5");
		assert_string_equal(rewritten(&r, false, REWRITE_ARP_TARGET, own), "10.137.0.5");
		assert_string_equal(
			rewritten(&r, false, REWRITE_ARP_TARGET, gateway), "10.137.0.1");
		assert_string_equal(rewritten(&r, true, REWRITE_SOURCE, "10.137.0.1"), gateway);
		assert_string_equal(rewritten(&r, true, REWRITE_DESTINATION, "10.137.0.5"), own);
	}
}

static void a_setting_that_the_kernel_does_not_have_is_passed_over(void **state)
{
	(void)state;
	for (size_t i = 0; i < VIF_SYSCTLS_MAX; i++)
		actual.sysctls[i][0] = '\0';
	make();
	assert_null(strstr(words, "setting"));
}

static void what_is_left_from_before_is_removed_before_the_link_is_opened(void **state)
{
	struct link_addr addrs[] = { { 7, addr_of("192.0.2.1"), 24 }, { 7, wanted.gateway, 24 } };
	struct route routes[] = {
		{ .dst = { addr_of("10.137.0.6"), 32 },
			.ifindex = 7,
			.metric = 2,
			.protocol = ROUTE_PROTOCOL },
		{ .dst = { addr_of("192.0.2.128"), 25 }, .ifindex = 7, .protocol = RTPROT_BOOT },
		{ .dst = { wanted.addrs[0], 32 }, .ifindex = 7, .protocol = RTPROT_BOOT },
		{ .dst = { addr_of("192.0.2.0"), 24 }, .ifindex = 7, .protocol = RTPROT_KERNEL },
	};
	struct neighbour neighbours[] = { { 7, addr_of("10.137.0.6"), wanted.mac },
		{ 7, wanted.addrs[0], { { 2 } } } };

	(void)state;
	wanted.count = 1;
	actual.addrs = copy_of(addrs, sizeof(addrs));
	actual.addr_count = 2;
	actual.routes = copy_of(routes, sizeof(routes));
	actual.route_count = 4;
	actual.neighbours = copy_of(neighbours, sizeof(neighbours));
	actual.neighbour_count = 2;
	make();
	assert_non_null(strstr(words, "disable_ipv6 = 1\n"
				      "vif5.0: no route to 10.137.0.6/32\n"
				      "vif5.0: no route to 192.0.2.128/25\n"
				      "vif5.0: no route to 10.137.0.5/32\n"
				      "vif5.0: no neighbour 10.137.0.6\n"
				      "vif5.0: no neighbour 10.137.0.5\n"
				      "vif5.0: no address 192.0.2.1/24\n"
				      "vif5.0: no address 10.137.0.1/24\n"
				      "vif5.0: forget connections of 10.137.0.6\n"
				      "vif5.0: forget connections of 10.137.0.5\n"
				      "vif5.0: neighbour 10.137.0.5 at 00:16:3e:00:00:05\n"
				      "vif5.0: link on\n"
				      "vif5.0: address 10.137.0.1/32\n"
				      "vif5.0: route to 10.137.0.5/32\n"));
}

static void a_changed_address_changes_guard_route_and_neighbour_alone(void **state)
{
	(void)state;
	open_up();
	wanted.addrs[0] = addr_of("10.137.0.50");
	make();
	assert_string_equal(words, "vif5.0: rules stand\n"
				   "vif5.0: source guard\n"
				   "vif5.0: no route to 10.137.0.5/32\n"
				   "vif5.0: no neighbour 10.137.0.5\n"
				   "vif5.0: forget connections of 10.137.0.5\n"
				   "vif5.0: forget connections of 10.137.0.50\n"
				   "vif5.0: neighbour 10.137.0.50 at 00:16:3e:00:00:05\n"
				   "vif5.0: route to 10.137.0.50/32\n"
				   "vif5.0: hotplug-status connected\n");
}

static void an_mtu_is_set_where_one_is_wanted_and_differs(void **state)
{
	(void)state;
	open_up();
	wanted.mtu = 1500;
	make();
	assert_null(strstr(words, "MTU"));
	wanted.mtu = 1400;
	make();
	assert_non_null(strstr(words, "vif5.0: MTU 1400\n"));
}

static void a_vif_that_goes_is_switched_off_first_and_emptied(void **state)
{
	(void)state;
	open_up();
	wanted.life = VIF_GONE;
	make();
	assert_string_equal(words, "vif5.0: link off\n"
				   "vif5.0: no route to 10.137.0.5/32\n"
				   "vif5.0: no route to 2001:db8::5/128\n"
				   "vif5.0: no neighbour 10.137.0.5\n"
				   "vif5.0: no neighbour 2001:db8::5\n"
				   "vif5.0: no address 10.137.0.1/32\n"
				   "vif5.0: no address fe80::1/64\n"
				   "vif5.0: forget connections of 10.137.0.5\n"
				   "vif5.0: forget connections of 2001:db8::5\n"
				   "vif5.0: source guard that drops everything\n"
				   "vif5.0: no hotplug-status\n");
}

static void a_closed_vif_is_left_alone(void **state)
{
	(void)state;
	actual.link.group = VIF_GROUP;
	guard_make_closed(&plan.guard);
	memcpy(actual.guard, plan.guard.prog, sizeof(actual.guard[0]));
	actual.guard_count = 1;
	wanted.life = VIF_GONE;
	make();
	assert_string_equal(words, "vif5.0: no hotplug-status\n");
}

static void a_faulty_vif_is_closed_and_says_why(void **state)
{
	(void)state;
	wanted.life = VIF_FAULTY;
	strcpy(wanted.fault, "no IP address is given");
	make();
	assert_string_equal(words, "vif5.0: into the group of guests\n"
				   "vif5.0: source guard that drops everything\n"
				   "vif5.0: hotplug-status error: no IP address is given\n");
}

static void a_faulty_vif_does_not_end_connections_of_an_address_it_never_served(void **state)
{
	(void)state;
	wanted.life = VIF_FAULTY;
	make();
	assert_null(strstr(words, "forget"));
	actual.exists = false;
	make();
	assert_null(strstr(words, "forget"));
}

static void a_vif_that_is_cut_off_keeps_all_and_passes_nothing(void **state)
{
	(void)state;
	open_up();
	wanted.life = VIF_CUT_OFF;
	make();
	assert_string_equal(words, "vif5.0: source guard that drops everything\n"
				   "vif5.0: nothing to the guest\n"
				   "vif5.0: hotplug-status connected\n");
}

static void one_that_was_not_open_is_closed(void **state)
{
	(void)state;
	open_up();
	actual.route_count = 1;
	wanted.life = VIF_CUT_OFF;
	make();
	assert_non_null(strstr(words, "vif5.0: link off\n"));
}

static void plugged_in_again_it_forgets_nothing(void **state)
{
	(void)state;
	open_up();
	actual.mute = true;
	actual.guard_count = 0;
	make();
	assert_string_equal(words, "vif5.0: rules stand\n"
				   "vif5.0: source guard\n"
				   "vif5.0: packets to the guest again\n"
				   "vif5.0: hotplug-status connected\n");
}

static void of_a_link_that_is_gone_only_connections_are_left(void **state)
{
	(void)state;
	actual.exists = false;
	wanted.life = VIF_GONE;
	make();
	assert_string_equal(words, "vif5.0: forget connections of 10.137.0.5\n"
				   "vif5.0: forget connections of 2001:db8::5\n"
				   "vif5.0: no hotplug-status\n");
}

static void connections_of_an_address_that_another_vif_holds_by_now_are_kept(void **state)
{
	(void)state;
	actual.exists = false;
	actual.claims[0].kind = CLAIM_VIF;
	wanted.life = VIF_GONE;
	make();
	assert_string_equal(words, "vif5.0: forget connections of 2001:db8::5\n"
				   "vif5.0: no hotplug-status\n");
}

static void an_emulated_link_goes_first_and_leaves_status_and_connections_to_its_twin(void **state)
{
	(void)state;
	wanted.emulated = true;
	make();
	assert_int_equal(plan.actions[plan.count - 1].kind, DO_ROUTE_SET);
	assert_int_equal(plan.actions[plan.count - 1].route.metric, VIF_METRIC_EMULATED);
	assert_null(strstr(words, "forget"));
	assert_null(strstr(words, "hotplug-status"));
	wanted.life = VIF_FAULTY;
	make();
	assert_non_null(strstr(words, "hotplug-status error"));
}

static void check(int code, const char *text)
{
	struct err e = ERR_NONE;

	assert_int_equal(vif_check(&wanted, &actual, &e), code);
	assert_string_equal(e.text, text);
}

static void a_guest_that_can_be_served_passes_the_check(void **state)
{
	(void)state;
	check(0, "");
}

static void a_link_that_is_not_there_is_named(void **state)
{
	(void)state;
	actual.exists = false;
	check(-ENODEV, "there is no link vif5.0");
}

static void a_guest_needs_a_mac_and_an_address(void **state)
{
	(void)state;
	wanted.count = 0;
	check(-EINVAL, "no IP address is given");
	memset(&wanted.mac, 0, sizeof(wanted.mac));
	check(-EINVAL, "no MAC address is given");
}

static void an_address_that_is_somebody_elses_is_refused(void **state)
{
	(void)state;
	wanted.addrs[0] = addr_of("10.137.0.1");
	check(-EADDRINUSE, "address 10.137.0.1 is the gateway's");
	wanted.addrs[0] = addr_of("10.139.1.2");
	check(-EADDRINUSE, "address 10.139.1.2 is that of a virtual resolver");
	wanted.addrs[0] = addr_of("10.137.0.5");
	actual.claims[0] = (struct vif_claim){ CLAIM_VIF, "vif4.0" };
	check(-EADDRINUSE, "address 10.137.0.5 is held by vif4.0");
	actual.claims[0].kind = CLAIM_OURS;
	check(-EADDRINUSE, "address 10.137.0.5 is the network domain's own");
}

static void an_address_that_no_guest_can_have_is_refused(void **state)
{
	static const char *const texts[] = { "127.0.0.1", "224.0.0.1", "0.0.0.0", "255.255.255.255",
		"::1", "ff02::1" };
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		wanted.addrs[0] = addr_of(texts[i]);
		assert_int_equal(vif_check(&wanted, &actual, &e), -EINVAL);
	}
	wanted.addrs[0] = addr_of("fe80::5");
	check(-EINVAL, "fe80::5 is a link-local address");
}

static void a_gateway_of_each_family_is_needed(void **state)
{
	(void)state;
	wanted.gateway6 = (struct addr){ .family = 0 };
	check(-EINVAL, "no gateway address is given");
	wanted.count = 1;
	check(0, "");
}

static void what_a_guest_cannot_see_is_refused(void **state)
{
	static const struct {
		const char *visible, *gateway, *why;
		int code;
	} wrong[] = {
		{ "224.0.0.1", NULL, "the visible address 224.0.0.1 is none that a guest can have",
			-EINVAL },
		{ NULL, "169.254.0.1",
			"the visible gateway 169.254.0.1 is none that a guest can have", -EINVAL },
		{ "10.139.1.1", NULL,
			"the visible address 10.139.1.1 is that of a virtual resolver",
			-EADDRINUSE },
		{ NULL, "10.139.1.2",
			"the visible gateway 10.139.1.2 is that of a virtual resolver",
			-EADDRINUSE },
		{ "192.168.1.1", "192.168.1.1",
			"it would see 192.168.1.1 as its address and its gateway", -EADDRINUSE },
		{ "10.137.0.1", NULL, "it would see 10.137.0.1 as its address and its gateway",
			-EADDRINUSE },
		{ "192.168.1.5", "10.137.0.5", "the visible gateway 10.137.0.5 is its own address",
			-EADDRINUSE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		sees(wrong[i].visible, wrong[i].gateway);
		check(wrong[i].code, wrong[i].why);
	}
	sees("10.137.0.6", "10.137.0.7"); /* others' real addresses may be */
	check(0, "");
	wanted.addrs[0] = wanted.addrs[--wanted.count];
	check(-EINVAL, "it is to see another address, and has no IPv4 address");
}

#define PLAN_TEST(name) cmocka_unit_test_setup_teardown(name, a_guest_and_a_bare_link, release)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLAN_TEST(a_bare_link_is_opened_in_the_order_that_leaves_no_gap),
		PLAN_TEST(an_open_vif_is_left_alone_but_for_rules_and_status),
		PLAN_TEST(a_guest_without_ip6_has_it_switched_off_on_its_link),
		PLAN_TEST(what_a_guest_sees_is_translated_before_its_guard_lets_that_in),
		PLAN_TEST(the_guard_takes_the_visible_address_in_the_place_of_the_real_one),
		PLAN_TEST(a_translation_that_stands_is_left_alone),
		PLAN_TEST(a_translation_ends_with_the_vif_and_is_not_left_by_a_link_that_is_gone),
		PLAN_TEST(every_place_of_an_address_is_translated_there_and_back),
		PLAN_TEST(no_choice_that_is_allowed_is_translated_twice),
		PLAN_TEST(what_a_guest_cannot_see_is_refused),
		PLAN_TEST(a_setting_that_the_kernel_does_not_have_is_passed_over),
		PLAN_TEST(what_is_left_from_before_is_removed_before_the_link_is_opened),
		PLAN_TEST(a_changed_address_changes_guard_route_and_neighbour_alone),
		PLAN_TEST(an_mtu_is_set_where_one_is_wanted_and_differs),
		PLAN_TEST(a_vif_that_goes_is_switched_off_first_and_emptied),
		PLAN_TEST(a_closed_vif_is_left_alone),
		PLAN_TEST(a_faulty_vif_is_closed_and_says_why),
		PLAN_TEST(a_faulty_vif_does_not_end_connections_of_an_address_it_never_served),
		PLAN_TEST(a_vif_that_is_cut_off_keeps_all_and_passes_nothing),
		PLAN_TEST(one_that_was_not_open_is_closed),
		PLAN_TEST(plugged_in_again_it_forgets_nothing),
		PLAN_TEST(of_a_link_that_is_gone_only_connections_are_left),
		PLAN_TEST(connections_of_an_address_that_another_vif_holds_by_now_are_kept),
		PLAN_TEST(
			an_emulated_link_goes_first_and_leaves_status_and_connections_to_its_twin),
		PLAN_TEST(a_guest_that_can_be_served_passes_the_check),
		PLAN_TEST(a_link_that_is_not_there_is_named),
		PLAN_TEST(a_guest_needs_a_mac_and_an_address),
		PLAN_TEST(an_address_that_is_somebody_elses_is_refused),
		PLAN_TEST(an_address_that_no_guest_can_have_is_refused),
		PLAN_TEST(a_gateway_of_each_family_is_needed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
