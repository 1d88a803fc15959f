/*
 * One pass over a copy of the text: statements (statement_take) of a key, '=', and a value
 * (value_take), which are ended in place. Every function moves the reading on behind what it took,
 * or says that the text is not plain: a key in other letters or given twice, a quote or backslash
 * within a text, a character that is not ASCII, a number that goes on with letters, lists in lists,
 * comments in lists, "+=". What libxlutil makes of those it knows best.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/config_text.h"

/* Where the reading is. */
struct place {
	char *at;
	unsigned int line;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static void blanks_skip(struct place *p)
{
	while (*p->at == ' ' || *p->at == '\t')
		p->at++;
}

static void lines_skip(struct place *p)
{
	for (blanks_skip(p); *p->at == '\n'; blanks_skip(p)) {
		p->at++;
		p->line++;
	}
}

/* Nothing is behind the end of the text, so that this never goes there. */
static int sign_take(struct place *p, char sign)
{
	if (*p->at != sign)
		return -ENOTSUP;
	p->at++;
	return 0;
}

static void comment_skip(struct place *p)
{
	if (*p->at == '#')
		p->at += strcspn(p->at, "\n");
}

/* A text in quotes, without them. */
static int quoted_take(struct place *p, const char **out)
{
	const char quote = *p->at;
	char *c = p->at + 1;

	if (quote != '"' && quote != '\'')
		return -ENOTSUP;
	*out = c;
	while (*c >= ' ' && *c <= '~' && *c != '"' && *c != '\'' && *c != '\\')
		c++;
	if (*c != quote)
		return -ENOTSUP;
	*c = '\0';
	p->at = c + 1;
	return 0;
}

/* `p` is behind the '['. */
static int list_take(struct config_text *t, struct place *p, struct config_value *v)
{
	const char *item;
	int ret = 0;

	*v = (struct config_value){ .list = true, .first = t->items };
	for (lines_skip(p); !ret && *p->at != ']'; lines_skip(p)) {
		ret = quoted_take(p, &item);
		if (!ret)
			ret = config_text_item_add(t, item);
		lines_skip(p);
		if (!ret && *p->at != ']')
			ret = sign_take(p, ',');
	}
	v->count = t->items - v->first;
	if (!ret)
		p->at++;
	return ret;
}

/* `*end`, where it is not NULL, is to become the end of a number, once what stands there was seen.
 */
static int value_take(struct config_text *t, struct place *p, struct config_value *v, char **end)
{
	*v = (struct config_value){ .list = false };
	*end = NULL;
	if (*p->at == '[') {
		p->at++;
		return list_take(t, p, v);
	}
	if (!is_digit(*p->at))
		return quoted_take(p, &v->one);
	v->one = p->at;
	while (is_digit(*p->at))
		p->at++;
	*end = p->at;
	return 0;
}

static int key_take(struct config_text *t, struct place *p, const char *copy)
{
	struct config_place *k = &t->index.key[t->index.count];
	const char *name = p->at;
	size_t len;

	while (is_lower(*p->at) || (p->at > name && (is_digit(*p->at) || *p->at == '_')))
		p->at++;
	len = (size_t)(p->at - name);
	if (!len || len >= CONFIG_KEY_NAME_MAX || t->index.count == CONFIG_KEYS_MAX)
		return -ENOTSUP;
	memcpy(k->name, name, len);
	k->name[len] = '\0';
	k->line = p->line;
	k->at = (size_t)(name - copy);
	return config_place(&t->index, k->name) ? -ENOTSUP : 0;
}

/* With the end of its line. */
static int statement_take(struct config_text *t, struct place *p, const char *copy)
{
	char *end;
	int ret = key_take(t, p, copy);

	if (ret)
		return ret;
	blanks_skip(p);
	ret = sign_take(p, '=');
	if (ret)
		return ret;
	blanks_skip(p);
	ret = value_take(t, p, &t->value[t->index.count], &end);
	if (ret)
		return ret;
	blanks_skip(p);
	comment_skip(p);
	if (*p->at && *p->at != '\n')
		return -ENOTSUP;
	if (*p->at) {
		p->at++;
		p->line++;
	}
	if (end)
		*end = '\0';
	t->index.count++;
	return 0;
}

static int statements_take(struct config_text *t, char *copy)
{
	struct place p = { copy, 1 };
	int ret = 0;

	for (lines_skip(&p); !ret && *p.at; lines_skip(&p))
		if (*p.at == '#')
			comment_skip(&p);
		else
			ret = statement_take(t, &p, copy);
	return ret;
}

int config_plain_read(struct config_text *out, struct err *e)
{
	char *copy = strdup(out->text);
	int ret = copy ? 0 : -ENOMEM;

	out->kept = copy;
	out->release = free;
	if (!ret)
		ret = statements_take(out, copy);
	if (ret)
		config_text_clear(out);
	return ret == -ENOMEM ? err_sys(e, ret, "%s", out->path) : ret;
}
