/* netvm xl-config NAME: the lines that a domain's xl config needs for its network. */
#include <stdio.h>

#include "common/json.h"
#include "toolstack/netvm.h"

/* The vif of a guest: xl's syntax, xl-network-configuration(5). "" where it has none. */
static void vif_make(const struct registry_domain *d, char *buf, size_t size)
{
	char ip[ADDR_TEXT_MAX], ip6[ADDR_TEXT_MAX], text[MAC_TEXT_MAX];
	bool both = addr_is_set(&d->ip) && addr_is_set(&d->ip6);
	struct mac mac;

	buf[0] = '\0';
	if (!d->netvm)
		return;
	registry_mac(d, &mac);
	snprintf(buf, size, "mac=%s,ip=%s%s%s,script=vif-route-netvm,backend=%s",
		mac_print(&mac, text), addr_is_set(&d->ip) ? addr_print(&d->ip, ip) : "",
		both ? " " : "", addr_is_set(&d->ip6) ? addr_print(&d->ip6, ip6) : "",
		d->netvm->name);
}

static void text_print(const struct registry_domain *d, const char *vif)
{
	printf("name = \"%s\"\n", d->name);
	if (d->provides_network)
		printf("driver_domain = 1\n");
	if (d->pci.count) {
		printf("pci = [ ");
		for (size_t i = 0; i < d->pci.count; i++)
			printf("%s\"%s\"", i ? ", " : "", d->pci.item[i]);
		printf(" ]\n");
	}
	if (*vif)
		printf("# Without this line netvmd attaches the same vif when the domain is "
		       "there.\n"
		       "vif = [ \"%s\" ]\n",
			vif);
}

static int json_print(const struct registry_domain *d, const char *vif, struct err *e)
{
	struct json *j = json_open();

	json_object(j, NULL);
	json_text(j, "name", d->name);
	json_bool(j, "driver_domain", d->provides_network);
	json_array(j, "pci");
	for (size_t i = 0; i < d->pci.count; i++)
		json_text(j, NULL, d->pci.item[i]);
	json_array_end(j);
	json_array(j, "vif");
	if (*vif)
		json_text(j, NULL, vif);
	json_array_end(j);
	json_object_end(j);
	return netvm_json_end(j, e);
}

int netvm_xl_config(struct netvm *n, struct err *e)
{
	const struct registry_domain *d;
	char vif[512];
	struct registry r;
	size_t changed;
	int ret = netvm_registry_read(n, &r, e);

	/* A domain that was written by hand may not have its address yet. */
	if (!ret)
		ret = registry_allocate(&r, n->o.dry_run, &changed, e);
	if (!ret)
		ret = netvm_domain_find(n, &r, n->args[0], &d, e);
	if (!ret) {
		vif_make(d, vif, sizeof(vif));
		if (n->o.json)
			ret = json_print(d, vif, e);
		else
			text_print(d, vif);
	}
	registry_dispose(&r);
	return ret;
}
