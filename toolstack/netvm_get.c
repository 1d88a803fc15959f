/* netvm get NAME [KEY]: what is in force for a domain, given or by default. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <errno.h>

#include "common/json.h"
#include "toolstack/netvm.h"
#include "toolstack/netvm_domain.h"
#include "toolstack/table.h"

static int one_print(
	const struct netvm *n, const struct registry_domain *d, const char *key, struct err *e)
{
	char buf[DOMAIN_VALUE_MAX];
	struct json *j;
	bool given;
	const char *text = domain_value(d, key, buf, &given);

	if (!text) {
		err_set(e, -EINVAL, "there is no key \"%s\"; netvm get %s shows them all", key,
			d->name);
		return NETVM_USAGE;
	}
	if (!n->o.json) {
		printf("%s\n", text);
		return 0;
	}
	j = json_open();
	json_object(j, NULL);
	json_text(j, "name", d->name);
	json_text(j, "key", key);
	json_text(j, "value", text);
	json_bool(j, "given", given);
	json_object_end(j);
	return netvm_json_end(j, e);
}

/* A value of several lines is as many rows. */
static void rows_add(struct table *t, const char *key, const char *text, const char *from)
{
	do {
		size_t len = strcspn(text, "\n");
		char *line = strndup(text, len);

		table_row(t, key, line, from);
		free(line);
		text += len + (text[len] == '\n');
	} while (*text);
}

static int all_print(const struct netvm *n, const struct registry_domain *d, struct err *e)
{
	struct table t;
	struct json *j;

	if (n->o.json) {
		j = json_open();
		json_object(j, NULL);
		domain_json(j, d);
		json_object_end(j);
		return netvm_json_end(j, e);
	}
	table_start(&t, "KEY", "VALUE", "FROM", NULL);
	for (const struct config_key *k = registry_domain_keys; k->name; k++) {
		char buf[DOMAIN_VALUE_MAX];
		bool given;
		const char *text = domain_value(d, k->name, buf, &given);

		if (text)
			rows_add(&t, k->name, text, given ? "its file" : "default");
	}
	return table_print(&t, e);
}

static void names_print(void)
{
	for (const struct config_key *k = registry_domain_keys; k->name; k++)
		printf("%s\n", k->name);
}

int netvm_get(struct netvm *n, struct err *e)
{
	const struct registry_domain *d;
	struct registry r;
	int ret = netvm_registry_read(n, &r, e);

	if (!ret)
		ret = netvm_domain_find(n, &r, n->args[0], &d, e);
	if (!ret && n->o.names)
		names_print();
	else if (!ret)
		ret = n->count > 1 ? one_print(n, d, n->args[1], e) : all_print(n, d, e);
	registry_dispose(&r);
	return ret;
}
