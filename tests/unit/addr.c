/* Addresses are taken whole and exact, or not at all. */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "common/addr.h"

static void ipv4_takes_exactly_four_decimal_numbers(void **state)
{
	static const char *const refused[] = { "", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256",
		" 1.2.3.4", "1.2.3.4 ", "01.2.3.4", "1.2.3.04", "1.2.3.4/32", "0x1.2.3.4", "1..2.3",
		"::1", "1.2.3.4\n", NULL };
	static const char *const accepted[] = { "10.137.0.7", "0.0.0.0", "255.255.255.255",
		"100.99.10.9", "109.110.200.101", NULL };
	struct addr a;
	char buf[ADDR_TEXT_MAX];

	(void)state;
	for (const char *const *t = accepted; *t; t++) {
		assert_int_equal(addr_parse4(*t, &a), 0);
		assert_string_equal(addr_print(&a, buf), *t);
	}
	for (const char *const *t = refused; *t; t++)
		assert_int_equal(addr_parse4(*t, &a), -EINVAL);
}

static void ipv6_is_printed_canonically_and_has_no_scope(void **state)
{
	static const char *const refused[] = { "", ":", "fe80::1%eth0", "1.2.3.4", "::1/128",
		"2001:db8::1::2", "2001:db8::g", NULL };
	struct addr a;
	char buf[ADDR_TEXT_MAX];

	(void)state;
	assert_int_equal(addr_parse6("2001:DB8:0:0::0001", &a), 0);
	assert_string_equal(addr_print(&a, buf), "2001:db8::1");
	for (const char *const *t = refused; *t; t++)
		assert_int_equal(addr_parse6(*t, &a), -EINVAL);
}

static void a_failed_parse_leaves_the_result_alone(void **state)
{
	struct addr a, before;

	(void)state;
	assert_int_equal(addr_parse("192.0.2.1", &a), 0);
	before = a;
	assert_int_equal(addr_parse("192.0.2.x", &a), -EINVAL);
	assert_true(addr_equal(&a, &before));
}

static void a_mac_is_six_pairs_and_one_hosts(void **state)
{
	static const char *const refused[] = { "", "00:16:3e:00:00", "00:16:3e:00:00:01:02",
		"00-16-3e-00-00-01", "0:16:3e:0:0:1", "00:16:3e:00:00:0g", "01:00:5e:00:00:01",
		"ff:ff:ff:ff:ff:ff", "00:00:00:00:00:00", NULL };
	struct mac m;
	char buf[MAC_TEXT_MAX];

	(void)state;
	assert_int_equal(mac_parse("00:16:3E:5e:6C:01", &m), 0);
	assert_string_equal(mac_print(&m, buf), "00:16:3e:5e:6c:01");
	for (const char *const *t = refused; *t; t++)
		assert_int_equal(mac_parse(*t, &m), -EINVAL);
}

static void a_prefix_has_no_host_bits(void **state)
{
	struct prefix p;
	struct addr in, out;

	(void)state;
	assert_int_equal(prefix_parse("10.137.0.0/16", &p), 0);
	assert_int_equal(addr_parse("10.137.255.255", &in), 0);
	assert_int_equal(addr_parse("10.138.0.0", &out), 0);
	assert_true(prefix_contains(&p, &in));
	assert_false(prefix_contains(&p, &out));
	assert_int_equal(prefix_parse("10.137.0.1/16", &p), -EINVAL);
	assert_int_equal(prefix_parse("10.137.0.0/33", &p), -EINVAL);
	assert_int_equal(prefix_parse("10.137.0.0/016", &p), -EINVAL);
	assert_int_equal(prefix_parse("10.137.0.0/", &p), -EINVAL);
	assert_int_equal(prefix_parse("2001:db8::/32", &p), 0);
	assert_int_equal(prefix_parse("2001:db8::1", &p), 0);
	assert_int_equal(p.len, 128);
}

static void only_addresses_that_one_host_can_hold_are_unicast(void **state)
{
	static const char *const no[] = { "0.0.0.0", "0.1.2.3", "127.0.0.1", "224.0.0.1",
		"255.255.255.255", "240.0.0.1", "::", "::1", "ff02::1", "::ffff:10.0.0.1", NULL };
	static const char *const yes[] = { "10.137.0.7", "203.0.113.9", "2001:db8::7", "fe80::1",
		NULL };
	struct addr a;

	(void)state;
	for (const char *const *t = no; *t; t++) {
		assert_int_equal(addr_parse(*t, &a), 0);
		assert_false(addr_is_unicast(&a));
	}
	for (const char *const *t = yes; *t; t++) {
		assert_int_equal(addr_parse(*t, &a), 0);
		assert_true(addr_is_unicast(&a));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ipv4_takes_exactly_four_decimal_numbers),
		cmocka_unit_test(ipv6_is_printed_canonically_and_has_no_scope),
		cmocka_unit_test(a_failed_parse_leaves_the_result_alone),
		cmocka_unit_test(a_mac_is_six_pairs_and_one_hosts),
		cmocka_unit_test(a_prefix_has_no_host_bits),
		cmocka_unit_test(only_addresses_that_one_host_can_hold_are_unicast),
	};

	return cmocka_run_group_tests_name("addr", tests, NULL, NULL);
}
