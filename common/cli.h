/*
 * cli: command lines from a table.
 *
 * One table a program states its options, verbs and arguments; parsing, --help, the man page's
 * SYNOPSIS and OPTIONS and the bash completion all come from it. Every program has --help,
 * --version, -v/--verbose without saying so. Parsing does not act: it fills a plain struct through
 * the table's setters, so that it can be fuzzed.
 */
#ifndef NETVM_CLI_H
#define NETVM_CLI_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

enum cli_kind {
	CLI_FLAG,   /* bool: given or not */
	CLI_TEXT,   /* const char *: the argument, not copied */
	CLI_NUMBER, /* unsigned int, decimal */
};

struct cli_option {
	const char *name; /* long name without dashes; NULL ends the table */
	char letter;	  /* short form, or 0 */
	enum cli_kind kind;
	size_t offset;	     /* where in the program's own options struct */
	const char *metavar; /* "FILE", or the words that it may be: "on|off"; NULL for a flag */
	const char *help;    /* one line, no full stop */
};

struct cli_verb {
	const char *name;      /* "pci assign"; NULL ends the table */
	const char *arguments; /* "BDF NAME", "[NAME]"; "" for none */
	const char *help;
	int min_args, max_args; /* -1: any number */
	int id;			/* the program's own */
	const char *completes;	/* what the arguments are, for completion: "domain", "netdev", "key"
				   (of the domain before), "pair..." (KEY=VALUE, any number),
				   "on/off" (one of these words), "file" or NULL, a word an
				   argument; "..." behind the last: any number of them */
};
/* In the place of those: a command with its arguments, which are not read as options of ours. */
#define CLI_COMMAND "command..."

struct cli {
	const char *name;	 /* program */
	const char *summary;	 /* "what it does" of NAME in the man page, one line */
	const char *arguments;	 /* positional arguments where there are no verbs, or NULL */
	const char *description; /* paragraphs for --help and the man page */
	const char *epilogue;	 /* "Files", "Exit status" ...: more paragraphs, or NULL */
	int section;		 /* of the manual */
	const struct cli_option *options; /* NULL: none of its own */
	const struct cli_verb *verbs;	  /* NULL: none */
	int min_args, max_args;		  /* without verbs; -1: any number */
	const char *completes;		  /* without verbs: as a verb's; NULL: files */
	const char *asks; /* the program that completion asks; NULL: the program itself */
};

struct cli_parsed {
	const struct cli_verb *verb; /* NULL where the program has none */
	char **args;		     /* what is left, in argv; ends with NULL */
	int count;
	unsigned int verbose; /* how often -v was given */
	enum cli_info { CLI_RUN, CLI_HELP, CLI_VERSION, CLI_MAN, CLI_COMPLETION } info;
};

/*
 * Reads argv (reorders it as getopt_long(3) does) into `options` (the program's struct, set to its
 * defaults by the caller). Returns 0, or -EINVAL with a sentence that names the offending word.
 * --help, --version, --help=man, --help=bash set `info` and win.
 */
int cli_parse(const struct cli *cli, int argc, char *argv[], void *options, struct cli_parsed *out,
	struct err *e);

/* Prints what `info` asks for on standard output. Returns the exit status for main(). */
int cli_print_info(const struct cli *cli, enum cli_info info);

#define CLI_EXIT_USAGE 2 /* exit status of every program for a wrong command line */

/* Exit status of a program that makes one pass over everything (--once, --down). */
enum cli_exit_once {
	EXIT_AS_WANTED = 0,   /* everything is as wanted */
	EXIT_SOME_FAULTY = 1, /* some domain, vif or link is not */
	EXIT_NOT_DONE = 2,    /* the pass could not be made */
};

#endif
