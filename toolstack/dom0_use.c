#include "toolstack/dom0_use.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/file.h"

#define MOUNTINFO	"/proc/self/mountinfo"
#define MOUNTINFO_MAX	(1024 * 1024)
#define MOUNT_WORDS_MAX 64

/* --- the root file system --- */

/* The address behind "addr=" in a mount's options. */
static void options_server(const char *options, struct addr *out)
{
	char text[ADDR_TEXT_MAX];

	while (options && *options) {
		size_t len = strcspn(options, ",");

		if (strncmp(options, "addr=", 5) == 0 && len - 5 < sizeof(text)) {
			memcpy(text, options + 5, len - 5);
			text[len - 5] = '\0';
			if (addr_parse(text, out))
				memset(out, 0, sizeof(*out));
			return;
		}
		options += len + (options[len] == ',');
	}
}

/* One line: "36 35 98:0 /root /mount options [fields] - type source super-options". */
static void mount_take(char *line, struct addr *out)
{
	static const char *const network[] = { "nfs", "nfs4", "cifs", "smb3", "ceph", "9p" };
	char *word[MOUNT_WORDS_MAX], *rest;
	size_t count = 0, dash = 6;

	for (char *w = strtok_r(line, " ", &rest); w && count < MOUNT_WORDS_MAX;
		w = strtok_r(NULL, " ", &rest))
		word[count++] = w;
	if (count < 5 || strcmp(word[4], "/") != 0)
		return;
	memset(out, 0, sizeof(*out)); /* a later mount hides an earlier one */
	while (dash < count && strcmp(word[dash], "-") != 0)
		dash++;
	if (dash + 3 >= count)
		return;
	for (size_t i = 0; i < sizeof(network) / sizeof(network[0]); i++)
		if (strcmp(word[dash + 1], network[i]) == 0)
			options_server(word[dash + 3], out);
}

void dom0_root_server(const char *mountinfo, struct addr *out)
{
	char *copy = strdup(mountinfo), *rest;

	memset(out, 0, sizeof(*out));
	for (char *line = copy ? strtok_r(copy, "\n", &rest) : NULL; line;
		line = strtok_r(NULL, "\n", &rest))
		mount_take(line, out);
	free(copy);
}

static int root_read(struct netlink *nl, struct dom0_net *out, struct err *e)
{
	struct route way;
	char *text;
	int ret = file_read(MOUNTINFO, MOUNTINFO_MAX, &text, NULL, e);

	if (ret)
		return ret;
	dom0_root_server(text, &out->root_server);
	free(text);
	if (!addr_is_set(&out->root_server))
		return 0;
	ret = route_find(nl, &out->root_server, &way, e);
	if (!ret)
		out->root_ifindex = way.ifindex;
	return ret == -ENOENT ? 0 : ret;
}

/* --- dom0's network --- */

int dom0_net_read(struct dom0_net *out, struct err *e)
{
	struct netlink *nl = NULL;
	int ret;

	memset(out, 0, sizeof(*out));
	ret = netlink_open(&nl, e);
	if (!ret)
		ret = link_list(nl, &out->links, &out->link_count, e);
	if (!ret)
		ret = link_addr_list(nl, 0, &out->addrs, &out->addr_count, e);
	if (!ret)
		ret = route_list(nl, 0, &out->routes, &out->route_count, e);
	if (!ret)
		ret = root_read(nl, out, e);
	netlink_close(nl);
	if (ret) {
		dom0_net_free(out);
		err_prefix(e, "what dom0 does over its interfaces could not be read");
	}
	return ret;
}

void dom0_net_free(struct dom0_net *n)
{
	free(n->links);
	free(n->addrs);
	free(n->routes);
	memset(n, 0, sizeof(*n));
}

/* --- what goes through --- */

/* The name of the interface, if it is in the stack. */
static const char *stack_link(const struct dom0_net *n, const struct pci_stack *stack, int ifindex)
{
	for (size_t i = 0; ifindex && i < n->link_count; i++) {
		if (n->links[i].ifindex != ifindex)
			continue;
		for (size_t k = 0; k < stack->count; k++)
			if (strcmp(stack->name[k], n->links[i].name) == 0)
				return stack->name[k];
	}
	return NULL;
}

static bool is_local(const struct addr *a)
{
	return addr_is_linklocal(a) || addr_is_loopback(a);
}

/* fe80::/64, 169.254.0.0/16 and multicast come with the interface. */
static bool comes_with_link(const struct prefix *p)
{
	bool multicast = p->addr.family == AF_INET6 ? p->addr.bytes[0] == 0xff
						    : p->addr.bytes[0] >> 4 == 0xe;

	return p->len && (is_local(&p->addr) || multicast);
}

static void route_note(const struct route *r, const char *link, struct dom0_use *use)
{
	if (r->dst.len == 0 && !use->default_route[0]) {
		snprintf(use->default_route, sizeof(use->default_route), "%s", link);
	} else if (r->dst.len && !comes_with_link(&r->dst) && !use->route[0]) {
		prefix_print(&r->dst, use->route);
		snprintf(use->route_link, sizeof(use->route_link), "%s", link);
	}
}

void dom0_use_find(const struct dom0_net *n, const struct pci_stack *stack, struct dom0_use *use)
{
	const char *link;

	for (size_t i = 0; i < n->route_count; i++) {
		link = stack_link(n, stack, n->routes[i].ifindex);
		if (link)
			route_note(&n->routes[i], link, use);
	}
	for (size_t i = 0; i < n->addr_count && !use->address[0]; i++) {
		char text[ADDR_TEXT_MAX];

		link = stack_link(n, stack, n->addrs[i].ifindex);
		if (!link || is_local(&n->addrs[i].addr))
			continue;
		snprintf(use->address, sizeof(use->address), "%s/%u",
			addr_print(&n->addrs[i].addr, text), n->addrs[i].prefix_len);
		snprintf(use->address_link, sizeof(use->address_link), "%s", link);
	}
	link = stack_link(n, stack, n->root_ifindex);
	if (link)
		snprintf(use->root_fs, sizeof(use->root_fs), "%s", link);
}

int dom0_use_of_device(const char *sysfs, const struct dom0_net *n, const struct pci_device *d,
	struct dom0_use *use, struct err *e)
{
	struct pci_stack stack;
	int ret = 0;

	memset(use, 0, sizeof(*use));
	for (size_t i = 0; i < d->net_count && !ret; i++) {
		ret = pci_stack_read(sysfs, d->nets[i].name, &stack, e);
		if (!ret)
			dom0_use_find(n, &stack, use);
	}
	return ret;
}
