/*
 * A guest's end of a vif on plain Linux: a tap, the rings of netif.h in a memory of its own, and a
 * netback-plain that it starts for them (backend/netback/port_plain.c). What it does is what
 * Linux's xen-netfront does; it says "ready" when packets can go.
 *
 *	netback-front NETBACK TAP TAKES ARGUMENT...
 *
 * NETBACK: the program; TAP: the guest's network device, which is made and goes with this process;
 * TAKES: netback's --takes, which is what this end can take; ARGUMENT: further ones for netback
 * (vif, record, MAC, addresses). It ends when netback does, with its status, unless that was
 * killed: then it starts another one on the same rings, as netbackd would. SIGUSR1: it breaks the
 * protocol, by a tx ring of more requests than that has slots.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xen/io/netif.h>

#define PAGE  4096
#define SLOTS 256

/* Pages of the guest's memory, by number. */
enum { TX_RING, RX_RING, TX_PAGES, RX_PAGES = TX_PAGES + SLOTS, PAGES_END = RX_PAGES + SLOTS };
/* Descriptors that netback gets. */
enum { MEMORY_FD = 20, TX_BELL, OUR_BELL, RX_BELL };

static struct {
	unsigned char (*memory)[PAGE];
	int tap, netback;
	char **netback_argv;
	pid_t pid;
	struct {
		uint32_t produced, seen; /* requests, answers */
	} tx, rx;
	unsigned char packet[sizeof(struct virtio_net_hdr) + 70000];
	size_t packet_len; /* 0: none waits for room */
} front;

static volatile sig_atomic_t breaks;

static void on_usr1(int number)
{
	(void)number;
	breaks = 1;
}

static void die(const char *what)
{
	perror(what);
	exit(2);
}

/* --- rings: the guest's view --- */

static struct netif_tx_sring *tx_ring(void)
{
	return (struct netif_tx_sring *)front.memory[TX_RING];
}

static struct netif_rx_sring *rx_ring(void)
{
	return (struct netif_rx_sring *)front.memory[RX_RING];
}

static union netif_tx_sring_entry *tx_slot(uint32_t index)
{
	union netif_tx_sring_entry *slots = (void *)(front.memory[TX_RING] + 64);

	return &slots[index % SLOTS];
}

static union netif_rx_sring_entry *rx_slot(uint32_t index)
{
	union netif_rx_sring_entry *slots = (void *)(front.memory[RX_RING] + 64);

	return &slots[index % SLOTS];
}

static _Atomic uint32_t *shared(uint32_t *word)
{
	return (_Atomic uint32_t *)word;
}

/* RING_PUSH_REQUESTS_AND_CHECK_NOTIFY */
static void push(uint32_t *produced, uint32_t *event, uint32_t to)
{
	uint32_t before = atomic_load(shared(produced));
	const uint64_t one = 1;

	atomic_store(shared(produced), to);
	if (to - atomic_load(shared(event)) < to - before && write(OUR_BELL, &one, sizeof(one)) < 0)
		die("bell");
}

/* --- to netback --- */

static size_t tx_room(void)
{
	front.tx.seen = atomic_load(shared(&tx_ring()->rsp_prod));
	return SLOTS - (front.tx.produced - front.tx.seen);
}

static void tx_extra_put(const struct virtio_net_hdr *orders)
{
	struct netif_extra_info extra = { .type = XEN_NETIF_EXTRA_TYPE_GSO };

	extra.u.gso.size = orders->gso_size;
	extra.u.gso.type = orders->gso_type == VIRTIO_NET_HDR_GSO_TCPV6 ? XEN_NETIF_GSO_TYPE_TCPV6
									: XEN_NETIF_GSO_TYPE_TCPV4;
	memcpy(tx_slot(front.tx.produced++), &extra, sizeof(extra));
}

/* Each page of a packet in the page of its slot. False: there is no room. */
static bool tx_put(void)
{
	const struct virtio_net_hdr *orders = (const void *)front.packet;
	const unsigned char *bytes = front.packet + sizeof(*orders);
	size_t len = front.packet_len - sizeof(*orders), pages = (len + PAGE - 1) / PAGE;
	bool cut = orders->gso_type != VIRTIO_NET_HDR_GSO_NONE;

	if (tx_room() < pages + cut)
		return false;
	for (size_t i = 0; i < pages; i++) {
		uint32_t page = TX_PAGES + front.tx.produced % SLOTS;
		size_t n = len - i * PAGE < PAGE ? len - i * PAGE : PAGE;
		struct netif_tx_request r = { .gref = page,
			.id = (uint16_t)(front.tx.produced % SLOTS),
			.size = (uint16_t)(i ? n : len) };

		memcpy(front.memory[page], bytes + i * PAGE, n);
		if (i == 0 && orders->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)
			r.flags = NETTXF_csum_blank | NETTXF_data_validated;
		if (i == 0 && cut)
			r.flags |= NETTXF_extra_info;
		if (i + 1 < pages)
			r.flags |= NETTXF_more_data;
		tx_slot(front.tx.produced++)->req = r;
		if (i == 0 && cut)
			tx_extra_put(orders);
	}
	front.packet_len = 0;
	return true;
}

static bool tx_read(void)
{
	ssize_t n = read(front.tap, front.packet, sizeof(front.packet));

	if (n < 0 && errno != EAGAIN && errno != EIO)
		die("reading the guest's tap");
	front.packet_len = n > 0 ? (size_t)n : 0;
	return n > 0;
}

/* Whether a packet waits for room. */
static bool tx_pass(void)
{
	do
		if (front.packet_len && !tx_put()) {
			/* To be woken by the next answer. */
			atomic_store(shared(&tx_ring()->rsp_event), front.tx.seen + 1);
			if (!tx_put())
				break;
		}
	while (tx_read());
	push(&tx_ring()->req_prod, &tx_ring()->req_event, front.tx.produced);
	return front.packet_len != 0;
}

/* --- from netback --- */

/* A slot's page stays its own; all are offered, always. */
static void rx_offer(void)
{
	while (front.rx.produced - front.rx.seen < SLOTS) {
		uint16_t id = (uint16_t)(front.rx.produced % SLOTS);

		rx_slot(front.rx.produced++)->req =
			(struct netif_rx_request){ .id = id, .gref = RX_PAGES + id };
	}
	push(&rx_ring()->req_prod, &rx_ring()->req_event, front.rx.produced);
}

static void rx_extra_take(uint32_t index, struct virtio_net_hdr *orders)
{
	struct netif_extra_info extra;

	memcpy(&extra, rx_slot(index), sizeof(extra));
	orders->gso_size = extra.u.gso.size;
	orders->gso_type = extra.u.gso.type == XEN_NETIF_GSO_TYPE_TCPV6 ? VIRTIO_NET_HDR_GSO_TCPV6
									: VIRTIO_NET_HDR_GSO_TCPV4;
}

/* Where the checksum goes: xen-netfront asks skb_checksum_setup(), which reads the headers as well.
 */
static void orders_complete(struct virtio_net_hdr *orders, const unsigned char *frame)
{
	bool ip4 = frame[12] == 8;
	unsigned int start = 14 + (ip4 ? (frame[14] & 15U) * 4 : 40);
	bool tcp = (ip4 ? frame[23] : frame[20]) == 6;

	orders->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	orders->csum_start = (uint16_t)start;
	orders->csum_offset = tcp ? 16 : 6;
	if (orders->gso_type)
		orders->hdr_len = (uint16_t)(start + (frame[start + 12] >> 4) * 4U);
}

/* One packet of `rx.seen` on. */
static void rx_take(void)
{
	struct virtio_net_hdr orders = { .flags = 0 };
	struct iovec pieces[1 + 20] = { { &orders, sizeof(orders) } };
	uint16_t first = rx_slot(front.rx.seen)->rsp.flags;
	bool more = true, bad = false;
	int count = 1;

	for (uint32_t n = 0; more && count < 21; n++) {
		uint32_t index = front.rx.seen++;
		struct netif_rx_response r = rx_slot(index)->rsp;

		if (n == 1 && first & NETRXF_extra_info) {
			rx_extra_take(index, &orders);
			continue;
		}
		more = r.flags & NETRXF_more_data;
		/* An extra may still come behind the only page. */
		if (n == 0 && first & NETRXF_extra_info && !more) {
			rx_extra_take(front.rx.seen++, &orders);
			n++;
		}
		bad |= r.status <= 0;
		pieces[count++] = (struct iovec){ front.memory[RX_PAGES + index % SLOTS],
			r.status > 0 ? (size_t)r.status : 0 };
	}
	if (first & NETRXF_csum_blank)
		orders_complete(&orders, pieces[1].iov_base);
	else if (first & NETRXF_data_validated)
		orders.flags = VIRTIO_NET_HDR_F_DATA_VALID;
	if (!bad && writev(front.tap, pieces, count) < 0 && errno != EIO)
		perror("writing the guest's tap");
}

static void rx_pass(void)
{
	do {
		uint32_t end = atomic_load(shared(&rx_ring()->rsp_prod));

		while (front.rx.seen != end)
			rx_take();
		rx_offer();
		atomic_store(shared(&rx_ring()->rsp_event), front.rx.seen + 1);
	} while (atomic_load(shared(&rx_ring()->rsp_prod)) != front.rx.seen);
}

/* --- set-up --- */

static void rings_init(void)
{
	tx_ring()->req_event = tx_ring()->rsp_event = 1;
	rx_ring()->req_event = rx_ring()->rsp_event = 1;
}

static void memory_make(void)
{
	int fd = memfd_create("guest", 0);

	if (fd < 0 || ftruncate(fd, (off_t)PAGES_END * PAGE) < 0 || dup2(fd, MEMORY_FD) < 0)
		die("memory");
	close(fd);
	front.memory = mmap(
		NULL, (size_t)PAGES_END * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, MEMORY_FD, 0);
	if (front.memory == MAP_FAILED)
		die("memory");
	rings_init();
}

static void bells_make(void)
{
	for (int to = TX_BELL; to <= RX_BELL; to++) {
		int fd = eventfd(0, EFD_NONBLOCK);

		if (fd < 0 || dup2(fd, to) < 0)
			die("bells");
		close(fd);
	}
}

static void tap_make(const char *name, const char *takes)
{
	struct ifreq r = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
	unsigned int offloads = 0;

	/* What the guest's own kernel may leave undone is what it could with xen-netfront: all that
	 * netback offers. */
	if (strstr(takes, "checksum4"))
		offloads |= TUN_F_CSUM;
	if (strstr(takes, "segments4"))
		offloads |= TUN_F_TSO4;
	if (strstr(takes, "segments6"))
		offloads |= TUN_F_TSO6;
	front.tap = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	if (front.tap < 0 || ioctl(front.tap, TUNSETIFF, &r) < 0 ||
		ioctl(front.tap, TUNSETOFFLOAD, offloads) < 0)
		die(name);
}

static void netback_start(void)
{
	front.pid = fork();
	if (front.pid < 0)
		die("fork");
	if (front.pid == 0) {
		execv(front.netback_argv[0], front.netback_argv);
		die(front.netback_argv[0]);
	}
	front.netback = pidfd_open(front.pid, 0);
	if (front.netback < 0)
		die("netback");
}

/* One that was killed is followed by another. */
static void netback_ended(void)
{
	int status;

	if (waitpid(front.pid, &status, 0) < 0)
		die("netback");
	close(front.netback);
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
		exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	netback_start();
}

static char **arguments_make(char *argv[], int argc)
{
	static char numbers[][32] = { "--domid=20", "--tx-ring=0", "--rx-ring=1", "--tx-bell=21",
		"--rx-bell=23" };
	static char takes[128];
	char **out = calloc((size_t)argc + 16, sizeof(*out));
	size_t n = 0;

	snprintf(takes, sizeof(takes), "--takes=%s%srings", argv[3], *argv[3] ? "," : "");
	out[n++] = argv[1];
	out[n++] = takes;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		out[n++] = numbers[i];
	for (int i = 4; i < argc; i++)
		out[n++] = argv[i];
	return out;
}

int main(int argc, char *argv[])
{
	if (argc < 5) {
		fprintf(stderr, "usage: netback-front NETBACK TAP TAKES ARGUMENT...\n");
		return 2;
	}
	memory_make();
	bells_make();
	tap_make(argv[2], argv[3]);
	front.netback_argv = arguments_make(argv, argc);
	signal(SIGUSR1, on_usr1);
	netback_start();
	rx_offer();
	puts("ready");
	fflush(stdout);
	for (;;) {
		bool waits = tx_pass();
		struct pollfd fds[] = {
			{ .fd = TX_BELL, .events = POLLIN },
			{ .fd = RX_BELL, .events = POLLIN },
			{ .fd = front.netback, .events = POLLIN },
			{ .fd = waits ? -1 : front.tap, .events = POLLIN },
		};
		uint64_t count;

		rx_pass();
		if (breaks)
			push(&tx_ring()->req_prod, &tx_ring()->req_event,
				front.tx.seen + 2 * SLOTS);
		if (poll(fds, sizeof(fds) / sizeof(fds[0]), -1) < 0 && errno != EINTR)
			die("poll");
		for (int i = 0; i < 2 && !breaks; i++)
			if (fds[i].revents && read(fds[i].fd, &count, sizeof(count)) < 0)
				die("bell");
		if (fds[2].revents)
			netback_ended();
	}
}
