/* What a guest without netfront-config is given: each format, byte for byte. */
#include "tests/unit/unit.h"

#include <stdlib.h>

#include "toolstack/guest_config.h"

static struct guest_link both;
static struct err error;

static int link_set_up(void **state)
{
	(void)state;
	memset(&both, 0, sizeof(both));
	memset(&error, 0, sizeof(error));
	addr_parse4("10.137.0.2", &both.ip);
	addr_parse4("10.137.0.1", &both.gateway);
	addr_parse4("10.139.1.1", &both.dns[0]);
	addr_parse4("10.139.1.2", &both.dns[1]);
	addr_parse6("2001:db8::2", &both.ip6);
	addr_parse6("2001:db8::1", &both.gateway6);
	addr_parse6("2001:db8:53::1", &both.dns6[0]);
	return mac_parse("00:16:3e:00:00:09", &both.mac);
}

static struct guest_link one_family(bool six)
{
	struct guest_link l = both;

	memset(six ? &l.ip : &l.ip6, 0, sizeof(l.ip));
	memset(six ? &l.gateway : &l.gateway6, 0, sizeof(l.ip));
	memset(six ? l.dns : l.dns6, 0, sizeof(l.dns));
	return l;
}

/* malloc'd; the status to `*ret`. */
static char *printed(enum guest_format f, const char *name, const struct guest_link *l, int *ret)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	*ret = guest_config_print(out, f, name, "eth0", l, &error);
	fclose(out);
	return text;
}

static void expect(
	enum guest_format f, const char *name, const struct guest_link *l, const char *text)
{
	int ret;
	char *saw = printed(f, name, l, &ret);

	assert_string_equal(saw, text);
	assert_int_equal(ret, 0);
	free(saw);
}

static void expect_refused(enum guest_format f, const struct guest_link *l, const char *words)
{
	int ret;
	char *saw = printed(f, "work", l, &ret);

	assert_string_equal(saw, "");
	assert_int_equal(ret, -EINVAL);
	assert_has(error.text, words);
	free(saw);
}

static void a_kernel_is_told_address_gateway_and_both_resolvers(void **state)
{
	(void)state;
	expect(GUEST_KERNEL_IP, "work", &both,
		"ip=10.137.0.2::10.137.0.1:255.255.255.252:work:eth0:off:10.139.1.1:10.139.1.2\n");
}

static void a_kernel_is_told_the_smallest_netmask_that_holds_its_gateway(void **state)
{
	static const struct {
		const char *ip, *gateway, *netmask;
	} cases[] = {
		{ "10.137.0.2", "10.137.0.1", ":255.255.255.252:" },
		/* .3 and .4 would be the broadcast and the subnet's own address. */
		{ "10.137.0.3", "10.137.0.1", ":255.255.255.248:" },
		{ "10.137.0.4", "10.137.0.5", ":255.255.255.248:" },
		{ "10.137.0.130", "10.137.0.129", ":255.255.255.252:" },
		{ "10.137.0.200", "10.137.0.1", ":255.255.255.0:" },
		{ "10.137.7.200", "10.137.0.1", ":255.255.248.0:" },
		{ "10.137.255.254", "10.137.0.1", ":255.255.0.0:" },
		{ "192.0.2.9", "10.137.0.1", ":0.0.0.0:" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct guest_link l = both;
		char *saw;
		int ret;

		addr_parse4(cases[i].ip, &l.ip);
		addr_parse4(cases[i].gateway, &l.gateway);
		saw = printed(GUEST_KERNEL_IP, "work", &l, &ret);
		assert_has(saw, cases[i].netmask);
		free(saw);
	}
}

static void a_name_that_ip_could_not_hold_is_left_out(void **state)
{
	static const char *const names[] = { "a:b", "a.b", "a@b" };

	(void)state;
	for (size_t i = 0; i < 3; i++)
		expect(GUEST_KERNEL_IP, names[i], &both,
			"ip=10.137.0.2::10.137.0.1:255.255.255.252::eth0:off:10.139.1.1:10.139.1."
			"2\n");
}

static void one_resolver_is_one_field(void **state)
{
	(void)state;
	memset(&both.dns[1], 0, sizeof(both.dns[1]));
	expect(GUEST_KERNEL_IP, "work", &both,
		"ip=10.137.0.2::10.137.0.1:255.255.255.252:work:eth0:off:10.139.1.1\n");
}

static void a_kernel_cannot_be_told_of_IPv6_alone(void **state)
{
	struct guest_link six = one_family(true);

	(void)state;
	expect_refused(GUEST_KERNEL_IP, &six, "work has no IPv4 address, and ip= knows no other");
}

static void cloud_init_finds_the_vif_by_its_MAC_and_gives_it_both_families(void **state)
{
	(void)state;
	both.mtu = 1400;
	expect(GUEST_CLOUD_INIT, "work", &both,
		"version: 2\n"
		"ethernets:\n"
		"  \"eth0\":\n"
		"    match:\n"
		"      macaddress: \"00:16:3e:00:00:09\"\n"
		"    set-name: \"eth0\"\n"
		"    dhcp4: false\n"
		"    dhcp6: false\n"
		"    accept-ra: false\n"
		"    mtu: 1400\n"
		"    addresses:\n"
		"      - \"10.137.0.2/32\"\n"
		"      - \"2001:db8::2/128\"\n"
		"    routes:\n"
		"      - to: \"0.0.0.0/0\"\n"
		"        via: \"10.137.0.1\"\n"
		"        on-link: true\n"
		"      - to: \"::/0\"\n"
		"        via: \"2001:db8::1\"\n"
		"        on-link: true\n"
		"    nameservers:\n"
		"      addresses: [ \"10.139.1.1\", \"10.139.1.2\", \"2001:db8:53::1\" ]\n");
}

static void cloud_init_is_not_told_of_a_family_that_is_not_there(void **state)
{
	struct guest_link six = one_family(true);

	(void)state;
	memset(six.dns6, 0, sizeof(six.dns6));
	expect(GUEST_CLOUD_INIT, "work", &six,
		"version: 2\n"
		"ethernets:\n"
		"  \"eth0\":\n"
		"    match:\n"
		"      macaddress: \"00:16:3e:00:00:09\"\n"
		"    set-name: \"eth0\"\n"
		"    dhcp4: false\n"
		"    dhcp6: false\n"
		"    accept-ra: false\n"
		"    addresses:\n"
		"      - \"2001:db8::2/128\"\n"
		"    routes:\n"
		"      - to: \"::/0\"\n"
		"        via: \"2001:db8::1\"\n"
		"        on-link: true\n");
}

static void interfaces_have_a_part_for_each_family(void **state)
{
	struct guest_link four = one_family(false), six = one_family(true);

	(void)state;
	both.mtu = 1400;
	expect(GUEST_INTERFACES, "work", &both,
		"auto eth0\n"
		"iface eth0 inet static\n"
		"\taddress 10.137.0.2/32\n"
		"\tpointopoint 10.137.0.1\n"
		"\tgateway 10.137.0.1\n"
		"\tmtu 1400\n"
		"iface eth0 inet6 static\n"
		"\taddress 2001:db8::2/128\n"
		"\tgateway 2001:db8::1\n"
		"\taccept_ra 0\n"
		"\tmtu 1400\n"
		"\tdns-nameservers 10.139.1.1 10.139.1.2 2001:db8:53::1\n");
	expect(GUEST_INTERFACES, "work", &four,
		"auto eth0\n"
		"iface eth0 inet static\n"
		"\taddress 10.137.0.2/32\n"
		"\tpointopoint 10.137.0.1\n"
		"\tgateway 10.137.0.1\n"
		"\tdns-nameservers 10.139.1.1 10.139.1.2\n");
	expect(GUEST_INTERFACES, "work", &six,
		"auto eth0\n"
		"iface eth0 inet6 static\n"
		"\taddress 2001:db8::2/128\n"
		"\tgateway 2001:db8::1\n"
		"\taccept_ra 0\n"
		"\tdns-nameservers 2001:db8:53::1\n");
}

static void an_address_without_a_gateway_is_refused_in_every_format(void **state)
{
	(void)state;
	memset(&both.gateway6, 0, sizeof(both.gateway6));
	for (enum guest_format f = 0; f < GUEST_FORMATS; f++)
		expect_refused(
			f, &both, "work has the address 2001:db8::2, but its network domain none");
}

static void so_is_no_address_at_all(void **state)
{
	const struct guest_link none = { .mtu = 0 };

	(void)state;
	for (enum guest_format f = 0; f < GUEST_FORMATS; f++)
		expect_refused(f, &none, "work has no address");
}

static void formats_are_found_by_their_names(void **state)
{
	(void)state;
	for (enum guest_format f = 0; f < GUEST_FORMATS; f++)
		assert_int_equal(guest_format_find(guest_format_name(f)), f);
	assert_int_equal(guest_format_find("dhcp"), GUEST_FORMATS);
	assert_int_equal(guest_format_find(""), GUEST_FORMATS);
}

static void a_name_that_breaks_a_format_is_no_interface(void **state)
{
	(void)state;
	assert_true(guest_interface_check("eth0"));
	assert_true(guest_interface_check("enX0"));
	assert_true(guest_interface_check("a23456789012345"));
	assert_false(guest_interface_check("a234567890123456"));
	assert_false(guest_interface_check(""));
	assert_false(guest_interface_check(".."));
	assert_false(guest_interface_check("eth0:1"));
	assert_false(guest_interface_check("eth0\n"));
	assert_false(guest_interface_check("a\"b"));
	assert_false(guest_interface_check("a/b"));
}

#define TEST(f) cmocka_unit_test_setup(f, link_set_up)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_kernel_is_told_address_gateway_and_both_resolvers),
		TEST(a_kernel_is_told_the_smallest_netmask_that_holds_its_gateway),
		TEST(a_name_that_ip_could_not_hold_is_left_out),
		TEST(one_resolver_is_one_field),
		TEST(a_kernel_cannot_be_told_of_IPv6_alone),
		TEST(cloud_init_finds_the_vif_by_its_MAC_and_gives_it_both_families),
		TEST(cloud_init_is_not_told_of_a_family_that_is_not_there),
		TEST(interfaces_have_a_part_for_each_family),
		TEST(an_address_without_a_gateway_is_refused_in_every_format),
		TEST(so_is_no_address_at_all),
		TEST(formats_are_found_by_their_names),
		TEST(a_name_that_breaks_a_format_is_no_interface),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
