#include "toolstack/netvm_domain.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "toolstack/netvm.h"

static bool netvm_value(const struct registry_domain *d, char *buf, size_t size)
{
	snprintf(buf, size, "%s", netvm_of(d));
	return d->netvm_text;
}

static bool provides_value(const struct registry_domain *d, char *buf, size_t size)
{
	snprintf(buf, size, "%d", d->provides_network);
	return d->provides_network;
}

static bool addr_value(const struct addr *a, const char *text, char *buf, size_t size)
{
	char print[ADDR_TEXT_MAX];

	snprintf(buf, size, "%s", addr_is_set(a) ? addr_print(a, print) : "");
	return text;
}

static bool ip_value(const struct registry_domain *d, char *buf, size_t size)
{
	return addr_value(&d->ip, d->ip_text, buf, size);
}

static bool ip6_value(const struct registry_domain *d, char *buf, size_t size)
{
	return addr_value(&d->ip6, d->ip6_text, buf, size);
}

static bool visible_ip_value(const struct registry_domain *d, char *buf, size_t size)
{
	const struct addr *seen = addr_is_set(&d->visible_ip) ? &d->visible_ip : &d->ip;

	return addr_value(seen, d->visible_ip_text, buf, size);
}

static bool visible_gateway_value(const struct registry_domain *d, char *buf, size_t size)
{
	static const struct addr none;
	const struct addr *real = d->netvm ? &d->netvm->ip : &none;
	const struct addr *seen = addr_is_set(&d->visible_gateway) ? &d->visible_gateway : real;

	return addr_value(seen, d->visible_gateway_text, buf, size);
}

static bool mac_value(const struct registry_domain *d, char *buf, size_t size)
{
	char print[MAC_TEXT_MAX];
	struct mac mac;

	registry_mac(d, &mac);
	snprintf(buf, size, "%s", mac_print(&mac, print));
	return d->mac_text;
}

static bool mtu_value(const struct registry_domain *d, char *buf, size_t size)
{
	if (d->mtu)
		snprintf(buf, size, "%ld", d->mtu);
	return d->mtu;
}

static bool role_value(const struct registry_domain *d, char *buf, size_t size)
{
	snprintf(buf, size, "%s", d->role == PROVIDER_VPN ? "vpn" : "router");
	return d->role_text;
}

static bool datapath_value(const struct registry_domain *d, char *buf, size_t size)
{
	snprintf(buf, size, "%s", d->datapath_text ? d->datapath_text : "");
	return d->datapath_text;
}

static bool watchdog_value(const struct registry_domain *d, char *buf, size_t size)
{
	static const char *const words[] = { [WATCHDOG_REPORTS] = "report",
		[WATCHDOG_RESTARTS] = "restart",
		[WATCHDOG_OFF] = "off" };

	snprintf(buf, size, "%s", d->provides_network ? words[d->watchdog] : "");
	return d->watchdog_text;
}

static bool policy_value(const struct registry_domain *d, char *buf, size_t size)
{
	snprintf(buf, size, "%s", d->policy == POLICY_DROP ? "drop" : "accept");
	return d->policy_text;
}

/* They would not fit: domain_value() gives them. */
static bool rules_value(const struct registry_domain *d, char *buf, size_t size)
{
	(void)buf;
	(void)size;
	return d->rules;
}

static bool dhcp_value(const struct registry_domain *d, char *buf, size_t size)
{
	snprintf(buf, size, "%d", d->dhcp);
	return d->dhcp;
}

static bool cable_value(const struct registry_domain *d, char *buf, size_t size)
{
	snprintf(buf, size, "%d", d->cable);
	return !d->cable;
}

static bool number_value(long n, char *buf, size_t size)
{
	if (n)
		snprintf(buf, size, "%ld", n);
	return n;
}

static bool connections_value(const struct registry_domain *d, char *buf, size_t size)
{
	return number_value(d->connections, buf, size);
}

static bool packets_value(const struct registry_domain *d, char *buf, size_t size)
{
	return number_value(d->packets_per_second, buf, size);
}

static bool bytes_value(const struct registry_domain *d, char *buf, size_t size)
{
	return number_value(d->bytes_per_second, buf, size);
}

static bool config_value(const struct registry_domain *d, char *buf, size_t size)
{
	if (registry_xl_config(d, buf, size, NULL))
		buf[0] = '\0';
	return d->config;
}

static bool list_value(const struct config_list *l, const char *between, char *buf, size_t size)
{
	size_t used = 0;

	for (size_t i = 0; i < l->count && used < size; i++)
		used += (size_t)snprintf(
			buf + used, size - used, "%s%s", i ? between : "", l->item[i]);
	return l->count;
}

static bool pci_value(const struct registry_domain *d, char *buf, size_t size)
{
	return list_value(&d->pci, " ", buf, size);
}

static bool expose_value(const struct registry_domain *d, char *buf, size_t size)
{
	return list_value(&d->expose_text, " ", buf, size);
}

static bool routed6_value(const struct registry_domain *d, char *buf, size_t size)
{
	return list_value(&d->routed6_text, " ", buf, size);
}

/* Their items are words themselves. */
static bool links_value(const struct registry_domain *d, char *buf, size_t size)
{
	return list_value(&d->links, ",", buf, size);
}

/* 0: not given. */
static void number_json(struct json *j, const char *key, long n)
{
	if (n)
		json_number(j, key, n);
	else
		json_text(j, key, NULL);
}

static void list_json(struct json *j, const char *key, const struct config_list *l)
{
	json_array(j, key);
	for (size_t i = 0; i < l->count; i++)
		json_text(j, NULL, l->item[i]);
	json_array_end(j);
}

static const struct {
	const char *key;
	bool (*value)(const struct registry_domain *d, char *buf, size_t size);
} values[] = {
	{ "netvm", netvm_value },
	{ "provides_network", provides_value },
	{ "ip", ip_value },
	{ "ip6", ip6_value },
	{ "visible_ip", visible_ip_value },
	{ "visible_gateway", visible_gateway_value },
	{ "mac", mac_value },
	{ "mtu", mtu_value },
	{ "role", role_value },
	{ "datapath", datapath_value },
	{ "watchdog", watchdog_value },
	{ "routed6", routed6_value },
	{ "policy", policy_value },
	{ "rules", rules_value },
	{ "expose", expose_value },
	{ "links", links_value },
	{ "dhcp", dhcp_value },
	{ "cable", cable_value },
	{ "connections", connections_value },
	{ "packets_per_second", packets_value },
	{ "bytes_per_second", bytes_value },
	{ "config", config_value },
	{ "pci", pci_value },
};

const char *domain_value(
	const struct registry_domain *d, const char *key, char buf[DOMAIN_VALUE_MAX], bool *given)
{
	buf[0] = '\0';
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		bool set;

		if (strcmp(values[i].key, key) != 0)
			continue;
		set = values[i].value(d, buf, DOMAIN_VALUE_MAX);
		if (given)
			*given = set;
		return values[i].value == rules_value && set ? d->rules : buf;
	}
	return NULL;
}

static void value_json(struct json *j, const struct registry_domain *d, const char *key)
{
	char buf[DOMAIN_VALUE_MAX];
	const char *text = domain_value(d, key, buf, NULL);

	json_text(j, key, text && *text ? text : NULL);
}

/* Each of the lines as an item. */
static void lines_json(struct json *j, const char *lines)
{
	while (lines && *lines) {
		size_t len = strcspn(lines, "\n");
		char *line = strndup(lines, len);

		json_text(j, NULL, line);
		free(line);
		lines += len + (lines[len] == '\n');
	}
}

void domain_json(struct json *j, const struct registry_domain *d)
{
	json_text(j, "name", d->name);
	json_text(j, "fault", d->fault ? d->fault->text : NULL);
	if (d->fault)
		return;
	json_text(j, "netvm", d->netvm ? d->netvm->name : NULL);
	json_bool(j, "netvm_is_default", netvm_is_default(d));
	json_bool(j, "provides_network", d->provides_network);
	value_json(j, d, "ip");
	value_json(j, d, "ip6");
	value_json(j, d, "visible_ip");
	value_json(j, d, "visible_gateway");
	value_json(j, d, "mac");
	number_json(j, "mtu", d->mtu);
	value_json(j, d, "role");
	value_json(j, d, "datapath");
	value_json(j, d, "watchdog");
	list_json(j, "routed6", &d->routed6_text);
	value_json(j, d, "policy");
	json_array(j, "rules");
	lines_json(j, d->rules);
	json_array_end(j);
	list_json(j, "expose", &d->expose_text);
	list_json(j, "links", &d->links);
	json_bool(j, "dhcp", d->dhcp);
	json_bool(j, "cable", d->cable);
	number_json(j, "connections", d->connections);
	number_json(j, "packets_per_second", d->packets_per_second);
	number_json(j, "bytes_per_second", d->bytes_per_second);
	value_json(j, d, "config");
	list_json(j, "pci", &d->pci);
}
