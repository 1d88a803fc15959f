/* What is said of IPv6 and of routers, in both packet filters' words. */
#include "tests/unit/ruleset_nft.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include "backend/ruleset_iptables.h"

/* A network domain that nobody manages, with IPv6. */
static struct ruleset plain6(void)
{
	struct ruleset r = plain();

	r.ip6.gateway = addr_of("fe80::1");
	r.ip6.dns[0] = addr_of("2001:db8::53");
	r.ip6.resolvers[0] = addr_of("2001:db8:1::1");
	r.ip6.resolver_count = 1;
	return r;
}

static struct iptables_rules iptables(const struct ruleset *r, int family)
{
	struct iptables_rules rules;
	struct err e = ERR_NONE;

	assert_int_equal(iptables_rules_render(r, family, &rules, &e), 0);
	return rules;
}

static void assert_begins(const char *text, const char *part)
{
	assert_ptr_equal(strstr(text, part), text);
}

static void neighbours_are_found_and_the_gateway_can_be_pinged(void **state)
{
	struct ruleset r = plain6();
	struct iptables_rules rules = iptables(&r, AF_INET6);

	(void)state;
	assert_has(rules.chain[CHAIN_INPUT].rules, "--icmpv6-type 135 -j ACCEPT\n");
	assert_has(rules.chain[CHAIN_INPUT].rules,
		"-d fe80::1 -p ipv6-icmp -m icmp6 --icmpv6-type 128 -j ACCEPT\n");
	assert_has(rules.chain[CHAIN_DNS].rules,
		"-d 2001:db8::53 -p udp -m udp --dport 53 -j DNAT --to-destination "
		"2001:db8:1::1\n");
	assert_has(rules.chain[CHAIN_FORWARD].rules, "icmp6-port-unreachable");
	iptables_rules_free(&rules);
}

static void nobody_in_the_domain_tells_guests_of_routers(void **state)
{
	struct ruleset r = plain6();
	struct nft_rules nft = rendered(&r);
	struct iptables_rules ip4 = iptables(&r, AF_INET), ip6 = iptables(&r, AF_INET6);

	(void)state;
	assert_string_equal(body(&nft, "output"),
		"oifgroup 30830 icmp type { redirect, router-advertisement } drop\n"
		"oifgroup 30830 icmpv6 type { nd-router-advert, nd-redirect } drop\n");
	assert_string_equal(ip4.chain[CHAIN_OUTPUT].rules,
		"-A netvm-output -m devgroup --dst-group 0x786e -p icmp -m icmp --icmp-type 5 "
		"-j DROP\n-A netvm-output -m devgroup --dst-group 0x786e -p icmp -m icmp "
		"--icmp-type 9 -j DROP\n");
	assert_string_equal(ip6.chain[CHAIN_OUTPUT].rules,
		"-A netvm-output -m devgroup --dst-group 0x786e -p ipv6-icmp -m icmp6 "
		"--icmpv6-type 134 -j DROP\n-A netvm-output -m devgroup --dst-group 0x786e "
		"-p ipv6-icmp -m icmp6 --icmpv6-type 137 -j DROP\n");
	nft_rules_free(&nft);
	iptables_rules_free(&ip4);
	iptables_rules_free(&ip6);
}

/* With guest vif1.0, 2001:db8:137::2, in a routed subnet, and another one that nobody is in. */
static struct ruleset routed(void)
{
	struct ruleset r = managed(1, "action=accept", POLICY_DROP);
	struct exposure web;

	assert_int_equal(exposure_parse("tcp/8080:80@2001:db8:99::/64", &web), 0);
	exposures_add(&r.guests[0].exposures, &web);
	assert_int_equal(prefix_parse("2001:db8:137::/64", &r.routed6.item[0]), 0);
	assert_int_equal(prefix_parse("2001:db8:5::/48", &r.routed6.item[1]), 0);
	r.routed6.count = 2;
	r.confined = true;
	r.uplinks = (struct uplink_names){ { "eth0", "wlan*" }, 2 };
	return r;
}

static void a_routed_subnet_leaves_as_it_is_and_comes_to_guests_alone_with_nft(void **state)
{
	struct ruleset r = routed();
	struct nft_rules rules = rendered(&r);

	(void)state;
	assert_has(body(&rules, "postrouting"),
		"ip6 saddr 2001:db8:137::/64 return\nip6 saddr 2001:db8:5::/48 return\n"
		"meta mark & 0x10000000 == 0x10000000 oifgroup != 30830 oifname \"eth0\" "
		"masquerade\n");
	assert_begins(body(&rules, "forward"),
		"ip6 daddr 2001:db8:137::/64 oifgroup != 30830 oifname \"eth0\" "
		"reject with icmpv6 addr-unreachable\n");
	assert_has(body(&rules, "forward"),
		"ip6 daddr 2001:db8:5::/48 oifgroup != 30830 oifname \"wlan*\" reject");
	assert_has(body(&rules, "forward"),
		"iifname \"wlan*\" iifgroup != 30830 oifgroup 30830 ip6 saddr 2001:db8:99::/64 "
		"ip6 daddr 2001:db8:137::2 tcp dport 80 accept\n");
	nft_rules_free(&rules);
	r.routed6.count = 0;
	rules = rendered(&r);
	assert_has_not(body(&rules, "postrouting"), "return");
	assert_has_not(body(&rules, "forward"), "addr-unreachable");
	assert_has_not(body(&rules, "forward"), "iifname \"wlan*\" iifgroup");
	nft_rules_free(&rules);
	ruleset_dispose(&r);
}

static void a_routed_subnet_leaves_as_it_is_and_comes_to_guests_alone_with_iptables(void **state)
{
	struct ruleset r = routed();
	struct iptables_rules ip4 = iptables(&r, AF_INET), ip6 = iptables(&r, AF_INET6);

	(void)state;
	assert_has(ip6.chain[CHAIN_POSTROUTING].rules,
		"-A netvm-postrouting -s 2001:db8:137::/64 -j RETURN\n"
		"-A netvm-postrouting -s 2001:db8:5::/48 -j RETURN\n"
		"-A netvm-postrouting -m mark --mark 0x10000000/0x10000000 -m devgroup "
		"! --dst-group 0x786e -o eth0 -j MASQUERADE\n");
	assert_begins(ip6.chain[CHAIN_FORWARD].rules,
		"-A netvm-forward -d 2001:db8:137::/64 -m devgroup ! --dst-group "
		"0x786e -o eth0 -j REJECT --reject-with icmp6-addr-unreachable\n");
	assert_has(ip6.chain[CHAIN_FORWARD].rules,
		"-i wlan+ -s 2001:db8:99::/64 -d 2001:db8:137::2 -p tcp -m tcp --dport 80 -m "
		"devgroup ! --src-group 0x786e --dst-group 0x786e -j ACCEPT\n");
	assert_has_not(ip4.chain[CHAIN_POSTROUTING].rules, "RETURN");
	assert_has_not(ip4.chain[CHAIN_FORWARD].rules, "addr-unreachable");
	iptables_rules_free(&ip4);
	iptables_rules_free(&ip6);
	ruleset_dispose(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(neighbours_are_found_and_the_gateway_can_be_pinged),
		cmocka_unit_test(nobody_in_the_domain_tells_guests_of_routers),
		cmocka_unit_test(
			a_routed_subnet_leaves_as_it_is_and_comes_to_guests_alone_with_nft),
		cmocka_unit_test(
			a_routed_subnet_leaves_as_it_is_and_comes_to_guests_alone_with_iptables),
	};

	return cmocka_run_group_tests_name("ruleset_ip6", tests, NULL, NULL);
}
