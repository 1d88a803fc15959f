/* The backend's side of Xen's device states, from whatever they are. */
#include "tests/unit/unit.h"

#include "backend/netback_plan.h"

static struct netback_plan plan(bool online, enum xenbus_state backend, enum xenbus_state frontend)
{
	return netback_plan(&(struct netback_seen){ online, backend, frontend });
}

#define EACH_STATE(s) for (enum xenbus_state s = XENBUS_UNKNOWN; s <= XENBUS_RECONFIGURED; s++)

static bool does_nothing(const struct netback_plan *p)
{
	return !p->stop && !p->remove_tap && !p->announce && !p->close && !p->connect;
}

static void a_new_vif_is_announced_and_waits(void **state)
{
	struct netback_plan p = plan(true, XENBUS_INITIALISING, XENBUS_INITIALISING);

	(void)state;
	assert_true(p.make_tap && p.announce && !p.connect && !p.remove_tap);
	p = plan(true, XENBUS_INIT_WAIT, XENBUS_INITIALISING);
	assert_true(p.make_tap && !p.announce && !p.close);
}

static void a_frontend_that_is_ready_is_connected_once_it_was_told(void **state)
{
	struct netback_plan p = plan(true, XENBUS_INIT_WAIT, XENBUS_CONNECTED);

	(void)state;
	assert_true(p.connect && !p.stop && !p.announce);
	p = plan(true, XENBUS_CONNECTED, XENBUS_CONNECTED);
	assert_true(p.connect && !p.stop && !p.announce && !p.close);
	/* After a restore, or another backend's end. */
	p = plan(true, XENBUS_INITIALISING, XENBUS_CONNECTED);
	assert_true(p.announce && !p.connect);
	p = plan(true, XENBUS_CLOSED, XENBUS_CONNECTED);
	assert_true(p.announce && !p.connect);
}

static void a_driver_that_is_loaded_anew_finds_its_vif_waiting(void **state)
{
	struct netback_plan p = plan(true, XENBUS_CONNECTED, XENBUS_CLOSING);

	(void)state;
	assert_true(p.stop && p.close && p.state == XENBUS_CLOSING && !p.remove_tap);
	p = plan(true, XENBUS_CLOSING, XENBUS_CLOSED);
	assert_true(p.stop && p.close && p.state == XENBUS_CLOSED && !p.remove_tap);
	p = plan(true, XENBUS_CLOSED, XENBUS_CLOSED);
	assert_true(!p.close && !p.announce && !p.remove_tap);
	p = plan(true, XENBUS_CLOSED, XENBUS_INITIALISING);
	assert_true(p.announce && !p.close);
}

static void a_guest_that_came_up_anew_without_closing_is_waited_for(void **state)
{
	struct netback_plan p = plan(true, XENBUS_CONNECTED, XENBUS_INITIALISING);

	(void)state;
	assert_true(p.stop && p.announce && p.make_tap && !p.connect);
}

static void a_vif_that_is_to_go_moves_packets_until_its_guest_has_heard(void **state)
{
	struct netback_plan p = plan(false, XENBUS_CLOSING, XENBUS_CONNECTED);

	(void)state;
	assert_true(does_nothing(&p) && !p.make_tap);
	p = plan(false, XENBUS_CLOSING, XENBUS_CLOSED);
	assert_true(p.stop && p.remove_tap && p.close && p.state == XENBUS_CLOSED);
	/* No driver was ever there. */
	p = plan(false, XENBUS_CLOSING, XENBUS_INITIALISING);
	assert_true(p.stop && p.remove_tap && p.close && p.state == XENBUS_CLOSED);
}

static void a_guest_that_is_gone_takes_its_vif_along(void **state)
{
	(void)state;
	EACH_STATE(backend)
	{
		struct netback_plan p = plan(true, backend, XENBUS_UNKNOWN);

		assert_true(p.stop && p.remove_tap && !p.make_tap && !p.announce && !p.connect);
		assert_int_equal(p.close, backend != XENBUS_CLOSED);
		assert_int_equal(p.state, XENBUS_CLOSED);
	}
}

/* What was said is what is found, and then nothing more is said: no pass begets another for ever.
 */
static void every_plan_comes_to_rest(void **state)
{
	(void)state;
	for (int online = 0; online < 2; online++)
		EACH_STATE(first)
	EACH_STATE(frontend)
	{
		enum xenbus_state backend = first;
		struct netback_plan p = plan(online, backend, frontend);

		for (int n = 0; n < 3; n++) {
			if (p.announce)
				backend = XENBUS_INIT_WAIT;
			else if (p.close)
				backend = p.state;
			else if (p.connect)
				backend = XENBUS_CONNECTED;
			p = plan(online, backend, frontend);
		}
		assert_false(p.announce || p.close);
		assert_false(p.make_tap && p.remove_tap);
		assert_false(p.stop && p.connect);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_vif_is_announced_and_waits),
		cmocka_unit_test(a_frontend_that_is_ready_is_connected_once_it_was_told),
		cmocka_unit_test(a_driver_that_is_loaded_anew_finds_its_vif_waiting),
		cmocka_unit_test(a_guest_that_came_up_anew_without_closing_is_waited_for),
		cmocka_unit_test(a_vif_that_is_to_go_moves_packets_until_its_guest_has_heard),
		cmocka_unit_test(a_guest_that_is_gone_takes_its_vif_along),
		cmocka_unit_test(every_plan_comes_to_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
