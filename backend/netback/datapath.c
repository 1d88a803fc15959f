/*
 * The way of a packet.
 *
 * From the guest: it puts requests on the tx ring that name pieces of its pages, and rings its
 * bell. To the guest: it puts requests on the rx ring that name pages of its own to be filled. A
 * pass does for both, and for as many packets as there are and have room (at most a batch):
 *
 *	tx_take      copies each request off the tx ring, once, and sees that it makes sense
 *		     (tx_packet.h)
 *	rx_collect   reads packets from the tap into our pages (rx_packet.h), and takes as many
 *		     requests off the rx ring as each needs: one a page, and one for what is
 *		     undone in it
 *	copies_make  has all pieces of all packets copied, from the guest's pages into ours and
 *		     from ours into the guest's, by one call (port.h)
 *	tx_answer    gives every tx slot back to the guest, who may go on meanwhile
 *	rx_answer    says in each rx slot what is in its page
 *	tx_send      sees, in our copy, that a packet is one that the guest may send
 *		     (packet_check.h), and writes it to the tap, with what the guest left undone
 *		     as orders for the kernel
 *
 * A packet that was read when the guest had no room for it is kept, and the tap is not asked for
 * more, until there is. So what a guest does not take waits in the tap's own queue, whose length is
 * bounded, and then goes nowhere.
 *
 * What always holds: nothing of the guest's is looked at where it can still change it; a slot that
 * was taken is answered before its pass ends; the guest is woken at most once a pass and ring, and
 * only where it asked to be; no memory is asked for; a packet that is refused is counted, and what
 * comes behind it goes on.
 */
#include "backend/netback/datapath.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>
#include <xen/io/netif.h>

#include "backend/netback/ring.h"
#include "backend/netback/rx_packet.h"
#include "backend/netback/tx_packet.h"

#define PAGE RING_PAGE
/* Packets of a batch. Each tx slot, and each page of an rx packet, has a page of ours. */
#define BATCH 64
#define PAGES RING_SLOTS
/* Milliseconds after which it is looked for room with a guest that does not say when there is. */
#define ROOM_PATIENCE 10
#define RX_PAGES      ((RX_PACKET_MAX + PAGE - 1) / PAGE)

static_assert(sizeof(union netif_rx_sring_entry) == 8, "netif.h");
static_assert(PAGES + RING_SLOTS <= PORT_COPIES_MAX, "a pass is one call");

typedef uint8_t page_bytes[PAGE];

struct tx {
	struct ring ring;
	struct tx_slot slots[PAGES];
	size_t slot_count;
	struct tx_packet packets[BATCH];
	size_t packet_count;
	page_bytes *pages; /* of the slot with the same index */
};

/* What is answered in a slot of the rx ring, and was asked for there. */
struct rx_slot {
	struct netif_rx_request request;
	union {
		struct netif_rx_response response;
		struct netif_extra_info extra;
	} answer;
};

struct rx {
	struct ring ring;
	struct rx_packet packets[BATCH];
	size_t packet_count;
	struct rx_slot slots[RING_SLOTS];
	size_t slot_count;
	page_bytes *pages;
	size_t page_count; /* in use */
	size_t first_copy; /* of the batch, among all of a pass */
	bool kept;	   /* the last packet waits for room */
};

struct datapath {
	struct port *port;
	int tap;
	struct datapath_settings settings;
	struct counters *counters;
	struct datapath_marks *marks;
	struct tx tx;
	struct rx rx;
	bool tap_may; /* have packets: it was not asked since something went there or it rang */
	struct port_copy copies[PORT_COPIES_MAX];
	size_t copy_count;
	page_bytes pages[PAGES + PAGES + RX_PAGES];
};

/* --- set-up --- */

int datapath_open(struct datapath **out, struct port *port, int tap,
	const struct datapath_settings *settings, struct counters *counters,
	struct datapath_marks *marks, struct err *e)
{
	struct datapath *d =
		mmap(NULL, sizeof(*d), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	*out = NULL;
	if (d == MAP_FAILED)
		return err_sys(e, -errno, "memory for packets");
	d->port = port;
	d->tap = tap;
	d->settings = *settings;
	d->counters = counters;
	d->marks = marks;
	d->tap_may = true;
	d->tx.pages = d->pages;
	d->rx.pages = d->pages + PAGES;
	*out = d;
	return 0;
}

void datapath_close(struct datapath *d)
{
	if (d)
		munmap(d, sizeof(*d));
}

/* --- both ways --- */

static int copies_make(struct datapath *d, struct err *e)
{
	int ret = d->copy_count ? port_copy(d->port, d->copies, d->copy_count) : 0;

	d->counters->copies += d->copy_count != 0;
	d->counters->pieces += d->copy_count;
	return ret < 0 ? err_sys(e, ret, "copying from and to the guest's pages") : 0;
}

/* It stands there before any answer does. */
static void mark(uint32_t *place, uint32_t index)
{
	*(volatile uint32_t *)place = index;
	__asm__ volatile("" ::: "memory");
}

static void drop(struct datapath *d, enum drop why)
{
	d->counters->drops[why]++;
}

/* --- from the guest --- */

static void tx_copy_ask(struct datapath *d, size_t slot)
{
	const struct tx_slot *s = &d->tx.slots[slot];

	if (s->extra || !s->len)
		return;
	d->copies[d->copy_count++] = (struct port_copy){
		.local = d->tx.pages[slot], .grant = s->grant, .offset = s->offset, .len = s->len
	};
}

/* As many whole packets as there are pages for. */
static int tx_take(struct datapath *d, struct err *e)
{
	struct tx *tx = &d->tx;
	int waiting = ring_waiting(&tx->ring), ret = 0;

	tx->slot_count = tx->packet_count = 0;
	if (waiting < 0)
		return err_set(e, -EPROTO, "more packets than the ring holds");
	while (!ret && waiting > 0 && tx->packet_count < BATCH &&
		tx->slot_count + TX_SLOTS_MAX <= PAGES) {
		struct tx_packet *p = &tx->packets[tx->packet_count];

		ret = tx_packet_take(&tx->ring, (size_t)waiting, p, &tx->slots[tx->slot_count], e);
		for (size_t i = 0; !ret && !p->fault && i < p->slot_count; i++)
			tx_copy_ask(d, tx->slot_count + i);
		tx->slot_count += p->slot_count;
		waiting -= (int)p->slot_count;
		tx->packet_count += !ret;
	}
	return ret;
}

/* The copies of a packet stand behind each other, in the order of its slots. */
static void tx_copies_see(struct datapath *d)
{
	size_t copy = 0, slot = 0;

	for (size_t i = 0; i < d->tx.packet_count; i++) {
		struct tx_packet *p = &d->tx.packets[i];
		bool wanted = !p->fault;

		for (size_t k = 0; k < p->slot_count; k++, slot++) {
			const struct tx_slot *s = &d->tx.slots[slot];

			if (wanted && !s->extra && s->len && d->copies[copy++].failed)
				p->fault = DROP_TX_GRANT;
		}
	}
}

static void tx_answer(struct datapath *d)
{
	struct tx *tx = &d->tx;
	size_t slot = 0;

	tx_copies_see(d);
	mark(&d->marks->tx, tx->ring.taken);
	for (size_t i = 0; i < tx->packet_count; i++)
		for (size_t k = 0; k < tx->packets[i].slot_count; k++, slot++) {
			struct netif_tx_response answer = {
				.id = tx->slots[slot].id,
				.status = tx->slots[slot].extra	 ? NETIF_RSP_NULL
					  : tx->packets[i].fault ? NETIF_RSP_ERROR
								 : NETIF_RSP_OKAY,
			};

			ring_answer(&tx->ring, &answer, sizeof(answer));
		}
	if (ring_push(&tx->ring)) {
		d->counters->rings++;
		port_ring_tx(d->port);
	}
}

/* Where the packet's bytes are. Returns how many pieces. */
static size_t tx_pieces(struct datapath *d, const struct tx_packet *p, size_t slot,
	struct iovec pieces[TX_SLOTS_MAX])
{
	size_t count = 0;

	for (size_t k = 0; k < p->slot_count; k++)
		if (!d->tx.slots[slot + k].extra && d->tx.slots[slot + k].len)
			pieces[count++] =
				(struct iovec){ d->tx.pages[slot + k], d->tx.slots[slot + k].len };
	return count;
}

/* The first bytes of a packet, in one piece: as they lie where they do so already. */
static const uint8_t *tx_head(
	const struct iovec *pieces, size_t len, uint8_t buffer[PACKET_HEAD_MAX])
{
	size_t want = len < PACKET_HEAD_MAX ? len : PACKET_HEAD_MAX;

	if (pieces[0].iov_len >= want)
		return pieces[0].iov_base;
	for (size_t have = 0, n; have < want; have += n, pieces++) {
		n = pieces->iov_len < want - have ? pieces->iov_len : want - have;
		memcpy(buffer + have, pieces->iov_base, n);
	}
	return buffer;
}

static int tx_packet_send(struct datapath *d, const struct tx_packet *p, size_t slot, struct err *e)
{
	struct iovec pieces[1 + TX_SLOTS_MAX];
	uint8_t buffer[PACKET_HEAD_MAX];
	struct virtio_net_hdr orders;
	enum drop fault = p->fault;
	size_t count = 0;

	if (!fault) {
		count = tx_pieces(d, p, slot, pieces + 1);
		fault = packet_check(
			&d->settings.rules, p, tx_head(pieces + 1, p->len, buffer), &orders);
	}
	if (fault) {
		drop(d, fault);
		return 0;
	}
	pieces[0] = (struct iovec){ &orders, sizeof(orders) };
	if (writev(d->tap, pieces, (int)count + 1) < 0) {
		if (errno == EBADFD || errno == ENODEV)
			return err_sys(e, -ENODEV, "writing to the vif");
		drop(d, DROP_TX_LINK);
		return 0;
	}
	d->tap_may = true; /* whoever it was for may have answered */
	d->counters->tx_packets++;
	d->counters->tx_bytes += p->len;
	return 0;
}

static int tx_send(struct datapath *d, struct err *e)
{
	int ret = 0;

	for (size_t i = 0, slot = 0; !ret && i < d->tx.packet_count; i++) {
		ret = tx_packet_send(d, &d->tx.packets[i], slot, e);
		slot += d->tx.packets[i].slot_count;
	}
	return ret;
}

/* --- to the guest --- */

/* 1: it gave one, which is the last and kept, or was refused; 0: it has none. */
static int rx_read(struct datapath *d, struct err *e)
{
	struct rx *rx = &d->rx;
	struct rx_packet *p = &rx->packets[rx->packet_count];
	enum drop fault;
	ssize_t n;

	*p = (struct rx_packet){ .bytes = rx->pages[rx->page_count] };
	n = readv(d->tap,
		(struct iovec[]){ { &p->orders, sizeof(p->orders) }, { p->bytes, RX_PACKET_MAX } },
		2);
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		return err_sys(e, -ENODEV, "reading from the vif");
	d->tap_may = n >= 0;
	if (n < 0)
		return 0;
	p->len = (size_t)n < sizeof(p->orders) ? 0 : (size_t)n - sizeof(p->orders);
	fault = rx_packet_check(&d->settings.takes, p);
	if (fault) {
		drop(d, fault);
		return 1;
	}
	rx->packet_count++;
	rx->page_count += rx_packet_pages(p);
	rx->kept = true;
	return 1;
}

static void rx_copy_ask(struct datapath *d, const struct rx_packet *p, size_t k, uint32_t grant)
{
	size_t rest = p->len - k * PAGE;

	d->copies[d->copy_count++] = (struct port_copy){
		.local = p->bytes + k * PAGE,
		.grant = grant,
		.len = (uint16_t)(rest < PAGE ? rest : PAGE),
		.to_guest = true,
	};
}

static uint16_t rx_flags(const struct rx_packet *p)
{
	if (p->orders.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)
		return NETRXF_csum_blank | NETRXF_data_validated;
	return p->orders.flags & VIRTIO_NET_HDR_F_DATA_VALID ? NETRXF_data_validated : 0;
}

static void rx_extra_answer(struct rx_slot *slot, const struct rx_packet *p)
{
	slot->answer.extra = (struct netif_extra_info){ .type = XEN_NETIF_EXTRA_TYPE_GSO };
	slot->answer.extra.u.gso.size = p->orders.gso_size;
	slot->answer.extra.u.gso.type =
		rx_packet_is_cut6(p) ? XEN_NETIF_GSO_TYPE_TCPV6 : XEN_NETIF_GSO_TYPE_TCPV4;
}

/* The extra comes second, in the place of a page. */
static void rx_fill(struct datapath *d, const struct rx_packet *p)
{
	size_t pages = rx_packet_pages(p), page = 0, slots = rx_packet_slots(p);

	for (size_t k = 0; k < slots; k++) {
		struct rx_slot *slot = &d->rx.slots[d->rx.slot_count++];
		struct netif_rx_response *answer = &slot->answer.response;

		ring_take(&d->rx.ring, &slot->request, sizeof(slot->request));
		if (k == 1 && rx_packet_is_cut(p)) {
			rx_extra_answer(slot, p);
			continue;
		}
		rx_copy_ask(d, p, page, slot->request.gref);
		*answer = (struct netif_rx_response){ .id = slot->request.id };
		answer->status = (int16_t)d->copies[d->copy_count - 1].len;
		answer->flags = page == 0 ? rx_flags(p) : 0;
		if (page == 0 && rx_packet_is_cut(p))
			answer->flags |= NETRXF_extra_info;
		if (++page < pages)
			answer->flags |= NETRXF_more_data;
	}
}

/* Fills in the packet that is kept, where there is room. */
static int rx_kept_fill(struct datapath *d, struct err *e)
{
	struct rx *rx = &d->rx;
	const struct rx_packet *p;
	int room = ring_waiting(&rx->ring);

	if (room < 0)
		return err_set(e, -EPROTO, "more pages offered than the ring holds");
	if (!rx->kept)
		return 0;
	p = &rx->packets[rx->packet_count - 1];
	if ((size_t)room < rx_packet_slots(p))
		return 0;
	rx_fill(d, p);
	rx->kept = false;
	return 0;
}

/* A kept packet is the first of the next batch. */
static void rx_begin(struct rx *rx)
{
	const struct rx_packet *last;

	rx->slot_count = 0;
	if (!rx->kept) {
		rx->packet_count = rx->page_count = 0;
		return;
	}
	last = &rx->packets[rx->packet_count - 1];
	if (last->bytes != rx->pages[0])
		memmove(rx->pages[0], last->bytes, last->len);
	rx->packets[0] = *last;
	rx->packets[0].bytes = rx->pages[0];
	rx->packet_count = 1;
	rx->page_count = rx_packet_pages(last);
}

/* Reads and fills, for as long as there is room. */
static int rx_collect(struct datapath *d, struct err *e)
{
	struct rx *rx = &d->rx;
	int ret;

	rx_begin(rx);
	rx->first_copy = d->copy_count;
	ret = rx_kept_fill(d, e);

	for (int n = 0; !ret && !rx->kept && d->tap_may && n < BATCH; n++) {
		if (rx->packet_count == BATCH || rx->page_count > PAGES)
			break;
		ret = rx_read(d, e);
		if (ret <= 0)
			return ret;
		ret = rx_kept_fill(d, e);
	}
	return ret;
}

/* What could not be copied is an error in its slot: the guest then drops the packet. */
static void rx_answer(struct datapath *d)
{
	struct rx *rx = &d->rx;
	size_t copy = rx->first_copy;

	mark(&d->marks->rx, rx->ring.taken);
	for (size_t i = 0, k = 0; i < rx->packet_count - rx->kept; i++) {
		struct rx_packet *p = &rx->packets[i];
		size_t slots = rx_packet_slots(p);
		bool failed = false;

		for (size_t first = k; k < first + slots; k++) {
			struct rx_slot *slot = &rx->slots[k];
			bool extra = k == first + 1 && rx_packet_is_cut(p);

			if (!extra && d->copies[copy++].failed) {
				slot->answer.response.status = NETIF_RSP_ERROR;
				failed = true;
			}
			ring_answer(&rx->ring, &slot->answer, sizeof(slot->answer));
		}
		if (failed) {
			drop(d, DROP_RX_GRANT);
		} else {
			d->counters->rx_packets++;
			d->counters->rx_bytes += p->len;
		}
	}
	if (ring_push(&rx->ring)) {
		d->counters->rings++;
		port_ring_rx(d->port);
	}
}

/* --- where another one stood --- */

/* How many slots may hold its answers. */
static int begun(const struct ring *r, uint32_t marked)
{
	int waiting = ring_waiting(r);

	return waiting >= 0 && marked - r->pushed <= (uint32_t)waiting ? (int)(marked - r->pushed)
								       : 0;
}

/* An answer leaves of a request its flags, size and id, and of an extra its type: enough to see
 * where packets end. */
static int tx_resume(struct datapath *d, struct err *e)
{
	struct tx *tx = &d->tx;
	int left = begun(&tx->ring, d->marks->tx), waiting, ret = 0;

	for (; !ret && left > 0; left -= (int)tx->slot_count) {
		waiting = ring_waiting(&tx->ring);
		if (waiting <= 0)
			return err_set(e, -EPROTO, "requests that are gone again");
		ret = tx_packet_take(&tx->ring, (size_t)waiting, &tx->packets[0], tx->slots, e);
		tx->packets[0].fault = DROP_TX_GRANT;
		tx->packet_count = 1;
		tx->slot_count = tx->packets[0].slot_count;
		if (!ret)
			tx_answer(d);
	}
	tx->packet_count = tx->slot_count = 0;
	return ret;
}

static void rx_resume(struct datapath *d)
{
	struct ring *ring = &d->rx.ring;

	for (int n = begun(ring, d->marks->rx); n > 0; n--) {
		struct netif_rx_request request;
		struct netif_rx_response answer = { .status = NETIF_RSP_ERROR };

		ring_take(ring, &request, sizeof(request));
		answer.id = request.id;
		ring_answer(ring, &answer, sizeof(answer));
	}
	if (ring_push(ring))
		port_ring_rx(d->port);
}

int datapath_begin(struct datapath *d, bool resumed, struct err *e)
{
	int ret = 0;

	if (ring_attach(&d->tx.ring, port_tx_ring(d->port), TX_SLOT_SIZE) < 0 ||
		ring_attach(
			&d->rx.ring, port_rx_ring(d->port), sizeof(union netif_rx_sring_entry)) < 0)
		return err_set(e, -EPROTO, "a ring with impossible indices");
	if (resumed) {
		ret = tx_resume(d, e);
		rx_resume(d);
	}
	return ret;
}

/* --- passes --- */

/* Where a ring cannot be followed all ends, with what came before the fault. */
int datapath_pass(struct datapath *d, bool *busy, struct err *e)
{
	int ret;

	d->copy_count = 0;
	ret = tx_take(d, e);
	if (!ret)
		ret = rx_collect(d, e);
	if (!ret)
		ret = copies_make(d, e);
	if (ret)
		return ret;
	*busy = d->tx.packet_count || d->rx.slot_count;
	tx_answer(d);
	rx_answer(d);
	return tx_send(d, e);
}

/* How many rx requests are worth waking up for; 0: none, the tap has nothing. */
static uint32_t rx_wanted(const struct datapath *d)
{
	const struct rx *rx = &d->rx;

	return rx->kept ? (uint32_t)rx_packet_slots(&rx->packets[rx->packet_count - 1]) : 0;
}

/* The order counts: first the bell is heard again, then the rings are asked to be told by it, and
 * what came before that is seen. */
int datapath_sleep(struct datapath *d, int milliseconds, struct err *e)
{
	uint32_t wanted = rx_wanted(d);
	struct pollfd fds[] = {
		{ .fd = port_fd(d->port), .events = POLLIN },
		{ .fd = wanted ? -1 : d->tap, .events = POLLIN },
	};
	int n;

	port_listen(d->port);
	if (ring_ask(&d->tx.ring, 1) || (wanted && ring_ask(&d->rx.ring, wanted)))
		return 0;
	d->counters->sleeps++;
	if (wanted && !d->settings.takes.rings &&
		(milliseconds < 0 || milliseconds > ROOM_PATIENCE))
		milliseconds = ROOM_PATIENCE;
	n = poll(fds, sizeof(fds) / sizeof(fds[0]), milliseconds);
	if (n < 0 && errno != EINTR)
		return err_sys(e, -errno, "waiting for the guest");
	d->tap_may |= n > 0 && fds[1].revents;
	if (n > 0 && fds[0].revents)
		port_hear(d->port);
	return 0;
}
