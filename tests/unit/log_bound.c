/* How many lines about one subject a log takes. */
#include "tests/unit/unit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/log_bound.h"

static struct log_bound bound;

static int begin(void **state)
{
	(void)state;
	bound = (struct log_bound){ .count = 0 };
	return 0;
}

static size_t passed(const char *line, size_t times, double now)
{
	size_t n = 0;

	for (size_t i = 0; i < times; i++)
		n += log_bound_passes(&bound, line, now);
	return n;
}

static void a_subject_has_a_burst_and_then_a_line_now_and_then(void **state)
{
	(void)state;
	assert_int_equal(LOG_BOUND_BURST, passed("vif5.0: error", 1000, 100));
	assert_int_equal(0, passed("vif5.0: connected", 1, 100));
	assert_int_equal(1, passed("vif5.0: connected", 9, 100 + LOG_BOUND_SECONDS));
	assert_int_equal(LOG_BOUND_BURST, passed("vif5.0: error", 1000, 1e6));
}

static void another_subject_is_not_concerned(void **state)
{
	(void)state;
	passed("vif5.0: error", 1000, 100);
	assert_int_equal(1, passed("vif6.0: error", 1, 100));
	assert_int_equal(1, passed("work (3): publish", 1, 100));
	assert_int_equal(LOG_BOUND_BURST - 1, passed("work (4): publish", 1000, 100));
}

static void what_was_held_back_is_counted_once_and_leaves_room_for_a_line(void **state)
{
	char name[LOG_SUBJECT_MAX] = "";

	(void)state;
	passed("vif5.0: error", LOG_BOUND_BURST + 57, 100);
	assert_int_equal(0, log_bound_due(&bound, 100, name));
	assert_float_equal(2 * LOG_BOUND_SECONDS, log_bound_wait(&bound, 100), 1e-6);
	assert_int_equal(57, log_bound_due(&bound, 100 + 2 * LOG_BOUND_SECONDS, name));
	assert_string_equal("vif5.0", name);
	assert_int_equal(0, log_bound_due(&bound, 100 + 2 * LOG_BOUND_SECONDS, name));
	assert_true(log_bound_wait(&bound, 100 + 2 * LOG_BOUND_SECONDS) < 0);
	assert_int_equal(1, passed("vif5.0: error", 9, 100 + 2 * LOG_BOUND_SECONDS));
}

static void at_the_end_every_count_is_due(void **state)
{
	char name[LOG_SUBJECT_MAX];

	(void)state;
	passed("a: x", LOG_BOUND_BURST + 1, 100);
	passed("b: x", LOG_BOUND_BURST + 2, 100);
	assert_int_equal(1, log_bound_due(&bound, INFINITY, name));
	assert_int_equal(2, log_bound_due(&bound, INFINITY, name));
	assert_int_equal(0, log_bound_due(&bound, INFINITY, name));
}

static void with_more_subjects_than_there_is_room_for_newcomers_share_one(void **state)
{
	char line[32], name[LOG_SUBJECT_MAX];
	size_t n = 0;

	(void)state;
	for (int i = 0; i < LOG_BOUND_SUBJECTS * 10; i++) {
		snprintf(line, sizeof(line), "vif%d.0: error", i);
		n += log_bound_passes(&bound, line, 100);
	}
	assert_int_equal(LOG_BOUND_SUBJECTS + LOG_BOUND_BURST - 1, n);
	assert_int_equal(LOG_BOUND_SUBJECTS * 10 - n, log_bound_due(&bound, INFINITY, name));
	assert_string_equal("others", name);
}

static void subjects_that_were_silent_for_long_make_room(void **state)
{
	char line[32];

	(void)state;
	for (int i = 0; i < LOG_BOUND_SUBJECTS * 10; i++) {
		snprintf(line, sizeof(line), "vif%d.0: error", i);
		assert_true(log_bound_passes(&bound, line, 100 + i * LOG_BOUND_SECONDS));
	}
}

static void a_long_subject_is_cut(void **state)
{
	char line[1024], name[LOG_SUBJECT_MAX];

	(void)state;
	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	passed(line, LOG_BOUND_BURST + 1, 100);
	assert_int_equal(1, log_bound_due(&bound, INFINITY, name));
	assert_int_equal(LOG_SUBJECT_MAX - 1, strlen(name));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_subject_has_a_burst_and_then_a_line_now_and_then, begin),
		cmocka_unit_test_setup(another_subject_is_not_concerned, begin),
		cmocka_unit_test_setup(
			what_was_held_back_is_counted_once_and_leaves_room_for_a_line, begin),
		cmocka_unit_test_setup(at_the_end_every_count_is_due, begin),
		cmocka_unit_test_setup(
			with_more_subjects_than_there_is_room_for_newcomers_share_one, begin),
		cmocka_unit_test_setup(subjects_that_were_silent_for_long_make_room, begin),
		cmocka_unit_test_setup(a_long_subject_is_cut, begin),
	};

	return cmocka_run_group_tests_name("log_bound", tests, NULL, NULL);
}
