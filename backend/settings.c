#include "backend/settings.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/resolvers.h"
#include "backend/ruleset.h"
#include "common/netlink.h"

/* The file as it is written; checked by the table, so that its addresses parse. */
struct file {
	char *gateway, *gateway6, *packet_filter, *datapath, *forwarder_user, *hooks;
	struct config_list dns, dns6, resolv_conf, uplinks, forwarder, forwarder6, routed6;
	bool dns_above;
	long connections;
};

static int check_path(const char *text, struct err *e)
{
	return text[0] == '/' ? 0 : err_set(e, -EINVAL, "an absolute path");
}

static int check_link(const char *text, struct err *e)
{
	return uplink_pattern_is_valid(text)
		       ? 0
		       : err_set(e, -EINVAL,
				 "the name of a network interface, or the beginning of one and a "
				 "star");
}

static int check_own4(const char *text, struct err *e)
{
	struct addr a;

	return addr_parse4(text, &a) == 0 && addr_is_unicast(&a)
		       ? 0
		       : err_set(e, -EINVAL, "an IPv4 address that a host can have");
}

static int check_own6(const char *text, struct err *e)
{
	struct addr a;

	return addr_parse6(text, &a) == 0 && addr_is_unicast(&a)
		       ? 0
		       : err_set(e, -EINVAL, "an IPv6 address that a host can have");
}

/* A name that a program of ours takes as one word, and that no option begins like. */
static int check_user(const char *text, struct err *e)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";

	return *text && *text != '-' && strlen(text) < 32 && !text[strspn(text, letters)]
		       ? 0
		       : err_set(e, -EINVAL, "the name of a user");
}

static int check_packet_filter(const char *text, struct err *e)
{
	return packet_filter_choice_find(text) < PACKET_FILTER_CHOICES
		       ? 0
		       : err_set(e, -EINVAL, "\"auto\", \"nftables\" or \"iptables\"");
}

static int check_datapath(const char *text, struct err *e)
{
	return strcmp(text, "kernel") == 0 || strcmp(text, "user") == 0
		       ? 0
		       : err_set(e, -EINVAL, "\"kernel\" or \"user\"");
}

/* NULL: nothing is said. */
static enum provider_datapath datapath_find(const char *text)
{
	if (!text)
		return PROVIDER_DATAPATH_OWN;
	return strcmp(text, "user") == 0 ? PROVIDER_DATAPATH_USER : PROVIDER_DATAPATH_KERNEL;
}

static int check_connections(const char *text, struct err *e)
{
	return config_check_number(text, 1, CLIENT_CONNECTIONS_MAX, "connections", e);
}

const struct config_key settings_keys[] = {
	{ "gateway", CONFIG_TEXT, offsetof(struct file, gateway), check_own4,
		"this domain's own IPv4 address on every vif, the guests' gateway (10.137.0.1)" },
	{ "gateway6", CONFIG_TEXT, offsetof(struct file, gateway6), check_own6,
		"the same for IPv6 (fe80::1)" },
	{ "dns", CONFIG_LIST, offsetof(struct file, dns), check_own4,
		"at most two IPv4 addresses that guests have as resolvers "
		"(10.139.1.1, 10.139.1.2); [ ] for none" },
	{ "dns6", CONFIG_LIST, offsetof(struct file, dns6), check_own6,
		"the same for IPv6 (none)" },
	{ "resolv_conf", CONFIG_LIST, offsetof(struct file, resolv_conf), check_path,
		"files that name this domain's resolvers, or directories (they end in a slash) of "
		"such; the first counts that can be read and names more than loopback "
		"(/etc/resolv.conf, then the lists of systemd-resolved, NetworkManager, "
		"resolvconf and dhcpcd)" },
	{ "dns_above", CONFIG_BOOL, offsetof(struct file, dns_above), NULL,
		"1: this domain is a guest of a network domain with the same virtual resolvers, so "
		"that "
		"they are real ones here (0; where dom0 publishes it, it need not be said)" },
	{ "forwarder", CONFIG_LIST, offsetof(struct file, forwarder), check_own4,
		"at most two IPv4 addresses, not used for anything else, where a forwarder of this "
		"domain listens while the uplink has resolvers of the other family only, or one "
		"that only this domain itself can ask (10.139.1.53, 10.139.1.54); [ ] for none" },
	{ "forwarder6", CONFIG_LIST, offsetof(struct file, forwarder6), check_own6,
		"the same for IPv6 (fd3c:6e76:6d64::53, fd3c:6e76:6d64::54)" },
	{ "forwarder_user", CONFIG_TEXT, offsetof(struct file, forwarder_user), check_user,
		"the user that the forwarder, and guests' DHCP servers, run as (netvm-dns)" },
	{ "hooks", CONFIG_TEXT, offsetof(struct file, hooks), check_path,
		"the directory of programs that netbackd tells what happens; netbackd(8) says how "
		"(" SYSCONFDIR "/xen-netvm/hooks.d)" },
	{ "uplinks", CONFIG_LIST, offsetof(struct file, uplinks), check_link,
		"links by which guests' packets may leave, by name or pattern (\"wlan*\"): by "
		"those "
		"or not at all, whether they are up, down or not there; \"*\" is any but guests' "
		"own (the links with a default route, as it changes; \"wg*\" and \"tun*\" where "
		"dom0 says \"role = vpn\")" },
	{ "routed6", CONFIG_LIST, offsetof(struct file, routed6), config_check_routed6,
		"at most 16 IPv6 subnets that the world routes to this domain: what guests send "
		"from addresses of these leaves as it is, while all else leaves with the address "
		"of the uplink; what is for an address there that no guest has is refused. "
		"Nobody gets in by it, but to ports that a guest exposes (none; where dom0 says "
		"any, those)" },
	{ "packet_filter", CONFIG_TEXT, offsetof(struct file, packet_filter), check_packet_filter,
		"what makes the rules stand: \"nftables\", \"iptables\", or \"auto\": the one that "
		"does already, then iptables where its tables are in use on this machine, then "
		"nftables where there are libnftables and a kernel with nf_tables (auto)" },
	{ "datapath", CONFIG_TEXT, offsetof(struct file, datapath), check_datapath,
		"what moves guests' packets between their rings and their vifs: \"kernel\", "
		"Linux's "
		"xen-netback, or \"user\", a process for each vif that has nothing else "
		"(netbackd(8)); with that xen-netback must not be loaded here (kernel; where dom0 "
		"says one, that one)" },
	{ "connections", CONFIG_NUMBER, offsetof(struct file, connections), check_connections,
		"how many tracked connections a guest may have at once, for whom dom0 says nothing "
		"else (a quarter of what the kernel tracks in all, which it reckons from the "
		"domain's memory)" },
	{ .name = NULL },
};

static int list_default(struct config_list *list, const char *first, const char *second)
{
	const char *const items[] = { first, second };
	int rc = 0;

	for (size_t i = 0; i < 2 && !rc; i++)
		rc = config_list_add(list, items[i]);
	return rc;
}

static int file_defaults(struct file *f)
{
	int rc = list_default(&f->dns, "10.139.1.1", "10.139.1.2");

	if (!rc)
		rc = list_default(&f->forwarder, "10.139.1.53", "10.139.1.54");
	if (!rc)
		rc = list_default(&f->forwarder6, "fd3c:6e76:6d64::53", "fd3c:6e76:6d64::54");
	f->gateway = strdup("10.137.0.1");
	f->gateway6 = strdup("fe80::1");
	f->packet_filter = strdup("auto");
	f->forwarder_user = strdup("netvm-dns");
	f->hooks = strdup(SYSCONFDIR "/xen-netvm/hooks.d");
	if (!f->gateway || !f->gateway6 || !f->packet_filter || !f->forwarder_user || !f->hooks)
		rc = -ENOMEM;
	return rc;
}

static int take_dns(const char *path, const char *key, const struct config_list *list,
	struct addr dns[2], struct err *e)
{
	if (list->count > 2)
		return err_set(e, -EINVAL, "%s: %s takes two addresses at most", path, key);
	for (size_t i = 0; i < list->count; i++)
		addr_parse(list->item[i], &dns[i]);
	return 0;
}

static int check_count(const char *path, const char *key, const struct config_list *list,
	size_t max, struct err *e)
{
	return list->count <= max ? 0
				  : err_set(e, -EINVAL, "%s: %s takes %zu at most", path, key, max);
}

static void take_routed6(const struct config_list *list, struct prefixes *out)
{
	for (size_t i = 0; i < list->count; i++)
		prefix_parse(list->item[i], &out->item[out->count++]);
}

static void take_uplinks(const struct config_list *list, struct settings *out)
{
	for (size_t i = 0; i < list->count; i++) {
		out->any_uplink |= strcmp(list->item[i], "*") == 0;
		snprintf(out->uplinks.names[out->uplinks.count++], LINK_NAME_MAX, "%s",
			list->item[i]);
	}
	if (out->any_uplink)
		out->uplinks.count = 0;
}

static int take_file(const char *path, struct file *f, struct settings *out, struct err *e)
{
	int rc;

	addr_parse4(f->gateway, &out->gateway);
	addr_parse6(f->gateway6, &out->gateway6);
	rc = take_dns(path, "dns", &f->dns, out->dns, e);
	if (rc == 0)
		rc = take_dns(path, "dns6", &f->dns6, out->dns6, e);
	if (rc == 0)
		rc = take_dns(path, "forwarder", &f->forwarder, out->forwarder, e);
	if (rc == 0)
		rc = take_dns(path, "forwarder6", &f->forwarder6, out->forwarder6, e);
	if (rc == 0)
		rc = check_count(path, "resolv_conf", &f->resolv_conf, RESOLVERS_PATHS_MAX, e);
	if (rc == 0)
		rc = check_count(path, "uplinks", &f->uplinks, UPLINKS_MAX, e);
	if (rc == 0)
		rc = check_count(path, "routed6", &f->routed6, PREFIXES_MAX, e);
	if (rc < 0)
		return rc;
	out->connections = (uint32_t)f->connections;
	out->packet_filter = packet_filter_choice_find(f->packet_filter);
	out->datapath = datapath_find(f->datapath);
	out->resolv_conf = f->resolv_conf;
	take_uplinks(&f->uplinks, out);
	take_routed6(&f->routed6, &out->routed6);
	out->dns_above = f->dns_above;
	out->forwarder_user = f->forwarder_user;
	f->forwarder_user = NULL;
	out->hooks = f->hooks;
	f->hooks = NULL;
	f->resolv_conf = (struct config_list){ .count = 0 }; /* handed over */
	return 0;
}

int settings_read(const char *path, void (*unknown)(const char *path, const char *key),
	struct settings *out, struct err *e)
{
	const char *name = path ? path : SETTINGS_FILE;
	struct file f = { .gateway = NULL };
	struct config_list others = { .count = 0 };
	struct err why = ERR_NONE;
	int rc = file_defaults(&f);

	*out = (struct settings){ .managed = false };
	if (rc < 0)
		err_sys(&why, rc, "%s", name);
	else
		rc = config_read(name, settings_keys, &f, &others, &why);
	for (size_t i = 0; i < others.count && unknown; i++)
		unknown(name, others.item[i]);
	config_list_clear(&others);
	if (rc == -ENOENT && !path)
		rc = 0;
	if (rc == 0)
		rc = take_file(name, &f, out, &why);
	config_dispose(settings_keys, &f);
	if (rc < 0 && e)
		*e = why;
	return rc;
}

/* First each key for itself, then what only all of them can say. */
int settings_check(const char *path, config_tell tell, void *arg, struct err *e)
{
	struct file f = { .gateway = NULL };
	struct settings s = { .managed = false };
	struct err why = ERR_NONE;
	int faults = config_check(path ? path : SETTINGS_FILE, settings_keys, &f, tell, arg, &why);

	config_dispose(settings_keys, &f);
	if (faults == -ENOENT && !path)
		return 0;
	if (!faults && settings_read(path, NULL, &s, &why) == -EINVAL) {
		tell(arg, why.text);
		faults = 1;
	}
	settings_dispose(&s);
	if (faults < 0 && e)
		*e = why;
	return faults;
}

void settings_dispose(struct settings *s)
{
	config_list_clear(&s->resolv_conf);
	free(s->forwarder_user);
	s->forwarder_user = NULL;
	free(s->hooks);
	s->hooks = NULL;
}

void settings_manage(struct settings *s, const struct provider *p)
{
	s->managed = true;
	s->vpn = p->role == PROVIDER_VPN;
	if (addr_is_set(&p->gateway))
		s->gateway = p->gateway;
	if (addr_is_set(&p->gateway6))
		s->gateway6 = p->gateway6;
	memcpy(s->dns, p->dns, sizeof(s->dns));
	memcpy(s->dns6, p->dns6, sizeof(s->dns6));
	s->routed6_told = p->routed6;
	s->datapath_told = p->datapath;
}

bool settings_datapath_is_user(const struct settings *s)
{
	return (s->datapath_told ? s->datapath_told : s->datapath) == PROVIDER_DATAPATH_USER;
}

bool settings_datapaths_differ(const struct settings *s)
{
	return s->datapath_told && s->datapath && s->datapath_told != s->datapath;
}

const struct prefixes *settings_routed6(const struct settings *s)
{
	return s->routed6_told.count ? &s->routed6_told : &s->routed6;
}

const struct uplink_names *settings_uplinks(const struct settings *s)
{
	static const struct uplink_names tunnels = { { "wg*", "tun*" }, 2 };

	return s->vpn && !s->uplinks.count ? &tunnels : &s->uplinks;
}
