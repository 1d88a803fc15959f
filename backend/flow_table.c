#include "backend/flow_table.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "backend/ruleset_nft.h"

/* Behind all others: what any of them drops is never seen here. */
#define PRIORITY_LAST "2147483647"

#define CHAIN "forward"

static void links_render(const struct uplink_names *links, struct text *out)
{
	for (size_t i = 0; i < links->count; i++)
		text_addf(out, "%s\"%s\"", i ? ", " : "", links->names[i]);
}

void flow_table_render(const struct uplink_names *links, uint32_t group, struct text *out)
{
	static const char table[] = "inet " FLOW_TABLE;

	*out = (struct text){ .s = NULL };
	text_addf(out, "add table %s\ndelete table %s\n", table, table);
	if (!links->count)
		return;
	text_addf(out,
		"add table %s\nadd flowtable %s uplinks { hook ingress priority filter; devices = "
		"{ ",
		table, table);
	links_render(links, out);
	text_addf(out,
		" }; }\n"
		"add chain %s " CHAIN " { type filter hook forward priority " PRIORITY_LAST
		"; policy accept; }\n"
		"add rule %s " CHAIN " iifgroup != %u oifgroup != %u return\n"
		"add rule %s " CHAIN " ct state != established return\n"
		"add rule %s " CHAIN " meta l4proto { tcp, udp } th dport != 53 th sport != 53 "
		"flow add @uplinks\n",
		table, table, group, group, table, table);
}

/* Those that can be named to nftables. */
static struct uplink_names plain(const struct uplink_names *links)
{
	struct uplink_names out = { .count = 0 };

	for (size_t i = 0; i < links->count; i++)
		if (uplink_name_is_plain(links->names[i]))
			memcpy(out.names[out.count++], links->names[i], sizeof(out.names[0]));
	return out;
}

static bool links_equal(const struct uplink_names *a, const struct uplink_names *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->names[i], b->names[i]) != 0)
			return false;
	return true;
}

static int look(struct netlink *nl, struct nft_part *out, struct err *e)
{
	*out = (struct nft_part){ .chain = true, .name = CHAIN };
	return nft_part_read(nl, NFT_FAMILY, FLOW_TABLE, out, e);
}

static int write(struct flow_table *t, struct nft_run **run, uint32_t group)
{
	struct text batch;
	int ret;

	flow_table_render(&t->links, group, &batch);
	ret = batch.failed ? -ENOMEM : nft_run(run, batch.s, NULL);
	text_dispose(&batch);
	return ret;
}

int flow_table_stand(struct flow_table *t, struct netlink *nl, struct nft_run **run,
	const struct uplink_names *links, uint32_t group, struct err *e)
{
	struct uplink_names wanted = plain(links);
	bool same = t->tried && links_equal(&t->links, &wanted);
	struct nft_part now;
	int ret;

	if (same && t->failed)
		return 0;
	ret = look(nl, &now, e);
	if (ret)
		return ret;
	if (same ? now.digest == t->made.digest && now.count == t->made.count
		 : !wanted.count && !now.digest)
		return 0;
	*t = (struct flow_table){ .links = wanted, .tried = true };
	ret = write(t, run, group);
	if (ret == -ENOMEM)
		return err_sys(e, ret, "flow table");
	t->failed = ret != 0;
	return t->failed ? 0 : look(nl, &t->made, e);
}
