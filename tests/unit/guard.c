#include "tests/unit/unit.h"

#include <linux/if_ether.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <stdbool.h>
#include <stdlib.h>

#include "backend/guard.h"
#include "tests/unit/bpf_machine.h"

/* --- packets --- */

static const struct mac guest_mac = { { 0x00, 0x16, 0x3e, 0x00, 0x00, 0x05 } };
#define LOCAL "fe80::216:3eff:fe00:5" /* the link-local address that goes with it */
static struct guard guard;
static struct addr addrs[5];
static struct addr gateway6;

static int guard_of_a_guest_with_addresses_of_both_families(void **state)
{
	static const char *const texts[] = { "10.137.0.5", "10.137.0.6", "10.9.8.7", "2001:db8::5",
		"2001:db8::6" };

	(void)state;
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(addr_parse(texts[i], &addrs[i]), 0);
	assert_int_equal(addr_parse("fe80::1", &gateway6), 0);
	guard_make(&guard, &guest_mac, addrs, 5, &gateway6, false);
	return 0;
}

static void put_addr(struct packet *p, size_t at, const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a), 0);
	memcpy(p->bytes + at, a.bytes, addr_len(&a));
}

static struct packet ethernet(uint16_t type, uint32_t len)
{
	struct packet p = { .len = len };

	memset(p.bytes, 0xff, 6);
	memcpy(p.bytes + 6, guest_mac.bytes, 6);
	p.bytes[12] = (uint8_t)(type >> 8);
	p.bytes[13] = (uint8_t)type;
	return p;
}

static struct packet ip4(const char *from)
{
	struct packet p = ethernet(ETH_P_IP, 60);

	p.bytes[14] = 0x45;
	put_addr(&p, 26, from);
	put_addr(&p, 30, "192.0.2.1");
	return p;
}

static struct packet ip6(const char *from, uint8_t next)
{
	struct packet p = ethernet(ETH_P_IPV6, 86);

	p.bytes[14] = 0x60;
	p.bytes[20] = next;
	p.bytes[21] = 64;
	put_addr(&p, 22, from);
	put_addr(&p, 38, "2001:db8:ffff::1");
	return p;
}

static struct packet discovery(const char *from, uint8_t type, const char *target)
{
	struct packet p = ip6(from, IPPROTO_ICMPV6);

	p.bytes[21] = 255;
	p.bytes[54] = type;
	put_addr(&p, 62, target);
	return p;
}

static struct packet arp(uint8_t operation, const char *from)
{
	struct packet p = ethernet(ETH_P_ARP, 42);
	static const uint8_t head[] = { 0, 1, 8, 0, 6, 4, 0 };

	memcpy(p.bytes + 14, head, sizeof(head));
	p.bytes[21] = operation;
	memcpy(p.bytes + 22, guest_mac.bytes, 6);
	put_addr(&p, 28, from);
	put_addr(&p, 38, "10.137.0.1");
	return p;
}

static void passes(struct packet p)
{
	assert_int_equal(guard_run(&guard, &p), GUARD_PASS);
}

static void is_dropped(struct packet p)
{
	assert_int_equal(guard_run(&guard, &p), GUARD_DROP);
}

/* --- what passes and what does not --- */

static void each_of_the_guests_addresses_may_send(void **state)
{
	(void)state;
	passes(ip4("10.137.0.5"));
	passes(ip4("10.137.0.6"));
	passes(ip4("10.9.8.7"));
	passes(ip6("2001:db8::5", IPPROTO_TCP));
	passes(ip6("2001:db8::6", IPPROTO_UDP));
}

static void a_forged_ip4_source_is_dropped(void **state)
{
	static const char *const forged[] = { "10.137.0.7", "10.137.0.1", "10.137.1.5",
		"11.137.0.5", "0.0.0.0", "255.255.255.255", "127.0.0.1", "224.0.0.1" };

	(void)state;
	for (size_t i = 0; i < sizeof(forged) / sizeof(forged[0]); i++)
		is_dropped(ip4(forged[i]));
}

static void a_forged_ip6_source_is_dropped(void **state)
{
	static const char *const forged[] = { "2001:db8::7", "2001:db8::1:5", "2001:db8:1::5",
		LOCAL, "fe80::5", "fe80::1", "::", "::1", "ff02::1", "::ffff:10.137.0.5" };

	(void)state;
	for (size_t i = 0; i < sizeof(forged) / sizeof(forged[0]); i++) {
		is_dropped(ip6(forged[i], IPPROTO_TCP));
		is_dropped(ip6(forged[i], IPPROTO_ICMPV6));
		is_dropped(ip6(forged[i], 0)); /* hop-by-hop options in front of whatever */
	}
}

static void a_forged_mac_is_dropped_whatever_the_packet_is(void **state)
{
	struct packet good[] = { ip4("10.137.0.5"), ip6("2001:db8::5", IPPROTO_TCP),
		arp(1, "10.137.0.5"), discovery(LOCAL, 135, "fe80::1") };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		for (size_t byte = 6; byte < 12; byte++) {
			passes(good[i]);
			good[i].bytes[byte] ^= 0x40;
			is_dropped(good[i]);
			good[i].bytes[byte] ^= 0x40;
		}
}

static void a_vlan_tag_is_dropped_wherever_the_kernel_keeps_it(void **state)
{
	struct packet beside = ip4("10.137.0.5"), inside = ip4("10.137.0.5");

	(void)state;
	beside.vlan = true;
	is_dropped(beside);
	memmove(inside.bytes + 16, inside.bytes + 12, 48);
	inside.bytes[12] = 0x81;
	inside.bytes[13] = 0x00;
	inside.len += 4;
	is_dropped(inside);
}

static void other_protocols_are_dropped(void **state)
{
	static const uint16_t types[] = { ETH_P_8021Q, ETH_P_8021AD, ETH_P_PPP_DISC, ETH_P_LLDP,
		ETH_P_PAE, ETH_P_MPLS_UC, 0x0026, 0xffff };

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		is_dropped(ethernet(types[i], 60));
}

static void arp_asks_and_answers_for_the_guests_own_addresses(void **state)
{
	(void)state;
	passes(arp(1, "10.137.0.5"));
	passes(arp(2, "10.137.0.6"));
	passes(arp(1, "0.0.0.0")); /* RFC 5227: is this address taken? */
}

static void forged_arp_is_dropped(void **state)
{
	struct packet p = arp(2, "10.137.0.5");

	(void)state;
	is_dropped(arp(1, "10.137.0.1"));
	is_dropped(arp(2, "10.137.0.1"));
	is_dropped(arp(2, "0.0.0.0"));
	is_dropped(arp(3, "10.137.0.5")); /* reverse ARP and others */
	is_dropped(arp(0, "10.137.0.5"));
	p.bytes[27] ^= 1; /* the sender's MAC, inside */
	is_dropped(p);
	for (size_t byte = 14; byte < 21; byte++) { /* formats and lengths */
		p = arp(1, "10.137.0.5");
		p.bytes[byte] ^= 1;
		is_dropped(p);
	}
}

/* As many as there are link-local ones, each would be a neighbour in the kernel's table. */
static void a_guest_asks_for_neighbours_from_its_own_addresses_alone(void **state)
{
	(void)state;
	passes(discovery("2001:db8::5", 135, "fe80::1"));
	passes(discovery(LOCAL, 135, "fe80::1"));
	passes(discovery("::", 135, LOCAL));
	passes(discovery("::", 135, "fe80::5")); /* whether that one is taken */
	is_dropped(discovery("fe80::5", 135, "fe80::1"));
	is_dropped(discovery("fe80::216:3eff:fe00:6", 135, "fe80::1"));
	is_dropped(discovery("fe80::1:216:3eff:fe00:5", 135, "fe80::1"));
	is_dropped(discovery("febf::1", 135, "fe80::1"));
	is_dropped(discovery("2001:db8::7", 135, "fe80::1"));
	is_dropped(discovery("fec0::1", 135, "fe80::1"));
}

static void a_guest_may_advertise_what_can_be_its_own_alone(void **state)
{
	(void)state;
	passes(discovery(LOCAL, 136, "2001:db8::5"));
	passes(discovery("2001:db8::6", 136, "2001:db8::6"));
	passes(discovery(LOCAL, 136, LOCAL));
	is_dropped(discovery(LOCAL, 136, "2001:db8::7"));
	is_dropped(discovery(LOCAL, 136, "fe80::5"));
	is_dropped(discovery("fe80::5", 136, "2001:db8::5"));
	is_dropped(discovery("2001:db8::5", 136, "2001:db8::7"));
	is_dropped(discovery(LOCAL, 136, "fe80::1"));
	is_dropped(discovery("2001:db8::5", 136, "fe80::1"));
	is_dropped(discovery("::", 136, "2001:db8::5"));
}

static void a_guest_may_ping_the_gateway_from_its_link_local_address(void **state)
{
	struct packet p = ip6(LOCAL, IPPROTO_ICMPV6);

	(void)state;
	put_addr(&p, 38, "fe80::1");
	p.bytes[54] = 128;
	passes(p);
	put_addr(&p, 22, "fe80::5");
	is_dropped(p);
	put_addr(&p, 22, LOCAL);
	put_addr(&p, 38, "fe80::2");
	is_dropped(p);
	put_addr(&p, 38, "fe80::1");
	p.bytes[54] = 129;
	is_dropped(p);
	put_addr(&p, 22, "2001:db8::7");
	p.bytes[54] = 128;
	is_dropped(p);
}

static void router_advertisements_and_redirects_are_dropped(void **state)
{
	static const uint8_t types[] = { 133, 134, 137 };

	(void)state;
	for (size_t i = 0; i < sizeof(types); i++) {
		is_dropped(discovery(LOCAL, types[i], LOCAL));
		is_dropped(discovery("2001:db8::5", types[i], "2001:db8::5"));
	}
	passes(discovery("2001:db8::5", 132, "2001:db8::7"));
	passes(discovery("2001:db8::5", 138, "2001:db8::7"));
	passes(discovery("2001:db8::5", 128, "2001:db8::7"));
}

/* An IPv6 packet with extension headers of 8 bytes each, and `upper` behind them. */
static struct packet chain(const uint8_t *headers, size_t count, uint8_t upper)
{
	struct packet p = ip6("2001:db8::5", count ? headers[0] : upper);

	p.len = (uint32_t)(54 + count * 8 + 8);
	for (size_t i = 0; i < count; i++)
		p.bytes[54 + i * 8] = i + 1 < count ? headers[i + 1] : upper;
	return p;
}

enum { HOP = 0, ROUTING = 43, FRAGMENT = 44, AUTH = 51, OPTIONS = 60 };

static void extension_headers_are_gone_over(void **state)
{
	static const uint8_t headers[] = { HOP, OPTIONS, FRAGMENT, OPTIONS, OPTIONS };
	struct packet p;

	(void)state;
	for (size_t count = 0; count <= 4; count++)
		passes(chain(headers, count, IPPROTO_TCP));
	is_dropped(chain(headers, 5, IPPROTO_TCP)); /* too many */
	p = chain(headers, 2, IPPROTO_TCP);
	p.bytes[55] = 1; /* the first takes 16 bytes: the second is not where it was */
	p.bytes[54 + 16] = IPPROTO_UDP;
	p.len += 8;
	passes(p);
	p.bytes[54 + 16] = AUTH;
	is_dropped(p);
	p.bytes[55] = 255; /* it ends behind the packet */
	is_dropped(p);
}

static void a_header_that_leads_elsewhere_or_hides_ports_is_dropped_wherever_it_stands(void **state)
{
	static const uint8_t before[] = { OPTIONS, HOP, FRAGMENT }, refused[] = { ROUTING, AUTH };

	(void)state;
	for (size_t i = 0; i < sizeof(refused); i++)
		for (size_t count = 0; count <= 3; count++)
			is_dropped(chain(before, count, refused[i]));
}

static void there_is_no_neighbour_discovery_behind_extension_headers(void **state)
{
	static const uint8_t headers[] = { HOP, OPTIONS, FRAGMENT, OPTIONS };

	(void)state;
	for (size_t count = 1; count <= 4; count++)
		for (uint8_t type = 132; type <= 138; type++) {
			struct packet p = chain(headers, count, IPPROTO_ICMPV6);

			p.bytes[21] = 255;
			p.bytes[54 + count * 8] = type;
			if (type == 132 || type == 138)
				passes(p);
			else
				is_dropped(p);
		}
}

static void of_a_later_fragment_nothing_more_is_asked(void **state)
{
	static const uint8_t headers[] = { FRAGMENT };
	struct packet p = chain(headers, 1, ROUTING);

	(void)state;
	is_dropped(p);
	p.bytes[57] = 8;
	passes(p);
}

static void neighbour_discovery_that_crossed_a_router_is_dropped(void **state)
{
	struct packet p = discovery("2001:db8::5", 135, "fe80::1");

	(void)state;
	p.bytes[21] = 254;
	is_dropped(p);
}

static void a_wrong_ip_version_is_dropped(void **state)
{
	struct packet p4 = ip4("10.137.0.5"), p6 = ip6("2001:db8::5", IPPROTO_TCP);

	(void)state;
	p4.bytes[14] = 0x65;
	p6.bytes[14] = 0x40;
	is_dropped(p4);
	is_dropped(p6);
}

static void short_packets_are_dropped_and_never_read_behind_their_end(void **state)
{
	struct packet all[] = { ip4("10.137.0.5"), ip6("2001:db8::5", IPPROTO_TCP),
		ip6("2001:db8::5", IPPROTO_ICMPV6), arp(1, "10.137.0.5"),
		discovery(LOCAL, 136, LOCAL), discovery("::", 135, "fe80::1") };
	static const uint32_t needed[] = { 34, 54, 55, 42, 78, 78 };

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		for (uint32_t len = 0; len <= 78; len++) {
			all[i].len = len;
			if (len < needed[i])
				is_dropped(all[i]);
			else
				passes(all[i]);
		}
}

static void a_family_without_an_address_is_dropped_whole(void **state)
{
	(void)state;
	guard_make(&guard, &guest_mac, addrs, 3, &(struct addr){ .family = 0 }, false);
	passes(ip4("10.137.0.5"));
	is_dropped(ip6("2001:db8::5", IPPROTO_TCP));
	is_dropped(discovery(LOCAL, 135, "fe80::1"));
	guard_make(&guard, &guest_mac, addrs + 3, 2, &gateway6, false);
	passes(ip6("2001:db8::5", IPPROTO_TCP));
	is_dropped(ip4("10.137.0.5"));
	is_dropped(arp(1, "10.137.0.5"));
	is_dropped(arp(1, "0.0.0.0"));
}

/* A question for an address (RFC 2131). */
static struct packet dhcp(const char *from, const char *to, uint8_t from_port, uint8_t port)
{
	struct packet p = ip4(from);

	p.len = 200;
	p.bytes[23] = IPPROTO_UDP;
	put_addr(&p, 30, to);
	p.bytes[35] = from_port;
	p.bytes[37] = port;
	return p;
}

static void nobodys_address_asks_by_dhcp_alone_and_only_where_it_is_to(void **state)
{
	struct packet p = dhcp("0.0.0.0", "255.255.255.255", 68, 67);

	(void)state;
	is_dropped(p);
	guard_make(&guard, &guest_mac, addrs, 5, &gateway6, true);
	passes(p);
	passes(ip4("10.137.0.5"));
	is_dropped(ip4("10.137.0.4"));
	is_dropped(ip4("0.0.0.0"));
	is_dropped(dhcp("0.0.0.0", "10.137.0.1", 68, 67));
	is_dropped(dhcp("0.0.0.0", "255.255.255.255", 67, 68));
	is_dropped(dhcp("0.0.0.0", "255.255.255.255", 68, 53));
	is_dropped(dhcp("0.0.0.1", "255.255.255.255", 68, 67));
	p.bytes[23] = IPPROTO_TCP;
	is_dropped(p);
	p.bytes[23] = IPPROTO_UDP;
	p.bytes[14] = 0x46; /* options, behind which the ports are elsewhere */
	is_dropped(p);
	p.bytes[14] = 0x45;
	p.bytes[20] = 0x20; /* more fragments */
	is_dropped(p);
	p.bytes[20] = 0x40; /* "do not fragment" is no fragment */
	passes(p);
	p.len = 41;
	is_dropped(p);
}

static void a_closed_guard_drops_everything(void **state)
{
	(void)state;
	guard_make_closed(&guard);
	is_dropped(ip4("10.137.0.5"));
	is_dropped(arp(1, "10.137.0.5"));
	is_dropped((struct packet){ .len = 0 });
}

static void sixteen_addresses_fit_and_each_of_them_may_send(void **state)
{
	struct addr many[16];
	char text[ADDR_TEXT_MAX];

	(void)state;
	for (uint8_t i = 0; i < 16; i++) {
		assert_int_equal(addr_parse("2001:db8::", &many[i]), 0);
		many[i].bytes[15] = (uint8_t)(i + 1);
	}
	guard_make(&guard, &guest_mac, many, 16, &gateway6, false);
	assert_true(guard.count <= GUARD_PROGRAM_MAX);
	for (size_t i = 0; i < 16; i++) {
		passes(ip6(addr_print(&many[i], text), IPPROTO_TCP));
		passes(discovery(LOCAL, 136, text));
	}
	is_dropped(ip6("2001:db8::11", IPPROTO_TCP));
}

/* The rules of guard.h once more, said in another way. */
static bool is_own(const struct packet *p, size_t at, uint8_t family)
{
	for (size_t i = 0; i < 5; i++)
		if (addrs[i].family == family &&
			memcmp(p->bytes + at, addrs[i].bytes, addr_len(&addrs[i])) == 0)
			return true;
	return false;
}

static bool is_linklocal(const struct packet *p, size_t at)
{
	struct addr local;

	assert_int_equal(addr_parse(LOCAL, &local), 0);
	return memcmp(p->bytes + at, local.bytes, 16) == 0;
}

static bool is_zero(const struct packet *p, size_t at, size_t len)
{
	static const uint8_t none[16];

	return memcmp(p->bytes + at, none, len) == 0;
}

/* Behind the IPv6 header: header `number` at `at`, with `gone` of them before it. */
static bool may_pass_behind(const struct packet *p, uint8_t number, size_t at, size_t gone)
{
	const uint8_t *b = p->bytes + at;

	if (number == IPPROTO_ICMPV6)
		return p->len > at && (b[0] < 133 || b[0] > 137);
	if (number == ROUTING || number == AUTH)
		return false;
	if (number != HOP && number != OPTIONS && number != FRAGMENT)
		return true;
	if (gone == 4 || p->len < at + 8)
		return false;
	if (number == FRAGMENT)
		return b[2] || b[3] >> 3 || may_pass_behind(p, b[0], at + 8, gone + 1);
	return may_pass_behind(p, b[0], at + (b[1] + 1U) * 8, gone + 1);
}

static bool may_pass(const struct packet *p)
{
	const uint8_t *b = p->bytes;
	unsigned int type = (unsigned int)b[12] << 8 | b[13];

	if (p->len < 14 || p->vlan || memcmp(b + 6, guest_mac.bytes, 6) != 0)
		return false;
	if (type == ETH_P_IP)
		return p->len >= 34 && b[14] >> 4 == 4 && is_own(p, 26, AF_INET);
	if (type == ETH_P_ARP)
		return p->len >= 42 && memcmp(b + 14, "\0\1\10\0\6\4\0", 7) == 0 &&
		       memcmp(b + 22, guest_mac.bytes, 6) == 0 &&
		       ((b[21] == 1 && is_zero(p, 28, 4)) ||
			       ((b[21] == 1 || b[21] == 2) && is_own(p, 28, AF_INET)));
	if (type != ETH_P_IPV6 || p->len < 54 || b[14] >> 4 != 6)
		return false;
	if (b[20] == IPPROTO_ICMPV6 && p->len < 55)
		return false;
	if (b[20] == IPPROTO_ICMPV6 && b[54] == 128 && is_linklocal(p, 22) &&
		memcmp(b + 38, gateway6.bytes, 16) == 0)
		return true;
	if (b[20] != IPPROTO_ICMPV6 || b[54] < 133 || b[54] > 137)
		return is_own(p, 22, AF_INET6) && may_pass_behind(p, b[20], 54, 0);
	if (p->len < 78 || b[21] != 255)
		return false;
	if (b[54] == 135)
		return is_own(p, 22, AF_INET6) || is_linklocal(p, 22) || is_zero(p, 22, 16);
	return b[54] == 136 && (is_own(p, 22, AF_INET6) || is_linklocal(p, 22)) &&
	       (is_own(p, 62, AF_INET6) ||
		       (is_linklocal(p, 62) && memcmp(b + 62, gateway6.bytes, 16) != 0));
}

static void every_packet_meets_the_rules_however_it_is_mangled(void **state)
{
	static const uint8_t headers[] = { HOP, OPTIONS, FRAGMENT };
	struct packet good[] = { ip4("10.137.0.5"), ip4("10.9.8.7"),
		ip6("2001:db8::5", IPPROTO_TCP), ip6("2001:db8::6", IPPROTO_ICMPV6),
		arp(1, "10.137.0.5"), arp(2, "10.137.0.6"), arp(1, "0.0.0.0"),
		discovery(LOCAL, 136, LOCAL), discovery("2001:db8::5", 136, "2001:db8::6"),
		discovery("::", 135, "fe80::1"), discovery(LOCAL, 128, "::"),
		chain(headers, 3, IPPROTO_ICMPV6), chain(headers + 1, 2, IPPROTO_TCP) };
	unsigned int passed = 0;

	(void)state;
	put_addr(&good[10], 38, "fe80::1");
	srandom(20240611); /* the same packets each time */
	for (unsigned int i = 0; i < 300000; i++) {
		struct packet p = good[(size_t)random() % (sizeof(good) / sizeof(good[0]))];

		for (long n = random() % 3; n > 0; n--)
			p.bytes[random() % 86] = (uint8_t)random();
		if (random() % 4 == 0)
			p.len = (uint32_t)random() % 90;
		p.vlan = random() % 64 == 0;
		assert_int_equal(guard_run(&guard, &p), may_pass(&p) ? GUARD_PASS : GUARD_DROP);
		passed += may_pass(&p);
	}
	assert_in_range(passed, 30000, 270000);
}

#define GUARD_TEST(name)                                                                           \
	cmocka_unit_test_setup(name, guard_of_a_guest_with_addresses_of_both_families)

int main(void)
{
	const struct CMUnitTest tests[] = {
		GUARD_TEST(each_of_the_guests_addresses_may_send),
		GUARD_TEST(a_forged_ip4_source_is_dropped),
		GUARD_TEST(a_forged_ip6_source_is_dropped),
		GUARD_TEST(a_forged_mac_is_dropped_whatever_the_packet_is),
		GUARD_TEST(a_vlan_tag_is_dropped_wherever_the_kernel_keeps_it),
		GUARD_TEST(other_protocols_are_dropped),
		GUARD_TEST(arp_asks_and_answers_for_the_guests_own_addresses),
		GUARD_TEST(forged_arp_is_dropped),
		GUARD_TEST(a_guest_asks_for_neighbours_from_its_own_addresses_alone),
		GUARD_TEST(a_guest_may_advertise_what_can_be_its_own_alone),
		GUARD_TEST(a_guest_may_ping_the_gateway_from_its_link_local_address),
		GUARD_TEST(router_advertisements_and_redirects_are_dropped),
		GUARD_TEST(extension_headers_are_gone_over),
		GUARD_TEST(
			a_header_that_leads_elsewhere_or_hides_ports_is_dropped_wherever_it_stands),
		GUARD_TEST(there_is_no_neighbour_discovery_behind_extension_headers),
		GUARD_TEST(of_a_later_fragment_nothing_more_is_asked),
		GUARD_TEST(neighbour_discovery_that_crossed_a_router_is_dropped),
		GUARD_TEST(a_wrong_ip_version_is_dropped),
		GUARD_TEST(short_packets_are_dropped_and_never_read_behind_their_end),
		GUARD_TEST(a_family_without_an_address_is_dropped_whole),
		GUARD_TEST(nobodys_address_asks_by_dhcp_alone_and_only_where_it_is_to),
		GUARD_TEST(a_closed_guard_drops_everything),
		GUARD_TEST(sixteen_addresses_fit_and_each_of_them_may_send),
		GUARD_TEST(every_packet_meets_the_rules_however_it_is_mangled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
