/* What of a guest's packets the kernel gets to see, and with which orders. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "backend/netback/packet_check.h"

static struct packet_rules rules;
static struct tx_packet packet;
static struct virtio_net_hdr orders;
static uint8_t bytes[2048];

static void add(const char *address)
{
	assert_int_equal(addr_parse(address, &rules.addrs[rules.count++]), 0);
}

static int begin(void **state)
{
	(void)state;
	rules = (struct packet_rules){ .count = 0 };
	assert_int_equal(mac_parse("00:16:3e:01:02:03", &rules.mac), 0);
	add("192.0.2.7");
	add("2001:db8::7");
	return 0;
}

/* The packet in hexadecimal, white space as it comes; `len` 0: its length. */
static enum drop check(const char *hex, size_t len)
{
	size_t n = 0;
	unsigned int byte;

	memset(bytes, 0, sizeof(bytes));
	for (; *hex; hex += *hex == ' ' ? 1 : 2)
		if (*hex != ' ') {
			assert_int_equal(sscanf(hex, "%2x", &byte), 1);
			bytes[n++] = (uint8_t)byte;
		}
	packet.len = len ? len : n;
	return packet_check(&rules, &packet, bytes, &orders);
}

#define DESTINATION "feffffffffff "
#define ETHERNET    DESTINATION "00163e010203 "
#define IP4(length, protocol)                                                                      \
	ETHERNET "0800 45000" length " 00000000 40" protocol "0000 c0000207 c6336401 "
#define IP6(length, next) ETHERNET "86dd 60000000 " length " " next "40 "
#define OWN6		  "20010db8000000000000000000000007 "
#define OTHER6		  "20010db8000000000000000000000001 "
#define TCP		  "1388 0050 00000000 00000000 5000 0000 0000 0000 "
#define UDP		  "1388 0035 0008 0000 "

static void own_packets_of_the_three_protocols_go_on(void **state)
{
	(void)state;
	packet = (struct tx_packet){ .slot_count = 1 };
	assert_int_equal(check(ETHERNET "0806 0001 0800 06 04 0001 00163e010203 c0000207 "
					"000000000000 c0000201",
				 0),
		DROP_NONE);
	assert_int_equal(check(IP4("01c", "11") UDP, 0), DROP_NONE);
	assert_int_equal(check(IP6("0008", "11") OWN6 OTHER6 UDP, 0), DROP_NONE);
	assert_int_equal(orders.flags, 0);
	assert_int_equal(orders.gso_type, 0);
	/* Ethernet's padding. */
	assert_int_equal(check(IP4("01c", "11") UDP, 60), DROP_NONE);
}

static void others_macs_and_protocols_do_not(void **state)
{
	(void)state;
	packet = (struct tx_packet){ .slot_count = 1 };
	assert_int_equal(check(DESTINATION "00163e010204 0800 4500001c", 0), DROP_TX_MAC);
	assert_int_equal(check(ETHERNET "8100 0001 0800 4500001c", 0), DROP_TX_PROTOCOL);
	assert_int_equal(check(ETHERNET "888e 0100", 0), DROP_TX_PROTOCOL);
	assert_int_equal(check(ETHERNET "0004 0100", 0), DROP_TX_PROTOCOL);
	assert_int_equal(check(ETHERNET "08", 0), DROP_TX_SHORT);
}

static void others_addresses_do_not(void **state)
{
	(void)state;
	packet = (struct tx_packet){ .slot_count = 1 };
	assert_int_equal(
		check(ETHERNET "0800 4500001c 00000000 40110000 c0000208 c6336401 " UDP, 0),
		DROP_TX_ADDRESS);
	assert_int_equal(check(IP6("0008", "11") OTHER6 OWN6 UDP, 0), DROP_TX_ADDRESS);
	/* ARP in another's name, by address and by MAC; and the probe for one that is nobody's yet.
	 */
	assert_int_equal(check(ETHERNET "0806 0001 0800 06 04 0002 00163e010203 c0000208 "
					"000000000000 c0000201",
				 0),
		DROP_TX_ADDRESS);
	assert_int_equal(check(ETHERNET "0806 0001 0800 06 04 0002 00163e010204 c0000207 "
					"000000000000 c0000201",
				 0),
		DROP_TX_MAC);
	assert_int_equal(check(ETHERNET "0806 0001 0800 06 04 0001 00163e010203 00000000 "
					"000000000000 c0000207",
				 0),
		DROP_NONE);
}

static void a_link_asks_for_neighbours_by_no_address_and_by_that_of_its_mac(void **state)
{
	(void)state;
	packet = (struct tx_packet){ .slot_count = 1 };
	assert_int_equal(check(IP6("0008", "3a") "00000000000000000000000000000000 " OTHER6
						 "8700 0000 0000 0000",
				 0),
		DROP_NONE);
	assert_int_equal(check(IP6("0008", "3a") "fe8000000000000002163efffe010203 " OTHER6
						 "8700 0000 0000 0000",
				 0),
		DROP_NONE);
	assert_int_equal(check(IP6("0008", "3a") "fe8000000000000002163efffe010204 " OTHER6
						 "8700 0000 0000 0000",
				 0),
		DROP_TX_ADDRESS);
	rules.count = 1; /* IPv4 alone */
	assert_int_equal(check(IP6("0008", "3a") "fe8000000000000002163efffe010203 " OTHER6
						 "8700 0000 0000 0000",
				 0),
		DROP_TX_ADDRESS);
}

static void without_an_address_nothing_goes_on(void **state)
{
	(void)state;
	packet = (struct tx_packet){ .slot_count = 1 };
	rules.count = 0;
	assert_int_equal(check(IP4("01c", "11") UDP, 0), DROP_TX_ADDRESS);
	assert_int_equal(check(ETHERNET "0806 0001 0800 06 04 0001 00163e010203 00000000 "
					"000000000000 c0000207",
				 0),
		DROP_TX_ADDRESS);
}

static void lengths_that_cannot_be_do_not_go_on(void **state)
{
	(void)state;
	packet = (struct tx_packet){ .slot_count = 1 };
	assert_int_equal(check(IP4("01d", "11") UDP, 0), DROP_TX_HEADER); /* longer than it is */
	assert_int_equal(check(IP4("013", "11") UDP, 0), DROP_TX_HEADER); /* than its header */
	assert_int_equal(
		check(ETHERNET "0800 4400001c 00000000 40110000 c0000207 c6336401 " UDP, 0),
		DROP_TX_HEADER);
	assert_int_equal(
		check(ETHERNET "0800 4f00001c 00000000 40110000 c0000207 c6336401 " UDP, 0),
		DROP_TX_HEADER);
	assert_int_equal(
		check(ETHERNET "0800 6500001c 00000000 40110000 c0000207 c6336401 " UDP, 0),
		DROP_TX_HEADER);
	assert_int_equal(check(IP6("0009", "11") OWN6 OTHER6 UDP, 0), DROP_TX_HEADER);
	assert_int_equal(
		check(ETHERNET "86dd 40000000 0008 1140 " OWN6 OTHER6 UDP, 0), DROP_TX_HEADER);
	assert_int_equal(check(ETHERNET "0800 45", 0), DROP_TX_HEADER);
	assert_int_equal(check(ETHERNET "0806 0001 0800 06 04 0001", 0), DROP_TX_HEADER);
	assert_int_equal(check(ETHERNET "0806 0006 0800 06 04 0001 00163e010203 c0000207 "
					"000000000000 c0000201",
				 0),
		DROP_TX_HEADER);
}

static void a_blank_checksum_is_ordered_from_the_kernel_where_its_place_is(void **state)
{
	(void)state;
	packet = (struct tx_packet){ .slot_count = 1, .checksum_blank = true };
	assert_int_equal(check(IP4("028", "06") TCP, 0), DROP_NONE);
	assert_int_equal(orders.flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
	assert_int_equal(orders.csum_start, 34);
	assert_int_equal(orders.csum_offset, 16);
	assert_int_equal(check(IP4("01c", "11") UDP, 0), DROP_NONE);
	assert_int_equal(orders.csum_offset, 6);
	/* Options of IPv4, and a header between with IPv6. */
	assert_int_equal(
		check(ETHERNET "0800 46000020 00000000 40110000 c0000207 c6336401 01010101 " UDP,
			0),
		DROP_NONE);
	assert_int_equal(orders.csum_start, 38);
	assert_int_equal(
		check(IP6("0010", "00") OWN6 OTHER6 "1100 0104 00000000 " UDP, 0), DROP_NONE);
	assert_int_equal(orders.csum_start, 62);
	assert_int_equal(orders.csum_offset, 6);
}

static void a_blank_checksum_of_what_has_none_goes_nowhere(void **state)
{
	(void)state;
	packet = (struct tx_packet){ .slot_count = 1, .checksum_blank = true };
	assert_int_equal(check(IP4("01c", "01") UDP, 0), DROP_TX_OFFLOAD); /* ICMP */
	assert_int_equal(check(IP4("027", "06") TCP, 0), DROP_TX_OFFLOAD); /* half a header */
	assert_int_equal(check(ETHERNET "0806 0001 0800 06 04 0001 00163e010203 c0000207 "
					"000000000000 c0000201",
				 0),
		DROP_TX_OFFLOAD);
	/* Fragments. */
	assert_int_equal(
		check(ETHERNET "0800 45000028 00002000 40060000 c0000207 c6336401 " TCP, 0),
		DROP_TX_OFFLOAD);
	assert_int_equal(
		check(ETHERNET "0800 45000028 00000001 40060000 c0000207 c6336401 " TCP, 0),
		DROP_TX_OFFLOAD);
	assert_int_equal(
		check(IP6("0010", "2c") OWN6 OTHER6 "1100 0001 00000000 " UDP, 0), DROP_TX_OFFLOAD);
	/* Headers that lead out of what is there, or never end. */
	assert_int_equal(
		check(IP6("0010", "00") OWN6 OTHER6 "11ff 0000 00000000 " UDP, 0), DROP_TX_OFFLOAD);
	assert_int_equal(check(IP6("0030", "00") OWN6 OTHER6
				 "0000 0000 00000000 0000 0000 00000000 "
				 "0000 0000 00000000 0000 0000 00000000 1100 0000 00000000 " UDP,
				 0),
		DROP_TX_OFFLOAD);
}

static void segments_are_ordered_of_tcp_of_the_right_family(void **state)
{
	(void)state;
	packet = (struct tx_packet){
		.slot_count = 1, .checksum_blank = true, .gso = TX_GSO_TCP4, .gso_size = 1448
	};
	assert_int_equal(check(IP4("728", "06") TCP, 14 + 0x728), DROP_NONE);
	assert_int_equal(orders.gso_type, VIRTIO_NET_HDR_GSO_TCPV4);
	assert_int_equal(orders.gso_size, 1448);
	assert_int_equal(orders.hdr_len, 54);
	assert_int_equal(check(IP6("0014", "06") OWN6 OTHER6 TCP, 0), DROP_TX_OFFLOAD);
	assert_int_equal(check(IP4("01c", "11") UDP, 0), DROP_TX_OFFLOAD);
	assert_int_equal(check(IP4("028", "06") TCP, 60), DROP_TX_OFFLOAD); /* padding */
	assert_int_equal(
		check(IP4("028", "06") "1388 0050 00000000 00000000 6000 0000 0000 0000", 0),
		DROP_TX_OFFLOAD); /* half of the options */
	assert_int_equal(
		check(IP4("028", "06") "1388 0050 00000000 00000000 4000 0000 0000 0000", 0),
		DROP_TX_OFFLOAD);
	packet.gso = TX_GSO_TCP6;
	assert_int_equal(check(IP6("0014", "06") OWN6 OTHER6 TCP, 0), DROP_NONE);
	assert_int_equal(orders.gso_type, VIRTIO_NET_HDR_GSO_TCPV6);
	assert_int_equal(check(IP4("028", "06") TCP, 0), DROP_TX_OFFLOAD);
	packet.checksum_blank = false;
	assert_int_equal(check(IP6("0014", "06") OWN6 OTHER6 TCP, 0), DROP_TX_OFFLOAD);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, begin)
	static const struct CMUnitTest tests[] = {
		TEST(own_packets_of_the_three_protocols_go_on),
		TEST(others_macs_and_protocols_do_not),
		TEST(others_addresses_do_not),
		TEST(a_link_asks_for_neighbours_by_no_address_and_by_that_of_its_mac),
		TEST(without_an_address_nothing_goes_on),
		TEST(lengths_that_cannot_be_do_not_go_on),
		TEST(a_blank_checksum_is_ordered_from_the_kernel_where_its_place_is),
		TEST(a_blank_checksum_of_what_has_none_goes_nowhere),
		TEST(segments_are_ordered_of_tcp_of_the_right_family),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
