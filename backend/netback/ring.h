/*
 * ring: our end of one of netif's rings, a page that a guest shares with us (xen/include/public/io/
 * ring.h, netif.h).
 *
 * The guest writes to the page whenever and whatever it likes. So nothing in it is looked at twice:
 * a request is copied out once, and the producer's index is read once and held against what a ring
 * can hold. Our own indices are in here, not in the page. Indices run freely over 2^32; a slot is
 * an index modulo the number of slots.
 *
 * Requests are answered in the order in which they were taken, each in its own slot: frontends rely
 * on that for what they receive (netif.h), and a process that starts anew goes on at the first one
 * without an answer. Must not know what requests say, nor how the page came to be here.
 */
#ifndef NETVM_RING_H
#define NETVM_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RING_PAGE  4096
#define RING_SLOTS 256 /* of either ring: the largest power of two that fits */

struct ring {
	uint8_t *page;
	size_t slot_size;
	uint32_t taken;	   /* index of the next request to take */
	uint32_t answered; /* index of the next answer; never above `taken` */
	uint32_t pushed;   /* answers below it the guest has been told of */
};

/* Takes up a ring where it stands: at the first request that has no answer. -EPROTO: its indices
 * are no ring's. `slot_size` is that of the larger of request and answer. */
int ring_attach(struct ring *r, void *page, size_t slot_size);

/* How many requests wait. -EPROTO: more than there are slots. */
int ring_waiting(const struct ring *r);

/* Copies the next request; the caller knows that one waits. */
void ring_take(struct ring *r, void *request, size_t size);

/* Puts the answer to the first request that has none; the caller has taken it. */
void ring_answer(struct ring *r, const void *answer, size_t size);

/* Notes in `place`, outside of the process, up to where slots may hold answers that the guest was
 * not told of yet, in the place of its requests: before the first of them is put. */
void ring_mark(uint32_t *place, uint32_t index);
/* How many slots may hold such of a process that was killed; the ring was attached after it. */
int ring_begun(const struct ring *r, uint32_t marked);

/* Lets the guest see all answers. Whether it asked to be woken for them. */
bool ring_push(struct ring *r);

/* Asks to be woken when `wanted` requests wait (at least one). True: they do already, as they do
 * where the guest's index makes no sense: the next ring_waiting() tells. */
bool ring_ask(struct ring *r, uint32_t wanted);

#endif
