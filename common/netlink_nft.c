/*
 * nf_tables' generation: a number that the kernel raises with every change of any table, and the
 * news that it was raised (linux/netfilter/nf_tables.h: NFT_MSG_GETGEN, NFNLGRP_NFTABLES).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/netlink_internal.h"

static int generation_answer(const struct nlmsghdr *h, void *arg)
{
	const struct nlattr *attrs[NFTA_GEN_ID + 1];

	if (h->nlmsg_type != (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWGEN))
		return 0;
	netlink_attrs(h, sizeof(struct nfgenmsg), attrs, NFTA_GEN_ID);
	if (!attrs[NFTA_GEN_ID] || !attr_is_u32(attrs[NFTA_GEN_ID]))
		return -EBADMSG;
	*(uint32_t *)arg = ntohl(attr_u32(attrs[NFTA_GEN_ID]));
	return 0;
}

int nft_generation_get(struct netlink *nl, uint32_t *generation, struct err *e)
{
	struct nfgenmsg all = { .nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0 };
	struct netlink_request r;
	int rc;

	*generation = 0;
	netlink_begin(&r, BUS_NETFILTER, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETGEN, 0, &all,
		sizeof(all));
	netlink_ask_one(&r);
	rc = netlink_run(nl, &r, generation_answer, NULL, generation);
	return rc < 0 ? netlink_fail(nl, e, rc, "nf_tables' generation") : 0;
}

bool nft_chain_exists(struct netlink *nl, int family, const char *table, const char *chain)
{
	struct nfgenmsg m = { .nfgen_family = (uint8_t)family, .version = NFNETLINK_V0 };
	struct netlink_request r;

	netlink_begin(
		&r, BUS_NETFILTER, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETCHAIN, 0, &m, sizeof(m));
	attr_put_text(&r, NFTA_CHAIN_TABLE, table);
	attr_put_text(&r, NFTA_CHAIN_NAME, chain);
	return netlink_run(nl, &r, NULL, NULL, NULL) == 0;
}

int nft_watch_open(int *fd, struct err *e)
{
	struct sockaddr_nl self = { .nl_family = AF_NETLINK };
	int group = NFNLGRP_NFTABLES, rc = 0;
	int s = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_NETFILTER);

	if (s < 0)
		return err_sys(e, -errno, "news of nf_tables");
	if (bind(s, (const struct sockaddr *)&self, sizeof(self)) < 0 ||
		setsockopt(s, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
		rc = -errno;
	if (rc) {
		close(s);
		return err_sys(e, rc, "news of nf_tables");
	}
	*fd = s;
	return 0;
}
