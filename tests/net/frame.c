/*
 * frame: sends Ethernet frames with any contents, and tells which frames a link lets in.
 *
 *	frame send LINK ip4 [WORD=VALUE...]	mac= from= to=
 *	frame send LINK ip6 [WORD=VALUE...]	mac= from= to=
 *	frame send LINK arp [WORD=VALUE...]	mac= op= sender-mac= from= to=
 *	frame send LINK echo6 [WORD=VALUE...]	mac= from= to=
 *	frame send LINK tcp6 [WORD=VALUE...]	mac= from= to= from-port= port= ext= via= part=
 *	frame send LINK nd [WORD=VALUE...]	mac= type= from= to= target= hops= ext=
 *	frame send LINK other [WORD=VALUE...]	mac= type=
 *	(each takes to-mac=, else it is a broadcast, and vlan=, the tag's number)
 *	frame say LINK type= target=
 *	frame tap LINK
 *
 * `ext` names the extension headers that stand before the rest, in order, by the names of the table
 * below; `via` is where a routing header leads on to, `part` (FIRST-END, bytes of the 32 of a
 * segment) what of it is in this frame, behind a fragment header. `say` sends neighbour discovery
 * to all nodes of a link as a program does that has a socket for it, not past the packet filter.
 *
 * `tap` prints a line for each frame that comes in behind tc's ingress, until it is killed: its
 * sockets are bound to one protocol each, and those are served behind ingress, while tcpdump's, for
 * all protocols, are served before. What came first is printed first.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/addr.h"

static int words_count;
static char **words;

static void die(const char *what)
{
	fprintf(stderr, "frame: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* The value of WORD=VALUE, or `otherwise`. */
static const char *word(const char *name, const char *otherwise)
{
	size_t n = strlen(name);

	for (int i = 0; i < words_count; i++)
		if (strncmp(words[i], name, n) == 0 && words[i][n] == '=')
			return words[i] + n + 1;
	return otherwise;
}

static uint8_t number(const char *name, const char *otherwise)
{
	return (uint8_t)strtoul(word(name, otherwise), NULL, 0);
}

static void put_mac(uint8_t *at, const char *text)
{
	struct mac m;

	if (mac_parse(text, &m) < 0) {
		errno = EINVAL;
		die(text);
	}
	memcpy(at, m.bytes, 6);
}

static void put_addr(uint8_t *at, const char *text)
{
	struct addr a;

	if (addr_parse(text, &a) < 0) {
		errno = EINVAL;
		die(text);
	}
	memcpy(at, a.bytes, addr_len(&a));
}

static void put16(uint8_t *at, unsigned int value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static unsigned int get16(const uint8_t *at)
{
	return (unsigned int)at[0] << 8 | at[1];
}

static uint32_t sum_add(uint32_t sum, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i + 1 < len; i += 2)
		sum += get16(data + i);
	return sum;
}

static void put_sum(uint8_t *at, uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	put16(at, ~sum & 0xffff);
}

/* Each fills what follows the Ethernet header and returns its length. */
static size_t make_ip4(uint8_t *p)
{
	static const uint8_t head[] = { 0x45, 0, 0, 28, 0, 1, 0, 0, 64, 17 };

	memcpy(p, head, sizeof(head));
	put_addr(p + 12, word("from", "0.0.0.0"));
	put_addr(p + 16, word("to", "192.0.2.1"));
	put_sum(p + 10, sum_add(0, p, 20));
	p[25] = 8; /* UDP, from port 0 to port 0 */
	return 46;
}

/* --- IPv6 --- */

enum { SEGMENT = 32, ND_MOST = 48 };

/* By what goes before them a header is known by its number; its own first byte is what follows. */
static const struct ext {
	const char *name;
	uint8_t number, len, bytes[8];
	bool via; /* an address is its last 16 bytes */
} exts[] = {
	{ "hop", 0, 8, { 0, 0, 1, 4 }, false },
	{ "alert", 0, 8, { 0, 0, 5, 2, 0, 0, 1, 0 }, false },
	{ "dst", 60, 8, { 0, 0, 1, 4 }, false },
	{ "route0", 43, 24, { 0, 2, 0, 1 }, true },
	{ "route0-done", 43, 24, { 0, 2, 0, 0 }, true },
	{ "route4", 43, 24, { 0, 2, 4, 1 }, true },
	{ "auth", 51, 24, { 0, 4, 0, 0, 0, 0, 1, 0 }, false },
	{ "frag", 44, 8, { 0, 0, 0, 0, 0x4e, 0x56, 0, 0 }, false },
};

static const struct ext *ext_find(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(exts) / sizeof(exts[0]); i++)
		if (strncmp(exts[i].name, name, len) == 0 && !exts[i].name[len])
			return &exts[i];
	errno = EINVAL;
	die(name);
	return NULL;
}

/* What of the upper layer is in this frame. */
static void part_of(size_t whole, size_t *first, size_t *end)
{
	if (sscanf(word("part", "0-"), "%zu-%zu", first, end) < 2)
		*end = whole;
	if (*first > *end || *end > whole) {
		errno = EINVAL;
		die("part");
	}
}

/* The header, those of `ext`, and of the upper layer's `len` bytes what `part` says. Returns the
 * length of all. */
static size_t put_ip6(uint8_t *p, uint8_t proto, const char *hops, const uint8_t *upper, size_t len)
{
	const char *ext = word("ext", "");
	uint8_t *next = p + 6;
	size_t at = 40, first, end;

	part_of(len, &first, &end);
	p[0] = 0x60;
	p[7] = number("hops", hops);
	put_addr(p + 8, word("from", "::"));
	put_addr(p + 24, word("to", proto == IPPROTO_ICMPV6 ? "ff02::1" : "2001:db8:51::1"));
	for (size_t n; (n = strcspn(ext, ",")); ext += n + (ext[n] == ',')) {
		const struct ext *e = ext_find(ext, n);

		*next = e->number;
		next = p + at;
		memcpy(p + at, e->bytes, sizeof(e->bytes));
		if (e->via)
			put_addr(p + at + e->len - 16, word("via", "::"));
		if (e->number == 44) {
			put16(p + at + 2, (unsigned int)first | (end < len));
			put16(p + at + 6, (unsigned int)strtoul(word("from-port", "1"), NULL, 0));
		}
		at += e->len;
	}
	*next = proto;
	memcpy(p + at, upper + first, end - first);
	put16(p + 4, (unsigned int)(at - 40 + end - first));
	return at + end - first;
}

/* The upper layer's checksum (RFC 8200 section 8.1): of the last destination. */
static void put_sum6(uint8_t *upper, size_t len, size_t at, uint8_t proto, const char *to)
{
	uint8_t addrs[32];
	uint32_t sum;

	put_addr(addrs, word("from", "::"));
	put_addr(addrs + 16, to);
	sum = sum_add(sum_add((uint32_t)len + proto, addrs, 32), upper, len);
	put_sum(upper + at, sum);
}

static size_t make_ip6(uint8_t *p)
{
	static const uint8_t empty[8];

	return put_ip6(p, IPPROTO_UDP, "64", empty, sizeof(empty));
}

/* A ping. */
static size_t make_echo6(uint8_t *p)
{
	uint8_t echo[8] = { 128 };

	put_sum6(echo, sizeof(echo), 2, IPPROTO_ICMPV6, word("to", "ff02::1"));
	return put_ip6(p, IPPROTO_ICMPV6, "64", echo, sizeof(echo));
}

/* A SYN, with 12 bytes behind it. */
static size_t make_tcp6(uint8_t *p)
{
	uint8_t tcp[SEGMENT] = { [12] = 5 << 4, [13] = 2, [14] = 4 };

	put16(tcp, (unsigned int)strtoul(word("from-port", "1024"), NULL, 0));
	put16(tcp + 2, (unsigned int)strtoul(word("port", "80"), NULL, 0));
	put_sum6(tcp, sizeof(tcp), 16, IPPROTO_TCP, word("to", "2001:db8:51::1"));
	return put_ip6(p, IPPROTO_TCP, "64", tcp, sizeof(tcp));
}

/* Neighbour discovery (RFC 4861): an advertisement of a router offers 2001:db8:bad::/64; all others
 * are of `target`, a redirect leading there by the sender. Returns its length. */
static size_t put_discovery(uint8_t *nd)
{
	static const uint8_t offer[] = { 64, 0, 0x07, 0x08, 0, 0, 0, 0, 0, 0, 0, 0, 3, 4, 64, 0xc0,
		0, 0, 0x0e, 0x10, 0, 0, 0x0e, 0x10, 0, 0, 0, 0, 0x20, 0x01, 0x0d, 0xb8, 0x0b,
		0xad };
	const uint8_t type = number("type", "136");

	memset(nd, 0, ND_MOST);
	nd[0] = type;
	if (type == 134) {
		memcpy(nd + 4, offer, sizeof(offer));
		return 48;
	}
	put_addr(nd + 8, word("target", "::"));
	if (type == 136)
		nd[4] = 0x20; /* it overrides */
	if (type == 137) {
		put_addr(nd + 24, word("target", "::"));
		return 40;
	}
	nd[24] = type == 136 ? 2 : 1; /* option: the sender's link-layer address */
	nd[25] = 1;
	if (word("mac", NULL))
		put_mac(nd + 26, word("mac", ""));
	return 32;
}

static size_t make_nd(uint8_t *p)
{
	uint8_t nd[ND_MOST];
	size_t len = put_discovery(nd);

	put_sum6(nd, len, 2, IPPROTO_ICMPV6, word("to", "ff02::1"));
	return put_ip6(p, IPPROTO_ICMPV6, "255", nd, len);
}

static size_t make_arp(uint8_t *p)
{
	static const uint8_t head[] = { 0, 1, 8, 0, 6, 4, 0 };

	memcpy(p, head, sizeof(head));
	p[7] = number("op", "1");
	put_mac(p + 8, word("sender-mac", word("mac", "")));
	put_addr(p + 14, word("from", "0.0.0.0"));
	put_addr(p + 24, word("to", "10.137.0.1"));
	return 46;
}

static size_t make_other(uint8_t *p)
{
	memset(p, 0x5a, 46);
	return 46;
}

static const struct kind {
	const char *name;
	uint16_t type;
	size_t (*make)(uint8_t *p);
} kinds[] = {
	{ "ip4", ETH_P_IP, make_ip4 },
	{ "ip6", ETH_P_IPV6, make_ip6 },
	{ "echo6", ETH_P_IPV6, make_echo6 },
	{ "tcp6", ETH_P_IPV6, make_tcp6 },
	{ "arp", ETH_P_ARP, make_arp },
	{ "nd", ETH_P_IPV6, make_nd },
	{ "other", 0, make_other },
};

static int link_socket(const char *link, uint16_t type)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET,
		.sll_protocol = htons(type),
		.sll_ifindex = (int)if_nametoindex(link) };
	int s;

	if (!to.sll_ifindex)
		die(link);
	s = socket(AF_PACKET, SOCK_RAW, 0);
	if (s < 0 || bind(s, (struct sockaddr *)&to, sizeof(to)) < 0)
		die("packet socket");
	return s;
}

static int send_frame(const char *link, const char *name)
{
	uint8_t frame[256] = { 0 };
	const struct kind *k = NULL;
	uint16_t type;
	size_t n = 14;
	int s;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].name, name) == 0)
			k = &kinds[i];
	errno = EINVAL;
	if (!k)
		die(name);
	memset(frame, 0xff, 6);
	if (word("to-mac", NULL))
		put_mac(frame, word("to-mac", ""));
	put_mac(frame + 6, word("mac", ""));
	if (word("vlan", NULL)) {
		frame[12] = 0x81;
		frame[15] = number("vlan", "0");
		n += 4;
	}
	type = k->type ? k->type : (uint16_t)strtoul(word("type", "0"), NULL, 0);
	frame[n - 2] = (uint8_t)(type >> 8);
	frame[n - 1] = (uint8_t)type;
	n += k->make(frame + n);
	s = link_socket(link, 0);
	if (send(s, frame, n, 0) != (ssize_t)n)
		die("send");
	close(s);
	return 0;
}

/* By the kernel's own way of sending. */
static int say(const char *link)
{
	struct sockaddr_in6 to = { .sin6_family = AF_INET6, .sin6_scope_id = if_nametoindex(link) };
	int hops = 255, index = (int)to.sin6_scope_id;
	uint8_t nd[ND_MOST];
	size_t len = put_discovery(nd);
	int s = socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6);

	put_addr(to.sin6_addr.s6_addr, "ff02::1");
	if (s < 0 || setsockopt(s, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops, sizeof(hops)) < 0 ||
		setsockopt(s, IPPROTO_IPV6, IPV6_MULTICAST_IF, &index, sizeof(index)) < 0)
		die("ICMPv6 socket");
	/* What a packet filter drops is "not permitted". */
	if (sendto(s, nd, len, 0, (struct sockaddr *)&to, sizeof(to)) < 0 && errno != EPERM)
		die("send");
	close(s);
	return 0;
}

/* --- the tap --- */

static const char *text_of(uint8_t family, const uint8_t *bytes)
{
	static char text[2][ADDR_TEXT_MAX];
	static int turn;

	turn = !turn;
	return inet_ntop(family, bytes, text[turn], ADDR_TEXT_MAX);
}

/* The addresses, the numbers of the extension headers, the port of TCP. */
static void ip6_print(const uint8_t *p, size_t n)
{
	uint8_t next = p[6];
	size_t at = 40;

	printf("ip6 from %s to %s", text_of(AF_INET6, p + 8), text_of(AF_INET6, p + 24));
	while (at + 8 <= n && (next == 0 || next == 43 || next == 44 || next == 51 || next == 60)) {
		const uint8_t *ext = p + at;

		printf(" via %u", next);
		if (next == 44 && get16(ext + 2) >> 3) {
			printf(" rest\n");
			return;
		}
		at += next == 44 ? 8U : next == 51 ? (ext[1] + 2U) * 4 : (ext[1] + 1U) * 8;
		next = ext[0];
	}
	if (next == IPPROTO_TCP && at + 4 <= n)
		printf(" tcp %u", get16(p + at + 2));
	printf("\n");
}

static void frame_print(uint16_t type, const uint8_t *f, ssize_t n)
{
	const uint8_t *p = f + 14;

	if (type == ETH_P_IP && n >= 34)
		printf("ip4 from %s to %s\n", text_of(AF_INET, p + 12), text_of(AF_INET, p + 16));
	else if (type == ETH_P_ARP && n >= 42)
		printf("arp op %u from %s\n", p[7], text_of(AF_INET, p + 14));
	else if (type == ETH_P_IPV6 && n >= 78 && p[6] == 58 && p[40] >= 133 && p[40] <= 137)
		printf("nd type %u from %s target %s\n", p[40], text_of(AF_INET6, p + 8),
			text_of(AF_INET6, p + 48));
	else if (type == ETH_P_IPV6 && n >= 54)
		ip6_print(p, (size_t)n - 14);
	else
		printf("other type 0x%04x\n", type);
	fflush(stdout);
}

static int tap(const char *link)
{
	/* IPv4 is last: what was seen before an IPv4 frame was sent is then printed before it. */
	static const uint16_t types[] = { ETH_P_ARP, ETH_P_IPV6, ETH_P_8021Q, ETH_P_8021AD,
		ETH_P_PPP_DISC, ETH_P_LLDP, ETH_P_PAE, ETH_P_IP };
	enum { COUNT = sizeof(types) / sizeof(types[0]) };
	struct pollfd fds[COUNT];
	uint8_t last[2048], frame[2048];

	for (size_t i = 0; i < COUNT; i++)
		fds[i] = (struct pollfd){ .fd = link_socket(link, types[i]), .events = POLLIN };
	printf("ready\n");
	fflush(stdout);
	while (poll(fds, COUNT, -1) > 0) {
		ssize_t ip4 = recv(fds[COUNT - 1].fd, last, sizeof(last), MSG_DONTWAIT), n;

		for (size_t i = 0; i < COUNT - 1; i++)
			while ((n = recv(fds[i].fd, frame, sizeof(frame), MSG_DONTWAIT)) > 0)
				frame_print(types[i], frame, n);
		if (ip4 > 0)
			frame_print(ETH_P_IP, last, ip4);
	}
	return 1;
}

int main(int argc, char *argv[])
{
	if (argc == 3 && strcmp(argv[1], "tap") == 0)
		return tap(argv[2]);
	if (argc >= 4 && strcmp(argv[1], "say") == 0) {
		words = argv + 3;
		words_count = argc - 3;
		return say(argv[2]);
	}
	if (argc < 4 || strcmp(argv[1], "send") != 0) {
		fprintf(stderr, "frame: send LINK KIND [WORD=VALUE...] | say LINK WORD=VALUE... | "
				"tap LINK\n");
		return 2;
	}
	words = argv + 4;
	words_count = argc - 4;
	return send_frame(argv[2], argv[3]);
}
