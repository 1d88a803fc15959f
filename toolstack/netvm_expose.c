/*
 * netvm expose [NAME [PORT]]: ports of domains that are open to the outside, all of them or one
 * domain's; with PORT it is opened, or with --remove closed again. What is said about a port
 * replaces all that was said about it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "toolstack/netvm.h"
#include "toolstack/table.h"

#define CHAIN_MAX   64
#define CHAIN_SHOWN 512
#define NUMBER_MAX  8

/* --- showing --- */

/* The network domains that lead the port, nearest first. */
static size_t way_find(const struct registry_domain *d, const struct registry_exposure *x,
	const struct registry_domain *way[CHAIN_MAX])
{
	size_t count = registry_chain(d, way, CHAIN_MAX);

	if (count > CHAIN_MAX)
		count = CHAIN_MAX;
	for (size_t i = 0; x->from[0]; i++) {
		if (i == count)
			return 0;
		if (strcmp(way[i]->name, x->from) == 0)
			return i + 1;
	}
	return count;
}

static void way_print(
	const struct registry_domain *d, const struct registry_exposure *x, char buf[CHAIN_SHOWN])
{
	const struct registry_domain *way[CHAIN_MAX];
	size_t count = way_find(d, x, way), used = 0;

	if (x->from[0])
		snprintf(buf, CHAIN_SHOWN, "nobody: %s is not on its way out", x->from);
	else
		snprintf(buf, CHAIN_SHOWN, "nobody: it has no network domain");
	for (size_t i = count; i-- > 0 && used < CHAIN_SHOWN;)
		used += (size_t)snprintf(
			buf + used, CHAIN_SHOWN - used, "%s%s", used ? ", " : "", way[i]->name);
}

static void rows_add(struct table *t, const struct registry_domain *d)
{
	char port[EXPOSURE_TEXT_MAX], to[NUMBER_MAX], source[PREFIX_TEXT_MAX], way[CHAIN_SHOWN];
	struct registry_exposure x;

	for (size_t i = 0; i < d->expose_text.count && !d->fault; i++) {
		registry_exposure_parse(d->expose_text.item[i], &x);
		way_print(d, &x, way);
		snprintf(port, sizeof(port), "%s/%u", exposure_proto(&x.port), x.port.port);
		snprintf(to, sizeof(to), "%u", x.port.to);
		table_row(t, port, d->name, to,
			addr_is_set(&x.port.source.addr) ? prefix_print(&x.port.source, source)
							 : "anybody",
			way);
	}
	if (d->fault)
		table_row(t, "?", d->name, "?", "?", "at fault, see netvm list");
}

static void json_add(struct json *j, const struct registry_domain *d)
{
	const struct registry_domain *way[CHAIN_MAX];
	char source[PREFIX_TEXT_MAX];
	struct registry_exposure x;

	for (size_t i = 0; i < d->expose_text.count && !d->fault; i++) {
		registry_exposure_parse(d->expose_text.item[i], &x);
		json_object(j, NULL);
		json_text(j, "name", d->name);
		json_text(j, "protocol", exposure_proto(&x.port));
		json_number(j, "port", x.port.port);
		json_number(j, "to", x.port.to);
		json_text(j, "source",
			addr_is_set(&x.port.source.addr) ? prefix_print(&x.port.source, source)
							 : NULL);
		json_text(j, "from", x.from[0] ? x.from : NULL);
		json_array(j, "through");
		for (size_t k = way_find(d, &x, way); k-- > 0;)
			json_text(j, NULL, way[k]->name);
		json_array_end(j);
		json_object_end(j);
	}
}

static void domain_show(struct table *t, struct json *j, const struct registry *r,
	const struct registry_domain *d, bool asked)
{
	(void)r;
	(void)asked;
	if (j)
		json_add(j, d);
	else
		rows_add(t, d);
}

static int show(const struct netvm *n, const struct registry *r, const struct registry_domain *only,
	struct err *e)
{
	struct table t;

	table_start(&t, "PORT", "LEADS TO", "PORT THERE", "OPEN TO", "THROUGH", NULL);
	return netvm_rows_show(n, r, only, &t, domain_show, e);
}

/* --- changing --- */

struct wish {
	struct exposure port;
	const char *from; /* may be NULL */
	bool remove;
	struct prefix source[EXPOSURES_MAX]; /* none: anybody */
	size_t sources;
	char text[EXPOSURES_MAX][EXPOSURE_TEXT_MAX + DOMAIN_NAME_MAX + 8];
	const char **values; /* malloc'd: what is to be in the file */
};

/* What is to be said about the port, one text for each source. */
static size_t wish_texts(struct wish *w, const char **values)
{
	size_t count = w->sources ? w->sources : 1;
	char port[EXPOSURE_TEXT_MAX];

	for (size_t i = 0; i < count; i++) {
		if (w->sources)
			w->port.source = w->source[i];
		snprintf(w->text[i], sizeof(w->text[i]), "%s%s%s", exposure_print(&w->port, port),
			w->from ? " from " : "", w->from ? w->from : "");
		values[i] = w->text[i];
	}
	return count;
}

static int from_check(const struct registry_domain *d, const char *from, struct err *e)
{
	for (const struct registry_domain *at = d->netvm; at; at = at->netvm)
		if (strcmp(at->name, from) == 0)
			return 0;
	return err_set(e, -EINVAL, "%s is not on the way of %s out; its network domain is %s", from,
		d->name, netvm_of(d));
}

static bool is_of_port(const char *item, const void *port)
{
	struct registry_exposure there;

	return registry_exposure_parse(item, &there) == 0 && exposure_same_port(&there.port, port);
}

static int list_decide(const struct registry *r, const struct registry_domain *d,
	struct registry_change *out, void *arg, struct err *e)
{
	struct wish *w = arg;
	const struct config_list *l = &d->expose_text;
	size_t count;

	(void)r;
	if (w->from && from_check(d, w->from, e))
		return -EINVAL;
	w->values = netvm_items_without(l, is_of_port, &w->port, EXPOSURES_MAX, &count);
	if (!w->values)
		return err_sys(e, -ENOMEM, "%s", d->name);
	if (w->remove && count == l->count)
		return err_set(e, -ENOENT, "%s does not expose %s/%u", d->name,
			exposure_proto(&w->port), w->port.port);
	if (!w->remove)
		count += wish_texts(w, w->values + count);
	*out = (struct registry_change){ "expose", count ? w->values : NULL, count ? count : 1 };
	return 0;
}

/* "PREFIX,PREFIX...". */
static int sources_take(struct wish *w, const char *text, struct err *e)
{
	while (text) {
		size_t len = strcspn(text, ",");
		char word[PREFIX_TEXT_MAX];

		snprintf(word, sizeof(word), "%.*s", (int)len, text);
		if (w->sources == EXPOSURES_MAX || len >= sizeof(word) ||
			prefix_parse(word, &w->source[w->sources]) < 0) {
			err_set(e, -EINVAL,
				"--source takes at most %d addresses or subnets (192.0.2.0/24), "
				"separated by commas, not \"%s\"",
				EXPOSURES_MAX, word);
			return NETVM_USAGE;
		}
		w->sources++;
		text = text[len] ? text + len + 1 : NULL;
	}
	return 0;
}

static int wish_take(const struct netvm *n, struct wish *w, struct err *e)
{
	const char *port = n->args[1];

	*w = (struct wish){ .remove = n->o.remove, .from = n->o.from };
	if (exposure_parse(port, &w->port) < 0) {
		err_set(e, -EINVAL, "\"%s\" is not a port: tcp/8080, or tcp/8080:80", port);
		return NETVM_USAGE;
	}
	if (n->o.source && (w->remove || addr_is_set(&w->port.source.addr))) {
		err_set(e, -EINVAL, "%s",
			w->remove ? "--remove closes a port to everybody, so there is no --source"
				  : "a source is said twice: in the port, and by --source");
		return NETVM_USAGE;
	}
	if (w->from && w->remove) {
		err_set(e, -EINVAL, "--remove closes a port everywhere, so there is no --from");
		return NETVM_USAGE;
	}
	return sources_take(w, n->o.source, e);
}

static int change(const struct netvm *n, struct err *e)
{
	struct wish *w = malloc(sizeof(*w));
	int ret = w ? wish_take(n, w, e) : err_sys(e, -ENOMEM, "%s", n->args[0]);

	if (!ret) {
		ret = netvm_change_from(n, n->args[0], list_decide, w, e);
		free(w->values);
	}
	if (!ret && n->o.dry_run)
		printf("would %s %s of %s\n", w->remove ? "close" : "expose", n->args[1],
			n->args[0]);
	free(w);
	return ret;
}

int netvm_expose(struct netvm *n, struct err *e)
{
	const struct registry_domain *d = NULL;
	struct registry r;
	int ret;

	if (n->count == 2)
		return change(n, e);
	ret = netvm_registry_read(n, &r, e);
	if (!ret && n->count)
		ret = netvm_domain_find(n, &r, n->args[0], &d, e);
	if (!ret && (n->o.remove || n->o.source || n->o.from)) {
		err_set(e, -EINVAL, "%s needs the name of a domain and the port%s",
			n->o.remove   ? "--remove"
			: n->o.source ? "--source"
				      : "--from",
			n->o.remove ? " to close" : "");
		ret = NETVM_USAGE;
	}
	if (!ret)
		ret = show(n, &r, d, e);
	registry_dispose(&r);
	return ret;
}
