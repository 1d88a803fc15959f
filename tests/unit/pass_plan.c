/* What one pass does about every vif. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "backend/pass_plan.h"

/* The plan as words: "down 5.0, remove 5.0, up 6.0-emu". */
static const char *plan(const struct pass_backend *backends, size_t backend_count,
	const struct pass_link *links, size_t link_count)
{
	static const char *const verbs[PASS_VERBS] = { "down", "remove", "up" };
	static char words[512];
	struct pass_action *actions;
	size_t count;

	assert_int_equal(
		pass_plan_make(backends, backend_count, links, link_count, &actions, &count), 0);
	words[0] = '\0';
	for (size_t i = 0; i < count; i++)
		sprintf(words + strlen(words), "%s%s %u.%u%s", i ? ", " : "",
			verbs[actions[i].verb], actions[i].id.domid, actions[i].id.devid,
			actions[i].emulated ? "-emu" : "");
	free(actions);
	return words;
}

static void a_backend_with_its_link_is_brought_up(void **state)
{
	const struct pass_backend b[] = { { { 5, 0 }, true, XENBUS_INIT_WAIT, false } };
	const struct pass_link l[] = { { { 5, 0 }, false, false } };

	(void)state;
	assert_string_equal(plan(b, 1, l, 1), "up 5.0");
}

static void a_backend_that_waits_without_a_link_is_brought_up_so_that_the_fault_is_told(
	void **state)
{
	const struct pass_backend b[] = { { { 5, 0 }, true, XENBUS_INIT_WAIT, false } };

	(void)state;
	assert_string_equal(plan(b, 1, NULL, 0), "up 5.0");
}

static void a_backend_whose_link_is_yet_to_come_is_left_alone(void **state)
{
	const struct pass_backend b[] = { { { 5, 0 }, true, XENBUS_INITIALISING, false },
		{ { 6, 0 }, true, XENBUS_UNKNOWN, false } };

	(void)state;
	assert_string_equal(plan(b, 2, NULL, 0), "");
}

static void a_closed_backend_that_is_offline_is_taken_down_and_removed(void **state)
{
	const struct pass_backend b[] = { { { 5, 0 }, false, XENBUS_CLOSED, false } };

	(void)state;
	assert_string_equal(plan(b, 1, NULL, 0), "down 5.0, remove 5.0");
}

static void a_backend_that_is_still_closing_is_only_taken_down(void **state)
{
	const struct pass_backend b[] = { { { 5, 0 }, false, XENBUS_CLOSING, false } };

	(void)state;
	assert_string_equal(plan(b, 1, NULL, 0), "down 5.0");
}

static void a_backend_that_has_only_just_closed_keeps_its_directory_for_libxl_to_see(void **state)
{
	const struct pass_backend b[] = { { { 5, 0 }, false, XENBUS_CLOSED, true } };

	(void)state;
	assert_string_equal(plan(b, 1, NULL, 0), "down 5.0");
}

static void a_guest_that_closed_its_end_and_is_online_is_still_served(void **state)
{
	const struct pass_backend b[] = { { { 5, 0 }, true, XENBUS_CLOSED, false } };

	(void)state;
	assert_string_equal(plan(b, 1, NULL, 0), "up 5.0");
}

static void who_leaves_goes_before_who_comes(void **state)
{
	const struct pass_backend b[] = { { { 5, 0 }, true, XENBUS_INIT_WAIT, false },
		{ { 6, 1 }, false, XENBUS_CLOSED, false } };
	const struct pass_link l[] = { { { 5, 0 }, false, false }, { { 6, 1 }, false, true } };

	(void)state;
	assert_string_equal(plan(b, 2, l, 2), "down 6.1, remove 6.1, up 5.0");
}

static void a_link_of_ours_without_a_backend_is_taken_down_and_anothers_is_not(void **state)
{
	const struct pass_link l[] = { { { 5, 0 }, false, true }, { { 6, 0 }, false, false },
		{ { 7, 0 }, true, true } };

	(void)state;
	assert_string_equal(plan(NULL, 0, l, 3), "down 5.0, down 7.0-emu");
}

static void an_emulated_twin_goes_with_its_vif(void **state)
{
	const struct pass_backend up[] = { { { 5, 0 }, true, XENBUS_CONNECTED, false } };
	const struct pass_backend gone[] = { { { 5, 0 }, false, XENBUS_CLOSED, false } };
	const struct pass_link l[] = { { { 5, 0 }, true, false }, { { 5, 0 }, false, true } };

	(void)state;
	assert_string_equal(plan(up, 1, l, 2), "up 5.0, up 5.0-emu");
	assert_string_equal(plan(gone, 1, l, 2), "down 5.0-emu, down 5.0, remove 5.0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_backend_with_its_link_is_brought_up),
		cmocka_unit_test(
			a_backend_that_waits_without_a_link_is_brought_up_so_that_the_fault_is_told),
		cmocka_unit_test(a_backend_whose_link_is_yet_to_come_is_left_alone),
		cmocka_unit_test(a_closed_backend_that_is_offline_is_taken_down_and_removed),
		cmocka_unit_test(a_backend_that_is_still_closing_is_only_taken_down),
		cmocka_unit_test(
			a_backend_that_has_only_just_closed_keeps_its_directory_for_libxl_to_see),
		cmocka_unit_test(a_guest_that_closed_its_end_and_is_online_is_still_served),
		cmocka_unit_test(who_leaves_goes_before_who_comes),
		cmocka_unit_test(
			a_link_of_ours_without_a_backend_is_taken_down_and_anothers_is_not),
		cmocka_unit_test(an_emulated_twin_goes_with_its_vif),
	};

	return cmocka_run_group_tests_name("pass_plan", tests, NULL, NULL);
}
