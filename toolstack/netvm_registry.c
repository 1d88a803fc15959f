#include "toolstack/netvm.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/json.h"
#include "toolstack/table.h"

#define NEAR_MAX 2 /* so many wrong letters */

int netvm_dir_find(struct netvm *n, struct err *e)
{
	return registry_dir_find(n->o.config, n->dir, e) ? NETVM_USAGE : 0;
}

static void unknown_warn(const char *path, const char *key)
{
	log_warning("%s: nobody knows the key \"%s\"; it is left alone", path, key);
}

int netvm_registry_read(const struct netvm *n, struct registry *r, struct err *e)
{
	return registry_read(n->dir, r, unknown_warn, e);
}

int netvm_registry_hold(const struct netvm *n, struct registry_held *h, struct err *e)
{
	return registry_hold(n->dir, n->o.dry_run, unknown_warn, h, e);
}

int netvm_change(struct registry_held *h, const char *name, const struct registry_change *changes,
	size_t count, struct err *e)
{
	size_t given;
	int ret = registry_change(h, name, changes, count, e);

	return ret ? ret : registry_held_allocate(h, &given, e);
}

int netvm_change_from(
	const struct netvm *n, const char *name, netvm_decide decide, void *arg, struct err *e)
{
	struct registry_change changes[NETVM_DECIDED_MAX] = { { .key = NULL } };
	const struct registry_domain *d;
	struct registry_held h;
	size_t count = 0;
	int ret = netvm_registry_hold(n, &h, e);

	if (!ret)
		ret = netvm_domain_find(n, &h.r, name, &d, e);
	if (!ret)
		ret = decide(&h.r, d, changes, arg, e);
	while (count < NETVM_DECIDED_MAX && changes[count].key)
		count++;
	if (!ret)
		ret = netvm_change(&h, name, changes, count, e);
	registry_let_go(&h);
	return ret;
}

/* How many letters must be changed, added, left out to make `b` of `a`; at most NEAR_MAX + 1. */
static size_t distance(const char *a, const char *b)
{
	size_t row[DOMAIN_NAME_MAX + 1], len = strlen(b);

	if (len > DOMAIN_NAME_MAX)
		return NEAR_MAX + 1;
	for (size_t k = 0; k <= len; k++)
		row[k] = k;
	for (size_t i = 0; a[i]; i++) {
		size_t diagonal = row[0];

		row[0] = i + 1;
		for (size_t k = 0; k < len; k++) {
			size_t best = diagonal + (a[i] != b[k]);

			diagonal = row[k + 1];
			if (diagonal + 1 < best)
				best = diagonal + 1;
			if (row[k] + 1 < best)
				best = row[k] + 1;
			row[k + 1] = best;
		}
	}
	return row[len];
}

const char *netvm_name_near(const struct registry *r, const char *typed)
{
	const char *best = NULL;
	size_t least = NEAR_MAX + 1;

	for (size_t i = 0; i < r->count; i++) {
		size_t d = distance(typed, r->domain[i].name);

		if (d < least && d < strlen(r->domain[i].name)) {
			least = d;
			best = r->domain[i].name;
		}
	}
	return best;
}

int netvm_domain_find(const struct netvm *n, const struct registry *r, const char *name,
	const struct registry_domain **out, struct err *e)
{
	const char *near;

	*out = registry_find(r, name);
	if (*out)
		return (*out)->fault ? err_set(e, (*out)->fault->code, "%s", (*out)->fault->text)
				     : 0;
	near = netvm_name_near(r, name);
	if (near)
		return err_set(e, -ENOENT,
			"there is no domain \"%s\" in %s/domains; did you mean \"%s\"?", name,
			n->dir, near);
	return err_set(e, -ENOENT,
		"there is no domain \"%s\" in %s/domains; netvm list shows those there are, netvm "
		"add %s makes it one",
		name, n->dir, name);
}

int netvm_domain_known(
	const struct netvm *n, const struct registry *r, const char *name, struct err *e)
{
	const struct registry_domain *d;

	return registry_find(r, name) ? 0 : netvm_domain_find(n, r, name, &d, e);
}

const char *netvm_of(const struct registry_domain *d)
{
	return d->netvm ? d->netvm->name : "none";
}

bool netvm_is_default(const struct registry_domain *d)
{
	return !d->netvm_text;
}

const char **netvm_items_without(const struct config_list *l,
	bool (*is)(const char *item, const void *arg), const void *arg, size_t room, size_t *count)
{
	const char **kept = calloc(l->count + room + 1, sizeof(*kept));

	*count = 0;
	for (size_t i = 0; kept && i < l->count; i++)
		if (!is(l->item[i], arg))
			kept[(*count)++] = l->item[i];
	return kept;
}

int netvm_json_end(struct json *j, struct err *e)
{
	int ret = json_close(j);

	return ret ? err_sys(e, ret, "the JSON could not be written") : 0;
}

int netvm_rows_show(const struct netvm *n, const struct registry *r,
	const struct registry_domain *only, struct table *t, netvm_rows rows, struct err *e)
{
	struct json *j = n->o.json ? json_open() : NULL;

	if (j)
		json_array(j, NULL);
	for (size_t i = 0; i < r->count; i++)
		if (!only || only == &r->domain[i])
			rows(t, j, r, &r->domain[i], only != NULL);
	if (j)
		json_array_end(j);
	if (n->o.json) {
		table_dispose(t);
		return netvm_json_end(j, e);
	}
	return table_print(t, e);
}
