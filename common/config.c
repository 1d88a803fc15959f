/* What a text says (config_text.h) goes, key by key of the table, where the table says. */
#include "common/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/addr.h"
#include "common/config_text.h"
#include "common/file.h"

#define VALUE_SHOWN 100 /* characters of a value that a sentence repeats */

/* A reading under way: what every step needs. */
struct reading {
	struct config_text said;
	config_tell tell; /* not NULL: faults are told to it, and reading goes on */
	void *arg;
	int told;
};

/* A key of the table that the text gives. */
struct given {
	const struct config_key *k;
	const struct config_place *place;
	const struct config_value *value;
};

static int fault(const struct reading *r, const struct given *g, const char *wanted, struct err *e)
{
	return err_set(
		e, -EINVAL, "%s:%u: %s: %s", r->said.path, g->place->line, g->place->name, wanted);
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
	struct reading *r, const struct given *g, const char *text, size_t item, struct err *e)
{
	struct err why = ERR_NONE, fault = ERR_NONE;

	g->k->check(text, &why);
	config_refuse(text, why.text, &fault);
	err_prefix(&fault, "%s:%u: %s", r->said.path,
		config_item_line(r->said.text, g->place, item), g->place->name);
	if (e)
		*e = fault;
	return tell_or_return(r, -EINVAL, &fault);
}

static int value_check(
	struct reading *r, const struct given *g, const char *text, size_t item, struct err *e)
{
	if (!g->k->check || g->k->check(text, NULL) == 0)
		return 0;
	return value_refuse(r, g, text, item, e);
}

static int text_take(struct reading *r, const struct given *g, void *at, struct err *e)
{
	char *copy;
	int ret;

	if (g->value->list)
		return fault(r, g, "takes one text in quotes", e);
	ret = value_check(r, g, g->value->one, 0, e);
	if (ret)
		return ret;
	copy = strdup(g->value->one);
	if (!copy)
		return err_sys(e, -ENOMEM, "%s", r->said.path);
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

static int number_take(struct reading *r, const struct given *g, void *at, struct err *e)
{
	long n;
	int ret = g->value->list ? fault(r, g, "takes a number", e)
				 : value_check(r, g, g->value->one, 0, e);

	if (!ret && (g->value->list || decimal_read(g->value->one, &n)))
		ret = fault(r, g, "takes a decimal number", e);
	if (!ret)
		*(long *)at = n;
	return ret;
}

static int bool_take(struct reading *r, const struct given *g, void *at, struct err *e)
{
	long n;

	if (g->value->list || decimal_read(g->value->one, &n) || n > 1)
		return fault(r, g, "takes 0 or 1", e);
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

static int item_take(struct reading *r, const struct given *g, const char *text, size_t item,
	item_add add, void *to, struct err *e)
{
	int ret = text ? value_check(r, g, text, item, e)
		       : fault(r, g, "takes a list of texts, no lists in it", e);

	if (ret)
		return ret;
	ret = add(to, text);
	if (ret == -E2BIG)
		return fault(r, g, "has too many items", e);
	return ret ? err_sys(e, ret, "%s", r->said.path) : 0;
}

/* Each text of a list, or the one text in place of one. */
static int items_take(
	struct reading *r, const struct given *g, item_add add, void *to, struct err *e)
{
	const struct config_value *v = g->value;
	int ret = 0;

	if (!v->list)
		return item_take(r, g, v->one, 0, add, to, e);
	for (size_t i = 0; i < v->count && !ret; i++)
		ret = item_take(r, g, r->said.item[v->first + i], i, add, to, e);
	return ret;
}

static int list_take(struct reading *r, const struct given *g, void *at, struct err *e)
{
	struct config_list list = { .count = 0 };
	int ret = items_take(r, g, list_add, &list, e);

	if (ret) {
		config_list_clear(&list);
		return ret;
	}
	config_list_clear(at);
	*(struct config_list *)at = list;
	return 0;
}

static int lines_take(struct reading *r, const struct given *g, void *at, struct err *e)
{
	struct lines lines = { NULL, 0, 0 };
	int ret = items_take(r, g, lines_add, &lines, e);

	if (ret) {
		free(lines.text);
		return ret;
	}
	free(*(char **)at);
	*(char **)at = lines.text;
	return 0;
}

static int (*const takers[])(struct reading *, const struct given *, void *, struct err *) = {
	[CONFIG_TEXT] = text_take,
	[CONFIG_NUMBER] = number_take,
	[CONFIG_BOOL] = bool_take,
	[CONFIG_LIST] = list_take,
	[CONFIG_LINES] = lines_take,
};

static bool key_is_known(const struct config_key *keys, const char *name)
{
	for (; keys->name; keys++)
		if (config_key_is(keys->name, name))
			return true;
	return false;
}

/* Whoever makes more of them than a list holds has seen enough. */
static int unknown_collect(const struct reading *r, const struct config_key *keys,
	struct config_list *unknown, struct err *e)
{
	const struct config_index *index = &r->said.index;

	for (size_t i = 0; i < index->count; i++)
		if (!key_is_known(keys, index->key[i].name) &&
			config_list_add(unknown, index->key[i].name) == -ENOMEM)
			return err_sys(e, -ENOMEM, "%s", r->said.path);
	return 0;
}

/* Nothing, where the text does not give it. */
static int key_take(struct reading *r, const struct config_key *k, void *out, struct err *e)
{
	struct given g = { k, config_place(&r->said.index, k->name), NULL };
	struct err fault = ERR_NONE;
	int ret;

	if (!g.place)
		return 0;
	g.value = &r->said.value[g.place - r->said.index.key];
	ret = tell_or_return(r, takers[k->kind](r, &g, (char *)out + k->offset, &fault), &fault);
	if (ret && e)
		*e = fault;
	return ret;
}

/* All of it; `unknown` as config_parse(). */
static int reading_run(struct reading *r, const char *path, const char *text,
	const struct config_key *keys, void *out, struct config_list *unknown, struct err *e)
{
	int ret = config_text_read(path, text, &r->said, e);

	for (const struct config_key *k = keys; !ret && k->name; k++)
		ret = key_take(r, k, out, e);
	if (!ret && unknown)
		ret = unknown_collect(r, keys, unknown, e);
	return ret;
}

int config_parse(const char *path, const char *text, const struct config_key *keys, void *out,
	struct config_list *unknown, struct err *e)
{
	struct reading r;
	int ret;

	r.tell = NULL;
	ret = reading_run(&r, path, text, keys, out, unknown, e);
	config_text_clear(&r.said);
	return ret;
}

static void tell_unknown(struct reading *r, const struct config_key *keys)
{
	for (size_t i = 0; i < r->said.index.count; i++) {
		const struct config_place *p = &r->said.index.key[i];
		struct err fault = ERR_NONE;

		if (key_is_known(keys, p->name))
			continue;
		err_set(&fault, -EINVAL, "%s:%u: \"%s\" means nothing here", r->said.path, p->line,
			p->name);
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

	if (ret)
		return ret;
	r.tell = tell;
	r.arg = arg;
	r.told = 0;
	ret = reading_run(&r, path, text, keys, out, NULL, &fault);
	if (!ret)
		tell_unknown(&r, keys);
	else if (e)
		*e = fault;
	ret = tell_or_return(&r, ret, &fault);
	config_text_clear(&r.said);
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
