/* What a child that speaks to libxl says, and how it ended. */
#include "tests/unit/unit.h"

#include <signal.h>

#include "toolstack/xen_child.h"

/* As waitpid(2) reports them. */
#define EXITED(status) ((status) << 8)
#define KILLED(sig)    (sig)

static void a_look_is_read_whole(void **state)
{
	char text[] = "domain 1 --- net\ndomain 2 p-- work\ndomain 3 -s- a.b\ndomain 4 --d \n"
		      "vif 2 0 1 00:16:3e:00:00:02\nvif 3 5 0 00:00:00:00:00:00\nok\n";
	struct xen_look l;

	(void)state;
	assert_int_equal(xen_look_parse(text, &l, NULL), 0);
	assert_int_equal(l.domains, 4);
	assert_string_equal(l.domain[0].name, "net");
	assert_true(l.domain[1].paused && !l.domain[1].shutdown && !l.domain[1].dying);
	assert_true(l.domain[2].shutdown && !l.domain[2].paused);
	assert_true(l.domain[3].dying);
	assert_string_equal(l.domain[3].name, "");
	assert_int_equal(l.vifs, 2);
	assert_int_equal(l.vif[0].id.domid, 2);
	assert_int_equal(l.vif[0].backend, 1);
	assert_int_equal(l.vif[0].mac.bytes[5], 2);
	assert_int_equal(l.vif[1].id.devid, 5);
	assert_false(mac_is_set(&l.vif[1].mac));
	xen_look_dispose(&l);
}

static void a_look_at_nothing_is_one(void **state)
{
	char text[] = "ok\n";
	struct xen_look l;

	(void)state;
	assert_int_equal(xen_look_parse(text, &l, NULL), 0);
	assert_int_equal(l.domains + l.vifs, 0);
	xen_look_dispose(&l);
}

static void anything_else_is_refused(void **state)
{
	static const char *const wrong[] = { "", "domain\nok\n", "domain x --- a\nok\n",
		"domain 1 --- a b\nok\n", "domain 1 --- ../x\nok\n", "domain 40000 --- a\nok\n",
		"vif 1 2 3\nok\n", "vif 1 2\nok\n", "hello\nok\n" };
	struct err e = ERR_NONE;
	struct xen_look l;
	char text[64];

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		strcpy(text, wrong[i]);
		if (xen_look_parse(text, &l, &e) != -EINVAL)
			fail_msg("\"%s\" was taken", wrong[i]);
		assert_null(l.domain);
	}
}

static void success_needs_its_word_and_its_status(void **state)
{
	struct err e = ERR_NONE;

	(void)state;
	assert_int_equal(xen_child_result("ok\n", EXITED(0), &e), 0);
	assert_int_equal(xen_child_result("some line\nok\n", EXITED(0), &e), 0);
	assert_int_equal(xen_child_result("ok\n", EXITED(1), &e), -EIO);
	assert_int_equal(xen_child_result("", EXITED(0), &e), -EIO);
	assert_int_equal(xen_child_result("okay\n", EXITED(0), &e), -EIO);
	assert_int_equal(xen_child_result("not ok", EXITED(0), &e), -EIO);
}

static void an_error_is_libxls_with_its_words(void **state)
{
	struct err e = ERR_NONE;

	(void)state;
	assert_int_equal(xen_child_result("error 110 vif5.0: no answer in time\n", EXITED(1), &e),
		-ETIMEDOUT);
	assert_string_equal(e.text, "vif5.0: no answer in time");
	assert_int_equal(xen_child_result("error 0 x\n", EXITED(1), &e), -EIO);
}

static void one_that_was_ended_did_not_come_to_an_end(void **state)
{
	struct err e = ERR_NONE;

	(void)state;
	assert_int_equal(xen_child_result("ok\n", KILLED(SIGKILL), &e), -ETIMEDOUT);
	assert_int_equal(xen_child_result("", KILLED(SIGALRM), &e), -ETIMEDOUT);
	assert_int_equal(xen_child_result("", KILLED(SIGSEGV), &e), -EIO);
	assert_string_equal(e.text, "netvmd-libxl ended with status 139");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_look_is_read_whole),
		cmocka_unit_test(a_look_at_nothing_is_one),
		cmocka_unit_test(anything_else_is_refused),
		cmocka_unit_test(success_needs_its_word_and_its_status),
		cmocka_unit_test(an_error_is_libxls_with_its_words),
		cmocka_unit_test(one_that_was_ended_did_not_come_to_an_end),
	};

	return cmocka_run_group_tests_name("xen_child", tests, NULL, NULL);
}
