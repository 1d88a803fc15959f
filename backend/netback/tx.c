#include "backend/netback/tx.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>
#include <xen/io/netif.h>

/* --- taking --- */

/* That a slot has bytes to be copied, if its packet is any. */
static bool has_bytes(const struct tx_slot *slot)
{
	return !slot->extra && slot->len;
}

static void copies_ask_of(
	struct tx *tx, const struct tx_packet *p, size_t first, struct copies *copies)
{
	for (size_t i = first; i < first + p->slot_count; i++)
		if (has_bytes(&tx->slots[i]))
			copies_ask(copies, (struct port_copy){ .local = tx->pages[i],
						   .grant = tx->slots[i].grant,
						   .offset = tx->slots[i].offset,
						   .len = tx->slots[i].len });
}

/* It is no packet but says which multicast addresses are wanted. */
static void groups_change(struct tx *tx, struct tx_packet *p)
{
	if (p->multicast == TX_MULTICAST_LEAVE)
		multicast_leave(tx->groups, &p->group);
	else if (multicast_join(tx->groups, &p->group) < 0)
		p->fault = DROP_TX_MULTICAST;
}

static bool is_copied(const struct tx_packet *p)
{
	return !p->fault && !p->multicast;
}

int tx_take(struct tx *tx, struct copies *copies, struct err *e)
{
	int waiting = ring_waiting(&tx->ring), ret = 0;

	tx->slot_count = tx->packet_count = 0;
	if (waiting < 0)
		return err_set(e, -EPROTO, "more packets than the ring holds");
	while (waiting > 0 && tx->packet_count < TX_BATCH &&
		tx->slot_count + TX_SLOTS_MAX <= TX_PAGES) {
		struct tx_packet *p = &tx->packets[tx->packet_count];

		ret = tx_packet_take(&tx->ring, (size_t)waiting, p, &tx->slots[tx->slot_count], e);
		if (ret)
			break;
		if (p->multicast)
			groups_change(tx, p);
		if (is_copied(p))
			copies_ask_of(tx, p, tx->slot_count, copies);
		tx->slot_count += p->slot_count;
		tx->packet_count++;
		waiting -= (int)p->slot_count;
	}
	return ret;
}

/* --- answering --- */

/* They are the first of the call, in the order of the slots. */
static void copies_see(struct tx *tx, const struct copies *copies)
{
	size_t copy = 0, slot = 0;

	for (size_t i = 0; i < tx->packet_count; i++) {
		struct tx_packet *p = &tx->packets[i];
		bool copied = is_copied(p);

		for (size_t k = 0; k < p->slot_count; k++, slot++)
			if (copied && has_bytes(&tx->slots[slot]) && copies->piece[copy++].failed)
				p->fault = DROP_TX_GRANT;
	}
}

static bool answer(struct tx *tx, uint32_t *marked)
{
	size_t slot = 0;

	ring_mark(marked, tx->ring.taken);
	for (size_t i = 0; i < tx->packet_count; i++)
		for (size_t k = 0; k < tx->packets[i].slot_count; k++, slot++) {
			struct netif_tx_response r = {
				.id = tx->slots[slot].id,
				.status = tx->slots[slot].extra	 ? NETIF_RSP_NULL
					  : tx->packets[i].fault ? NETIF_RSP_ERROR
								 : NETIF_RSP_OKAY,
			};

			ring_answer(&tx->ring, &r, sizeof(r));
		}
	return ring_push(&tx->ring);
}

bool tx_answer(struct tx *tx, const struct copies *copies, uint32_t *marked)
{
	copies_see(tx, copies);
	return answer(tx, marked);
}

/* --- sending --- */

/* Where the packet's bytes are. Returns how many pieces. */
static size_t pieces_of(const struct tx *tx, const struct tx_packet *p, size_t first,
	struct iovec pieces[TX_SLOTS_MAX])
{
	size_t count = 0;

	for (size_t i = first; i < first + p->slot_count; i++)
		if (has_bytes(&tx->slots[i]))
			pieces[count++] = (struct iovec){ tx->pages[i], tx->slots[i].len };
	return count;
}

/* The first bytes of a packet, in one piece: as they lie where they do so already. */
static const uint8_t *head_of(
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

/* 1: it went; 0: it was dropped. */
static int send_one(struct tx *tx, const struct tx_packet *p, size_t first, int tap, struct err *e)
{
	struct iovec pieces[1 + TX_SLOTS_MAX];
	uint8_t buffer[PACKET_HEAD_MAX];
	struct virtio_net_hdr orders;
	enum drop fault = p->fault;
	size_t count = 0;

	if (!fault) {
		count = pieces_of(tx, p, first, pieces + 1);
		fault = packet_check(tx->rules, p, head_of(pieces + 1, p->len, buffer), &orders);
	}
	pieces[0] = (struct iovec){ &orders, sizeof(orders) };
	if (!fault && writev(tap, pieces, (int)count + 1) < 0) {
		if (errno == EBADFD || errno == ENODEV)
			return err_sys(e, -ENODEV, "writing to the vif");
		fault = DROP_TX_LINK;
	}
	if (fault) {
		tx->counters->drops[fault]++;
		return 0;
	}
	tx->counters->tx_packets++;
	tx->counters->tx_bytes += p->len;
	return 1;
}

int tx_send(struct tx *tx, int tap, size_t *sent, struct err *e)
{
	*sent = 0;
	for (size_t i = 0, slot = 0; i < tx->packet_count; i++) {
		const struct tx_packet *p = &tx->packets[i];
		int ret = p->multicast && !p->fault ? 0 : send_one(tx, p, slot, tap, e);

		if (ret < 0)
			return ret;
		*sent += (size_t)ret;
		slot += p->slot_count;
	}
	return 0;
}

/* --- where another one stood --- */

/* An answer leaves of a request its flags, size and id, and of an extra its type: enough to see
 * where packets end. */
int tx_resume(struct tx *tx, uint32_t *marked, bool *wake, struct err *e)
{
	int left = ring_begun(&tx->ring, *marked), waiting, ret = 0;

	for (; !ret && left > 0; left -= (int)tx->slot_count) {
		waiting = ring_waiting(&tx->ring);
		if (waiting <= 0)
			return err_set(e, -EPROTO, "requests that are gone again");
		ret = tx_packet_take(&tx->ring, (size_t)waiting, &tx->packets[0], tx->slots, e);
		tx->packets[0].fault = DROP_TX_GRANT;
		tx->packet_count = 1;
		tx->slot_count = tx->packets[0].slot_count;
		if (!ret)
			*wake |= answer(tx, marked);
	}
	tx->packet_count = tx->slot_count = 0;
	return ret;
}
