/*
 * Rules in the words of Qubes' tools, as lines and as words of a command line: what is taken prints
 * as a line that reads as the same rule, and what people are shown of it has an end.
 *
 * sources: toolstack/qvm_rule.c common/addr.c common/err.c
 */
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "toolstack/qvm_rule.h"

#define WORDS_MAX 32

static void show_try(const struct qvm_rule *r)
{
	char buf[QVM_WORD_MAX];

	for (enum qvm_word w = 0; w < QVM_WORDS; w++) {
		const char *shown = qvm_rule_show(r, w, 1, buf);

		HOLDS((shown == NULL) == (r->value[w] == NULL));
		HOLDS(!shown || strlen(shown) < QVM_WORD_MAX);
	}
	qvm_rule_expired(r, 1);
}

static void print_try(const struct qvm_rule *r)
{
	char *once = qvm_rule_print(r), *again;
	struct qvm_rule same;

	HOLDS(once && qvm_rule_read(once, &same) == 0);
	again = qvm_rule_print(&same);
	HOLDS(again && strcmp(once, again) == 0);
	qvm_rule_dispose(&same);
	free(once);
	free(again);
}

static void line_try(const char *text)
{
	struct qvm_rule r;

	if (qvm_rule_read(text, &r) == 0) {
		show_try(&r);
		print_try(&r);
	}
	qvm_rule_dispose(&r);
}

static void words_try(char *text)
{
	char *words[WORDS_MAX], *rest = NULL;
	struct err e = ERR_NONE;
	struct qvm_rule r;
	int count = 0;

	for (char *w = strtok_r(text, "\n", &rest); w && count < WORDS_MAX;
		w = strtok_r(NULL, "\n", &rest))
		words[count++] = w;
	if (qvm_rule_take(words, count, 1700000000, &r, &e) == 0)
		show_try(&r); /* with a blank in a word, which the registry refuses */
	else
		HOLDS(e.text[0]);
	qvm_rule_dispose(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	HOLDS(text);
	memcpy(text, data, size);
	text[size] = '\0';
	line_try(text);
	words_try(text);
	free(text);
	return 0;
}
