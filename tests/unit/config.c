/* Files in xl's syntax: every fault is named with file and line, and nothing is guessed. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/config.h"

struct sample {
	char *name, *ip, *lines;
	long number;
	bool flag;
	struct config_list list;
};

static const struct config_key keys[] = {
	{ "name", CONFIG_TEXT, offsetof(struct sample, name), NULL, "" },
	{ "ip", CONFIG_TEXT, offsetof(struct sample, ip), config_check_addr4, "" },
	{ "number", CONFIG_NUMBER, offsetof(struct sample, number), NULL, "" },
	{ "flag", CONFIG_BOOL, offsetof(struct sample, flag), NULL, "" },
	{ "list", CONFIG_LIST, offsetof(struct sample, list), config_check_addr4, "" },
	{ "lines", CONFIG_LINES, offsetof(struct sample, lines), config_check_addr4, "" },
	{ NULL, CONFIG_TEXT, 0, NULL, NULL },
};

static char path[] = "/tmp/netvm-config-test.XXXXXX";
static char unknown_key[64];

static int read_text(const char *text, struct sample *out, struct err *e)
{
	struct config_list unknown = { .count = 0 };
	FILE *f = fopen(path, "w");
	int ret;

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	memset(out, 0, sizeof(*out));
	memset(e, 0, sizeof(*e));
	unknown_key[0] = '\0';
	ret = config_read(path, keys, out, &unknown, e);
	assert_in_range(unknown.count, 0, 1);
	if (unknown.count)
		snprintf(unknown_key, sizeof(unknown_key), "%s", unknown.item[0]);
	config_list_clear(&unknown);
	return ret;
}

static bool library_is_loaded(void)
{
	FILE *f = fopen("/proc/self/maps", "r");
	char line[512];
	bool is = false;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		is |= strstr(line, "libxlutil") != NULL;
	fclose(f);
	return is;
}

/* A hotplug program reads the file as it was installed at each of its calls. */
static void a_plain_file_is_read_without_the_library(void **state)
{
	static const char *const nothing[] = { "", "\n", "# name = \"x\"",
		"#\n# name = \"x\"\n\n\t # number = 1\n#" };
	struct sample s;
	struct err e;

	(void)state;
	assert_false(library_is_loaded());
	for (size_t i = 0; i < sizeof(nothing) / sizeof(nothing[0]); i++) {
		assert_int_equal(read_text(nothing[i], &s, &e), 0);
		assert_null(s.name);
		assert_int_equal(s.number, 0);
	}
	assert_int_equal(read_text("# first\nnumber = 7", &s, &e), 0);
	assert_int_equal(s.number, 7);
	assert_false(library_is_loaded());
	assert_int_equal(read_text("number = 8; flag = 1", &s, &e), 0);
	assert_int_equal(s.number, 8);
	assert_true(s.flag);
	assert_true(library_is_loaded());
}

static void every_kind_of_value_is_read(void **state)
{
	struct sample s;
	struct err e;

	(void)state;
	assert_int_equal(
		read_text("# comment = 1\nname = \"a # b\" # c\nip='10.0.0.1'\nnumber = 7\nflag=1\n"
			  "list = [ \"10.0.0.1\",\n  \"10.0.0.2\" ]\n",
			&s, &e),
		0);
	assert_string_equal(s.name, "a # b");
	assert_string_equal(s.ip, "10.0.0.1");
	assert_int_equal(s.number, 7);
	assert_true(s.flag);
	assert_int_equal(s.list.count, 2);
	assert_string_equal(s.list.item[1], "10.0.0.2");
	assert_string_equal(unknown_key, "");
	config_dispose(keys, &s);
	config_dispose(keys, &s);
}

static void a_single_text_is_a_list_of_one(void **state)
{
	struct sample s;
	struct err e;

	(void)state;
	assert_int_equal(read_text("list = \"10.0.0.1\"\n", &s, &e), 0);
	assert_int_equal(s.list.count, 1);
	config_dispose(keys, &s);
}

static void lines_are_joined_however_many(void **state)
{
	struct sample s;
	struct err e;
	char text[20000] = "lines = [";
	size_t n = strlen(text);

	(void)state;
	for (int i = 0; i < 1000; i++)
		n += (size_t)snprintf(
			text + n, sizeof(text) - n, "\n\"10.0.%d.%d\",", i / 256, i % 256);
	assert_int_equal(read_text(strcat(text, "\n]\n"), &s, &e), 0);
	assert_int_equal(strncmp(s.lines, "10.0.0.0\n10.0.0.1\n", 18), 0);
	assert_string_equal(s.lines + strlen(s.lines) - 18, "0.3.230\n10.0.3.231");
	config_dispose(keys, &s);
	assert_null(s.lines);
	assert_int_equal(read_text("lines = [ ]\n", &s, &e), 0);
	assert_null(s.lines);
	assert_int_equal(read_text("lines = '10.0.0.1'\n", &s, &e), 0);
	assert_string_equal(s.lines, "10.0.0.1");
	config_dispose(keys, &s);
}

static void a_list_has_at_most_64_items(void **state)
{
	struct sample s;
	struct err e;
	char text[2000] = "list = [ \"10.0.0.1\"";

	(void)state;
	for (int i = 1; i < CONFIG_LIST_MAX; i++)
		strcat(text, ", \"10.0.0.1\"");
	assert_int_equal(read_text(strcat(text, "]"), &s, &e), 0);
	assert_int_equal(s.list.count, CONFIG_LIST_MAX);
	config_dispose(keys, &s);
	strcpy(strchr(text, ']'), ", \"10.0.0.1\" ]");
	assert_int_equal(read_text(text, &s, &e), -EINVAL);
	assert_non_null(strstr(e.text, ":1: list: has too many items"));
	config_dispose(keys, &s);
}

static void a_fault_shows_the_beginning_of_a_long_value(void **state)
{
	struct sample s;
	struct err e;
	char text[2000] = "ip = \"";

	(void)state;
	memset(text + strlen(text), 'x', 1000);
	assert_int_equal(read_text(strcat(text, "\""), &s, &e), -EINVAL);
	assert_non_null(strstr(e.text, "xx...\" is not an IPv4 address"));
	config_dispose(keys, &s);
}

static void a_key_that_nobody_knows_is_reported_but_no_error(void **state)
{
	struct sample s;
	struct err e;

	(void)state;
	assert_int_equal(read_text("name = \"x\"\nnmae = \"y\"\n", &s, &e), 0);
	assert_string_equal(unknown_key, "nmae");
	config_dispose(keys, &s);
	assert_int_equal(read_text("name.old = \"y\"\nname = \"x\"\n", &s, &e), 0);
	assert_string_equal(unknown_key, "name.old");
	assert_string_equal(s.name, "x");
	config_dispose(keys, &s);
}

/* Each text is refused with a sentence that begins with the file and this line. */
static void faults_are_named_with_file_and_line(void **state)
{
	static const struct {
		const char *text;
		unsigned int line;
	} faults[] = {
		{ "name = \"x\"\nip = \"10.0.0\"\n", 2 },
		{ "\n\nnumber = \"many\"\n", 3 },
		{ "number = 0700\n", 1 },
		{ "number = 0x10\n", 1 },
		{ "number = -1\n", 1 },
		{ "flag = 2\n", 1 },
		{ "name = [ \"a\" ]\n", 1 },
		{ "# one\nlist = [ \"10.0.0.1\",\n\"x\" ]\n", 3 },
		{ "lines = [ # \"a\"\n\"10.0.0.1\", \"10.0.0.2\",\n\n  'x' ]\n", 4 },
		{ "lines = \"x\"\n", 1 },
		{ "lines = 7\n", 1 },
		{ "flag = 1; lines = [ [ \"10.0.0.1\" ] ]\n", 1 },
		{ "name = \"a\"\nname = \"b\"\n", 2 },
		{ "name = \"x\"\nip = = \"10.0.0.1\"\n", 2 },
		{ "name = \n", 1 },
		{ "name = \"x\"\n\nip =\nflag = 1\n", 3 },
		{ "name = \"x\"\n\nM", 3 },
		{ "name = \"x\"\nlist = [ \"10.0.0.1\",\n", 2 },
	};
	struct sample s;
	struct err e;
	char wanted[128];

	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		snprintf(wanted, sizeof(wanted), "%s:%u: ", path, faults[i].line);
		assert_int_equal(read_text(faults[i].text, &s, &e), -EINVAL);
		e.text[strlen(wanted)] = '\0';
		assert_string_equal(e.text, wanted);
		config_dispose(keys, &s);
	}
}

static void a_missing_file_is_told_apart(void **state)
{
	struct sample s = { .name = NULL };
	struct err e;

	(void)state;
	assert_int_equal(config_read("/nonexistent/x.conf", keys, &s, NULL, &e), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_file_is_read_without_the_library),
		cmocka_unit_test(every_kind_of_value_is_read),
		cmocka_unit_test(a_single_text_is_a_list_of_one),
		cmocka_unit_test(lines_are_joined_however_many),
		cmocka_unit_test(a_list_has_at_most_64_items),
		cmocka_unit_test(a_fault_shows_the_beginning_of_a_long_value),
		cmocka_unit_test(a_key_that_nobody_knows_is_reported_but_no_error),
		cmocka_unit_test(faults_are_named_with_file_and_line),
		cmocka_unit_test(a_missing_file_is_told_apart),
	};
	int fd = mkstemp(path), ret;

	if (fd < 0)
		return 1;
	close(fd);
	ret = cmocka_run_group_tests_name("config", tests, NULL, NULL);
	unlink(path);
	return ret;
}
