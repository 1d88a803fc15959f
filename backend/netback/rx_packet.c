#include "backend/netback/rx_packet.h"

#include <netinet/in.h>
#include <string.h>

#include "backend/netback/ring.h"

/* Ethernet's header. */
enum { ETH_TYPE = 12, ETH_END = 14 };

size_t rx_packet_pages(const struct rx_packet *p)
{
	return (p->len + RING_PAGE - 1) / RING_PAGE;
}

size_t rx_packet_slots(const struct rx_packet *p)
{
	return rx_packet_pages(p) + rx_packet_is_cut(p);
}

static uint8_t gso_type(const struct rx_packet *p)
{
	return p->orders.gso_type & (uint8_t)~VIRTIO_NET_HDR_GSO_ECN;
}

bool rx_packet_is_cut(const struct rx_packet *p)
{
	return gso_type(p) != VIRTIO_NET_HDR_GSO_NONE;
}

bool rx_packet_is_cut6(const struct rx_packet *p)
{
	return gso_type(p) == VIRTIO_NET_HDR_GSO_TCPV6;
}

static bool is_ip6(const struct rx_packet *p)
{
	return p->bytes[ETH_TYPE] == 0x86 && p->bytes[ETH_TYPE + 1] == 0xdd;
}

/* Ones' complement of 16 bits (RFC 1071) from `start` on, into its place. The pseudo header's sum
 * is there already. */
static bool checksum_make(struct rx_packet *p)
{
	size_t start = p->orders.csum_start, place = start + p->orders.csum_offset;
	uint32_t sum = 0;
	uint16_t word;

	if (place + 2 > p->len)
		return false;
	for (size_t i = start; i + 1 < p->len; i += 2) {
		memcpy(&word, p->bytes + i, 2);
		sum += word;
	}
	if ((p->len - start) % 2)
		sum += htons((uint16_t)(p->bytes[p->len - 1] << 8));
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	word = (uint16_t)~sum;
	if (!word)
		word = 0xffff; /* zero says that there is none (RFC 768); the two are equal */
	memcpy(p->bytes + place, &word, 2);
	p->orders.flags = 0;
	return true;
}

static bool segments_fit(const struct guest_takes *takes, const struct rx_packet *p)
{
	switch (gso_type(p)) {
	case VIRTIO_NET_HDR_GSO_NONE:
		return true;
	case VIRTIO_NET_HDR_GSO_TCPV4:
		return takes->segments4 && p->orders.gso_size;
	case VIRTIO_NET_HDR_GSO_TCPV6:
		return takes->segments6 && p->orders.gso_size;
	default:
		return false;
	}
}

enum drop rx_packet_check(const struct guest_takes *takes, struct rx_packet *p)
{
	if (p->len < ETH_END || (p->len > RING_PAGE && !takes->pieces))
		return DROP_RX_SIZE;
	if (!segments_fit(takes, p))
		return DROP_RX_OFFLOAD;
	if (!(p->orders.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) ||
		(is_ip6(p) ? takes->checksum6 : takes->checksum4))
		return DROP_NONE;
	return rx_packet_is_cut(p) || !checksum_make(p) ? DROP_RX_OFFLOAD : DROP_NONE;
}
