/*
 * counters: what became of the packets of one vif, and why some went nowhere.
 *
 * One writer, who never waits: they stand in a page that others may look at.
 */
#ifndef NETVM_COUNTERS_H
#define NETVM_COUNTERS_H

#include <stdint.h>

/* Why a packet went nowhere. */
enum drop {
	DROP_NONE,
	/* from the guest */
	DROP_TX_SHORT,	   /* no Ethernet header, or fragments that are more than all */
	DROP_TX_PIECES,	   /* more fragments than a packet may have */
	DROP_TX_GRANT,	   /* it lies in pages that the guest has not granted */
	DROP_TX_MAC,	   /* from another MAC than the guest's */
	DROP_TX_PROTOCOL,  /* neither ARP, IPv4 nor IPv6 */
	DROP_TX_ADDRESS,   /* from an address that is not the guest's */
	DROP_TX_HEADER,	   /* headers that say what cannot be */
	DROP_TX_OFFLOAD,   /* a checksum or segments wanted of what has none */
	DROP_TX_LINK,	   /* the link does not take it */
	DROP_TX_MULTICAST, /* a multicast address that cannot be kept */
	/* to the guest */
	DROP_RX_SIZE,	   /* more than the guest takes in one packet */
	DROP_RX_OFFLOAD,   /* what the guest has not agreed to */
	DROP_RX_GRANT,	   /* the guest's pages could not be written */
	DROP_RX_MULTICAST, /* to a multicast address that the guest does not want */
	DROPS
};

/* "other MAC" and the like, for people. */
extern const char *const drop_words[DROPS];

struct counters {
	uint64_t tx_packets, tx_bytes; /* from the guest, that went on */
	uint64_t rx_packets, rx_bytes; /* to the guest */
	uint64_t sleeps;	       /* how often nothing was left to do */
	uint64_t copies, pieces;       /* calls, and what they copied */
	uint64_t rings;		       /* of the guest's bell */
	uint64_t drops[DROPS];
};

#endif
