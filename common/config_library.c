/*
 * libxlutil parses; each key that config_index finds is asked of it, since it cannot list the keys
 * of a text nor tell a key's line. It prints its words about syntax errors into a FILE that we give
 * it; they become the sentence in `struct err`. The only user of libxlutil in the project.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/config_text.h"
#include "common/xlutil.h"

#define WORDS_MAX 1024 /* characters that are kept of what libxlutil says */

/*
 * libxlutil says "FILE:LINE: config parsing error near `...': ..."; its first line is taken. Where
 * a line ends too early it names the line before (libxlu_cfg_l.l counts a newline down once more
 * than flex counts it up).
 */
static int syntax_fault(const char *path, char *words, struct err *e)
{
	const size_t len = strlen(path);
	unsigned int line;
	int behind = 0;

	words[strcspn(words, "\n")] = '\0';
	if (!words[0])
		return err_sys(e, -EINVAL, "%s: could not be parsed", path);
	if (strncmp(words, path, len) != 0 || sscanf(words + len, ":%u:%n", &line, &behind) != 1 ||
		!behind)
		return err_set(e, -EINVAL, "%s", words);
	line += strstr(words + len, "near <newline>") != NULL;
	return err_set(e, -EINVAL, "%s:%u:%s", path, line, words + len + behind);
}

/* Negative: errno; positive: the library refuses the text. It skips a character that means nothing
 * where that is the last of a text, not where a newline follows. */
static int text_parse(const struct xlutil *lib, XLU_Config *xlu, const char *text)
{
	const size_t len = strlen(text);
	char *whole = malloc(len + 1);
	int refused;

	if (!whole)
		return -ENOMEM;
	memcpy(whole, text, len);
	whole[len] = '\n';
	refused = lib->cfg_readdata(xlu, whole, (int)len + (len && whole[len - 1] == '\n' ? 0 : 1));
	free(whole);
	return refused ? EINVAL : 0;
}

static int list_take(
	const struct xlutil *lib, XLU_ConfigList *items, int count, struct config_text *out)
{
	int ret = 0;

	for (int i = 0; i < count && !ret; i++)
		ret = config_text_item_add(out, lib->cfg_get_listitem(items, i));
	return ret;
}

/* Every key of the index is one that the library took: it refuses a text with another. */
static int values_take(const struct xlutil *lib, XLU_Config *xlu, struct config_text *out)
{
	int ret = 0;

	for (size_t i = 0; i < out->index.count && !ret; i++) {
		struct config_value *v = &out->value[i];
		const char *name = out->index.key[i].name;
		XLU_ConfigList *items;
		int count = 0;

		*v = (struct config_value){ .first = out->items };
		if (lib->cfg_get_string(xlu, name, &v->one, 1) == 0)
			continue;
		v->list = true;
		if (lib->cfg_get_list(xlu, name, &items, &count, 1) == 0)
			ret = list_take(lib, items, count, out);
		v->count = (size_t)count;
	}
	return ret;
}

/* The library can have been loaded only if it made what is freed here. */
static void xlu_free(void *xlu)
{
	const struct xlutil *lib;

	if (xlutil_load(&lib, NULL) == 0)
		lib->cfg_destroy(xlu);
}

static int text_take(const struct xlutil *lib, FILE *words_to, char *words, struct config_text *out,
	struct err *e)
{
	int ret;

	out->release = xlu_free;
	out->kept = lib->cfg_init(words_to, out->path);
	if (!out->kept)
		return err_sys(e, -ENOMEM, "%s", out->path);
	ret = text_parse(lib, out->kept, out->text);
	fflush(words_to);
	if (ret > 0)
		return syntax_fault(out->path, words, e);
	if (!ret)
		ret = config_index_make(out->path, out->text, &out->index, e);
	if (ret == -EINVAL || ret == -E2BIG)
		return ret;
	if (!ret)
		ret = values_take(lib, out->kept, out);
	return ret ? err_sys(e, ret, "%s", out->path) : 0;
}

int config_library_read(struct config_text *out, struct err *e)
{
	const struct xlutil *lib;
	char words[WORDS_MAX] = "";
	FILE *words_to;
	int ret = xlutil_load(&lib, e);

	if (ret)
		return ret;
	words_to = fmemopen(words, sizeof(words), "w");
	if (!words_to)
		return err_sys(e, -errno, "%s", out->path);
	ret = text_take(lib, words_to, words, out, e);
	fclose(words_to);
	return ret;
}
