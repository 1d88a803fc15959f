/* Where a key stands in a text: its line, those of its items, and the last. */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "common/config_index.h"

static const char text[] = "# name = \"not this\"\n"
			   "name = \"work\"; memory = 512\n"
			   "vif = [ \"mac=a\", # the first, with an [\n"
			   "\t'mac=b;c',\n"
			   "\n"
			   "\t\"mac=d\" ]\n"
			   "disk=[ 'a = b\\\nc = d' ]\n"
			   "  extra = \"root=/dev/xvda1\"";

static struct config_index index_of;

static int text_read(void **state)
{
	(void)state;
	memset(&index_of, 0, sizeof(index_of));
	return config_index_make("work.cfg", text, &index_of, NULL);
}

static void expect(const char *key, unsigned int first, unsigned int last)
{
	const struct config_place *p = config_place(&index_of, key);

	assert_non_null(p);
	assert_int_equal(p->line, first);
	assert_int_equal(config_last_line(text, p), last);
}

static void keys_stand_at_the_start_of_a_statement_alone(void **state)
{
	(void)state;
	assert_int_equal(index_of.count, 5);
	expect("name", 2, 2);
	expect("memory", 2, 2);
	expect("extra", 9, 9);
	assert_null(config_place(&index_of, "mac"));
	assert_null(config_place(&index_of, "c"));
}

static void a_list_ends_where_its_bracket_does(void **state)
{
	(void)state;
	expect("vif", 3, 6);
	expect("disk", 7, 8);
}

static void items_have_lines_of_their_own(void **state)
{
	const struct config_place *vif = config_place(&index_of, "vif");

	(void)state;
	assert_int_equal(config_item_line(text, vif, 0), 3);
	assert_int_equal(config_item_line(text, vif, 1), 4);
	assert_int_equal(config_item_line(text, vif, 2), 6);
	assert_int_equal(config_item_line(text, vif, 3), 3);
	assert_int_equal(config_item_line(text, NULL, 0), 0);
	assert_int_equal(config_last_line(text, NULL), 0);
}

static void a_key_that_comes_twice_is_named_with_its_second_line(void **state)
{
	struct config_index twice = { .count = 0 };
	struct err e = ERR_NONE;

	(void)state;
	assert_int_equal(config_index_make("a.cfg", "a = 1\nb = 2\na = 3\n", &twice, &e), -EINVAL);
	assert_string_equal(e.text, "a.cfg:3: a is given a second time");
}

static void so_is_a_key_that_is_too_long(void **state)
{
	struct config_index one = { .count = 0 };
	struct err e = ERR_NONE;
	char longer[CONFIG_KEY_NAME_MAX + 8];

	(void)state;
	memset(longer, 'k', sizeof(longer));
	strcpy(longer + CONFIG_KEY_NAME_MAX, " = 1\n");
	assert_int_equal(config_index_make("a.cfg", longer, &one, &e), -E2BIG);
	assert_has(e.text, "a.cfg:1: key is too long");
}

static void more_keys_than_there_is_room_for_are_refused(void **state)
{
	struct config_index many = { .count = 0 };
	struct err e = ERR_NONE;
	char keys[16 * (CONFIG_KEYS_MAX + 1)];
	size_t used = 0;

	(void)state;
	for (int i = 0; i <= CONFIG_KEYS_MAX; i++)
		used += (size_t)snprintf(keys + used, sizeof(keys) - used, "k%d=1\n", i);
	assert_int_equal(config_index_make("a.cfg", keys, &many, &e), -E2BIG);
	assert_has(e.text, "a.cfg:257:");
}

#define TEST(f) cmocka_unit_test_setup(f, text_read)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(keys_stand_at_the_start_of_a_statement_alone),
		TEST(a_list_ends_where_its_bracket_does),
		TEST(items_have_lines_of_their_own),
		TEST(a_key_that_comes_twice_is_named_with_its_second_line),
		TEST(so_is_a_key_that_is_too_long),
		TEST(more_keys_than_there_is_room_for_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
