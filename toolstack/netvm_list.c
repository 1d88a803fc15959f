/* netvm list: the domains of the registry. Cheap: nothing but its files is looked at. */
#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "toolstack/netvm.h"
#include "toolstack/netvm_domain.h"
#include "toolstack/table.h"

static void names_print(const struct registry *r)
{
	for (size_t i = 0; i < r->count; i++)
		printf("%s\n", r->domain[i].name);
}

static int json_print(const struct registry *r, struct err *e)
{
	struct json *j = json_open();

	json_object(j, NULL);
	json_text(j, "default_netvm", r->globals.default_netvm);
	json_text(j, "fault", r->globals.fault.code ? r->globals.fault.text : NULL);
	json_array(j, "domains");
	for (size_t i = 0; i < r->count; i++) {
		json_object(j, NULL);
		domain_json(j, &r->domain[i]);
		json_object_end(j);
	}
	json_array_end(j);
	json_object_end(j);
	return netvm_json_end(j, e);
}

static void domain_row(struct table *t, const struct registry_domain *d)
{
	char netvm[DOMAIN_NAME_MAX + 16], ip[DOMAIN_VALUE_MAX], pci[DOMAIN_VALUE_MAX];

	if (d->fault) {
		table_row(t, d->name, "?", "?", "at fault, see below", "?");
		return;
	}
	snprintf(netvm, sizeof(netvm), "%s%s", netvm_of(d),
		d->netvm && netvm_is_default(d) ? " (default)" : "");
	domain_value(d, "ip", ip, NULL);
	domain_value(d, "pci", pci, NULL);
	table_row(t, d->name, netvm, ip,
		!d->provides_network	  ? "guest"
		: d->role == PROVIDER_VPN ? "network domain (vpn)"
					  : "network domain",
		pci);
}

static int text_print(const struct registry *r, struct err *e)
{
	struct table t;
	int ret;

	table_start(&t, "NAME", "NETVM", "ADDRESS", "KIND", "PCI", NULL);
	for (size_t i = 0; i < r->count; i++)
		domain_row(&t, &r->domain[i]);
	ret = table_print(&t, e);
	if (ret)
		return ret;
	if (r->globals.fault.code)
		printf("\n%s\n", r->globals.fault.text);
	for (size_t i = 0; i < r->count; i++)
		if (r->domain[i].fault)
			printf("\n%s: %s\n", r->domain[i].name, r->domain[i].fault->text);
	return 0;
}

int netvm_list(struct netvm *n, struct err *e)
{
	struct registry r;
	int ret = netvm_registry_read(n, &r, e);

	if (!ret && n->o.json)
		ret = json_print(&r, e);
	else if (!ret && n->o.names)
		names_print(&r);
	else if (!ret && !r.count && !r.globals.fault.code)
		printf("There are no domains in %s/domains; netvm add NAME makes one.\n", n->dir);
	else if (!ret)
		ret = text_print(&r, e);
	registry_dispose(&r);
	return ret;
}
