/*
 * How the program is built: a check is a jump over a "drop" that follows it, so that jumps are
 * short and each check can be read by itself. A load behind the end of a packet would end the
 * program with GUARD_PASS, so each part begins with the length that its loads need.
 *
 * Always: the program ends in a return on every path; every load lies below a length that was
 * checked on the way to it.
 */
#include "backend/guard.h"

#include <assert.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <string.h>

/* Offsets in the packet: Ethernet, then ARP (RFC 826), IPv4 (RFC 791), IPv6 (RFC 8200), ICMPv6 (RFC
 * 4861). */
enum {
	ETH_SOURCE = 6,
	ETH_TYPE = 12,
	ETH_END = 14,
	ARP_FORMATS = 14, /* hardware type and protocol type */
	ARP_LENGTHS = 18, /* and operation */
	ARP_SENDER_MAC = 22,
	ARP_SENDER_IP = 28,
	ARP_END = 42,
	IP_VERSION = 14,
	IP4_FRAGMENT = 20,
	IP4_PROTOCOL = 23,
	IP4_SOURCE = 26,
	IP4_DESTINATION = 30,
	IP4_END = 34,
	UDP4_PORTS = 34, /* behind an IPv4 header without options */
	UDP4_END = 42,
	IP6_NEXT = 20,
	IP6_HOPS = 21,
	IP6_SOURCE = 22,
	IP6_DESTINATION = 38,
	IP6_END = 54,
	ICMP6_TYPE = 54,
	ND_TARGET = 62,
	ND_END = 78,
};

/* As many as RFC 8200 section 4.1 knows of those that pass: hop-by-hop options, destination options
 * before and behind a fragment header. */
enum { EXTENSIONS_MAX = 4 };

enum { /* RFC 4443, RFC 4861 */
	ICMP6_ECHO_REQUEST = 128,
	ND_FIRST = 133,
	ND_NEIGHBOUR_SOLICIT = 135,
	ND_NEIGHBOUR_ADVERT = 136,
	ND_LAST = 137,
};

static void emit(struct guard *g, uint16_t code, uint8_t jt, uint8_t jf, uint32_t k)
{
	assert(g->count < GUARD_PROGRAM_MAX);
	g->prog[g->count++] = (struct sock_filter){ code, jt, jf, k };
}

static void emit_return(struct guard *g, enum guard_verdict verdict)
{
	emit(g, BPF_RET | BPF_K, 0, 0, verdict);
}

static void load(struct guard *g, uint16_t size, uint32_t offset)
{
	emit(g, BPF_LD | BPF_ABS | size, 0, 0, offset);
}

static void require(struct guard *g, uint16_t comparison, uint32_t k)
{
	emit(g, BPF_JMP | BPF_K | comparison, 1, 0, k);
	emit_return(g, GUARD_DROP);
}

static void require_length(struct guard *g, uint32_t bytes)
{
	emit(g, BPF_LD | BPF_W | BPF_LEN, 0, 0, 0);
	require(g, BPF_JGE, bytes);
}

static void require_version(struct guard *g, uint32_t version)
{
	load(g, BPF_B, IP_VERSION);
	emit(g, BPF_ALU | BPF_AND | BPF_K, 0, 0, 0xf0);
	require(g, BPF_JEQ, version << 4);
}

static uint32_t word_of(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
	       bytes[3];
}

static void require_mac(struct guard *g, uint32_t offset, const struct mac *mac)
{
	load(g, BPF_W, offset);
	require(g, BPF_JEQ, word_of(mac->bytes));
	load(g, BPF_H, offset + 4);
	require(g, BPF_JEQ, (uint32_t)mac->bytes[4] << 8 | mac->bytes[5]);
}

/*
 * A part that is taken only if the accumulator equals `k`: begin, the part (which returns on every
 * path), end. The jump over it is a long one, patched when its end is known.
 */
static size_t begin_case(struct guard *g, uint16_t comparison, uint32_t k)
{
	emit(g, BPF_JMP | BPF_K | comparison, 1, 0, k);
	emit(g, BPF_JMP | BPF_JA, 0, 0, 0);
	return g->count - 1;
}

static void end_case(struct guard *g, size_t start)
{
	g->prog[start].k = (uint32_t)(g->count - start - 1);
}

/* Places from which a matched address jumps on; patched together at the end of the list. */
struct matches {
	size_t jump[32];
	size_t count;
};

static void emit_match(struct guard *g, struct matches *m)
{
	assert(m->count < sizeof(m->jump) / sizeof(m->jump[0]));
	m->jump[m->count++] = g->count;
	emit(g, BPF_JMP | BPF_JA, 0, 0, 0);
}

/* All words of one address equal to those at `offset`: on with the match, else on behind it. */
static void match_addr(struct guard *g, struct matches *m, uint32_t offset, const struct addr *a)
{
	size_t words = addr_len(a) / 4;

	for (size_t i = 0; i < words; i++) {
		load(g, BPF_W, offset + (uint32_t)i * 4);
		/* Where the words differ: over the loads and compares of the rest, and the match.
		 */
		emit(g, BPF_JMP | BPF_JEQ | BPF_K, 0, (uint8_t)((words - 1 - i) * 2 + 1),
			word_of(a->bytes + i * 4));
	}
	emit_match(g, m);
}

static void match_addrs(struct guard *g, struct matches *m, uint8_t family, uint32_t offset,
	const struct addr *addrs, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (addrs[i].family == family)
			match_addr(g, m, offset, &addrs[i]);
}

/* What matched goes on here; what did not is dropped. */
static void require_match(struct guard *g, struct matches *m)
{
	emit_return(g, GUARD_DROP);
	for (size_t i = 0; i < m->count; i++)
		g->prog[m->jump[i]].k = (uint32_t)(g->count - m->jump[i] - 1);
	m->count = 0;
}

struct guest {
	const struct mac *mac;
	const struct addr *addrs;
	size_t count;
	const struct addr *gateway6;
	struct addr linklocal; /* that goes with its MAC */
	bool dhcp;
};

/* fe80::/64 and the modified EUI-64 of the MAC (RFC 4291 appendix A). */
static struct addr linklocal_of(const struct mac *mac)
{
	const uint8_t *m = mac->bytes;

	return (struct addr){ AF_INET6,
		{ 0xfe, 0x80, [8] = m[0] ^ 2, m[1], m[2], 0xff, 0xfe, m[3], m[4], m[5] } };
}

static void guard_arp(struct guard *g, const struct guest *guest)
{
	static const struct addr none4 = { .family = AF_INET };
	const uint32_t lengths = (uint32_t)ETH_ALEN << 24 | 4U << 16; /* and the operation below */
	struct matches m = { .count = 0 };
	size_t request;

	require_length(g, ARP_END);
	load(g, BPF_W, ARP_FORMATS);
	require(g, BPF_JEQ, (uint32_t)ARPHRD_ETHER << 16 | ETH_P_IP);
	require_mac(g, ARP_SENDER_MAC, guest->mac);
	load(g, BPF_W, ARP_LENGTHS);
	request = begin_case(g, BPF_JEQ, lengths | ARPOP_REQUEST);
	match_addrs(g, &m, AF_INET, ARP_SENDER_IP, guest->addrs, guest->count);
	match_addr(g, &m, ARP_SENDER_IP, &none4);
	require_match(g, &m);
	emit_return(g, GUARD_PASS);
	end_case(g, request);
	require(g, BPF_JEQ, lengths | ARPOP_REPLY);
	match_addrs(g, &m, AF_INET, ARP_SENDER_IP, guest->addrs, guest->count);
	require_match(g, &m);
	emit_return(g, GUARD_PASS);
}

/* One that has no address yet asks everybody for one. */
static void guard_dhcp(struct guard *g)
{
	size_t nobody;

	load(g, BPF_W, IP4_SOURCE);
	nobody = begin_case(g, BPF_JEQ, 0);
	require_length(g, UDP4_END);
	load(g, BPF_B, IP_VERSION);
	require(g, BPF_JEQ, 0x45); /* without options */
	load(g, BPF_H, IP4_FRAGMENT);
	emit(g, BPF_ALU | BPF_AND | BPF_K, 0, 0, 0x3fff); /* more to come, or offset */
	require(g, BPF_JEQ, 0);
	load(g, BPF_B, IP4_PROTOCOL);
	require(g, BPF_JEQ, IPPROTO_UDP);
	load(g, BPF_W, IP4_DESTINATION);
	require(g, BPF_JEQ, INADDR_BROADCAST);
	load(g, BPF_W, UDP4_PORTS);
	require(g, BPF_JEQ, 68U << 16 | 67U);
	emit_return(g, GUARD_PASS);
	end_case(g, nobody);
}

static void guard_ip4(struct guard *g, const struct guest *guest)
{
	struct matches m = { .count = 0 };

	require_length(g, IP4_END);
	require_version(g, 4);
	if (guest->dhcp)
		guard_dhcp(g);
	match_addrs(g, &m, AF_INET, IP4_SOURCE, guest->addrs, guest->count);
	require_match(g, &m);
	emit_return(g, GUARD_PASS);
}

static void guard_solicitation(struct guard *g, const struct guest *guest)
{
	static const struct addr none6 = { .family = AF_INET6 };
	struct matches m = { .count = 0 };

	match_addrs(g, &m, AF_INET6, IP6_SOURCE, guest->addrs, guest->count);
	match_addr(g, &m, IP6_SOURCE, &guest->linklocal);
	match_addr(g, &m, IP6_SOURCE, &none6);
	require_match(g, &m);
	emit_return(g, GUARD_PASS);
}

static void guard_advertisement(struct guard *g, const struct guest *guest)
{
	struct matches m = { .count = 0 };

	match_addrs(g, &m, AF_INET6, IP6_SOURCE, guest->addrs, guest->count);
	match_addr(g, &m, IP6_SOURCE, &guest->linklocal);
	require_match(g, &m);
	if (addr_is_set(guest->gateway6)) {
		struct matches gateway = { .count = 0 };

		/* The other way round: what matches is dropped. */
		match_addr(g, &gateway, ND_TARGET, guest->gateway6);
		emit(g, BPF_JMP | BPF_JA, 0, 0, 1);
		g->prog[gateway.jump[0]].k = 1;
		emit_return(g, GUARD_DROP);
	}
	match_addrs(g, &m, AF_INET6, ND_TARGET, guest->addrs, guest->count);
	match_addr(g, &m, ND_TARGET, &guest->linklocal);
	require_match(g, &m);
	emit_return(g, GUARD_PASS);
}

/* Neighbour discovery; the accumulator holds the ICMPv6 type. */
static void guard_discovery(struct guard *g, const struct guest *guest)
{
	size_t solicitation;

	emit(g, BPF_MISC | BPF_TAX, 0, 0, 0);
	require_length(g, ND_END);
	load(g, BPF_B, IP6_HOPS); /* 255: it has crossed no router (RFC 4861 section 7.1) */
	require(g, BPF_JEQ, 255);
	emit(g, BPF_MISC | BPF_TXA, 0, 0, 0);
	solicitation = begin_case(g, BPF_JEQ, ND_NEIGHBOUR_SOLICIT);
	guard_solicitation(g, guest);
	end_case(g, solicitation);
	require(g, BPF_JEQ, ND_NEIGHBOUR_ADVERT);
	guard_advertisement(g, guest);
}

/* The accumulator holds the ICMPv6 type. What does not pass here goes on to the usual check. */
static void guard_echo(struct guard *g, const struct guest *guest)
{
	struct matches gateway = { .count = 0 };
	size_t echo, elsewhere;

	if (!addr_is_set(guest->gateway6))
		return;
	echo = begin_case(g, BPF_JEQ, ICMP6_ECHO_REQUEST);
	match_addr(g, &gateway, IP6_DESTINATION, guest->gateway6);
	emit(g, BPF_JMP | BPF_JA, 0, 0, 0);
	elsewhere = g->count - 1; /* where the matched address jumps to is right behind */
	g->prog[gateway.jump[0]].k = 1;
	match_addr(g, &gateway, IP6_SOURCE, &guest->linklocal);
	g->prog[gateway.jump[1]] = (struct sock_filter){ BPF_RET | BPF_K, 0, 0, GUARD_PASS };
	end_case(g, elsewhere);
	end_case(g, echo);
}

/* --- extension headers --- */

/* The packet has `bytes` (at least 1) from X on. */
static void require_behind(struct guard *g, uint32_t bytes)
{
	emit(g, BPF_LD | BPF_W | BPF_LEN, 0, 0, 0);
	emit(g, BPF_JMP | BPF_JGT | BPF_X, 1, 0, 0);
	emit_return(g, GUARD_DROP);
	emit(g, BPF_ALU | BPF_SUB | BPF_X, 0, 0, 0);
	require(g, BPF_JGE, bytes);
}

/* The accumulator holds the number of the header at X. Goes on with that of the next one, or, if it
 * is none of the three that are gone over, by the jump that is returned. Of a fragment that is not
 * the first there is nothing more to see. */
static size_t skip_extension(struct guard *g)
{
	enum { NEXT, NUMBER }; /* words of the program's memory */
	size_t other;

	emit(g, BPF_JMP | BPF_JEQ | BPF_K, 3, 0, IPPROTO_HOPOPTS);
	emit(g, BPF_JMP | BPF_JEQ | BPF_K, 2, 0, IPPROTO_DSTOPTS);
	emit(g, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, IPPROTO_FRAGMENT);
	emit(g, BPF_JMP | BPF_JA, 0, 0, 0); /* patched when the end is known */
	other = g->count - 1;
	emit(g, BPF_ST, 0, 0, NUMBER);
	require_behind(g, 8);
	emit(g, BPF_LD | BPF_B | BPF_IND, 0, 0, 0);
	emit(g, BPF_ST, 0, 0, NEXT);
	emit(g, BPF_LD | BPF_MEM, 0, 0, NUMBER);
	emit(g, BPF_JMP | BPF_JEQ | BPF_K, 4, 0, IPPROTO_FRAGMENT);
	emit(g, BPF_LD | BPF_B | BPF_IND, 0, 0, 1); /* length: units of 8 bytes behind the first */
	emit(g, BPF_ALU | BPF_ADD | BPF_K, 0, 0, 1);
	emit(g, BPF_ALU | BPF_LSH | BPF_K, 0, 0, 3);
	emit(g, BPF_JMP | BPF_JA, 0, 0, 5);
	emit(g, BPF_LD | BPF_H | BPF_IND, 0, 0, 2);
	emit(g, BPF_ALU | BPF_AND | BPF_K, 0, 0, 0xfff8); /* offset */
	emit(g, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 0);
	emit_return(g, GUARD_PASS);
	emit(g, BPF_LD | BPF_IMM, 0, 0, 8);
	emit(g, BPF_ALU | BPF_ADD | BPF_X, 0, 0, 0);
	emit(g, BPF_MISC | BPF_TAX, 0, 0, 0);
	emit(g, BPF_LD | BPF_MEM, 0, 0, NEXT);
	return other;
}

/* What stands behind the IPv6 header, whose source is in order. */
static void guard_extensions(struct guard *g)
{
	/* Which the packet may not have; the first three are left only where there are too many. */
	static const uint8_t refused[] = { IPPROTO_HOPOPTS, IPPROTO_DSTOPTS, IPPROTO_FRAGMENT,
		IPPROTO_ROUTING, IPPROTO_AH };
	size_t upper[EXTENSIONS_MAX], icmp;

	emit(g, BPF_LDX | BPF_IMM, 0, 0, IP6_END);
	load(g, BPF_B, IP6_NEXT);
	for (size_t i = 0; i < EXTENSIONS_MAX; i++)
		upper[i] = skip_extension(g);
	for (size_t i = 0; i < EXTENSIONS_MAX; i++)
		end_case(g, upper[i]);
	for (size_t i = 0; i < sizeof(refused); i++) {
		emit(g, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, refused[i]);
		emit_return(g, GUARD_DROP);
	}
	icmp = begin_case(g, BPF_JEQ, IPPROTO_ICMPV6);
	require_behind(g, 1);
	emit(g, BPF_LD | BPF_B | BPF_IND, 0, 0, 0);
	emit(g, BPF_JMP | BPF_JGE | BPF_K, 0, 2, ND_FIRST);
	emit(g, BPF_JMP | BPF_JGT | BPF_K, 1, 0, ND_LAST);
	emit_return(g, GUARD_DROP);
	end_case(g, icmp);
}

/* --- all of it --- */

static void guard_ip6(struct guard *g, const struct guest *guest)
{
	struct matches m = { .count = 0 };
	size_t icmp, discovery;

	require_length(g, IP6_END);
	require_version(g, 6);
	load(g, BPF_B, IP6_NEXT);
	icmp = begin_case(g, BPF_JEQ, IPPROTO_ICMPV6);
	require_length(g, ICMP6_TYPE + 1);
	load(g, BPF_B, ICMP6_TYPE);
	emit(g, BPF_JMP | BPF_JGE | BPF_K, 0, 1, ND_FIRST); /* below: over the second compare */
	emit(g, BPF_JMP | BPF_JGT | BPF_K, 0, 1, ND_LAST);
	emit(g, BPF_JMP | BPF_JA, 0, 0, 0); /* not neighbour discovery: patched below */
	discovery = g->count - 1;
	guard_discovery(g, guest);
	end_case(g, discovery);
	guard_echo(g, guest);
	end_case(g, icmp);
	match_addrs(g, &m, AF_INET6, IP6_SOURCE, guest->addrs, guest->count);
	require_match(g, &m);
	guard_extensions(g);
	emit_return(g, GUARD_PASS);
}

static bool has_family(const struct guest *guest, uint8_t family)
{
	for (size_t i = 0; i < guest->count; i++)
		if (guest->addrs[i].family == family)
			return true;
	return false;
}

void guard_make(struct guard *g, const struct mac *mac, const struct addr *addrs, size_t count,
	const struct addr *gateway6, bool dhcp)
{
	static const struct {
		uint16_t type;
		uint8_t family;
		void (*part)(struct guard *g, const struct guest *guest);
	} parts[] = {
		{ ETH_P_IP, AF_INET, guard_ip4 },
		{ ETH_P_IPV6, AF_INET6, guard_ip6 },
		{ ETH_P_ARP, AF_INET, guard_arp },
	};
	struct guest guest = { mac, addrs, count, gateway6, linklocal_of(mac), dhcp };

	g->count = 0;
	require_length(g, ETH_END);
	load(g, BPF_W, (uint32_t)(SKF_AD_OFF + SKF_AD_VLAN_TAG_PRESENT));
	require(g, BPF_JEQ, 0);
	require_mac(g, ETH_SOURCE, mac);
	load(g, BPF_H, ETH_TYPE);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		size_t start;

		if (!has_family(&guest, parts[i].family))
			continue;
		start = begin_case(g, BPF_JEQ, parts[i].type);
		parts[i].part(g, &guest);
		end_case(g, start);
	}
	emit_return(g, GUARD_DROP);
}

void guard_make_closed(struct guard *g)
{
	g->count = 0;
	emit_return(g, GUARD_DROP);
}
