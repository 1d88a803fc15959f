/* Programs are run without a shell, bounded in time and output, and leave nothing behind. */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <sys/wait.h>

#include "common/child.h"

static struct child_result r;
static struct err e;

static void input_and_output_of_any_size_pass(void **state)
{
	static const char *const argv[] = { "cat", NULL };
	size_t size = 300000;
	char *text = malloc(size + 1);

	(void)state;
	assert_non_null(text);
	memset(text, 'x', size);
	text[size] = '\0';
	assert_int_equal(child_run_ok(argv, text, 1 << 20, 20, &r, &e), 0);
	assert_int_equal(r.out_len, size);
	assert_string_equal(r.out, text);
	child_result_free(&r);
	free(text);
}

static void arguments_reach_the_program_as_they_are(void **state)
{
	static const char *const argv[] = { "printf", "%s|", "a b", "$(id)", "'", NULL };

	(void)state;
	assert_int_equal(child_run_ok(argv, NULL, 4096, 20, &r, &e), 0);
	assert_string_equal(r.out, "a b|$(id)|'|");
	child_result_free(&r);
}

static void a_failure_carries_status_and_the_programs_words(void **state)
{
	static const char *const argv[] = { "ls", "/nonexistent", NULL };

	(void)state;
	assert_int_equal(child_run(argv, NULL, 4096, 20, &r, &e), 0);
	assert_int_equal(r.status, 2);
	child_result_free(&r);
	assert_int_equal(child_run_ok(argv, NULL, 4096, 20, &r, &e), -EIO);
	assert_non_null(strstr(e.text, "/nonexistent"));
	child_result_free(&r);
}

static void a_program_that_is_not_there_is_named(void **state)
{
	static const char *const argv[] = { "no-such-program", NULL };

	(void)state;
	assert_int_equal(child_run(argv, NULL, 4096, 20, &r, &e), -ENOENT);
	assert_non_null(strstr(e.text, "no-such-program: not found"));
	child_result_free(&r);
}

static void a_program_that_hangs_is_killed_and_reaped(void **state)
{
	static const char *const argv[] = { "sleep", "1000", NULL };

	(void)state;
	assert_int_equal(child_run(argv, NULL, 4096, 1, &r, &e), -ETIMEDOUT);
	assert_int_equal(r.status, 128 + 9);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	child_result_free(&r);
}

static void more_output_than_allowed_is_an_error_not_a_cut(void **state)
{
	static const char *const argv[] = { "head", "-c", "100000", "/dev/zero", NULL };

	(void)state;
	assert_int_equal(child_run(argv, NULL, 50000, 20, &r, &e), -EMSGSIZE);
	child_result_free(&r);
}

static void input_that_nobody_reads_is_no_error(void **state)
{
	static const char *const argv[] = { "true", NULL };
	char *text = calloc(1, 1 << 20);

	(void)state;
	assert_non_null(text);
	memset(text, 'x', (1 << 20) - 1);
	assert_int_equal(child_run_ok(argv, text, 4096, 20, &r, &e), 0);
	child_result_free(&r);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(input_and_output_of_any_size_pass),
		cmocka_unit_test(arguments_reach_the_program_as_they_are),
		cmocka_unit_test(a_failure_carries_status_and_the_programs_words),
		cmocka_unit_test(a_program_that_is_not_there_is_named),
		cmocka_unit_test(a_program_that_hangs_is_killed_and_reaped),
		cmocka_unit_test(more_output_than_allowed_is_an_error_not_a_cut),
		cmocka_unit_test(input_that_nobody_reads_is_no_error),
	};

	return cmocka_run_group_tests_name("child", tests, NULL, NULL);
}
