/* Ports of other guests that a domain's file opens to it. */
#include "tests/unit/registry_files.h"

#include <errno.h>

#define NET "provides_network = 1\n"
#define WEB "netvm = \"net\"\nip = \"10.137.0.5\"\nip6 = \"fd00::5\"\n"

/* What netvmd hands on of the policy of `name`; NULL: no rule. */
static const char *rules_of(struct registry *r, const char *name)
{
	struct err e = ERR_NONE;

	assert_int_equal(registry_rules_resolve(r, &e), 0);
	return domain_of(r, name)->rules;
}

static void a_link_is_a_rule_for_that_port_of_that_guest_before_all_others(void **state)
{
	struct registry r;

	(void)state;
	file_write("net", NET);
	file_write("web", WEB);
	file_write("db", "netvm = \"net\"\nip = \"10.137.0.6\"\n");
	file_write("work", "netvm = \"net\"\nip = \"10.137.0.9\"\nlinks = [ \"web tcp/80\", \"db "
			   "udp/53\" ]\nrules = [ \"action=drop dst4=10.0.0.0/8\" ]\n");
	registry_take(&r);
	expect_fault(&r, "work", NULL);
	/* Made twice it is the same. */
	for (int i = 0; i < 2; i++)
		assert_string_equal(rules_of(&r, "work"),
			"action=accept dst4=10.137.0.5 proto=tcp dstports=80 comment=link to web\n"
			"action=accept dst6=fd00::5 proto=tcp dstports=80 comment=link to web\n"
			"action=accept dst4=10.137.0.6 proto=udp dstports=53 comment=link to db\n"
			"action=drop dst4=10.0.0.0/8");
	assert_null(domain_of(&r, "web")->rules);
	assert_null(domain_of(&r, "db")->rules);
	registry_dispose(&r);
}

static void it_does_not_change_what_happens_without_rules(void **state)
{
	struct registry r;

	(void)state;
	file_write("net", NET);
	file_write("web", WEB);
	file_write("a", "netvm = \"net\"\nlinks = [ \"web tcp/80\" ]\n");
	file_write("b", "netvm = \"net\"\npolicy = \"drop\"\nlinks = [ \"web tcp/80\" ]\n");
	registry_take(&r);
	assert_int_equal(domain_of(&r, "a")->policy, POLICY_ACCEPT);
	assert_int_equal(domain_of(&r, "b")->policy, POLICY_DROP);
	assert_contains(rules_of(&r, "a"), "dst4=10.137.0.5");
	assert_contains(rules_of(&r, "b"), "dst4=10.137.0.5");
	registry_dispose(&r);
}

static void between_different_network_domains_it_opens_nothing(void **state)
{
	struct registry r;

	(void)state;
	file_write("net", NET);
	file_write("fw", NET "netvm = \"net\"\n");
	file_write("web", WEB);
	file_write("far", "netvm = \"fw\"\nlinks = [ \"web tcp/80\", \"fw tcp/80\" ]\n");
	file_write("alone", "netvm = \"none\"\nlinks = [ \"nobody tcp/1\" ]\n");
	file_write("nobody", "netvm = \"none\"\nip = \"10.137.0.8\"\n");
	file_write("net2", NET "links = [ \"web tcp/80\" ]\n");
	registry_take(&r);
	expect_fault(&r, "far", NULL);
	assert_null(rules_of(&r, "far"));
	assert_null(rules_of(&r, "alone"));
	assert_null(rules_of(&r, "net2"));
	registry_dispose(&r);
	file_write("far", "netvm = \"net\"\nlinks = [ \"web tcp/80\" ]\n");
	registry_take(&r);
	assert_contains(rules_of(&r, "far"), "dst4=10.137.0.5");
	registry_dispose(&r);
}

static void who_links_to_whom_he_cannot_is_at_fault(void **state)
{
	struct err e = ERR_NONE;
	struct registry r;

	(void)state;
	file_write("net", NET);
	file_write("web", WEB);
	file_write("a", "netvm = \"net\"\nlinks = [ \"gone tcp/80\" ]\n");
	file_write("b", "netvm = \"net\"\nlinks = [ \"b tcp/80\" ]\n");
	file_write("c", "netvm = \"net\"\nlinks = [ \"broken tcp/80\" ]\n");
	file_write("d", "netvm = \"net\"\nlinks = [ \"web tcp/80\" ]\n");
	file_write("broken", "ip = = 1\n");
	registry_take(&r);
	expect_fault(&r, "a", "/domains/a.conf: links: there is no domain \"gone\"");
	expect_fault(&r, "b", "/domains/b.conf: links: to the domain itself");
	expect_fault(&r, "c", "c: its links name broken, whose file cannot be used: ");
	expect_fault(&r, "d", NULL);
	registry_dispose(&r);
	assert_int_equal(forget("web", &e), -EBUSY);
	assert_string_equal(e.text, "web is named in the links of d");
}

static void what_is_no_port_of_a_domain_is_named_with_file_and_line(void **state)
{
	static const char *const wrong[] = { "web", "web tcp/0", "web tcp/80-90", "web tcp/80:81",
		"web tcp/80:80", "web tcp/080", "web tcp/80@192.0.2.0/24", "web icmp/8",
		"web  tcp/80", "web tcp/80 ", " tcp/80", "a/b tcp/80", "tcp/80" };
	char text[256];
	struct registry r;

	(void)state;
	file_write("net", NET);
	file_write("web", WEB);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(text, sizeof(text),
			"netvm = \"net\"\nlinks = [ \"web udp/53\",\n\"%s\" ]\n", wrong[i]);
		file_write("a", text);
		registry_take(&r);
		expect_fault(&r, "a", "/domains/a.conf:3: links: ");
		expect_fault(&r, "a", "is not a domain and a port of it");
		registry_dispose(&r);
	}
}

/* Whether a domain that has this link may have these rules. */
static void expect_with_rules(const char *link, const char *rules, const char *fault)
{
	char text[1024];
	struct registry r;

	snprintf(text, sizeof(text), "netvm = \"net\"\nlinks = [ \"%s\" ]\nrules = [ %s ]\n", link,
		rules);
	file_write("a", text);
	registry_take(&r);
	expect_fault(&r, "a", fault);
	registry_dispose(&r);
}

static void a_rule_that_drops_that_port_of_that_guest_by_name_is_refused_beside_it(void **state)
{
	(void)state;
	file_write("net", NET);
	file_write("web", WEB);
	file_write("db", "netvm = \"net\"\nip = \"10.137.0.6\"\n");
	expect_with_rules("web tcp/80", "\"action=accept\", \"action=drop dst=@guest:web\"",
		"/domains/a.conf: links: tcp/80 of web is opened, but a rule there drops it: "
		"\"action=drop dst=@guest:web\"");
	expect_with_rules("web tcp/80",
		"\"action=drop dst=@guest:web proto=tcp dstports=70-80 comment=no\"",
		"\"action=drop dst=@guest:web proto=tcp dstports=70-80 comment=no\"");
	expect_with_rules("web udp/80", "\"action=drop dst=@guest:web proto=udp\"", "udp/80 of");
	/* Of another port, protocol or guest. */
	expect_with_rules("web tcp/80", "\"action=drop dst=@guest:web proto=udp\"", NULL);
	expect_with_rules("web tcp/80", "\"action=drop dst=@guest:web proto=icmp\"", NULL);
	expect_with_rules(
		"web tcp/80", "\"action=drop dst=@guest:web proto=tcp dstports=81-90\"", NULL);
	expect_with_rules(
		"web tcp/80", "\"action=drop dst=@guest:web proto=tcp dstports=1-79\"", NULL);
	expect_with_rules("web tcp/80", "\"action=drop dst=@guest:db\"", NULL);
	/* What names nobody is a wider word than the link. */
	expect_with_rules("web tcp/80", "\"action=drop\", \"action=drop dst4=10.0.0.0/8\"", NULL);
	/* The rules themselves let it through: the first that matches decides. */
	expect_with_rules("web tcp/80",
		"\"action=accept dst=@guest:web proto=tcp dstports=80\", \"action=drop "
		"dst=@guest:web\"",
		NULL);
}

#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, registry_dir_make, registry_dir_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_DIR(a_link_is_a_rule_for_that_port_of_that_guest_before_all_others),
		IN_DIR(it_does_not_change_what_happens_without_rules),
		IN_DIR(between_different_network_domains_it_opens_nothing),
		IN_DIR(who_links_to_whom_he_cannot_is_at_fault),
		IN_DIR(what_is_no_port_of_a_domain_is_named_with_file_and_line),
		IN_DIR(a_rule_that_drops_that_port_of_that_guest_by_name_is_refused_beside_it),
	};

	return cmocka_run_group_tests_name("registry_links", tests, NULL, NULL);
}
