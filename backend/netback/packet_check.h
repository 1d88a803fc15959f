/*
 * packet_check: whether a guest's packet may be shown to the kernel, and what the kernel is told of
 * it.
 *
 * Before any code of the kernel looks at it, a packet is seen to be ARP, IPv4 or IPv6, from the
 * guest's own MAC and one of its addresses, with lengths that fit; and where it comes with work
 * that the guest left undone (a checksum, segments), to be TCP or UDP with the header that this
 * needs, from which the kernel's orders (struct virtio_net_hdr) follow. What the guest itself says
 * of offsets is never used: it says none. The link's source guard (guard.h), which is stricter,
 * comes after it. Pure; must not know rings.
 */
#ifndef NETVM_PACKET_CHECK_H
#define NETVM_PACKET_CHECK_H

#include <linux/virtio_net.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/netback/counters.h"
#include "backend/netback/tx_packet.h"
#include "common/addr.h"

#define PACKET_ADDRS_MAX 16
/* Of a packet's bytes so many at most are looked at; they hold all headers that may matter. */
#define PACKET_HEAD_MAX 256

struct packet_rules {
	struct mac mac;
	struct addr addrs[PACKET_ADDRS_MAX]; /* of either family */
	size_t count;
};

/*
 * `head` is the first min(p->len, PACKET_HEAD_MAX) bytes. DROP_NONE: it may go on, with `out`;
 * otherwise why not.
 */
enum drop packet_check(const struct packet_rules *rules, const struct tx_packet *p,
	const uint8_t *head, struct virtio_net_hdr *out);

/* What must be true of the address that goes with a MAC: RFC 4291 appendix A, EUI-64. */
struct addr packet_link_local(const struct mac *mac);

#endif
