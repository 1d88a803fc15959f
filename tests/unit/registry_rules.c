/* What a guest may reach, as its file in the registry says it. */
#include "tests/unit/registry_files.h"

#include "xenstore-schema/policy.h"

static void rules_are_taken_as_they_stand_and_end_in_drop_unless_told_otherwise(void **state)
{
	const struct registry_domain *d;
	struct registry r;

	(void)state;
	file_write("a", "rules = [\n\t\"action=accept specialtarget=dns\", # why\n"
			"\t'action=accept dsthost=www.example.com comment=a, \"b\"',\n]\n");
	file_write("b", "policy = \"accept\"\nrules = [ \"action=drop dst=@lan\" ]\n");
	file_write("c", "rules = [ ]\n");
	registry_take(&r);
	d = domain_of(&r, "a");
	expect_fault(&r, "a", NULL);
	assert_string_equal(d->rules, "action=accept specialtarget=dns\n"
				      "action=accept dsthost=www.example.com comment=a, \"b\"");
	assert_int_equal(d->policy, POLICY_DROP);
	d = domain_of(&r, "b");
	assert_string_equal(d->rules, "action=drop dst=@lan");
	assert_int_equal(d->policy, POLICY_ACCEPT);
	d = domain_of(&r, "c");
	assert_null(d->rules);
	assert_int_equal(d->policy, POLICY_ACCEPT);
	registry_dispose(&r);
}

static void a_wrong_rule_is_named_with_file_and_line(void **state)
{
	struct registry r;

	(void)state;
	file_write("a", "rules = [\n\t\"action=accept specialtarget=dns\",\n\n"
			"\t\"action=accept proto=tcp dstports=80-70\",\n\t\"action=drop\" ]\n");
	file_write("b", "ip = \"10.137.0.9\"\nrules = [ \"action=drop\", \"\" ]\n");
	file_write("c", "rules = \"action=drop # \\n\"\n");
	registry_take(&r);
	expect_fault(&r, "a",
		"/domains/a.conf:4: rules: \"action=accept proto=tcp dstports=80-70\" is not a "
		"rule: "
		"\"dstports=80-70\": the first port is greater than the last");
	expect_fault(&r, "b",
		"/domains/b.conf:2: rules: \"\" is not a rule: action=accept or action=drop "
		"expected");
	expect_fault(&r, "c", "/domains/c.conf:1: rules: ");
	expect_fault(&r, "c", "is not a rule: byte 0x0a in column 15");
	registry_dispose(&r);
}

static void a_guest_named_in_rules_is_its_addresses(void **state)
{
	struct err e = ERR_NONE;
	struct registry r;

	(void)state;
	file_write("a", "rules = [ \"action=drop dst=@lan comment=dst=@guest:b\",\n"
			"\"action=accept dst=@guest:b proto=tcp dstports=80 comment=to b\",\n"
			"\"dst=@guest:c action=accept\", \"action=accept dst=@guest:d\" ]\n");
	file_write("b", "ip = \"10.137.0.5\"\nip6 = \"fd00::5\"\n");
	file_write("c", "ip6 = \"fd00::6\"\n");
	file_write("d", "rules = [ \"action=accept dst=@guest:c\" ]\n");
	registry_take(&r);
	expect_fault(&r, "a", NULL);
	assert_int_equal(registry_rules_resolve(&r, &e), 0);
	assert_string_equal(domain_of(&r, "a")->rules,
		"action=drop dst=@lan comment=dst=@guest:b\n"
		"action=accept dst4=10.137.0.5 proto=tcp dstports=80 comment=to b\n"
		"action=accept dst6=fd00::5 proto=tcp dstports=80 comment=to b\n"
		"dst6=fd00::6 action=accept");
	assert_string_equal(domain_of(&r, "d")->rules, "action=accept dst6=fd00::6");
	assert_int_equal(registry_rules_resolve(&r, &e), 0);
	registry_dispose(&r);
}

static void rules_that_name_whom_they_cannot_are_a_fault(void **state)
{
	struct registry r;

	(void)state;
	file_write("a", "rules = [ \"action=accept dst=@guest:nobody\" ]\n");
	file_write("b", "rules = [ \"action=accept dst=@guest:\" ]\n");
	file_write("c", "rules = [ \"action=accept dst=@guest:e dst4=192.0.2.1\" ]\n");
	file_write("d", "rules = [ \"action=accept dst=@guest:f\" ]\n");
	file_write("e", "rules = [ \"action=accept dst=@guest:d\" ]\n");
	file_write("f", "ip = = 1\n");
	registry_take(&r);
	expect_fault(&r, "a", "/domains/a.conf: rules: there is no domain \"nobody\"");
	expect_fault(&r, "b",
		"b.conf:1: rules: \"action=accept dst=@guest:\" is not a rule: \"dst=@guest:\": a "
		"domain's name expected");
	expect_fault(&r, "c", "\"dst4=192.0.2.1\": the rule has a destination already");
	expect_fault(&r, "d", "d: its rules name f, whose file cannot be used: ");
	expect_fault(&r, "e", NULL);
	registry_dispose(&r);
}

static void rules_are_the_same_in_whichever_order_of_words(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} pairs[] = {
		{ "action=accept proto=tcp dstports=80", "dstports=80-80 action=accept proto=tcp",
			true },
		{ "action=drop dst=192.0.2.1", "action=drop dst4=192.0.2.1/32", true },
		{ "action=drop dst6=2001:DB8:0::1", "action=drop dst6=2001:db8::1", true },
		{ "action=drop dst=@guest:a", "dst=@guest:a action=drop", true },
		{ "action=drop dst=@guest:a", "action=drop dst=@guest:b", false },
		{ "action=drop dst=@guest:a", "action=drop dst=192.0.2.1", false },
		{ "action=drop dst=@guest:a comment=x", "dst=@guest:a action=drop comment=x",
			true },
		{ "action=drop comment=dst=@guest:a", "action=drop comment=dst=@guest:b", false },
		{ "action=drop", "action=accept", false },
		{ "action=drop", "action=drop comment=all", false },
		{ "action=drop", "", false },
		{ "", "", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		if (registry_rule_same(pairs[i].a, pairs[i].b) != pairs[i].same)
			fail_msg("\"%s\" and \"%s\"", pairs[i].a, pairs[i].b);
		assert_int_equal(registry_rule_same(pairs[i].b, pairs[i].a), pairs[i].same);
	}
}

static void more_rules_than_can_be_published_are_a_fault(void **state)
{
	char *text = malloc(1024 * 1024);
	size_t n;
	struct registry r;

	(void)state;
	assert_non_null(text);
	n = (size_t)sprintf(text, "rules = [\n");
	for (int i = 0; i <= POLICY_RULES_MAX; i++)
		n += (size_t)sprintf(text + n, "\"action=drop\",\n");
	sprintf(text + n, "]\n");
	file_write("a", text);
	n = (size_t)sprintf(text, "rules = [\n");
	for (int i = 0; i <= 800; i++)
		n += (size_t)sprintf(text + n, "\"action=drop comment=%01020d\",\n", i);
	sprintf(text + n, "]\n");
	file_write("b", text);
	registry_take(&r);
	expect_fault(&r, "a", "a.conf: rules: more than 32768");
	expect_fault(&r, "b", "b.conf: rules: too many rules");
	registry_dispose(&r);
	free(text);
}

#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, registry_dir_make, registry_dir_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_DIR(rules_are_taken_as_they_stand_and_end_in_drop_unless_told_otherwise),
		IN_DIR(a_wrong_rule_is_named_with_file_and_line),
		IN_DIR(a_guest_named_in_rules_is_its_addresses),
		IN_DIR(rules_that_name_whom_they_cannot_are_a_fault),
		cmocka_unit_test(rules_are_the_same_in_whichever_order_of_words),
		IN_DIR(more_rules_than_can_be_published_are_a_fault),
	};

	return cmocka_run_group_tests_name("registry_rules", tests, NULL, NULL);
}
