/* The data path between rings in a memory of ours and a tap that is a socket: what answers say, and
 * what one that goes on where another was killed makes of a ring. */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
#include <xen/io/netif.h>

#include "backend/netback/datapath.h"

#define PAGE  4096
#define PAGES 40

/* Numbers of pages, and of descriptors that port_plain.c takes as they are. */
enum { TX_RING, RX_RING, TX_PAGES, RX_PAGES = 20 };
enum { MEMORY_FD = 100, TX_BELL, OUR_BELL, RX_BELL };

static uint8_t (*memory)[PAGE];
static int tap, world;
static struct port *port;
static struct datapath *datapath;
static struct counters counters;
static struct datapath_marks marks;
static struct err why;

static struct datapath_settings settings = {
	.takes = { true, true, true, true, true, false, true },
	.rules = {
		.mac = { { 0x00, 0x16, 0x3e, 0x01, 0x02, 0x03 } },
		.addrs = { { .family = AF_INET, .bytes = { 192, 0, 2, 7 } } },
		.count = 1,
	},
};

static struct netif_tx_sring *tx(void)
{
	return (struct netif_tx_sring *)memory[TX_RING];
}

static struct netif_rx_sring *rx(void)
{
	return (struct netif_rx_sring *)memory[RX_RING];
}

static union netif_tx_sring_entry *tx_slot(uint32_t i)
{
	return &((union netif_tx_sring_entry *)(void *)(memory[TX_RING] + 64))[i % 256];
}

static union netif_rx_sring_entry *rx_slot(uint32_t i)
{
	return &((union netif_rx_sring_entry *)(void *)(memory[RX_RING] + 64))[i % 256];
}

static void move_to(int from, int to)
{
	assert_int_equal(dup2(from, to), to);
	close(from);
}

static void datapath_make(bool resumed)
{
	const struct port_place place = { MEMORY_FD, TX_RING, RX_RING, TX_BELL, RX_BELL };

	assert_int_equal(port_open(&port, &place, &why), 0);
	assert_int_equal(
		datapath_open(&datapath, port, tap, &settings, &counters, &marks, &why), 0);
	assert_int_equal(datapath_begin(datapath, resumed, &why), 0);
}

/* Rings near the end of a round. */
static int begin(void **state)
{
	int pair[2];

	(void)state;
	move_to(memfd_create("guest", 0), MEMORY_FD);
	assert_int_equal(ftruncate(MEMORY_FD, PAGES * PAGE), 0);
	memory = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, MEMORY_FD, 0);
	assert_true(memory != MAP_FAILED);
	for (int fd = TX_BELL; fd <= RX_BELL; fd++)
		move_to(eventfd(0, EFD_NONBLOCK), fd);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair), 0);
	tap = pair[0];
	world = pair[1];
	tx()->req_prod = tx()->rsp_prod = rx()->req_prod = rx()->rsp_prod = 254;
	tx()->rsp_event = rx()->rsp_event = 255;
	counters = (struct counters){ .rings = 0 };
	marks = (struct datapath_marks){ .tx = 0 };
	return 0;
}

static int end(void **state)
{
	(void)state;
	datapath_close(datapath);
	port_close(port);
	datapath = NULL;
	port = NULL;
	munmap(memory, PAGES * PAGE);
	for (int fd = MEMORY_FD; fd <= RX_BELL; fd++)
		close(fd);
	close(tap);
	close(world);
	return 0;
}

static void pass(void)
{
	bool busy;

	assert_int_equal(datapath_pass(datapath, &busy, &why), 0);
}

/* A UDP packet of the guest's in that page. */
static void packet_make(int page)
{
	static const uint8_t bytes[] = { 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00, 0x16, 0x3e, 0x01,
		0x02, 0x03, 0x08, 0x00, 0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 7, 198,
		51, 100, 1, 0x13, 0x88, 0, 53, 0, 8, 0, 0 };

	memcpy(memory[page], bytes, sizeof(bytes));
}

static void request_put(int page, uint16_t id, uint16_t size, uint16_t flags)
{
	tx_slot(tx()->req_prod)->req = (struct netif_tx_request){
		.gref = (uint32_t)page, .id = id, .size = size, .flags = flags
	};
	tx()->req_prod++;
}

static void room_put(int count)
{
	for (int i = 0; i < count; i++) {
		rx_slot(rx()->req_prod)->req = (struct netif_rx_request){ .id = (uint16_t)(50 + i),
			.gref = (uint32_t)(RX_PAGES + i) };
		rx()->req_prod++;
	}
}

static size_t sent(void)
{
	uint8_t bytes[70000];
	size_t count = 0;

	while (read(world, bytes, sizeof(bytes)) > 0)
		count++;
	return count;
}

static void world_send(size_t len, uint8_t gso)
{
	static uint8_t bytes[70000];
	struct virtio_net_hdr *orders = (void *)bytes;

	*orders = (struct virtio_net_hdr){ .gso_type = gso, .gso_size = gso ? 1448 : 0 };
	for (size_t i = 0; i < len; i++)
		bytes[sizeof(*orders) + i] = (uint8_t)(i / 16);
	assert_true(write(world, bytes, sizeof(*orders) + len) > 0);
}

/* --- one after the other --- */

static void several_packets_go_by_one_copy_and_each_has_its_own_answer(void **state)
{
	(void)state;
	datapath_make(false);
	packet_make(TX_PAGES);
	packet_make(TX_PAGES + 1);
	request_put(TX_PAGES, 7, 42, 0);
	request_put(PAGES + 5, 8, 42, 0);
	request_put(TX_PAGES + 1, 9, 42, 0);
	request_put(TX_PAGES + 1, 10, 13, 0);
	pass();
	assert_int_equal(counters.copies, 1);
	assert_int_equal(tx()->rsp_prod, 258);
	assert_int_equal(tx_slot(254)->rsp.id, 7);
	assert_int_equal(tx_slot(254)->rsp.status, NETIF_RSP_OKAY);
	assert_int_equal(tx_slot(255)->rsp.id, 8);
	assert_int_equal(tx_slot(255)->rsp.status, NETIF_RSP_ERROR);
	assert_int_equal(tx_slot(256)->rsp.id, 9);
	assert_int_equal(tx_slot(256)->rsp.status, NETIF_RSP_OKAY);
	assert_int_equal(tx_slot(257)->rsp.status, NETIF_RSP_ERROR);
	assert_int_equal(sent(), 2);
	assert_int_equal(counters.drops[DROP_TX_GRANT], 1);
	assert_int_equal(counters.drops[DROP_TX_SHORT], 1);
}

static void a_packet_in_pieces_fills_as_many_of_the_guests_pages_and_an_extra(void **state)
{
	struct netif_extra_info extra;

	(void)state;
	datapath_make(false);
	room_put(4);
	world_send(9000, VIRTIO_NET_HDR_GSO_TCPV4);
	pass();
	assert_int_equal(rx()->rsp_prod, 258);
	assert_int_equal(rx_slot(254)->rsp.status, 4096);
	assert_int_equal(rx_slot(254)->rsp.flags, NETRXF_extra_info | NETRXF_more_data);
	memcpy(&extra, rx_slot(255), sizeof(extra));
	assert_int_equal(extra.type, XEN_NETIF_EXTRA_TYPE_GSO);
	assert_int_equal(extra.u.gso.size, 1448);
	assert_int_equal(rx_slot(256)->rsp.status, 4096);
	assert_int_equal(rx_slot(256)->rsp.flags, NETRXF_more_data);
	assert_int_equal(rx_slot(257)->rsp.status, 9000 - 8192);
	assert_int_equal(rx_slot(257)->rsp.flags, 0);
	/* The extra's page is not written. */
	assert_int_equal(memory[RX_PAGES][4095], 255);
	assert_int_equal(memory[RX_PAGES + 2][0], 4096 / 16 % 256);
	assert_int_equal(memory[RX_PAGES + 3][9000 - 8192 - 1], 8999 / 16 % 256);
}

static void a_packet_without_room_is_kept_until_there_is(void **state)
{
	(void)state;
	datapath_make(false);
	room_put(1);
	world_send(60, 0);
	world_send(9000, 0);
	world_send(70, 0);
	pass();
	assert_int_equal(rx()->rsp_prod, 255);
	pass();
	assert_int_equal(rx()->rsp_prod, 255);
	assert_int_equal(datapath_sleep(datapath, 0, &why), 0);
	assert_int_equal(rx()->req_event, 255 + 3);
	room_put(4);
	pass();
	assert_int_equal(rx()->rsp_prod, 259);
	assert_int_equal(rx_slot(255)->rsp.status, 4096);
	assert_int_equal(rx_slot(258)->rsp.status, 70);
	assert_int_equal(memory[RX_PAGES + 1][4095], 8191 / 16 % 256);
}

static void group_put(uint8_t type, uint8_t last)
{
	struct netif_extra_info extra = { .type = type,
		.u.mcast.addr = { 0x33, 0x33, 0, 0, 0, last } };

	request_put(TX_PAGES, 3, 0, NETTXF_extra_info);
	memcpy(tx_slot(tx()->req_prod), &extra, 8);
	tx()->req_prod++;
}

static void group_send(uint8_t last)
{
	uint8_t bytes[sizeof(struct virtio_net_hdr) + 60] = { 0 };

	memcpy(bytes + sizeof(struct virtio_net_hdr), (uint8_t[]){ 0x33, 0x33, 0, 0, 0, last }, 6);
	assert_true(write(world, bytes, sizeof(bytes)) > 0);
	/* So it is noticed that the tap has something. */
	assert_int_equal(datapath_sleep(datapath, 0, &why), 0);
}

static void a_guest_hears_of_multicast_what_it_has_named(void **state)
{
	(void)state;
	settings.takes.groups = true;
	datapath_make(false);
	room_put(8);
	group_put(XEN_NETIF_EXTRA_TYPE_MCAST_ADD, 1);
	pass();
	assert_int_equal(tx_slot(254)->rsp.status, NETIF_RSP_OKAY);
	assert_int_equal(tx_slot(255)->rsp.status, NETIF_RSP_NULL);
	assert_int_equal(counters.copies, 0);
	group_send(1);
	group_send(2);
	pass();
	assert_int_equal(counters.rx_packets, 1);
	assert_int_equal(counters.drops[DROP_RX_MULTICAST], 1);
	assert_int_equal(sent(), 0);

	/* Who goes on in its place knows. */
	datapath_close(datapath);
	port_close(port);
	datapath_make(true);
	group_send(1);
	pass();
	assert_int_equal(counters.rx_packets, 2);
	group_put(XEN_NETIF_EXTRA_TYPE_MCAST_DEL, 1);
	pass();
	group_send(1);
	pass();
	assert_int_equal(counters.rx_packets, 2);
	settings.takes.groups = false;
}

/* --- in the place of another --- */

static void what_was_begun_to_be_answered_is_answered_with_an_error(void **state)
{
	(void)state;
	packet_make(TX_PAGES);
	request_put(TX_PAGES, 7, 84, NETTXF_more_data | NETTXF_extra_info);
	memcpy(tx_slot(tx()->req_prod),
		&(struct netif_extra_info){ .type = XEN_NETIF_EXTRA_TYPE_GSO,
			.u.gso = { 1448, XEN_NETIF_GSO_TYPE_TCPV4, 0, 0 } },
		8);
	tx()->req_prod++;
	request_put(TX_PAGES, 8, 42, 0);
	request_put(TX_PAGES, 9, 42, 0);
	/* Killed behind the second slot of the first packet. */
	tx_slot(254)->rsp.id = 7;
	tx_slot(254)->rsp.status = NETIF_RSP_OKAY;
	tx_slot(255)->rsp.status = NETIF_RSP_NULL;
	room_put(2);
	rx_slot(254)->rsp = (struct netif_rx_response){ .id = 50, .status = 1514 };
	marks = (struct datapath_marks){ .tx = 257, .rx = 255 };

	datapath_make(true);
	assert_int_equal(tx()->rsp_prod, 257);
	assert_int_equal(tx_slot(254)->rsp.id, 7);
	assert_int_equal(tx_slot(254)->rsp.status, NETIF_RSP_ERROR);
	assert_int_equal(tx_slot(255)->rsp.status, NETIF_RSP_NULL);
	assert_int_equal(tx_slot(256)->rsp.id, 8);
	assert_int_equal(rx()->rsp_prod, 255);
	assert_int_equal(rx_slot(254)->rsp.id, 50);
	assert_int_equal(rx_slot(254)->rsp.status, NETIF_RSP_ERROR);
	pass();
	assert_int_equal(tx()->rsp_prod, 258);
	assert_int_equal(tx_slot(257)->rsp.status, NETIF_RSP_OKAY);
	assert_int_equal(sent(), 1);
}

static void marks_that_lead_out_of_the_ring_are_none(void **state)
{
	(void)state;
	packet_make(TX_PAGES);
	request_put(TX_PAGES, 7, 42, 0);
	marks = (struct datapath_marks){ .tx = 256, .rx = 12345 };
	datapath_make(true);
	assert_int_equal(tx()->rsp_prod, 254);
	pass();
	assert_int_equal(tx_slot(254)->rsp.status, NETIF_RSP_OKAY);
	assert_int_equal(sent(), 1);
}

static void marks_are_ahead_of_answers_that_are_under_way(void **state)
{
	(void)state;
	datapath_make(false);
	packet_make(TX_PAGES);
	request_put(TX_PAGES, 7, 42, 0);
	room_put(2);
	world_send(5000, 0);
	pass();
	assert_int_equal(marks.tx, 255);
	assert_int_equal(marks.rx, 256);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	static const struct CMUnitTest tests[] = {
		TEST(several_packets_go_by_one_copy_and_each_has_its_own_answer),
		TEST(a_packet_in_pieces_fills_as_many_of_the_guests_pages_and_an_extra),
		TEST(a_packet_without_room_is_kept_until_there_is),
		TEST(a_guest_hears_of_multicast_what_it_has_named),
		TEST(what_was_begun_to_be_answered_is_answered_with_an_error),
		TEST(marks_that_lead_out_of_the_ring_are_none),
		TEST(marks_are_ahead_of_answers_that_are_under_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
