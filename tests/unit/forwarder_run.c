/* What is remembered of forwarders, and how one is told from another process. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "backend/forwarder_run.h"

static void what_is_remembered_is_read_back(void **state)
{
	struct forwarder_run runs[FORWARDER_SLOTS] = { { .process = { .fd = -1 } },
		{ .process = { .pid = 4711,
			  .start = 99887766,
			  .digest = 0xfedcba9876543210U,
			  .fd = -1 } } };
	struct forwarder_run back[FORWARDER_SLOTS];
	char text[FORWARDER_RUNS_TEXT_MAX];

	(void)state;
	addr_parse("10.139.1.54", &runs[1].ip4);
	addr_parse("2001:db8::54", &runs[1].ip6);
	forwarder_runs_print(runs, text);
	assert_string_equal(text, "1 4711 99887766 fedcba9876543210 10.139.1.54 2001:db8::54\n");
	forwarder_runs_parse(text, back);
	assert_int_equal(back[0].process.pid, 0);
	assert_int_equal(back[1].process.pid, 4711);
	assert_int_equal(back[1].process.start, 99887766);
	assert_int_equal(back[1].process.digest, 0xfedcba9876543210U);
	assert_true(addr_equal(&back[1].ip4, &runs[1].ip4));
	assert_true(addr_equal(&back[1].ip6, &runs[1].ip6));
	assert_int_equal(back[1].process.fd, -1);
}

static void a_line_that_is_not_of_ours_counts_for_nothing(void **state)
{
	static const char *const lines[] = { "", "\n\n", "2 4711 1 1 10.139.1.54 none\n",
		"0 -1 1 1 10.139.1.54 none\n", "0 1 1 1 10.139.1.54 none\n",
		"0 4711 1 1 10.139.1.54\n", "0 4711\n", "x\n" };
	struct forwarder_run back[FORWARDER_SLOTS];

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		forwarder_runs_parse(lines[i], back);
		for (int k = 0; k < FORWARDER_SLOTS; k++) {
			assert_int_equal(back[k].process.pid, 0);
			assert_false(addr_is_set(&back[k].ip4));
		}
	}
}

static void a_process_is_found_again_until_it_ends(void **state)
{
	const char *const argv[] = { "sleep", "1000", NULL };
	struct forwarder_run r = { .process = { .fd = -1 } }, again;
	struct err e = ERR_NONE;

	(void)state;
	assert_int_equal(kept_process_start(argv, &r.process, &e), 0);
	again = (struct forwarder_run){
		.process = { .pid = r.process.pid, .start = r.process.start, .fd = -1 }
	};
	kept_process_look(&again.process);
	assert_int_equal(again.process.pid, r.process.pid);
	kept_process_end(&r.process);
	assert_int_equal(r.process.pid, 0);
	kept_process_look(&again.process);
	assert_int_equal(again.process.pid, 0);
	assert_int_equal(again.process.fd, -1);
}

static void another_process_with_its_number_is_not_taken_for_it(void **state)
{
	const char *const argv[] = { "sleep", "1000", NULL };
	struct forwarder_run r = { .process = { .fd = -1 } }, other;
	struct err e = ERR_NONE;

	(void)state;
	assert_int_equal(kept_process_start(argv, &r.process, &e), 0);
	other = (struct forwarder_run){
		.process = { .pid = r.process.pid, .start = r.process.start - 1, .fd = -1 }
	};
	kept_process_look(&other.process);
	assert_int_equal(other.process.pid, 0);
	kept_process_look(&r.process);
	assert_true(r.process.pid > 0);
	kept_process_end(&r.process);
}

static void one_that_ends_at_once_is_not_waited_for(void **state)
{
	const char *const argv[] = { "false", NULL };
	struct forwarder_run r = { .process = { .fd = -1 } };
	struct err e = ERR_NONE;

	(void)state;
	addr_parse("127.0.0.99", &r.ip4); /* nobody listens there */
	assert_int_equal(kept_process_start(argv, &r.process, &e), 0);
	assert_int_equal(forwarder_run_await(&r, &e), -ECHILD);
	kept_process_end(&r.process);
}

static void a_program_that_is_not_there_is_told(void **state)
{
	const char *const argv[] = { "netvm-no-such-program", NULL };
	struct forwarder_run r = { .process = { .fd = -1 } };
	struct err e = ERR_NONE;

	(void)state;
	assert_int_equal(kept_process_start(argv, &r.process, &e), -ENOENT);
	assert_non_null(strstr(e.text, "netvm-no-such-program: not found"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_remembered_is_read_back),
		cmocka_unit_test(a_line_that_is_not_of_ours_counts_for_nothing),
		cmocka_unit_test(a_process_is_found_again_until_it_ends),
		cmocka_unit_test(another_process_with_its_number_is_not_taken_for_it),
		cmocka_unit_test(one_that_ends_at_once_is_not_waited_for),
		cmocka_unit_test(a_program_that_is_not_there_is_told),
	};

	return cmocka_run_group_tests_name("forwarder_run", tests, NULL, NULL);
}
