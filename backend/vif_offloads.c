#include "backend/vif_offloads.h"

#include <errno.h>
#include <stdio.h>

#include "backend/vif.h"

#define MTU_WITHOUT_PIECES 1500 /* ETH_DATA_LEN, in xenvif_change_mtu() */

static uint32_t or_one(uint32_t queues)
{
	return queues ? queues : 1;
}

bool vif_offloads_judge(const struct vif_offloads *o, char words[NETVM_WORDS_MAX])
{
	const struct vif_connection *g = &o->says;
	int n = 0;

	if (o->refused && or_one(g->queues) > or_one(o->queues_most))
		n = snprintf(words, NETVM_WORDS_MAX,
			"has %u queues, of %u that its backend has for it: it was refused",
			g->queues, or_one(o->queues_most));
	else if (!o->pieces && o->mtu > MTU_WITHOUT_PIECES)
		n = snprintf(words, NETVM_WORDS_MAX,
			"takes no packets in pieces (feature-sg), so none of more than %u bytes, "
			"but its link's MTU is %u",
			MTU_WITHOUT_PIECES, o->mtu);
	else if ((g->segments4 || g->segments6) && !g->pieces)
		n = snprintf(words, NETVM_WORDS_MAX,
			"takes TCP that is to be cut (feature-gso-tcpv%c), but no packets in "
			"pieces "
			"(feature-sg), so it gets neither",
			g->segments4 ? '4' : '6');
	else if (g->segments4 && g->no_checksum4)
		n = snprintf(words, NETVM_WORDS_MAX,
			"takes TCP that is to be cut (feature-gso-tcpv4), but none that is to be "
			"summed (feature-no-csum-offload), so it gets neither");
	else if (g->segments6 && !g->checksum6)
		n = snprintf(words, NETVM_WORDS_MAX,
			"takes TCP that is to be cut (feature-gso-tcpv6), but none that is to be "
			"summed (feature-ipv6-csum-offload), so it gets neither");
	return n > 0;
}

/* The guest's own words, and whether its backend refused it. */
static int words_read(struct store *store, uint32_t backend, const struct vif_id *id,
	enum xenbus_state state, struct vif_offloads *o, struct err *e)
{
	int ret = vif_features_read(store, id, &o->says, e);

	o->refused = state != XENBUS_CONNECTED;
	if (!ret && o->refused)
		ret = vif_backend_read_queues(store, backend, id, &o->queues_most, e);
	return ret == -ENOENT ? 0 : ret;
}

int vif_offloads_look(struct netlink *nl, struct store *store, uint32_t backend,
	const struct vif_id *id, enum xenbus_state state, char words[NETVM_WORDS_MAX],
	struct err *e)
{
	struct vif_offloads o = { .mtu = 0 };
	struct link_offloads has;
	char name[LINK_NAME_MAX];
	struct link link;
	int ret;

	words[0] = '\0';
	if (state < XENBUS_CONNECTED)
		return 0; /* the guest has not said what it takes */
	ret = link_get(nl, vif_link_name(id, false, name), &link, e);
	if (!ret)
		ret = link_offloads_get(name, &has, e);
	if (ret || (state == XENBUS_CONNECTED && has.checksum && has.scatter_gather &&
			   has.segmentation))
		return ret;
	o.mtu = link.mtu;
	o.pieces = has.scatter_gather;
	ret = words_read(store, backend, id, state, &o, e);
	if (!ret)
		vif_offloads_judge(&o, words);
	return ret;
}
