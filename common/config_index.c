/* A key stands at the start of a line, or behind a ';', outside of lists and strings. */
#include "common/config_index.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

/* strspn(3) of these letters would take long. */
size_t config_key_length(const char *text)
{
	size_t len = 0;

	while (isalnum((unsigned char)text[len]) || text[len] == '_' || text[len] == '.')
		len++;
	return len;
}

const struct config_place *config_place(const struct config_index *index, const char *name)
{
	for (size_t i = 0; i < index->count; i++)
		if (config_key_is(index->key[i].name, name))
			return &index->key[i];
	return NULL;
}

/* Behind a string or comment that begins at `c`; counts the lines in it. */
static const char *text_skip(const char *c, unsigned int *line)
{
	const char end = *c == '#' ? '\n' : *c;

	for (c++; *c && *c != end; c++) {
		if (*c == '\\' && end != '\n' && c[1])
			c++;
		*line += *c == '\n';
	}
	return *c && end != '\n' ? c + 1 : c;
}

/* A key of `len` letters that begins at `name`. */
static int key_add(struct config_index *index, const char *path, const char *text, const char *name,
	size_t len, unsigned int line, struct err *e)
{
	struct config_place *p = &index->key[index->count];

	if (len >= CONFIG_KEY_NAME_MAX || index->count >= CONFIG_KEYS_MAX)
		return err_set(
			e, -E2BIG, "%s:%u: key is too long, or there are too many", path, line);
	memcpy(p->name, name, len);
	p->name[len] = '\0';
	if (config_place(index, p->name))
		return err_set(e, -EINVAL, "%s:%u: %s is given a second time", path, line, p->name);
	p->line = line;
	p->at = (size_t)(name - text);
	index->count++;
	return 0;
}

int config_index_make(const char *path, const char *text, struct config_index *out, struct err *e)
{
	unsigned int line = 1, depth = 0;
	bool start = true; /* nothing but white space so far in this statement */

	for (const char *c = text; *c;) {
		size_t len;

		if (*c == '#' || *c == '"' || *c == '\'') {
			c = text_skip(c, &line);
			continue;
		}
		len = config_key_length(c);
		if (len && start && !depth) {
			int ret = key_add(out, path, text, c, len, line, e);

			if (ret)
				return ret;
		}
		if (len) {
			start = false;
			c += len;
			continue;
		}
		depth += *c == '[';
		depth -= *c == ']' && depth;
		line += *c == '\n';
		start = (*c == '\n' || *c == ';') ? true : start && isspace((unsigned char)*c);
		c++;
	}
	return 0;
}

/* Walks over a key's value: the line of text number `*item`, which is SIZE_MAX then; else, and
 * `*item` is less by the texts that there are, the line on which it ends. */
static unsigned int value_walk(const char *text, const struct config_place *p, size_t *item)
{
	unsigned int line = p->line, depth = 0;
	const char *c = text + p->at;

	while (*c && (depth || (*c != '\n' && *c != ';'))) {
		if (*c == '#' || *c == '"' || *c == '\'') {
			if (*c != '#' && !(*item)--)
				return line;
			c = text_skip(c, &line);
			continue;
		}
		depth += *c == '[';
		depth -= *c == ']' && depth;
		line += *c++ == '\n';
	}
	return line;
}

unsigned int config_item_line(const char *text, const struct config_place *p, size_t item)
{
	unsigned int line = p ? value_walk(text, p, &item) : 0;

	return !p || item == SIZE_MAX ? line : p->line;
}

unsigned int config_last_line(const char *text, const struct config_place *p)
{
	size_t item = SIZE_MAX;

	return p ? value_walk(text, p, &item) : 0;
}
