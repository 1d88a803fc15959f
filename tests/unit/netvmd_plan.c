/* What netvmd does about the domains that run, decision by decision. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <sys/socket.h>

#include "tests/unit/netvmd_net_and_work.h"

#define LINK   "work (2): publish link 0, 10.137.0.2, 00:16:3e:18:d2:3b\n"
#define CLIENT "work (2): publish as client of net (1), vif 0, 10.137.0.2\n"
#define ATTACH "work (2): attach vif 0, 10.137.0.2, backend in net (1)\n"

static void a_guest_of_a_ready_network_domain_is_published_and_attached(void **state)
{
	(void)state;
	assert_plan("net (1): publish provider, gateway 10.137.0.1\n" LINK CLIENT ATTACH);
}

static void when_all_is_done_nothing_is_left_to_do(void **state)
{
	(void)state;
	settle();
	assert_plan("");
}

static void a_link_says_all_that_a_guest_needs(void **state)
{
	const struct guest_link *l;
	struct addr a;

	(void)state;
	world_wanted(&w, "work")->mtu = 1400;
	settle();
	assert_int_equal(now("work")->links, 1);
	l = &now("work")->link[0].link;
	addr_parse4("10.137.0.1", &a);
	assert_true(addr_equal(&l->gateway, &a));
	assert_true(addr_equal(&l->dns[0], &w.registry.globals.dns[0]));
	assert_true(addr_equal(&l->dns[1], &w.registry.globals.dns[1]));
	assert_int_equal(l->mtu, 1400);
	assert_false(addr_is_set(&l->ip6));
	assert_false(addr_is_set(&l->gateway6));
	assert_true(mac_equal(&l->mac, &now("work")->vif[0].mac));
}

static void a_guest_is_told_what_it_sees_and_its_network_domain_what_is(void **state)
{
	const struct guest_link *l;
	const struct client *c;
	struct addr seen, gateway, real;

	(void)state;
	addr_parse4("192.168.1.5", &seen);
	addr_parse4("192.168.1.1", &gateway);
	addr_parse4("10.137.0.2", &real);
	settle();
	strcpy(now("net")->capabilities, "visible");
	world_wanted(&w, "work")->visible_ip = seen;
	world_wanted(&w, "work")->visible_gateway = gateway;
	settle();
	l = &now("work")->link[0].link;
	assert_true(addr_equal(&l->ip, &seen));
	assert_true(addr_equal(&l->gateway, &gateway));
	assert_non_null(world_client(&w, "net", "work", 0));
	c = &world_client(&w, "net", "work", 0)->client;
	assert_true(addr_equal(&c->ip, &real));
	assert_true(addr_equal(&c->visible_ip, &seen));
	assert_true(addr_equal(&c->visible_gateway, &gateway));
	world_wanted(&w, "work")->visible_ip = real;
	settle();
	assert_true(addr_equal(&world_client(&w, "net", "work", 0)->client.visible_ip, &real));
}

/* What both sides of work's link are told when its network domain says `out`. */
static uint32_t mtu_told(uint32_t out)
{
	const struct netvmd_client *c;
	uint32_t mtu;

	now("net")->mtu = out;
	settle();
	c = world_client(&w, "net", "work", 0);
	mtu = now("work")->link[0].link.mtu;
	assert_non_null(c);
	assert_int_equal(c->client.mtu, mtu);
	return mtu;
}

static void a_link_takes_what_the_way_out_takes(void **state)
{
	static const uint32_t told[][2] = { { 0, 0 }, { 1420, 1420 }, { 1500, 1500 },
		{ 9000, 1500 }, { 576, 576 }, { 68, 576 } };

	(void)state;
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
		assert_int_equal(mtu_told(told[i][0]), told[i][1]);
	addr_parse6("2001:db8::2", &world_wanted(&w, "work")->ip6);
	assert_int_equal(mtu_told(1000), 1280);
	world_wanted(&w, "work")->mtu = 9000;
	assert_int_equal(mtu_told(1420), 9000);
}

static void ipv6_is_published_with_its_own_gateway_and_resolvers(void **state)
{
	(void)state;
	addr_parse6("2001:db8::1", &world_wanted(&w, "net")->ip6);
	addr_parse6("2001:db8::2", &world_wanted(&w, "work")->ip6);
	addr_parse6("2001:db8::53", &w.registry.globals.dns6[0]);
	settle();
	assert_true(addr_equal(&now("work")->link[0].link.gateway6, &world_wanted(&w, "net")->ip6));
	assert_true(addr_equal(&now("work")->link[0].link.dns6[0], &w.registry.globals.dns6[0]));
	assert_true(addr_equal(&now("net")->provider.gateway6, &world_wanted(&w, "net")->ip6));
}

static void a_guest_is_published_while_it_is_made_but_not_attached(void **state)
{
	struct netvmd_plan plan;

	(void)state;
	settle();
	world_destroy(&w, now("work"));
	world_start(&w, "work")->paused = true;
	assert_string_equal(world_plan(&w, true, &plan),
		"domain 2: withdraw as client of net (1), vif 0\n"
		"work (3): publish link 0, 10.137.0.2, 00:16:3e:18:d2:3b\n"
		"work (3): publish as client of net (1), vif 0, 10.137.0.2\n");
	assert_true(plan.again);
	netvmd_plan_dispose(&plan);
	now("work")->paused = false;
	assert_plan("work (3): attach vif 0, 10.137.0.2, backend in net (1)\n");
}

static void a_guest_without_its_network_domain_is_published_and_waits(void **state)
{
	struct netvmd_plan plan;

	(void)state;
	world_destroy(&w, now("net"));
	assert_string_equal(world_plan(&w, true, &plan), LINK);
	assert_int_equal(plan.waiting, 1);
	assert_string_equal(plan.wait[0].guest_name, "work");
	assert_string_equal(plan.wait[0].words, "work (2) waits for net, which does not run");
	assert_false(plan.again);
	netvmd_plan_dispose(&plan);
}

static void a_network_domain_that_is_not_ready_gets_no_vif(void **state)
{
	(void)state;
	settle();
	now("work")->vifs = 0;
	now("net")->ready = false;
	assert_plan("");
	now("net")->ready = true;
	now("net")->paused = true;
	assert_plan("");
	now("net")->paused = false;
	now("net")->shutdown = true;
	assert_plan("");
	now("net")->shutdown = false;
	assert_plan(ATTACH);
}

static void a_guest_with_a_policy_is_given_only_to_who_can_enforce_it(void **state)
{
	(void)state;
	settle();
	now("work")->vifs = 0;
	world_wanted(&w, "work")->policy = POLICY_DROP;
	strcpy(now("net")->capabilities, "vif policymaker dns");
	assert_plan("work (2): publish as client of net (1), vif 0, 10.137.0.2, policy drop\n");
	strcpy(now("net")->capabilities, "vif policy");
	settle();
	assert_int_equal(now("work")->vifs, 1);
}

static void so_is_one_with_rules_that_end_in_accept(void **state)
{
	char rules[] = "action=drop dst=@lan\naction=drop dst=@private";

	(void)state;
	settle();
	world_wanted(&w, "work")->rules = rules;
	strcpy(now("net")->capabilities, "vif dns");
	assert_plan("work (2): publish as client of net (1), vif 0, 10.137.0.2, 2 rules\n");
	settle();
	assert_string_equal(world_client(&w, "net", "work", 0)->client.rules, rules);
	now("work")->vifs = 0;
	assert_plan("");
	strcpy(now("net")->capabilities, "vif policy");
	assert_plan(ATTACH);
}

static void a_rule_that_changes_is_published(void **state)
{
	char before[] = "action=drop dst=@lan", after[] = "action=drop dst=@private";

	(void)state;
	world_wanted(&w, "work")->rules = before;
	settle();
	world_wanted(&w, "work")->rules = after;
	assert_plan("work (2): publish as client of net (1), vif 0, 10.137.0.2, 1 rule\n");
	settle();
	assert_int_equal(world_client(&w, "net", "work", 0)->client.generation, 2);
	world_wanted(&w, "work")->rules = NULL;
	assert_plan(CLIENT);
	settle();
}

static void a_guest_with_its_cable_pulled_likewise(void **state)
{
	(void)state;
	settle();
	now("work")->vifs = 0;
	world_wanted(&w, "work")->cable = false;
	strcpy(now("net")->capabilities, "vif");
	assert_plan("work (2): publish as client of net (1), vif 0, 10.137.0.2, cut off\n");
	strcpy(now("net")->capabilities, "cable");
	settle();
	assert_int_equal(now("work")->vifs, 1);
}

static void a_vif_of_the_xl_config_is_the_link_with_its_own_number_and_mac(void **state)
{
	(void)state;
	world_vif(&w, now("work"), 0, 0, 1); /* dom0's bridge */
	world_vif(&w, now("work"), 1, now("net")->domid, 2);
	assert_plan("net (1): publish provider, gateway 10.137.0.1\n"
		    "work (2): publish link 1, 10.137.0.2, 00:16:3e:09:09:02\n"
		    "work (2): publish as client of net (1), vif 1, 10.137.0.2\n");
}

static void a_vif_of_dom0_stays_and_the_link_gets_the_next_number(void **state)
{
	(void)state;
	world_vif(&w, now("work"), 0, 0, 1);
	settle();
	assert_int_equal(now("work")->vifs, 2);
	assert_int_equal(now("work")->vif[1].devid, 1);
	assert_int_equal(now("work")->link[0].devid, 1);
}

static void a_link_follows_the_vif_that_xl_makes_under_another_number(void **state)
{
	(void)state;
	now("work")->paused = true;
	world_plan(&w, true, NULL);
	world_vif(&w, now("work"), 0, 0, 1);
	world_vif(&w, now("work"), 1, now("net")->domid, 2);
	assert_string_equal(world_plan(&w, true, NULL),
		"work (2): unpublish link 0\n"
		"work (2): withdraw as client of net (1), vif 0\n"
		"work (2): publish link 1, 10.137.0.2, 00:16:3e:09:09:02\n"
		"work (2): publish as client of net (1), vif 1, 10.137.0.2\n");
	assert_plan("");
}

static void a_network_domain_that_died_leaves_vifs_that_are_removed(void **state)
{
	(void)state;
	settle();
	world_destroy(&w, now("net"));
	assert_plan("work (2): detach vif 0, whose backend is dead\n");
}

static void when_it_is_back_and_ready_its_guests_are_attached_as_before(void **state)
{
	(void)state;
	world_vif(&w, now("work"), 3, now("net")->domid, 7);
	settle();
	world_destroy(&w, now("net"));
	settle();
	assert_int_equal(now("work")->vifs, 0);
	world_start(&w, "net");
	assert_string_equal(world_plan(&w, true, NULL),
		"net (3): publish provider, gateway 10.137.0.1\n"
		"work (2): publish as client of net (3), vif 3, 10.137.0.2\n");
	assert_plan("");
	now("net")->ready = true;
	assert_plan("work (2): attach vif 3, 10.137.0.2, backend in net (3)\n");
	settle();
	assert_int_equal(now("work")->vif[0].mac.bytes[5], 7);
}

static void a_dead_vif_that_netvmd_never_knew_is_taken_over(void **state)
{
	(void)state;
	world_vif(&w, now("work"), 2, 77, 7);
	assert_plan("work (2): detach vif 2, whose backend is dead\n"
		    "net (1): publish provider, gateway 10.137.0.1\n"
		    "work (2): publish link 2, 10.137.0.2, 00:16:3e:09:09:07\n"
		    "work (2): publish as client of net (1), vif 2, 10.137.0.2\n");
}

static void a_network_domain_that_shut_down_counts_as_dead(void **state)
{
	(void)state;
	settle();
	now("net")->shutdown = true;
	now("work")->vif[0].alive = false;
	assert_plan("work (2): detach vif 0, whose backend is dead\n");
}

static void a_backend_that_vanished_from_a_live_network_domain_is_made_anew(void **state)
{
	(void)state;
	settle();
	now("work")->vif[0].alive = false;
	assert_plan("work (2): detach vif 0, whose backend is dead\n");
	settle();
	assert_true(now("work")->vif[0].alive);
}

static void what_is_being_done_already_is_not_done_twice(void **state)
{
	(void)state;
	settle();
	now("work")->busy = true;
	now("work")->vif[0].alive = false;
	assert_plan("");
	now("work")->vifs = 0;
	assert_plan("");
	now("work")->busy = false;
	assert_plan(ATTACH);
}

static void a_guest_that_is_paused_keeps_its_dead_vif_until_it_runs(void **state)
{
	struct netvmd_plan plan;

	(void)state;
	settle();
	now("work")->paused = true;
	now("work")->vif[0].alive = false;
	assert_string_equal(world_plan(&w, false, &plan), "");
	assert_true(plan.again);
	netvmd_plan_dispose(&plan);
}

static void a_guest_that_moves_leaves_the_one_and_comes_to_the_other(void **state)
{
	(void)state;
	settle();
	world_start(&w, "vpn")->ready = true;
	settle();
	world_netvm(world_wanted(&w, "work"), "vpn");
	world_resolve(&w);
	assert_string_equal(world_plan(&w, true, NULL),
		"work (2): withdraw as client of net (1), vif 0\n"
		"work (2): detach vif 0\n"
		"work (2): publish link 0, 10.137.0.2, 00:16:3e:18:d2:3b\n"
		"work (2): publish as client of vpn (3), vif 0, 10.137.0.2\n");
	assert_plan("work (2): attach vif 0, 10.137.0.2, backend in vpn (3)\n");
}

static void a_guest_that_shall_have_none_loses_its_vif_and_link(void **state)
{
	(void)state;
	settle();
	world_netvm(world_wanted(&w, "work"), NULL);
	world_resolve(&w);
	assert_string_equal(world_plan(&w, true, NULL),
		"work (2): withdraw as client of net (1), vif 0\n"
		"work (2): detach vif 0\n");
	assert_plan("work (2): unpublish link 0\n");
	settle();
	assert_int_equal(now("work")->vifs, 0);
}

/* Its MAC is that of the other name, so what is published is all that tells whose vif it is. */
static void a_renamed_guest_loses_its_vif_also_if_that_has_to_wait(void **state)
{
	(void)state;
	settle();
	now("work")->busy = true;
	strcpy(now("work")->name, "idle");
	assert_string_equal(
		world_plan(&w, true, NULL), "idle (2): withdraw as client of net (1), vif 0\n");
	now("idle")->busy = false;
	assert_string_equal(world_plan(&w, true, NULL), "idle (2): detach vif 0\n");
	assert_plan("idle (2): unpublish link 0\n");
}

static void vifs_of_others_are_nobodys_business(void **state)
{
	(void)state;
	settle();
	world_start(&w, "stranger");
	world_start(&w, "idle");
	world_vif(&w, now("stranger"), 0, now("net")->domid, 1);
	world_vif(&w, now("stranger"), 1, 77, 2);
	world_vif(&w, now("idle"), 0, now("net")->domid, 3);
	world_vif(&w, now("work"), 1, now("stranger")->domid, 4);
	world_vif(&w, now("work"), 2, 0, 5);
	assert_plan("");
}

static void rubbish_that_is_published_is_written_anew(void **state)
{
	(void)state;
	settle();
	now("work")->link[0].readable = false;
	now("net")->client[0].readable = false;
	now("net")->provider_readable = false;
	assert_plan("net (1): publish provider, gateway 10.137.0.1\n" LINK CLIENT);
}

static void the_probe_of_a_provider_is_left_as_it_is(void **state)
{
	(void)state;
	settle();
	now("net")->provider.probe = 42;
	assert_plan("");
	now("net")->provider.role = PROVIDER_VPN;
	settle();
	assert_int_equal(now("net")->provider.probe, 42);
}

static void a_network_domain_is_told_which_subnets_are_routed_to_it(void **state)
{
	struct config_list *routed = &world_wanted(&w, "net")->routed6_text;
	struct prefixes told = { .count = 0 };

	(void)state;
	settle();
	assert_int_equal(now("net")->provider.routed6.count, 0);
	assert_int_equal(config_list_add(routed, "2001:db8:5::/64"), 0);
	assert_plan("net (1): publish provider, gateway 10.137.0.1\n");
	settle();
	assert_int_equal(prefix_parse("2001:db8:5::/64", &told.item[told.count++]), 0);
	assert_true(prefixes_equal(&now("net")->provider.routed6, &told));
	config_list_clear(routed);
	settle();
	assert_int_equal(now("net")->provider.routed6.count, 0);
}

static void a_network_domain_is_told_what_moves_packets(void **state)
{
	(void)state;
	settle();
	assert_int_equal(now("net")->provider.datapath, PROVIDER_DATAPATH_OWN);
	world_wanted(&w, "net")->datapath = PROVIDER_DATAPATH_USER;
	assert_plan("net (1): publish provider, gateway 10.137.0.1, datapath user\n");
	settle();
	assert_int_equal(now("net")->provider.datapath, PROVIDER_DATAPATH_USER);
}

static void the_generation_of_an_entry_changes_with_it_and_only_then(void **state)
{
	(void)state;
	settle();
	assert_int_equal(world_client(&w, "net", "work", 0)->client.generation, 1);
	world_wanted(&w, "work")->policy = POLICY_DROP;
	settle();
	assert_int_equal(world_client(&w, "net", "work", 0)->client.generation, 2);
	settle();
	assert_int_equal(world_client(&w, "net", "work", 0)->client.generation, 2);
}

static void a_proxy_is_a_guest_and_a_network_domain(void **state)
{
	(void)state;
	world_netvm(world_wanted(&w, "vpn"), "net");
	world_netvm(world_wanted(&w, "work"), "vpn");
	world_wanted(&w, "vpn")->role = PROVIDER_VPN;
	world_resolve(&w);
	world_start(&w, "vpn")->ready = true;
	settle();
	assert_int_equal(now("vpn")->vif[0].backend, now("net")->domid);
	assert_int_equal(now("work")->vif[0].backend, now("vpn")->domid);
	assert_int_equal(now("vpn")->provider.role, PROVIDER_VPN);
	assert_true(addr_equal(&now("work")->link[0].link.gateway, &world_wanted(&w, "vpn")->ip));
}

static void two_families_and_a_name_that_is_none_are_printed(void **state)
{
	struct netvmd_action a = { .verb = NETVMD_ATTACH, .guest = { 7, 1 }, .provider = 3 };
	char words[NETVMD_WORDS_MAX];

	(void)state;
	addr_parse4("10.137.0.2", &a.vif.ip);
	addr_parse6("2001:db8::2", &a.vif.ip6);
	assert_string_equal(netvmd_action_print(&a, words),
		"domain 7: attach vif 1, 10.137.0.2 and 2001:db8::2, backend in domain 3");
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(a_guest_of_a_ready_network_domain_is_published_and_attached),
		test(when_all_is_done_nothing_is_left_to_do),
		test(a_link_says_all_that_a_guest_needs),
		test(a_guest_is_told_what_it_sees_and_its_network_domain_what_is),
		test(a_link_takes_what_the_way_out_takes),
		test(ipv6_is_published_with_its_own_gateway_and_resolvers),
		test(a_guest_is_published_while_it_is_made_but_not_attached),
		test(a_guest_without_its_network_domain_is_published_and_waits),
		test(a_network_domain_that_is_not_ready_gets_no_vif),
		test(a_guest_with_a_policy_is_given_only_to_who_can_enforce_it),
		test(so_is_one_with_rules_that_end_in_accept),
		test(a_rule_that_changes_is_published),
		test(a_guest_with_its_cable_pulled_likewise),
		test(a_vif_of_the_xl_config_is_the_link_with_its_own_number_and_mac),
		test(a_vif_of_dom0_stays_and_the_link_gets_the_next_number),
		test(a_link_follows_the_vif_that_xl_makes_under_another_number),
		test(a_network_domain_that_died_leaves_vifs_that_are_removed),
		test(when_it_is_back_and_ready_its_guests_are_attached_as_before),
		test(a_dead_vif_that_netvmd_never_knew_is_taken_over),
		test(a_network_domain_that_shut_down_counts_as_dead),
		test(a_backend_that_vanished_from_a_live_network_domain_is_made_anew),
		test(what_is_being_done_already_is_not_done_twice),
		test(a_guest_that_is_paused_keeps_its_dead_vif_until_it_runs),
		test(a_guest_that_moves_leaves_the_one_and_comes_to_the_other),
		test(a_guest_that_shall_have_none_loses_its_vif_and_link),
		test(a_renamed_guest_loses_its_vif_also_if_that_has_to_wait),
		test(vifs_of_others_are_nobodys_business),
		test(rubbish_that_is_published_is_written_anew),
		test(the_probe_of_a_provider_is_left_as_it_is),
		test(a_network_domain_is_told_which_subnets_are_routed_to_it),
		test(a_network_domain_is_told_what_moves_packets),
		test(the_generation_of_an_entry_changes_with_it_and_only_then),
		test(a_proxy_is_a_guest_and_a_network_domain),
		test(two_families_and_a_name_that_is_none_are_printed),
	};

	return cmocka_run_group_tests_name("netvmd_plan", tests, NULL, NULL);
}
