/* The keys of the registry's files: what each may hold, in tables that reading, changing and the
 * manual share. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "toolstack/registry_internal.h"

static int name_check(const char *text, struct err *e)
{
	return domain_name_check(text) ? err_set(e, -EINVAL, "a domain's name") : 0;
}

static int role_check(const char *text, struct err *e)
{
	if (strcmp(text, "router") == 0 || strcmp(text, "vpn") == 0)
		return 0;
	return err_set(e, -EINVAL, "\"router\" or \"vpn\"");
}

static int datapath_check(const char *text, struct err *e)
{
	if (strcmp(text, "kernel") == 0 || strcmp(text, "user") == 0)
		return 0;
	return err_set(e, -EINVAL, "\"kernel\" or \"user\"");
}

static int watchdog_check(const char *text, struct err *e)
{
	if (strcmp(text, "off") == 0 || strcmp(text, "report") == 0 || strcmp(text, "restart") == 0)
		return 0;
	return err_set(e, -EINVAL, "\"off\", \"report\" or \"restart\"");
}

static int policy_check(const char *text, struct err *e)
{
	if (strcmp(text, "accept") == 0 || strcmp(text, "drop") == 0)
		return 0;
	return err_set(e, -EINVAL, "\"accept\" or \"drop\"");
}

static int rule_check(const char *text, struct err *e)
{
	struct err why;

	if (registry_rule_check(text, NULL) == 0)
		return 0;
	registry_rule_check(text, &why);
	return err_set(e, -EINVAL, "a rule: %s", why.text);
}

static int mtu_check(const char *text, struct err *e)
{
	return config_check_number(text, 576, 65535, "bytes", e);
}

static int connections_check(const char *text, struct err *e)
{
	return config_check_number(text, 1, CLIENT_CONNECTIONS_MAX, "connections", e);
}

static int interval_check(const char *text, struct err *e)
{
	return config_check_number(text, 1, 3600, "seconds", e);
}

static int packets_check(const char *text, struct err *e)
{
	return config_check_number(text, 1, CLIENT_PACKETS_MAX, "packets", e);
}

static int bytes_check(const char *text, struct err *e)
{
	return config_check_number(text, 1, CLIENT_BYTES_MAX, "bytes", e);
}

static int path_check(const char *text, struct err *e)
{
	return text[0] == '/' && strlen(text) < PATH_MAX ? 0
							 : err_set(e, -EINVAL, "an absolute path");
}

/* "0000:03:00.0" or "03:00.0", as xl writes PCI devices. */
static int bdf_check(const char *text, struct err *e)
{
	static const char form[] = "xxxx:xx:xx.x";
	const char *f = strlen(text) == 7 ? form + 5 : form;

	for (; *f; f++, text++)
		if (*f == 'x' ? !*text || !strchr("0123456789abcdefABCDEF", *text) : *text != *f)
			break;
	return *f || *text ? err_set(e, -EINVAL, "a PCI device (\"0000:03:00.0\")") : 0;
}

#define GLOBAL(member) offsetof(struct registry_globals, member)
#define DOMAIN(member) offsetof(struct registry_domain, member)

const struct config_key registry_global_keys[] = {
	{ "default_netvm", CONFIG_TEXT, GLOBAL(default_netvm), name_check,
		"network domain of the domains whose file has no netvm key; \"none\", the default, "
		"for "
		"none" },
	{ "pool", CONFIG_LIST, GLOBAL(pool_text), config_check_prefix,
		"IPv4 subnets that addresses are given from (default [ \"10.137.0.0/16\" ])" },
	{ "pool6", CONFIG_LIST, GLOBAL(pool6_text), config_check_prefix,
		"IPv6 subnets that addresses are given from; without it no domain is given an IPv6 "
		"address" },
	{ "dns", CONFIG_LIST, GLOBAL(dns_text), config_check_addr4,
		"one or two virtual resolvers that guests are told; network domains lead them to "
		"real "
		"ones (default [ \"10.139.1.1\", \"10.139.1.2\" ])" },
	{ "dns6", CONFIG_LIST, GLOBAL(dns6_text), config_check_addr6,
		"the same for IPv6 (default: none)" },
	{ "watchdog_interval", CONFIG_NUMBER, GLOBAL(watchdog_interval), interval_check,
		"seconds between two questions of netvm watchdog to each network domain (default "
		"30); one that is silent for three times as long does not answer" },
	{ NULL, CONFIG_TEXT, 0, NULL, NULL },
};

const struct config_key registry_domain_keys[] = {
	{ "netvm", CONFIG_TEXT, DOMAIN(netvm_text), name_check,
		"network domain that serves this domain, or \"none\"; without the key the "
		"default_netvm" },
	{ "provides_network", CONFIG_BOOL, DOMAIN(provides_network), NULL,
		"1: this domain is a network domain" },
	{ "ip", CONFIG_TEXT, DOMAIN(ip_text), config_check_addr4,
		"IPv4 address; given from the pool and written here where there is none" },
	{ "ip6", CONFIG_TEXT, DOMAIN(ip6_text), config_check_addr6,
		"IPv6 address; likewise, where pool6 is set" },
	{ "visible_ip", CONFIG_TEXT, DOMAIN(visible_ip_text), config_check_addr4,
		"IPv4 address that it is told, and sees, in the place of ip; its network domain "
		"translates. Others may see the same one; whoever speaks to it, or of it in a "
		"rule, says ip" },
	{ "visible_gateway", CONFIG_TEXT, DOMAIN(visible_gateway_text), config_check_addr4,
		"likewise, in the place of its network domain's address. What really has this "
		"address cannot be reached from it" },
	{ "mac", CONFIG_TEXT, DOMAIN(mac_text), config_check_mac,
		"MAC address of its vif; without the key that of its xl config, or one that "
		"follows "
		"from the name" },
	{ "mtu", CONFIG_NUMBER, DOMAIN(mtu), mtu_check,
		"MTU of its vif, in bytes; without the key what its network domain's way out "
		"takes, at most 1500, and it follows that" },
	{ "role", CONFIG_TEXT, DOMAIN(role_text), role_check,
		"of a network domain: \"router\" (the default) or \"vpn\"" },
	{ "datapath", CONFIG_TEXT, DOMAIN(datapath_text), datapath_check,
		"of a network domain: what moves its guests' packets, \"kernel\" (xen-netback) or "
		"\"user\" (a process for each vif that has nothing else; xen-netback must not be "
		"loaded there: netbackd(8)). A guest is attached to a network domain that can do "
		"so, or not at all. Without the key what its netbackd.conf(5) says, which counts "
		"for nothing beside it" },
	{ "watchdog", CONFIG_TEXT, DOMAIN(watchdog_text), watchdog_check,
		"what netvm watchdog does about this network domain when it does not answer any "
		"more, or has lost its uplink: \"report\" (the default) says so, \"restart\" "
		"destroys and starts it as well, \"off\" does not look at it" },
	{ "routed6", CONFIG_LIST, DOMAIN(routed6_text), config_check_routed6,
		"of a network domain that no other serves: at most 16 IPv6 subnets that the world "
		"routes to it. Guests with addresses of these (ip6, pool6) leave with them, all "
		"others with that of its uplink. Nobody gets in by it, but to ports that a guest "
		"exposes, then at its own address, too. Without the key what its netbackd.conf(5) "
		"says" },
	{ "policy", CONFIG_TEXT, DOMAIN(policy_text), policy_check,
		"what its network domain does with a packet that none of its rules matches: "
		"\"accept\" (the default without rules) or \"drop\" (the default with rules)" },
	{ "rules", CONFIG_LINES, DOMAIN(rules), rule_check,
		"what it may reach, in the language of xen-netvm-policy(7), one rule a text; the "
		"first that matches decides; dst=@guest:NAME stands for the addresses of another "
		"domain that has a file here" },
	{ "expose", CONFIG_LIST, DOMAIN(expose_text), registry_expose_check,
		"ports that are open to the outside: \"tcp/8080:80\" leads port 8080 of its "
		"network domain's uplink to its port 80, \"udp/53\" to the same port, through "
		"every network domain on the way out; other guests do not get in there. "
		"\"tcp/80@192.0.2.0/24\" is open to that subnet alone (several: one text each). "
		"\"tcp/80 from NETVM\" is led from that network domain on and by none further "
		"out: open to what its uplink brings, and to nobody while it is not on the way" },
	{ "links", CONFIG_LIST, DOMAIN(links), registry_link_check,
		"ports of other guests that it may open connections to: \"web tcp/80\", \"db "
		"udp/53\"; nothing is opened the other way. A link comes before all of its rules. "
		"It holds within one network domain: while the two have different ones it opens "
		"nothing. A rule that drops that port of that guest by its name (dst=@guest:web) "
		"contradicts it, and the file is refused" },
	{ "dhcp", CONFIG_BOOL, DOMAIN(dhcp), NULL,
		"1: its network domain also tells it its IPv4 address, gateway, resolvers and MTU "
		"by DHCP: for a guest in which nothing of ours runs, such as an installer" },
	{ "cable", CONFIG_BOOL, DOMAIN(cable), NULL, "0: cut off, as if its cable was pulled" },
	{ "connections", CONFIG_NUMBER, DOMAIN(connections), connections_check,
		"how many tracked connections it may have at once; without the key what its "
		"network domain gives every guest (netbackd.conf(5))" },
	{ "packets_per_second", CONFIG_NUMBER, DOMAIN(packets_per_second), packets_check,
		"how many packets a second it may send from each of its addresses; what is more is "
		"dropped by its network domain" },
	{ "bytes_per_second", CONFIG_NUMBER, DOMAIN(bytes_per_second), bytes_check,
		"how many bytes a second it may send from each of its addresses, IP headers "
		"included; what is more is dropped by its network domain" },
	{ "config", CONFIG_TEXT, DOMAIN(config), path_check,
		"its xl config (default /etc/xen/NAME.cfg)" },
	{ "pci", CONFIG_LIST, DOMAIN(pci), bdf_check, "network devices that are assigned to it" },
	{ NULL, CONFIG_TEXT, 0, NULL, NULL },
};
