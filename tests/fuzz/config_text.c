/*
 * Any bytes as a text in xl's syntax: what our own reader takes, libxlutil takes as well, and it
 * says the same to both.
 *
 * sources: common/clock.c common/config_index.c common/config_library.c common/config_plain.c
 * sources: common/config_text.c common/err.c common/xlutil.c
 */
#include <errno.h>
#include <string.h>

#include "common/config_text.h"
#include "tests/fuzz/fuzz.h"

static struct config_text ours, theirs;

/* libxlutil itself frees not all that it made of a text that it refuses. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libxlutil\n";
}

static void begin(struct config_text *t, const char *text)
{
	memset(t, 0, sizeof(*t));
	t->path = "x";
	t->text = text;
}

static void key_compare(size_t k)
{
	const struct config_value *a = &ours.value[k], *b = &theirs.value[k];

	HOLDS(strcmp(ours.index.key[k].name, theirs.index.key[k].name) == 0);
	HOLDS(ours.index.key[k].line == theirs.index.key[k].line);
	HOLDS(ours.index.key[k].at == theirs.index.key[k].at);
	HOLDS(a->list == b->list && a->count == b->count);
	HOLDS(a->list || strcmp(a->one, b->one) == 0);
	for (size_t i = 0; i < a->count; i++)
		HOLDS(theirs.item[b->first + i] &&
			strcmp(ours.item[a->first + i], theirs.item[b->first + i]) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	HOLDS(text);
	memcpy(text, data, size);
	text[size] = '\0';
	begin(&ours, text);
	begin(&theirs, text);
	if (config_plain_read(&ours, NULL) == 0) {
		HOLDS(config_library_read(&theirs, NULL) == 0);
		HOLDS(ours.index.count == theirs.index.count);
		for (size_t k = 0; k < ours.index.count; k++)
			key_compare(k);
	}
	config_text_clear(&ours);
	config_text_clear(&theirs);
	free(text);
	return 0;
}
