/* How much a domain may bring netvmd to look. */
#include "tests/unit/unit.h"

#include <stdlib.h>

#include "toolstack/netvmd_watches.h"

/* Two domains that have just been watched for the first time. */
static struct netvmd_watches two(void)
{
	struct netvmd_watches w = { calloc(2, sizeof(*w.watch)), 2 };

	assert_non_null(w.watch);
	for (uint32_t i = 0; i < 2; i++)
		w.watch[i] = (struct netvmd_watch){ .domid = i + 5, .room = WATCH_BURST };
	return w;
}

static void note(struct netvmd_watches *w, const char *path, size_t times, double now)
{
	for (size_t i = 0; i < times; i++)
		netvmd_watches_note(w, path, now);
}

static void one_that_begins_with_many_guests_is_calm(void **state)
{
	struct netvmd_watches w = two();

	(void)state;
	note(&w, "/local/domain/5/data/netvm/clients/7/0/state", WATCH_BURST - 1, 0);
	assert_false(netvmd_watches_flooding(&w, 5));
	for (int second = 1; second < 1000; second++)
		note(&w, "/local/domain/5/data/netvm/uplink", WATCH_STEADY, second);
	assert_false(netvmd_watches_flooding(&w, 5));
	netvmd_watches_forget(&w);
}

static void one_that_writes_without_end_is_not_nor_is_it_another(void **state)
{
	struct netvmd_watches w = two();

	(void)state;
	note(&w, "/local/domain/5/device/vif/0/state", WATCH_BURST, 0);
	assert_true(netvmd_watches_flooding(&w, 5));
	assert_false(netvmd_watches_flooding(&w, 6));
	note(&w, "/local/domain/6/data/netvm/uplink", 1, 0);
	assert_false(netvmd_watches_flooding(&w, 6));
	netvmd_watches_forget(&w);
}

static void what_is_no_domains_counts_for_nobody(void **state)
{
	static const char *const paths[] = { "@introduceDomain", "/local/domain/9/data/netvm",
		"/local/domain/5", "/local/domain/05/data", "data/netvm", "" };
	struct netvmd_watches w = two();

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		note(&w, paths[i], 2 * WATCH_BURST, 0);
	assert_false(netvmd_watches_flooding(&w, 5));
	assert_false(netvmd_watches_flooding(&w, 9));
	netvmd_watches_forget(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_that_begins_with_many_guests_is_calm),
		cmocka_unit_test(one_that_writes_without_end_is_not_nor_is_it_another),
		cmocka_unit_test(what_is_no_domains_counts_for_nobody),
	};

	return cmocka_run_group_tests_name("netvmd_watches", tests, NULL, NULL);
}
