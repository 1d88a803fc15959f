/* A plain text says to our own reader what it says to libxlutil; any other is left to that. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>

#include "common/config_text.h"

static struct config_text ours, theirs;

static void begin(struct config_text *t, const char *text)
{
	memset(t, 0, sizeof(*t));
	t->path = "work.cfg";
	t->text = text;
}

static void values_are_equal(const struct config_value *a, const struct config_value *b)
{
	assert_int_equal(a->list, b->list);
	assert_int_equal(a->count, b->count);
	if (!a->list)
		assert_string_equal(a->one, b->one);
	for (size_t i = 0; i < a->count; i++)
		assert_string_equal(ours.item[a->first + i], theirs.item[b->first + i]);
}

static void a_plain_text_says_the_same_to_both(void **state)
{
	static const struct {
		const char *text;
		size_t keys;
	} cases[] = {
		{ "", 0 },
		{ "\n \t\n# one = 1\n\t# \xc3\xa4\r\n", 0 },
		{ "one = 1", 1 },
		{ "one=0123456789\ntwo = 'it # is'# \"two\"\n", 2 },
		{ "  b_2 = \"\"\t\n\n\nc = ''\n", 2 },
		{ "list = []\nother = [\n\n]\n", 2 },
		{ "list = [ \"a\",\n\t'b' , \"c\" ] # three\nlast = [ \"a\",\n ]", 2 },
		{ "rules = [ \"action=accept dst=@guest:web proto=tcp\",\n \"action=drop\" ]\n"
		  "policy = \"accept\"\n",
			2 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin(&ours, cases[i].text);
		begin(&theirs, cases[i].text);
		assert_int_equal(config_plain_read(&ours, NULL), 0);
		assert_int_equal(config_library_read(&theirs, NULL), 0);
		assert_int_equal(ours.index.count, cases[i].keys);
		assert_int_equal(theirs.index.count, cases[i].keys);
		for (size_t k = 0; k < cases[i].keys; k++) {
			assert_string_equal(ours.index.key[k].name, theirs.index.key[k].name);
			assert_int_equal(ours.index.key[k].line, theirs.index.key[k].line);
			assert_int_equal(ours.index.key[k].at, theirs.index.key[k].at);
			values_are_equal(&ours.value[k], &theirs.value[k]);
		}
		config_text_clear(&ours);
		config_text_clear(&theirs);
	}
}

static void any_other_is_left_to_the_library(void **state)
{
	static const char *const texts[] = { "one", "one =", "one = two", "One = 1", "1 = 1",
		"one.two = 1", "one = 0x1f", "one = -1", "one = 1; two = 2", "one += 1",
		"one = \"a\\\"b\"", "one = \"a'b\"", "one = \"a\nb\"", "one = \"a", "one = 'a\"",
		"one = \"\xc3\xa4\"", "one = \"\"\"a\"\"\"", "one = 1\none = 2", "one = [ 1 ]",
		"one = [ [ \"a\" ] ]", "one = [ \"a\" \"b\" ]", "one = [ , ]", "one = [ \"a\",, ]",
		"one = [ \"a\"", "one = [ \"a\" # b\n ]", "one = \"a\" \"b\"", "one = 1 2",
		"one = 1\r\n", "one\n= 1", "= 1", "[ \"a\" ]", "\f" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		begin(&ours, texts[i]);
		if (config_plain_read(&ours, NULL) != -ENOTSUP)
			fail_msg("taken as plain: %s", texts[i]);
		assert_int_equal(ours.index.count, 0);
		assert_null(ours.item);
		assert_null(ours.kept);
	}
}

static void too_many_keys_or_a_long_one_are_too(void **state)
{
	char text[32 * CONFIG_KEYS_MAX] = "", *end = text;

	(void)state;
	for (size_t i = 0; i < CONFIG_KEYS_MAX; i++)
		end += snprintf(end, 32, "k%zu = %zu\n", i, i);
	begin(&ours, text);
	assert_int_equal(config_plain_read(&ours, NULL), 0);
	assert_int_equal(ours.index.count, CONFIG_KEYS_MAX);
	config_text_clear(&ours);
	strcpy(end, "one = 1");
	assert_int_equal(config_plain_read(&ours, NULL), -ENOTSUP);
	memset(text, 'k', CONFIG_KEY_NAME_MAX);
	strcpy(text + CONFIG_KEY_NAME_MAX, " = 1");
	assert_int_equal(config_plain_read(&ours, NULL), -ENOTSUP);
	begin(&ours, text + 1);
	assert_int_equal(config_plain_read(&ours, NULL), 0);
	config_text_clear(&ours);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_text_says_the_same_to_both),
		cmocka_unit_test(any_other_is_left_to_the_library),
		cmocka_unit_test(too_many_keys_or_a_long_one_are_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
