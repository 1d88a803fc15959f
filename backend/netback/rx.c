#include "backend/netback/rx.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/uio.h>

static_assert(sizeof(union netif_rx_sring_entry) == 8, "netif.h");

static const struct rx_packet *last_of(const struct rx *rx)
{
	return &rx->packets[rx->packet_count - 1];
}

uint32_t rx_wanted(const struct rx *rx)
{
	return rx->kept ? (uint32_t)rx_packet_slots(last_of(rx)) : 0;
}

/* --- reading --- */

/* 1: there was one, which is the last and kept, or was refused; 0: there is none. */
static int read_one(struct rx *rx, int tap, struct err *e)
{
	struct rx_packet *p = &rx->packets[rx->packet_count];
	enum drop fault;
	ssize_t n;

	*p = (struct rx_packet){ .bytes = rx->pages[rx->page_count] };
	n = readv(tap,
		(struct iovec[]){ { &p->orders, sizeof(p->orders) }, { p->bytes, RX_PACKET_MAX } },
		2);
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		return err_sys(e, -ENODEV, "reading from the vif");
	rx->tap_may = n >= 0;
	if (n < 0)
		return 0;
	p->len = (size_t)n < sizeof(p->orders) ? 0 : (size_t)n - sizeof(p->orders);
	fault = rx_packet_check(rx->takes, p);
	if (!fault && rx->takes->groups && !multicast_wants(rx->groups, p->bytes))
		fault = DROP_RX_MULTICAST;
	if (fault) {
		rx->counters->drops[fault]++;
		return 1;
	}
	rx->packet_count++;
	rx->page_count += rx_packet_pages(p);
	rx->kept = true;
	return 1;
}

/* --- filling --- */

static uint16_t flags_of(const struct rx_packet *p)
{
	if (p->orders.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)
		return NETRXF_csum_blank | NETRXF_data_validated;
	return p->orders.flags & VIRTIO_NET_HDR_F_DATA_VALID ? NETRXF_data_validated : 0;
}

static struct netif_extra_info extra_of(const struct rx_packet *p)
{
	struct netif_extra_info extra = { .type = XEN_NETIF_EXTRA_TYPE_GSO };

	extra.u.gso.size = p->orders.gso_size;
	extra.u.gso.type =
		rx_packet_is_cut6(p) ? XEN_NETIF_GSO_TYPE_TCPV6 : XEN_NETIF_GSO_TYPE_TCPV4;
	return extra;
}

/* How much of a packet is in its page of that number. */
static uint16_t len_in_page(const struct rx_packet *p, size_t page)
{
	size_t rest = p->len - page * RING_PAGE;

	return (uint16_t)(rest < RING_PAGE ? rest : RING_PAGE);
}

/* The extra comes second, in the place of a page. */
static void fill(struct rx *rx, const struct rx_packet *p, struct copies *copies)
{
	size_t pages = rx_packet_pages(p), page = 0, slots = rx_packet_slots(p);

	for (size_t k = 0; k < slots; k++) {
		struct rx_slot *slot = &rx->slots[rx->slot_count++];
		struct netif_rx_response *answer = &slot->answer.response;

		ring_take(&rx->ring, &slot->request, sizeof(slot->request));
		if (k == 1 && rx_packet_is_cut(p)) {
			slot->answer.extra = extra_of(p);
			continue;
		}
		copies_ask(copies, (struct port_copy){ .local = p->bytes + page * RING_PAGE,
					   .grant = slot->request.gref,
					   .len = len_in_page(p, page),
					   .to_guest = true });
		*answer = (struct netif_rx_response){ .id = slot->request.id,
			.status = (int16_t)len_in_page(p, page),
			.flags = page == 0 ? flags_of(p) : 0 };
		if (page == 0 && rx_packet_is_cut(p))
			answer->flags |= NETRXF_extra_info;
		if (++page < pages)
			answer->flags |= NETRXF_more_data;
	}
}

/* Fills in the packet that is kept, where there is room. */
static int kept_fill(struct rx *rx, struct copies *copies, struct err *e)
{
	int room = ring_waiting(&rx->ring);

	if (room < 0)
		return err_set(e, -EPROTO, "more pages offered than the ring holds");
	if (!rx->kept || (size_t)room < rx_packet_slots(last_of(rx)))
		return 0;
	fill(rx, last_of(rx), copies);
	rx->kept = false;
	return 0;
}

/* A kept packet is the first of the next batch. */
static void begin(struct rx *rx)
{
	const struct rx_packet *last;

	rx->slot_count = 0;
	if (!rx->kept) {
		rx->packet_count = rx->page_count = 0;
		return;
	}
	last = last_of(rx);
	if (last->bytes != rx->pages[0])
		memmove(rx->pages[0], last->bytes, last->len);
	rx->packets[0] = *last;
	rx->packets[0].bytes = rx->pages[0];
	rx->packet_count = 1;
	rx->page_count = rx_packet_pages(last);
}

int rx_collect(struct rx *rx, int tap, struct copies *copies, struct err *e)
{
	int ret;

	begin(rx);
	rx->first_copy = copies->count;
	ret = kept_fill(rx, copies, e);
	for (int n = 0; !ret && !rx->kept && rx->tap_may && n < RX_BATCH; n++) {
		if (rx->packet_count == RX_BATCH || rx->page_count > RING_SLOTS)
			break;
		ret = read_one(rx, tap, e);
		if (ret <= 0)
			return ret;
		ret = kept_fill(rx, copies, e);
	}
	return ret;
}

/* --- answering --- */

/* Puts the answers of one packet, whose slots begin there. Whether all of it was copied: what could
 * not be is an error in its slot, and the guest then drops the packet. */
static bool packet_answer(
	struct rx *rx, const struct rx_packet *p, size_t slot, const struct port_copy **copy)
{
	size_t end = slot + rx_packet_slots(p);
	bool copied = true;

	for (size_t k = slot; k < end; k++) {
		struct rx_slot *s = &rx->slots[k];
		bool extra = k == slot + 1 && rx_packet_is_cut(p);

		if (!extra && (*copy)++->failed) {
			s->answer.response.status = NETIF_RSP_ERROR;
			copied = false;
		}
		ring_answer(&rx->ring, &s->answer, sizeof(s->answer));
	}
	return copied;
}

bool rx_answer(struct rx *rx, const struct copies *copies, uint32_t *marked)
{
	const struct port_copy *copy = &copies->piece[rx->first_copy];

	ring_mark(marked, rx->ring.taken);
	for (size_t i = 0, slot = 0; i < rx->packet_count - rx->kept; i++) {
		const struct rx_packet *p = &rx->packets[i];

		if (packet_answer(rx, p, slot, &copy)) {
			rx->counters->rx_packets++;
			rx->counters->rx_bytes += p->len;
		} else {
			rx->counters->drops[DROP_RX_GRANT]++;
		}
		slot += rx_packet_slots(p);
	}
	return ring_push(&rx->ring);
}

/* --- where another one stood --- */

bool rx_resume(struct rx *rx, uint32_t marked)
{
	for (int n = ring_begun(&rx->ring, marked); n > 0; n--) {
		struct netif_rx_request request;
		struct netif_rx_response answer = { .status = NETIF_RSP_ERROR };

		ring_take(&rx->ring, &request, sizeof(request));
		answer.id = request.id;
		ring_answer(&rx->ring, &answer, sizeof(answer));
	}
	return ring_push(&rx->ring);
}
