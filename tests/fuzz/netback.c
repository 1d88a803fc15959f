/*
 * The data path with a guest that writes anything into rings and pages, before and meanwhile: a
 * second thread goes on writing. Whatever it does, a pass ends, with the guest's fault at worst;
 * and what comes out at the tap is from the guest's own MAC, and its orders lie within the packet.
 *
 * sources: backend/netback/counters.c backend/netback/datapath.c backend/netback/multicast.c
 * sources: backend/netback/packet_check.c backend/netback/port_plain.c backend/netback/ring.c
 * sources: backend/netback/rx.c backend/netback/rx_packet.c backend/netback/tx.c
 * sources: backend/netback/tx_packet.c common/addr.c common/err.c
 * libraries: -lpthread
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/virtio_net.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
#include <xen/io/netif.h>

#include "backend/netback/datapath.h"
#include "tests/fuzz/fuzz.h"

#define PAGE 4096
/* Two rings, and so few others that grants are often right. */
#define PAGES 24

enum { MEMORY_FD = 100, TX_BELL, OUR_BELL, RX_BELL, TAP, WORLD };

static uint8_t (*memory)[PAGE];
static const uint8_t own_mac[6] = { 0x00, 0x16, 0x3e, 0x01, 0x02, 0x03 };
static struct datapath_settings settings = {
	.rules = {
		.mac = { { 0x00, 0x16, 0x3e, 0x01, 0x02, 0x03 } },
		.addrs = { { .family = AF_INET, .bytes = { 192, 0, 2, 7 } },
			{ .family = AF_INET6, .bytes = { 0x20, 0x01, 0x0d, 0xb8, [15] = 7 } } },
		.count = 2,
	},
};

static void move_to(int from, int to)
{
	HOLDS(from >= 0 && dup2(from, to) == to);
	close(from);
}

static void descriptors_make(void)
{
	int pair[2];

	move_to(memfd_create("guest", 0), MEMORY_FD);
	HOLDS(ftruncate(MEMORY_FD, PAGES * PAGE) == 0);
	memory = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, MEMORY_FD, 0);
	HOLDS(memory != MAP_FAILED);
	for (int fd = TX_BELL; fd <= RX_BELL; fd++)
		move_to(eventfd(0, EFD_NONBLOCK), fd);
	HOLDS(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair) == 0);
	move_to(pair[0], TAP);
	move_to(pair[1], WORLD);
}

/* --- the guest --- */

struct bytes {
	const uint8_t *at, *end;
};

static uint8_t next(struct bytes *b)
{
	return b->at < b->end ? *b->at++ : 0;
}

static uint32_t next4(struct bytes *b)
{
	uint32_t n = 0;

	for (int i = 0; i < 4; i++)
		n = n << 8 | next(b);
	return n;
}

/* Slots that mostly make sense: a random one is refused at its first field. */
static void tx_slot_put(struct bytes *b, uint32_t index)
{
	union netif_tx_sring_entry *slots = (void *)(memory[0] + 64);
	uint8_t kind = next(b);
	struct netif_tx_request r = { .gref = 2U + next(b) % PAGES, .id = (uint16_t)index };
	struct netif_extra_info extra = { .type = next(b), .flags = next(b) };

	r.flags = kind & 15;
	r.size = (uint16_t)(next(b) << (kind >> 4));
	r.offset = kind & 16 ? next(b) : 0;
	extra.u.gso.size = r.size;
	extra.u.gso.type = kind >> 6;
	if (kind & 32)
		memcpy(&slots[index % 256], &extra, sizeof(extra));
	else
		slots[index % 256].req = r;
}

static void rx_slot_put(struct bytes *b, uint32_t index)
{
	union netif_rx_sring_entry *slots = (void *)(memory[1] + 64);

	slots[index % 256].req =
		(struct netif_rx_request){ .id = (uint16_t)index, .gref = 2U + next(b) % PAGES };
}

/* The beginnings of packets that pass, with changes. */
static void page_fill(struct bytes *b, uint8_t *page)
{
	static const uint8_t ethernet[] = { 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00, 0x16, 0x3e,
		0x01, 0x02, 0x03, 0x08, 0x00, 0x45, 0x00, 0x00, 0x28, 0, 0, 0, 0, 64, 6, 0, 0, 192,
		0, 2, 7, 198, 51, 100, 1 };
	static const uint8_t ethernet6[] = { 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00, 0x16, 0x3e,
		0x01, 0x02, 0x03, 0x86, 0xdd, 0x60, 0, 0, 0, 0, 20, 6, 64, 0x20, 0x01, 0x0d, 0xb8,
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7 };
	uint8_t how = next(b);

	memset(page, how, PAGE);
	memcpy(page, how & 1 ? ethernet6 : ethernet, sizeof(ethernet));
	if (how & 1)
		memcpy(page, ethernet6, sizeof(ethernet6));
	for (int n = how >> 4; n > 0; n--) {
		uint8_t place = next(b);

		page[place] = next(b);
	}
}

static void guest_make(struct bytes *b)
{
	uint32_t start = next4(b), tx = next(b), rx = next(b);
	uint32_t *tx_ring = (void *)memory[0], *rx_ring = (void *)memory[1];

	memset(memory, 0, PAGES * PAGE);
	for (int i = 2; i < PAGES; i++)
		page_fill(b, memory[i]);
	for (uint32_t i = 0; i < tx; i++)
		tx_slot_put(b, start + i);
	for (uint32_t i = 0; i < rx; i++)
		rx_slot_put(b, start + i);
	tx_ring[0] = start + tx;
	rx_ring[0] = start + rx;
	tx_ring[1] = rx_ring[1] = start + 1;
	tx_ring[2] = rx_ring[2] = start;
	tx_ring[3] = rx_ring[3] = start + 1;
}

/* The guest at work while we are. */
struct meddler {
	struct bytes bytes;
	_Atomic bool end;
};

static void *meddle(void *arg)
{
	struct meddler *m = arg;
	struct bytes b = m->bytes;

	while (!atomic_load(&m->end) && b.at < b.end) {
		uint8_t kind = next(&b), page = next(&b) % PAGES;
		uint32_t place = (uint32_t)(next(&b) << 8 | next(&b)) % PAGE;
		volatile uint8_t *at = &memory[page][place];
		_Atomic uint32_t *produced = (void *)memory[kind & 1];

		if (kind & 0x80)
			*at = next(&b);
		else if (kind & 0x40)
			atomic_fetch_add(produced, next(&b) & 31);
		else if (kind & 0x20)
			tx_slot_put(&b, place);
		else
			rx_slot_put(&b, place);
	}
	return NULL;
}

/* --- the world --- */

static void world_see(void)
{
	static uint8_t packet[80000];
	const struct virtio_net_hdr *orders = (void *)packet;
	ssize_t n;

	while ((n = read(WORLD, packet, sizeof(packet))) > 0) {
		size_t len = (size_t)n - sizeof(*orders);

		HOLDS((size_t)n >= sizeof(*orders) + 14);
		HOLDS(memcmp(packet + sizeof(*orders) + 6, own_mac, 6) == 0);
		if (orders->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)
			HOLDS((size_t)orders->csum_start + orders->csum_offset + 2 <= len);
		HOLDS(orders->hdr_len <= len);
		if (orders->gso_type)
			HOLDS(orders->gso_size && orders->hdr_len >= 54);
	}
}

/* What the kernel might send, with orders that it might not. */
static void world_send(struct bytes *b)
{
	static uint8_t packet[80000];
	struct virtio_net_hdr *orders = (void *)packet;
	size_t len = (size_t)(next(b) << 8 | next(b)) + (size_t)next(b) * 56;

	*orders = (struct virtio_net_hdr){ .flags = next(b) & 3,
		.gso_type = next(b) & 7,
		.gso_size = next(b),
		.csum_start = next(b),
		.csum_offset = next(b) };
	if (len > 65535 + 14)
		len = 65535 + 14;
	page_fill(b, packet + sizeof(*orders));
	if (write(WORLD, packet, sizeof(*orders) + len) < 0)
		return; /* the tap is full */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes b = { data, data + size };
	const struct port_place place = { MEMORY_FD, 0, 1, TX_BELL, RX_BELL };
	struct meddler m = { .end = false };
	struct counters counters = { .rings = 0 };
	struct datapath_marks marks;
	struct err e = ERR_NONE;
	struct datapath *d;
	struct port *port;
	pthread_t thread;
	uint8_t takes = next(&b);
	bool busy;
	int ret;

	if (!memory)
		descriptors_make();
	settings.takes = (struct guest_takes){ takes & 1, takes & 2, takes & 4, takes & 8,
		takes & 16, takes & 32 };
	guest_make(&b);
	m.bytes = (struct bytes){ b.at, b.end };
	HOLDS(port_open(&port, &place, &e) == 0);
	HOLDS(datapath_open(&d, port, TAP, &settings, &counters, &marks, &e) == 0);
	HOLDS(pthread_create(&thread, NULL, meddle, &m) == 0);
	marks = (struct datapath_marks){ next4(&b), next4(&b), { .count = next(&b) } };
	ret = datapath_begin(d, takes & 64, &e);
	for (int n = 0; !ret && n < 8; n++) {
		world_send(&b);
		ret = datapath_pass(d, &busy, &e);
		if (!ret)
			ret = datapath_sleep(d, 0, &e);
		world_see();
	}
	HOLDS(ret == 0 || (ret == -EPROTO && e.text[0]));
	atomic_store(&m.end, true);
	pthread_join(thread, NULL);
	while (read(TAP, memory[2], PAGE) >= 0)
		;
	datapath_close(d);
	port_close(port);
	return 0;
}
