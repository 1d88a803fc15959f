/*
 * netvm link [A [B PORT]]: ports of guests that are open to another guest, all of them or those of
 * A; with PORT, A may open connections to that port of B from now on, or with --remove no longer.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "toolstack/netvm.h"
#include "toolstack/table.h"

#define WHY_SHOWN  (2 * DOMAIN_NAME_MAX + 64)
#define PORT_SHOWN 16

/* --- showing --- */

static void row_add(struct table *t, const struct registry *r, const struct registry_domain *d,
	const struct registry_link *l)
{
	const struct registry_domain *to = registry_find(r, l->to);
	const struct registry_domain *carrier = to ? registry_link_carrier(d, to) : NULL;
	char port[PORT_SHOWN], why[WHY_SHOWN] = "";

	snprintf(port, sizeof(port), "%s/%u", exposure_proto(&l->port), l->port.port);
	if (to && !carrier)
		snprintf(why, sizeof(why), "nobody: network domains are %s and %s", netvm_of(d),
			netvm_of(to));
	table_row(t, d->name, l->to, port, carrier ? carrier->name : why);
}

static void json_add(struct json *j, const struct registry *r, const struct registry_domain *d,
	const struct registry_link *l)
{
	const struct registry_domain *to = registry_find(r, l->to);
	const struct registry_domain *carrier = to ? registry_link_carrier(d, to) : NULL;

	json_object(j, NULL);
	json_text(j, "name", d->name);
	json_text(j, "to", l->to);
	json_text(j, "protocol", exposure_proto(&l->port));
	json_number(j, "port", l->port.port);
	json_text(j, "through", carrier ? carrier->name : NULL);
	json_object_end(j);
}

static void domain_show(struct table *t, struct json *j, const struct registry *r,
	const struct registry_domain *d, bool asked)
{
	struct registry_link l;

	(void)asked;
	if (d->fault && !j)
		table_row(t, d->name, "?", "?", "at fault, see netvm list");
	for (size_t i = 0; i < d->links.count && !d->fault; i++) {
		registry_link_parse(d->links.item[i], &l);
		if (j)
			json_add(j, r, d, &l);
		else
			row_add(t, r, d, &l);
	}
}

static int show(const struct netvm *n, const struct registry *r, const struct registry_domain *only,
	struct err *e)
{
	struct table t;

	table_start(&t, "FROM", "TO", "PORT", "THROUGH", NULL);
	return netvm_rows_show(n, r, only, &t, domain_show, e);
}

/* --- changing --- */

struct wish {
	const struct netvm *n;
	struct registry_link link;
	char text[REGISTRY_LINK_MAX];
	const char **values; /* malloc'd: what is to be in the file */
};

static bool is_link(const char *item, const void *text)
{
	return strcmp(item, text) == 0;
}

static int carrier_check(
	const struct registry_domain *d, const struct registry_domain *to, struct err *e)
{
	if (d == to || registry_link_carrier(d, to))
		return 0;
	return err_set(e, -EINVAL,
		"a link holds within one network domain, but that of %s is %s and that of %s is %s",
		d->name, netvm_of(d), to->name, netvm_of(to));
}

static int list_decide(const struct registry *r, const struct registry_domain *d,
	struct registry_change *out, void *arg, struct err *e)
{
	const struct registry_domain *to;
	struct wish *w = arg;
	size_t count;
	int ret = 0;

	if (!w->n->o.remove)
		ret = netvm_domain_find(w->n, r, w->link.to, &to, e);
	if (!ret && !w->n->o.remove)
		ret = carrier_check(d, to, e);
	if (ret)
		return ret;
	w->values = netvm_items_without(&d->links, is_link, w->text, 1, &count);
	if (!w->values)
		return err_sys(e, -ENOMEM, "%s", d->name);
	if (w->n->o.remove && count == d->links.count)
		return err_set(e, -ENOENT, "%s has no link to %s of %s", d->name, w->n->args[2],
			w->link.to);
	if (!w->n->o.remove)
		w->values[count++] = w->text;
	*out = (struct registry_change){ "links", count ? w->values : NULL, count ? count : 1 };
	return 0;
}

static int change(const struct netvm *n, struct err *e)
{
	struct wish w = { .n = n };
	char text[REGISTRY_LINK_MAX];
	int ret;

	snprintf(text, sizeof(text), "%s %s", n->args[1], n->args[2]);
	if (registry_link_parse(text, &w.link) < 0) {
		err_set(e, -EINVAL, "\"%s\" is not a port of a domain: web tcp/80, or db udp/53",
			text);
		return NETVM_USAGE;
	}
	registry_link_print(&w.link, w.text);
	ret = netvm_change_from(n, n->args[0], list_decide, &w, e);
	free(w.values);
	if (!ret && n->o.dry_run)
		printf("would %s %s of %s %s %s\n", n->o.remove ? "close" : "open", n->args[2],
			w.link.to, n->o.remove ? "for" : "to", n->args[0]);
	return ret;
}

int netvm_link(struct netvm *n, struct err *e)
{
	const struct registry_domain *d = NULL;
	struct registry r = { .count = 0 };
	int ret;

	if (n->count == 2 || (n->o.remove && n->count < 3)) {
		err_set(e, -EINVAL, "%s needs both domains and the port: work web tcp/80",
			n->o.remove ? "--remove" : "a link");
		return NETVM_USAGE;
	}
	if (n->count == 3)
		return change(n, e);
	ret = netvm_registry_read(n, &r, e);
	if (!ret && n->count)
		ret = netvm_domain_find(n, &r, n->args[0], &d, e);
	if (!ret)
		ret = show(n, &r, d, e);
	registry_dispose(&r);
	return ret;
}
