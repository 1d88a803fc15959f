/*
 * tx_packet: one packet that a guest sends, as its requests say it (netif.h, "Guest transmit").
 *
 * A packet is several slots of the ring: a request with the size of all, extras where it has any,
 * and a request for each further fragment. Pure, over copied slots: it must not know where packets
 * go, nor look at what is in their pages.
 */
#ifndef NETVM_TX_PACKET_H
#define NETVM_TX_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/netback/counters.h"
#include "backend/netback/ring.h"
#include "common/addr.h"
#include "common/err.h"

#define TX_SLOT_SIZE 12

/* Fragments of one packet. A frontend may use 18 slots (XEN_NETIF_NR_SLOTS_MIN), and Linux's uses
 * one more; who uses a few beyond that is refused the packet, and then there is no point in reading
 * on. */
#define TX_FRAGMENTS_MAX      19
#define TX_FRAGMENTS_PATIENCE 21
#define TX_EXTRAS_MAX	      4 /* as there are types of extras */
#define TX_SLOTS_MAX	      (TX_FRAGMENTS_PATIENCE + TX_EXTRAS_MAX)

enum tx_gso { TX_GSO_NONE, TX_GSO_TCP4, TX_GSO_TCP6 };

/* What the guest says of the multicast addresses that it wants, in the place of a packet. */
enum tx_multicast { TX_MULTICAST_NONE, TX_MULTICAST_JOIN, TX_MULTICAST_LEAVE };

/* A slot, as it will be answered. */
struct tx_slot {
	uint32_t grant;
	uint16_t offset, len; /* of the fragment, in the guest's page */
	uint16_t id; /* of an extra its first two bytes, which its answer leaves as they are */
	bool extra;  /* it holds no fragment, and its answer says nothing */
};

struct tx_packet {
	size_t slot_count; /* in the caller's array, in the ring's order */
	size_t len;
	bool checksum_blank; /* its TCP or UDP checksum covers the pseudo header alone */
	enum tx_gso gso;
	uint16_t gso_size;	     /* bytes of payload of a segment */
	enum tx_multicast multicast; /* if any, nothing is to be copied or sent, */
	struct mac group;	     /* and it is about this one */
	enum drop fault; /* DROP_NONE: it is to be copied; else answered with an error */
};

/*
 * Takes the requests of the next packet, of which `waiting` slots (at least one) are there. `slots`
 * has room for TX_SLOTS_MAX. -EPROTO, with the reason: what the guest says cannot be followed, and
 * there is no telling where its next packet begins.
 */
int tx_packet_take(struct ring *r, size_t waiting, struct tx_packet *out, struct tx_slot *slots,
	struct err *e);

#endif
