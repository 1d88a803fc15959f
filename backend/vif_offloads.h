/*
 * vif_offloads: whether what a guest takes of unfinished packets goes together.
 *
 * A frontend says which packets it takes in pieces, not summed, not cut into segments. Linux cuts
 * that down to what goes together (netdev_fix_features()), silently, so such a guest is slow, or
 * hears of large packets only that they are lost, and nobody says why. Facts are from
 * linux/drivers/net/xen-netback: xenvif_fix_features() and xenvif_change_mtu() in interface.c,
 * connect() and read_xenbus_vif_flags() in xenbus.c. It must not know passes.
 */
#ifndef NETVM_VIF_OFFLOADS_H
#define NETVM_VIF_OFFLOADS_H

#include "common/link_offloads.h"
#include "common/netlink.h"
#include "xenstore-schema/schema.h"

struct vif_offloads {
	uint32_t mtu;		    /* of the link, bytes */
	bool pieces;		    /* the kernel hands the link packets in pieces */
	struct vif_connection says; /* the guest: hostile; zeroed: nothing */
	bool refused;		    /* the kernel's backend has closed on a guest that is to stay */
	uint32_t queues_most;	    /* of that backend; 0: it does not say, and has one */
};

/* Pure. Whether something does not go together; then what, of "its guest", without full stop. */
bool vif_offloads_judge(const struct vif_offloads *o, char words[NETVM_WORDS_MAX]);

/*
 * The same of a vif whose backend's state is `state`; `words` "" where all is well. Asks the kernel
 * alone where the link has all that a guest can take. -ENODEV: no such link.
 */
int vif_offloads_look(struct netlink *nl, struct store *store, uint32_t backend,
	const struct vif_id *id, enum xenbus_state state, char words[NETVM_WORDS_MAX],
	struct err *e);

#endif
