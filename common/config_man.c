#include "common/config_man.h"

#include <stdio.h>

#include "common/roff.h"

static const char *const kinds[] = {
	[CONFIG_TEXT] = "\"text\"",
	[CONFIG_NUMBER] = "number",
	[CONFIG_BOOL] = "0 or 1",
	[CONFIG_LIST] = "[ \"one\", \"another\" ]",
	[CONFIG_LINES] = "[ \"one\", \"another\" ]",
};

void config_man_keys(const struct config_key *keys)
{
	for (const struct config_key *k = keys; k->name; k++) {
		printf(".TP\n.BR %s \" = ", k->name);
		/* A quoted argument of a macro: each double quote in it is written twice. */
		for (const char *c = kinds[k->kind]; *c; c++)
			printf(*c == '"' ? "\"\"" : "%c", *c);
		printf("\"\n");
		roff_print(stdout, k->help);
		printf(".\n");
	}
}
