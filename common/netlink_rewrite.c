/*
 * Rewriting of addresses on a link: one table of nf_tables' netdev family a link, which nobody else
 * has business with, of two chains, one rule a rewrite. A rule compares a word of the packet and
 * writes another in its place (nft_payload.c), which keeps no state.
 *
 * A table for each link, since nf_tables looks over a whole table whenever a rule is added to it.
 * The kernel takes a chain away with its link, or keeps it for one that comes under the same name;
 * the table stays in any case.
 *
 * What stands is told by comparing what the kernel says with what it would be told: the same
 * messages are made, and all that they say must be found in its own.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/netlink_internal.h"

#define TABLE_PREFIX "xen-netvm-"
#define TABLE_MAX    (sizeof(TABLE_PREFIX) + LINK_NAME_MAX)
/* In front of, and behind, whatever others hang there. */
#define FIRST INT32_MIN
#define LAST  INT32_MAX

#define NFT(type) ((uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | (type)))

/* uapi/linux/netfilter.h has it from 5.16 on. */
#define HOOK_INGRESS 0
#define HOOK_EGRESS  1

/* Where a field is: RFC 791, RFC 826, RFC 792 (a quoted IP header begins 8 bytes behind). */
static const struct field {
	uint16_t protocol; /* Ethernet's */
	bool quoted;	   /* in an ICMP error; offsets count from ICMP's header */
	uint8_t offset;
	uint8_t checksum; /* of the IP header that has the field; 0: none */
} fields[REWRITE_FIELDS] = {
	[REWRITE_SOURCE] = { ETH_P_IP, false, 12, 10 },
	[REWRITE_DESTINATION] = { ETH_P_IP, false, 16, 10 },
	[REWRITE_ARP_SENDER] = { ETH_P_ARP, false, 14, 0 },
	[REWRITE_ARP_TARGET] = { ETH_P_ARP, false, 24, 0 },
	/* ICMP's own checksum stays right, for that of the quoted header makes up for the address.
	 */
	[REWRITE_QUOTED_SOURCE] = { ETH_P_IP, true, 8 + 12, 8 + 10 },
	[REWRITE_QUOTED_DESTINATION] = { ETH_P_IP, true, 8 + 16, 8 + 10 },
};

/* ICMP types that quote a packet (RFC 792): 3 destination unreachable, 4 source quench, 5 redirect;
 * 11 time exceeded, 12 parameter problem. */
static const struct icmp_range {
	uint8_t first, last;
} icmp_errors[] = { { 3, 5 }, { 11, 12 } };
#define ICMP_RANGES (sizeof(icmp_errors) / sizeof(icmp_errors[0]))

/* --- messages --- */

static void nft_begin(struct netlink_request *r, uint16_t type, uint16_t flags)
{
	const struct nfgenmsg m = { .nfgen_family = NFPROTO_NETDEV, .version = NFNETLINK_V0 };

	netlink_begin(r, BUS_NETFILTER, NFT(type), flags, &m, sizeof(m));
}

static void put_be32(struct netlink_request *r, uint16_t type, uint32_t value)
{
	attr_put_u32(r, type, htonl(value));
}

static void put_data(struct netlink_request *r, uint16_t type, const void *data, size_t len)
{
	struct nlattr *nest = attr_nest(r, type);

	attr_put(r, NFTA_DATA_VALUE, len, data);
	attr_nest_end(r, nest);
}

static void table_add(struct netlink_batch *b, uint16_t type, uint16_t flags, const char *table)
{
	struct netlink_request r;

	nft_begin(&r, type, flags);
	attr_put_text(&r, NFTA_TABLE_NAME, table);
	netlink_batch_add(b, &r);
}

static const char *chain_name(bool leaving)
{
	return leaving ? "leaving" : "entering";
}

static void chain_add(struct netlink_batch *b, const char *table, const char *link, bool leaving)
{
	struct netlink_request r;
	struct nlattr *hook;

	nft_begin(&r, NFT_MSG_NEWCHAIN, NLM_F_CREATE);
	attr_put_text(&r, NFTA_CHAIN_TABLE, table);
	attr_put_text(&r, NFTA_CHAIN_NAME, chain_name(leaving));
	hook = attr_nest(&r, NFTA_CHAIN_HOOK);
	put_be32(&r, NFTA_HOOK_HOOKNUM, leaving ? HOOK_EGRESS : HOOK_INGRESS);
	put_be32(&r, NFTA_HOOK_PRIORITY, (uint32_t)(leaving ? LAST : FIRST));
	attr_put_text(&r, NFTA_HOOK_DEV, link);
	attr_nest_end(&r, hook);
	put_be32(&r, NFTA_CHAIN_POLICY, NF_ACCEPT);
	attr_put_text(&r, NFTA_CHAIN_TYPE, "filter");
	netlink_batch_add(b, &r);
}

/* --- rules --- */

struct expression {
	struct nlattr *item, *data;
};

static struct expression expression_begin(struct netlink_request *r, const char *name)
{
	struct expression x = { .item = attr_nest(r, NFTA_LIST_ELEM) };

	attr_put_text(r, NFTA_EXPR_NAME, name);
	x.data = attr_nest(r, NFTA_EXPR_DATA);
	return x;
}

static void expression_end(struct netlink_request *r, struct expression x)
{
	attr_nest_end(r, x.data);
	attr_nest_end(r, x.item);
}

static void put_meta(struct netlink_request *r, uint32_t key)
{
	const struct expression x = expression_begin(r, "meta");

	put_be32(r, NFTA_META_DREG, NFT_REG_1);
	put_be32(r, NFTA_META_KEY, key);
	expression_end(r, x);
}

static void put_load(struct netlink_request *r, uint32_t base, uint32_t offset, uint32_t len)
{
	const struct expression x = expression_begin(r, "payload");

	put_be32(r, NFTA_PAYLOAD_DREG, NFT_REG_1);
	put_be32(r, NFTA_PAYLOAD_BASE, base);
	put_be32(r, NFTA_PAYLOAD_OFFSET, offset);
	put_be32(r, NFTA_PAYLOAD_LEN, len);
	expression_end(r, x);
}

static void put_equal(struct netlink_request *r, const void *data, size_t len)
{
	const struct expression x = expression_begin(r, "cmp");

	put_be32(r, NFTA_CMP_SREG, NFT_REG_1);
	put_be32(r, NFTA_CMP_OP, NFT_CMP_EQ);
	put_data(r, NFTA_CMP_DATA, data, len);
	expression_end(r, x);
}

static void put_icmp_range(struct netlink_request *r, const struct icmp_range *range)
{
	static const uint8_t icmp = IPPROTO_ICMP;
	struct expression x;

	put_meta(r, NFT_META_L4PROTO);
	put_equal(r, &icmp, sizeof(icmp));
	put_load(r, NFT_PAYLOAD_TRANSPORT_HEADER, 0, sizeof(range->first));
	x = expression_begin(r, "range");
	put_be32(r, NFTA_RANGE_SREG, NFT_REG_1);
	put_be32(r, NFTA_RANGE_OP, NFT_RANGE_EQ);
	put_data(r, NFTA_RANGE_FROM_DATA, &range->first, sizeof(range->first));
	put_data(r, NFTA_RANGE_TO_DATA, &range->last, sizeof(range->last));
	expression_end(r, x);
}

static void put_write(struct netlink_request *r, const struct field *f, const struct addr *to)
{
	struct expression x = expression_begin(r, "immediate");

	put_be32(r, NFTA_IMMEDIATE_DREG, NFT_REG_1);
	put_data(r, NFTA_IMMEDIATE_DATA, to->bytes, addr_len(to));
	expression_end(r, x);
	x = expression_begin(r, "payload");
	put_be32(r, NFTA_PAYLOAD_SREG, NFT_REG_1);
	put_be32(r, NFTA_PAYLOAD_BASE,
		f->quoted ? NFT_PAYLOAD_TRANSPORT_HEADER : NFT_PAYLOAD_NETWORK_HEADER);
	put_be32(r, NFTA_PAYLOAD_OFFSET, f->offset);
	put_be32(r, NFTA_PAYLOAD_LEN, (uint32_t)addr_len(to));
	put_be32(r, NFTA_PAYLOAD_CSUM_TYPE,
		f->checksum ? NFT_PAYLOAD_CSUM_INET : NFT_PAYLOAD_CSUM_NONE);
	put_be32(r, NFTA_PAYLOAD_CSUM_OFFSET, f->checksum);
	/* Addresses of the packet itself count in the checksums of TCP and UDP. */
	put_be32(r, NFTA_PAYLOAD_CSUM_FLAGS,
		f->checksum && !f->quoted ? NFT_PAYLOAD_L4CSUM_PSEUDOHDR : 0);
	expression_end(r, x);
}

/* `range`: of a quoted field. */
static void rule_add(struct netlink_batch *b, const char *table, const struct rewrite *w,
	const struct icmp_range *range)
{
	const struct field *f = &fields[w->field];
	const uint16_t protocol = htons(f->protocol);
	struct netlink_request r;
	struct nlattr *list;

	nft_begin(&r, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
	attr_put_text(&r, NFTA_RULE_TABLE, table);
	attr_put_text(&r, NFTA_RULE_CHAIN, chain_name(w->leaving));
	list = attr_nest(&r, NFTA_RULE_EXPRESSIONS);
	put_meta(&r, NFT_META_PROTOCOL);
	put_equal(&r, &protocol, sizeof(protocol));
	if (f->quoted)
		put_icmp_range(&r, range);
	put_load(&r, f->quoted ? NFT_PAYLOAD_TRANSPORT_HEADER : NFT_PAYLOAD_NETWORK_HEADER,
		f->offset, (uint32_t)addr_len(&w->from));
	put_equal(&r, w->from.bytes, addr_len(&w->from));
	put_write(&r, f, &w->to);
	attr_nest_end(&r, list);
	netlink_batch_add(b, &r);
}

static void rules_add(
	struct netlink_batch *b, const char *table, const struct rewrites *w, bool leaving)
{
	for (size_t i = 0; i < w->count; i++) {
		const size_t rules = fields[w->item[i].field].quoted ? ICMP_RANGES : 1;

		for (size_t k = 0; w->item[i].leaving == leaving && k < rules; k++)
			rule_add(b, table, &w->item[i], &icmp_errors[k]);
	}
}

/* Chains and rules, in the order in which the kernel tells them. */
static void contents_add(
	struct netlink_batch *b, const char *table, const char *link, const struct rewrites *w)
{
	chain_add(b, table, link, false);
	chain_add(b, table, link, true);
	rules_add(b, table, w, false);
	rules_add(b, table, w, true);
}

/* --- doing --- */

static const char *table_name(const char *link, char buf[TABLE_MAX])
{
	snprintf(buf, TABLE_MAX, TABLE_PREFIX "%s", link);
	return buf;
}

int link_rewrite_set(struct netlink *nl, const char *link, const struct rewrites *w, struct err *e)
{
	struct netlink_batch b = { .bytes = NULL };
	char table[TABLE_MAX];
	int rc;

	table_name(link, table);
	netlink_batch_begin(&b, NFNL_SUBSYS_NFTABLES);
	/* So that it can be deleted whether it was there or not. */
	table_add(&b, NFT_MSG_NEWTABLE, NLM_F_CREATE, table);
	table_add(&b, NFT_MSG_DELTABLE, 0, table);
	table_add(&b, NFT_MSG_NEWTABLE, NLM_F_CREATE, table);
	contents_add(&b, table, link, w);
	rc = netlink_batch_run(nl, &b);
	netlink_batch_dispose(&b);
	if (rc < 0)
		return netlink_fail(nl, e, rc,
			"cannot rewrite addresses on %s (kernel: nf_tables with "
			"CONFIG_NF_TABLES_NETDEV "
			"and CONFIG_NETFILTER_EGRESS)",
			link);
	return 0;
}

/* What a kernel without nf_tables, or a link without a table, answers. */
static bool is_nothing(int rc)
{
	return rc == -ENOENT || rc == -EOPNOTSUPP || rc == -EPROTONOSUPPORT || rc == -EINVAL;
}

static int table_delete(struct netlink *nl, const char *table, struct err *e)
{
	struct netlink_batch b = { .bytes = NULL };
	int rc;

	netlink_batch_begin(&b, NFNL_SUBSYS_NFTABLES);
	table_add(&b, NFT_MSG_DELTABLE, 0, table);
	rc = netlink_batch_run(nl, &b);
	netlink_batch_dispose(&b);
	return rc < 0 && !is_nothing(rc) ? netlink_fail(nl, e, rc, "nf_tables' table %s", table)
					 : 0;
}

int link_rewrite_delete(struct netlink *nl, const char *link, struct err *e)
{
	char table[TABLE_MAX];

	return table_delete(nl, table_name(link, table), e);
}

/* --- looking --- */

static bool name_has_prefix(const struct nlattr *name)
{
	return name && attr_is_text(name) && attr_len(name) <= TABLE_MAX &&
	       strncmp(attr_text(name), TABLE_PREFIX, strlen(TABLE_PREFIX)) == 0;
}

/* A table as it is read, beside the messages that would make it. */
struct looking {
	const struct netlink_batch *said;
	const char *table;
	size_t at; /* the next one */
	bool differs;
	/* Both as they were when the request at hand was begun. */
	size_t at_then;
	bool differed;
};

/* The table's name is the first attribute of chains and of rules. */
_Static_assert((int)NFTA_CHAIN_TABLE == (int)NFTA_RULE_TABLE, "one place for both");
#define ATTRS_MAX 32

static int look_answer(const struct nlmsghdr *h, void *arg)
{
	struct looking *l = arg;
	const struct nlmsghdr *s =
		message_at(l->said->bytes + l->at, l->said->bytes + l->said->len);
	const struct nlattr *is[ATTRS_MAX + 1], *said[ATTRS_MAX + 1];

	netlink_attrs(h, sizeof(struct nfgenmsg), is, ATTRS_MAX);
	if (!is[NFTA_RULE_TABLE] || !attr_is_text(is[NFTA_RULE_TABLE]) ||
		strcmp(attr_text(is[NFTA_RULE_TABLE]), l->table) != 0)
		return 0;
	if (!s || s->nlmsg_type != h->nlmsg_type) {
		l->differs = true;
		return 0;
	}
	l->at += NLMSG_ALIGN(s->nlmsg_len);
	netlink_attrs(s, sizeof(struct nfgenmsg), said, ATTRS_MAX);
	for (size_t i = 0; i <= ATTRS_MAX; i++)
		if (said[i] && (!is[i] || !attr_says(is[i], said[i])))
			l->differs = true;
	return 0;
}

static void look_restart(void *arg)
{
	struct looking *l = arg;

	l->at = l->at_then;
	l->differs = l->differed;
}

static int look_ask(struct netlink *nl, struct looking *l, uint16_t type)
{
	struct netlink_request r;

	l->at_then = l->at;
	l->differed = l->differs;
	nft_begin(&r, type, NLM_F_DUMP);
	attr_put_text(&r, NFTA_RULE_TABLE, l->table);
	return netlink_run(nl, &r, look_answer, look_restart, l);
}

static int table_exists(struct netlink *nl, const char *table, bool *exists)
{
	struct netlink_request r;
	int rc;

	nft_begin(&r, NFT_MSG_GETTABLE, 0);
	netlink_ask_one(&r);
	attr_put_text(&r, NFTA_TABLE_NAME, table);
	rc = netlink_run(nl, &r, NULL, NULL, NULL);
	*exists = rc == 0;
	return rc < 0 && !is_nothing(rc) ? rc : 0;
}

int link_rewrite_look(struct netlink *nl, const char *link, const struct rewrites *w,
	enum rewrites_found *out, struct err *e)
{
	struct netlink_batch said = { .bytes = NULL };
	char table[TABLE_MAX];
	struct looking l = { .said = &said, .table = table_name(link, table) };
	bool exists = false;
	int rc = table_exists(nl, table, &exists);

	*out = REWRITES_NONE;
	if (!rc && exists) {
		contents_add(&said, table, link, w);
		rc = said.rc;
		if (!rc)
			rc = look_ask(nl, &l, NFT_MSG_GETCHAIN);
		if (!rc)
			rc = look_ask(nl, &l, NFT_MSG_GETRULE);
		*out = l.differs || l.at != said.len ? REWRITES_OTHERS : REWRITES_THESE;
	}
	netlink_batch_dispose(&said);
	return rc < 0 ? netlink_fail(nl, e, rc, "nf_tables' table %s", table) : 0;
}

const char *rewrites_of(const struct nlmsghdr *h)
{
	const struct nfgenmsg *m = message_data(h);
	const struct nlattr *attrs[NFTA_RULE_TABLE + 1];

	if (h->nlmsg_type >> 8 != NFNL_SUBSYS_NFTABLES || message_len(h) < sizeof(*m) ||
		m->nfgen_family != NFPROTO_NETDEV)
		return NULL;
	netlink_attrs(h, sizeof(*m), attrs, NFTA_RULE_TABLE);
	return name_has_prefix(attrs[NFTA_RULE_TABLE])
		       ? attr_text(attrs[NFTA_RULE_TABLE]) + strlen(TABLE_PREFIX)
		       : NULL;
}

/* --- what is left --- */

struct name {
	char text[TABLE_MAX];
};

static int tables_answer(const struct nlmsghdr *h, void *arg)
{
	const struct nlattr *attrs[NFTA_TABLE_NAME + 1];
	struct name *name;

	netlink_attrs(h, sizeof(struct nfgenmsg), attrs, NFTA_TABLE_NAME);
	if (!name_has_prefix(attrs[NFTA_TABLE_NAME]))
		return 0;
	name = netlink_list_add(arg);
	if (!name)
		return -ENOMEM;
	snprintf(name->text, sizeof(name->text), "%s", attr_text(attrs[NFTA_TABLE_NAME]));
	return 0;
}

int link_rewrite_sweep(struct netlink *nl, struct err *e)
{
	struct netlink_list list = { .size = sizeof(struct name) };
	struct netlink_request r;
	struct name *names = NULL;
	struct link link;
	size_t count = 0;
	int rc;

	nft_begin(&r, NFT_MSG_GETTABLE, NLM_F_DUMP);
	rc = netlink_run(nl, &r, tables_answer, netlink_list_clear, &list);
	if (is_nothing(rc))
		rc = 0;
	rc = netlink_list_give(&list, rc, &names, &count);
	if (rc < 0)
		return netlink_fail(nl, e, rc, "nf_tables' tables");
	for (size_t i = 0; i < count && !rc; i++)
		if (link_get(nl, names[i].text + strlen(TABLE_PREFIX), &link, NULL) == -ENODEV)
			rc = table_delete(nl, names[i].text, e);
	free(names);
	return rc;
}
