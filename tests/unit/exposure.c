/* Ports that are open to the outside: what they look like as text, and sets of them. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>

#include "xenstore-schema/exposure.h"

static struct exposure port(const char *text)
{
	struct exposure e = { .proto = 0 };

	if (exposure_parse(text, &e) != 0)
		fail_msg("\"%s\" is refused", text);
	return e;
}

static void a_port_is_protocol_number_and_the_guests_number(void **state)
{
	struct exposure e = port("tcp/8080:80");

	(void)state;
	assert_int_equal(e.proto, IPPROTO_TCP);
	assert_int_equal(e.port, 8080);
	assert_int_equal(e.to, 80);
	e = port("udp/53");
	assert_int_equal(e.proto, IPPROTO_UDP);
	assert_int_equal(e.port, 53);
	assert_int_equal(e.to, 53);
	assert_int_equal(port("tcp/65535:1").port, 65535);
}

static void what_is_not_exactly_that_is_refused_and_changes_nothing(void **state)
{
	static const char *const wrong[] = { "", "80", "tcp", "tcp/", "tcp/0", "tcp/65536",
		"tcp/080", "tcp/80:", "tcp/80:0", "tcp/80:081", "tcp/80:65536", "tcp/80:81:82",
		"tcp/80 ", " tcp/80", "tcp/+80", "tcp/-1", "TCP/80", "icmp/8", "tcp/80-90",
		"tcp//80", "udp/5a", "tcp/80\n", "tcp/4294967376" };
	struct exposure e = port("udp/7:8");

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (exposure_parse(wrong[i], &e) != -EINVAL)
			fail_msg("\"%s\" is taken", wrong[i]);
		assert_int_equal(e.to, 8);
	}
}

static void it_is_printed_as_shortly_as_it_can_be(void **state)
{
	char text[EXPOSURE_TEXT_MAX];
	struct exposure e = port("tcp/80:80");

	(void)state;
	assert_string_equal(exposure_print(&e, text), "tcp/80");
	e = port("udp/65534:65535");
	assert_string_equal(exposure_print(&e, text), "udp/65534:65535");
}

static void a_set_has_each_outside_port_once_and_no_order_of_its_own(void **state)
{
	struct exposures a = { .count = 0 }, b = { .count = 0 };
	struct exposure web = port("tcp/80:8080"), dns = port("udp/53"), other = port("tcp/80:81");

	(void)state;
	assert_int_equal(exposures_add(&a, &web), 0);
	assert_int_equal(exposures_add(&a, &dns), 0);
	assert_int_equal(exposures_add(&a, &other), -EEXIST);
	assert_int_equal(exposures_add(&b, &dns), 0);
	assert_false(exposures_equal(&a, &b));
	assert_int_equal(exposures_add(&b, &web), 0);
	assert_true(exposures_equal(&a, &b));
	assert_true(exposures_have(&a, &web));
	assert_false(exposures_have(&a, &other));
}

static void a_set_that_is_full_takes_no_more(void **state)
{
	struct exposures set = { .count = 0 };
	struct exposure e = port("tcp/1");

	(void)state;
	for (e.port = 1; e.port <= EXPOSURES_MAX; e.port++)
		assert_int_equal(exposures_add(&set, &e), 0);
	assert_int_equal(exposures_add(&set, &e), -E2BIG);
	assert_int_equal(set.count, EXPOSURES_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_port_is_protocol_number_and_the_guests_number),
		cmocka_unit_test(what_is_not_exactly_that_is_refused_and_changes_nothing),
		cmocka_unit_test(it_is_printed_as_shortly_as_it_can_be),
		cmocka_unit_test(a_set_has_each_outside_port_once_and_no_order_of_its_own),
		cmocka_unit_test(a_set_that_is_full_takes_no_more),
	};

	return cmocka_run_group_tests_name("exposure", tests, NULL, NULL);
}
