#include "toolstack/dom0_filter.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/child.h"
#include "common/text.h"
#include "toolstack/dom0_filter_iptables.h"

#define NFT	   "/usr/sbin/nft" /* where PATH does not lead to it */
#define NFT_OUTPUT 65536
#define PATIENCE   30 /* seconds */
#define INET	   1  /* NFPROTO_INET */

/* Begins the table, or ends it, whether or not there is one. */
static const char table_away[] = "add table inet " DOM0_FILTER_TABLE "\n"
				 "delete table inet " DOM0_FILTER_TABLE "\n";

/* Behind connection tracking (priority -200), before everybody's filters. */
static const char table_begin[] =
	"table inet " DOM0_FILTER_TABLE " {\n"
	"	chain in {\n"
	"		ct state established accept\n"
	"		ct state related meta l4proto { icmp, icmpv6 } accept\n"
	"		icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } "
	"ip6 hoplimit 255 accept\n"
	"		drop\n"
	"	}\n"
	"	chain input {\n"
	"		type filter hook input priority -150; policy accept;\n";
static const char forward_begin[] =
	"	}\n"
	"	chain forward {\n"
	"		type filter hook forward priority -150; policy accept;\n";
static const char table_end[] = "	}\n"
				"}\n";

/* What a rule asks of `key`, "iif" or "oif": that it is the link. */
static void links_print(
	struct text *t, const char *key, int ifindex, const struct link *links, size_t count)
{
	text_addf(t, "\t\tmeta %s ", key);
	if (ifindex) {
		text_addf(t, "%d ", ifindex);
		return;
	}
	text_add(t, "!= { ");
	for (size_t i = 0; i < count; i++)
		text_addf(t, "%s%d", i ? ", " : "", links[i].ifindex);
	text_add(t, " } ");
}

char *dom0_filter_print(int ifindex, const struct link *links, size_t count)
{
	struct text t = { .s = NULL };

	text_add(&t, table_away);
	text_add(&t, table_begin);
	links_print(&t, "iif", ifindex, links, count);
	text_add(&t, "jump in\n");
	text_add(&t, forward_begin);
	links_print(&t, "iif", ifindex, links, count);
	text_add(&t, "drop\n");
	links_print(&t, "oif", ifindex, links, count);
	text_add(&t, "drop\n");
	text_add(&t, table_end);
	if (t.failed)
		text_dispose(&t);
	return t.s;
}

static int nft_run(const char *text, struct err *e)
{
	const char *argv[] = { "nft", "-f", "-", NULL };
	struct child_result r;
	int ret = child_run_ok(argv, text, NFT_OUTPUT, PATIENCE, &r, e);

	child_result_free(&r);
	if (ret == -ENOENT) {
		argv[0] = NFT;
		ret = child_run_ok(argv, text, NFT_OUTPUT, PATIENCE, &r, e);
		child_result_free(&r);
	}
	return ret;
}

/* Where neither can be had, both say why. */
static int neither(int ret, const struct err *nft, const struct err *iptables, struct err *e)
{
	if (ret == -ENOENT && nft->code == -ENOENT)
		return err_set(e, ret,
			"neither nft nor iptables is there, and without a packet filter dom0 gets "
			"no network; install the Debian package nftables or iptables");
	return err_set(e, ret, "%s; %s", nft->text, iptables->text);
}

int dom0_filter_shut(
	struct netlink *nl, int ifindex, const struct link *links, size_t count, struct err *e)
{
	struct err nft = ERR_NONE, iptables = ERR_NONE;
	char *text = dom0_filter_print(ifindex, links, count);
	int ret = text ? nft_run(text, &nft) : err_sys(e, -ENOMEM, "dom0's packet filter");

	if (ret && text) {
		ret = dom0_iptables_shut(nl, ifindex, links, count, &iptables);
		if (ret)
			neither(ret, &nft, &iptables, e);
	}
	free(text);
	return ret;
}

/* Whichever stands, be the other there or not. */
int dom0_filter_open(struct netlink *nl, struct err *e)
{
	int ret =
		nft_chain_exists(nl, INET, DOM0_FILTER_TABLE, "input") ? nft_run(table_away, e) : 0;

	return ret ? ret : dom0_iptables_open(e);
}

bool dom0_filter_stands(struct netlink *nl, bool *partly)
{
	*partly = nft_chain_exists(nl, INET, DOM0_FILTER_TABLE, "input");
	return *partly || dom0_iptables_stand(partly);
}
