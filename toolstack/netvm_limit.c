/*
 * netvm limit [NAME [LIMIT=NUMBER]...]: how much guests may have and send, of all that have limits
 * or of one; with numbers they are set, with --remove those that are named, or all, are taken out.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "toolstack/netvm.h"
#include "toolstack/table.h"

#define NUMBER_MAX 24
#define DIGITS_MAX 10 /* beyond every limit's greatest, also behind a suffix no overflow */

/* As an administrator says it, and as the key of the domain's file. */
static const struct {
	const char *name, *key;
	size_t offset; /* in struct registry_domain: a long, 0: not given */
} limits[] = {
	{ "connections", "connections", offsetof(struct registry_domain, connections) },
	{ "packets", "packets_per_second", offsetof(struct registry_domain, packets_per_second) },
	{ "bytes", "bytes_per_second", offsetof(struct registry_domain, bytes_per_second) },
};
#define LIMITS (sizeof(limits) / sizeof(limits[0]))

static long limit_of(const struct registry_domain *d, size_t limit)
{
	return *(const long *)((const char *)d + limits[limit].offset);
}

static bool has_limits(const struct registry_domain *d)
{
	for (size_t i = 0; i < LIMITS; i++)
		if (limit_of(d, i))
			return true;
	return false;
}

/* --- showing --- */

static void row_add(struct table *t, const struct registry_domain *d)
{
	char number[LIMITS][NUMBER_MAX] = { "" };

	if (d->fault) {
		table_row(t, d->name, "?", "?", "?", "at fault, see netvm list");
		return;
	}
	for (size_t i = 0; i < LIMITS; i++)
		if (limit_of(d, i))
			snprintf(number[i], NUMBER_MAX, "%ld", limit_of(d, i));
	table_row(t, d->name, number[0], number[1], number[2],
		d->netvm ? d->netvm->name : "nobody: it has no network domain");
}

static void json_add(struct json *j, const struct registry_domain *d)
{
	if (d->fault)
		return;
	json_object(j, NULL);
	json_text(j, "name", d->name);
	for (size_t i = 0; i < LIMITS; i++)
		if (limit_of(d, i))
			json_number(j, limits[i].key, limit_of(d, i));
		else
			json_text(j, limits[i].key, NULL);
	json_text(j, "by", d->netvm ? d->netvm->name : NULL);
	json_object_end(j);
}

/* One that is in order and has no limits is shown where it was asked for. */
static void domain_show(struct table *t, struct json *j, const struct registry *r,
	const struct registry_domain *d, bool asked)
{
	(void)r;
	if (!asked && !d->fault && !has_limits(d))
		return;
	if (j)
		json_add(j, d);
	else
		row_add(t, d);
}

static int show(const struct netvm *n, const struct registry *r, const struct registry_domain *only,
	struct err *e)
{
	struct table t;

	table_start(&t, "NAME", "CONNECTIONS", "PACKETS/S", "BYTES/S", "LIMITED BY", NULL);
	return netvm_rows_show(n, r, only, &t, domain_show, e);
}

/* --- changing --- */

struct wish {
	struct registry_change change[LIMITS];
	const char *value[LIMITS]; /* what the changes point to */
	char number[LIMITS][NUMBER_MAX];
	size_t count;
	bool named[LIMITS];
};

/* Which limit `len` letters name; LIMITS: none. */
static size_t limit_find(const char *text, size_t len)
{
	size_t found = LIMITS;

	for (size_t i = 0; i < LIMITS; i++)
		if ((strlen(limits[i].name) == len && strncmp(limits[i].name, text, len) == 0) ||
			(strlen(limits[i].key) == len && strncmp(limits[i].key, text, len) == 0))
			found = i;
	return found;
}

/* "500", "20k", "3M", "1G", in full. */
static int number_take(const char *text, char out[NUMBER_MAX], struct err *e)
{
	static const char suffixes[] = "kMG";
	const size_t len = strspn(text, "0123456789");
	const char *suffix = text[len] ? strchr(suffixes, text[len]) : NULL;
	unsigned long long number = strtoull(text, NULL, 10);

	if (!len || len > DIGITS_MAX || (text[len] && (!suffix || text[len + 1]))) {
		err_set(e, -EINVAL,
			"\"%.40s\" is no number: 500, or 20k, 3M, 1G for thousands, "
			"millions, thousands of millions",
			text);
		return NETVM_USAGE;
	}
	for (const char *s = suffixes; suffix && s <= suffix; s++)
		number *= 1000;
	snprintf(out, NUMBER_MAX, "%llu", number);
	return 0;
}

/* "LIMIT=NUMBER", or with --remove "LIMIT". */
static int word_take(struct wish *w, const char *word, bool remove, struct err *e)
{
	const size_t len = strcspn(word, "="), i = limit_find(word, len);
	struct registry_change *c = &w->change[w->count];

	if (i == LIMITS || remove == (word[len] == '=')) {
		err_set(e, -EINVAL, "\"%.60s\" is no limit: connections%s, packets%s or bytes%s",
			word, remove ? "" : "=500", remove ? "" : "=20k", remove ? "" : "=3M");
		return NETVM_USAGE;
	}
	if (w->named[i]) {
		err_set(e, -EINVAL, "%s is said twice", limits[i].name);
		return NETVM_USAGE;
	}
	w->named[i] = true;
	*c = (struct registry_change){ limits[i].key, NULL, 1 };
	w->count++;
	if (remove)
		return 0;
	w->value[i] = w->number[i];
	c->values = &w->value[i];
	return number_take(word + len + 1, w->number[i], e);
}

/* What is taken out must be there: a name that is typed wrong is not passed over in silence. */
static int removal_check(const struct registry_domain *d, const struct wish *w, struct err *e)
{
	for (size_t i = 0; i < LIMITS; i++)
		if (w->named[i] && !limit_of(d, i))
			return err_set(
				e, -ENOENT, "%s has no limit of %s", d->name, limits[i].name);
	return !w->count && !has_limits(d) ? err_set(e, -ENOENT, "%s has no limits", d->name) : 0;
}

static void changes_print(const char *name, const struct wish *w)
{
	for (size_t i = 0; i < w->count; i++)
		if (w->change[i].values)
			printf("would set %s of %s to %s\n", w->change[i].key, name,
				w->change[i].values[0]);
		else
			printf("would take out %s of %s\n", w->change[i].key, name);
}

static int change(const struct netvm *n, struct err *e)
{
	struct wish w = { .count = 0 };
	const struct registry_domain *d;
	struct registry_held h;
	int ret = netvm_registry_hold(n, &h, e);

	if (!ret)
		ret = netvm_domain_find(n, &h.r, n->args[0], &d, e);
	for (int i = 1; i < n->count && !ret; i++)
		ret = word_take(&w, n->args[i], n->o.remove, e);
	if (!ret && n->o.remove)
		ret = removal_check(d, &w, e);
	for (size_t i = 0; i < LIMITS; i++)
		if (!ret && n->o.remove && n->count == 1 && limit_of(d, i))
			w.change[w.count++] = (struct registry_change){ limits[i].key, NULL, 1 };
	if (!ret)
		ret = netvm_change(&h, n->args[0], w.change, w.count, e);
	if (!ret && n->o.dry_run)
		changes_print(n->args[0], &w);
	registry_let_go(&h);
	return ret;
}

int netvm_limit(struct netvm *n, struct err *e)
{
	const struct registry_domain *d = NULL;
	struct registry r;
	int ret;

	if (n->o.remove && !n->count) {
		err_set(e, -EINVAL, "--remove needs the name of a domain");
		return NETVM_USAGE;
	}
	if (n->count > 1 || n->o.remove)
		return change(n, e);
	ret = netvm_registry_read(n, &r, e);
	if (!ret && n->count)
		ret = netvm_domain_find(n, &r, n->args[0], &d, e);
	if (!ret)
		ret = show(n, &r, d, e);
	registry_dispose(&r);
	return ret;
}
