/* Guests' policies in the words of iptables: what is made, and what a change makes anew. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "backend/policy_iptables.h"
#include "tests/unit/addrs.h"

/* A managed domain with `count` guests, 10.137.X.Y each and the given rules. */
static struct ruleset sample(size_t count, const char *rules)
{
	struct ruleset r = { .managed = true, .now = 1000 };
	struct err e = ERR_NONE;

	r.ip4.dns[0] = addr_of("10.139.1.1");
	r.guests = calloc(count, sizeof(*r.guests));
	assert_non_null(r.guests);
	for (size_t i = 0; i < count; i++) {
		struct ruleset_guest *g = &r.guests[r.guest_count++];
		char ip[ADDR_TEXT_MAX];

		snprintf(g->name, sizeof(g->name), "vif%zu.0", i + 1);
		snprintf(ip, sizeof(ip), "10.137.%zu.%zu", i / 250, i % 250 + 2);
		g->ip = addr_of(ip);
		assert_int_equal(policy_parse(rules, POLICY_DROP, &g->policy, &e), 0);
	}
	return r;
}

struct rendered {
	struct iptables_mades chains, sets;
	struct policy_iptables_tops top;
};

static struct rendered rendered(const struct ruleset *r)
{
	struct rendered out = { .chains = { .items = NULL } };

	assert_int_equal(policy_iptables_render(r, AF_INET, &out.chains, &out.sets, &out.top), 0);
	return out;
}

static void rendered_free(struct rendered *r)
{
	iptables_mades_free(&r->chains);
	iptables_mades_free(&r->sets);
}

/* The chain of a policy of one guest: the tree has one rule then. */
static const char *only_guest(const struct rendered *r)
{
	const struct iptables_made *top = iptables_made_find(&r->chains, r->top.outside), *guest;
	char name[IPTABLES_MADE_NAME] = "";
	const char *at;

	assert_non_null(top);
	at = strstr(top->text, "-j ");
	assert_non_null(at);
	memcpy(name, at + 3, IPTABLES_MADE_NAME - 1);
	guest = iptables_made_find(&r->chains, name);
	assert_non_null(guest);
	return guest->text;
}

static void a_rule_becomes(const char *rule, const char *wanted)
{
	struct ruleset r = sample(1, rule);
	struct rendered out;
	char text[512];

	r.ip4.dns[0] = (struct addr){ .family = 0 };
	out = rendered(&r);
	snprintf(text, sizeof(text), "%s-j REJECT --reject-with icmp-admin-prohibited\n", wanted);
	assert_string_equal(only_guest(&out), text);
	rendered_free(&out);
	ruleset_dispose(&r);
}

static void rules_are_rendered_exactly(void **state)
{
	(void)state;
	a_rule_becomes("action=accept", "-j ACCEPT\n");
	a_rule_becomes("action=accept dst4=192.0.2.0/24 proto=tcp dstports=80-443",
		"-d 192.0.2.0/24 -p tcp -m tcp --dport 80:443 -j ACCEPT\n");
	a_rule_becomes("action=drop proto=icmp icmptype=8",
		"-p icmp -m icmp --icmp-type 8 -j REJECT --reject-with icmp-admin-prohibited\n");
	a_rule_becomes("action=accept proto=udp", "-p udp -j ACCEPT\n");
	a_rule_becomes("action=accept dst6=2001:db8::/32", "");
	a_rule_becomes("action=accept expire=1000", "");
	a_rule_becomes("action=accept expire=1001", "-j ACCEPT\n");
	/* The name is not known. */
	a_rule_becomes("action=accept dsthost=example.net proto=tcp", "");
	a_rule_becomes("action=drop dsthost=example.net proto=tcp",
		"-p tcp -j REJECT --reject-with icmp-admin-prohibited\n");
}

static void a_name_is_dropped_in_the_families_that_it_has(void **state)
{
	struct ruleset r = sample(1, "action=drop dsthost=only6.example");
	struct rendered out;

	(void)state;
	r.ip4.dns[0] = (struct addr){ .family = 0 };
	r.names = calloc(1, sizeof(*r.names));
	assert_non_null(r.names);
	r.name_count = 1;
	r.names[0].name = strdup("only6.example");
	out = rendered(&r);
	assert_string_equal(only_guest(&out), "-j REJECT --reject-with icmp-admin-prohibited\n"
					      "-j REJECT --reject-with icmp-admin-prohibited\n");
	rendered_free(&out);
	r.names[0].addrs = calloc(1, sizeof(struct addr));
	assert_non_null(r.names[0].addrs);
	r.names[0].addrs[0] = addr_of("2001:db8::1");
	r.names[0].count = 1;
	out = rendered(&r);
	assert_string_equal(only_guest(&out), "-j REJECT --reject-with icmp-admin-prohibited\n");
	rendered_free(&out);
	ruleset_dispose(&r);
}

static void words_are_sets_and_internet_is_what_is_in_none(void **state)
{
	struct prefix lan[] = { { addr_of("198.51.100.0"), 24 }, { addr_of("2001:db8::"), 32 } };
	struct ruleset r = sample(1, "action=drop dst=@lan\naction=accept dst=@internet");
	struct rendered out;

	(void)state;
	r.lan = malloc(sizeof(lan));
	assert_non_null(r.lan);
	memcpy(r.lan, lan, sizeof(lan));
	r.lan_count = 2;
	out = rendered(&r);
	assert_int_equal(out.sets.count, 2);
	assert_non_null(strstr(only_guest(&out), "-m set --match-set netvm-"));
	assert_non_null(strstr(only_guest(&out), "-m set ! --match-set netvm-"));
	for (size_t i = 0; i < out.sets.count; i++) {
		assert_non_null(strstr(out.sets.items[i].text, "198.51.100.0/24\n"));
		assert_null(strstr(out.sets.items[i].text, "2001:db8"));
	}
	rendered_free(&out);
	ruleset_dispose(&r);
}

static void dns_is_judged_by_where_the_guest_sent_it(void **state)
{
	struct ruleset r = sample(1, "action=accept specialtarget=dns proto=udp");
	struct rendered out = rendered(&r);

	(void)state;
	assert_string_equal(only_guest(&out),
		"-p udp -m conntrack --ctorigdst 10.139.1.1 -j ACCEPT\n"
		"-p tcp -m conntrack --ctorigdst 10.139.1.1 "
		"-j REJECT --reject-with icmp-admin-prohibited\n"
		"-j REJECT --reject-with icmp-admin-prohibited\n");
	rendered_free(&out);
	ruleset_dispose(&r);
}

static void only_rules_for_a_guests_address_lead_to_guests(void **state)
{
	struct ruleset r =
		sample(2, "action=drop dst4=10.137.0.0/24 proto=udp\naction=accept dst4=192.0.2.1\n"
			  "action=accept dst4=10.137.0.3 proto=tcp dstports=80\naction=accept");
	const struct iptables_made *top;
	struct rendered out;
	char name[IPTABLES_MADE_NAME];

	(void)state;
	policy_dispose(&r.guests[1].policy);
	assert_int_equal(policy_parse("action=accept\naction=accept dst4=192.0.2.1\n",
				 POLICY_ACCEPT, &r.guests[1].policy, NULL),
		0);
	out = rendered(&r);
	top = iptables_made_find(&out.chains, out.top.guests);
	assert_non_null(top);
	assert_int_equal(top->count, 1);
	assert_int_equal(sscanf(top->text, "-s 10.137.0.2 -i vif1.0+ -j %22s", name), 1);
	assert_string_equal(iptables_made_find(&out.chains, name)->text,
		"-d 10.137.0.0/24 -p udp -j REJECT --reject-with icmp-admin-prohibited\n"
		"-d 10.137.0.3/32 -p tcp -m tcp --dport 80:80 -j ACCEPT\n"
		"-j REJECT --reject-with icmp-admin-prohibited\n");
	rendered_free(&out);
	policy_dispose(&r.guests[0].policy);
	out = rendered(&r);
	assert_string_equal(out.top.guests, "");
	rendered_free(&out);
	ruleset_dispose(&r);
}

/* How many of `a` are not in `b`. */
static size_t new_in(const struct iptables_mades *a, const struct iptables_mades *b)
{
	size_t count = 0;

	for (size_t i = 0; i < a->count; i++)
		count += !iptables_made_find(b, a->items[i].name);
	return count;
}

static char *many_rules(size_t count)
{
	char *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	for (size_t i = 0; i < count; i++)
		fprintf(f, "action=accept dst4=192.0.2.%zu proto=tcp dstports=%zu\n", i % 256,
			i + 1);
	assert_int_equal(fclose(f), 0);
	return text;
}

static void one_changed_rule_makes_its_block_and_the_way_to_it_anew(void **state)
{
	char *rules = many_rules(1000);
	struct ruleset r = sample(20, rules);
	struct rendered before = rendered(&r), after;

	(void)state;
	r.guests[3].policy.rules[500].action = POLICY_DROP;
	after = rendered(&r);
	assert_int_equal(before.chains.count, after.chains.count);
	/* Block, guest, and at most two levels of the tree. */
	assert_in_range(new_in(&after.chains, &before.chains), 3, 4);
	rendered_free(&before);
	rendered_free(&after);
	ruleset_dispose(&r);
	free(rules);
}

static void a_rule_that_comes_moves_no_other_block(void **state)
{
	char *rules = many_rules(5000), *more = many_rules(5000), *middle = more;
	struct ruleset r = sample(1, rules);
	struct rendered before = rendered(&r), after;
	char *text = NULL;

	(void)state;
	for (int i = 0; i < 2500; i++)
		middle = strchr(middle, '\n') + 1;
	assert_true(asprintf(&text, "%.*saction=drop dst4=198.51.100.7\n%s", (int)(middle - more),
			    more, middle) > 0);
	policy_dispose(&r.guests[0].policy);
	assert_int_equal(policy_parse(text, POLICY_DROP, &r.guests[0].policy, NULL), 0);
	after = rendered(&r);
	assert_in_range(before.chains.count, 5000 / 256, 5000 / 16);
	/* Block, guest, tree; the new rule's text may cut its block in two. */
	assert_in_range(new_in(&after.chains, &before.chains), 3, 4);
	rendered_free(&before);
	rendered_free(&after);
	ruleset_dispose(&r);
	free(text);
	free(more);
	free(rules);
}

static void guests_with_the_same_rules_do_not_share_counters(void **state)
{
	struct ruleset r = sample(2, "action=accept");
	struct rendered out = rendered(&r);

	(void)state;
	assert_int_equal(out.chains.count, 3);
	rendered_free(&out);
	ruleset_dispose(&r);
}

/* How many rules a packet of `a` meets in the tree, and how many chains. */
static void walk(const struct rendered *r, const struct addr *a, size_t *rules, size_t *depth)
{
	const struct iptables_made *chain = iptables_made_find(&r->chains, r->top.outside);
	char text[PREFIX_TEXT_MAX], name[IPTABLES_MADE_NAME];

	*rules = *depth = 0;
	while (chain) {
		const struct iptables_made *next = NULL;

		(*depth)++;
		for (const char *l = chain->text; *l && !next; l = strchr(l, '\n') + 1) {
			struct prefix p;

			(*rules)++;
			if (sscanf(l, "-s %49s", text) != 1)
				return; /* the guest's own chain */
			assert_int_equal(prefix_parse(text, &p), 0);
			if (!prefix_contains(&p, a))
				continue;
			assert_int_equal(sscanf(strstr(l, "-j "), "-j %22s", name), 1);
			next = iptables_made_find(&r->chains, name);
			assert_non_null(next);
		}
		assert_non_null(next);
		chain = next;
	}
}

static void a_thousand_guests_are_found_within_few_rules(void **state)
{
	struct ruleset r = sample(1000, "action=accept");
	struct rendered out = rendered(&r);

	(void)state;
	for (size_t i = 0; i < r.guest_count; i++) {
		size_t rules, depth;

		walk(&out, &r.guests[i].ip, &rules, &depth);
		assert_in_range(rules, 1, 64);
		assert_in_range(depth, 2, 6);
	}
	rendered_free(&out);
	ruleset_dispose(&r);
}

static void two_guests_with_one_address_are_told_apart_by_their_links(void **state)
{
	struct ruleset r = sample(2, "action=accept");
	struct rendered out;
	const char *top;

	(void)state;
	r.guests[1].ip = r.guests[0].ip;
	out = rendered(&r);
	top = iptables_made_find(&out.chains, out.top.outside)->text;
	assert_non_null(strstr(top, "-s 10.137.0.2 -i vif1.0+ -j "));
	assert_non_null(strstr(top, "-s 10.137.0.2 -i vif2.0+ -j "));
	rendered_free(&out);
	ruleset_dispose(&r);
}

static void only_names_of_that_form_are_ours(void **state)
{
	(void)state;
	assert_true(iptables_made_name("netvm-0123456789abcdef"));
	assert_false(iptables_made_name("netvm-0123456789abcde"));
	assert_false(iptables_made_name("netvm-0123456789abcdefg"));
	assert_false(iptables_made_name("netvm-forward"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_are_rendered_exactly),
		cmocka_unit_test(a_name_is_dropped_in_the_families_that_it_has),
		cmocka_unit_test(words_are_sets_and_internet_is_what_is_in_none),
		cmocka_unit_test(dns_is_judged_by_where_the_guest_sent_it),
		cmocka_unit_test(only_rules_for_a_guests_address_lead_to_guests),
		cmocka_unit_test(one_changed_rule_makes_its_block_and_the_way_to_it_anew),
		cmocka_unit_test(a_rule_that_comes_moves_no_other_block),
		cmocka_unit_test(guests_with_the_same_rules_do_not_share_counters),
		cmocka_unit_test(a_thousand_guests_are_found_within_few_rules),
		cmocka_unit_test(two_guests_with_one_address_are_told_apart_by_their_links),
		cmocka_unit_test(only_names_of_that_form_are_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
