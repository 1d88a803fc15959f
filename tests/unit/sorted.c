/* Where something is in an array that is kept in order, or would be. */
#include "tests/unit/unit.h"

#include "common/sorted.h"

static int number_cmp(const void *key, const void *item)
{
	int a = *(const int *)key, b = *(const int *)item;

	return (a > b) - (a < b);
}

static size_t place(const int *items, size_t count, int key)
{
	return sorted_place(&key, items, count, sizeof(*items), number_cmp);
}

static void nothing_has_one_place(void **state)
{
	(void)state;
	assert_int_equal(place(NULL, 0, 5), 0);
}

static void it_is_the_first_that_is_not_before(void **state)
{
	static const int items[] = { 2, 4, 4, 4, 9 };

	(void)state;
	assert_int_equal(place(items, 5, 1), 0);
	assert_int_equal(place(items, 5, 2), 0);
	assert_int_equal(place(items, 5, 3), 1);
	assert_int_equal(place(items, 5, 4), 1);
	assert_int_equal(place(items, 5, 5), 4);
	assert_int_equal(place(items, 5, 9), 4);
	assert_int_equal(place(items, 5, 10), 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_has_one_place),
		cmocka_unit_test(it_is_the_first_that_is_not_before),
	};

	return cmocka_run_group_tests_name("sorted", tests, NULL, NULL);
}
