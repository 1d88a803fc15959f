/* Ports of guests that are open to the outside, as iptables is told. */
#include "tests/unit/unit.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include "backend/ruleset_iptables.h"

/* A managed network domain with that guest alone. */
static struct iptables_rules rendered(struct ruleset_guest *guest)
{
	struct ruleset r = { .group = 30830,
		.mark = RULESET_MARK,
		.managed = true,
		.guests = guest,
		.guest_count = 1 };
	struct iptables_rules rules;
	struct err e = ERR_NONE;

	assert_int_equal(addr_parse("10.137.0.5", &guest->ip), 0);
	assert_int_equal(iptables_rules_render(&r, AF_INET, &rules, &e), 0);
	return rules;
}

static void an_exposed_port_is_led_to_its_guest_and_only_that_let_in(void **state)
{
	struct ruleset_guest guest = { .name = "vif5.0" };
	struct exposure web = { .proto = IPPROTO_TCP, .port = 8080, .to = 80 };
	struct iptables_rules rules;

	(void)state;
	exposures_add(&guest.exposures, &web);
	rules = rendered(&guest);
	assert_has(rules.chain[CHAIN_DNS].rules,
		"-A netvm-dns -m devgroup ! --src-group 0x786e -m addrtype --dst-type LOCAL -p tcp "
		"-m tcp --dport 8080 -j DNAT --to-destination 10.137.0.5:80\n");
	assert_has(rules.chain[CHAIN_FORWARD].rules,
		"-d 10.137.0.5 -p tcp -m tcp --dport 80 -m devgroup ! --src-group 0x786e "
		"--dst-group 0x786e -m conntrack --ctstate DNAT --ctorigdstport 8080 -j ACCEPT\n"
		"-A netvm-forward -m devgroup --dst-group 0x786e -j DROP\n");
	iptables_rules_free(&rules);
}

static void a_port_that_is_open_to_some_is_translated_for_those_alone(void **state)
{
	struct ruleset_guest guest = { .name = "vif5.0" };
	struct exposure some, others;
	struct iptables_rules rules;

	(void)state;
	assert_int_equal(exposure_parse("tcp/80@192.0.2.0/24", &some), 0);
	assert_int_equal(exposure_parse("tcp/80@2001:db8::/32", &others), 0);
	exposures_add(&guest.exposures, &some);
	exposures_add(&guest.exposures, &others);
	rules = rendered(&guest);
	assert_has(rules.chain[CHAIN_DNS].rules, "-A netvm-dns -s 192.0.2.0/24 -m devgroup ! "
						 "--src-group 0x786e -m addrtype --dst-type "
						 "LOCAL -p tcp ");
	assert_has_not(rules.chain[CHAIN_DNS].rules, "2001:db8::");
	assert_has(rules.chain[CHAIN_FORWARD].rules, "-s 192.0.2.0/24 -d 10.137.0.5 -p tcp ");
	iptables_rules_free(&rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_exposed_port_is_led_to_its_guest_and_only_that_let_in),
		cmocka_unit_test(a_port_that_is_open_to_some_is_translated_for_those_alone),
	};

	return cmocka_run_group_tests_name("ruleset_expose", tests, NULL, NULL);
}
