/* netvm xl-config NAME: the lines that a domain's xl config needs for its network; with --format
 * what a guest needs inside where no netfront-config runs. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/json.h"
#include "toolstack/guest_config.h"
#include "toolstack/netvm.h"

#define INTERFACE_DEFAULT "eth0"

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

static int xl_print(const struct netvm *n, const struct registry_domain *d, struct err *e)
{
	char vif[512];

	vif_make(d, vif, sizeof(vif));
	if (n->o.json)
		return json_print(d, vif, e);
	text_print(d, vif);
	return 0;
}

static int guest_json(const struct registry_domain *d, enum guest_format f, const char *interface,
	const struct guest_link *link, struct err *e)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	struct json *j;
	int ret = out ? guest_config_print(out, f, d->name, interface, link, e)
		      : err_sys(e, -errno, "%s", d->name);

	if (out && fclose(out) && !ret)
		ret = err_sys(e, -errno, "%s", d->name);
	if (!ret) {
		j = json_open();
		json_object(j, NULL);
		json_text(j, "name", d->name);
		json_text(j, "format", guest_format_name(f));
		json_text(j, "text", text);
		json_object_end(j);
		ret = netvm_json_end(j, e);
	}
	free(text);
	return ret;
}

static int guest_print(const struct netvm *n, const struct registry *r,
	const struct registry_domain *d, enum guest_format f, struct err *e)
{
	const char *interface = n->o.interface ? n->o.interface : INTERFACE_DEFAULT;
	struct guest_link link;

	if (!d->netvm)
		return err_set(e, -EINVAL,
			"%s has no network domain, so there is nothing that it could be told; "
			"netvm set %s netvm=NAME gives it one",
			d->name, d->name);
	registry_guest_link(r, d, &link);
	return n->o.json ? guest_json(d, f, interface, &link, e)
			 : guest_config_print(stdout, f, d->name, interface, &link, e);
}

/* GUEST_FORMATS in `f`: what xl needs. */
static int format_take(const struct netvm_options *o, enum guest_format *f, struct err *e)
{
	*f = o->kernel_ip ? GUEST_KERNEL_IP : GUEST_FORMATS;
	if (o->format) {
		*f = guest_format_find(o->format);
		if (*f == GUEST_FORMATS || (o->kernel_ip && *f != GUEST_KERNEL_IP)) {
			err_set(e, -EINVAL,
				"a format is kernel-ip, cloud-init or interfaces, and one of them, "
				"not \"%s\"%s",
				o->format, o->kernel_ip ? " with --kernel-ip" : "");
			return NETVM_USAGE;
		}
	}
	if (o->interface && *f == GUEST_FORMATS) {
		err_set(e, -EINVAL, "--interface is about a --format");
		return NETVM_USAGE;
	}
	if (o->interface && !guest_interface_check(o->interface)) {
		err_set(e, -EINVAL,
			"\"%s\" cannot be an interface's name here (1 to 15 letters, digits, . _ "
			"-)",
			o->interface);
		return NETVM_USAGE;
	}
	return 0;
}

int netvm_xl_config(struct netvm *n, struct err *e)
{
	const struct registry_domain *d;
	enum guest_format format;
	struct registry r = { .count = 0 };
	size_t changed;
	int ret = format_take(&n->o, &format, e);

	if (ret)
		return ret;
	ret = netvm_registry_read(n, &r, e);
	/* A domain that was written by hand may not have its address yet. */
	if (!ret)
		ret = registry_allocate(&r, n->o.dry_run, &changed, e);
	if (!ret)
		ret = netvm_domain_find(n, &r, n->args[0], &d, e);
	if (!ret)
		ret = format == GUEST_FORMATS ? xl_print(n, d, e)
					      : guest_print(n, &r, d, format, e);
	registry_dispose(&r);
	return ret;
}
