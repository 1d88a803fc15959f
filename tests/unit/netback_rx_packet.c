/* What of the kernel's packets a guest gets, and how. */
#include "tests/unit/unit.h"

#include <string.h>

#include "backend/netback/rx_packet.h"

static uint8_t bytes[RX_PACKET_MAX];
static struct rx_packet packet;
static struct guest_takes takes;

/* An IPv4 packet of that length, for a guest that takes everything. */
static int begin(void **state)
{
	(void)state;
	memset(bytes, 0, sizeof(bytes));
	bytes[12] = 0x08;
	takes = (struct guest_takes){ true, true, true, true, true, true, true };
	packet = (struct rx_packet){ .bytes = bytes, .len = 60 };
	return 0;
}

static enum drop check(void)
{
	return rx_packet_check(&takes, &packet);
}

static void a_packet_takes_a_page_of_the_guests_for_each_of_ours_and_an_extra(void **state)
{
	static const struct {
		size_t len, slots;
	} table[] = { { 14, 1 }, { 4096, 1 }, { 4097, 2 }, { 8192, 2 }, { RX_PACKET_MAX, 17 } };

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		packet.len = table[i].len;
		packet.orders.gso_type = VIRTIO_NET_HDR_GSO_NONE;
		assert_int_equal(rx_packet_pages(&packet), table[i].slots);
		assert_int_equal(rx_packet_slots(&packet), table[i].slots);
		packet.orders.gso_type = VIRTIO_NET_HDR_GSO_TCPV4;
		assert_int_equal(rx_packet_slots(&packet), table[i].slots + 1);
	}
}

static void more_than_a_page_is_for_those_who_take_pieces(void **state)
{
	(void)state;
	packet.len = 4097;
	assert_int_equal(check(), DROP_NONE);
	takes.pieces = false;
	assert_int_equal(check(), DROP_RX_SIZE);
	packet.len = 4096;
	assert_int_equal(check(), DROP_NONE);
	packet.len = 13;
	assert_int_equal(check(), DROP_RX_SIZE);
}

static void segments_are_for_those_who_cut_that_family(void **state)
{
	(void)state;
	packet.orders.gso_type = VIRTIO_NET_HDR_GSO_TCPV4;
	assert_int_equal(check(), DROP_RX_OFFLOAD); /* of no size */
	packet.orders.gso_size = 1448;
	assert_int_equal(check(), DROP_NONE);
	assert_true(rx_packet_is_cut(&packet) && !rx_packet_is_cut6(&packet));
	takes.segments4 = false;
	assert_int_equal(check(), DROP_RX_OFFLOAD);
	packet.orders.gso_type = VIRTIO_NET_HDR_GSO_TCPV6;
	assert_int_equal(check(), DROP_NONE);
	assert_true(rx_packet_is_cut6(&packet));
	takes.segments6 = false;
	assert_int_equal(check(), DROP_RX_OFFLOAD);
	packet.orders.gso_type = VIRTIO_NET_HDR_GSO_UDP;
	assert_int_equal(check(), DROP_RX_OFFLOAD);
}

/* 16-bit words that sum up to that, in ones' complement. */
static uint16_t sum(size_t from, size_t to)
{
	uint32_t s = 0;

	for (size_t i = from; i < to; i++)
		s += i % 2 == from % 2 ? (uint32_t)bytes[i] << 8 : bytes[i];
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return (uint16_t)s;
}

static void a_checksum_is_made_for_who_does_not_make_it(void **state)
{
	(void)state;
	for (size_t len = 60; len < 64; len++) {
		packet.len = len;
		packet.orders = (struct virtio_net_hdr){
			.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 34, .csum_offset = 16
		};
		for (size_t i = 34; i < len; i++)
			bytes[i] = (uint8_t)(i * 77 + len);
		takes.checksum4 = true;
		assert_int_equal(check(), DROP_NONE);
		assert_int_equal(packet.orders.flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
		takes.checksum4 = false;
		assert_int_equal(check(), DROP_NONE);
		assert_int_equal(packet.orders.flags, 0);
	}
}

static void the_sum_that_is_made_is_right(void **state)
{
	(void)state;
	takes.checksum4 = false;
	for (size_t len = 60; len < 64; len++) {
		uint16_t pseudo = 0x1234, made;

		packet.len = len;
		packet.orders = (struct virtio_net_hdr){
			.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 34, .csum_offset = 16
		};
		for (size_t i = 34; i < len; i++)
			bytes[i] = (uint8_t)(i * 77 + len);
		bytes[50] = pseudo >> 8;
		bytes[51] = pseudo & 0xff;
		assert_int_equal(check(), DROP_NONE);
		/* What is summed with the sum in its place, and the pseudo header, is all ones. */
		made = sum(34, len);
		assert_int_equal((made + pseudo) % 0xffff, 0);
	}
}

static void a_sum_of_zero_is_written_as_all_ones(void **state)
{
	(void)state;
	takes.checksum4 = false;
	memset(bytes + 34, 0, 26);
	bytes[34] = bytes[35] = 0xff;
	packet.orders = (struct virtio_net_hdr){
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 34, .csum_offset = 6
	};
	assert_int_equal(check(), DROP_NONE);
	assert_int_equal(bytes[40], 0xff);
	assert_int_equal(bytes[41], 0xff);
}

static void a_checksum_outside_of_the_packet_is_not_made(void **state)
{
	(void)state;
	takes.checksum4 = false;
	packet.orders = (struct virtio_net_hdr){
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 50, .csum_offset = 9
	};
	assert_int_equal(check(), DROP_RX_OFFLOAD);
	packet.orders.csum_start = 65535;
	packet.orders.csum_offset = 65535;
	assert_int_equal(check(), DROP_RX_OFFLOAD);
}

static void each_family_has_its_own_checksums(void **state)
{
	(void)state;
	takes.checksum6 = false;
	packet.orders = (struct virtio_net_hdr){
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 34, .csum_offset = 16
	};
	assert_int_equal(check(), DROP_NONE);
	assert_int_equal(packet.orders.flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
	bytes[12] = 0x86;
	bytes[13] = 0xdd;
	assert_int_equal(check(), DROP_NONE);
	assert_int_equal(packet.orders.flags, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, begin)
	static const struct CMUnitTest tests[] = {
		TEST(a_packet_takes_a_page_of_the_guests_for_each_of_ours_and_an_extra),
		TEST(more_than_a_page_is_for_those_who_take_pieces),
		TEST(segments_are_for_those_who_cut_that_family),
		TEST(a_checksum_is_made_for_who_does_not_make_it),
		TEST(the_sum_that_is_made_is_right),
		TEST(a_sum_of_zero_is_written_as_all_ones),
		TEST(a_checksum_outside_of_the_packet_is_not_made),
		TEST(each_family_has_its_own_checksums),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
