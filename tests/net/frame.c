/*
 * frame: sends Ethernet frames with any contents, and tells which frames a link lets in.
 *
 *	frame send LINK ip4 [WORD=VALUE...]	mac= from= to=
 *	frame send LINK ip6 [WORD=VALUE...]	mac= from= to=
 *	frame send LINK arp [WORD=VALUE...]	mac= op= sender-mac= from= to=
 *	frame send LINK nd [WORD=VALUE...]	mac= type= from= to= target= hops=
 *	frame send LINK other [WORD=VALUE...]	mac= type=
 *	(each takes vlan=, the tag's number)
 *	frame tap LINK
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

/* Each fills what follows the Ethernet header and returns its length. */
static size_t make_ip4(uint8_t *p)
{
	static const uint8_t head[] = { 0x45, 0, 0, 28, 0, 1, 0, 0, 64, 17 };

	memcpy(p, head, sizeof(head));
	put_addr(p + 12, word("from", "0.0.0.0"));
	put_addr(p + 16, word("to", "192.0.2.1"));
	return 46;
}

static size_t make_ip6(uint8_t *p)
{
	p[0] = 0x60;
	p[5] = 8;
	p[6] = 17;
	p[7] = 64;
	put_addr(p + 8, word("from", "::"));
	put_addr(p + 24, word("to", "2001:db8:51::1"));
	return 48;
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

static size_t make_nd(uint8_t *p)
{
	p[0] = 0x60;
	p[5] = 24;
	p[6] = 58;
	p[7] = number("hops", "255");
	put_addr(p + 8, word("from", "::"));
	put_addr(p + 24, word("to", "ff02::1"));
	p[40] = number("type", "136");
	put_addr(p + 48, word("target", "::"));
	return 64;
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

/* --- the tap --- */

static const char *text_of(uint8_t family, const uint8_t *bytes)
{
	static char text[2][ADDR_TEXT_MAX];
	static int turn;

	turn = !turn;
	return inet_ntop(family, bytes, text[turn], ADDR_TEXT_MAX);
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
		printf("ip6 from %s to %s\n", text_of(AF_INET6, p + 8), text_of(AF_INET6, p + 24));
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
	if (argc < 4 || strcmp(argv[1], "send") != 0) {
		fprintf(stderr, "frame: send LINK KIND [WORD=VALUE...] | tap LINK\n");
		return 2;
	}
	words = argv + 4;
	words_count = argc - 4;
	return send_frame(argv[2], argv[3]);
}
