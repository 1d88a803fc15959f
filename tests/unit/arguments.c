/* An argument vector is whole, or is said not to be. */
#include "tests/unit/unit.h"

#include "common/arguments.h"

static struct arguments made;

static int none(void **state)
{
	(void)state;
	made = (struct arguments){ .count = 0 };
	return 0;
}

static void words_stand_in_order_and_end_with_null(void **state)
{
	static const char *const wanted[] = { "dnsmasq", "--port=0", "", NULL };

	(void)state;
	arguments_add(&made, "%s", "dnsmasq");
	arguments_add(&made, "--port=%d", 0);
	arguments_add(&made, "%s", "");
	assert_int_equal(made.count, 3);
	for (size_t i = 0; i < 3; i++)
		assert_string_equal(made.argv[i], wanted[i]);
	assert_null(made.argv[3]);
	assert_int_equal(arguments_check(&made, NULL), 0);
	assert_true(arguments_digest(made.argv) == arguments_digest(wanted));
}

static void where_a_word_ends_is_part_of_the_digest(void **state)
{
	static const char *const one[] = { "ab", "c", NULL }, *const other[] = { "a", "bc", NULL };

	(void)state;
	assert_false(arguments_digest(one) == arguments_digest(other));
}

static void too_many_words_are_refused(void **state)
{
	struct err e = ERR_NONE;

	(void)state;
	for (int i = 0; i < ARGUMENTS_MAX; i++)
		arguments_add(&made, "x");
	assert_int_equal(arguments_check(&made, &e), 0);
	arguments_add(&made, "x");
	assert_int_equal(arguments_check(&made, &e), -E2BIG);
	assert_int_equal(made.count, ARGUMENTS_MAX);
	assert_null(made.argv[ARGUMENTS_MAX]);
}

static void a_word_without_room_is_refused_and_no_shorter_one_takes_its_place(void **state)
{
	struct err e = ERR_NONE;

	(void)state;
	arguments_add(&made, "program");
	arguments_add(&made, "%*d", ARGUMENTS_TEXT_MAX - (int)sizeof("program"), 1);
	assert_int_equal(arguments_check(&made, &e), -E2BIG);
	arguments_add(&made, "x");
	assert_int_equal(made.count, 1);
	assert_non_null(strstr(e.text, "program"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(words_stand_in_order_and_end_with_null, none),
		cmocka_unit_test(where_a_word_ends_is_part_of_the_digest),
		cmocka_unit_test_setup(too_many_words_are_refused, none),
		cmocka_unit_test_setup(
			a_word_without_room_is_refused_and_no_shorter_one_takes_its_place, none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
