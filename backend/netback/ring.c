#include "backend/netback/ring.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

/* What stands before the slots: four indices, then padding (DEFINE_RING_TYPES). */
enum {
	REQUEST_PRODUCED = 0,
	REQUEST_EVENT = 4,
	ANSWER_PRODUCED = 8,
	ANSWER_EVENT = 12,
	SLOTS = 64
};

static _Atomic uint32_t *word(const struct ring *r, size_t offset)
{
	return (_Atomic uint32_t *)(void *)(r->page + offset);
}

static uint8_t *slot(const struct ring *r, uint32_t index)
{
	return r->page + SLOTS + index % RING_SLOTS * r->slot_size;
}

static uint32_t produced(const struct ring *r)
{
	return atomic_load_explicit(word(r, REQUEST_PRODUCED), memory_order_acquire);
}

int ring_attach(struct ring *r, void *page, size_t slot_size)
{
	*r = (struct ring){ .page = page, .slot_size = slot_size };
	r->pushed = atomic_load_explicit(word(r, ANSWER_PRODUCED), memory_order_relaxed);
	r->taken = r->answered = r->pushed;
	return ring_waiting(r) < 0 ? -EPROTO : 0;
}

/* A slot is free again for a request when its answer has been pushed. */
int ring_waiting(const struct ring *r)
{
	uint32_t end = produced(r);

	if (end - r->pushed > RING_SLOTS || end - r->pushed < r->taken - r->pushed)
		return -EPROTO;
	return (int)(end - r->taken);
}

void ring_take(struct ring *r, void *request, size_t size)
{
	memcpy(request, slot(r, r->taken), size);
	r->taken++;
	/* From here on the copy counts: the compiler is not to go back to the page for it. */
	__asm__ volatile("" ::: "memory");
}

void ring_answer(struct ring *r, const void *answer, size_t size)
{
	memcpy(slot(r, r->answered), answer, size);
	r->answered++;
}

void ring_mark(uint32_t *place, uint32_t index)
{
	*(volatile uint32_t *)place = index;
	__asm__ volatile("" ::: "memory");
}

int ring_begun(const struct ring *r, uint32_t marked)
{
	int waiting = ring_waiting(r);

	return waiting >= 0 && marked - r->pushed <= (uint32_t)waiting ? (int)(marked - r->pushed)
								       : 0;
}

bool ring_push(struct ring *r)
{
	uint32_t before = r->pushed, event;

	if (r->answered == before)
		return false;
	r->pushed = r->answered;
	atomic_store_explicit(word(r, ANSWER_PRODUCED), r->pushed, memory_order_release);
	/* The answers are there before it is looked whether somebody sleeps. */
	atomic_thread_fence(memory_order_seq_cst);
	event = atomic_load_explicit(word(r, ANSWER_EVENT), memory_order_relaxed);
	return r->pushed - event < r->pushed - before;
}

bool ring_ask(struct ring *r, uint32_t wanted)
{
	atomic_store_explicit(word(r, REQUEST_EVENT), r->taken + wanted, memory_order_relaxed);
	atomic_thread_fence(memory_order_seq_cst);
	return produced(r) - r->taken >= wanted;
}
