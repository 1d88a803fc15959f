#include "toolstack/dom0_link.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/file.h"

#define PATIENCE    10 /* seconds for a link to come, connect or go */
#define SYSCTL_MAX  96
#define RENAMES_MAX 8 /* that udev may make while we write to a link's sysctls */

/* --- finding it, waiting for it --- */

int dom0_link_find(struct netlink *nl, const struct mac *mac, struct link *out, struct err *e)
{
	struct link *links = NULL;
	char text[MAC_TEXT_MAX];
	size_t count = 0, found = 0;
	int ret = link_list(nl, &links, &count, e);

	for (size_t i = 0; i < count && !ret; i++)
		if (mac_equal(&links[i].mac, mac) && !found++)
			*out = links[i];
	free(links);
	if (!ret && !found)
		ret = err_set(e, -ENODEV, "dom0 has no link with the MAC %s", mac_print(mac, text));
	return ret;
}

enum wish { THERE, CONNECTED, GONE };

static bool is_fulfilled(enum wish w, int ret, const struct link *l)
{
	return w == GONE ? ret == -ENODEV : !ret && (w == THERE || l->carrier);
}

/* Waits for news of links, and reads them away. */
static int news_await(int fd, long long end, struct err *e)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	long long left = end - clock_milliseconds();

	if (left <= 0)
		return -ETIMEDOUT;
	if (poll(&p, 1, (int)left) < 0)
		return errno == EINTR ? 0 : err_sys(e, -errno, "news of links");
	return netlink_watch_drain(fd, e);
}

static int wish_await(struct netlink *nl, const struct mac *mac, enum wish w, struct err *e)
{
	static const char *const words[] = {
		[THERE] = "the vif is attached, but dom0 has no link of it after %d s (does its "
			  "kernel "
			  "have xen-netfront?)",
		[CONNECTED] = "dom0's link has not been connected by the network domain after %d "
			      "s; netvm status shows what it says",
		[GONE] = "the vif is detached, but dom0 has its link still after %d s",
	};
	long long end = clock_milliseconds() + PATIENCE * 1000LL;
	struct link l;
	int fd = -1, ret = netlink_watch_open(NETLINK_LINKS, &fd, e);

	while (!ret) {
		struct err why = ERR_NONE;
		int seen = dom0_link_find(nl, mac, &l, &why);

		if (is_fulfilled(w, seen, &l))
			break;
		ret = seen && seen != -ENODEV ? err_set(e, seen, "%s", why.text)
					      : news_await(fd, end, e);
	}
	if (fd >= 0)
		close(fd);
	return ret == -ETIMEDOUT ? err_set(e, ret, words[w], PATIENCE) : ret;
}

int dom0_link_await(struct netlink *nl, const struct mac *mac, bool there, struct err *e)
{
	return wish_await(nl, mac, there ? THERE : GONE, e);
}

/* --- setting it --- */

/* Nobody tells dom0 routes or addresses, and it answers for those of this link alone. */
static const struct {
	const char *name; /* behind "net/FAMILY/conf/LINK/" */
	const char *family, *value;
} sysctls[] = {
	{ "accept_redirects", "ipv4", "0" },
	{ "secure_redirects", "ipv4", "0" },
	{ "accept_source_route", "ipv4", "0" },
	{ "send_redirects", "ipv4", "0" },
	{ "rp_filter", "ipv4", "1" },
	{ "arp_ignore", "ipv4", "1" },
	{ "arp_announce", "ipv4", "2" },
	{ "accept_ra", "ipv6", "0" },
	{ "autoconf", "ipv6", "0" },
	{ "accept_redirects", "ipv6", "0" },
};

static int link_sysctl(
	const char *link, const char *family, const char *name, const char *value, struct err *e)
{
	char path[SYSCTL_MAX];

	snprintf(path, sizeof(path), "net/%s/conf/%s/%s", family, link, name);
	return sysctl_set(path, value, e);
}

/* A kernel without IPv6 has no sysctls of it, and no way in by it. */
static bool kernel_has_ip6(void)
{
	return access("/proc/sys/net/ipv6", F_OK) == 0;
}

static int link_quiet_named(const char *link, bool ip6, struct err *e)
{
	bool six = kernel_has_ip6();
	int ret = six ? link_sysctl(link, "ipv6", "disable_ipv6", ip6 ? "0" : "1", e) : 0;

	for (size_t i = 0; i < sizeof(sysctls) / sizeof(sysctls[0]) && !ret; i++)
		if (six || strcmp(sysctls[i].family, "ipv4") == 0)
			ret = link_sysctl(
				link, sysctls[i].family, sysctls[i].name, sysctls[i].value, e);
	return ret;
}

/* udev may rename it meanwhile. */
static int link_quiet(struct netlink *nl, int ifindex, bool ip6, struct err *e)
{
	int ret = -ENOENT;

	for (int i = 0; i < RENAMES_MAX && ret == -ENOENT; i++) {
		struct link l;

		ret = link_get_by_index(nl, ifindex, &l, e);
		if (!ret)
			ret = link_quiet_named(l.name, ip6, e);
	}
	return ret;
}

static int address_set(struct netlink *nl, int ifindex, const struct addr *a, struct err *e)
{
	struct link_addr address = { ifindex, *a, a->family == AF_INET ? 32 : 128 };

	return addr_is_set(a) ? link_addr_set(nl, &address, e) : 0;
}

static int route_by(struct netlink *nl, int ifindex, const struct addr *gateway,
	const struct addr *own, struct err *e)
{
	struct route r = { .dst = { .addr = { .family = gateway->family } },
		.gateway = *gateway,
		.source = *own,
		.ifindex = ifindex,
		.metric = DOM0_ROUTE_METRIC,
		.gateway_on_link = true };

	return addr_is_set(gateway) && addr_is_set(own) ? route_set(nl, &r, e) : 0;
}

int dom0_link_set(struct netlink *nl, const struct guest_link *l, struct err *e)
{
	struct link link;
	int ret = dom0_link_find(nl, &l->mac, &link, e);

	if (!ret)
		ret = link_quiet(nl, link.ifindex, addr_is_set(&l->ip6), e);
	if (!ret && l->mtu)
		ret = link_set_mtu(nl, link.ifindex, l->mtu, e);
	if (!ret)
		ret = address_set(nl, link.ifindex, &l->ip, e);
	if (!ret)
		ret = address_set(nl, link.ifindex, &l->ip6, e);
	if (!ret)
		ret = link_set_up(nl, link.ifindex, true, e);
	if (!ret)
		ret = wish_await(nl, &l->mac, CONNECTED, e);
	if (!ret)
		ret = route_by(nl, link.ifindex, &l->gateway, &l->ip, e);
	return ret ? ret : route_by(nl, link.ifindex, &l->gateway6, &l->ip6, e);
}

int dom0_link_is_needed(struct netlink *nl, const struct guest_link *l, struct err *e)
{
	struct route *routes = NULL;
	size_t count = 0;
	int ret = route_list(nl, 0, &routes, &count, e);

	for (size_t i = 0; i < count && !ret; i++) {
		const struct route *r = &routes[i];
		const struct addr *own = r->dst.addr.family == AF_INET ? &l->ip : &l->ip6;
		struct link link = { .name = "?" };

		if (r->dst.len || r->metric > DOM0_ROUTE_METRIC || !addr_is_set(own))
			continue;
		link_get_by_index(nl, r->ifindex, &link, NULL);
		ret = err_set(e, -EEXIST,
			"dom0 has a network of its own already: a default route through %s, which "
			"would be used in the place of a network domain's",
			link.name);
	}
	free(routes);
	return ret;
}

/* --- the resolver --- */

static bool is_same_file(const char *a, const char *b)
{
	struct stat x, y;

	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static bool is_empty_file(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == 0;
}

bool dom0_resolver_exists(void)
{
	struct stat st;

	return lstat(DOM0_RESOLV_CONF, &st) == 0;
}

static int resolver_write(const struct guest_link *l, struct err *e)
{
	const struct addr *servers[] = { &l->dns[0], &l->dns[1], &l->dns6[0], &l->dns6[1] };
	char text[512] = "# By netvm dom0, over dom0's own, which comes back with netvm dom0 "
			 "down.\n",
	     addr[ADDR_TEXT_MAX];
	size_t used = strlen(text);

	for (size_t i = 0; i < sizeof(servers) / sizeof(servers[0]); i++)
		if (addr_is_set(servers[i]))
			used += (size_t)snprintf(text + used, sizeof(text) - used,
				"nameserver %s\n", addr_print(servers[i], addr));
	return file_replace(DOM0_RESOLVER, text, used, 0644, e);
}

/* The mount is put on resolv.conf itself, also where that is a symbolic link that leads to nothing.
 */
static int resolver_mount(struct err *e)
{
	int ret = 0, tree = open_tree(AT_FDCWD, DOM0_RESOLVER, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	if (tree < 0)
		return err_sys(e, -errno, "%s", DOM0_RESOLVER);
	if (move_mount(tree, "", AT_FDCWD, DOM0_RESOLV_CONF, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		ret = err_sys(e, -errno, "%s: could not be covered", DOM0_RESOLV_CONF);
	close(tree);
	return ret;
}

int dom0_resolver_cover(const struct guest_link *l, struct err *e)
{
	int fd, ret = resolver_write(l, e);

	if (!ret && !dom0_resolver_exists()) {
		fd = open(DOM0_RESOLV_CONF, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
		if (fd < 0)
			ret = err_sys(e, -errno, "%s: could not be created", DOM0_RESOLV_CONF);
		else
			close(fd);
	}
	return ret ? ret : resolver_mount(e);
}

bool dom0_resolver_is_covered(bool made)
{
	return is_same_file(DOM0_RESOLV_CONF, DOM0_RESOLVER) ||
	       (made && is_empty_file(DOM0_RESOLV_CONF));
}

int dom0_resolver_uncover(bool made, struct err *e)
{
	while (is_same_file(DOM0_RESOLV_CONF, DOM0_RESOLVER))
		if (umount2(DOM0_RESOLV_CONF, MNT_DETACH | UMOUNT_NOFOLLOW) < 0)
			return err_sys(e, -errno, "%s: could not be uncovered", DOM0_RESOLV_CONF);
	if (made && is_empty_file(DOM0_RESOLV_CONF) && unlink(DOM0_RESOLV_CONF) < 0)
		return err_sys(e, -errno, "%s", DOM0_RESOLV_CONF);
	if (unlink(DOM0_RESOLVER) < 0 && errno != ENOENT)
		return err_sys(e, -errno, "%s", DOM0_RESOLVER);
	return 0;
}
