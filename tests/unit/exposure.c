/* Ports that are open to the outside: what they look like as text, and sets of them. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

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
	assert_false(addr_is_set(&e.source.addr));
}

static void it_may_be_open_to_one_address_or_subnet_alone(void **state)
{
	struct exposure e = port("tcp/8080:80@192.0.2.0/24");

	(void)state;
	assert_int_equal(e.to, 80);
	assert_int_equal(e.source.addr.family, AF_INET);
	assert_int_equal(e.source.len, 24);
	e = port("udp/53@2001:db8::1");
	assert_int_equal(e.source.addr.family, AF_INET6);
	assert_int_equal(e.source.len, 128);
	assert_true(exposure_has_family(&e, AF_INET6));
	assert_false(exposure_has_family(&e, AF_INET));
	e = port("udp/53");
	assert_true(exposure_has_family(&e, AF_INET6) && exposure_has_family(&e, AF_INET));
}

static void what_is_not_exactly_that_is_refused_and_changes_nothing(void **state)
{
	static const char *const wrong[] = { "", "80", "tcp", "tcp/", "tcp/0", "tcp/65536",
		"tcp/080", "tcp/80:", "tcp/80:0", "tcp/80:081", "tcp/80:65536", "tcp/80:81:82",
		"tcp/80 ", " tcp/80", "tcp/+80", "tcp/-1", "TCP/80", "icmp/8", "tcp/80-90",
		"tcp//80", "udp/5a", "tcp/80\n", "tcp/4294967376", "tcp/80@", "tcp/80@192.0.2.1/24",
		"tcp/80@192.0.2.0/33", "tcp/80@192.0.2.0/24 ", "tcp/80@192.0.2.0/24@192.0.2.0/24",
		"tcp/80@192.0.2.0/24,198.51.100.0/24", "tcp/80@name", "tcp/80 @192.0.2.1",
		"@192.0.2.1", "tcp/80@192.0.2.0/24:80", "tcp/80@2001:db8::/129" };
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
	e = port("udp/65534:65535@ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
	assert_string_equal(exposure_print(&e, text),
		"udp/65534:65535@ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128");
	e = port("tcp/80@0.0.0.0/0");
	assert_string_equal(exposure_print(&e, text), "tcp/80@0.0.0.0/0");
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
	b.item[1].to++;
	assert_false(exposures_equal(&a, &b));
}

static void a_port_is_led_to_one_of_the_guests_for_each_source_once(void **state)
{
	struct exposures a = { .count = 0 }, b = { .count = 0 };
	struct exposure one = port("tcp/80:8080@192.0.2.0/24"),
			two = port("tcp/80:8080@2001:db8::/32"),
			else_ = port("tcp/80:81@198.51.100.1"), all = port("tcp/80:8080");

	(void)state;
	assert_int_equal(exposures_add(&a, &one), 0);
	assert_int_equal(exposures_add(&a, &two), 0);
	assert_int_equal(exposures_add(&a, &one), -EEXIST);
	assert_int_equal(exposures_add(&a, &else_), -EEXIST);
	assert_int_equal(exposures_add(&a, &all), -EEXIST);
	assert_int_equal(exposures_add(&b, &two), 0);
	assert_false(exposures_equal(&a, &b));
	assert_int_equal(exposures_add(&b, &one), 0);
	assert_true(exposures_equal(&a, &b));
	b.item[0].source.len--;
	assert_false(exposures_equal(&a, &b));
}

static bool leads(const struct exposures *set, const char *source, uint16_t number, uint16_t to)
{
	struct addr a;

	assert_int_equal(addr_parse(source, &a), 0);
	return exposures_lead(set, IPPROTO_TCP, number, to, &a);
}

static void a_set_leads_what_comes_from_a_source_that_it_names(void **state)
{
	struct exposures set = { .count = 0 };
	struct exposure some = port("tcp/80:8080@192.0.2.0/24"), all = port("tcp/81");

	(void)state;
	exposures_add(&set, &some);
	exposures_add(&set, &all);
	assert_true(leads(&set, "192.0.2.9", 80, 8080));
	assert_false(leads(&set, "192.0.3.9", 80, 8080));
	assert_false(leads(&set, "2001:db8::9", 80, 8080));
	assert_false(leads(&set, "192.0.2.9", 80, 80));
	assert_false(leads(&set, "192.0.2.9", 82, 8080));
	assert_true(leads(&set, "2001:db8::9", 81, 81));
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
		cmocka_unit_test(it_may_be_open_to_one_address_or_subnet_alone),
		cmocka_unit_test(what_is_not_exactly_that_is_refused_and_changes_nothing),
		cmocka_unit_test(it_is_printed_as_shortly_as_it_can_be),
		cmocka_unit_test(a_set_has_each_outside_port_once_and_no_order_of_its_own),
		cmocka_unit_test(a_port_is_led_to_one_of_the_guests_for_each_source_once),
		cmocka_unit_test(a_set_leads_what_comes_from_a_source_that_it_names),
		cmocka_unit_test(a_set_that_is_full_takes_no_more),
	};

	return cmocka_run_group_tests_name("exposure", tests, NULL, NULL);
}
