/* A packet as its requests say it: netif.h, "Guest transmit". */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>
#include <xen/io/netif.h>

#include "backend/netback/tx_packet.h"

static struct netif_tx_sring *ring_page;
static uint8_t page[RING_PAGE] __attribute__((aligned(RING_PAGE)));
static struct ring ring;

static struct tx_packet packet;
static struct tx_slot slots[TX_SLOTS_MAX];
static struct err why;

/* An empty ring, near the end of a round. */
static int begin(void **state)
{
	(void)state;
	memset(page, 0, sizeof(page));
	ring_page = (struct netif_tx_sring *)page;
	ring_page->req_prod = ring_page->rsp_prod = 250;
	assert_int_equal(ring_attach(&ring, page, TX_SLOT_SIZE), 0);
	return 0;
}

static union netif_tx_sring_entry *next(void)
{
	union netif_tx_sring_entry *slots_there = (void *)(page + 64);

	return &slots_there[ring_page->req_prod++ % RING_SLOTS];
}

static void put(uint16_t id, uint16_t offset, uint16_t size, uint16_t flags)
{
	next()->req = (struct netif_tx_request){
		.gref = 1000U + id, .offset = offset, .flags = flags, .id = id, .size = size
	};
}

static void put_extra(uint8_t type, uint8_t flags, uint16_t gso_size, uint8_t gso_type)
{
	struct netif_extra_info extra = { .type = type, .flags = flags };

	extra.u.gso.size = gso_size;
	extra.u.gso.type = gso_type;
	memcpy(next(), &extra, sizeof(extra));
}

static int take(void)
{
	int waiting = ring_waiting(&ring);

	why = (struct err)ERR_NONE;
	assert_true(waiting > 0);
	return tx_packet_take(&ring, (size_t)waiting, &packet, slots, &why);
}

static void one_request_is_a_packet(void **state)
{
	(void)state;
	put(7, 100, 60, NETTXF_csum_blank | NETTXF_data_validated);
	assert_int_equal(take(), 0);
	assert_int_equal(packet.fault, DROP_NONE);
	assert_int_equal(packet.slot_count, 1);
	assert_int_equal(packet.len, 60);
	assert_true(packet.checksum_blank);
	assert_int_equal(packet.gso, TX_GSO_NONE);
	assert_int_equal(slots[0].grant, 1007);
	assert_int_equal(slots[0].offset, 100);
	assert_int_equal(slots[0].len, 60);
	assert_int_equal(slots[0].id, 7);
	assert_int_equal(ring_waiting(&ring), 0);
}

static void the_first_fragment_is_what_the_others_leave(void **state)
{
	(void)state;
	put(1, 4000, 9000, NETTXF_more_data);
	put(2, 0, 4096, NETTXF_more_data);
	put(3, 0, 4096, NETTXF_more_data);
	put(4, 96, 712, 0);
	put(5, 0, 60, 0);
	assert_int_equal(take(), 0);
	assert_int_equal(packet.fault, DROP_NONE);
	assert_int_equal(packet.slot_count, 4);
	assert_int_equal(packet.len, 9000);
	assert_int_equal(slots[0].len, 96);
	assert_int_equal(slots[3].len, 712);
	assert_int_equal(ring_waiting(&ring), 1);
}

static void extras_stand_behind_the_first_request(void **state)
{
	(void)state;
	put(1, 0, 5000, NETTXF_more_data | NETTXF_extra_info | NETTXF_csum_blank);
	put_extra(XEN_NETIF_EXTRA_TYPE_HASH, XEN_NETIF_EXTRA_FLAG_MORE, 0, 0);
	put_extra(XEN_NETIF_EXTRA_TYPE_GSO, 0, 1448, XEN_NETIF_GSO_TYPE_TCPV6);
	put(2, 0, 4096, 0);
	assert_int_equal(take(), 0);
	assert_int_equal(packet.slot_count, 4);
	assert_false(slots[0].extra);
	assert_true(slots[1].extra);
	assert_true(slots[2].extra);
	assert_false(slots[3].extra);
	assert_int_equal(slots[0].len, 904);
	assert_int_equal(packet.gso, TX_GSO_TCP6);
	assert_int_equal(packet.gso_size, 1448);
}

/* An error response, and the next packet goes on. */
static void an_extra_can_name_a_multicast_address_in_the_place_of_a_packet(void **state)
{
	const struct netif_extra_info join = { .type = XEN_NETIF_EXTRA_TYPE_MCAST_ADD,
		.u.mcast.addr = { 0x33, 0x33, 0, 0, 0, 5 } };
	struct netif_extra_info leave = join;

	(void)state;
	leave.type = XEN_NETIF_EXTRA_TYPE_MCAST_DEL;
	put(1, 0, 0, NETTXF_extra_info);
	memcpy(next(), &join, sizeof(join));
	assert_int_equal(take(), 0);
	assert_int_equal(packet.fault, DROP_NONE);
	assert_int_equal(packet.multicast, TX_MULTICAST_JOIN);
	assert_memory_equal(packet.group.bytes, join.u.mcast.addr, 6);
	put(2, 0, 0, NETTXF_extra_info);
	memcpy(next(), &leave, sizeof(leave));
	assert_int_equal(take(), 0);
	assert_int_equal(packet.multicast, TX_MULTICAST_LEAVE);
	put(3, 0, 60, 0);
	assert_int_equal(take(), 0);
	assert_int_equal(packet.multicast, TX_MULTICAST_NONE);
}

static void sizes_that_do_not_fit_cost_the_packet(void **state)
{
	(void)state;
	put(1, 0, 13, 0);
	put(2, 0, 100, NETTXF_more_data);
	put(3, 0, 101, 0);
	put(4, 0, 60, 0);
	assert_int_equal(take(), 0);
	assert_int_equal(packet.fault, DROP_TX_SHORT);
	assert_int_equal(take(), 0);
	assert_int_equal(packet.fault, DROP_TX_SHORT);
	assert_int_equal(packet.slot_count, 2);
	assert_int_equal(take(), 0);
	assert_int_equal(packet.fault, DROP_NONE);
	assert_int_equal(slots[0].id, 4);
}

static void put_fragments(int count)
{
	put(0, 0, (uint16_t)(count * 100), count > 1 ? NETTXF_more_data : 0);
	for (int i = 1; i < count; i++)
		put((uint16_t)i, 0, 100, i < count - 1 ? NETTXF_more_data : 0);
}

static void nineteen_fragments_are_a_packet_a_few_more_are_refused_many_end_all(void **state)
{
	(void)state;
	put_fragments(19);
	put_fragments(20);
	put_fragments(21);
	put_fragments(22);
	assert_int_equal(take(), 0);
	assert_int_equal(packet.fault, DROP_NONE);
	assert_int_equal(packet.slot_count, 19);
	assert_int_equal(take(), 0);
	assert_int_equal(packet.fault, DROP_TX_PIECES);
	assert_int_equal(take(), 0);
	assert_int_equal(packet.fault, DROP_TX_PIECES);
	assert_int_equal(packet.slot_count, 21);
	assert_int_equal(take(), -EPROTO);
	assert_string_equal(why.text, "a packet of more than 21 fragments");
}

static void a_fragment_lies_within_its_page(void **state)
{
	(void)state;
	put(1, 0, 4096, 0);
	put(2, 4095, 100, NETTXF_more_data);
	put(3, 4000, 96, NETTXF_more_data);
	put(4, 4093, 3, 0);
	put(5, 4000, 97, 0);
	assert_int_equal(take(), 0);
	assert_int_equal(take(), 0);
	assert_int_equal(packet.fault, DROP_NONE);
	assert_int_equal(take(), -EPROTO);
	assert_string_equal(why.text, "a fragment of 97 bytes at 4000 of its page");
}

static void what_is_announced_must_be_there(void **state)
{
	(void)state;
	put(1, 0, 100, NETTXF_more_data);
	assert_int_equal(take(), -EPROTO);
	assert_string_equal(why.text, "a fragment that is not there");
	begin(NULL);
	put(1, 0, 100, NETTXF_extra_info);
	assert_int_equal(take(), -EPROTO);
	assert_string_equal(why.text, "an extra that is not there");
	begin(NULL);
	put(1, 0, 100, NETTXF_extra_info);
	put_extra(XEN_NETIF_EXTRA_TYPE_HASH, XEN_NETIF_EXTRA_FLAG_MORE, 0, 0);
	assert_int_equal(take(), -EPROTO);
}

static void a_chain_of_extras_has_an_end(void **state)
{
	(void)state;
	put(1, 0, 100, NETTXF_extra_info);
	for (int i = 0; i < 200; i++)
		put_extra(XEN_NETIF_EXTRA_TYPE_HASH, XEN_NETIF_EXTRA_FLAG_MORE, 0, 0);
	assert_int_equal(take(), -EPROTO);
	assert_string_equal(why.text, "more than 4 extras");
	assert_true(packet.slot_count <= TX_SLOTS_MAX);
}

static void extras_that_nobody_knows_end_all(void **state)
{
	static const uint8_t types[] = { 0, XEN_NETIF_EXTRA_TYPE_MAX, 255 };

	(void)state;
	for (size_t i = 0; i < sizeof(types); i++) {
		begin(NULL);
		put(1, 0, 100, NETTXF_extra_info);
		put_extra(types[i], 0, 0, 0);
		assert_int_equal(take(), -EPROTO);
	}
}

static void segments_have_a_size_and_a_known_type(void **state)
{
	(void)state;
	put(1, 0, 100, NETTXF_extra_info);
	put_extra(XEN_NETIF_EXTRA_TYPE_GSO, 0, 0, XEN_NETIF_GSO_TYPE_TCPV4);
	assert_int_equal(take(), -EPROTO);
	begin(NULL);
	put(1, 0, 100, NETTXF_extra_info);
	put_extra(XEN_NETIF_EXTRA_TYPE_GSO, 0, 1448, 3);
	assert_int_equal(take(), -EPROTO);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, begin)
	static const struct CMUnitTest tests[] = {
		TEST(one_request_is_a_packet),
		TEST(the_first_fragment_is_what_the_others_leave),
		TEST(extras_stand_behind_the_first_request),
		TEST(an_extra_can_name_a_multicast_address_in_the_place_of_a_packet),
		TEST(sizes_that_do_not_fit_cost_the_packet),
		TEST(nineteen_fragments_are_a_packet_a_few_more_are_refused_many_end_all),
		TEST(a_fragment_lies_within_its_page),
		TEST(what_is_announced_must_be_there),
		TEST(a_chain_of_extras_has_an_end),
		TEST(extras_that_nobody_knows_end_all),
		TEST(segments_have_a_size_and_a_known_type),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
