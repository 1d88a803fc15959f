/* What names stand for, and until when. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "backend/host_names.h"

#define NOW 1000

/* One guest with these rules; the caller disposes of it. */
static struct ruleset wanting(const char *rules)
{
	struct ruleset r = { .managed = true, .now = NOW };
	struct err e = ERR_NONE;

	r.guests = calloc(1, sizeof(*r.guests));
	assert_non_null(r.guests);
	r.guest_count = 1;
	assert_int_equal(policy_parse(rules, POLICY_DROP, &r.guests[0].policy, &e), 0);
	return r;
}

static struct host_names table(const char *text)
{
	struct host_names n = { .items = NULL };
	struct err e = ERR_NONE;

	assert_int_equal(host_names_parse(text, &n, &e), 0);
	return n;
}

static struct host_names_answer answer(const char *addr, uint32_t ttl)
{
	struct host_names_answer a = { .ttl = ttl };

	assert_int_equal(addr_parse(addr, &a.addr), 0);
	return a;
}

/* Disposes of the table. */
static void assert_table(struct host_names *n, const char *text)
{
	char *now = host_names_print(n);

	assert_string_equal(now, text);
	free(now);
	host_names_dispose(n);
}

static void the_table_has_each_name_of_a_rule_once(void **state)
{
	struct ruleset r =
		wanting("action=accept dsthost=b.example\naction=drop dsthost=a.example\n"
			"action=accept dsthost=b.example proto=tcp\n"
			"action=accept dsthost=over.example expire=1000");
	struct host_names n = table("b.example 1200 192.0.2.1 1500\nc.example 1100\n");
	bool changed;

	(void)state;
	assert_int_equal(host_names_want(&n, &r, &changed), 0);
	assert_true(changed);
	assert_int_equal(host_names_want(&n, &r, &changed), 0);
	assert_false(changed);
	assert_table(&n, "a.example 0\nb.example 1200 192.0.2.1 1500\n");
	ruleset_dispose(&r);
}

static void an_address_stays_for_its_time_and_the_grace(void **state)
{
	struct host_names n = table("a.example 0\n");
	struct host_names_answer first[] = { answer("192.0.2.1", 60), answer("2001:db8::1", 120) },
				 second[] = { answer("192.0.2.2", 60) };
	struct ruleset r = { .now = 0 };
	bool changed;

	(void)state;
	assert_int_equal(host_names_take(&n, "a.example", first, 2, NOW, &changed), 0);
	assert_true(changed);
	assert_int_equal(n.items[0].ask, NOW + 60);
	assert_int_equal(host_names_take(&n, "a.example", first, 2, NOW + 60, &changed), 0);
	assert_false(changed);
	assert_int_equal(host_names_take(&n, "a.example", second, 1, NOW + 120, &changed), 0);
	assert_true(changed);
	assert_int_equal(n.items[0].count, 3);
	/* 192.0.2.1 was good until NOW + 120. */
	assert_int_equal(host_names_to_ruleset(&n, NOW + 119 + HOST_NAMES_GRACE, &r), 0);
	assert_int_equal(r.names[0].count, 3);
	ruleset_dispose(&r);
	assert_int_equal(host_names_to_ruleset(&n, NOW + 120 + HOST_NAMES_GRACE, &r), 0);
	assert_int_equal(r.names[0].count, 2);
	ruleset_dispose(&r);
	host_names_dispose(&n);
}

static void a_failure_keeps_what_is_good_and_is_tried_again(void **state)
{
	struct host_names n = table("a.example 1000 192.0.2.1 1300\n");
	bool changed;

	(void)state;
	assert_int_equal(host_names_take(&n, "a.example", NULL, 0, NOW, &changed), 0);
	assert_false(changed);
	assert_true(n.items[0].failing);
	assert_int_equal(n.items[0].ask, NOW + HOST_NAMES_AGAIN_FAILED);
	assert_int_equal(host_names_take(&n, "a.example", NULL, 0, 1300, &changed), 0);
	assert_true(changed);
	assert_table(&n, "a.example 1315\n");
}

static void short_and_long_times_are_bounded(void **state)
{
	struct host_names n = table("a.example 0\n");
	struct host_names_answer brief = answer("192.0.2.1", 0),
				 eternal = answer("192.0.2.1", 4000000000U);
	bool changed;

	(void)state;
	assert_int_equal(host_names_take(&n, "a.example", &brief, 1, NOW, &changed), 0);
	assert_int_equal(n.items[0].ask, NOW + HOST_NAMES_AGAIN_MIN);
	assert_int_equal(host_names_take(&n, "a.example", &eternal, 1, NOW, &changed), 0);
	assert_int_equal(n.items[0].ask, NOW + HOST_NAMES_AGAIN_MAX);
	host_names_dispose(&n);
}

static void addresses_that_are_no_hosts_are_passed_over(void **state)
{
	static const char *const none[] = { "127.0.0.1", "0.0.0.0", "224.0.0.1", "169.254.1.1",
		"::1", "fe80::1", "ff02::1" };
	struct host_names n = table("a.example 0\n");
	bool changed;

	(void)state;
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		struct host_names_answer a = answer(none[i], 60);

		assert_int_equal(host_names_take(&n, "a.example", &a, 1, NOW, &changed), 0);
		assert_false(changed);
		assert_int_equal(n.items[0].count, 0);
	}
	host_names_dispose(&n);
}

static void of_too_many_addresses_the_last_ones_stay(void **state)
{
	struct host_names n = table("a.example 0\n");
	bool changed;

	(void)state;
	for (uint32_t i = 0; i < HOST_NAMES_ADDRS_MAX + 10; i++) {
		struct host_names_answer a = answer("192.0.2.1", i);

		a.addr.bytes[2] = (uint8_t)(i >> 8);
		a.addr.bytes[3] = (uint8_t)i;
		assert_int_equal(host_names_take(&n, "a.example", &a, 1, NOW, &changed), 0);
		assert_true(changed);
	}
	assert_int_equal(n.items[0].count, HOST_NAMES_ADDRS_MAX);
	for (size_t i = 0; i < n.items[0].count; i++)
		assert_true(n.items[0].addrs[i].until >= NOW + 10 + HOST_NAMES_GRACE);
	host_names_dispose(&n);
}

static void the_next_question_is_the_one_that_is_due(void **state)
{
	struct host_names n = table("a.example 1200\nb.example 900\nc.example 1100\n");
	int64_t next;

	(void)state;
	assert_string_equal(host_names_due(&n, NOW, &next)->name, "b.example");
	n.items[1].ask = 1300;
	assert_null(host_names_due(&n, NOW, &next));
	assert_int_equal(next, 1100);
	host_names_dispose(&n);
}

static void a_damaged_file_is_refused(void **state)
{
	static const char *const texts[] = { "a.example", "a.example\n", "a.example x\n",
		"a.example 1 192.0.2.1\n", "a.example 1 192.0.2.1 -1\n", "a.example 1 192.0.2 5\n",
		"b.example 1\na.example 1\n", "a.example 1\na.example 1\n", " 1\n" };
	struct host_names n;
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		n = (struct host_names){ .items = NULL };
		e = (struct err)ERR_NONE;
		if (host_names_parse(texts[i], &n, &e) != -EBADMSG)
			fail_msg("\"%s\" is taken", texts[i]);
		assert_null(n.items);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_has_each_name_of_a_rule_once),
		cmocka_unit_test(an_address_stays_for_its_time_and_the_grace),
		cmocka_unit_test(a_failure_keeps_what_is_good_and_is_tried_again),
		cmocka_unit_test(short_and_long_times_are_bounded),
		cmocka_unit_test(addresses_that_are_no_hosts_are_passed_over),
		cmocka_unit_test(of_too_many_addresses_the_last_ones_stay),
		cmocka_unit_test(the_next_question_is_the_one_that_is_due),
		cmocka_unit_test(a_damaged_file_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
