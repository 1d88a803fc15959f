/*
 * How a command line is read: the program's options and the four that all have become one
 * getopt_long(3) table; each option found is stored through its row. What is left is matched
 * against the verbs, the longest name first ("pci assign" before "pci").
 */
#include "common/cli.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cli_print.h"

#define OPTIONS_MAX 48

const struct cli_option cli_common_options[] = {
	{ "help", 'h', CLI_FLAG, 0, NULL,
		"show this text (--help=man: the man page, --help=bash: the completion) and exit" },
	{ "version", 'V', CLI_FLAG, 0, NULL, "show the version and exit" },
	{ "verbose", 'v', CLI_FLAG, 0, NULL, "say more about what is done" },
	{ NULL, 0, CLI_FLAG, 0, NULL, NULL },
};

/* Values that getopt_long() returns: the place of a row in the program's table, or in the common
 * one. */
enum { ROW_OWN = 0x1000, ROW_COMMON = 0x2000 };

#define IN_ORDER 1 /* of getopt_long(): a word that is no option */

static const struct cli_option *option_find(const struct cli *cli, int value)
{
	if (value >= ROW_COMMON)
		return &cli_common_options[value - ROW_COMMON];
	return &cli->options[value - ROW_OWN];
}

static int table_add(
	const struct cli_option *rows, int base, struct option *longs, char *shorts, size_t *count)
{
	size_t used = strlen(shorts);

	for (int i = 0; rows && rows[i].name; i++) {
		bool help = rows == cli_common_options && strcmp(rows[i].name, "help") == 0;

		if (*count >= OPTIONS_MAX)
			return -E2BIG;
		longs[(*count)++] = (struct option){ rows[i].name,
			help			   ? optional_argument
			: rows[i].kind == CLI_FLAG ? no_argument
						   : required_argument,
			NULL, base + i };
		if (rows[i].letter) {
			shorts[used++] = rows[i].letter;
			if (rows[i].kind != CLI_FLAG)
				shorts[used++] = ':';
		}
	}
	shorts[used] = '\0';
	return 0;
}

/* From a short option's letter to the value of its row. */
static int letter_value(const struct cli *cli, int letter)
{
	for (int i = 0; cli->options && cli->options[i].name; i++)
		if (cli->options[i].letter == letter)
			return ROW_OWN + i;
	for (int i = 0; cli_common_options[i].name; i++)
		if (cli_common_options[i].letter == letter)
			return ROW_COMMON + i;
	return -1;
}

static int common_take(int row, const char *arg, struct cli_parsed *out, struct err *e)
{
	static const struct {
		const char *word;
		enum cli_info info;
	} forms[] = { { "text", CLI_HELP }, { "man", CLI_MAN }, { "bash", CLI_COMPLETION } };

	if (row == 1 && out->info == CLI_RUN)
		out->info = CLI_VERSION;
	if (row == 2)
		out->verbose++;
	if (row != 0)
		return 0;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (strcmp(arg ? arg : "text", forms[i].word) == 0) {
			out->info = forms[i].info;
			return 0;
		}
	}
	return err_set(e, -EINVAL, "--help takes text, man or bash, not \"%s\"", arg);
}

static int option_take(const struct cli_option *o, const char *arg, void *options, struct err *e)
{
	char *at = (char *)options + o->offset, *end;
	unsigned long n;

	switch (o->kind) {
	case CLI_FLAG:
		*(bool *)(void *)at = true;
		return 0;
	case CLI_TEXT:
		*(const char **)(void *)at = arg;
		return 0;
	case CLI_NUMBER:
		errno = 0;
		n = strtoul(arg, &end, 10);
		if (errno || *end || end == arg || arg[0] < '0' || arg[0] > '9' || n > 0xffffffffUL)
			return err_set(e, -EINVAL, "--%s takes a number, not \"%s\"", o->name, arg);
		*(unsigned int *)(void *)at = (unsigned int)n;
		return 0;
	}
	return -EINVAL;
}

/* How many of the words form the verb's name: 0 where it is another. */
static int verb_words(const struct cli_verb *v, char **words, int count)
{
	const char *name = v->name;
	int used = 0;

	for (; *name; used++) {
		size_t len = strcspn(name, " ");

		if (used >= count || strlen(words[used]) != len ||
			strncmp(words[used], name, len) != 0)
			return 0;
		name += len;
		name += *name == ' ';
	}
	return used;
}

/* Whether these words are a verb that runs a command, and the command's first: all that follows is
 * the command's own, its options among it. */
static bool is_command(const struct cli *cli, char **words, int count)
{
	for (const struct cli_verb *v = cli->verbs; v && v->name; v++) {
		int n = v->completes && strcmp(v->completes, CLI_COMMAND) == 0
				? verb_words(v, words, count)
				: 0;

		if (n && n < count)
			return true;
	}
	return false;
}

static int verb_take(const struct cli *cli, struct cli_parsed *out, struct err *e)
{
	int used = 0;

	for (const struct cli_verb *v = cli->verbs; v->name; v++) {
		int n = verb_words(v, out->args, out->count);

		if (n > used) {
			used = n;
			out->verb = v;
		}
	}
	if (!used && !out->count)
		return err_set(e, -EINVAL, "what is to be done? see %s --help", cli->name);
	if (!used)
		return err_set(e, -EINVAL, "\"%s\" is no command of %s; see %s --help",
			out->args[0], cli->name, cli->name);
	out->args += used;
	out->count -= used;
	return 0;
}

static int arguments_check(const struct cli *cli, const struct cli_parsed *p, struct err *e)
{
	int min = p->verb ? p->verb->min_args : cli->min_args,
	    max = p->verb ? p->verb->max_args : cli->max_args;
	const char *what = p->verb ? p->verb->arguments : cli->arguments;
	const char *space = p->verb ? " " : "", *verb = p->verb ? p->verb->name : "";

	if (p->count < min)
		return err_set(e, -EINVAL, "%s%s%s: arguments are missing; it takes %s", cli->name,
			space, verb, what);
	if (max >= 0 && p->count > max)
		return err_set(e, -EINVAL, "%s%s%s: \"%s\" is too much; it takes %s", cli->name,
			space, verb, p->args[max], max && what ? what : "no arguments");
	return 0;
}

int cli_parse(const struct cli *cli, int argc, char *argv[], void *options, struct cli_parsed *out,
	struct err *e)
{
	struct option longs[OPTIONS_MAX + 1] = { { NULL, 0, NULL, 0 } };
	/* "-": words that are no options are given in their order, as IN_ORDER. */
	char shorts[2 * OPTIONS_MAX + 3] = "-:";
	size_t count = 0;
	int c, ret, words = 0;

	memset(out, 0, sizeof(*out));
	ret = table_add(cli->options, ROW_OWN, longs, shorts, &count);
	if (!ret)
		ret = table_add(cli_common_options, ROW_COMMON, longs, shorts, &count);
	if (ret)
		return err_set(e, ret, "%s has too many options", cli->name);
	optind = 0; /* glibc: start anew, so that a process may parse more than once */
	out->args = argv + (argc > 0);
	while (!is_command(cli, out->args, words) &&
		(c = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		int value = c < ROW_OWN ? letter_value(cli, c) : c;

		if (c == IN_ORDER) {
			out->args[words++] = argv[optind - 1];
			continue;
		}
		if (c == ':')
			return err_set(e, -EINVAL, "%s needs an argument; see %s --help",
				argv[optind - 1], cli->name);
		if (c == '?' && optopt && optopt < 0x100)
			return err_set(e, -EINVAL, "-%c is no option of %s; see %s --help", optopt,
				cli->name, cli->name);
		if (c == '?' || value < 0)
			return err_set(e, -EINVAL,
				"%s is no option of %s, or takes no argument; see %s --help",
				argv[optind - 1], cli->name, cli->name);
		ret = value >= ROW_COMMON
			      ? common_take(value - ROW_COMMON, optarg, out, e)
			      : option_take(option_find(cli, value), optarg, options, e);
		if (ret)
			return ret;
	}
	while (optind < argc)
		out->args[words++] = argv[optind++];
	out->args[words] = NULL;
	out->count = words;
	if (out->info != CLI_RUN)
		return 0;
	if (cli->verbs && (ret = verb_take(cli, out, e)) < 0)
		return ret;
	return arguments_check(cli, out, e);
}
