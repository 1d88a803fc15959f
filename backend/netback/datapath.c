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
 *	port_copy    has all pieces of all packets copied, from the guest's pages into ours and
 *		     from ours into the guest's, by one call (port.h)
 *	tx_answer    gives every tx slot back to the guest, who may go on meanwhile
 *	rx_answer    says in each rx slot what is in its page
 *	tx_send      sees, in our copy, that a packet is one that the guest may send
 *		     (packet_check.h), and writes it to the tap, with what the guest left undone
 *		     as orders for the kernel
 *
 * tx.c and rx.c are the two halves; this file has them in their order, and what they share.
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
#include <sys/mman.h>

#include "backend/netback/rx.h"
#include "backend/netback/tx.h"

/* Milliseconds after which it is looked for room with a guest that does not say when there is. */
#define ROOM_PATIENCE 10

static_assert(TX_PAGES + RING_SLOTS <= PORT_COPIES_MAX, "a pass is one call");

struct datapath {
	struct port *port;
	int tap;
	struct datapath_settings settings;
	struct counters *counters;
	struct datapath_marks *marks;
	struct tx tx;
	struct rx rx;
	struct copies copies;
	uint8_t pages[TX_PAGES + RX_PAGES][RING_PAGE];
};

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
	d->tx = (struct tx){ .pages = d->pages,
		.rules = &d->settings.rules,
		.groups = &marks->groups,
		.counters = counters };
	d->rx = (struct rx){ .pages = d->pages + TX_PAGES,
		.tap_may = true,
		.takes = &d->settings.takes,
		.groups = &marks->groups,
		.counters = counters };
	*out = d;
	return 0;
}

void datapath_close(struct datapath *d)
{
	if (d)
		munmap(d, sizeof(*d));
}

/* Wakes the guest for one ring, or the other, where it wants to be. */
static void wake(struct datapath *d, bool wanted, void (*ring)(struct port *p))
{
	if (!wanted)
		return;
	d->counters->rings++;
	ring(d->port);
}

int datapath_begin(struct datapath *d, bool resumed, struct err *e)
{
	bool wants = false;
	int ret = 0;

	if (ring_attach(&d->tx.ring, port_tx_ring(d->port), TX_SLOT_SIZE) < 0 ||
		ring_attach(
			&d->rx.ring, port_rx_ring(d->port), sizeof(union netif_rx_sring_entry)) < 0)
		return err_set(e, -EPROTO, "a ring with impossible indices");
	if (resumed) {
		ret = tx_resume(&d->tx, &d->marks->tx, &wants, e);
		wake(d, wants, port_ring_tx);
		wake(d, rx_resume(&d->rx, d->marks->rx), port_ring_rx);
	}
	return ret;
}

static int copies_make(struct datapath *d, struct err *e)
{
	size_t count = d->copies.count;
	int ret = count ? port_copy(d->port, d->copies.piece, count) : 0;

	d->counters->copies += count != 0;
	d->counters->pieces += count;
	return ret < 0 ? err_sys(e, ret, "copying from and to the guest's pages") : 0;
}

/* Where a ring cannot be followed all ends, with what came before the fault. */
int datapath_pass(struct datapath *d, bool *busy, struct err *e)
{
	size_t sent = 0;
	int ret;

	d->copies.count = 0;
	ret = tx_take(&d->tx, &d->copies, e);
	if (!ret)
		ret = rx_collect(&d->rx, d->tap, &d->copies, e);
	if (!ret)
		ret = copies_make(d, e);
	if (ret)
		return ret;
	*busy = d->tx.packet_count || d->rx.slot_count;
	wake(d, tx_answer(&d->tx, &d->copies, &d->marks->tx), port_ring_tx);
	wake(d, rx_answer(&d->rx, &d->copies, &d->marks->rx), port_ring_rx);
	ret = tx_send(&d->tx, d->tap, &sent, e);
	d->rx.tap_may |= sent > 0; /* whoever it was for may have answered */
	return ret;
}

/* The order counts: first the bell is heard again, then the rings are asked to be told by it, and
 * what came before that is seen. */
int datapath_sleep(struct datapath *d, int milliseconds, struct err *e)
{
	uint32_t wanted = rx_wanted(&d->rx);
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
	d->rx.tap_may |= n > 0 && fds[1].revents;
	if (n > 0 && fds[0].revents)
		port_hear(d->port);
	return 0;
}
