/* What the kernel counted: packets of links (IFLA_STATS64), packets that met a rule of nf_tables.
 */
#include <endian.h>
#include <errno.h>
#include <linux/if_link.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "common/netlink_internal.h"

static int link_answer(const struct nlmsghdr *h, void *arg)
{
	const struct nlattr *attrs[IFLA_STATS64 + 1];
	struct link_counters *out = arg;
	struct rtnl_link_stats64 s;

	if (h->nlmsg_type != RTM_NEWLINK)
		return 0;
	netlink_attrs(h, sizeof(struct ifinfomsg), attrs, IFLA_STATS64);
	/* A newer kernel's are longer. */
	if (!attrs[IFLA_STATS64] ||
		attr_len(attrs[IFLA_STATS64]) < offsetof(struct rtnl_link_stats64, multicast))
		return -EBADMSG;
	memcpy(&s, attr_data(attrs[IFLA_STATS64]), offsetof(struct rtnl_link_stats64, multicast));
	*out = (struct link_counters){ s.rx_packets, s.rx_bytes, s.tx_packets, s.tx_bytes };
	return 0;
}

int link_counters_get(struct netlink *nl, int ifindex, struct link_counters *out, struct err *e)
{
	struct ifinfomsg i = { .ifi_family = AF_UNSPEC, .ifi_index = ifindex };
	struct netlink_request r;
	int rc;

	*out = (struct link_counters){ .received = 0 };
	netlink_begin(&r, BUS_ROUTE, RTM_GETLINK, 0, &i, sizeof(i));
	rc = netlink_run(nl, &r, link_answer, NULL, out);
	return rc < 0 ? netlink_fail(nl, e, rc, "counters of link %d", ifindex) : 0;
}

struct rules_reading {
	nft_counter_see see;
	void *arg;
	int begun;
};

/* The packets of a rule's counter; false where it has none. */
static bool counter_read(const struct nlattr *expressions, uint64_t *packets)
{
	const struct nlattr *one, *attrs[NFTA_EXPR_DATA + 1], *data[NFTA_COUNTER_PACKETS + 1];

	for (one = attr_first(expressions); one; one = attr_next(expressions, one)) {
		netlink_attrs_nested(one, attrs, NFTA_EXPR_DATA);
		if (!attrs[NFTA_EXPR_NAME] || !attrs[NFTA_EXPR_DATA] ||
			!attr_is_text(attrs[NFTA_EXPR_NAME]) ||
			strcmp(attr_text(attrs[NFTA_EXPR_NAME]), "counter") != 0)
			continue;
		netlink_attrs_nested(attrs[NFTA_EXPR_DATA], data, NFTA_COUNTER_PACKETS);
		if (!data[NFTA_COUNTER_PACKETS] || !attr_is_u64(data[NFTA_COUNTER_PACKETS]))
			return false;
		*packets = be64toh(attr_u64(data[NFTA_COUNTER_PACKETS]));
		return true;
	}
	return false;
}

static int rule_answer(const struct nlmsghdr *h, void *arg)
{
	const struct nlattr *attrs[NFTA_RULE_EXPRESSIONS + 1];
	struct rules_reading *r = arg;
	uint64_t packets;

	netlink_attrs(h, sizeof(struct nfgenmsg), attrs, NFTA_RULE_EXPRESSIONS);
	if (attrs[NFTA_RULE_CHAIN] && attrs[NFTA_RULE_EXPRESSIONS] &&
		attr_is_text(attrs[NFTA_RULE_CHAIN]) &&
		counter_read(attrs[NFTA_RULE_EXPRESSIONS], &packets))
		r->see(r->arg, attr_text(attrs[NFTA_RULE_CHAIN]), packets);
	return 0;
}

static void rules_begin(void *arg)
{
	((struct rules_reading *)arg)->begun++;
}

int nft_counters_read(struct netlink *nl, int family, const char *table, nft_counter_see see,
	void *arg, struct err *e)
{
	struct nfgenmsg m = { .nfgen_family = (uint8_t)family, .version = NFNETLINK_V0 };
	struct rules_reading r = { see, arg, 0 };
	struct netlink_request q;
	int rc;

	netlink_begin(&q, BUS_NETFILTER, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETRULE, NLM_F_DUMP,
		&m, sizeof(m));
	attr_put_text(&q, NFTA_RULE_TABLE, table);
	rc = netlink_run(nl, &q, rule_answer, rules_begin, &r);
	if (!rc && r.begun > 1)
		rc = -EAGAIN;
	return rc < 0 ? netlink_fail(nl, e, rc, "counters of nf_tables' table %s", table) : 0;
}
