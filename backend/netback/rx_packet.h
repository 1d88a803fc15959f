/*
 * rx_packet: one packet that goes to a guest, as the tap gave it, and what of it the guest takes.
 *
 * Pure. It must not know rings, nor where packets come from.
 */
#ifndef NETVM_RX_PACKET_H
#define NETVM_RX_PACKET_H

#include <linux/virtio_net.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/netback/counters.h"

/* The longest IP packet that there is, and Ethernet's header. */
#define RX_PACKET_MAX (65535 + 14)

/* What the guest has agreed to take, or to do. */
struct guest_takes {
	bool pieces;		   /* packets of more than a page (feature-sg) */
	bool checksum4, checksum6; /* that are not summed yet */
	bool segments4, segments6; /* that are to be cut */
	bool groups; /* multicast of the addresses that it names alone (multicast.h) */
	bool rings;  /* ... its bell when it has put pages on the rx ring (feature-rx-notify) */
};

struct rx_packet {
	struct virtio_net_hdr orders; /* what is undone in it */
	size_t len;
	uint8_t *bytes; /* room for RX_PACKET_MAX */
};

/* Of the guest's. */
size_t rx_packet_pages(const struct rx_packet *p);
/* Those, and the extra that says how it is to be cut. */
size_t rx_packet_slots(const struct rx_packet *p);

/* Whether it is to be cut into segments, and into such of IPv6. */
bool rx_packet_is_cut(const struct rx_packet *p);
bool rx_packet_is_cut6(const struct rx_packet *p);

/* Whether the guest takes it. The kernel was told what may be left undone (tap.h), as far as it can
 * be told: of checksums it knows both families or none. So one may be made here. */
enum drop rx_packet_check(const struct guest_takes *takes, struct rx_packet *p);

#endif
