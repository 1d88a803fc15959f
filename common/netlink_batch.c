/*
 * Batches of nfnetlink: requests that the kernel takes as one (nfnetlink_rcv_batch()). They are
 * kept as the bytes that are sent, one behind the other, so that who wants to compare them with
 * what the kernel says finds them as they would be told.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "common/netlink_internal.h"

void netlink_batch_dispose(struct netlink_batch *b)
{
	free(b->bytes);
	*b = (struct netlink_batch){ .bytes = NULL };
}

void netlink_batch_add(struct netlink_batch *b, const struct netlink_request *r)
{
	const size_t len = NLMSG_ALIGN(r->header->nlmsg_len);

	if (r->full)
		b->rc = -EMSGSIZE;
	if (!b->rc && b->len + len > b->space) {
		const size_t space = 2 * (b->space + len);
		char *bytes = realloc(b->bytes, space);

		if (bytes) {
			b->bytes = bytes;
			b->space = space;
		} else {
			b->rc = -ENOMEM;
		}
	}
	if (b->rc)
		return;
	memcpy(b->bytes + b->len, r->header, len);
	b->len += len;
}

static void edge_add(struct netlink_batch *b, uint16_t type, uint16_t subsystem)
{
	const struct nfgenmsg m = { .version = NFNETLINK_V0, .res_id = htons(subsystem) };
	struct netlink_request r;

	netlink_begin(&r, BUS_NETFILTER, type, 0, &m, sizeof(m));
	netlink_batch_add(b, &r);
}

void netlink_batch_begin(struct netlink_batch *b, uint16_t subsystem)
{
	*b = (struct netlink_batch){ .bytes = NULL };
	edge_add(b, NFNL_MSG_BATCH_BEGIN, subsystem);
}

int netlink_batch_run(struct netlink *nl, struct netlink_batch *b)
{
	edge_add(b, NFNL_MSG_BATCH_END, 0);
	return b->rc ? b->rc : netlink_run_all(nl, b->bytes, b->len);
}
