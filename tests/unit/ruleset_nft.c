/* The packet filter's rules as nftables': what a model becomes. */
#include "tests/unit/ruleset_nft.h"

#include <netinet/in.h>

/* --- the base --- */

static void a_guest_asks_by_dhcp_where_it_is_to_and_by_its_own_links(void **state)
{
	struct ruleset_guest guests[] = { { .name = "vif5.0", .dhcp = true }, { .name = "vif6.0" },
		{ .name = "vif32751.65535", .dhcp = true } };
	struct ruleset r = plain();
	struct nft_rules rules;

	(void)state;
	r.managed = true;
	r.guests = guests;
	r.guest_count = 3;
	rules = rendered(&r);
	assert_has(body(&rules, "input"),
		"iifgroup != 30830 return\n"
		"iifname \"vif5.0\" udp sport 68 udp dport 67 accept\n"
		"iifname \"vif5.0-emu\" udp sport 68 udp dport 67 accept\n"
		"iifname \"vif32751.65535\" udp sport 68 udp dport 67 accept\n"
		"icmpv6 type");
	nft_rules_free(&rules);
}

static void the_base_is_rendered_exactly(void **state)
{
	struct ruleset r = plain();
	struct nft_rules rules;

	(void)state;
	r.confined = true;
	r.uplinks = (struct uplink_names){ { "eth0", "wlan*" }, 2 };
	rules = rendered(&r);
	assert_string_equal(body(&rules, "forward"),
		"iifgroup != 30830 oifgroup != 30830 return\n"
		"iifgroup 30830 oifgroup != 30830 jump uplinks\n"
		"ct state established,related accept\n"
		"ct state invalid drop\n"
		"iifgroup 30830 jump connections\n"
		"jump custom-forward\n"
		"oifgroup 30830 drop\n"
		"jump resolvers\n"
		"goto leave\n");
	assert_string_equal(body(&rules, "uplinks"),
		"oifname \"eth0\" return\noifname \"wlan*\" return\n"
		"ip daddr 10.139.1.1 meta l4proto tcp reject with tcp reset\n"
		"ip daddr 10.139.1.1 reject with icmp port-unreachable\n"
		"ip daddr 10.139.1.2 meta l4proto tcp reject with tcp reset\n"
		"ip daddr 10.139.1.2 reject with icmp port-unreachable\n"
		"drop\n");
	assert_string_equal(body(&rules, "leave"), "accept\n");
	assert_string_equal(body(&rules, "resolvers"),
		"ip daddr 10.139.1.1 meta l4proto tcp reject with tcp reset\n"
		"ip daddr 10.139.1.1 reject with icmp port-unreachable\n"
		"ip daddr 10.139.1.2 meta l4proto tcp reject with tcp reset\n"
		"ip daddr 10.139.1.2 reject with icmp port-unreachable\n");
	assert_string_equal(body(&rules, "dns"),
		"iifgroup != 30830 return\n"
		"ip daddr 10.139.1.1 meta l4proto @tcpudp th dport 53 dnat ip to 192.0.2.1\n"
		"ip daddr 10.139.1.2 meta l4proto @tcpudp th dport 53 dnat ip to 192.0.2.1\n");
	assert_string_equal(body(&rules, "postrouting"),
		"meta mark & 0x10000000 == 0x10000000 oifgroup != 30830 oifname \"eth0\" "
		"masquerade\n"
		"meta mark & 0x10000000 == 0x10000000 oifgroup != 30830 oifname \"wlan*\" "
		"masquerade\n");
	assert_string_equal(body(&rules, "mss"),
		"iifgroup 30830 tcp flags & (syn | rst) == syn tcp option maxseg size set rt mtu\n"
		"oifgroup 30830 tcp flags & (syn | rst) == syn tcp option maxseg size set rt "
		"mtu\n");
	assert_string_equal(body(&rules, "from-guests"),
		"iifgroup 30830 jump rates\n"
		"iifgroup 30830 meta mark set meta mark | 0x10000000\n");
	assert_has(body(&rules, "input"), "ip daddr 10.137.0.1 icmp type 8 accept\ndrop\n");
	assert_true(object(&rules, "custom-input")->user);
	assert_true(object(&rules, "custom-forward")->user);
	assert_null(object(&rules, "guests4"));
	nft_rules_free(&rules);
	nft_rules_free(&rules);
}

static void without_a_real_resolver_nothing_is_translated(void **state)
{
	struct ruleset r = plain();
	struct nft_rules rules;

	(void)state;
	r.ip4.resolver_count = 0;
	rules = rendered(&r);
	assert_has_not(body(&rules, "dns"), "dnat");
	assert_has(body(&rules, "resolvers"), "ip daddr 10.139.1.1 reject");
	nft_rules_free(&rules);
}

static void a_virtual_resolver_of_the_domain_above_is_let_through(void **state)
{
	struct ruleset r = plain();
	struct nft_rules rules;

	(void)state;
	r.ip4.resolvers[0] = r.ip4.dns[0];
	rules = rendered(&r);
	assert_has(body(&rules, "resolvers"),
		"ip daddr 10.139.1.1 meta l4proto @tcpudp th dport 53 return\n"
		"ip daddr 10.139.1.1 meta l4proto tcp reject");
	assert_has_not(body(&rules, "resolvers"), "10.139.1.2 meta l4proto @tcpudp");
	nft_rules_free(&rules);
}

static void what_came_by_a_named_uplink_is_not_passed_on_to_another_link(void **state)
{
	struct ruleset r = plain();
	struct nft_rules rules;

	(void)state;
	r.confined = r.named = true;
	r.uplinks = (struct uplink_names){ { "wg0" }, 1 };
	rules = rendered(&r);
	assert_has(body(&rules, "forward"),
		"iifname \"wg0\" oifgroup != 30830 jump passed-on\niifgroup != 30830");
	assert_has(body(&rules, "output"), "oifname \"wg0\" return\noifgroup 30830 return\n");
	assert_string_equal(body(&rules, "passed-on"),
		"oifname \"wg0\" return\nct status & (snat | dnat) != 0 return\ndrop\n");
	nft_rules_free(&rules);
}

static void without_an_uplink_nothing_leaves(void **state)
{
	struct ruleset r = plain();
	struct nft_rules rules;

	(void)state;
	r.confined = true;
	rules = rendered(&r);
	assert_has_not(body(&rules, "uplinks"), "return");
	assert_has(body(&rules, "uplinks"), "drop\n");
	assert_string_equal(body(&rules, "postrouting"), "");
	nft_rules_free(&rules);
}

/* --- guests --- */

static void a_rule_becomes(const char *rule, const char *wanted4, const char *wanted6)
{
	struct ruleset r = managed(1, rule, POLICY_DROP);
	struct nft_rules rules = rendered(&r);
	char text[1024];

	snprintf(text, sizeof(text), "%scounter goto refuse\n", wanted4);
	assert_string_equal(body(&rules, "vif1.0-4"), text);
	snprintf(text, sizeof(text), "%scounter goto refuse\n", wanted6);
	assert_string_equal(body(&rules, "vif1.0-6"), text);
	nft_rules_free(&rules);
	ruleset_dispose(&r);
}

static void rules_are_rendered_exactly(void **state)
{
	(void)state;
	a_rule_becomes("action=accept", "counter goto leave\n", "counter goto leave\n");
	a_rule_becomes("action=drop dst4=192.0.2.0/25 proto=tcp dstports=80-90",
		"ct original ip daddr 192.0.2.0/25 meta l4proto tcp th dport 80-90 counter goto "
		"refuse\n",
		"");
	a_rule_becomes("action=accept dst6=2001:db8::1 proto=udp dstports=53", "",
		"ct original ip6 daddr 2001:db8::1/128 meta l4proto udp th dport 53 counter goto "
		"leave\n");
	a_rule_becomes("action=accept dst4=0.0.0.0/0", "counter goto leave\n", "");
	a_rule_becomes("action=accept proto=icmp icmptype=8", "icmp type 8 counter goto leave\n",
		"icmpv6 type 8 counter goto leave\n");
	a_rule_becomes("action=accept proto=icmp", "meta l4proto icmp counter goto leave\n",
		"meta l4proto icmpv6 counter goto leave\n");
	a_rule_becomes("action=accept dst=@lan", "ct original ip daddr @lan4 counter goto leave\n",
		"ct original ip6 daddr @lan6 counter goto leave\n");
	a_rule_becomes("action=accept specialtarget=dns",
		"ct original ip daddr @resolvers4 meta l4proto @tcpudp th dport 53 counter goto "
		"leave\n",
		"ct original ip6 daddr @resolvers6 meta l4proto @tcpudp th dport 53 counter goto "
		"leave\n");
	a_rule_becomes("action=accept dst=@internet",
		"ct original ip daddr != @special4 ct original ip daddr != @private4 "
		"ct original ip daddr != @lan4 counter goto leave\n",
		"ct original ip6 daddr != @special6 ct original ip6 daddr != @private6 "
		"ct original ip6 daddr != @lan6 counter goto leave\n");
}

static void a_rule_that_has_ended_is_not_there(void **state)
{
	(void)state;
	a_rule_becomes("action=accept expire=1000", "", "");
	a_rule_becomes("action=accept expire=1001", "counter goto leave\n", "counter goto leave\n");
}

static void a_guest_is_found_by_address_and_vif(void **state)
{
	struct ruleset r = managed(2, "action=accept", POLICY_DROP);
	struct nft_rules rules;

	(void)state;
	r.guests[1].ip = r.guests[0].ip; /* somebody's mistake: still two guests */
	rules = rendered(&r);
	assert_non_null(object(&rules, "guests4"));
	assert_string_equal(leads(&rules, "guests4 10.137.0.2 . \"vif1.0\""), "goto vif1.0-4");
	assert_string_equal(leads(&rules, "guests4 10.137.0.2 . \"vif1.0-emu\""), "goto vif1.0-4");
	assert_string_equal(leads(&rules, "guests4 10.137.0.2 . \"vif2.0\""), "goto vif2.0-4");
	assert_string_equal(leads(&rules, "guests4 10.137.0.2 . \"vif2.0-emu\""), "goto vif2.0-4");
	assert_has(body(&rules, "forward"), "ip saddr . iifname vmap @guests4\n");
	assert_has(body(&rules, "forward"), "ct state invalid,untracked drop\n");
	assert_has(body(&rules, "forward"), "vmap @guests6\ngoto refuse\n");
	nft_rules_free(&rules);
	ruleset_dispose(&r);
}

static void a_guest_without_rules_has_no_chain(void **state)
{
	struct ruleset open = managed(1, "", POLICY_ACCEPT), shut = managed(1, "", POLICY_DROP);
	struct nft_rules a = rendered(&open), b = rendered(&shut);

	(void)state;
	assert_null(object(&a, "vif1.0-4"));
	assert_string_equal(leads(&a, "guests4 10.137.0.2 . \"vif1.0\""), "goto leave");
	assert_string_equal(leads(&b, "guests4 10.137.0.2 . \"vif1.0\""), "goto refuse");
	nft_rules_free(&a);
	nft_rules_free(&b);
	ruleset_dispose(&open);
	ruleset_dispose(&shut);
}

static void a_vif_with_the_longest_of_names_has_no_twin(void **state)
{
	struct ruleset r = managed(1, "", POLICY_ACCEPT);
	struct nft_rules rules;

	(void)state;
	snprintf(r.guests[0].name, LINK_NAME_MAX, "vif32751.65535");
	rules = rendered(&r);
	assert_string_equal(leads(&rules, "guests4 10.137.0.2 . \"vif32751.65535\""), "goto leave");
	assert_null(leads(&rules, "guests4 10.137.0.2 . \"vif32751.65535-emu\""));
	nft_rules_free(&rules);
	ruleset_dispose(&r);
}

static void another_guest_is_reached_by_a_rule_about_it_alone(void **state)
{
	struct ruleset r = managed(3,
		"action=drop proto=udp\naction=accept dst4=10.137.0.3\n"
		"action=accept dst4=192.0.2.1\naction=accept",
		POLICY_ACCEPT);
	struct nft_rules rules = rendered(&r);

	(void)state;
	assert_string_equal(body(&rules, "vif1.0-4-peers"),
		"meta l4proto udp counter goto refuse\n"
		"ct original ip daddr 10.137.0.3/32 counter accept\n"
		"counter goto refuse\n");
	assert_string_equal(leads(&rules, "peers4 10.137.0.2 . \"vif1.0\""), "goto vif1.0-4-peers");
	assert_null(leads(&rules, "peers6 2001:db8:137::2 . \"vif1.0\""));
	assert_null(object(&rules, "vif1.0-6-peers"));
	nft_rules_free(&rules);
	ruleset_dispose(&r);
}

static void names_are_sets_of_their_addresses(void **state)
{
	struct addr addrs[] = { addr_of("192.0.2.7"), addr_of("192.0.2.8"), addr_of("192.0.2.7") };
	struct policy_name name = { .name = (char *)"www.example.net", .addrs = addrs, .count = 3 };
	struct ruleset r = managed(1,
		"action=accept dsthost=www.example.net\n"
		"action=drop dsthost=www.example.net",
		POLICY_ACCEPT);
	struct nft_rules rules;
	const char *set;
	char line[128];

	(void)state;
	r.names = &name;
	r.name_count = 1;
	rules = rendered(&r);
	set = strstr(body(&rules, "vif1.0-4"), "name4-");
	assert_non_null(set);
	snprintf(line, sizeof(line), "%.*s", (int)strcspn(set, " "), set);
	assert_string_equal(body(&rules, line), "192.0.2.7\n192.0.2.8\n");
	assert_string_equal(body(&rules, "vif1.0-6"), "counter goto leave\n");
	nft_rules_free(&rules);

	name.count = 0; /* it does not resolve */
	rules = rendered(&r);
	assert_string_equal(body(&rules, "vif1.0-4"), "counter goto refuse\ncounter goto leave\n");
	assert_string_equal(body(&rules, "vif1.0-6"), "counter goto refuse\ncounter goto leave\n");
	nft_rules_free(&rules);
	r.names = NULL;
	r.name_count = 0;
	ruleset_dispose(&r);
}

static void a_subnet_within_another_is_left_out_of_a_set(void **state)
{
	static const char *const lan[] = { "192.0.2.128/25", "192.0.2.0/24", "192.0.2.0/24",
		"198.51.100.0/24", "2001:db8::/64" };
	struct prefix prefixes[5];
	struct ruleset r = managed(0, "", POLICY_DROP);
	struct nft_rules rules;

	(void)state;
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(prefix_parse(lan[i], &prefixes[i]), 0);
	r.lan = prefixes;
	r.lan_count = 5;
	rules = rendered(&r);
	assert_string_equal(body(&rules, "lan4"), "192.0.2.0/24\n198.51.100.0/24\n");
	assert_string_equal(body(&rules, "lan6"), "2001:db8::/64\n");
	nft_rules_free(&rules);
	r.lan = NULL;
	r.lan_count = 0;
	ruleset_dispose(&r);
}

static void an_exposed_port_is_led_to_its_guest_and_only_that_let_in(void **state)
{
	struct ruleset r = managed(1, NULL, POLICY_DROP);
	struct exposure web = { .proto = IPPROTO_TCP, .port = 8080, .to = 80 };
	struct nft_rules rules;

	(void)state;
	r.confined = true;
	r.uplinks = (struct uplink_names){ { "eth0" }, 1 };
	exposures_add(&r.guests[0].exposures, &web);
	rules = rendered(&r);
	assert_has(body(&rules, "dns"),
		"iifname \"eth0\" iifgroup != 30830 meta nfproto ipv4 fib daddr type local tcp "
		"dport 8080 dnat ip to 10.137.0.2:80\n"
		"iifname \"eth0\" iifgroup != 30830 meta nfproto ipv6 fib daddr type local tcp "
		"dport 8080 dnat ip6 to [2001:db8:137::2]:80\n"
		"iifgroup != 30830 return\n");
	assert_has(body(&rules, "forward"),
		"iifgroup != 30830 oifgroup 30830 ip daddr 10.137.0.2 tcp dport 80 ct status dnat "
		"ct original proto-dst 8080 accept\n");
	nft_rules_free(&rules);
	ruleset_dispose(&r);
}

static void a_port_that_is_open_to_some_is_translated_for_those_alone(void **state)
{
	struct ruleset r = managed(1, NULL, POLICY_DROP);
	struct exposure some, others, all6;
	struct nft_rules rules;

	(void)state;
	assert_int_equal(exposure_parse("tcp/80@192.0.2.0/24", &some), 0);
	assert_int_equal(exposure_parse("tcp/80@2001:db8:1::/48", &others), 0);
	assert_int_equal(exposure_parse("udp/53@::/0", &all6), 0);
	exposures_add(&r.guests[0].exposures, &some);
	exposures_add(&r.guests[0].exposures, &others);
	exposures_add(&r.guests[0].exposures, &all6);
	rules = rendered(&r);
	assert_has(body(&rules, "dns"),
		"iifgroup != 30830 meta nfproto ipv4 ip saddr 192.0.2.0/24 fib daddr type local "
		"tcp "
		"dport 80 dnat ip to 10.137.0.2:80\n"
		"iifgroup != 30830 meta nfproto ipv6 ip6 saddr 2001:db8:1::/48 fib daddr type "
		"local "
		"tcp dport 80 dnat ip6 to [2001:db8:137::2]:80\n"
		"iifgroup != 30830 meta nfproto ipv6 fib daddr type local udp dport 53 dnat ip6 to "
		"[2001:db8:137::2]:53\n"
		"iifgroup != 30830 return\n");
	assert_has(body(&rules, "forward"),
		"iifgroup != 30830 oifgroup 30830 ip saddr 192.0.2.0/24 ip daddr 10.137.0.2 tcp "
		"dport 80 ct status dnat ct original proto-dst 80 accept\n"
		"iifgroup != 30830 oifgroup 30830 ip6 saddr 2001:db8:1::/48 ip6 daddr ");
	nft_rules_free(&rules);
	ruleset_dispose(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_base_is_rendered_exactly),
		cmocka_unit_test(a_guest_asks_by_dhcp_where_it_is_to_and_by_its_own_links),
		cmocka_unit_test(without_a_real_resolver_nothing_is_translated),
		cmocka_unit_test(a_virtual_resolver_of_the_domain_above_is_let_through),
		cmocka_unit_test(what_came_by_a_named_uplink_is_not_passed_on_to_another_link),
		cmocka_unit_test(without_an_uplink_nothing_leaves),
		cmocka_unit_test(rules_are_rendered_exactly),
		cmocka_unit_test(a_rule_that_has_ended_is_not_there),
		cmocka_unit_test(a_guest_is_found_by_address_and_vif),
		cmocka_unit_test(a_guest_without_rules_has_no_chain),
		cmocka_unit_test(a_vif_with_the_longest_of_names_has_no_twin),
		cmocka_unit_test(another_guest_is_reached_by_a_rule_about_it_alone),
		cmocka_unit_test(names_are_sets_of_their_addresses),
		cmocka_unit_test(an_exposed_port_is_led_to_its_guest_and_only_that_let_in),
		cmocka_unit_test(a_port_that_is_open_to_some_is_translated_for_those_alone),
		cmocka_unit_test(a_subnet_within_another_is_left_out_of_a_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
