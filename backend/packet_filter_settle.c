#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/packet_filter_engine.h"
#include "common/file.h"

/*
 * IPv6 forwarding makes the kernel deaf to router advertisements, by which this domain may have its
 * own addresses, unless accept_ra is 2 (linux/Documentation/networking/ip-sysctl.rst).
 */
static int forward6(struct netlink *nl, uint32_t group, struct err *e)
{
	struct link *links = NULL;
	size_t count = 0;
	int ret = link_list(nl, &links, &count, e);

	for (size_t i = 0; i < count && !ret; i++) {
		char name[64], path[96], *now = NULL;

		if (links[i].group == group || links[i].loopback)
			continue;
		snprintf(name, sizeof(name), "net/ipv6/conf/%s/accept_ra", links[i].name);
		snprintf(path, sizeof(path), "/proc/sys/%s", name);
		if (file_read(path, 16, &now, NULL, NULL) == 0 && strcmp(now, "1\n") == 0)
			ret = sysctl_set(name, "2", e);
		free(now);
	}
	free(links);
	return ret ? ret : sysctl_set("net/ipv6/conf/all/forwarding", "1", e);
}

int packet_filter_forward(struct netlink *nl, const struct ruleset *r, bool ip6, struct err *e)
{
	int ret = sysctl_set("net/ipv4/ip_forward", "1", e);

	/* Tells which questions are still to be answered (flows.c); without it that is guessed. */
	sysctl_set("net/netfilter/nf_conntrack_acct", "1", NULL);
	return ret || !ip6 ? ret : forward6(nl, r->group, e);
}
