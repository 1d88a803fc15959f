/*
 * "mac=...,ip=...,backend=..." as xl reads it (xl-network-configuration(5)): options between
 * commas, blanks before them. xl passes over options that it does not know; here they are refused,
 * since another xl may know them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "toolstack/import.h"

#define SCRIPTS	     "/etc/xen/scripts/"
#define VIF_TEXT_MAX 512

static int ip_take(struct import_vif *v, char *value, struct err *e)
{
	char *rest = NULL;

	for (char *word = strtok_r(value, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		struct prefix p;
		struct addr *at;

		if (addr_parse(word, &p.addr) == 0)
			p.len = (uint8_t)(addr_len(&p.addr) * 8);
		else if (prefix_parse(word, &p) != 0)
			return err_set(e, -EINVAL, "\"%s\" is no address", word);
		if (p.len != addr_len(&p.addr) * 8)
			return err_set(e, -EINVAL, "a subnet; a link has one address");
		at = addr_len(&p.addr) == 4 ? &v->ip : &v->ip6;
		if (addr_is_set(at))
			return err_set(e, -EINVAL, "a second address of the same family");
		*at = p.addr;
	}
	return 0;
}

static int mac_take(struct import_vif *v, char *value, struct err *e)
{
	return mac_parse(value, &v->mac) ? err_set(e, -EINVAL, "no MAC address") : 0;
}

static int backend_take(struct import_vif *v, char *value, struct err *e)
{
	if (strcmp(value, "0") == 0 || strcmp(value, "Domain-0") == 0)
		return err_set(e, -EINVAL, "dom0 serves it, and dom0 is no network domain");
	if (!value[strspn(value, "0123456789")])
		return err_set(
			e, -EINVAL, "a domain id, which says nothing when it is started anew");
	if (domain_name_check(value) != 0)
		return err_set(e, -EINVAL, "no name of a domain");
	memcpy(v->backend, value, strlen(value) + 1);
	return 0;
}

static int script_take(struct import_vif *v, char *value, struct err *e)
{
	static const char *const routed[] = { "vif-route", "vif-route-netvm" };

	(void)v;
	if (strncmp(value, SCRIPTS, strlen(SCRIPTS)) == 0)
		value += strlen(SCRIPTS);
	for (size_t i = 0; i < sizeof(routed) / sizeof(routed[0]); i++)
		if (strcmp(value, routed[i]) == 0)
			return 0;
	return err_set(e, -EINVAL, "a link is routed, as by vif-route");
}

static int mtu_take(struct import_vif *v, char *value, struct err *e)
{
	char *end;

	v->mtu = strtol(value, &end, 10);
	if (*end || end == value || v->mtu < 576 || v->mtu > 65535)
		return err_set(e, -EINVAL, "no number of 576 to 65535 bytes");
	return 0;
}

static int devid_take(struct import_vif *v, char *value, struct err *e)
{
	(void)v;
	return strcmp(value, "0") == 0 ? 0 : err_set(e, -EINVAL, "the vif of a link has devid 0");
}

static int type_take(struct import_vif *v, char *value, struct err *e)
{
	(void)v;
	return strcmp(value, "vif") == 0 ? 0 : err_set(e, -EINVAL, "a link has no emulated device");
}

/* Either `take`, or why it is refused. */
static const struct {
	const char *name;
	int (*take)(struct import_vif *v, char *value, struct err *e);
	const char *refusal;
} options[] = {
	{ "ip", ip_take, NULL },
	{ "mac", mac_take, NULL },
	{ "backend", backend_take, NULL },
	{ "script", script_take, NULL },
	{ "mtu", mtu_take, NULL },
	{ "devid", devid_take, NULL },
	{ "type", type_take, NULL },
	{ "model", NULL, "a link has no emulated device" },
	{ "bridge", NULL, "a link is routed and has no bridge" },
	{ "gatewaydev", NULL, "a network domain finds its way out by itself" },
	{ "netdev", NULL, "a network domain finds its way out by itself" },
	{ "vifname", NULL, "a network domain names its vifs itself" },
	{ "rate", NULL, "a link is limited in another way: netvm limit, once it is there" },
};

static int option_take(struct import_vif *v, char *option, struct err *e)
{
	char whole[VIF_TEXT_MAX], *value = strchr(option, '=');
	int ret = -EINVAL;

	strcpy(whole, option);
	if (value)
		*value++ = '\0';
	for (size_t i = 0; value && i < sizeof(options) / sizeof(options[0]); i++) {
		if (strcmp(options[i].name, option) != 0)
			continue;
		ret = options[i].take ? options[i].take(v, value, e)
				      : err_set(e, -EINVAL, "%s", options[i].refusal);
		return ret ? err_prefix(e, "%s", whole) : 0;
	}
	return err_set(e, -EINVAL, "%s: a link has nothing of that kind", whole);
}

int import_vif_parse(const char *text, struct import_vif *out, struct err *e)
{
	char copy[VIF_TEXT_MAX], *rest = NULL;
	int ret = 0;

	memset(out, 0, sizeof(*out));
	if (strlen(text) >= sizeof(copy))
		return err_set(e, -EINVAL, "it is too long");
	strcpy(copy, text);
	for (char *o = strtok_r(copy, ",", &rest); o && !ret; o = strtok_r(NULL, ",", &rest))
		ret = option_take(out, o + strspn(o, " "), e);
	if (!ret && !*out->backend)
		ret = err_set(e, -EINVAL,
			"there is no backend=, so dom0 serves it, and dom0 is no network domain");
	return ret;
}
