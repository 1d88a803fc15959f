/*
 * Command lines of any words, of a program with verbs and of one without: what is taken fits the
 * table, and its words are among those given; what is refused has a sentence.
 *
 * sources: common/cli.c common/err.c common/text.c
 */
#include <string.h>

#include "common/cli.h"
#include "tests/fuzz/fuzz.h"

#define WORDS_MAX 32

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

static const struct cli_verb verbs[] = {
	{ "list", "", "lists", 0, 0, 1, NULL },
	{ "pci list", "", "lists devices", 0, 0, 2, NULL },
	{ "pci assign", "BDF... NAME", "assigns", 2, -1, 3, "netdev... domain" },
	{ "run", "COMMAND...", "runs", 1, -1, 4, CLI_COMMAND },
	{ NULL, NULL, NULL, 0, 0, 0, NULL },
};

static const struct cli programs[] = {
	{ .name = "sample", .summary = "does", .section = 8, .options = table, .verbs = verbs },
	{ .name = "plain", .summary = "does", .section = 8, .options = table, .max_args = 3 },
};

/* Whether `word` lies within one of the `size` bytes at `text`. */
static bool is_of(const char *word, const char *text, size_t size)
{
	return word >= text && word <= text + size;
}

static void parse_try(const struct cli *cli, const char *text, size_t size)
{
	char *copy = malloc(size + 1), *argv[WORDS_MAX + 2], *rest = NULL;
	struct options options = { .limit = 0 };
	struct cli_parsed parsed;
	struct err e = ERR_NONE;
	int argc = 1;

	HOLDS(copy);
	memcpy(copy, text, size);
	copy[size] = '\0';
	argv[0] = (char *)cli->name;
	for (char *w = strtok_r(copy, "\n", &rest); w && argc <= WORDS_MAX;
		w = strtok_r(NULL, "\n", &rest))
		argv[argc++] = w;
	argv[argc] = NULL;
	if (cli_parse(cli, argc, argv, &options, &parsed, &e) != 0) {
		HOLDS(e.text[0]);
	} else if (parsed.info == CLI_RUN) {
		HOLDS((cli->verbs != NULL) == (parsed.verb != NULL));
		HOLDS(parsed.count >= (cli->verbs ? parsed.verb->min_args : cli->min_args));
		HOLDS(parsed.args[parsed.count] == NULL);
		for (int i = 0; i < parsed.count; i++)
			HOLDS(is_of(parsed.args[i], copy, size));
		HOLDS(!options.config || is_of(options.config, copy, size));
	}
	free(copy);
}

/* A word a line. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		parse_try(&programs[i], (const char *)data, size);
	return 0;
}
