/*
 * tx: what a guest sends, from its ring to the tap: a batch of packets, with pages of ours that
 * they are copied into. The steps are those that datapath.c tells, in this order.
 *
 * Must not know what goes to the guest.
 */
#ifndef NETVM_TX_H
#define NETVM_TX_H

#include "backend/netback/copies.h"
#include "backend/netback/multicast.h"
#include "backend/netback/packet_check.h"
#include "backend/netback/ring.h"
#include "backend/netback/tx_packet.h"

/* Packets of a batch. Each slot has a page of ours. */
#define TX_BATCH 64
#define TX_PAGES RING_SLOTS

struct tx {
	struct ring ring;
	struct tx_slot slots[TX_PAGES];
	size_t slot_count;
	struct tx_packet packets[TX_BATCH];
	size_t packet_count;
	uint8_t (*pages)[RING_PAGE]; /* of the slot with the same index; the caller's */
	/* The caller's as well. */
	const struct packet_rules *rules;
	struct multicast *groups;
	struct counters *counters;
};

/* Takes requests: as many whole packets as there are pages for; asks for their copies. -EPROTO:
 * the ring cannot be followed. */
int tx_take(struct tx *tx, struct copies *copies, struct err *e);

/* Puts the answers of the batch into its slots, whose copies were made; `marked` is set before.
 * True: the guest wants to be woken. */
bool tx_answer(struct tx *tx, const struct copies *copies, uint32_t *marked);

/* Writes to the tap what the guest may send. How many packets went there is in `sent`. -ENODEV:
 * there is no tap any more. */
int tx_send(struct tx *tx, int tap, size_t *sent, struct err *e);

/* Answers with an error what another process had begun to answer, of which slots up to `marked`
 * may tell no more than where packets end. */
int tx_resume(struct tx *tx, uint32_t *marked, bool *wake, struct err *e);

#endif
