/* "KEY=VALUE ..." on the command line, as one change of a domain's file. */
#include "toolstack/netvm.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"

#define PAIRS_MAX 32

struct pairs {
	struct registry_change change[PAIRS_MAX];
	const char **values[PAIRS_MAX]; /* malloc'd, of texts in: */
	char *text[PAIRS_MAX];		/* malloc'd copies of what was given */
	size_t count;
};

static const struct config_key *key_find(const char *name, size_t len)
{
	for (const struct config_key *k = registry_domain_keys; k->name; k++)
		if (strlen(k->name) == len && strncmp(k->name, name, len) == 0)
			return k;
	return NULL;
}

static int key_unknown(const char *pair, size_t len, struct err *e)
{
	char names[ERR_TEXT_MAX / 2] = "";
	size_t used = 0;

	for (const struct config_key *k = registry_domain_keys; k->name; k++)
		used += (size_t)snprintf(names + used,
			used < sizeof(names) ? sizeof(names) - used : 0, "%s%s", used ? ", " : "",
			k->name);
	err_set(e, -EINVAL, "there is no key \"%.*s\"; there are %s", (int)len, pair, names);
	return NETVM_USAGE;
}

static size_t count_of(const char *text, char c)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == c;
	return n;
}

/* The values of a list are separated by commas; lines by line breaks, if there is one. */
static int values_split(struct pairs *p, const struct config_key *k, char *text)
{
	const char separator[] = { k->kind == CONFIG_LINES && strchr(text, '\n') ? '\n' : ',',
		'\0' };
	struct registry_change *c = &p->change[p->count];
	const char **values = calloc(count_of(text, *separator) + 1, sizeof(*values));
	char *rest = NULL, *word;

	if (!values)
		return -ENOMEM;
	p->values[p->count] = values;
	c->key = k->name;
	c->values = *text ? values : NULL;
	c->count = 1;
	values[0] = text;
	if (k->kind != CONFIG_LIST && k->kind != CONFIG_LINES)
		return 0;
	c->count = 0;
	for (word = strtok_r(text, separator, &rest); word; word = strtok_r(NULL, separator, &rest))
		values[c->count++] = word;
	return 0;
}

static int pair_take(struct pairs *p, const char *pair, struct err *e)
{
	const char *equals = strchr(pair, '=');
	const struct config_key *k;

	if (!equals || equals == pair) {
		err_set(e, -EINVAL, "\"%s\" is not KEY=VALUE", pair);
		return NETVM_USAGE;
	}
	k = key_find(pair, (size_t)(equals - pair));
	if (!k)
		return key_unknown(pair, (size_t)(equals - pair), e);
	if (p->count == PAIRS_MAX) {
		err_set(e, -E2BIG, "more than %d pairs", PAIRS_MAX);
		return NETVM_USAGE;
	}
	p->text[p->count] = strdup(equals + 1);
	if (!p->text[p->count])
		return err_sys(e, -ENOMEM, "%s", k->name);
	if (values_split(p, k, p->text[p->count])) {
		free(p->text[p->count]);
		return err_sys(e, -ENOMEM, "%s", k->name);
	}
	p->count++;
	return 0;
}

static void changes_print(const char *name, const struct pairs *p)
{
	for (size_t i = 0; i < p->count; i++) {
		const struct registry_change *c = &p->change[i];

		printf("would %s %s of %s", c->values ? "set" : "take out", c->key, name);
		for (size_t k = 0; c->values && k < c->count; k++)
			printf("%s%s", k ? ", " : " to ", c->values[k]);
		printf("\n");
	}
	if (!p->count)
		printf("would add %s\n", name);
}

int netvm_pairs_apply(const struct netvm *n, struct registry_held *h, const char *name,
	char **pairs, int count, struct err *e)
{
	struct pairs *p = calloc(1, sizeof(*p));
	int ret = p ? 0 : err_sys(e, -ENOMEM, "%s", name);

	for (int i = 0; i < count && !ret; i++)
		ret = pair_take(p, pairs[i], e);
	if (!ret)
		ret = netvm_change(h, name, p->change, p->count, e);
	if (!ret && n->o.dry_run)
		changes_print(name, p);
	for (size_t i = 0; p && i < p->count; i++) {
		free(p->values[i]);
		free(p->text[i]);
	}
	free(p);
	return ret;
}
