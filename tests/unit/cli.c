/* One table makes the command line: parsing fills a struct and acts on nothing. */
#include "tests/unit/unit.h"

#include "common/cli.h"

struct options {
	bool json;
	const char *config;
	unsigned int limit;
};

static const struct cli_option table[] = {
	{ "json", 'j', CLI_FLAG, offsetof(struct options, json), NULL, "as JSON" },
	{ "config", 'c', CLI_TEXT, offsetof(struct options, config), "FILE", "the file" },
	{ "limit", 0, CLI_NUMBER, offsetof(struct options, limit), "N", "at most" },
	{ NULL, 0, CLI_FLAG, 0, NULL, NULL },
};

enum { LIST = 1, PCI_LIST, PCI_ASSIGN, RUN };

static const struct cli_verb verbs[] = {
	{ "list", "", "lists", 0, 0, LIST, NULL },
	{ "pci list", "", "lists devices", 0, 0, PCI_LIST, NULL },
	{ "pci assign", "BDF NAME", "assigns", 2, 2, PCI_ASSIGN, "netdev domain" },
	{ "run", "COMMAND...", "runs", 1, -1, RUN, CLI_COMMAND },
	{ NULL, NULL, NULL, 0, 0, 0, NULL },
};

static const struct cli with_verbs = {
	.name = "sample", .summary = "does", .section = 8, .options = table, .verbs = verbs
};
static const struct cli without = {
	.name = "plain", .summary = "does", .section = 8, .options = table
};

static struct options options;
static struct cli_parsed parsed;
static struct err error;

static int parse(const struct cli *cli, ...)
{
	static char *argv[16]; /* `parsed` points into it */
	int argc = 1;
	va_list ap;

	argv[0] = (char *)cli->name;
	va_start(ap, cli);
	while ((argv[argc] = va_arg(ap, char *)))
		argc++;
	va_end(ap);
	memset(&options, 0, sizeof(options));
	memset(&error, 0, sizeof(error));
	return cli_parse(cli, argc, argv, &options, &parsed, &error);
}

static void options_of_every_kind_are_stored_in_any_order(void **state)
{
	(void)state;
	assert_int_equal(parse(&with_verbs, "pci", "--limit=4", "assign", "-j", "00:03.0", "-c",
				 "/x", "net", "-vv", NULL),
		0);
	assert_int_equal(parsed.verb->id, PCI_ASSIGN);
	assert_int_equal(parsed.count, 2);
	assert_string_equal(parsed.args[1], "net");
	assert_true(options.json);
	assert_string_equal(options.config, "/x");
	assert_int_equal(options.limit, 4);
	assert_int_equal(parsed.verbose, 2);
}

static void behind_two_dashes_there_are_no_options(void **state)
{
	(void)state;
	assert_int_equal(parse(&with_verbs, "pci", "assign", "--", "-j", "x", NULL), 0);
	assert_string_equal(parsed.args[0], "-j");
	assert_false(options.json);
}

static void behind_a_command_all_is_its_own(void **state)
{
	(void)state;
	assert_int_equal(parse(&with_verbs, "-j", "run", "--limit=4", "wget", "-c", "--",
				 "--nonsense", NULL),
		0);
	assert_int_equal(parsed.verb->id, RUN);
	assert_true(options.json);
	assert_int_equal(options.limit, 4);
	assert_null(options.config);
	assert_int_equal(parsed.count, 4);
	assert_string_equal(parsed.args[0], "wget");
	assert_string_equal(parsed.args[3], "--nonsense");
	assert_null(parsed.args[4]);
	assert_int_equal(parse(&with_verbs, "run", "--", "-j", NULL), 0);
	assert_string_equal(parsed.args[0], "-j");
	assert_false(options.json);
	assert_int_equal(parse(&with_verbs, "run", NULL), -EINVAL);
}

static void what_does_not_fit_is_refused_and_named(void **state)
{
	(void)state;
	assert_int_equal(parse(&with_verbs, NULL), -EINVAL);
	assert_int_equal(parse(&with_verbs, "frobnicate", NULL), -EINVAL);
	assert_non_null(strstr(error.text, "\"frobnicate\""));
	assert_int_equal(parse(&with_verbs, "pci", NULL), -EINVAL);
	assert_int_equal(parse(&with_verbs, "pci", "assign", "x", NULL), -EINVAL);
	assert_non_null(strstr(error.text, "BDF NAME"));
	assert_int_equal(parse(&with_verbs, "list", "surplus", NULL), -EINVAL);
	assert_non_null(strstr(error.text, "\"surplus\""));
	assert_int_equal(parse(&without, "surplus", NULL), -EINVAL);
	assert_int_equal(parse(&without, "--limit", "many", NULL), -EINVAL);
	assert_non_null(strstr(error.text, "\"many\""));
	assert_int_equal(parse(&without, "--limit", "-1", NULL), -EINVAL);
	assert_int_equal(parse(&without, "--limit", "4294967296", NULL), -EINVAL);
	assert_int_equal(parse(&without, "--config", NULL), -EINVAL);
	assert_int_equal(parse(&without, "--nonsense", NULL), -EINVAL);
	assert_non_null(strstr(error.text, "--nonsense"));
	assert_int_equal(parse(&without, "-x", NULL), -EINVAL);
	assert_int_equal(parse(&without, "--help=pdf", NULL), -EINVAL);
}

static void help_wins_over_missing_arguments(void **state)
{
	(void)state;
	assert_int_equal(parse(&with_verbs, "--help", NULL), 0);
	assert_int_equal(parsed.info, CLI_HELP);
	assert_int_equal(parse(&with_verbs, "pci", "assign", "--help=man", NULL), 0);
	assert_int_equal(parsed.info, CLI_MAN);
	assert_int_equal(parse(&without, "--version", NULL), 0);
	assert_int_equal(parsed.info, CLI_VERSION);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_of_every_kind_are_stored_in_any_order),
		cmocka_unit_test(behind_two_dashes_there_are_no_options),
		cmocka_unit_test(behind_a_command_all_is_its_own),
		cmocka_unit_test(what_does_not_fit_is_refused_and_named),
		cmocka_unit_test(help_wins_over_missing_arguments),
	};

	return cmocka_run_group_tests_name("cli", tests, NULL, NULL);
}
