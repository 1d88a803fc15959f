/*
 * A statement of xl's syntax begins with a key that stands first on its line (or behind a ';'),
 * outside of strings, comments and lists, and ends where the line does, unless a list is open. The
 * scanner below finds the bytes of one statement, from its key to the last byte of its value; what
 * is in front of it and behind it is copied as it is.
 */
#include "toolstack/registry_text.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/config_index.h"

struct span {
	size_t start, end;
};

/* Behind the string that begins at `i`. */
static size_t string_end(const char *text, size_t i)
{
	const char quote = text[i++];

	while (text[i] && text[i] != quote && text[i] != '\n')
		i += text[i] == '\\' && text[i + 1] ? 2 : 1;
	return text[i] == quote ? i + 1 : i;
}

static bool statement_find(const char *text, const char *key, struct span *out)
{
	size_t depth = 0, i = 0, len;
	bool first = true, mine = false;

	while (text[i]) {
		if (text[i] == '#') {
			i += strcspn(text + i, "\n");
			continue;
		}
		if ((text[i] == '\n' || text[i] == ';') && !depth) {
			if (mine)
				return true;
			first = true;
			i++;
			continue;
		}
		if (isspace((unsigned char)text[i])) {
			i++;
			continue;
		}
		len = config_key_length(text + i);
		if (len && first && !depth) {
			mine = len == strlen(key) && strncmp(text + i, key, len) == 0;
			out->start = i;
		}
		depth += text[i] == '[';
		depth -= text[i] == ']' && depth;
		first = false;
		if (text[i] == '"' || text[i] == '\'')
			i = string_end(text, i);
		else
			i += len ? len : 1;
		out->end = i;
	}
	return mine;
}

static int text_print(FILE *out, const char *value, struct err *e)
{
	const char quote = strchr(value, '"') ? '\'' : '"';

	for (const char *c = value; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f || *c == '\\' || *c == quote)
			return err_set(e, -EINVAL,
				"\"%s\" cannot be written: it holds a control character, a "
				"backslash or both kinds of quotes",
				value);
	fprintf(out, "%c%s%c", quote, value, quote);
	return 0;
}

static int number_print(FILE *out, const char *value, bool is_bool, struct err *e)
{
	size_t len = strspn(value, "0123456789");

	if (is_bool && strcmp(value, "0") != 0 && strcmp(value, "1") != 0)
		return err_set(e, -EINVAL, "\"%s\" is not 0 or 1", value);
	if (!len || len > 10 || value[len] || (len > 1 && value[0] == '0'))
		return err_set(e, -EINVAL, "\"%s\" is not a number", value);
	fputs(value, out);
	return 0;
}

/* `space`: what stands in front of each text, its first character also behind the last. */
static int list_print(
	FILE *out, const char *const *values, size_t count, const char *space, struct err *e)
{
	int ret = 0;

	fputc('[', out);
	for (size_t i = 0; i < count && !ret; i++) {
		fprintf(out, "%s%s", i ? "," : "", space);
		ret = text_print(out, values[i], e);
	}
	fprintf(out, "%.1s]", count ? space : "");
	return ret;
}

static int value_print(
	FILE *out, enum config_kind kind, const char *const *values, size_t count, struct err *e)
{
	if (kind == CONFIG_LIST)
		return list_print(out, values, count, " ", e);
	if (kind == CONFIG_LINES)
		return list_print(out, values, count, "\n\t", e);
	if (count != 1)
		return err_set(e, -EINVAL, "takes one value, not %zu", count);
	if (kind == CONFIG_TEXT)
		return text_print(out, values[0], e);
	return number_print(out, values[0], kind == CONFIG_BOOL, e);
}

/* A statement that is alone on its line goes with the line. */
static void span_widen(const char *text, struct span *s)
{
	size_t start = s->start, end = s->end + strspn(text + s->end, " \t");

	while (start && (text[start - 1] == ' ' || text[start - 1] == '\t'))
		start--;
	if (start && text[start - 1] != '\n')
		return;
	if (text[end] == '\n')
		*s = (struct span){ start, end + 1 };
	else if (!text[end])
		*s = (struct span){ start, end };
}

int registry_text_set(const char *text, const char *key, enum config_kind kind,
	const char *const *values, size_t count, char **out, struct err *e)
{
	struct span s = { 0, 0 };
	size_t len = strlen(text), out_len;
	bool found = statement_find(text, key, &s);
	char *buf = NULL;
	FILE *f = open_memstream(&buf, &out_len);
	int ret = 0;

	if (!f)
		return err_sys(e, -errno, "%s", key);
	if (!found)
		s = (struct span){ len, len };
	if (found && !values)
		span_widen(text, &s);
	fwrite(text, 1, s.start, f);
	if (values) {
		if (!found && len && text[len - 1] != '\n')
			fputc('\n', f);
		fprintf(f, "%s = ", key);
		ret = value_print(f, kind, values, count, e);
		fputs(found ? "" : "\n", f);
	}
	fputs(text + s.end, f);
	if (fclose(f) != 0 && !ret)
		ret = err_sys(e, -ENOMEM, "%s", key);
	if (ret) {
		free(buf);
		return ret == -ENOMEM ? ret : err_prefix(e, "%s", key);
	}
	*out = buf;
	return 0;
}

int registry_text_addresses(const char *text, struct addr **out, size_t *count)
{
	static const char chars[] = "0123456789abcdefABCDEF:.";
	struct addr *list = NULL, *grown, a;
	char word[ADDR_TEXT_MAX];
	size_t n = 0, len;

	for (text += strcspn(text, chars); *text; text += strcspn(text, chars)) {
		len = strspn(text, chars);
		if (len < sizeof(word)) {
			memcpy(word, text, len);
			word[len] = '\0';
		}
		text += len;
		if (len >= sizeof(word) || addr_parse(word, &a) != 0)
			continue;
		grown = realloc(list, (n + 1) * sizeof(*list));
		if (!grown) {
			free(list);
			return -ENOMEM;
		}
		list = grown;
		list[n++] = a;
	}
	*out = list;
	*count = n;
	return 0;
}
