#include "toolstack/guest_config.h"

#include <assert.h>
#include <errno.h>
#include <net/if.h>
#include <string.h>

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

/* What a printer needs. */
struct guest {
	const char *name, *interface;
	const struct guest_link *link;
};

static void put(FILE *out, const char *before, const struct addr *a, const char *after)
{
	char text[ADDR_TEXT_MAX];

	fprintf(out, "%s%s%s", before, addr_print(a, text), after);
}

/* --- ip= --- */

static uint32_t number_of(const struct addr *a)
{
	return (uint32_t)a->bytes[0] << 24 | (uint32_t)a->bytes[1] << 16 |
	       (uint32_t)a->bytes[2] << 8 | a->bytes[3];
}

/* Whether `a` is neither the first nor the last address of its subnet. */
static bool is_inner(uint32_t a, uint32_t mask)
{
	return (a & ~mask) != 0 && (a & ~mask) != ~mask;
}

/* The smallest subnet in which both are hosts. */
static uint32_t netmask_of(const struct addr *ip, const struct addr *gateway)
{
	uint32_t a = number_of(ip), b = number_of(gateway), mask = UINT32_MAX << 2;

	while (mask && ((a ^ b) & mask || !is_inner(a, mask) || !is_inner(b, mask)))
		mask <<= 1;
	return mask;
}

/* A name that the kernel would take as it is: ':' ends the field, and behind a '.' it sees a NIS
 * domain. */
static const char *host_name(const char *name)
{
	return name[strspn(name, LETTERS "-")] ? "" : name;
}

static void kernel_ip_print(FILE *out, const struct guest *g)
{
	const struct guest_link *l = g->link;
	uint32_t mask = netmask_of(&l->ip, &l->gateway);

	put(out, "ip=", &l->ip, "::");
	put(out, "", &l->gateway, ":");
	fprintf(out, "%u.%u.%u.%u:%s:%s:off", mask >> 24, mask >> 16 & 255, mask >> 8 & 255,
		mask & 255, host_name(g->name), g->interface);
	for (size_t i = 0; i < 2; i++)
		if (addr_is_set(&l->dns[i]))
			put(out, ":", &l->dns[i], "");
	fputc('\n', out);
}

/* --- cloud-init --- */

static void resolvers_print(FILE *out, const struct guest_link *l, const char *before,
	const char *between, const char *after)
{
	const struct addr *const all[] = { &l->dns[0], &l->dns[1], &l->dns6[0], &l->dns6[1] };
	bool any = false;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (!addr_is_set(all[i]))
			continue;
		put(out, any ? between : before, all[i], "");
		any = true;
	}
	if (any)
		fputs(after, out);
}

static void route_print(FILE *out, const char *to, const struct addr *via)
{
	if (!addr_is_set(via))
		return;
	fprintf(out, "      - to: \"%s\"\n", to);
	put(out, "        via: \"", via, "\"\n        on-link: true\n");
}

static void cloud_init_print(FILE *out, const struct guest *g)
{
	const struct guest_link *l = g->link;
	char mac[MAC_TEXT_MAX];

	fprintf(out,
		"version: 2\n"
		"ethernets:\n"
		"  \"%s\":\n"
		"    match:\n"
		"      macaddress: \"%s\"\n"
		"    set-name: \"%s\"\n"
		"    dhcp4: false\n"
		"    dhcp6: false\n"
		"    accept-ra: false\n",
		g->interface, mac_print(&l->mac, mac), g->interface);
	if (l->mtu)
		fprintf(out, "    mtu: %u\n", l->mtu);
	fputs("    addresses:\n", out);
	if (addr_is_set(&l->ip))
		put(out, "      - \"", &l->ip, "/32\"\n");
	if (addr_is_set(&l->ip6))
		put(out, "      - \"", &l->ip6, "/128\"\n");
	fputs("    routes:\n", out);
	route_print(out, "0.0.0.0/0", &l->gateway);
	route_print(out, "::/0", &l->gateway6);
	resolvers_print(out, l, "    nameservers:\n      addresses: [ \"", "\", \"", "\" ]\n");
}

/* --- interfaces --- */

static void family_print(FILE *out, const struct guest *g, bool six)
{
	const struct guest_link *l = g->link;
	const struct addr *gateway = six ? &l->gateway6 : &l->gateway;

	fprintf(out, "iface %s %s static\n", g->interface, six ? "inet6" : "inet");
	put(out, "\taddress ", six ? &l->ip6 : &l->ip, six ? "/128\n" : "/32\n");
	if (!six)
		put(out, "\tpointopoint ", gateway, "\n");
	put(out, "\tgateway ", gateway, "\n");
	if (six)
		fputs("\taccept_ra 0\n", out);
	if (l->mtu)
		fprintf(out, "\tmtu %u\n", l->mtu);
}

/* The resolvers stand once, behind the last family: resolvconf takes them from anywhere. */
static void interfaces_print(FILE *out, const struct guest *g)
{
	const struct guest_link *l = g->link;

	fprintf(out, "auto %s\n", g->interface);
	if (addr_is_set(&l->ip))
		family_print(out, g, false);
	if (addr_is_set(&l->ip6))
		family_print(out, g, true);
	resolvers_print(out, l, "\tdns-nameservers ", " ", "\n");
}

/* --- */

static const struct {
	const char *name;
	void (*print)(FILE *out, const struct guest *g);
} formats[] = {
	[GUEST_KERNEL_IP] = { "kernel-ip", kernel_ip_print },
	[GUEST_CLOUD_INIT] = { "cloud-init", cloud_init_print },
	[GUEST_INTERFACES] = { "interfaces", interfaces_print },
};
static_assert(sizeof(formats) / sizeof(formats[0]) == GUEST_FORMATS, "every format is printed");

enum guest_format guest_format_find(const char *name)
{
	enum guest_format f = 0;

	while (f < GUEST_FORMATS && strcmp(formats[f].name, name) != 0)
		f++;
	return f;
}

const char *guest_format_name(enum guest_format f)
{
	return formats[f].name;
}

bool guest_interface_check(const char *name)
{
	size_t len = strlen(name);

	return len && len < IFNAMSIZ && strspn(name, LETTERS "._-") == len &&
	       strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

static int gateway_check(
	const char *name, const struct addr *ip, const struct addr *gateway, struct err *e)
{
	char text[ADDR_TEXT_MAX];

	if (!addr_is_set(ip) || addr_is_set(gateway))
		return 0;
	return err_set(e, -EINVAL,
		"%s has the address %s, but its network domain none that could be the gateway",
		name, addr_print(ip, text));
}

int guest_config_print(FILE *out, enum guest_format f, const char *name, const char *interface,
	const struct guest_link *link, struct err *e)
{
	const struct guest g = { name, interface, link };
	int ret = gateway_check(name, &link->ip, &link->gateway, e);

	if (!ret)
		ret = gateway_check(name, &link->ip6, &link->gateway6, e);
	if (!ret && !addr_is_set(&link->ip) && !addr_is_set(&link->ip6))
		ret = err_set(e, -EINVAL, "%s has no address", name);
	if (!ret && f == GUEST_KERNEL_IP && !addr_is_set(&link->ip))
		ret = err_set(e, -EINVAL,
			"%s has no IPv4 address, and ip= knows no other; --format cloud-init and "
			"--format interfaces do",
			name);
	if (!ret)
		formats[f].print(out, &g);
	return ret;
}
