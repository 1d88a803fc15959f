/* Our end of a ring: its indices wherever they stand, and a guest who lies about its own. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "backend/netback/ring.h"

#define SLOT 12

/* What the guest sees. */
static struct {
	uint32_t request_produced, request_event, answer_produced, answer_event;
	uint8_t padding[48];
	uint8_t slots[RING_SLOTS][SLOT];
	uint8_t rest[RING_PAGE - 64 - RING_SLOTS * SLOT];
} page;

/* An index before which 2^32 lies, one that ends a round, others. */
static const uint32_t starts[] = { 0, 1, 255, 256, UINT32_MAX, UINT32_MAX - 1, UINT32_MAX - 255,
	UINT32_MAX - 256, 0x7fffffff, 0x80000000 };
#define EACH_START(at) for (const uint32_t *at = starts; at < starts + sizeof(starts) / 4; at++)

static struct ring ring_at(uint32_t start)
{
	struct ring r;

	memset(&page, 0, sizeof(page));
	page.request_produced = page.answer_produced = start;
	page.request_event = page.answer_event = start + 1;
	assert_int_equal(ring_attach(&r, &page, SLOT), 0);
	return r;
}

static void request_put(uint32_t number)
{
	memcpy(page.slots[page.request_produced % RING_SLOTS], &number, sizeof(number));
	page.request_produced++;
}

static void requests_are_taken_and_answered_in_their_order(void **state)
{
	(void)state;
	EACH_START(start)
	{
		struct ring r = ring_at(*start);

		for (uint32_t round = 0; round < 3 * RING_SLOTS; round += 100) {
			for (uint32_t i = 0; i < 100; i++)
				request_put(round + i);
			assert_int_equal(ring_waiting(&r), 100);
			for (uint32_t i = 0; i < 100; i++) {
				uint32_t number, answer, at = r.answered;

				ring_take(&r, &number, sizeof(number));
				assert_int_equal(number, round + i);
				answer = ~number;
				ring_answer(&r, &answer, sizeof(answer));
				memcpy(&number, page.slots[at % RING_SLOTS], sizeof(number));
				assert_int_equal(number, answer);
			}
			assert_int_equal(ring_waiting(&r), 0);
			ring_push(&r);
			assert_int_equal(page.answer_produced, page.request_produced);
		}
	}
}

static void a_full_ring_is_no_fault_and_more_is(void **state)
{
	(void)state;
	EACH_START(start)
	{
		struct ring r = ring_at(*start);
		uint32_t number;

		page.request_produced = *start + RING_SLOTS;
		assert_int_equal(ring_waiting(&r), RING_SLOTS);
		page.request_produced = *start + RING_SLOTS + 1;
		assert_int_equal(ring_waiting(&r), -EPROTO);
		page.request_produced = *start - 1;
		assert_int_equal(ring_waiting(&r), -EPROTO);
		page.request_produced = *start + 0x80000000;
		assert_int_equal(ring_waiting(&r), -EPROTO);

		/* A slot that was taken is free only when its answer is pushed. */
		page.request_produced = *start + RING_SLOTS;
		ring_take(&r, &number, sizeof(number));
		page.request_produced = *start + RING_SLOTS + 1;
		assert_int_equal(ring_waiting(&r), -EPROTO);
		ring_answer(&r, &number, sizeof(number));
		assert_int_equal(ring_waiting(&r), -EPROTO);
		ring_push(&r);
		assert_int_equal(ring_waiting(&r), RING_SLOTS);
	}
}

static void a_producer_that_goes_back_is_a_fault(void **state)
{
	(void)state;
	EACH_START(start)
	{
		struct ring r = ring_at(*start);
		uint32_t number;

		page.request_produced = *start + 5;
		for (int i = 0; i < 5; i++)
			ring_take(&r, &number, sizeof(number));
		page.request_produced = *start + 4;
		assert_int_equal(ring_waiting(&r), -EPROTO);
		page.request_produced = *start + 5;
		assert_int_equal(ring_waiting(&r), 0);
	}
}

static void a_ring_is_taken_up_at_the_first_request_without_an_answer(void **state)
{
	(void)state;
	EACH_START(start)
	{
		struct ring r = ring_at(*start), next;
		uint32_t number;

		for (uint32_t i = 0; i < 7; i++)
			request_put(i);
		for (int i = 0; i < 5; i++)
			ring_take(&r, &number, sizeof(number));
		for (int i = 0; i < 3; i++)
			ring_answer(&r, &number, sizeof(number));
		ring_push(&r);
		assert_int_equal(ring_attach(&next, &page, SLOT), 0);
		assert_int_equal(ring_waiting(&next), 4);
		ring_take(&next, &number, sizeof(number));
		assert_int_equal(number, 3);
	}
}

static void a_ring_with_impossible_indices_is_not_taken_up(void **state)
{
	struct ring r;

	(void)state;
	memset(&page, 0, sizeof(page));
	page.request_produced = RING_SLOTS + 1;
	assert_int_equal(ring_attach(&r, &page, SLOT), -EPROTO);
	page.request_produced = 0;
	page.answer_produced = 1;
	assert_int_equal(ring_attach(&r, &page, SLOT), -EPROTO);
}

/* Whether answers up to `end` wake a guest who wants to be woken at `event`. */
static bool wakes(uint32_t start, uint32_t answers, uint32_t event)
{
	struct ring r = ring_at(start);
	uint32_t number;

	page.answer_event = event;
	page.request_produced = start + answers;
	for (uint32_t i = 0; i < answers; i++) {
		ring_take(&r, &number, sizeof(number));
		ring_answer(&r, &number, sizeof(number));
	}
	return ring_push(&r);
}

static void the_guest_is_woken_for_the_answer_that_it_waits_for_and_no_other(void **state)
{
	(void)state;
	EACH_START(start)
	{
		assert_true(wakes(*start, 1, *start + 1));
		assert_true(wakes(*start, 10, *start + 1));
		assert_true(wakes(*start, 10, *start + 10));
		assert_false(wakes(*start, 10, *start + 11));
		assert_false(wakes(*start, 10, *start));
		assert_false(wakes(*start, 10, *start - 5));
		assert_false(wakes(*start, 0, *start + 1));
	}
}

static void who_asks_to_be_woken_hears_of_what_is_there_already(void **state)
{
	(void)state;
	EACH_START(start)
	{
		struct ring r = ring_at(*start);

		assert_false(ring_ask(&r, 1));
		assert_int_equal(page.request_event, *start + 1);
		assert_false(ring_ask(&r, 18));
		assert_int_equal(page.request_event, *start + 18);
		page.request_produced = *start + 17;
		assert_false(ring_ask(&r, 18));
		assert_true(ring_ask(&r, 17));
		/* One that makes no sense is to be seen as well. */
		page.request_produced = *start - 1;
		assert_true(ring_ask(&r, 1));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_are_taken_and_answered_in_their_order),
		cmocka_unit_test(a_full_ring_is_no_fault_and_more_is),
		cmocka_unit_test(a_producer_that_goes_back_is_a_fault),
		cmocka_unit_test(a_ring_is_taken_up_at_the_first_request_without_an_answer),
		cmocka_unit_test(a_ring_with_impossible_indices_is_not_taken_up),
		cmocka_unit_test(the_guest_is_woken_for_the_answer_that_it_waits_for_and_no_other),
		cmocka_unit_test(who_asks_to_be_woken_hears_of_what_is_there_already),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
