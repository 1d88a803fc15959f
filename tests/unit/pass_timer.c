/* When a daemon looks at everything again. */
#include "tests/unit/unit.h"

#include "common/clock.h"
#include "common/pass_timer.h"

static void nothing_asked_for_and_no_rest_is_when_it_is_asked_for(void **state)
{
	(void)state;
	assert_float_equal(100, pass_timer_due(0, 0, 100, 0), 1e-9);
	assert_float_equal(105, pass_timer_due(0, 0, 100, 5), 1e-9);
}

static void the_earlier_of_two_wishes_counts(void **state)
{
	(void)state;
	assert_float_equal(102, pass_timer_due(105, 0, 100, 2), 1e-9);
	assert_float_equal(102, pass_timer_due(102, 0, 100, 5), 1e-9);
}

static void no_wish_cuts_a_rest_short(void **state)
{
	(void)state;
	assert_float_equal(103, pass_timer_due(0, 103, 100, 0), 1e-9);
	assert_float_equal(103, pass_timer_due(105, 103, 100, 0), 1e-9);
	assert_float_equal(104, pass_timer_due(0, 103, 100, 4), 1e-9);
}

static void a_rest_that_is_over_is_none(void **state)
{
	(void)state;
	assert_float_equal(100, pass_timer_due(0, 99, 100, 0), 1e-9);
}

static void time_without_a_pass_pays_the_rest_that_is_owed(void **state)
{
	(void)state;
	assert_float_equal(2, pass_timer_owed(0, 100, 2), 1e-9);
	assert_float_equal(5, pass_timer_owed(3, 0, 2), 1e-9);
	assert_float_equal(4, pass_timer_owed(3, 1, 2), 1e-9);
	assert_float_equal(2, pass_timer_owed(3, 4, 2), 1e-9);
}

/* --- on a loop --- */

struct passes {
	struct pass_timer timer;
	int count, more;
};

static void pass(void *arg)
{
	struct passes *p = arg;

	p->count++;
	if (p->more-- > 0)
		pass_timer_ask(&p->timer, 0);
}

static int loop_begin(void **state)
{
	static struct passes p;

	p = (struct passes){ .count = 0 };
	pass_timer_init(&p.timer, ev_loop_new(0), pass, &p);
	*state = &p;
	return p.timer.loop ? 0 : -1;
}

static int loop_end(void **state)
{
	struct passes *p = *state;

	ev_loop_destroy(p->timer.loop);
	return 0;
}

/* Until nothing is asked for any more. */
static int passes_made(struct passes *p)
{
	ev_run(p->timer.loop, 0);
	return p->count;
}

static void whatever_happens_before_a_pass_is_one_pass(void **state)
{
	struct passes *p = *state;

	assert_int_equal(0, passes_made(p));
	pass_timer_ask(&p->timer, 0);
	pass_timer_ask(&p->timer, 0);
	pass_timer_ask(&p->timer, 0.01);
	assert_int_equal(1, passes_made(p));
}

static void a_pass_may_ask_for_the_next(void **state)
{
	struct passes *p = *state;

	p->more = 2;
	pass_timer_ask(&p->timer, 0);
	assert_int_equal(3, passes_made(p));
}

static void a_far_wish_does_not_keep_a_near_one_waiting(void **state)
{
	struct passes *p = *state;

	pass_timer_ask(&p->timer, 1e6);
	pass_timer_ask(&p->timer, 0);
	assert_int_equal(1, passes_made(p));
}

static void a_rest_holds_for_who_asked_before_it(void **state)
{
	struct passes *p = *state;

	pass_timer_ask(&p->timer, 0);
	pass_timer_rest(&p->timer, 1e6);
	ev_run(p->timer.loop, EVRUN_NOWAIT);
	assert_int_equal(0, p->count);
	pass_timer_rest(&p->timer, 0);
	pass_timer_ask(&p->timer, 0);
	assert_int_equal(1, passes_made(p));
}

static void what_is_short_waits_for_nobody_and_what_is_long_rests(void **state)
{
	struct passes *p = *state;
	double now = clock_seconds();

	pass_timer_spent(&p->timer, now - PASS_OWED / 2, now);
	assert_true(p->timer.not_before <= clock_seconds());
	pass_timer_ask(&p->timer, 0);
	assert_int_equal(1, passes_made(p));
	now = clock_seconds();
	pass_timer_spent(&p->timer, now - 1e6, now);
	pass_timer_ask(&p->timer, 0);
	ev_run(p->timer.loop, EVRUN_NOWAIT);
	assert_int_equal(1, p->count);
}

/* Each as short as can be, and one upon the other. */
static void a_flood_of_short_ones_rests_too(void **state)
{
	struct passes *p = *state;
	double now = clock_seconds();

	for (int i = 0; i < 10; i++, now += PASS_OWED / 2)
		pass_timer_spent(&p->timer, now, now + PASS_OWED / 2);
	assert_true(p->timer.not_before > clock_seconds());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_asked_for_and_no_rest_is_when_it_is_asked_for),
		cmocka_unit_test(the_earlier_of_two_wishes_counts),
		cmocka_unit_test(no_wish_cuts_a_rest_short),
		cmocka_unit_test(a_rest_that_is_over_is_none),
		cmocka_unit_test(time_without_a_pass_pays_the_rest_that_is_owed),
		cmocka_unit_test_setup_teardown(
			what_is_short_waits_for_nobody_and_what_is_long_rests, loop_begin,
			loop_end),
		cmocka_unit_test_setup_teardown(
			a_flood_of_short_ones_rests_too, loop_begin, loop_end),
		cmocka_unit_test_setup_teardown(
			whatever_happens_before_a_pass_is_one_pass, loop_begin, loop_end),
		cmocka_unit_test_setup_teardown(a_pass_may_ask_for_the_next, loop_begin, loop_end),
		cmocka_unit_test_setup_teardown(
			a_far_wish_does_not_keep_a_near_one_waiting, loop_begin, loop_end),
		cmocka_unit_test_setup_teardown(
			a_rest_holds_for_who_asked_before_it, loop_begin, loop_end),
	};

	return cmocka_run_group_tests_name("pass_timer", tests, NULL, NULL);
}
