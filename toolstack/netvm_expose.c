/* netvm expose [NAME [PORT]]: ports of domains that are open to the outside, all of them or one
 * domain's; with PORT it is opened, or with --remove closed again. */
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

static void way_print(const struct registry_domain *d, char buf[CHAIN_SHOWN])
{
	const struct registry_domain *way[CHAIN_MAX];
	size_t count = registry_chain(d, way, CHAIN_MAX), used = 0;

	snprintf(buf, CHAIN_SHOWN, "nobody: it has no network domain");
	for (size_t i = count < CHAIN_MAX ? count : CHAIN_MAX; i-- > 0 && used < CHAIN_SHOWN;)
		used += (size_t)snprintf(
			buf + used, CHAIN_SHOWN - used, "%s%s", used ? ", " : "", way[i]->name);
}

static void rows_add(struct table *t, const struct registry_domain *d)
{
	char port[EXPOSURE_TEXT_MAX], to[NUMBER_MAX], way[CHAIN_SHOWN];

	way_print(d, way);
	for (size_t i = 0; i < d->exposes.count && !d->fault.code; i++) {
		const struct exposure *x = &d->exposes.item[i];

		snprintf(port, sizeof(port), "%s/%u", exposure_proto(x), x->port);
		snprintf(to, sizeof(to), "%u", x->to);
		table_row(t, port, d->name, to, way);
	}
	if (d->fault.code)
		table_row(t, "?", d->name, "?", "at fault, see netvm list");
}

static void json_add(struct json *j, const struct registry_domain *d)
{
	const struct registry_domain *way[CHAIN_MAX];
	size_t count = registry_chain(d, way, CHAIN_MAX);

	for (size_t i = 0; i < d->exposes.count && !d->fault.code; i++) {
		const struct exposure *x = &d->exposes.item[i];

		json_object(j, NULL);
		json_text(j, "name", d->name);
		json_text(j, "protocol", exposure_proto(x));
		json_number(j, "port", x->port);
		json_number(j, "to", x->to);
		json_array(j, "through");
		for (size_t k = count < CHAIN_MAX ? count : CHAIN_MAX; k-- > 0;)
			json_text(j, NULL, way[k]->name);
		json_array_end(j);
		json_object_end(j);
	}
}

/* Of all domains, or of `only`. */
static int show(const struct netvm *n, const struct registry *r, const struct registry_domain *only,
	struct err *e)
{
	struct json *j = n->o.json ? json_open() : NULL;
	struct table t;

	table_start(&t, "PORT", "LEADS TO", "PORT THERE", "THROUGH", NULL);
	if (j)
		json_array(j, NULL);
	for (size_t i = 0; i < r->count; i++) {
		const struct registry_domain *d = &r->domain[i];

		if (only && d != only)
			continue;
		if (n->o.json)
			json_add(j, d);
		else
			rows_add(&t, d);
	}
	if (!n->o.json) {
		table_print(&t);
		return 0;
	}
	json_array_end(j);
	return netvm_json_end(j, e);
}

/* --- changing --- */

struct wish {
	const char *port; /* as typed */
	struct exposure x;
	bool remove;
	const char **values; /* malloc'd: what is to be in the file */
};

/* The texts of the file without that port, and with it as it is wished. */
static int list_decide(const struct registry *r, const struct registry_domain *d,
	struct registry_change *out, void *arg, struct err *e)
{
	struct wish *w = arg;
	const struct config_list *l = &d->expose_text;
	size_t count = 0;

	(void)r;
	w->values = calloc(l->count + 1, sizeof(*w->values));
	if (!w->values)
		return err_sys(e, -ENOMEM, "%s", d->name);
	for (size_t i = 0; i < l->count; i++) {
		struct exposure there;

		if (exposure_parse(l->item[i], &there) < 0 || there.proto != w->x.proto ||
			there.port != w->x.port)
			w->values[count++] = l->item[i];
	}
	if (w->remove && count == l->count)
		return err_set(e, -ENOENT, "%s does not expose %s/%u", d->name,
			exposure_proto(&w->x), w->x.port);
	if (!w->remove)
		w->values[count++] = w->port;
	*out = (struct registry_change){ "expose", count ? w->values : NULL, count ? count : 1 };
	return 0;
}

static int change(const struct netvm *n, const char *name, const char *port, struct err *e)
{
	struct wish w = { .port = port, .remove = n->o.remove };
	int ret;

	if (exposure_parse(port, &w.x) < 0) {
		err_set(e, -EINVAL, "\"%s\" is not a port: tcp/8080, or tcp/8080:80", port);
		return NETVM_USAGE;
	}
	ret = registry_edit_from(n->dir, name, list_decide, &w, n->o.dry_run, e);
	free(w.values);
	if (!ret && n->o.dry_run)
		printf("would %s %s of %s\n", n->o.remove ? "close" : "expose", port, name);
	return ret;
}

int netvm_expose(struct netvm *n, struct err *e)
{
	const struct registry_domain *d = NULL;
	struct registry r;
	int ret = netvm_registry_read(n, &r, e);

	if (!ret && n->count)
		ret = netvm_domain_find(n, &r, n->args[0], &d, e);
	if (!ret && n->o.remove && n->count < 2) {
		err_set(e, -EINVAL, "--remove needs the name of a domain and the port to close");
		ret = NETVM_USAGE;
	}
	if (!ret)
		ret = n->count == 2 ? change(n, n->args[0], n->args[1], e) : show(n, &r, d, e);
	registry_dispose(&r);
	return ret;
}
