#include "backend/netback/packet_check.h"

#include <linux/if_ether.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>

/* Offsets and sizes: Ethernet, ARP (RFC 826), IPv4 (RFC 791), IPv6 (RFC 8200), TCP (RFC 9293), UDP
 * (RFC 768). */
enum {
	ETH_SOURCE = 6,
	ETH_TYPE = 12,
	ETH_END = 14,
	ARP_SENDER_MAC = 8,
	ARP_SENDER_IP = 14,
	ARP_SIZE = 28,
	IP4_LENGTH = 2,
	IP4_FRAGMENT = 6,
	IP4_PROTOCOL = 9,
	IP4_SOURCE = 12,
	IP4_SIZE = 20,
	IP6_LENGTH = 4,
	IP6_NEXT = 6,
	IP6_SOURCE = 8,
	IP6_SIZE = 40,
	TCP_OFFSET = 12,
	TCP_CHECKSUM = 16,
	TCP_SIZE = 20,
	UDP_CHECKSUM = 6,
	UDP_SIZE = 8,
};

/* As the source guard has it: options and fragment headers, four at most. */
enum { EXTENSIONS_MAX = 4 };

/* What is known of a packet as it is looked at. */
struct look {
	const struct packet_rules *rules;
	const uint8_t *bytes;
	size_t seen;	 /* bytes that can be looked at */
	size_t end;	 /* where the packet ends, by its own IP header */
	size_t at;	 /* where what is looked at next begins */
	uint8_t carried; /* protocol number of what stands there */
	bool fragment;	 /* it is part of something larger */
};

static uint16_t number(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static bool has(const struct look *l, size_t bytes)
{
	return l->at + bytes <= l->seen && l->at + bytes <= l->end;
}

struct addr packet_link_local(const struct mac *mac)
{
	const uint8_t *m = mac->bytes;

	return (struct addr){ .family = AF_INET6,
		.bytes = { 0xfe, 0x80, 0, 0, 0, 0, 0, 0, m[0] ^ 2, m[1], m[2], 0xff, 0xfe, m[3],
			m[4], m[5] } };
}

static bool is_own(const struct packet_rules *rules, uint8_t family, const uint8_t *bytes)
{
	for (size_t i = 0; i < rules->count; i++)
		if (rules->addrs[i].family == family &&
			memcmp(rules->addrs[i].bytes, bytes, addr_len(&rules->addrs[i])) == 0)
			return true;
	return false;
}

static bool has_family(const struct packet_rules *rules, uint8_t family)
{
	for (size_t i = 0; i < rules->count; i++)
		if (rules->addrs[i].family == family)
			return true;
	return false;
}

static enum drop arp_look(struct look *l)
{
	static const uint8_t formats[] = { 0, 1, ETH_P_IP >> 8, ETH_P_IP & 0xff, 6, 4 };
	static const uint8_t nobody[4];
	const uint8_t *arp = l->bytes + l->at;

	if (!has(l, ARP_SIZE) || memcmp(arp, formats, sizeof(formats)) != 0)
		return DROP_TX_HEADER;
	if (memcmp(arp + ARP_SENDER_MAC, l->rules->mac.bytes, 6) != 0)
		return DROP_TX_MAC;
	if (!is_own(l->rules, AF_INET, arp + ARP_SENDER_IP) &&
		!(has_family(l->rules, AF_INET) && memcmp(arp + ARP_SENDER_IP, nobody, 4) == 0))
		return DROP_TX_ADDRESS;
	return DROP_NONE;
}

/* Bytes behind the end of an IP packet are Ethernet's padding, and nothing else looks at them. */
static enum drop ip4_look(struct look *l)
{
	const uint8_t *ip = l->bytes + l->at;
	size_t header, length;

	if (!has(l, IP4_SIZE) || ip[0] >> 4 != 4)
		return DROP_TX_HEADER;
	header = (size_t)(ip[0] & 15) * 4;
	length = number(ip + IP4_LENGTH);
	if (header < IP4_SIZE || !has(l, header) || length < header || l->at + length > l->end)
		return DROP_TX_HEADER;
	if (!is_own(l->rules, AF_INET, ip + IP4_SOURCE))
		return DROP_TX_ADDRESS;
	l->carried = ip[IP4_PROTOCOL];
	l->fragment = number(ip + IP4_FRAGMENT) & 0x3fff;
	l->end = l->at + length;
	l->at += header;
	return DROP_NONE;
}

/* Nobody's address: the question whether an address is taken. */
static bool is_asking(const struct look *l, const uint8_t *source)
{
	static const uint8_t nobody[16];
	struct addr own = packet_link_local(&l->rules->mac);

	return memcmp(source, nobody, 16) == 0 || memcmp(source, own.bytes, 16) == 0;
}

static enum drop ip6_look(struct look *l)
{
	const uint8_t *ip = l->bytes + l->at;
	size_t length;

	if (!has(l, IP6_SIZE) || ip[0] >> 4 != 6)
		return DROP_TX_HEADER;
	length = IP6_SIZE + number(ip + IP6_LENGTH);
	if (l->at + length > l->end)
		return DROP_TX_HEADER;
	if (!is_own(l->rules, AF_INET6, ip + IP6_SOURCE) &&
		!(has_family(l->rules, AF_INET6) && is_asking(l, ip + IP6_SOURCE)))
		return DROP_TX_ADDRESS;
	l->carried = ip[IP6_NEXT];
	l->end = l->at + length;
	l->at += IP6_SIZE;
	return DROP_NONE;
}

/* Over the headers that may stand between. Where one is cut off, so is all behind it. */
static void extensions_skip(struct look *l)
{
	for (int i = 0; i < EXTENSIONS_MAX && has(l, 8); i++) {
		const uint8_t *header = l->bytes + l->at;

		if (l->carried == IPPROTO_FRAGMENT)
			l->fragment = true;
		else if (l->carried != IPPROTO_HOPOPTS && l->carried != IPPROTO_DSTOPTS)
			return;
		l->at += l->carried == IPPROTO_FRAGMENT ? 8 : ((size_t)header[1] + 1) * 8;
		l->carried = header[0];
	}
}

static enum drop protocol_look(struct look *l)
{
	enum drop fault;

	switch (number(l->bytes + ETH_TYPE)) {
	case ETH_P_ARP:
		return arp_look(l);
	case ETH_P_IP:
		return ip4_look(l);
	case ETH_P_IPV6:
		fault = ip6_look(l);
		if (!fault)
			extensions_skip(l);
		return fault;
	default:
		return DROP_TX_PROTOCOL;
	}
}

/* --- what the guest left undone --- */

/* Where in the packet the sum goes: behind l->at. 0: it has none. */
static size_t checksum_place(const struct look *l)
{
	if (l->fragment)
		return 0;
	if (l->carried == IPPROTO_TCP && has(l, TCP_SIZE))
		return TCP_CHECKSUM;
	if (l->carried == IPPROTO_UDP && has(l, UDP_SIZE))
		return UDP_CHECKSUM;
	return 0;
}

static enum drop segments_order(
	const struct look *l, const struct tx_packet *p, struct virtio_net_hdr *out)
{
	uint16_t type = p->gso == TX_GSO_TCP4 ? ETH_P_IP : ETH_P_IPV6;
	size_t header;

	if (number(l->bytes + ETH_TYPE) != type || l->carried != IPPROTO_TCP)
		return DROP_TX_OFFLOAD;
	header = (size_t)(l->bytes[l->at + TCP_OFFSET] >> 4) * 4;
	/* What follows the header is what is cut; padding would be cut with it. */
	if (header < TCP_SIZE || !has(l, header) || l->end != p->len)
		return DROP_TX_OFFLOAD;
	out->gso_type = p->gso == TX_GSO_TCP4 ? VIRTIO_NET_HDR_GSO_TCPV4 : VIRTIO_NET_HDR_GSO_TCPV6;
	out->gso_size = p->gso_size;
	out->hdr_len = (uint16_t)(l->at + header);
	return DROP_NONE;
}

static enum drop orders_make(
	const struct look *l, const struct tx_packet *p, struct virtio_net_hdr *out)
{
	size_t place;

	if (!p->checksum_blank && !p->gso)
		return DROP_NONE;
	place = checksum_place(l);
	/* Segments have their sums made, whether or not the guest had begun with the whole's. */
	if (!place || !p->checksum_blank)
		return DROP_TX_OFFLOAD;
	out->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	out->csum_start = (uint16_t)l->at;
	out->csum_offset = (uint16_t)place;
	return p->gso ? segments_order(l, p, out) : DROP_NONE;
}

enum drop packet_check(const struct packet_rules *rules, const struct tx_packet *p,
	const uint8_t *head, struct virtio_net_hdr *out)
{
	struct look l = {
		.rules = rules,
		.bytes = head,
		.seen = p->len < PACKET_HEAD_MAX ? p->len : PACKET_HEAD_MAX,
		.end = p->len,
		.at = ETH_END,
	};
	enum drop fault;

	*out = (struct virtio_net_hdr){ .flags = 0 };
	if (p->len < ETH_END)
		return DROP_TX_SHORT;
	if (memcmp(head + ETH_SOURCE, rules->mac.bytes, 6) != 0)
		return DROP_TX_MAC;
	fault = protocol_look(&l);
	return fault ? fault : orders_make(&l, p, out);
}
