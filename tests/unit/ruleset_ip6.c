/* What is said of IPv6 and of routers, in both packet filters' words. */
#include "tests/unit/ruleset_nft.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include "backend/ruleset_iptables.h"

/* A network domain that nobody manages, with IPv6. */
static struct ruleset plain6(void)
{
	struct ruleset r = plain();

	r.ip6.gateway = addr("fe80::1");
	r.ip6.dns[0] = addr("2001:db8::53");
	r.ip6.resolvers[0] = addr("2001:db8:1::1");
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(neighbours_are_found_and_the_gateway_can_be_pinged),
		cmocka_unit_test(nobody_in_the_domain_tells_guests_of_routers),
	};

	return cmocka_run_group_tests_name("ruleset_ip6", tests, NULL, NULL);
}
