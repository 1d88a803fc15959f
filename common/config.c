/*
 * libxlutil parses; this file asks it for each key of the table. libxlutil prints its words about
 * syntax errors into a FILE that we give it; they become the sentence in `struct err`. It cannot
 * list the keys of a file nor tell a key's line: config_index.c does.
 */
#include "common/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/addr.h"
#include "common/config_index.h"
#include "common/file.h"
#include "common/xlutil.h"

#define VALUE_SHOWN 100	 /* characters of a value that a sentence repeats */
#define WORDS_MAX   1024 /* characters that are kept of what libxlutil says */

/* A reading under way: what every step needs. */
struct reading {
	const char *path;
	const struct xlutil *lib;
	XLU_Config *xlu;
	struct config_index index;
	const char *text;
	char words[WORDS_MAX]; /* what libxlutil says */
	FILE *words_to;
	config_tell tell; /* not NULL: faults are told to it, and reading goes on */
	void *arg;
	int told;
};

static int fault(
	const struct reading *r, const struct config_key *k, const char *wanted, struct err *e)
{
	const struct config_place *p = config_place(&r->index, k->name);

	return err_set(e, -EINVAL, "%s:%u: %s: %s", r->path, p ? p->line : 0, k->name, wanted);
}

int config_refuse(const char *text, const char *expected, struct err *e)
{
	bool cut = strlen(text) > VALUE_SHOWN;

	return err_set(
		e, -EINVAL, "\"%.*s%s\" is not %s", VALUE_SHOWN, text, cut ? "..." : "", expected);
}

/* Where faults are told: this one is, and it is none any more. */
static int tell_or_return(struct reading *r, int ret, const struct err *e)
{
	if (ret != -EINVAL || !r->tell)
		return ret;
	r->tell(r->arg, e->text);
	r->told++;
	return 0;
}

/* `item`: which text of the key's value it is, from 0. */
static int value_refuse(
	struct reading *r, const struct config_key *k, const char *text, size_t item, struct err *e)
{
	struct err why = ERR_NONE, fault = ERR_NONE;

	k->check(text, &why);
	config_refuse(text, why.text, &fault);
	err_prefix(&fault, "%s:%u: %s", r->path,
		config_item_line(r->text, config_place(&r->index, k->name), item), k->name);
	if (e)
		*e = fault;
	return tell_or_return(r, -EINVAL, &fault);
}

static int value_check(
	struct reading *r, const struct config_key *k, const char *text, size_t item, struct err *e)
{
	if (!k->check || k->check(text, NULL) == 0)
		return 0;
	return value_refuse(r, k, text, item, e);
}

static int text_take(struct reading *r, const struct config_key *k, void *at, struct err *e)
{
	const char *text;
	char *copy;
	int ret = r->lib->cfg_get_string(r->xlu, k->name, &text, 1);

	if (ret == ESRCH)
		return 0;
	if (ret)
		return fault(r, k, "takes one text in quotes", e);
	ret = value_check(r, k, text, 0, e);
	if (ret)
		return ret;
	copy = strdup(text);
	if (!copy)
		return err_sys(e, -ENOMEM, "%s", r->path);
	free(*(char **)at);
	*(char **)at = copy;
	return 0;
}

/* The library would read a number with a leading 0 as an octal one. */
static int decimal_read(const char *text, long *out)
{
	const size_t len = strspn(text, "0123456789");

	if (!len || len > 10 || text[len] || (len > 1 && *text == '0'))
		return -EINVAL;
	*out = strtol(text, NULL, 10);
	return 0;
}

static int number_take(struct reading *r, const struct config_key *k, void *at, struct err *e)
{
	const char *text;
	long n;
	int ret = r->lib->cfg_get_string(r->xlu, k->name, &text, 1);

	if (ret == ESRCH)
		return 0;
	if (!ret)
		ret = value_check(r, k, text, 0, e);
	else
		ret = fault(r, k, "takes a number", e);
	if (!ret && decimal_read(text, &n))
		ret = fault(r, k, "takes a decimal number", e);
	if (!ret)
		*(long *)at = n;
	return ret;
}

static int bool_take(struct reading *r, const struct config_key *k, void *at, struct err *e)
{
	long n;
	int ret = r->lib->cfg_get_long(r->xlu, k->name, &n, 1);

	if (ret == ESRCH)
		return 0;
	if (ret || n < 0 || n > 1)
		return fault(r, k, "takes 0 or 1", e);
	*(bool *)at = n == 1;
	return 0;
}

void config_list_clear(struct config_list *list)
{
	while (list->count)
		free(list->item[--list->count]);
	free(list->item);
	list->item = NULL;
}

/* Takes one more text of a list. */
typedef int (*item_add)(void *list, const char *text);

int config_list_add(struct config_list *list, const char *text)
{
	char **grown, *copy;

	if (list->count == CONFIG_LIST_MAX)
		return -E2BIG;
	grown = realloc(list->item, (list->count + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	list->item = grown;
	copy = strdup(text);
	if (!copy)
		return -ENOMEM;
	list->item[list->count++] = copy;
	return 0;
}

static int list_add(void *to, const char *text)
{
	return config_list_add(to, text);
}

struct lines {
	char *text; /* malloc'd */
	size_t len, room;
};

static int lines_add(void *to, const char *text)
{
	struct lines *l = to;
	size_t len = strlen(text), need = l->len + len + 2;
	bool first = !l->text;

	if (need > l->room) {
		size_t room = need + l->room;
		char *grown = realloc(l->text, room);

		if (!grown)
			return -ENOMEM;
		l->text = grown;
		l->room = room;
	}
	if (!first)
		l->text[l->len++] = '\n';
	memcpy(l->text + l->len, text, len + 1);
	l->len += len;
	return 0;
}

static int item_take(struct reading *r, const struct config_key *k, const char *text, size_t item,
	item_add add, void *to, struct err *e)
{
	int ret = text ? value_check(r, k, text, item, e)
		       : fault(r, k, "takes a list of texts, no lists in it", e);

	if (ret)
		return ret;
	ret = add(to, text);
	if (ret == -E2BIG)
		return fault(r, k, "has too many items", e);
	return ret ? err_sys(e, ret, "%s", r->path) : 0;
}

/* Each text of a list, or the one text in place of one; -ESRCH: the key is not given. */
static int items_take(
	struct reading *r, const struct config_key *k, item_add add, void *to, struct err *e)
{
	XLU_ConfigList *items;
	const char *text;
	int count, ret = r->lib->cfg_get_list(r->xlu, k->name, &items, &count, 1);

	if (ret == ESRCH)
		return -ESRCH;
	if (ret && r->lib->cfg_get_string(r->xlu, k->name, &text, 1) == 0)
		return item_take(r, k, text, 0, add, to, e);
	if (ret)
		return fault(r, k, "takes a list of texts: [ \"...\", \"...\" ]", e);
	for (int i = 0; i < count && !ret; i++)
		ret = item_take(r, k, r->lib->cfg_get_listitem(items, i), (size_t)i, add, to, e);
	return ret;
}

static int list_take(struct reading *r, const struct config_key *k, void *at, struct err *e)
{
	struct config_list list = { .count = 0 };
	int ret = items_take(r, k, list_add, &list, e);

	if (ret) {
		config_list_clear(&list);
		return ret == -ESRCH ? 0 : ret;
	}
	config_list_clear(at);
	*(struct config_list *)at = list;
	return 0;
}

static int lines_take(struct reading *r, const struct config_key *k, void *at, struct err *e)
{
	struct lines lines = { NULL, 0, 0 };
	int ret = items_take(r, k, lines_add, &lines, e);

	if (ret) {
		free(lines.text);
		return ret == -ESRCH ? 0 : ret;
	}
	free(*(char **)at);
	*(char **)at = lines.text;
	return 0;
}

static int (*const takers[])(struct reading *, const struct config_key *, void *, struct err *) = {
	[CONFIG_TEXT] = text_take,
	[CONFIG_NUMBER] = number_take,
	[CONFIG_BOOL] = bool_take,
	[CONFIG_LIST] = list_take,
	[CONFIG_LINES] = lines_take,
};

/*
 * libxlutil says "FILE:LINE: config parsing error near `...': ..."; its first line is taken. Where
 * a line ends too early it names the line before (libxlu_cfg_l.l counts a newline down once more
 * than flex counts it up).
 */
static int syntax_fault(struct reading *r, struct err *e)
{
	const size_t len = strlen(r->path);
	unsigned int line;
	int words = 0;

	r->words[strcspn(r->words, "\n")] = '\0';
	if (strncmp(r->words, r->path, len) != 0 ||
		sscanf(r->words + len, ":%u:%n", &line, &words) != 1 || !words)
		return err_set(e, -EINVAL, "%s", r->words);
	line += strstr(r->words + len, "near <newline>") != NULL;
	return err_set(e, -EINVAL, "%s:%u:%s", r->path, line, r->words + len + words);
}

/* Negative: errno; positive: the library refuses the text. It skips a character that means nothing
 * where that is the last of a text, not where a newline follows. */
static int library_read(struct reading *r)
{
	const size_t len = strlen(r->text);
	char *whole = malloc(len + 1);
	int refused;

	if (!whole)
		return -ENOMEM;
	memcpy(whole, r->text, len);
	whole[len] = '\n';
	refused = r->lib->cfg_readdata(
		r->xlu, whole, (int)len + (len && whole[len - 1] == '\n' ? 0 : 1));
	free(whole);
	return refused ? EINVAL : 0;
}

static int text_parse(struct reading *r, struct err *e)
{
	int ret;

	r->words_to = fmemopen(r->words, sizeof(r->words), "w");
	if (!r->words_to)
		return err_sys(e, -errno, "%s", r->path);
	ret = xlutil_load(&r->lib, e);
	if (ret)
		return ret;
	r->xlu = r->lib->cfg_init(r->words_to, r->path);
	if (!r->xlu)
		return err_sys(e, -ENOMEM, "%s", r->path);
	ret = library_read(r);
	if (ret == 0)
		return 0;
	if (ret < 0)
		return err_sys(e, ret, "%s", r->path);
	fflush(r->words_to);
	if (!r->words[0])
		return err_sys(e, -EINVAL, "%s: could not be parsed", r->path);
	return syntax_fault(r, e);
}

static bool key_is_known(const struct config_key *keys, const char *name)
{
	for (; keys->name; keys++)
		if (strcmp(keys->name, name) == 0)
			return true;
	return false;
}

/* Whether there is nothing but comments and empty lines. */
static bool says_nothing(const char *text)
{
	text += strspn(text, " \t\n");
	while (*text == '#') {
		text += strcspn(text, "\n");
		text += strspn(text, " \t\n");
	}
	return !*text;
}

/* Whoever makes more of them than a list holds has seen enough. */
static int unknown_collect(const struct reading *r, const struct config_key *keys,
	struct config_list *unknown, struct err *e)
{
	for (size_t i = 0; i < r->index.count; i++)
		if (!key_is_known(keys, r->index.key[i].name) &&
			config_list_add(unknown, r->index.key[i].name) == -ENOMEM)
			return err_sys(e, -ENOMEM, "%s", r->path);
	return 0;
}

/* All of it; `unknown` as config_parse(). A file that says nothing, as we install them, needs no
 * library to read it. */
static int reading_run(struct reading *r, const struct config_key *keys, void *out,
	struct config_list *unknown, struct err *e)
{
	struct err fault = ERR_NONE;
	int ret;

	if (says_nothing(r->text))
		return 0;
	ret = text_parse(r, e);
	if (!ret)
		ret = config_index_make(r->path, r->text, &r->index, e);
	for (const struct config_key *k = keys; !ret && k->name; k++) {
		ret = takers[k->kind](r, k, (char *)out + k->offset, &fault);
		ret = tell_or_return(r, ret, &fault);
		if (ret && e)
			*e = fault;
	}
	return ret || !unknown ? ret : unknown_collect(r, keys, unknown, e);
}

/* Thousands of files may be read one after the other: what is large in it is not cleared. */
static void reading_begin(struct reading *r, const char *path, const char *text)
{
	r->path = path;
	r->xlu = NULL;
	r->index.count = 0;
	r->text = text;
	r->words[0] = '\0';
	r->words_to = NULL;
	r->tell = NULL;
	r->arg = NULL;
	r->told = 0;
}

static void reading_end(struct reading *r)
{
	if (r->xlu)
		r->lib->cfg_destroy(r->xlu);
	if (r->words_to)
		fclose(r->words_to);
}

int config_parse(const char *path, const char *text, const struct config_key *keys, void *out,
	struct config_list *unknown, struct err *e)
{
	struct reading r;
	int ret;

	reading_begin(&r, path, text);
	ret = reading_run(&r, keys, out, unknown, e);
	reading_end(&r);
	return ret;
}

static void tell_unknown(struct reading *r, const struct config_key *keys)
{
	for (size_t i = 0; i < r->index.count; i++) {
		struct err fault = ERR_NONE;

		if (key_is_known(keys, r->index.key[i].name))
			continue;
		err_set(&fault, -EINVAL, "%s:%u: \"%s\" means nothing here", r->path,
			r->index.key[i].line, r->index.key[i].name);
		tell_or_return(r, -EINVAL, &fault);
	}
}

int config_check(const char *path, const struct config_key *keys, void *out, config_tell tell,
	void *arg, struct err *e)
{
	struct err fault = ERR_NONE;
	struct reading r;
	char *text = NULL;
	int ret = file_read(path, CONFIG_FILE_MAX, &text, NULL, e);

	reading_begin(&r, path, text);
	r.tell = tell;
	r.arg = arg;
	if (!ret) {
		ret = reading_run(&r, keys, out, NULL, &fault);
		if (!ret)
			tell_unknown(&r, keys);
		else if (e)
			*e = fault;
		ret = tell_or_return(&r, ret, &fault);
	}
	reading_end(&r);
	free(text);
	return ret ? ret : r.told;
}

int config_read(const char *path, const struct config_key *keys, void *out,
	struct config_list *unknown, struct err *e)
{
	char *text = NULL;
	int ret = file_read(path, CONFIG_FILE_MAX, &text, NULL, e);

	if (!ret)
		ret = config_parse(path, text, keys, out, unknown, e);
	free(text);
	return ret;
}

void config_dispose(const struct config_key *keys, void *out)
{
	for (; keys->name; keys++) {
		void *at = (char *)out + keys->offset;

		if (keys->kind == CONFIG_TEXT || keys->kind == CONFIG_LINES) {
			free(*(char **)at);
			*(char **)at = NULL;
		} else if (keys->kind == CONFIG_LIST) {
			config_list_clear(at);
		}
	}
}

int config_check_number(const char *text, long min, long max, const char *unit, struct err *e)
{
	long n;

	return decimal_read(text, &n) == 0 && n >= min && n <= max
		       ? 0
		       : err_set(e, -EINVAL, "a number of %ld to %ld %s", min, max, unit);
}

int config_check_addr4(const char *text, struct err *e)
{
	struct addr a;

	return addr_parse4(text, &a) ? err_set(e, -EINVAL, "an IPv4 address") : 0;
}

int config_check_addr6(const char *text, struct err *e)
{
	struct addr a;

	return addr_parse6(text, &a) ? err_set(e, -EINVAL, "an IPv6 address") : 0;
}

int config_check_prefix(const char *text, struct err *e)
{
	struct prefix p;

	return prefix_parse(text, &p)
		       ? err_set(e, -EINVAL, "a subnet (\"10.0.0.0/8\", no host bits)")
		       : 0;
}

int config_check_routed6(const char *text, struct err *e)
{
	struct prefix p;

	return prefix_parse(text, &p) || !prefix_is_routable6(&p)
		       ? err_set(e, -EINVAL,
				 "an IPv6 subnet that can be routed (\"2001:db8:5::/64\", no host "
				 "bits)")
		       : 0;
}

int config_check_mac(const char *text, struct err *e)
{
	struct mac m;

	return mac_parse(text, &m) ? err_set(e, -EINVAL, "a MAC address (\"00:16:3e:xx:xx:xx\")")
				   : 0;
}
