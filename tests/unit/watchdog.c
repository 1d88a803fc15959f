#include "toolstack/watchdog.h"

#include "tests/unit/unit.h"

#define INTERVAL 10.0

/* A network domain that serves, as dom0 sees it. */
static const struct watchdog_look serving = {
	.domid = 3, .answered = 7, .ready = true, .uplink = true
};

/* It was asked 7 at 0. */
static struct watchdog asked(void)
{
	return (struct watchdog){ .domid = 3, .asked = 7 };
}

/* It has answered at 0, and was asked 8 since. */
static struct watchdog answered(void)
{
	struct watchdog w = asked();

	assert_int_equal(watchdog_judge(&w, &serving, 0, INTERVAL), WATCHDOG_WELL);
	assert_int_equal(w.asked, 0);
	w.asked = 8;
	return w;
}

static void one_that_answers_is_well_and_asked_anew(void **state)
{
	struct watchdog w = answered();
	struct watchdog_look l = serving;

	(void)state;
	l.answered = 8;
	assert_int_equal(watchdog_judge(&w, &l, 10, INTERVAL), WATCHDOG_WELL);
	assert_int_equal(w.asked, 0);
}

static void one_that_stops_answering_is_silent_after_three_intervals(void **state)
{
	struct watchdog w = answered();

	(void)state;
	assert_int_equal(watchdog_judge(&w, &serving, 10, INTERVAL), WATCHDOG_WELL);
	assert_int_equal(watchdog_judge(&w, &serving, 29, INTERVAL), WATCHDOG_WELL);
	assert_int_equal(watchdog_judge(&w, &serving, 30, INTERVAL), WATCHDOG_SILENT);
	assert_int_equal(w.asked, 8); /* it is not asked again */
}

static void one_that_never_answered_is_not_judged(void **state)
{
	struct watchdog w = asked();
	struct watchdog_look l = serving;

	(void)state;
	l.answered = 0;
	for (double now = 0; now < 1000; now += INTERVAL)
		assert_int_equal(watchdog_judge(&w, &l, now, INTERVAL), WATCHDOG_NONE);
}

static void time_does_not_count_while_it_is_paused(void **state)
{
	struct watchdog w = answered();
	struct watchdog_look l = serving;

	(void)state;
	l.still = true;
	for (double now = 10; now < 200; now += INTERVAL)
		assert_int_equal(watchdog_judge(&w, &l, now, INTERVAL), WATCHDOG_NONE);
	l.still = false;
	assert_int_equal(watchdog_judge(&w, &l, 200, INTERVAL), WATCHDOG_WELL);
	assert_int_equal(watchdog_judge(&w, &l, 230, INTERVAL), WATCHDOG_SILENT);
}

static void another_domain_of_the_name_begins_anew(void **state)
{
	struct watchdog w = answered();
	struct watchdog_look l = serving;

	(void)state;
	l.domid = 9;
	l.answered = 0;
	assert_int_equal(watchdog_judge(&w, &l, 500, INTERVAL), WATCHDOG_NONE);
	assert_int_equal(w.asked, 0);
	assert_int_equal(w.domid, 9);
}

static void one_that_lost_its_uplink_is_cut_off(void **state)
{
	struct watchdog w = answered();
	struct watchdog_look l = serving;

	(void)state;
	l.uplink = false;
	for (uint32_t i = 0; i < 3; i++) {
		l.answered = w.asked = 8 + i;
		assert_int_equal(watchdog_judge(&w, &l, 1 + 10 * i, INTERVAL), WATCHDOG_WELL);
	}
	l.answered = w.asked = 11;
	assert_int_equal(watchdog_judge(&w, &l, 32, INTERVAL), WATCHDOG_CUT_OFF);
	l.answered = w.asked = 12;
	l.uplink = true;
	assert_int_equal(watchdog_judge(&w, &l, 40, INTERVAL), WATCHDOG_WELL);
}

static void one_that_never_had_an_uplink_or_is_a_vpn_is_not(void **state)
{
	struct watchdog without = asked(), vpn = answered();
	struct watchdog_look l = serving;

	(void)state;
	l.uplink = false;
	for (uint32_t i = 0; i < 20; i++) {
		l.answered = without.asked = 7 + i;
		assert_int_equal(watchdog_judge(&without, &l, 10 * i, INTERVAL), WATCHDOG_WELL);
	}
	l.may_lack = true;
	for (uint32_t i = 0; i < 20; i++) {
		l.answered = vpn.asked = 8 + i;
		assert_int_equal(watchdog_judge(&vpn, &l, 10 * i, INTERVAL), WATCHDOG_WELL);
	}
}

static void one_that_is_not_ready_any_more_is_told_of(void **state)
{
	struct watchdog w = answered();
	struct watchdog_look l = serving;

	(void)state;
	l.ready = false;
	for (uint32_t i = 0; i < 3; i++) {
		l.answered = w.asked = 8 + i;
		assert_int_equal(watchdog_judge(&w, &l, 1 + 10 * i, INTERVAL), WATCHDOG_WELL);
	}
	l.answered = w.asked = 11;
	assert_int_equal(watchdog_judge(&w, &l, 32, INTERVAL), WATCHDOG_UNREADY);
}

static void only_what_is_wrong_has_words(void **state)
{
	(void)state;
	assert_null(watchdog_words(WATCHDOG_NONE));
	assert_null(watchdog_words(WATCHDOG_WELL));
	for (enum watchdog_verdict v = WATCHDOG_SILENT; v < WATCHDOG_VERDICTS; v++)
		assert_non_null(watchdog_words(v));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_that_answers_is_well_and_asked_anew),
		cmocka_unit_test(one_that_stops_answering_is_silent_after_three_intervals),
		cmocka_unit_test(one_that_never_answered_is_not_judged),
		cmocka_unit_test(time_does_not_count_while_it_is_paused),
		cmocka_unit_test(another_domain_of_the_name_begins_anew),
		cmocka_unit_test(one_that_lost_its_uplink_is_cut_off),
		cmocka_unit_test(one_that_never_had_an_uplink_or_is_a_vpn_is_not),
		cmocka_unit_test(one_that_is_not_ready_any_more_is_told_of),
		cmocka_unit_test(only_what_is_wrong_has_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
