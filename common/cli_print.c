/* The texts that come from a command line's table: help, man page, bash completion. */
#include "common/cli_print.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "common/roff.h"

#define HELP_COLUMN 30

static const struct cli_option *const *option_tables(const struct cli *cli)
{
	static const struct cli_option *tables[3];

	tables[0] = cli->options ? cli->options : cli_common_options;
	tables[1] = cli->options ? cli_common_options : NULL;
	return tables;
}

/* What follows the options on a command line; "" for nothing. */
static const char *arguments_of(const struct cli *cli)
{
	if (cli->verbs)
		return "COMMAND [ARGUMENT]...";
	return cli->arguments ? cli->arguments : "";
}

static void synopsis_print(const struct cli *cli)
{
	const char *arguments = arguments_of(cli);

	printf("%s [OPTION]...%s%s\n", cli->name, *arguments ? " " : "", arguments);
}

/* Every command in a row, by its name and arguments. */
static void verbs_print(const struct cli *cli, void (*row)(const char *left, const char *right))
{
	char left[128];

	for (const struct cli_verb *v = cli->verbs; v && v->name; v++) {
		snprintf(left, sizeof(left), "%s%s%s", v->name, v->arguments[0] ? " " : "",
			v->arguments);
		row(left, v->help);
	}
}

/* Every option in a row; `no_letter` stands where it has none. */
static void options_print(const struct cli *cli, const char *no_letter,
	void (*row)(const char *left, const char *right))
{
	char left[128], letter[5];

	for (const struct cli_option *const *t = option_tables(cli); *t; t++) {
		for (const struct cli_option *o = *t; o->name; o++) {
			snprintf(letter, sizeof(letter), "-%c, ", o->letter);
			snprintf(left, sizeof(left), "%s--%s%s%s", o->letter ? letter : no_letter,
				o->name, o->metavar ? " " : "", o->metavar ? o->metavar : "");
			row(left, o->help);
		}
	}
}

static void row_print(const char *left, const char *right)
{
	if (strlen(left) + 4 > HELP_COLUMN)
		printf("  %s\n%*s%s\n", left, HELP_COLUMN, "", right);
	else
		printf("  %-*s%s\n", HELP_COLUMN - 2, left, right);
}

static int help_print(const struct cli *cli)
{
	printf("Usage: ");
	synopsis_print(cli);
	printf("%c%s.\n", toupper((unsigned char)cli->summary[0]), cli->summary + 1);
	if (cli->description)
		printf("\n%s\n", cli->description);
	if (cli->verbs)
		printf("\nCommands:\n");
	verbs_print(cli, row_print);
	printf("\nOptions:\n");
	options_print(cli, "    ", row_print);
	if (cli->epilogue)
		printf("\n%s\n", cli->epilogue);
	return 0;
}

static void roff_row(const char *left, const char *right)
{
	printf(".TP\n.B ");
	roff_print(stdout, left);
	putchar('\n');
	roff_print(stdout, right);
	printf(".\n");
}

static int man_print(const struct cli *cli)
{
	const char *arguments = arguments_of(cli);

	printf(".TH ");
	for (const char *c = cli->name; *c; c++)
		putchar(toupper((unsigned char)*c));
	printf(" %d \"\" \"xen\\-netvm %s\"\n.SH NAME\n", cli->section, PACKAGE_VERSION);
	roff_print(stdout, cli->name);
	printf(" \\- ");
	roff_print(stdout, cli->summary);
	printf("\n.SH SYNOPSIS\n.B ");
	roff_print(stdout, cli->name);
	printf("\n");
	roff_print(stdout, *arguments ? "[OPTION]... " : "[OPTION]...");
	roff_print(stdout, arguments);
	printf("\n.SH DESCRIPTION\n");
	roff_print(stdout, cli->description ? cli->description : cli->summary);
	printf("\n");
	if (cli->verbs)
		printf(".SH COMMANDS\n");
	verbs_print(cli, roff_row);
	printf(".SH OPTIONS\n");
	options_print(cli, "", roff_row);
	if (cli->epilogue) {
		printf(".SH NOTES\n");
		roff_print(stdout, cli->epilogue);
		printf("\n");
	}
	printf(".SH SEE ALSO\n");
	if (cli->asks)
		printf(".BR %s (8),\n", cli->asks);
	printf(".BR xen\\-netvm\\-xenstore (7),\n.BR xl (1)\n");
	return 0;
}

/* A name that bash takes for a function: letters, digits, '_'. */
static void function_name_print(const char *name)
{
	putchar('_');
	for (; *name; name++)
		putchar(isalnum((unsigned char)*name) ? *name : '_');
}

/* For each option whose metavar is a choice of words ("on|off"): those words behind it. */
static void choices_print(const struct cli *cli)
{
	for (const struct cli_option *const *t = option_tables(cli); *t; t++)
		for (const struct cli_option *o = *t; o->name; o++) {
			if (!o->metavar || !strchr(o->metavar, '|'))
				continue;
			printf("\t--%s", o->name);
			if (o->letter)
				printf(" | -%c", o->letter);
			printf(") COMPREPLY=($(compgen -W '");
			for (const char *c = o->metavar; *c; c++)
				putchar(*c == '|' ? ' ' : *c);
			printf("' -- \"$cur\")); return ;;\n");
		}
}

/*
 * One function: options behind a dash; the words of a choice behind its option; else the next word
 * of every verb that fits the words so far; behind a whole verb its arguments, by their kind (all
 * but "file" and words that the table names ask the program itself; "..." stands for any number of
 * that kind).
 */
static int completion_print(const struct cli *cli)
{
	const char *asks = cli->asks ? cli->asks : cli->name;

	function_name_print(cli->name);
	printf("()\n{\n\tlocal cur=${COMP_WORDS[COMP_CWORD]} word words=() prefix "
	       "kinds\n\tCOMPREPLY=()\n"
	       "\tif [[ $cur == -* ]]; then\n\t\tCOMPREPLY=($(compgen -W '");
	for (const struct cli_option *const *t = option_tables(cli); *t; t++)
		for (const struct cli_option *o = *t; o->name; o++)
			printf("--%s ", o->name);
	printf("' -- \"$cur\"))\n\t\treturn\n\tfi\n"
	       "\tcase ${COMP_WORDS[COMP_CWORD-1]} in\n\t'') ;;\n");
	choices_print(cli);
	printf("\tesac\n");
	if (!cli->verbs && !cli->completes) {
		printf("\tcompopt -o default\n}\ncomplete -F ");
		function_name_print(cli->name);
		printf(" %s\n", cli->name);
		return 0;
	}
	printf("\tfor word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n\t\t[[ $word == -* ]] || "
	       "words+=(\"$word\")\n\tdone\n"
	       "\twhile IFS='|' read -r word kinds; do\n"
	       "\t\tprefix=\"${words[*]}\"\n"
	       "\t\tif [[ $word && $word == \"${prefix:+$prefix }\"* ]]; then\n"
	       "\t\t\tword=${word#\"${prefix:+$prefix }\"}\n"
	       "\t\t\tCOMPREPLY+=($(compgen -W \"${word%%%% *}\" -- \"$cur\"))\n"
	       "\t\telif [[ $kinds && \" $prefix \" == \" ${word:+$word }\"* ]]; then\n"
	       "\t\t\tword=(${prefix#\"$word\"})\n\t\t\tkinds=($kinds)\n"
	       "\t\t\t[[ ${kinds[-1]} != *... ]] || "
	       "kinds[${#word[@]}]=${kinds[${#word[@]}]:-${kinds[-1]}}\n"
	       "\t\t\tkinds=${kinds[${#word[@]}]}\n"
	       "\t\t\tcase $kinds in\n"
	       "\t\t\tdomain*) COMPREPLY+=($(compgen -W \"$(%s list --names 2>/dev/null)\" -- "
	       "\"$cur\")) ;;\n"
	       "\t\t\tnetdev) COMPREPLY+=($(compgen -W \"$(%s pci list --names 2>/dev/null)\" -- "
	       "\"$cur\")) ;;\n"
	       "\t\t\tkey) COMPREPLY+=($(compgen -W \"$(%s get --names \"${word[0]}\" "
	       "2>/dev/null)\" -- \"$cur\")) ;;\n"
	       "\t\t\tpair...) compopt -o nospace 2>/dev/null\n"
	       "\t\t\t\tCOMPREPLY+=($(compgen -S = -W \"$(%s get --names \"${word[0]}\" "
	       "2>/dev/null)\" -- \"$cur\")) ;;\n"
	       "\t\t\tfile*) compopt -o default ;;\n"
	       "\t\t\tcommand...) compopt -o default 2>/dev/null; COMPREPLY+=($(compgen -c -- "
	       "\"$cur\")) ;;\n"
	       "\t\t\t*/*) [[ $kinds != *=* ]] || compopt -o nospace 2>/dev/null\n"
	       "\t\t\t\tkinds=${kinds%%...}\n"
	       "\t\t\t\tCOMPREPLY+=($(compgen -W \"${kinds//\\// }\" -- \"$cur\")) ;;\n"
	       "\t\t\tesac\n\t\tfi\n\tdone <<'VERBS'\n",
		asks, asks, asks, asks);
	if (!cli->verbs)
		printf("|%s\n", cli->completes);
	for (const struct cli_verb *v = cli->verbs; v && v->name; v++)
		printf("%s|%s\n", v->name, v->completes ? v->completes : "");
	printf("VERBS\n}\ncomplete -F ");
	function_name_print(cli->name);
	printf(" %s\n", cli->name);
	return 0;
}

static int version_print(const struct cli *cli)
{
	printf("%s (xen-netvm) %s\n", cli->name, PACKAGE_VERSION);
	return 0;
}

int cli_print_info(const struct cli *cli, enum cli_info info)
{
	static int (*const print[])(const struct cli *) = {
		[CLI_HELP] = help_print,
		[CLI_VERSION] = version_print,
		[CLI_MAN] = man_print,
		[CLI_COMPLETION] = completion_print,
	};
	int ret = info == CLI_RUN ? 0 : print[info](cli);

	return ret || fflush(stdout) != 0;
}
