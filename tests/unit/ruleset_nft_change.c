/* The packet filter's rules as nftables': how one state leads to another, touching what differs. */
#include "tests/unit/ruleset_nft.h"

static char *change(const struct nft_rules *now, const struct nft_rules *wanted)
{
	struct text batch;
	struct err e = ERR_NONE;

	assert_int_equal(nft_rules_change(now, wanted, &batch, &e), 0);
	return batch.s;
}

static char *removal(const struct nft_rules *now)
{
	struct text batch;
	struct err e = ERR_NONE;

	assert_int_equal(nft_rules_remove(now, &batch, &e), 0);
	return batch.s;
}

static size_t count_of(const char *text, const char *part)
{
	size_t count = 0;

	for (const char *at = strstr(text, part); at; at = strstr(at + 1, part))
		count++;
	return count;
}

/* --- blocks --- */

/* `count` rules, each with its own port from `first` on; one of them missing. The caller frees. */
static char *many(size_t count, size_t without)
{
	struct text t = { .s = NULL };

	for (size_t i = 0; i < count; i++)
		if (i != without)
			text_addf(&t, "action=accept proto=tcp dstports=%zu\n", i + 1);
	return t.s;
}

static size_t blocks_of(const struct nft_rules *r)
{
	size_t count = 0;

	for (size_t i = 0; i < r->count; i++)
		count += strncmp(r->objects[i].name, "vif1.0-4/", 9) == 0;
	return count;
}

static void many_rules_are_blocks_in_their_order(void **state)
{
	char *text = many(1000, SIZE_MAX);
	struct ruleset r = managed(1, text, POLICY_DROP);
	struct nft_rules rules = rendered(&r);
	size_t port = 0;

	(void)state;
	assert_in_range(blocks_of(&rules), 1000 / 256, 1000 / 16);
	for (const char *jump = body(&rules, "vif1.0-4"); strncmp(jump, "jump ", 5) == 0;
		jump = strchr(jump, '\n') + 1) {
		char name[64];

		snprintf(name, sizeof(name), "%.*s", (int)strcspn(jump + 5, "\n"), jump + 5);
		for (const char *line = body(&rules, name); *line; line = strchr(line, '\n') + 1) {
			char wanted[96];

			snprintf(wanted, sizeof(wanted),
				"meta l4proto tcp th dport %zu counter goto leave\n", ++port);
			assert_int_equal(strncmp(line, wanted, strlen(wanted)), 0);
		}
	}
	assert_int_equal(port, 1000);
	assert_has(body(&rules, "vif1.0-4"), "\ncounter goto refuse\n");
	nft_rules_free(&rules);
	ruleset_dispose(&r);
	free(text);
}

static void a_rule_that_comes_or_goes_concerns_its_block_alone(void **state)
{
	char *whole = many(10000, SIZE_MAX);

	(void)state;
	for (size_t without = 0; without < 10000; without += 3333) {
		char *text = many(10000, without);
		struct ruleset a = managed(1, whole, POLICY_DROP),
			       b = managed(1, text, POLICY_DROP);
		struct nft_rules one = rendered(&a), other = rendered(&b);
		char *batch = change(&one, &other);

		/* Its block and, where a cut was or is there, the one beside it; both families. */
		assert_in_range(count_of(batch, "add chain "), 2, 4);
		assert_in_range(count_of(batch, "delete chain "), 2, 4);
		assert_in_range(count_of(batch, "th dport"), 2, 2 * 512);
		assert_has_not(batch, "guests4");
		free(batch);
		nft_rules_free(&one);
		nft_rules_free(&other);
		ruleset_dispose(&a);
		ruleset_dispose(&b);
		free(text);
	}
	free(whole);
}

static void a_block_that_comes_twice_is_there_once(void **state)
{
	struct text t = { .s = NULL };
	struct ruleset r;
	struct nft_rules rules;

	(void)state;
	for (int i = 0; i < 1000; i++)
		text_add(&t, "action=accept proto=tcp dstports=80\n");
	r = managed(1, t.s, POLICY_DROP);
	rules = rendered(&r);
	assert_in_range(blocks_of(&rules), 1, 2);
	assert_int_equal(count_of(body(&rules, "vif1.0-4"), "jump "), blocks_of(&rules));
	nft_rules_free(&rules);
	ruleset_dispose(&r);
	text_dispose(&t);
}

/* --- from one state to another --- */

static void out_of_nothing_everything_is_made(void **state)
{
	struct ruleset r = managed(1, "action=accept", POLICY_DROP);
	struct nft_rules nothing = { .objects = NULL }, rules = rendered(&r);
	char *batch = change(&nothing, &rules);

	(void)state;
	assert_int_equal(strncmp(batch, "add table inet xen-netvm\n", 25), 0);
	assert_has(batch, "add set inet xen-netvm tcpudp { type inet_proto; }\n");
	assert_has(batch, "add element inet xen-netvm tcpudp { tcp, udp }\n");
	assert_has(batch, "add chain inet xen-netvm custom-forward \n");
	assert_has(batch, "add rule inet xen-netvm vif1.0-4 counter goto leave\n");
	assert_has(batch, "add element inet xen-netvm guests4 { 10.137.0.2 . \"vif1.0\" : ");
	assert_has_not(batch, "flush");
	assert_has_not(batch, "delete");
	/* What is spoken of is there. */
	assert_true(strstr(batch, "add chain inet xen-netvm vif1.0-4") <
		    strstr(batch, "add element inet xen-netvm guests4"));
	free(batch);
	nft_rules_free(&rules);
	ruleset_dispose(&r);
}

static void what_is_alike_is_not_touched(void **state)
{
	struct ruleset r = managed(2, "action=accept", POLICY_DROP);
	struct nft_rules one = rendered(&r), other = rendered(&r);
	char *batch = change(&one, &other);

	(void)state;
	assert_string_equal(batch, "add table inet xen-netvm\n");
	assert_true(one.digest == other.digest);
	free(batch);
	nft_rules_free(&one);
	nft_rules_free(&other);
	ruleset_dispose(&r);
}

static void a_guest_that_comes_adds_its_chain_and_elements(void **state)
{
	struct ruleset a = managed(1, "action=accept", POLICY_DROP),
		       b = managed(2, "action=accept", POLICY_DROP);
	struct nft_rules one = rendered(&a), two = rendered(&b);
	char *batch = change(&one, &two);

	(void)state;
	assert_string_equal(batch,
		"add table inet xen-netvm\n"
		"add chain inet xen-netvm vif2.0-4 \n"
		"add chain inet xen-netvm vif2.0-6 \n"
		"add rule inet xen-netvm vif2.0-4 counter goto leave\n"
		"add rule inet xen-netvm vif2.0-4 counter goto refuse\n"
		"add rule inet xen-netvm vif2.0-6 counter goto leave\n"
		"add rule inet xen-netvm vif2.0-6 counter goto refuse\n"
		"add element inet xen-netvm guests4 { 10.137.0.3 . \"vif2.0\" : goto vif2.0-4, "
		"10.137.0.3 . \"vif2.0-emu\" : goto vif2.0-4 }\n"
		"add element inet xen-netvm guests6 { 2001:db8:137::3 . \"vif2.0\" : goto "
		"vif2.0-6, "
		"2001:db8:137::3 . \"vif2.0-emu\" : goto vif2.0-6 }\n");
	free(batch);
	batch = change(&two, &one);
	assert_string_equal(batch,
		"add table inet xen-netvm\n"
		"delete element inet xen-netvm guests4 { 10.137.0.3 . \"vif2.0\", 10.137.0.3 . "
		"\"vif2.0-emu\" }\n"
		"delete element inet xen-netvm guests6 { 2001:db8:137::3 . \"vif2.0\", "
		"2001:db8:137::3 . \"vif2.0-emu\" }\n"
		"flush chain inet xen-netvm vif2.0-4\n"
		"flush chain inet xen-netvm vif2.0-6\n"
		"delete chain inet xen-netvm vif2.0-4\n"
		"delete chain inet xen-netvm vif2.0-6\n");
	free(batch);
	nft_rules_free(&one);
	nft_rules_free(&two);
	ruleset_dispose(&a);
	ruleset_dispose(&b);
}

static void a_set_that_changes_changes_no_rule(void **state)
{
	struct prefix lan = { .len = 24 };
	struct ruleset r = managed(1, "action=accept dst=@lan", POLICY_DROP);
	struct nft_rules one = rendered(&r), other;
	char *batch;

	(void)state;
	assert_int_equal(prefix_parse("192.0.2.0/24", &lan), 0);
	r.lan = &lan;
	r.lan_count = 1;
	other = rendered(&r);
	batch = change(&one, &other);
	assert_string_equal(batch, "add table inet xen-netvm\n"
				   "flush set inet xen-netvm lan4\n"
				   "add element inet xen-netvm lan4 { 192.0.2.0/24 }\n");
	free(batch);
	r.lan = NULL;
	r.lan_count = 0;
	nft_rules_free(&one);
	nft_rules_free(&other);
	ruleset_dispose(&r);
}

static struct nft_rules noted(const char *const *names, size_t count)
{
	struct nft_rules r = { .objects = NULL };
	struct err e = ERR_NONE;

	for (size_t i = 0; i < count; i++)
		assert_int_equal(nft_rules_note(&r, names[i][0] == 'c', names[i] + 1, &e), 0);
	nft_rules_sort(&r);
	return r;
}

static void what_is_not_known_is_made_anew_and_the_users_chains_stay(void **state)
{
	static const char *const names[] = { "cforward", "ccustom-forward", "ccustom-input",
		"cvif9.0-4", "stcpudp", "sguests4", "sname4-0" };
	struct ruleset r = plain();
	struct nft_rules now = noted(names, 7), rules = rendered(&r);
	char *batch = change(&now, &rules);

	(void)state;
	assert_has(batch, "flush chain inet xen-netvm forward\n"
			  "delete chain inet xen-netvm forward\n"
			  "add chain inet xen-netvm forward { type filter hook forward");
	assert_has(batch, "flush set inet xen-netvm tcpudp\n");
	assert_has(batch, "flush map inet xen-netvm guests4\n");
	assert_has(batch, "delete map inet xen-netvm guests4\n");
	assert_has(batch, "delete set inet xen-netvm name4-0\n");
	assert_has(batch, "delete chain inet xen-netvm vif9.0-4\n");
	assert_has_not(batch, "chain inet xen-netvm custom");
	free(batch);
	nft_rules_free(&now);
	nft_rules_free(&rules);
}

static void where_nothing_is_wanted_the_table_goes_unless_the_user_has_rules(void **state)
{
	static const char *const names[] = { "cforward", "sguests4", "ccustom-forward" };
	struct nft_rules with = noted(names, 3), without = noted(names, 2);
	char *batch = removal(&without);

	(void)state;
	assert_string_equal(batch, "add table inet xen-netvm\ndelete table inet xen-netvm\n");
	free(batch);
	batch = removal(&with);
	assert_string_equal(batch, "add table inet xen-netvm\n"
				   "flush map inet xen-netvm guests4\n"
				   "flush chain inet xen-netvm forward\n"
				   "delete map inet xen-netvm guests4\n"
				   "delete chain inet xen-netvm forward\n");
	free(batch);
	nft_rules_free(&with);
	nft_rules_free(&without);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_rules_are_blocks_in_their_order),
		cmocka_unit_test(a_rule_that_comes_or_goes_concerns_its_block_alone),
		cmocka_unit_test(a_block_that_comes_twice_is_there_once),
		cmocka_unit_test(out_of_nothing_everything_is_made),
		cmocka_unit_test(what_is_alike_is_not_touched),
		cmocka_unit_test(a_guest_that_comes_adds_its_chain_and_elements),
		cmocka_unit_test(a_set_that_changes_changes_no_rule),
		cmocka_unit_test(what_is_not_known_is_made_anew_and_the_users_chains_stay),
		cmocka_unit_test(where_nothing_is_wanted_the_table_goes_unless_the_user_has_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
