/* What lab-exec and lab-agent say to each other, on a console that others write to as well. */
#include "tests/unit/unit.h"

#include "tests/lab/console_text.h"

static struct console_line line;

static int set_up(void **state)
{
	(void)state;
	memset(&line, 0, sizeof(line));
	return 0;
}

/* Feeds text; how many lines it completed, the last of which stands in `line`. */
static size_t fed(const char *text)
{
	size_t lines = 0;

	for (; *text; text++)
		lines += console_line_take(&line, *text);
	return lines;
}

static void a_line_comes_in_pieces(void **state)
{
	(void)state;
	assert_int_equal(fed("@<1"), 0);
	assert_int_equal(fed(" s"), 0);
	assert_int_equal(fed("\r\n"), 1);
	assert_string_equal(line.text, "@<1 s");
	assert_int_equal(fed("next"), 0);
	assert_int_equal(fed("\n"), 1);
	assert_string_equal(line.text, "next");
}

static void an_empty_line_is_one(void **state)
{
	(void)state;
	assert_int_equal(fed("\n\n"), 2);
	assert_string_equal(line.text, "");
}

static void the_longest_line_is_taken_a_longer_one_passed_over(void **state)
{
	char text[CONSOLE_LINE_MAX + 2];

	(void)state;
	memset(text, 'x', sizeof(text));
	strcpy(text + CONSOLE_LINE_MAX - 1, "\n");
	assert_int_equal(fed(text), 1);
	assert_int_equal(strlen(line.text), CONSOLE_LINE_MAX - 1);
	memset(text, 'x', sizeof(text));
	strcpy(text + CONSOLE_LINE_MAX, "\n");
	assert_int_equal(fed(text), 0);
	assert_int_equal(fed("after\n"), 1);
	assert_string_equal(line.text, "after");
}

static void a_nul_in_a_line_ends_its_text_and_no_more(void **state)
{
	(void)state;
	fed("a");
	assert_false(console_line_take(&line, '\0'));
	assert_int_equal(fed("b\n"), 1);
	assert_string_equal(line.text, "a");
	assert_int_equal(fed("c\n"), 1);
	assert_string_equal(line.text, "c");
}

static void every_byte_comes_back(void **state)
{
	unsigned char all[256], back[4 * 256 + 1];
	char text[4 * sizeof(all) + 1];
	size_t len;

	(void)state;
	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = (unsigned char)i;
	len = console_escape(all, sizeof(all), text);
	assert_int_equal(len, strlen(text));
	for (size_t i = 0; i < len; i++)
		assert_in_range(text[i], ' ', '~');
	assert_int_equal(console_unescape(text, (char *)back), sizeof(all));
	assert_memory_equal(back, all, sizeof(all));
}

static void bytes_are_written_as_they_are_where_they_can_be(void **state)
{
	char text[64];

	(void)state;
	console_escape("a b~\\\n\xff", 7, text);
	assert_string_equal(text, "a b~\\x5c\\x0a\\xff");
	assert_int_equal(console_escape("", 0, text), 0);
	assert_string_equal(text, "");
}

static void text_is_turned_into_bytes_in_its_own_place(void **state)
{
	char text[] = "\\x41\\x00z";

	(void)state;
	assert_int_equal(console_unescape(text, text), 3);
	assert_memory_equal(text, "A\0z", 3);
}

static void what_is_no_text_is_refused(void **state)
{
	static const char *const bad[] = { "\\", "\\x", "\\x4", "\\x4g", "\\xG4", "\\x4A", "\\y41",
		"a\\", "a\tb", "\x1b[31m", "\xc3\xa9" };
	char out[16];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (console_unescape(bad[i], out) != -1)
			fail_msg("\"%s\" was taken", bad[i]);
}

/* Facts: the hash's published values. */
static void the_sum_is_fnv_1a(void **state)
{
	(void)state;
	assert_int_equal(console_sum("", 0), 0x811c9dc5);
	assert_int_equal(console_sum("a", 1), 0xe40c292c);
	assert_int_equal(console_sum("foobar", 6), 0xbf9cf968);
}

static void a_descriptor_that_is_no_tty_is_refused(void **state)
{
	(void)state;
	assert_int_equal(console_make_raw(-1), -EBADF);
}

#define test(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(a_line_comes_in_pieces),
		test(an_empty_line_is_one),
		test(the_longest_line_is_taken_a_longer_one_passed_over),
		test(a_nul_in_a_line_ends_its_text_and_no_more),
		test(every_byte_comes_back),
		test(bytes_are_written_as_they_are_where_they_can_be),
		test(text_is_turned_into_bytes_in_its_own_place),
		test(what_is_no_text_is_refused),
		test(the_sum_is_fnv_1a),
		test(a_descriptor_that_is_no_tty_is_refused),
	};

	return cmocka_run_group_tests_name("console_text", tests, NULL, NULL);
}
