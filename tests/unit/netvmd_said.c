/* What is said once. */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "toolstack/netvmd_said.h"

static struct said said;

static int end(void **state)
{
	(void)state;
	said_dispose(&said);
	return 0;
}

static void a_fault_is_news_once_while_it_lasts(void **state)
{
	(void)state;
	assert_true(said_is_new(&said, "a"));
	assert_false(said_is_new(&said, "a"));
	said_turn(&said);
	assert_false(said_is_new(&said, "a"));
	assert_true(said_is_new(&said, "b"));
	said_turn(&said);
	assert_false(said_is_new(&said, "a"));
}

static void one_that_was_mended_is_news_again(void **state)
{
	(void)state;
	assert_true(said_is_new(&said, "a"));
	said_turn(&said);
	said_turn(&said);
	assert_true(said_is_new(&said, "a"));
}

static void more_than_there_is_room_for_are_said_each_time(void **state)
{
	char words[16];

	(void)state;
	for (int i = 0; i <= SAID_MAX; i++) {
		snprintf(words, sizeof(words), "%d", i);
		assert_true(said_is_new(&said, words));
	}
	assert_true(said_is_new(&said, words));
	assert_false(said_is_new(&said, "0"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_fault_is_news_once_while_it_lasts, end),
		cmocka_unit_test_teardown(one_that_was_mended_is_news_again, end),
		cmocka_unit_test_teardown(more_than_there_is_room_for_are_said_each_time, end),
	};

	return cmocka_run_group_tests_name("netvmd_said", tests, NULL, NULL);
}
