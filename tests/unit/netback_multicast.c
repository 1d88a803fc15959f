/* The multicast addresses that a guest wants to hear. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#include "backend/netback/multicast.h"

static struct multicast groups;

static int begin(void **state)
{
	(void)state;
	groups = (struct multicast){ .count = 0 };
	return 0;
}

static struct mac group(uint8_t last)
{
	return (struct mac){ { 0x33, 0x33, 0, 0, 0, last } };
}

static int join(uint8_t last)
{
	struct mac g = group(last);

	return multicast_join(&groups, &g);
}

static void leave(uint8_t last)
{
	struct mac g = group(last);

	multicast_leave(&groups, &g);
}

static bool wants(uint8_t last)
{
	return multicast_wants(&groups, group(last).bytes);
}

static void what_was_joined_is_wanted_until_it_is_left(void **state)
{
	(void)state;
	assert_false(wants(1));
	assert_int_equal(join(1), 0);
	assert_int_equal(join(2), 0);
	assert_int_equal(join(3), 0);
	assert_true(wants(1) && wants(2) && wants(3));
	leave(1);
	leave(9);
	assert_true(!wants(1) && wants(2) && wants(3));
}

static void joining_twice_is_joining_once(void **state)
{
	(void)state;
	assert_int_equal(join(1), 0);
	assert_int_equal(join(1), 0);
	leave(1);
	assert_false(wants(1));
}

static void hosts_and_broadcasts_are_not_asked_about(void **state)
{
	const struct mac host = { { 0, 0x16, 0x3e, 0, 0, 1 } },
			 all = { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } };

	(void)state;
	assert_true(multicast_wants(&groups, host.bytes));
	assert_true(multicast_wants(&groups, all.bytes));
	assert_int_equal(multicast_join(&groups, &host), -EINVAL);
	assert_int_equal(multicast_join(&groups, &all), -EINVAL);
	assert_int_equal(groups.count, 0);
}

static void there_are_so_many_and_no_more(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < MULTICAST_MAX; i++)
		assert_int_equal(join((uint8_t)i), 0);
	assert_int_equal(join(MULTICAST_MAX), -ENOSPC);
	assert_int_equal(join(0), 0);
	assert_false(wants(MULTICAST_MAX));
	leave(0);
	assert_int_equal(join(MULTICAST_MAX), 0);
	assert_true(wants(MULTICAST_MAX));
}

/* It stood in a file that another process wrote. */
static void a_count_that_cannot_be_leads_nowhere(void **state)
{
	struct {
		struct multicast groups;
		uint8_t behind[6];
	} there = { .groups = { .count = UINT32_MAX } };

	(void)state;
	memcpy(there.behind, group(1).bytes, 6);
	assert_false(multicast_wants(&there.groups, group(1).bytes));
	assert_int_equal(multicast_join(&there.groups, &(struct mac){ { 0x33 } }), -ENOSPC);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, begin)
	static const struct CMUnitTest tests[] = {
		TEST(what_was_joined_is_wanted_until_it_is_left),
		TEST(joining_twice_is_joining_once),
		TEST(hosts_and_broadcasts_are_not_asked_about),
		TEST(there_are_so_many_and_no_more),
		TEST(a_count_that_cannot_be_leads_nowhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
