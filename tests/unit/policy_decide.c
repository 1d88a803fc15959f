/* Which rule decides about a packet: the first of which every word matches. */
#include "tests/unit/unit.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

#include "backend/policy_decide.h"
#include "tests/unit/addrs.h"

#define NOW 1000

/* --- the world: an uplink of both families, two resolvers of each, three names --- */

static struct prefix lan[2];
static struct addr web[3];
static char gone_name[] = "gone.example", ip4_name[] = "ip4.example", web_name[] = "web.example";
static const struct policy_name names[] = {
	{ gone_name, NULL, 0 },
	{ ip4_name, web, 1 },
	{ web_name, web, 3 },
};
static struct policy_world world = { .lan = lan,
	.lan_count = 2,
	.dns_count = 4,
	.names = names,
	.name_count = sizeof(names) / sizeof(names[0]),
	.now = NOW };

static int world_make(void **state)
{
	static const char *const dns[POLICY_DNS_MAX] = {
		"10.139.1.1",
		"10.139.1.2",
		"2001:db8:53::1",
		"2001:db8:53::2",
	};

	(void)state;
	for (size_t i = 0; i < POLICY_DNS_MAX; i++)
		world.dns[i] = addr_of(dns[i]);
	web[0] = addr_of("203.0.113.80");
	web[1] = addr_of("203.0.113.81");
	web[2] = addr_of("2001:db8:80::1");
	return prefix_parse("198.51.100.0/25", &lan[0]) + prefix_parse("2001:db8:1::/64", &lan[1]);
}

/* "tcp 192.0.2.1 80", "icmp 192.0.2.1 8", "PROTOCOL-NUMBER ADDRESS 0" */
static struct policy_packet packet_of(const char *text)
{
	char proto[16], dst[ADDR_TEXT_MAX];
	unsigned int number;
	struct policy_packet p = { .proto = 0 };

	if (sscanf(text, "%15s %45s %u", proto, dst, &number) != 3)
		fail_msg("\"%s\" is no packet", text);
	p.dst = addr_of(dst);
	if (strncmp(proto, "icmp", 4) == 0) {
		p.proto = strcmp(proto, "icmp") == 0 ? IPPROTO_ICMP : IPPROTO_ICMPV6;
		p.icmp_type = (uint8_t)number;
		return p;
	}
	p.proto = strcmp(proto, "tcp") == 0   ? IPPROTO_TCP
		  : strcmp(proto, "udp") == 0 ? IPPROTO_UDP
					      : (uint8_t)atoi(proto);
	p.port = (uint16_t)number;
	return p;
}

static size_t decides(const char *rules, const char *packet, struct policy *policy)
{
	struct policy_packet p = packet_of(packet);
	struct err e = ERR_NONE;

	if (policy_parse(rules, POLICY_DROP, policy, &e) != 0)
		fail_msg("%s", e.text);
	return policy_decide(policy, &world, &p);
}

/* --- one rule and the packets that it matches, and does not --- */

struct row {
	const char *rule;
	const char *matches[8];
	const char * not [8];
};

static void check(const struct row *rows, size_t count)
{
	struct policy policy;

	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < 8; k++) {
			const char *yes = rows[i].matches[k], *no = rows[i].not [k];

			if (yes && decides(rows[i].rule, yes, &policy) != 0)
				fail_msg("\"%s\" does not match %s", rows[i].rule, yes);
			if (yes)
				policy_dispose(&policy);
			if (no && decides(rows[i].rule, no, &policy) != 1)
				fail_msg("\"%s\" matches %s", rows[i].rule, no);
			if (no)
				policy_dispose(&policy);
		}
}

static void a_rule_without_conditions_matches_everything(void **state)
{
	static const struct row rows[] = {
		{ "action=drop",
			{ "tcp 192.0.2.1 80", "icmp 192.0.2.1 8", "47 192.0.2.1 0",
				"icmp6 2001:db8::1 128", "udp 10.139.1.1 53" },
			{ NULL } },
	};

	(void)state;
	check(rows, 1);
}

static void a_subnet_matches_from_its_first_to_its_last_address(void **state)
{
	static const struct row rows[] = {
		{ "action=drop dst4=192.0.2.128/25", { "tcp 192.0.2.128 1", "tcp 192.0.2.255 1" },
			{ "tcp 192.0.2.127 1", "tcp 192.0.3.0 1", "tcp ::ffff:192.0.2.128 1",
				"tcp 2001:db8::1 1" } },
		{ "action=drop dst4=192.0.2.7", { "tcp 192.0.2.7 1" },
			{ "tcp 192.0.2.6 1", "tcp 192.0.2.8 1" } },
		{ "action=drop dst4=192.0.2.6/31", { "tcp 192.0.2.7 1", "tcp 192.0.2.6 1" },
			{ "tcp 192.0.2.5 1", "tcp 192.0.2.8 1" } },
		{ "action=drop dst4=0.0.0.0/0", { "tcp 0.0.0.0 1", "tcp 255.255.255.255 1" },
			{ "tcp :: 1", "tcp 2001:db8::1 1" } },
		{ "action=drop dst4=128.0.0.0/1", { "tcp 128.0.0.0 1", "tcp 255.0.0.1 1" },
			{ "tcp 127.255.255.255 1" } },
		{ "action=drop dst6=2001:db8:0:8000::/49",
			{ "tcp 2001:db8:0:8000:: 1", "tcp 2001:db8:0:ffff:ffff:ffff:ffff:ffff 1" },
			{ "tcp 2001:db8:0:7fff:ffff:ffff:ffff:ffff 1", "tcp 2001:db8:1:: 1" } },
		{ "action=drop dst6=2001:db8::7", { "tcp 2001:db8::7 1" },
			{ "tcp 2001:db8::6 1", "tcp 192.0.2.7 1" } },
		{ "action=drop dst6=::/0",
			{ "tcp :: 1", "tcp ::ffff:192.0.2.1 1", "tcp ff02::1 1" },
			{ "tcp 192.0.2.1 1" } },
	};

	(void)state;
	check(rows, sizeof(rows) / sizeof(rows[0]));
}

static void a_protocol_is_that_of_the_packets_family(void **state)
{
	static const struct row rows[] = {
		{ "action=drop proto=tcp", { "tcp 192.0.2.1 0", "tcp 2001:db8::1 65535" },
			{ "udp 192.0.2.1 80", "icmp 192.0.2.1 8", "132 192.0.2.1 80" } },
		{ "action=drop proto=udp", { "udp 192.0.2.1 0" },
			{ "tcp 192.0.2.1 80", "136 192.0.2.1 80" } },
		{ "action=drop proto=icmp", { "icmp 192.0.2.1 8", "icmp6 2001:db8::1 128" },
			{ "icmp6 192.0.2.1 8", "icmp 2001:db8::1 128", "tcp 192.0.2.1 8" } },
		{ "action=drop proto=icmp icmptype=8",
			{ "icmp 192.0.2.1 8", "icmp6 2001:db8::1 8" },
			{ "icmp 192.0.2.1 0", "icmp6 2001:db8::1 128", "tcp 192.0.2.1 8" } },
		{ "action=drop proto=icmp icmptype=0", { "icmp 192.0.2.1 0" },
			{ "icmp 192.0.2.1 8", "tcp 192.0.2.1 0" } },
	};

	(void)state;
	check(rows, sizeof(rows) / sizeof(rows[0]));
}

static void ports_match_from_the_first_to_the_last(void **state)
{
	static const struct row rows[] = {
		{ "action=drop proto=tcp dstports=9-100",
			{ "tcp 192.0.2.1 9", "tcp 192.0.2.1 10", "tcp 192.0.2.1 100" },
			{ "tcp 192.0.2.1 8", "tcp 192.0.2.1 101", "udp 192.0.2.1 50",
				"tcp 192.0.2.1 1000" } },
		{ "action=drop dstports=80", { "tcp 192.0.2.1 80", "udp 2001:db8::1 80" },
			{ "icmp 192.0.2.1 80", "132 192.0.2.1 80", "tcp 192.0.2.1 81" } },
		{ "action=drop dstports=0-65535", { "tcp 192.0.2.1 0", "udp 192.0.2.1 65535" },
			{ "icmp 192.0.2.1 8", "47 192.0.2.1 0" } },
		{ "action=drop dstports=0", { "tcp 192.0.2.1 0" },
			{ "icmp 192.0.2.1 0", "47 192.0.2.1 0" } },
	};

	(void)state;
	check(rows, sizeof(rows) / sizeof(rows[0]));
}

static void the_virtual_resolvers_are_a_destination(void **state)
{
	static const struct row rows[] = {
		{ "action=drop specialtarget=dns",
			{ "udp 10.139.1.1 53", "tcp 10.139.1.2 53", "udp 2001:db8:53::1 53" },
			{ "udp 10.139.1.1 54", "icmp 10.139.1.1 8", "132 10.139.1.1 53",
				"udp 10.139.1.3 53", "udp 192.0.2.1 53" } },
		{ "action=drop specialtarget=dns proto=udp", { "udp 10.139.1.1 53" },
			{ "tcp 10.139.1.1 53" } },
		{ "action=drop specialtarget=dns dstports=50-60", { "udp 10.139.1.1 53" },
			{ "udp 10.139.1.1 54", "udp 10.139.1.1 50" } },
		{ "action=drop dst=@netvm-dns",
			{ "udp 10.139.1.1 53", "icmp 10.139.1.2 8", "tcp 2001:db8:53::2 853" },
			{ "udp 10.139.1.0 53", "udp 2001:db8:53::3 53" } },
		{ "action=drop dst=@netvm-dns dstports=853", { "tcp 10.139.1.1 853" },
			{ "tcp 10.139.1.1 53" } },
	};

	(void)state;
	check(rows, sizeof(rows) / sizeof(rows[0]));
}

static void lan_private_and_internet_divide_what_is_unicast(void **state)
{
	static const struct row rows[] = {
		{ "action=drop dst=@lan",
			{ "tcp 198.51.100.0 1", "tcp 198.51.100.127 1", "tcp 2001:db8:1::1 1" },
			{ "tcp 198.51.100.128 1", "tcp 10.0.0.1 1", "tcp 2001:db8:1:1:: 1" } },
		{ "action=drop dst=@private",
			{ "tcp 10.0.0.0 1", "tcp 10.255.255.255 1", "tcp 172.16.0.0 1",
				"tcp 172.31.255.255 1", "tcp 192.168.255.255 1", "tcp 100.64.0.0 1",
				"tcp 100.127.255.255 1", "tcp 169.254.0.0 1" },
			{ "tcp 9.255.255.255 1", "tcp 11.0.0.0 1", "tcp 172.15.255.255 1",
				"tcp 172.32.0.0 1", "tcp 192.169.0.0 1", "tcp 100.128.0.0 1",
				"tcp 169.253.255.255 1", "tcp 127.0.0.1 1" } },
		{ "action=drop dst=@private",
			{ "tcp fc00:: 1", "tcp fdff:ffff::1 1", "tcp fe80::1 1", "tcp febf::1 1",
				"tcp 64:ff9b::10.0.0.1 1", "tcp 64:ff9b::192.168.1.1 1" },
			{ "tcp fbff:: 1", "tcp fec0::1 1", "tcp ::ffff:10.0.0.1 1",
				"tcp 64:ff9b::192.0.2.1 1", "tcp ff02::1 1" } },
		{ "action=accept dst=@internet",
			{ "tcp 192.0.2.1 1", "tcp 198.51.100.128 1", "tcp 203.0.113.255 1",
				"tcp 2001:db8::1 1", "tcp 2001:200:: 1", "tcp 3fff:: 1",
				"tcp 64:ff9b::203.0.113.1 1", "tcp 223.255.255.255 1" },
			{ "tcp 198.51.100.1 1", "tcp 10.0.0.1 1", "tcp 127.0.0.1 1",
				"tcp 224.0.0.1 1", "tcp 255.255.255.255 1", "tcp 0.0.0.0 1",
				"tcp 169.254.1.1 1", "tcp 198.19.255.255 1" } },
		{ "action=accept dst=@internet", { NULL },
			{ "tcp :: 1", "tcp ::1 1", "tcp ::ffff:192.0.2.1 1", "tcp fe80::1 1",
				"tcp fd00::1 1", "tcp ff02::1 1", "tcp 2001:db8:1::1 1",
				"tcp 2002:a00:1::1 1" } },
		{ "action=accept dst=@internet", { NULL },
			{ "tcp 64:ff9b::10.0.0.1 1", "tcp 64:ff9b::127.0.0.1 1",
				"tcp 64:ff9b:1::1 1", "tcp 2001:0:1::1 1", "tcp 100::1 1",
				"tcp fec0::1 1", "tcp 5f00::1 1" } },
	};

	(void)state;
	check(rows, sizeof(rows) / sizeof(rows[0]));
}

static void without_an_uplink_there_is_no_lan(void **state)
{
	static const struct row row = { "action=drop dst=@lan", { NULL },
		{ "tcp 198.51.100.1 1", "tcp 2001:db8:1::1 1" } };

	(void)state;
	world.lan_count = 0;
	check(&row, 1);
	world.lan_count = 2;
}

static void a_name_is_each_of_its_addresses(void **state)
{
	static const struct row rows[] = {
		{ "action=accept dsthost=web.example dstports=80",
			{ "tcp 203.0.113.80 80", "tcp 203.0.113.81 80", "udp 2001:db8:80::1 80" },
			{ "tcp 203.0.113.82 80", "tcp 203.0.113.80 81", "tcp 2001:db8:80:: 80" } },
		{ "action=drop dsthost=web.example", { "tcp 203.0.113.80 80" },
			{ "tcp 203.0.113.82 80" } },
		{ "action=drop dsthost=ip4.example", { "tcp 203.0.113.80 80" },
			{ "tcp 2001:db8:80::1 80" } },
	};

	(void)state;
	check(rows, sizeof(rows) / sizeof(rows[0]));
}

static void a_name_that_does_not_resolve_accepts_nothing_and_drops_what_else_matches(void **state)
{
	static const struct row rows[] = {
		{ "action=accept dsthost=gone.example", { NULL },
			{ "tcp 203.0.113.80 80", "tcp 2001:db8:80::1 80" } },
		{ "action=accept dsthost=unknown.example", { NULL }, { "tcp 203.0.113.80 80" } },
		{ "action=drop dsthost=gone.example proto=tcp dstports=80",
			{ "tcp 203.0.113.80 80", "tcp 2001:db8::1 80" },
			{ "udp 203.0.113.80 80", "tcp 203.0.113.80 81" } },
		{ "action=drop dsthost=unknown.example", { "tcp 192.0.2.1 80", "47 192.0.2.1 0" },
			{ NULL } },
	};

	(void)state;
	check(rows, sizeof(rows) / sizeof(rows[0]));
}

static void an_expired_rule_is_not_there(void **state)
{
	static const struct row rows[] = {
		{ "action=drop expire=1001", { "tcp 192.0.2.1 80" }, { NULL } },
		{ "action=drop expire=1000", { NULL }, { "tcp 192.0.2.1 80" } },
		{ "action=drop expire=999", { NULL }, { "tcp 192.0.2.1 80" } },
	};

	(void)state;
	check(rows, sizeof(rows) / sizeof(rows[0]));
}

/* --- other guests --- */

static void check_guest(const char *rules, const char *packet, enum policy_verdict wanted)
{
	struct policy_packet p = packet_of(packet);
	struct policy policy;
	struct err e = ERR_NONE;

	p.to_guest = true;
	if (policy_parse(rules, POLICY_ACCEPT, &policy, &e) != 0)
		fail_msg("%s", e.text);
	if (policy_judge(&policy, &world, &p) != wanted)
		fail_msg("\"%s\" and %s to another guest: wanted the other verdict", rules, packet);
	policy_dispose(&policy);
}

static void another_guest_is_reached_by_its_address_alone(void **state)
{
	static const char *const closed[] = { "", "action=accept", "action=accept dst4=0.0.0.0/0",
		"action=accept dst4=10.137.0.4/31", "action=accept dst=@private",
		"action=accept dsthost=web.example", "action=accept dst4=10.137.0.6",
		"action=accept proto=tcp dstports=80", "action=accept dst4=10.137.0.5 proto=udp",
		"action=drop dst=@private\naction=accept dst4=10.137.0.5",
		"action=accept dst4=10.137.0.5 expire=1000" };
	static const char *const open[] = { "action=accept dst4=10.137.0.5",
		"action=accept dst=10.137.0.5/32 proto=tcp dstports=80",
		"action=accept\naction=accept dst4=10.137.0.5",
		"action=accept dst4=10.137.0.5\naction=drop" };

	(void)state;
	for (size_t i = 0; i < sizeof(closed) / sizeof(closed[0]); i++)
		check_guest(closed[i], "tcp 10.137.0.5 80", POLICY_DROP);
	for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++)
		check_guest(open[i], "tcp 10.137.0.5 80", POLICY_ACCEPT);
	check_guest("action=accept dsthost=web.example", "tcp 203.0.113.80 80", POLICY_DROP);
	check_guest("action=accept dst6=2001:db8::5", "tcp 2001:db8::5 80", POLICY_ACCEPT);
	check_guest("action=accept dst6=2001:db8::4/127", "tcp 2001:db8::5 80", POLICY_DROP);
}

/* --- several rules --- */

static void the_first_rule_that_matches_decides(void **state)
{
	static const char rules[] = "action=drop dst4=192.0.2.0/25\n"
				    "action=accept dst4=192.0.2.0/24 proto=tcp\n"
				    "action=accept dst4=192.0.2.0/25\n";
	static const struct {
		const char *packet;
		size_t index;
		enum policy_verdict verdict;
	} cases[] = {
		{ "tcp 192.0.2.1 80", 0, POLICY_DROP },
		{ "tcp 192.0.2.200 80", 1, POLICY_ACCEPT },
		{ "udp 192.0.2.200 80", 3, POLICY_DROP },
		{ "tcp 203.0.113.1 80", 3, POLICY_DROP },
	};
	struct policy policy;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(decides(rules, cases[i].packet, &policy), cases[i].index);
		assert_int_equal(policy_verdict_of(&policy, cases[i].index), cases[i].verdict);
		policy.otherwise = POLICY_ACCEPT;
		assert_int_equal(policy_verdict_of(&policy, 3), POLICY_ACCEPT);
		policy_dispose(&policy);
	}
}

static void a_policy_without_rules_is_what_happens_otherwise(void **state)
{
	struct policy policy;

	(void)state;
	assert_int_equal(decides("", "tcp 192.0.2.1 80", &policy), 0);
	assert_int_equal(policy_verdict_of(&policy, 0), POLICY_DROP);
	policy.otherwise = POLICY_ACCEPT;
	assert_int_equal(policy_verdict_of(&policy, 0), POLICY_ACCEPT);
	policy_dispose(&policy);
}

static void names_are_found_by_their_order(void **state)
{
	const struct policy_world empty = { 0 };

	(void)state;
	for (size_t i = 0; i < world.name_count; i++)
		assert_ptr_equal(policy_name_find(&world, names[i].name), &names[i]);
	assert_null(policy_name_find(&world, "a.example"));
	assert_null(policy_name_find(&world, "zzz.example"));
	assert_null(policy_name_find(&empty, "web.example"));
}

/* --- the tables --- */

static size_t tables(const struct prefix *all[64])
{
	size_t n, k, count = 0;
	const struct prefix *p = policy_private(&n), *s = policy_special(&k);

	assert_true(n + k <= 64);
	for (size_t i = 0; i < n; i++)
		all[count++] = &p[i];
	for (size_t i = 0; i < k; i++)
		all[count++] = &s[i];
	return count;
}

static void the_tables_are_prefixes_and_disjoint(void **state)
{
	const struct prefix *all[64];
	size_t count = tables(all);
	char text[PREFIX_TEXT_MAX];
	struct prefix p;

	(void)state;
	for (size_t i = 0; i < count; i++) {
		prefix_print(all[i], text);
		if (prefix_parse(text, &p) != 0)
			fail_msg("%s has host bits", text);
		for (size_t k = 0; k < count; k++)
			if (k != i && prefix_contains(all[k], &all[i]->addr))
				fail_msg("%s lies in another", text);
	}
}

static void what_is_no_unicast_address_is_in_a_table(void **state)
{
	static const char *const never[] = { "0.0.0.0", "0.255.255.255", "127.0.0.0",
		"127.255.255.255", "224.0.0.0", "239.255.255.255", "240.0.0.0", "255.255.255.255",
		"::", "::1", "::ffff:0.0.0.0", "::ffff:255.255.255.255",
		"ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" };
	const struct prefix *all[64];
	size_t count = tables(all), k;

	(void)state;
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
		struct addr a = addr_of(never[i]);

		assert_false(addr_is_unicast(&a));
		for (k = 0; k < count && !prefix_contains(all[k], &a); k++)
			;
		if (k == count)
			fail_msg("%s is in no table", never[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rule_without_conditions_matches_everything),
		cmocka_unit_test(a_subnet_matches_from_its_first_to_its_last_address),
		cmocka_unit_test(a_protocol_is_that_of_the_packets_family),
		cmocka_unit_test(ports_match_from_the_first_to_the_last),
		cmocka_unit_test(the_virtual_resolvers_are_a_destination),
		cmocka_unit_test(lan_private_and_internet_divide_what_is_unicast),
		cmocka_unit_test(without_an_uplink_there_is_no_lan),
		cmocka_unit_test(a_name_is_each_of_its_addresses),
		cmocka_unit_test(
			a_name_that_does_not_resolve_accepts_nothing_and_drops_what_else_matches),
		cmocka_unit_test(an_expired_rule_is_not_there),
		cmocka_unit_test(another_guest_is_reached_by_its_address_alone),
		cmocka_unit_test(the_first_rule_that_matches_decides),
		cmocka_unit_test(a_policy_without_rules_is_what_happens_otherwise),
		cmocka_unit_test(names_are_found_by_their_order),
		cmocka_unit_test(the_tables_are_prefixes_and_disjoint),
		cmocka_unit_test(what_is_no_unicast_address_is_in_a_table),
	};

	return cmocka_run_group_tests_name("policy_decide", tests, world_make, NULL);
}
