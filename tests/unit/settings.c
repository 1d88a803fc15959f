#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "backend/settings.h"

static char path[] = "/tmp/settings.XXXXXX";
static char unknown_key[64];

static void note_unknown(const char *file, const char *key)
{
	(void)file;
	snprintf(unknown_key, sizeof(unknown_key), "%s", key);
}

static int make_file(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	close(fd);
	return fd < 0;
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

static int read_text(const char *text, struct settings *s, struct err *e)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	return settings_read(path, note_unknown, s, e);
}

static void assert_addr(const struct addr *a, const char *text)
{
	char buf[ADDR_TEXT_MAX];

	assert_string_equal(addr_print(a, buf), text);
}

static void an_empty_file_gives_the_defaults(void **state)
{
	struct err e = ERR_NONE;
	struct settings s;

	(void)state;
	assert_int_equal(read_text("", &s, &e), 0);
	assert_addr(&s.gateway, "10.137.0.1");
	assert_addr(&s.gateway6, "fe80::1");
	assert_addr(&s.dns[0], "10.139.1.1");
	assert_addr(&s.dns[1], "10.139.1.2");
	assert_addr(&s.dns6[0], "none");
	assert_int_equal(s.resolv_conf.count, 0);
	assert_int_equal(s.uplinks.count, 0);
	assert_int_equal(s.packet_filter, PACKET_FILTER_AUTO);
	assert_false(s.managed);
	settings_dispose(&s);
	settings_dispose(&s);
}

static void what_the_file_says_goes_before_the_defaults(void **state)
{
	struct err e = ERR_NONE;
	struct settings s;

	(void)state;
	assert_int_equal(read_text("gateway = \"192.0.2.1\"\n"
				   "gateway6 = \"2001:db8::1\"\n"
				   "dns = [ \"192.0.2.53\" ]\n"
				   "dns6 = [ \"2001:db8::53\", \"2001:db8::54\" ]\n"
				   "resolv_conf = [ \"/run/resolv.conf\" ]\n"
				   "uplinks = [ \"eth0\", \"wlan*\" ]\n"
				   "routed6 = [ \"2001:db8:5::/64\", \"fd00:5::/48\" ]\n"
				   "packet_filter = \"nftables\"\n",
				 &s, &e),
		0);
	assert_addr(&s.gateway, "192.0.2.1");
	assert_addr(&s.gateway6, "2001:db8::1");
	assert_addr(&s.dns[0], "192.0.2.53");
	assert_addr(&s.dns[1], "none");
	assert_addr(&s.dns6[1], "2001:db8::54");
	assert_string_equal(s.resolv_conf.item[0], "/run/resolv.conf");
	assert_int_equal(s.uplinks.count, 2);
	assert_string_equal(s.uplinks.names[1], "wlan*");
	assert_int_equal(settings_routed6(&s)->count, 2);
	assert_int_equal(settings_routed6(&s)->item[1].len, 48);
	assert_int_equal(s.packet_filter, PACKET_FILTER_NFTABLES);
	settings_dispose(&s);
}

static void an_empty_list_means_no_virtual_resolver(void **state)
{
	struct err e = ERR_NONE;
	struct settings s;

	(void)state;
	assert_int_equal(read_text("dns = [ ]\n", &s, &e), 0);
	assert_addr(&s.dns[0], "none");
	assert_addr(&s.dns[1], "none");
	settings_dispose(&s);
}

static void a_wrong_value_is_refused_with_file_key_and_what_was_expected(void **state)
{
	static const char *const wrong[][2] = {
		{ "gateway = \"10.137.0\"\n", "an IPv4 address" },
		{ "gateway = \"224.0.0.1\"\n", "an IPv4 address" },
		{ "gateway = \"fe80::1\"\n", "an IPv4 address" },
		{ "gateway6 = \"10.137.0.1\"\n", "an IPv6 address" },
		{ "gateway6 = \"::\"\n", "an IPv6 address" },
		{ "dns = [ \"10.139.1.1\", \"resolver\" ]\n", "an IPv4 address" },
		{ "dns = [ \"10.139.1.1\", \"10.139.1.2\", \"10.139.1.3\" ]\n", "two addresses" },
		{ "dns6 = [ \"10.139.1.1\" ]\n", "an IPv6 address" },
		{ "resolv_conf = [ \"resolv.conf\" ]\n", "an absolute path" },
		{ "uplinks = [ \"a-name-that-is-too-long\" ]\n", "a network interface" },
		{ "uplinks = [ \"../eth0\" ]\n", "a network interface" },
		{ "uplinks = [ \"w*n0\" ]\n", "a network interface" },
		{ "uplinks = [ \"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\",\"i\" ]\n",
			"8 at most" },
		{ "routed6 = [ \"2001:db8:5::1/64\" ]\n", "an IPv6 subnet" },
		{ "routed6 = [ \"10.0.0.0/8\" ]\n", "an IPv6 subnet" },
		{ "routed6 = [ \"fe80::/64\" ]\n", "an IPv6 subnet" },
		{ "routed6 = [ \"::/0\" ]\n", "an IPv6 subnet" },
		{ "packet_filter = \"pf\"\n", "\"nftables\" or" },
		{ "gateway = \n", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct err e = ERR_NONE;
		struct settings s;

		assert_int_equal(read_text(wrong[i][0], &s, &e), -EINVAL);
		if (!strstr(e.text, wrong[i][1]) || !strstr(e.text, path))
			fail_msg("%s gave: %s", wrong[i][0], e.text);
		settings_dispose(&s);
	}
}

static void a_key_that_means_nothing_is_told(void **state)
{
	struct err e = ERR_NONE;
	struct settings s;

	(void)state;
	assert_int_equal(read_text("gatway = \"10.137.0.1\"\n", &s, &e), 0);
	assert_string_equal(unknown_key, "gatway");
	settings_dispose(&s);
}

static void a_file_that_was_asked_for_must_be_there(void **state)
{
	struct err e = ERR_NONE;
	struct settings s;

	(void)state;
	assert_int_equal(settings_read("/nonexistent/netbackd.conf", NULL, &s, &e), -ENOENT);
	settings_dispose(&s);
}

static void dom0s_word_goes_before_the_file(void **state)
{
	struct provider p = { .role = PROVIDER_ROUTER };
	struct err e = ERR_NONE;
	struct settings s;

	(void)state;
	assert_int_equal(addr_parse("10.137.0.9", &p.gateway), 0);
	assert_int_equal(addr_parse("10.139.1.9", &p.dns[0]), 0);
	assert_int_equal(read_text("dns6 = [ \"2001:db8::53\" ]\n", &s, &e), 0);
	settings_manage(&s, &p);
	assert_true(s.managed);
	assert_addr(&s.gateway, "10.137.0.9");
	assert_addr(&s.gateway6, "fe80::1");
	assert_addr(&s.dns[0], "10.139.1.9");
	assert_addr(&s.dns[1], "none");
	assert_addr(&s.dns6[0], "none");
	settings_dispose(&s);
}

static void routed_subnets_are_dom0s_where_it_says_any(void **state)
{
	struct provider p = { .role = PROVIDER_ROUTER, .routed6 = { .count = 1 } };
	struct err e = ERR_NONE;
	struct settings s;

	(void)state;
	assert_int_equal(prefix_parse("2001:db8:9::/64", &p.routed6.item[0]), 0);
	assert_int_equal(
		read_text("routed6 = [ \"2001:db8:5::/64\", \"2001:db8:6::/64\" ]\n", &s, &e), 0);
	settings_manage(&s, &p);
	assert_true(prefixes_equal(settings_routed6(&s), &p.routed6));
	p.routed6.count = 0;
	settings_manage(&s, &p);
	assert_int_equal(settings_routed6(&s)->count, 2);
	settings_dispose(&s);
}

static void the_data_path_is_dom0s_where_it_says_one(void **state)
{
	struct provider p = { .role = PROVIDER_ROUTER };
	struct err e = ERR_NONE;
	struct settings s;

	(void)state;
	assert_int_equal(read_text("", &s, &e), 0);
	assert_false(settings_datapath_is_user(&s));
	p.datapath = PROVIDER_DATAPATH_USER;
	settings_manage(&s, &p);
	assert_true(settings_datapath_is_user(&s));
	assert_false(settings_datapaths_differ(&s));
	settings_dispose(&s);
	assert_int_equal(read_text("datapath = \"user\"\n", &s, &e), 0);
	assert_true(settings_datapath_is_user(&s));
	settings_manage(&s, &p);
	assert_false(settings_datapaths_differ(&s));
	p.datapath = PROVIDER_DATAPATH_KERNEL;
	settings_manage(&s, &p);
	assert_false(settings_datapath_is_user(&s));
	assert_true(settings_datapaths_differ(&s));
	p.datapath = PROVIDER_DATAPATH_OWN;
	settings_manage(&s, &p);
	assert_true(settings_datapath_is_user(&s));
	settings_dispose(&s);
}

static void a_vpn_s_uplinks_are_tunnels_unless_the_file_names_others(void **state)
{
	struct provider p = { .role = PROVIDER_VPN };
	struct settings s = { .any_uplink = true };

	(void)state;
	settings_manage(&s, &p);
	assert_int_equal(settings_uplinks(&s)->count, 2);
	assert_true(uplink_names_have(settings_uplinks(&s), "wg0"));
	assert_false(uplink_names_have(settings_uplinks(&s), "eth0"));
	s.uplinks = (struct uplink_names){ { "ppp0" }, 1 };
	assert_ptr_equal(settings_uplinks(&s), &s.uplinks);
	s.uplinks.count = 0;
	p.role = PROVIDER_ROUTER;
	settings_manage(&s, &p);
	assert_int_equal(settings_uplinks(&s)->count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_file_gives_the_defaults),
		cmocka_unit_test(what_the_file_says_goes_before_the_defaults),
		cmocka_unit_test(an_empty_list_means_no_virtual_resolver),
		cmocka_unit_test(a_wrong_value_is_refused_with_file_key_and_what_was_expected),
		cmocka_unit_test(a_key_that_means_nothing_is_told),
		cmocka_unit_test(a_file_that_was_asked_for_must_be_there),
		cmocka_unit_test(dom0s_word_goes_before_the_file),
		cmocka_unit_test(routed_subnets_are_dom0s_where_it_says_any),
		cmocka_unit_test(the_data_path_is_dom0s_where_it_says_one),
		cmocka_unit_test(a_vpn_s_uplinks_are_tunnels_unless_the_file_names_others),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}
