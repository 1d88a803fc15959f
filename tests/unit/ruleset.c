/* The packet filter's rules: what a model becomes, and how one state leads to another. */
#include "tests/unit/unit.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "backend/ruleset_iptables.h"
#include "tests/unit/addrs.h"

/* A network domain with `count` real resolvers, 192.0.2.1 and so on. */
static struct ruleset sample(size_t count)
{
	struct ruleset r = { .group = 30830, .mark = RULESET_MARK };
	char text[ADDR_TEXT_MAX];

	r.ip4.gateway = addr_of("10.137.0.1");
	r.ip4.dns[0] = addr_of("10.139.1.1");
	r.ip4.dns[1] = addr_of("10.139.1.2");
	r.ip4.resolver_count = count;
	for (size_t i = 0; i < count; i++) {
		snprintf(text, sizeof(text), "192.0.2.%zu", i + 1);
		r.ip4.resolvers[i] = addr_of(text);
	}
	return r;
}

static struct iptables_rules rendered(const struct ruleset *r, int family)
{
	struct iptables_rules rules;
	struct err e = ERR_NONE;

	assert_int_equal(iptables_rules_render(r, family, &rules, &e), 0);
	return rules;
}

static struct iptables_rules parsed(const char *text)
{
	struct iptables_rules rules;
	struct err e = ERR_NONE;

	assert_int_equal(iptables_rules_parse(text, &rules, &e), 0);
	return rules;
}

static char *change(const struct iptables_rules *now, const struct iptables_rules *wanted)
{
	struct err e = ERR_NONE;
	char *text;

	assert_int_equal(iptables_rules_change(now, wanted, false, &text, &e), 0);
	return text;
}

static void only_tables_that_differ_are_written(void **state)
{
	struct ruleset r = sample(1);
	struct iptables_rules before = rendered(&r, AF_INET), after;
	char *text = change(&before, &before);

	(void)state;
	assert_string_equal(text, "");
	assert_int_equal(iptables_rules_transactions(text), 0);
	free(text);
	r = sample(2);
	after = rendered(&r, AF_INET);
	text = change(&before, &after);
	assert_int_equal(strncmp(text, "*nat\n", 5), 0);
	assert_int_equal(iptables_rules_transactions(text), 1);
	free(text);
	text = change(&(struct iptables_rules){ .kind = IPTABLES_UNKNOWN }, &after);
	assert_int_equal(iptables_rules_transactions(text), 3);
	free(text);
	iptables_rules_free(&before);
	iptables_rules_free(&after);
}

/* --- from a model to rules --- */

static void leads_to(size_t resolvers, const char *first, const char *second)
{
	struct ruleset r = sample(resolvers);
	struct iptables_rules rules = rendered(&r, AF_INET);
	const char *const want[] = { first, second };
	char line[160];

	for (int i = 0; i < 2; i++) {
		snprintf(line, sizeof(line),
			"-A netvm-dns -d 10.139.1.%d -p udp -m udp --dport 53 -j DNAT "
			"--to-destination %s\n",
			i + 1, want[i]);
		assert_has(rules.chain[CHAIN_DNS].rules, line);
		snprintf(line, sizeof(line),
			"-A netvm-dns -d 10.139.1.%d -p tcp -m tcp --dport 53 -j DNAT "
			"--to-destination %s\n",
			i + 1, want[i]);
		assert_has(rules.chain[CHAIN_DNS].rules, line);
	}
	assert_int_equal(rules.chain[CHAIN_DNS].count, 5);
	iptables_rules_free(&rules);
}

static void both_virtual_resolvers_lead_to_the_only_real_one(void **state)
{
	(void)state;
	leads_to(1, "192.0.2.1", "192.0.2.1");
}

static void each_virtual_resolver_leads_to_one_of_the_first_two(void **state)
{
	(void)state;
	leads_to(2, "192.0.2.1", "192.0.2.2");
	leads_to(5, "192.0.2.1", "192.0.2.2");
}

static void without_a_real_resolver_nothing_is_translated_and_dns_is_refused(void **state)
{
	struct ruleset r = sample(0);
	struct iptables_rules rules = rendered(&r, AF_INET);
	const char *forward = rules.chain[CHAIN_FORWARD].rules;

	(void)state;
	assert_has_not(rules.chain[CHAIN_DNS].rules, "DNAT");
	assert_has(forward, "-d 10.139.1.1 -p tcp -j REJECT --reject-with tcp-reset\n"
			    "-A netvm-forward -d 10.139.1.1 -j REJECT --reject-with "
			    "icmp-port-unreachable\n");
	assert_has(forward, "-d 10.139.1.2 -p tcp -j REJECT --reject-with tcp-reset\n");
	iptables_rules_free(&rules);
}

static void an_absent_virtual_resolver_has_no_rules(void **state)
{
	struct ruleset r = sample(2);
	struct iptables_rules rules;

	(void)state;
	r.ip4.dns[1] = (struct addr){ .family = 0 };
	rules = rendered(&r, AF_INET);
	assert_int_equal(rules.chain[CHAIN_DNS].count, 3);
	assert_has_not(rules.chain[CHAIN_FORWARD].rules, "none");
	iptables_rules_free(&rules);
}

static void a_virtual_resolver_of_the_domain_above_is_let_through(void **state)
{
	struct ruleset r = sample(2);
	struct iptables_rules rules;
	char *at, *reject;

	(void)state;
	r.ip4.resolvers[0] = r.ip4.dns[0];
	r.ip4.resolvers[1] = r.ip4.dns[1];
	rules = rendered(&r, AF_INET);
	at = strstr(rules.chain[CHAIN_FORWARD].rules,
		"-d 10.139.1.1 -p udp -m udp --dport 53 -j netvm-policy\n");
	reject = strstr(rules.chain[CHAIN_FORWARD].rules, "-d 10.139.1.1 -j REJECT");
	assert_non_null(at);
	assert_non_null(reject);
	assert_true(at < reject);
	iptables_rules_free(&rules);
}

static void other_links_packets_are_left_to_others_before_anything_else(void **state)
{
	struct ruleset r = sample(1);
	struct iptables_rules rules = rendered(&r, AF_INET);
	static const char forward[] = "-A netvm-forward -m devgroup ! --src-group 0x786e ! "
				      "--dst-group 0x786e -j RETURN\n",
			  input[] = "-A netvm-input -m devgroup ! --src-group 0x786e -j RETURN\n";

	(void)state;
	assert_memory_equal(rules.chain[CHAIN_FORWARD].rules, forward, sizeof(forward) - 1);
	assert_memory_equal(rules.chain[CHAIN_INPUT].rules, input, sizeof(input) - 1);
	iptables_rules_free(&rules);
}

static void user_chains_are_called_after_known_connections_and_before_verdicts(void **state)
{
	struct ruleset r = sample(1);
	struct iptables_rules rules = rendered(&r, AF_INET);

	(void)state;
	assert_has(rules.chain[CHAIN_FORWARD].rules,
		"--ctstate INVALID -j DROP\n-A netvm-forward -j custom-forward\n"
		"-A netvm-forward -m devgroup --dst-group 0x786e -j DROP\n");
	assert_has(rules.chain[CHAIN_INPUT].rules,
		"--ctstate INVALID -j DROP\n-A netvm-input -j custom-input\n"
		"-A netvm-input -d 10.137.0.1 -p icmp");
	iptables_rules_free(&rules);
}

static void a_guest_asks_by_dhcp_where_it_is_to_and_by_its_own_links(void **state)
{
	struct ruleset_guest guests[] = { { .name = "vif5.0", .dhcp = true },
		{ .name = "vif6.0" } };
	struct ruleset r = sample(1);
	struct iptables_rules rules;

	(void)state;
	r.managed = true;
	r.guests = guests;
	r.guest_count = 2;
	rules = rendered(&r, AF_INET);
	assert_has(rules.chain[CHAIN_INPUT].rules,
		"-A netvm-input -i vif5.0 -p udp -m udp --sport 68 --dport 67 -j ACCEPT\n"
		"-A netvm-input -i vif5.0-emu -p udp -m udp --sport 68 --dport 67 -j ACCEPT\n");
	assert_null(strstr(rules.chain[CHAIN_INPUT].rules, "vif6.0"));
	iptables_rules_free(&rules);
	rules = rendered(&r, AF_INET6);
	assert_null(strstr(rules.chain[CHAIN_INPUT].rules, "vif5.0"));
	iptables_rules_free(&rules);
}

static void named_uplinks_are_the_only_way_out(void **state)
{
	struct ruleset r = sample(1);
	struct iptables_rules rules;

	(void)state;
	r.confined = true;
	r.uplinks = (struct uplink_names){ { "eth0", "wlan*" }, 2 };
	rules = rendered(&r, AF_INET);
	assert_has(rules.chain[CHAIN_FORWARD].rules,
		" -j RETURN\n-A netvm-forward -m devgroup --src-group 0x786e ! --dst-group 0x786e "
		"-j netvm-uplinks\n-A netvm-forward -m conntrack --ctstate RELATED,ESTABLISHED");
	assert_memory_equal(rules.chain[CHAIN_UPLINKS].rules,
		"-A netvm-uplinks -o eth0 -j RETURN\n-A netvm-uplinks -o wlan+ -j RETURN\n"
		"-A netvm-uplinks -d 10.139.1.1 -p tcp -j REJECT",
		50);
	assert_has(rules.chain[CHAIN_UPLINKS].rules,
		"icmp-port-unreachable\n-A netvm-uplinks -j DROP\n");
	assert_has(rules.chain[CHAIN_POSTROUTING].rules, "-o wlan+ -j MASQUERADE\n");
	assert_int_equal(rules.chain[CHAIN_POSTROUTING].count, 2);
	assert_has_not(rules.chain[CHAIN_FORWARD].rules, "passed-on");
	iptables_rules_free(&rules);
	r.named = true;
	rules = rendered(&r, AF_INET);
	assert_memory_equal(rules.chain[CHAIN_FORWARD].rules,
		"-A netvm-forward -i eth0 -m devgroup ! --dst-group 0x786e -j netvm-passed-on\n"
		"-A netvm-forward -i wlan+ -m devgroup",
		100);
	assert_string_equal(rules.chain[CHAIN_PASSED_ON].rules,
		"-A netvm-passed-on -o eth0 -j RETURN\n-A netvm-passed-on -o wlan+ -j RETURN\n"
		"-A netvm-passed-on -m conntrack --ctstate SNAT,DNAT -j RETURN\n"
		"-A netvm-passed-on -j DROP\n");
	iptables_rules_free(&rules);
}

static void without_an_uplink_nothing_leaves(void **state)
{
	struct ruleset r = sample(1);
	struct iptables_rules rules;

	(void)state;
	r.confined = true;
	rules = rendered(&r, AF_INET);
	assert_has_not(rules.chain[CHAIN_UPLINKS].rules, "RETURN");
	assert_has(rules.chain[CHAIN_UPLINKS].rules, "-j DROP\n");
	assert_int_equal(rules.chain[CHAIN_POSTROUTING].count, 0);
	iptables_rules_free(&rules);
}

/* --- from what stands to what is wanted --- */

/* What iptables-save prints when all stands. */
static char *saved(const struct iptables_rules *r, const char *forward_before)
{
	char *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	fprintf(f,
		"# Generated by iptables-save v1.8.9 (nf_tables) on Tue\n"
		"*mangle\n:PREROUTING ACCEPT [0:0]\n:netvm-mark - [0:0]\n:netvm-mss - [0:0]\n"
		"-A PREROUTING -j netvm-mark\n-A FORWARD -j netvm-mss\n%s%sCOMMIT\n*filter\n:INPUT "
		"ACCEPT [0:0]\n"
		":FORWARD DROP [12:900]\n:custom-input - [0:0]\n:custom-forward - [0:0]\n"
		":netvm-input - [0:0]\n:netvm-forward - [0:0]\n:netvm-uplinks - "
		"[0:0]\n:netvm-passed-on - [0:0]\n:netvm-output - [0:0]\n:netvm-policy - [0:0]\n-A "
		"INPUT -j "
		"netvm-input\n%s"
		"-A OUTPUT -j netvm-output\n-A FORWARD -j netvm-forward\n"
		"-A FORWARD -m comment --comment \"say \\\"-j netvm-dns\\\"\" -j ACCEPT\n"
		"-A custom-forward -s 10.137.0.9/32 -j DROP\n%s%s%s%sCOMMIT\n"
		"*nat\n:netvm-dns - [0:0]\n:netvm-postrouting - [0:0]\n"
		"-A PREROUTING -j netvm-dns\n-A POSTROUTING -j netvm-postrouting\n%s%sCOMMIT\n",
		r->chain[CHAIN_MARK].rules, r->chain[CHAIN_MSS].rules, forward_before,
		r->chain[CHAIN_INPUT].rules, r->chain[CHAIN_OUTPUT].rules,
		r->chain[CHAIN_FORWARD].rules, r->chain[CHAIN_POLICY].rules,
		r->chain[CHAIN_DNS].rules, r->chain[CHAIN_POSTROUTING].rules);
	fclose(f);
	return text;
}

static void an_empty_machine_gets_chains_rules_and_jumps_in_one_script(void **state)
{
	struct ruleset r = sample(1);
	struct iptables_rules wanted = rendered(&r, AF_INET), now = parsed("");
	char *script = change(&now, &wanted);

	(void)state;
	assert_has(script, ":netvm-forward - [0:0]\n");
	assert_has(script, "-N custom-forward\n");
	assert_has(script, "-I FORWARD 1 -j netvm-forward\n");
	assert_has(script, "-I PREROUTING 1 -j netvm-dns\n");
	assert_false(iptables_rules_stand(&now, &wanted));
	free(script);
	iptables_rules_free(&wanted);
}

static void what_stands_is_recognised_and_user_chains_are_not_declared_again(void **state)
{
	struct ruleset r = sample(1);
	struct iptables_rules wanted = rendered(&r, AF_INET), now;
	char *text = saved(&wanted, ""), *script;

	(void)state;
	now = parsed(text);
	assert_int_equal(now.kind, IPTABLES_NFT);
	assert_true(iptables_rules_stand(&now, &wanted));
	script = change(&now, &wanted);
	assert_has_not(script, "custom-forward -");
	assert_has_not(script, "-N ");
	assert_has_not(script, "-I ");
	free(script);
	free(text);
	iptables_rules_free(&now);
	iptables_rules_free(&wanted);
}

static void a_jump_that_is_not_the_first_rule_any_more_is_put_first(void **state)
{
	struct ruleset r = sample(1);
	struct iptables_rules wanted = rendered(&r, AF_INET), now;
	char *text = saved(&wanted, "-A FORWARD -j ACCEPT\n"), *script;

	(void)state;
	now = parsed(text);
	assert_false(iptables_rules_stand(&now, &wanted));
	script = change(&now, &wanted);
	assert_has(script, "-D FORWARD -j netvm-forward\n-I FORWARD 1 -j netvm-forward\n");
	assert_has_not(script, "-I INPUT");
	free(script);
	free(text);
	iptables_rules_free(&now);
	iptables_rules_free(&wanted);
}

static void a_missing_rule_is_noticed(void **state)
{
	struct ruleset r = sample(1), less = sample(0);
	struct iptables_rules wanted = rendered(&r, AF_INET), other = rendered(&less, AF_INET), now;
	char *text = saved(&other, "");

	(void)state;
	now = parsed(text);
	assert_false(iptables_rules_stand(&now, &wanted));
	free(text);
	iptables_rules_free(&now);
	iptables_rules_free(&other);
	iptables_rules_free(&wanted);
}

static void taking_all_away_keeps_the_users_rules_and_removes_every_jump(void **state)
{
	const struct iptables_rules none = { .kind = IPTABLES_UNKNOWN };
	struct ruleset r = sample(1);
	struct iptables_rules wanted = rendered(&r, AF_INET), now;
	char *text = saved(&wanted, "-A FORWARD -i lo -j netvm-forward\n"), *script;

	(void)state;
	now = parsed(text);
	script = change(&now, &none);
	assert_has(script, "-D FORWARD -i lo -j netvm-forward\n-D FORWARD -j netvm-forward\n"
			   "-F netvm-forward\n");
	assert_has(script, "-X netvm-forward\n");
	assert_has(script, "-X custom-input\n");
	assert_has_not(script, "-X custom-forward");
	assert_has_not(script, "ACCEPT");
	free(script);
	free(text);
	iptables_rules_free(&now);
	iptables_rules_free(&wanted);
}

static void taking_away_nothing_is_no_script(void **state)
{
	const struct iptables_rules none = { .kind = IPTABLES_UNKNOWN };
	char *script = change(&none, &none);

	(void)state;
	assert_string_equal(script, "");
	free(script);
}

static void what_stood_before_can_be_put_back_word_for_word(void **state)
{
	struct ruleset old = sample(1), new = sample(2);
	struct iptables_rules before = rendered(&old, AF_INET), after = rendered(&new, AF_INET);
	struct iptables_rules first, now;
	char *a = saved(&before, ""), *b = saved(&after, ""), *script;

	(void)state;
	first = parsed(a);
	now = parsed(b);
	script = change(&now, &first);
	assert_has(script, "-A netvm-dns -d 10.139.1.2 -p udp -m udp --dport 53 -j DNAT "
			   "--to-destination 192.0.2.1\n");
	assert_has_not(script, "192.0.2.2");
	free(script);
	free(a);
	free(b);
	iptables_rules_free(&first);
	iptables_rules_free(&now);
	iptables_rules_free(&before);
	iptables_rules_free(&after);
}

static void the_digest_tells_our_rules_apart_and_leaves_the_users_out(void **state)
{
	struct ruleset one = sample(1), two = sample(2);
	struct iptables_rules a = rendered(&one, AF_INET), b = rendered(&two, AF_INET), c, d;
	char *text = saved(&a, ""), *other;

	(void)state;
	assert_true(iptables_rules_digest(&a) != iptables_rules_digest(&b));
	c = parsed(text);
	other = strstr(text, "-A custom-forward -s 10.137.0.9");
	memcpy(other, "-A custom-forward -s 10.137.0.8", 31);
	d = parsed(text);
	assert_true(iptables_rules_digest(&c) == iptables_rules_digest(&d));
	free(text);
	iptables_rules_free(&a);
	iptables_rules_free(&b);
	iptables_rules_free(&c);
	iptables_rules_free(&d);
}

static void legacy_iptables_is_told_from_nf_tables(void **state)
{
	struct iptables_rules r;

	(void)state;
	r = parsed("# Generated by iptables-save v1.8.9 on Tue\n*filter\nCOMMIT\n");
	assert_int_equal(r.kind, IPTABLES_LEGACY);
	r = parsed("# Generated by xtables-save v1.8.2 on Tue\n*filter\nCOMMIT\n");
	assert_int_equal(r.kind, IPTABLES_NFT);
	r = parsed("");
	assert_int_equal(r.kind, IPTABLES_UNKNOWN);
}

static void output_that_is_cut_or_of_another_shape_is_refused(void **state)
{
	static const char *const faults[] = {
		"*filter\n:INPUT ACCEPT [0:0]\n",
		"-A INPUT -j ACCEPT\n",
		"*filter\nmore\nCOMMIT\n",
		"*filter\n*nat\nCOMMIT\n",
		"*\nCOMMIT\n",
		"COMMIT\n",
	};
	struct iptables_rules r;
	struct err e = ERR_NONE;

	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		assert_int_equal(iptables_rules_parse(faults[i], &r, &e), -EBADMSG);
		iptables_rules_free(&r);
	}
}

static void the_next_rule_to_expire_is_the_soonest_of_all_guests_that_is_still_in_force(
	void **state)
{
	struct policy_rule first[] = { { .expire = 500 }, { .expire = 0 }, { .expire = 900 } };
	struct policy_rule second[] = { { .expire = 700 } };
	struct ruleset_guest guests[] = { { .policy = { .rules = first, .count = 3 } },
		{ .policy = { .rules = second, .count = 1 } } };
	struct ruleset r = { .guests = guests, .guest_count = 2, .now = 100 };

	(void)state;
	assert_int_equal(ruleset_next_expiry(&r), 500);
	r.now = 500;
	assert_int_equal(ruleset_next_expiry(&r), 700);
	r.now = 700;
	assert_int_equal(ruleset_next_expiry(&r), 900);
	r.now = 900;
	assert_int_equal(ruleset_next_expiry(&r), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_tables_that_differ_are_written),
		cmocka_unit_test(both_virtual_resolvers_lead_to_the_only_real_one),
		cmocka_unit_test(each_virtual_resolver_leads_to_one_of_the_first_two),
		cmocka_unit_test(without_a_real_resolver_nothing_is_translated_and_dns_is_refused),
		cmocka_unit_test(an_absent_virtual_resolver_has_no_rules),
		cmocka_unit_test(a_virtual_resolver_of_the_domain_above_is_let_through),
		cmocka_unit_test(other_links_packets_are_left_to_others_before_anything_else),
		cmocka_unit_test(
			user_chains_are_called_after_known_connections_and_before_verdicts),
		cmocka_unit_test(a_guest_asks_by_dhcp_where_it_is_to_and_by_its_own_links),
		cmocka_unit_test(named_uplinks_are_the_only_way_out),
		cmocka_unit_test(without_an_uplink_nothing_leaves),
		cmocka_unit_test(an_empty_machine_gets_chains_rules_and_jumps_in_one_script),
		cmocka_unit_test(what_stands_is_recognised_and_user_chains_are_not_declared_again),
		cmocka_unit_test(a_jump_that_is_not_the_first_rule_any_more_is_put_first),
		cmocka_unit_test(a_missing_rule_is_noticed),
		cmocka_unit_test(taking_all_away_keeps_the_users_rules_and_removes_every_jump),
		cmocka_unit_test(taking_away_nothing_is_no_script),
		cmocka_unit_test(what_stood_before_can_be_put_back_word_for_word),
		cmocka_unit_test(the_digest_tells_our_rules_apart_and_leaves_the_users_out),
		cmocka_unit_test(legacy_iptables_is_told_from_nf_tables),
		cmocka_unit_test(output_that_is_cut_or_of_another_shape_is_refused),
		cmocka_unit_test(
			the_next_rule_to_expire_is_the_soonest_of_all_guests_that_is_still_in_force),
	};

	return cmocka_run_group_tests_name("ruleset", tests, NULL, NULL);
}
