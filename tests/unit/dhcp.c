/* What a DHCP server of a guest's link is told. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "backend/dhcp.h"
#include "tests/unit/addrs.h"

static struct vif_wanted wanted;
static struct arguments words;

static int a_guest(void **state)
{
	(void)state;
	wanted = (struct vif_wanted){
		.link = "vif5.0",
		.addrs = { addr_of("2001:db8::5"), addr_of("10.137.0.5") },
		.count = 2,
		.mac = { { 0x00, 0x16, 0x3e, 0x00, 0x00, 0x05 } },
		.gateway = addr_of("10.137.0.1"),
		.gateway6 = addr_of("fe80::1"),
		.dns = { addr_of("10.139.1.1"), addr_of("10.139.1.2"), addr_of("fd00::53") },
		.dhcp = true,
	};
	return 0;
}

static void make(void)
{
	dhcp_words_make(&words, &wanted, "netvm-dns", "netvm-dns");
}

static bool says(const char *word)
{
	for (size_t i = 0; i < words.count; i++)
		if (strcmp(words.argv[i], word) == 0)
			return true;
	return false;
}

static void it_knows_one_address_for_one_mac_on_one_link(void **state)
{
	(void)state;
	make();
	assert_true(says("--interface=vif5.0"));
	assert_true(says("--shared-network=vif5.0,10.137.0.5"));
	assert_true(says("--dhcp-range=10.137.0.5,static,255.255.255.255,600"));
	assert_true(says("--dhcp-host=00:16:3e:00:00:05,10.137.0.5"));
	assert_true(says("--dhcp-ignore=tag:!known"));
	assert_null(words.argv[words.count]);
}

static void it_does_nothing_but_that(void **state)
{
	static const char *const said[] = { "--conf-file=/dev/null", "--port=0",
		"--bind-interfaces", "--leasefile-ro", "--user=netvm-dns", "--group=netvm-dns",
		"--no-hosts", "--no-resolv", "--pid-file=", "--log-facility=/dev/null" };

	(void)state;
	make();
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++)
		if (!says(said[i]))
			fail_msg("%s is not said", said[i]);
}

static void a_gateway_outside_of_every_subnet_comes_with_the_route_to_it(void **state)
{
	(void)state;
	make();
	assert_true(says("--dhcp-option=option:router,10.137.0.1"));
	assert_true(says("--dhcp-option=121,10.137.0.1/32,0.0.0.0,0.0.0.0/0,10.137.0.1"));
	assert_true(says("--dhcp-option=249,10.137.0.1/32,0.0.0.0,0.0.0.0/0,10.137.0.1"));
}

static void resolvers_and_mtu_are_told_where_they_are_known(void **state)
{
	(void)state;
	make();
	assert_true(says("--dhcp-option=option:dns-server,10.139.1.1,10.139.1.2"));
	assert_false(says("--dhcp-option=option:mtu,1400"));
	wanted.mtu = 1400;
	wanted.dns[0] = (struct addr){ .family = 0 };
	make();
	assert_true(says("--dhcp-option=option:dns-server,10.139.1.2"));
	assert_true(says("--dhcp-option=option:mtu,1400"));
}

static void what_the_guest_sees_is_what_it_is_told(void **state)
{
	(void)state;
	wanted.visible = addr_of("192.168.1.5");
	wanted.visible_gateway = addr_of("192.168.1.1");
	make();
	assert_true(says("--dhcp-host=00:16:3e:00:00:05,192.168.1.5"));
	assert_true(says("--dhcp-option=option:router,192.168.1.1"));
	assert_true(says("--dhcp-option=121,192.168.1.1/32,0.0.0.0,0.0.0.0/0,192.168.1.1"));
}

static void whatever_is_told_otherwise_makes_another_digest(void **state)
{
	uint64_t before;

	(void)state;
	make();
	before = arguments_digest(words.argv);
	make();
	assert_true(arguments_digest(words.argv) == before);
	wanted.mtu = 1280;
	make();
	assert_false(arguments_digest(words.argv) == before);
}

#define TEST(name) cmocka_unit_test_setup(name, a_guest)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_knows_one_address_for_one_mac_on_one_link),
		TEST(it_does_nothing_but_that),
		TEST(a_gateway_outside_of_every_subnet_comes_with_the_route_to_it),
		TEST(resolvers_and_mtu_are_told_where_they_are_known),
		TEST(what_the_guest_sees_is_what_it_is_told),
		TEST(whatever_is_told_otherwise_makes_another_digest),
	};

	return cmocka_run_group_tests_name("dhcp", tests, NULL, NULL);
}
