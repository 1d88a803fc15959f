/* Who is told which resolvers, and when. */
#include "tests/unit/unit.h"

#include <stdbool.h>

#include "frontend-config/dns_plan.h"

static struct addr A(const char *text) {
	struct addr a;

	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

static struct dns_entry
entry(enum dns_way way, const char *name, const char *server)
{
	struct guest_link g = { .dns = { A(server) } };
	struct dns_entry out;

	dns_entry_make(&out, way, name, &g);
	return out;
}

static const struct dns_entry none = { .way = DNS_NONE };
static struct dns_action action[2];

static void the_way_is_the_one_that_programs_reach(void **state)
{
	(void)state;
	assert_int_equal(dns_choose(&(struct dns_probe){ true, true, true }), DNS_RESOLVED);
	assert_int_equal(dns_choose(&(struct dns_probe){ true, false, true }), DNS_RESOLVCONF);
	assert_int_equal(dns_choose(&(struct dns_probe){ true, false, false }), DNS_FILE);
	assert_int_equal(dns_choose(&(struct dns_probe){ false, true, false }), DNS_FILE);
	assert_int_equal(dns_choose(&(struct dns_probe){ false, true, true }), DNS_RESOLVCONF);
}

static void the_names_of_the_ways_are_read_back(void **state)
{
	enum dns_way way;

	(void)state;
	for (enum dns_way i = 0; i < DNS_WAYS; i++) {
		assert_int_equal(dns_way_parse(dns_way_names[i], &way), 0);
		assert_int_equal(way, i);
	}
	assert_int_equal(dns_way_parse("bind", &way), -EINVAL);
}

static void servers_are_taken_in_order_and_each_once(void **state)
{
	const struct guest_link g = { .dns = { A("10.139.1.1"), A("10.139.1.1") },
		.dns6 = { [1] = A("2001:db8::53") } };
	struct dns_entry out;

	(void)state;
	dns_entry_make(&out, DNS_FILE, "eth0", &g);
	assert_int_equal(out.count, 2);
	assert_int_equal(out.server[1].family, A("::1").family);
	dns_entry_make(&out, DNS_FILE, "eth0", &(struct guest_link){ .mtu = 1500 });
	assert_int_equal(out.way, DNS_NONE);
}

static void what_was_told_is_not_told_twice_unless_anew(void **state)
{
	const struct dns_entry e = entry(DNS_RESOLVCONF, "eth0", "10.139.1.1");

	(void)state;
	assert_int_equal(dns_plan(&e, &e, false, action), 0);
	assert_int_equal(dns_plan(&e, &e, true, action), 1);
	assert_int_equal(action[0].kind, DNS_TELL);
}

static void a_change_of_the_servers_is_told_over_the_old(void **state)
{
	const struct dns_entry old = entry(DNS_RESOLVED, "eth0", "10.139.1.1"),
			       new = entry(DNS_RESOLVED, "eth0", "10.139.1.9");

	(void)state;
	assert_int_equal(dns_plan(&new, &old, false, action), 1);
	assert_ptr_equal(action[0].entry, &new);
}

static void another_interface_or_another_way_takes_the_old_record_back_first(void **state)
{
	const struct dns_entry old = entry(DNS_RESOLVCONF, "eth0", "10.139.1.1"),
			       renamed = entry(DNS_RESOLVCONF, "xn0", "10.139.1.1"),
			       other = entry(DNS_RESOLVED, "eth0", "10.139.1.1"),
			       file = entry(DNS_FILE, "eth0", "10.139.1.1");

	(void)state;
	assert_int_equal(dns_plan(&renamed, &old, false, action), 2);
	assert_int_equal(action[0].kind, DNS_WITHDRAW);
	assert_ptr_equal(action[0].entry, &old);
	assert_int_equal(action[1].kind, DNS_TELL);
	assert_int_equal(dns_plan(&other, &old, false, action), 2);
	assert_int_equal(dns_plan(&file, &old, false, action), 1);
	assert_int_equal(action[0].kind, DNS_WITHDRAW);
	assert_int_equal(dns_plan(&file, &file, true, action), 0);
}

static void what_is_published_no_longer_is_taken_back(void **state)
{
	const struct dns_entry old = entry(DNS_RESOLVED, "eth0", "10.139.1.1");

	(void)state;
	assert_int_equal(dns_plan(&none, &old, false, action), 1);
	assert_int_equal(action[0].kind, DNS_WITHDRAW);
	assert_int_equal(dns_plan(&none, &none, true, action), 0);
}

static void actions_are_put_in_words(void **state)
{
	const struct dns_entry e = entry(DNS_RESOLVED, "eth0", "10.139.1.1");
	char text[DNS_ACTION_TEXT_MAX];

	(void)state;
	assert_string_equal(dns_action_print(&(struct dns_action){ DNS_TELL, &e }, text),
		"eth0: give resolvers to systemd-resolved: 10.139.1.1");
	assert_string_equal(dns_action_print(&(struct dns_action){ DNS_WITHDRAW, &e }, text),
		"eth0: take resolvers from systemd-resolved");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_way_is_the_one_that_programs_reach),
		cmocka_unit_test(the_names_of_the_ways_are_read_back),
		cmocka_unit_test(servers_are_taken_in_order_and_each_once),
		cmocka_unit_test(what_was_told_is_not_told_twice_unless_anew),
		cmocka_unit_test(a_change_of_the_servers_is_told_over_the_old),
		cmocka_unit_test(another_interface_or_another_way_takes_the_old_record_back_first),
		cmocka_unit_test(what_is_published_no_longer_is_taken_back),
		cmocka_unit_test(actions_are_put_in_words),
	};

	return cmocka_run_group_tests_name("dns_plan", tests, NULL, NULL);
}
