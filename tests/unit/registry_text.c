/* Changing one key in a file's text leaves every other byte as it is. */
#include "tests/unit/unit.h"

#include <stdlib.h>

#include "toolstack/registry_text.h"

/* `value` NULL: the key is taken out. */
static void expect(const char *text, const char *key, enum config_kind kind, const char *value,
	const char *wanted)
{
	struct err e = ERR_NONE;
	char *out = NULL;
	int ret =
		registry_text_set(text, key, kind, value ? &value : NULL, value ? 1 : 0, &out, &e);

	if (ret)
		fail_msg("%s: %s", key, e.text);
	assert_string_equal(out, wanted);
	free(out);
}

static void a_new_key_goes_to_the_end(void **state)
{
	(void)state;
	expect("", "ip", CONFIG_TEXT, "10.0.0.1", "ip = \"10.0.0.1\"\n");
	expect("# mine\nmtu = 1", "ip", CONFIG_TEXT, "x", "# mine\nmtu = 1\nip = \"x\"\n");
}

static void a_statement_is_replaced_where_it_stands(void **state)
{
	(void)state;
	expect("a = 1\n  ip=\"x\"   # why\nb = 2\n", "ip", CONFIG_TEXT, "y",
		"a = 1\n  ip = \"y\"   # why\nb = 2\n");
	expect("a = 1; ip = 'x'; b = 2\n", "ip", CONFIG_TEXT, "y", "a = 1; ip = \"y\"; b = 2\n");
	expect("ip = \"x\"", "ip", CONFIG_TEXT, "y", "ip = \"y\"");
}

static void a_list_over_lines_is_one_statement(void **state)
{
	(void)state;
	expect("pci = [ \"a\", # ] not the end\n \"b]\",\n] # tail\nip = \"x\"\n", "pci",
		CONFIG_LIST, "c", "pci = [ \"c\" ] # tail\nip = \"x\"\n");
}

static void lines_stand_one_a_line(void **state)
{
	const char *const two[] = { "a \"b\"", "c" };
	struct err e = ERR_NONE;
	char *out = NULL;

	(void)state;
	expect("ip = 1\n", "rules", CONFIG_LINES, "a", "ip = 1\nrules = [\n\t\"a\"\n]\n");
	assert_int_equal(registry_text_set("rules = [\n\t\"x\", # first\n]\nip = 1\n", "rules",
				 CONFIG_LINES, two, 2, &out, &e),
		0);
	assert_string_equal(out, "rules = [\n\t'a \"b\"',\n\t\"c\"\n]\nip = 1\n");
	free(out);
	assert_int_equal(registry_text_set("", "rules", CONFIG_LINES, two, 0, &out, &e), 0);
	assert_string_equal(out, "rules = []\n");
	free(out);
}

static void what_only_looks_like_the_key_is_left_alone(void **state)
{
	(void)state;
	expect("# ip = 1\nname = \"ip = 2\"\nip6 = \"::1\"\nl = [ \"q\",\nip ]\nzip = 1\n", "ip",
		CONFIG_TEXT, "x",
		"# ip = 1\nname = \"ip = 2\"\nip6 = \"::1\"\nl = [ \"q\",\nip ]\nzip = 1\n"
		"ip = \"x\"\n");
	expect("a = \"\\\"\nip = \"x\"\n", "ip", CONFIG_NUMBER, "1", "a = \"\\\"\nip = 1\n");
}

static void a_key_taken_out_takes_its_line_along(void **state)
{
	(void)state;
	expect("a = 1\n\tip = \"x\"  \nb = 2\n", "ip", CONFIG_TEXT, NULL, "a = 1\nb = 2\n");
	expect("a = 1\nip = \"x\" # why\nb = 2\n", "ip", CONFIG_TEXT, NULL,
		"a = 1\n # why\nb = 2\n");
	expect("a = 1\n", "ip", CONFIG_TEXT, NULL, "a = 1\n");
	expect("ip = \"x\"", "ip", CONFIG_TEXT, NULL, "");
}

/* As the greatest of bytes_per_second has. */
static void a_number_may_have_ten_digits(void **state)
{
	(void)state;
	expect("n = 1 # why\n", "n", CONFIG_NUMBER, "4000000000", "n = 4000000000 # why\n");
}

static void values_that_have_no_form_are_refused(void **state)
{
	static const struct {
		enum config_kind kind;
		const char *value;
	} bad[] = { { CONFIG_TEXT, "a\nb" }, { CONFIG_TEXT, "a\"'b" }, { CONFIG_TEXT, "a\\b" },
		{ CONFIG_NUMBER, "1x" }, { CONFIG_NUMBER, "" }, { CONFIG_NUMBER, "-1" },
		{ CONFIG_NUMBER, "01" }, { CONFIG_NUMBER, "99999999999" }, { CONFIG_BOOL, "2" },
		{ CONFIG_BOOL, "yes" }, { CONFIG_LIST, "\x01" } };
	char *out = NULL;
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		e = (struct err)ERR_NONE;
		assert_int_equal(
			registry_text_set("", "k", bad[i].kind, &bad[i].value, 1, &out, &e),
			-EINVAL);
		assert_int_equal(strncmp(e.text, "k: ", 3), 0);
		assert_null(out);
	}
}

static void every_address_in_a_text_is_found(void **state)
{
	struct addr *list = NULL;
	char text[ADDR_TEXT_MAX];
	size_t count = 0;

	(void)state;
	assert_int_equal(registry_text_addresses(
				 "ip = = \"10.0.0.7\" 1.2.3 <fd00::7>\n10.0.0.8", &list, &count),
		0);
	assert_int_equal(count, 3);
	assert_string_equal(addr_print(&list[0], text), "10.0.0.7");
	assert_string_equal(addr_print(&list[1], text), "fd00::7");
	assert_string_equal(addr_print(&list[2], text), "10.0.0.8");
	free(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_key_goes_to_the_end),
		cmocka_unit_test(a_statement_is_replaced_where_it_stands),
		cmocka_unit_test(a_list_over_lines_is_one_statement),
		cmocka_unit_test(lines_stand_one_a_line),
		cmocka_unit_test(what_only_looks_like_the_key_is_left_alone),
		cmocka_unit_test(a_key_taken_out_takes_its_line_along),
		cmocka_unit_test(a_number_may_have_ten_digits),
		cmocka_unit_test(values_that_have_no_form_are_refused),
		cmocka_unit_test(every_address_in_a_text_is_found),
	};

	return cmocka_run_group_tests_name("registry_text", tests, NULL, NULL);
}
