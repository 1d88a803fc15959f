/* netbackd --check: every fault of a configuration and of policies, each with file and line. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "backend/check.h"

static char config[] = "/tmp/check-config.XXXXXX", policy[] = "/tmp/check-policy.XXXXXX";
static char told[4096];

static int files_make(void **state)
{
	int a = mkstemp(config), b = mkstemp(policy);

	(void)state;
	close(a);
	close(b);
	return a < 0 || b < 0;
}

static int files_remove(void **state)
{
	(void)state;
	return unlink(config) + unlink(policy);
}

static void fill(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

/* "PATH:" is left out, so that rows can be compared. */
static void note(void *arg, const char *words)
{
	const char *text = strncmp(words, config, strlen(config)) == 0	 ? words + strlen(config)
			   : strncmp(words, policy, strlen(policy)) == 0 ? words + strlen(policy)
									 : "?";

	(void)arg;
	snprintf(told + strlen(told), sizeof(told) - strlen(told), "%s\n", text);
}

static int check(const char *settings, const char *rules, struct err *e)
{
	char *const policies[] = { policy };

	told[0] = '\0';
	fill(config, settings);
	fill(policy, rules);
	return check_files(config, policies, 1, note, NULL, e);
}

static void files_without_faults_are_not_spoken_of(void **state)
{
	struct err e = ERR_NONE;

	(void)state;
	assert_int_equal(check("gateway = \"10.137.0.1\"\n",
				 "# the web\n\naction=accept proto=tcp dstports=443\n", &e),
		0);
	assert_string_equal(told, "");
}

static void every_fault_is_told_with_its_line(void **state)
{
	struct err e = ERR_NONE;

	(void)state;
	assert_int_equal(check("gateway = \"10.137.0\"\n"
			       "dns = [ \"10.139.1.1\",\n"
			       "        \"resolver\", \"10.139.1.300\" ]\n"
			       "gatway6 = \"fe80::1\"\n"
			       "gateway6 = [ ]\n",
				 "action=accept port=80\n"
				 "action=accept\n"
				 "dst4=192.0.2.1\n",
				 &e),
		6 + 1);
	for (size_t i = 0; i < 7; i++) {
		static const char *const wanted[] = { ":1: gateway: \"10.137.0\" is not",
			":3: dns: \"resolver\" is not", ":3: dns: \"10.139.1.300\" is not",
			":4: \"gatway6\" means nothing here", ":5: gateway6: takes one text",
			":1: \"port=80\": ", ":3: action=accept or action=drop expected" };

		if (!strstr(told, wanted[i]))
			fail_msg("\"%s\" is not in:\n%s", wanted[i], told);
	}
}

static void what_only_the_whole_file_can_say_is_told(void **state)
{
	struct err e = ERR_NONE;

	(void)state;
	assert_int_equal(
		check("dns = [ \"10.139.1.1\", \"10.139.1.2\", \"10.139.1.3\" ]\n", "", &e), 1);
	assert_non_null(strstr(told, "two addresses at most"));
}

static void a_syntax_error_is_one_fault(void **state)
{
	struct err e = ERR_NONE;

	(void)state;
	assert_int_equal(check("\ngateway = [\n", "action=accept port=80\n", &e), 2);
	assert_true(told[0] == ':' && told[1] >= '2' && told[1] <= '3');
}

static void a_file_that_cannot_be_read_hides_no_fault_of_another(void **state)
{
	char absent[] = "/nonexistent/policy", *const policies[] = { absent, policy };
	struct err e = ERR_NONE;

	(void)state;
	told[0] = '\0';
	fill(config, "");
	fill(policy, "action=perhaps\n");
	assert_int_equal(check_files(config, policies, 2, note, NULL, &e), -ENOENT);
	assert_non_null(strstr(e.text, absent));
	assert_non_null(strstr(told, "action=perhaps"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_without_faults_are_not_spoken_of),
		cmocka_unit_test(every_fault_is_told_with_its_line),
		cmocka_unit_test(what_only_the_whole_file_can_say_is_told),
		cmocka_unit_test(a_syntax_error_is_one_fault),
		cmocka_unit_test(a_file_that_cannot_be_read_hides_no_fault_of_another),
	};

	return cmocka_run_group_tests(tests, files_make, files_remove);
}
