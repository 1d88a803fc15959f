/* When what failed is tried again. */
#include "tests/unit/unit.h"

#include "common/backoff.h"

/* The waits of one that fails each time it is tried. */
static void each_wait_doubles_up_to_the_longest(void **state)
{
	static const double waits[] = { 1, 2, 4, 8, 10, 10 };
	struct backoff b = { .first = 1, .most = 10 };
	double now = 100;

	(void)state;
	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		double wait = backoff_failed(&b, now);

		assert_float_equal(waits[i], wait, 1e-9);
		now += wait;
	}
}

static void failures_during_a_wait_neither_move_nor_double_it(void **state)
{
	struct backoff b = { .first = 4, .most = 60 };

	(void)state;
	assert_float_equal(4, backoff_failed(&b, 100), 1e-9);
	assert_float_equal(3, backoff_failed(&b, 101), 1e-9);
	assert_float_equal(1, backoff_failed(&b, 103), 1e-9);
	assert_float_equal(8, backoff_failed(&b, 104), 1e-9);
}

static void a_wait_that_is_as_good_as_over_is_not_waited_for_in_vain(void **state)
{
	struct backoff b = { .first = 1, .most = 60 };

	(void)state;
	backoff_failed(&b, 100);
	assert_float_equal(0.001, backoff_failed(&b, 100.9999999), 1e-9);
}

static void a_success_makes_the_next_failure_the_first(void **state)
{
	struct backoff b = { .first = 1, .most = 60 };

	(void)state;
	backoff_failed(&b, 100);
	backoff_failed(&b, 101);
	backoff_end(&b);
	assert_float_equal(1, backoff_failed(&b, 101.5), 1e-9);
	assert_float_equal(2, backoff_failed(&b, 102.5), 1e-9);
}

static void the_longest_may_be_the_first(void **state)
{
	struct backoff b = { .first = 5, .most = 5 };

	(void)state;
	assert_float_equal(5, backoff_failed(&b, 100), 1e-9);
	assert_float_equal(5, backoff_failed(&b, 105), 1e-9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_wait_doubles_up_to_the_longest),
		cmocka_unit_test(failures_during_a_wait_neither_move_nor_double_it),
		cmocka_unit_test(a_wait_that_is_as_good_as_over_is_not_waited_for_in_vain),
		cmocka_unit_test(a_success_makes_the_next_failure_the_first),
		cmocka_unit_test(the_longest_may_be_the_first),
	};

	return cmocka_run_group_tests_name("backoff", tests, NULL, NULL);
}
