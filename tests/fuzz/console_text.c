/*
 * A domain's console, with any bytes on it: lines are bounded, text that is taken becomes no
 * longer, and what it stands for reads as the same again.
 *
 * sources: tests/lab/console_text.c
 */
#include <string.h>
#include <sys/types.h>

#include "tests/fuzz/fuzz.h"
#include "tests/lab/console_text.h"

static void text_try(char *text)
{
	static char again[4 * CONSOLE_LINE_MAX + 1], back[4 * CONSOLE_LINE_MAX + 1];
	size_t len = strlen(text);
	ssize_t n = console_unescape(text, text);

	if (n < 0)
		return;
	HOLDS((size_t)n <= len);
	HOLDS(console_escape(text, (size_t)n, again) == strlen(again));
	HOLDS(console_unescape(again, back) == n);
	HOLDS(memcmp(back, text, (size_t)n) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct console_line line = { .len = 0 };

	for (size_t i = 0; i < size; i++)
		if (console_line_take(&line, (char)data[i])) {
			HOLDS(strlen(line.text) < CONSOLE_LINE_MAX);
			text_try(line.text);
		}
	return 0;
}
