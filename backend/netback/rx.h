/*
 * rx: what goes to a guest, from the tap to its ring: a batch of packets in pages of ours, and the
 * slots that the guest offered for them. The steps are those that datapath.c tells, in this order.
 *
 * A packet that was read when the guest had no room for it is kept; until it has gone the tap is
 * not asked for more. Must not know what comes from the guest.
 */
#ifndef NETVM_RX_H
#define NETVM_RX_H

#include <stdint.h>
/* Which needs that one. */
#include <xen/io/netif.h>

#include "backend/netback/copies.h"
#include "backend/netback/multicast.h"
#include "backend/netback/ring.h"
#include "backend/netback/rx_packet.h"

/* Packets of a batch, and pages of ours for them: those in use, and behind them the room that one
 * more packet may need. */
#define RX_BATCH 64
#define RX_PAGES (RING_SLOTS + (RX_PACKET_MAX + RING_PAGE - 1) / RING_PAGE)

/* What is answered in a slot, and was asked for there. */
struct rx_slot {
	struct netif_rx_request request;
	union {
		struct netif_rx_response response;
		struct netif_extra_info extra;
	} answer;
};

struct rx {
	struct ring ring;
	struct rx_packet packets[RX_BATCH];
	size_t packet_count;
	struct rx_slot slots[RING_SLOTS];
	size_t slot_count;
	uint8_t (*pages)[RING_PAGE]; /* RX_PAGES; the caller's */
	size_t page_count;	     /* in use */
	size_t first_copy;	     /* of the batch, among all of a pass */
	bool kept;		     /* the last packet waits for room */
	bool tap_may; /* have packets: it was not asked since something went there or it rang */
	/* The caller's as well. */
	const struct guest_takes *takes;
	const struct multicast *groups;
	struct counters *counters;
};

/* Reads packets, and takes requests for them, for as long as there are both; asks for copies.
 * -EPROTO: the ring cannot be followed; -ENODEV: there is no tap any more. */
int rx_collect(struct rx *rx, int tap, struct copies *copies, struct err *e);

/* Puts the answers into the slots of the batch, whose copies were made; `marked` is set before.
 * True: the guest wants to be woken. */
bool rx_answer(struct rx *rx, const struct copies *copies, uint32_t *marked);

/* How many requests the kept packet waits for; 0: none is kept. */
uint32_t rx_wanted(const struct rx *rx);

/* Answers with an error what another process had begun to answer. True: as above. */
bool rx_resume(struct rx *rx, uint32_t marked);

#endif
