/* Counters of kernel rules, summed up by the rules of policies that they stand for. */
#include "backend/policy_hits.h"

#include <errno.h>

#include "tests/unit/unit.h"

static struct policy_rule rules[2];
static struct ruleset_guest guests[2] = { { .policy = { .rules = rules, .count = 2 } } };
static const struct ruleset ruleset = { .guests = guests, .guest_count = 2 };
static struct policy_hits hits;

static int begin(void **state)
{
	struct err e = ERR_NONE;

	(void)state;
	return policy_hits_make(&ruleset, &hits, &e);
}

static int end(void **state)
{
	(void)state;
	policy_hits_dispose(&hits);
	policy_hits_dispose(&hits);
	return 0;
}

/* Two chains of the first guest: rules 0 and 1, a rule that is none, the rest; and rule 1 again. */
static void chains_see(void)
{
	static const size_t first[] = { 0, 1, RULESET_NO_RULE, 2 }, second[] = { 1 };

	policy_hits_see(&hits, "vif5.0-4", 0, first, 4);
	policy_hits_see(&hits, "vif5.0-4-peers", 0, second, 1);
}

static void first_count(void)
{
	static const uint64_t packets[] = { 7, 20, 1000, 3 };

	for (size_t i = 0; i < 4; i++)
		policy_hits_count(&hits, "vif5.0-4", packets[i]);
}

static void what_several_rules_counted_for_one_line_is_one_sum(void **state)
{
	struct err e = ERR_NONE;

	(void)state;
	chains_see();
	policy_hits_count(&hits, "somebody else's", 99);
	policy_hits_count(&hits, "vif5.0-4-peers", 5);
	first_count();
	assert_int_equal(policy_hits_end(&hits, &e), 0);
	assert_int_equal(hits.counts[0][0], 7);
	assert_int_equal(hits.counts[0][1], 25);
	assert_int_equal(hits.counts[0][2], 3);
	assert_int_equal(hits.counts[1][0], 0);
}

static void a_chain_that_is_not_there_is_not_taken_for_one_without_packets(void **state)
{
	struct err e = ERR_NONE;

	(void)state;
	chains_see();
	first_count();
	assert_int_equal(policy_hits_end(&hits, &e), -EAGAIN);
}

static void nor_one_with_more_rules_for_the_one_that_was_made(void **state)
{
	struct err e = ERR_NONE;

	(void)state;
	chains_see();
	first_count();
	policy_hits_count(&hits, "vif5.0-4-peers", 5);
	policy_hits_count(&hits, "vif5.0-4-peers", 5);
	assert_int_equal(policy_hits_end(&hits, &e), -EAGAIN);
}

static void chains_of_another_family_may_have_the_same_names(void **state)
{
	struct err e = ERR_NONE;

	(void)state;
	for (int family = 0; family < 2; family++) {
		chains_see();
		first_count();
		policy_hits_count(&hits, "vif5.0-4-peers", 5);
		assert_int_equal(policy_hits_end(&hits, &e), 0);
	}
	assert_int_equal(hits.counts[0][1], 50);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			what_several_rules_counted_for_one_line_is_one_sum, begin, end),
		cmocka_unit_test_setup_teardown(
			a_chain_that_is_not_there_is_not_taken_for_one_without_packets, begin, end),
		cmocka_unit_test_setup_teardown(
			nor_one_with_more_rules_for_the_one_that_was_made, begin, end),
		cmocka_unit_test_setup_teardown(
			chains_of_another_family_may_have_the_same_names, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
