/*
 * A table of nf_tables as digests, one a chain, set or map, so that two states of it can be
 * compared without understanding what they say. Rules count in their order, elements in any.
 * Attributes are taken as the kernel gives them; it gives them alike for as long as it runs.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/digest.h"
#include "common/netlink_internal.h"

/* One reading of a table. */
struct reading {
	struct netlink *nl;
	int family;
	const char *table;
	struct netlink_list parts; /* struct nft_part */
	size_t at;		   /* the part that the last rule was of */
	struct nft_part *only;	   /* not NULL: this one is read, and there is no list */
	uint32_t flags;
	int begun; /* how often the request at hand was begun */
};

static uint64_t attr_digest(uint64_t digest, const struct nlattr *attr)
{
	uint16_t type = attr ? attr_type(attr) : 0;

	digest = digest_add(digest, &type, sizeof(type));
	return attr ? digest_add(digest, attr_data(attr), attr_len(attr)) : digest;
}

static bool attr_is(const struct nlattr *attr, const char *text)
{
	return attr && attr_is_text(attr) && strcmp(attr_text(attr), text) == 0;
}

/* The part of that name, beginning behind where the last one was: rules come chain by chain. */
static struct nft_part *part_find(struct reading *r, bool chain, const struct nlattr *name)
{
	struct nft_part *parts = r->parts.items;

	if (r->only)
		return attr_is(name, r->only->name) ? r->only : NULL;
	for (size_t i = 0; i < r->parts.count; i++) {
		size_t at = (r->at + i) % r->parts.count;

		if (parts[at].chain == chain && attr_is(name, parts[at].name)) {
			r->at = at;
			return &parts[at];
		}
	}
	return NULL;
}

static struct nft_part *part_add(struct reading *r, bool chain, const struct nlattr *name)
{
	struct nft_part *p;

	if (r->only)
		return r->only;
	p = netlink_list_add(&r->parts);
	if (p) {
		p->chain = chain;
		snprintf(p->name, sizeof(p->name), "%s", attr_text(name));
	}
	return p;
}

static bool name_fits(const struct nlattr *name)
{
	return name && attr_is_text(name) && attr_len(name) <= NFT_PART_NAME_MAX;
}

/* --- what the kernel answers --- */

static int table_answer(const struct nlmsghdr *h, void *arg)
{
	struct reading *r = arg;
	const struct nlattr *attrs[NFTA_TABLE_FLAGS + 1];

	netlink_attrs(h, sizeof(struct nfgenmsg), attrs, NFTA_TABLE_FLAGS);
	if (attrs[NFTA_TABLE_FLAGS] && attr_is_u32(attrs[NFTA_TABLE_FLAGS]))
		r->flags = ntohl(attr_u32(attrs[NFTA_TABLE_FLAGS]));
	return 0;
}

static int chain_answer(const struct nlmsghdr *h, void *arg)
{
	struct reading *r = arg;
	const struct nlattr *attrs[NFTA_CHAIN_TYPE + 1];
	struct nft_part *p;

	netlink_attrs(h, sizeof(struct nfgenmsg), attrs, NFTA_CHAIN_TYPE);
	if (!attr_is(attrs[NFTA_CHAIN_TABLE], r->table))
		return 0;
	if (!name_fits(attrs[NFTA_CHAIN_NAME]))
		return -EBADMSG;
	p = part_add(r, true, attrs[NFTA_CHAIN_NAME]);
	if (!p)
		return -ENOMEM;
	p->digest = attr_digest(DIGEST_START, attrs[NFTA_CHAIN_HOOK]);
	p->digest = attr_digest(p->digest, attrs[NFTA_CHAIN_POLICY]);
	p->digest = attr_digest(p->digest, attrs[NFTA_CHAIN_TYPE]);
	return 0;
}

/* What a rule does, without what it counted. */
static uint64_t expressions_digest(uint64_t digest, const struct nlattr *list)
{
	const struct nlattr *one, *attrs[NFTA_EXPR_DATA + 1];

	for (one = attr_first(list); one; one = attr_next(list, one)) {
		netlink_attrs_nested(one, attrs, NFTA_EXPR_DATA);
		digest = attr_digest(digest, attrs[NFTA_EXPR_NAME]);
		if (!attr_is(attrs[NFTA_EXPR_NAME], "counter"))
			digest = attr_digest(digest, attrs[NFTA_EXPR_DATA]);
	}
	return digest;
}

static int rule_answer(const struct nlmsghdr *h, void *arg)
{
	struct reading *r = arg;
	const struct nlattr *attrs[NFTA_RULE_EXPRESSIONS + 1];
	struct nft_part *p;

	netlink_attrs(h, sizeof(struct nfgenmsg), attrs, NFTA_RULE_EXPRESSIONS);
	if (!attr_is(attrs[NFTA_RULE_TABLE], r->table))
		return 0;
	p = part_find(r, true, attrs[NFTA_RULE_CHAIN]);
	if (!p)
		return 0; /* made since the chains were read */
	p->count++;
	/* Where one rule ends and the next begins. */
	p->digest = digest_add(p->digest, &p->count, sizeof(p->count));
	if (attrs[NFTA_RULE_EXPRESSIONS])
		p->digest = expressions_digest(p->digest, attrs[NFTA_RULE_EXPRESSIONS]);
	return 0;
}

static int set_answer(const struct nlmsghdr *h, void *arg)
{
	struct reading *r = arg;
	const struct nlattr *attrs[NFTA_SET_FLAGS + 1];

	netlink_attrs(h, sizeof(struct nfgenmsg), attrs, NFTA_SET_FLAGS);
	if (!attr_is(attrs[NFTA_SET_TABLE], r->table))
		return 0;
	/* One without a name is part of its rule, and as constant. */
	if (attrs[NFTA_SET_FLAGS] && attr_is_u32(attrs[NFTA_SET_FLAGS]) &&
		(ntohl(attr_u32(attrs[NFTA_SET_FLAGS])) & NFT_SET_ANONYMOUS))
		return 0;
	if (!name_fits(attrs[NFTA_SET_NAME]))
		return -EBADMSG;
	return part_add(r, false, attrs[NFTA_SET_NAME]) ? 0 : -ENOMEM;
}

static uint64_t element_digest(const struct nlattr *element)
{
	static const uint16_t told[] = { NFTA_SET_ELEM_KEY, NFTA_SET_ELEM_KEY_END,
		NFTA_SET_ELEM_DATA, NFTA_SET_ELEM_FLAGS };
	const struct nlattr *attrs[NFTA_SET_ELEM_MAX + 1];
	uint64_t digest = DIGEST_START;

	netlink_attrs_nested(element, attrs, NFTA_SET_ELEM_MAX);
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
		digest = attr_digest(digest, attrs[told[i]]);
	return digest;
}

/* One that keeps count of something came by a packet; nobody wrote it. */
static bool element_is_of_packets(const struct nlattr *element)
{
	const struct nlattr *attrs[NFTA_SET_ELEM_MAX + 1];

	netlink_attrs_nested(element, attrs, NFTA_SET_ELEM_MAX);
	return attrs[NFTA_SET_ELEM_EXPR];
}

static int elements_answer(const struct nlmsghdr *h, void *arg)
{
	struct reading *r = arg;
	const struct nlattr *attrs[NFTA_SET_ELEM_LIST_ELEMENTS + 1], *one;
	struct nft_part *p;

	netlink_attrs(h, sizeof(struct nfgenmsg), attrs, NFTA_SET_ELEM_LIST_ELEMENTS);
	p = part_find(r, false, attrs[NFTA_SET_ELEM_LIST_SET]);
	if (!p || !attrs[NFTA_SET_ELEM_LIST_ELEMENTS])
		return 0;
	for (one = attr_first(attrs[NFTA_SET_ELEM_LIST_ELEMENTS]); one;
		one = attr_next(attrs[NFTA_SET_ELEM_LIST_ELEMENTS], one)) {
		if (element_is_of_packets(one))
			continue;
		p->count++;
		p->digest += element_digest(one);
	}
	return 0;
}

/* --- what it is asked --- */

#define READ_TRIES 16

static void count_begin(void *arg)
{
	((struct reading *)arg)->begun++;
}

/* -EAGAIN: a dump was begun anew, and what was counted is of both tries. */
static int ask(struct reading *r, uint16_t type, uint16_t flags, netlink_answer answer,
	uint16_t attr, const char *name)
{
	struct nfgenmsg m = { .nfgen_family = (uint8_t)r->family, .version = NFNETLINK_V0 };
	struct netlink_request q;
	int rc;

	netlink_begin(&q, BUS_NETFILTER, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type), flags, &m,
		sizeof(m));
	attr_put_text(&q, NFTA_TABLE_NAME, r->table);
	if (name)
		attr_put_text(&q, attr, name);
	r->begun = 0;
	rc = netlink_run(r->nl, &q, answer, count_begin, r);
	return !rc && r->begun > 1 ? -EAGAIN : rc;
}

_Static_assert((int)NFTA_TABLE_NAME == (int)NFTA_CHAIN_TABLE &&
		       (int)NFTA_TABLE_NAME == (int)NFTA_RULE_TABLE &&
		       (int)NFTA_TABLE_NAME == (int)NFTA_SET_TABLE &&
		       (int)NFTA_TABLE_NAME == (int)NFTA_SET_ELEM_LIST_TABLE,
	"ask() names the table alike in every kind of message");

static int elements_ask(struct reading *r, const char *name)
{
	return ask(
		r, NFT_MSG_GETSETELEM, NLM_F_DUMP, elements_answer, NFTA_SET_ELEM_LIST_SET, name);
}

static int part_ask(struct reading *r)
{
	struct nft_part *p = r->only;
	int rc;

	p->count = 0;
	p->digest = 0;
	if (!p->chain)
		return elements_ask(r, p->name);
	rc = ask(r, NFT_MSG_GETCHAIN, 0, chain_answer, NFTA_CHAIN_NAME, p->name);
	return rc ? rc : ask(r, NFT_MSG_GETRULE, NLM_F_DUMP, rule_answer, NFTA_RULE_CHAIN, p->name);
}

static int table_ask(struct reading *r)
{
	int rc;

	netlink_list_clear(&r->parts);
	r->at = 0;
	rc = ask(r, NFT_MSG_GETTABLE, 0, table_answer, 0, NULL);
	if (!rc)
		rc = ask(r, NFT_MSG_GETCHAIN, NLM_F_DUMP, chain_answer, 0, NULL);
	if (!rc)
		rc = ask(r, NFT_MSG_GETRULE, NLM_F_DUMP, rule_answer, 0, NULL);
	if (!rc)
		rc = ask(r, NFT_MSG_GETSET, NLM_F_DUMP, set_answer, 0, NULL);
	for (size_t i = 0; !rc && i < r->parts.count; i++) {
		struct nft_part *p = (struct nft_part *)r->parts.items + i;

		if (!p->chain)
			rc = elements_ask(r, p->name);
		/* Gone since it was listed. */
		if (rc == -ENOENT)
			rc = -EAGAIN;
	}
	return rc;
}

int nft_table_read(struct netlink *nl, int family, const char *table, uint32_t *flags,
	struct nft_part **out, size_t *count, struct err *e)
{
	struct reading r = { .nl = nl, .family = family, .table = table };
	int rc = -EAGAIN;

	r.parts.size = sizeof(struct nft_part);
	for (int tries = 0; tries < READ_TRIES && rc == -EAGAIN; tries++)
		rc = table_ask(&r);
	*flags = r.flags;
	rc = netlink_list_give(&r.parts, rc, out, count);
	return rc < 0 ? netlink_fail(nl, e, rc, "nf_tables' table %s", table) : 0;
}

int nft_part_read(
	struct netlink *nl, int family, const char *table, struct nft_part *p, struct err *e)
{
	struct reading r = { .nl = nl, .family = family, .table = table, .only = p };
	int rc = -EAGAIN;

	for (int tries = 0; tries < READ_TRIES && rc == -EAGAIN; tries++)
		rc = part_ask(&r);
	if (rc == -ENOENT) {
		p->count = 0;
		p->digest = 0;
		rc = 0;
	}
	return rc < 0 ? netlink_fail(nl, e, rc, "%s in nf_tables' table %s", p->name, table) : 0;
}

static int element_ask(struct reading *r, const char *set, const void *key, size_t key_len)
{
	struct nfgenmsg m = { .nfgen_family = (uint8_t)r->family, .version = NFNETLINK_V0 };
	struct nlattr *list, *one, *part;
	struct netlink_request q;

	netlink_begin(&q, BUS_NETFILTER, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETSETELEM, 0, &m,
		sizeof(m));
	attr_put_text(&q, NFTA_SET_ELEM_LIST_TABLE, r->table);
	attr_put_text(&q, NFTA_SET_ELEM_LIST_SET, set);
	list = attr_nest(&q, NFTA_SET_ELEM_LIST_ELEMENTS);
	one = attr_nest(&q, NFTA_LIST_ELEM);
	part = attr_nest(&q, NFTA_SET_ELEM_KEY);
	attr_put(&q, NFTA_DATA_VALUE, key_len, key);
	attr_nest_end(&q, part);
	attr_nest_end(&q, one);
	attr_nest_end(&q, list);
	return netlink_run(r->nl, &q, elements_answer, NULL, r);
}

int nft_element_read(struct netlink *nl, int family, const char *table, const char *set,
	const void *key, size_t key_len, uint64_t *digest, struct err *e)
{
	struct nft_part p = { .chain = false };
	struct reading r = { .nl = nl, .family = family, .table = table, .only = &p };
	int rc;

	snprintf(p.name, sizeof(p.name), "%s", set);
	rc = element_ask(&r, set, key, key_len);
	*digest = p.digest;
	return rc < 0 && rc != -ENOENT
		       ? netlink_fail(
				 nl, e, rc, "an element of %s in nf_tables' table %s", set, table)
		       : 0;
}
