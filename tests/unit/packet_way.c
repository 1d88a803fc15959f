/* Which way a packet goes through a chain of network domains, as the registry has it. */
#include "tests/unit/registry_files.h"

#include <netinet/in.h>
#include <string.h>

#include "toolstack/packet_way.h"

#define NOW 1700000000

static struct registry registry;
static struct packet_way way;

static int chain_make(void **state)
{
	int ret = registry_dir_make(state);

	file_write("net", "provides_network = 1\nnetvm = \"none\"\nip = \"10.137.0.1\"\n");
	file_write("fw", "provides_network = 1\nnetvm = \"net\"\nip = \"10.137.0.2\"\n"
			 "rules = [ \"action=drop dst4=192.0.2.0/24\", \"action=accept\" ]\n");
	file_write("vpn", "provides_network = 1\nnetvm = \"fw\"\nip = \"10.137.0.3\"\nrole = "
			  "\"vpn\"\n");
	file_write("work", "netvm = \"fw\"\nip = \"10.137.0.4\"\nip6 = \"fd00::4\"\n"
			   "rules = [ \"action=accept proto=tcp dstports=443\", \"action=accept "
			   "dst=@guest:shop proto=tcp dstports=80\", \"action=accept "
			   "specialtarget=dns\" ]\n");
	file_write("shop", "netvm = \"fw\"\nip = \"10.137.0.5\"\n");
	file_write("home", "netvm = \"vpn\"\nip = \"10.137.0.6\"\n");
	file_write("lone", "netvm = \"none\"\n");
	return ret;
}

static int chain_remove(void **state)
{
	packet_way_dispose(&way);
	registry_dispose(&registry);
	return registry_dir_remove(state);
}

/* What becomes of a packet of `name`; proto 0: a ping. */
static const struct packet_hop *ask(const char *name, const char *dst, uint8_t proto, uint16_t port)
{
	struct policy_packet p = {
		.proto = proto ? proto : IPPROTO_ICMP, .port = port, .icmp_type = proto ? 0 : 8
	};
	struct err e = ERR_NONE;
	size_t changed;

	assert_int_equal(addr_parse(dst, &p.dst), 0);
	packet_way_dispose(&way);
	registry_dispose(&registry);
	registry_take(&registry);
	assert_int_equal(registry_allocate(&registry, true, &changed, &e), 0);
	assert_int_equal(registry_rules_resolve(&registry, &e), 0);
	if (packet_way_find(&registry, domain_of(&registry, name), &p, NOW, &way, &e))
		fail_msg("packet_way_find: %s", e.text);
	return way.hop;
}

static void expect_source(const struct packet_hop *h, const char *text)
{
	char buf[ADDR_TEXT_MAX];

	assert_string_equal(addr_print(&h->source, buf), text);
}

static void what_all_let_pass_goes_through_all_and_leaves_with_each_ones_address(void **state)
{
	const struct packet_hop *h = ask("work", "203.0.113.5", IPPROTO_TCP, 443);

	(void)state;
	assert_int_equal(way.end, PACKET_OUTSIDE);
	assert_int_equal(way.count, 2);
	assert_string_equal(h[0].netvm->name, "fw");
	assert_int_equal(h[0].said.cause, EXPLAIN_RULE);
	assert_int_equal(h[0].said.rule->line, 1);
	expect_source(&h[0], "10.137.0.4");
	assert_string_equal(h[1].netvm->name, "net");
	assert_string_equal(h[1].from->name, "fw");
	assert_int_equal(h[1].said.rule->line, 2);
	expect_source(&h[1], "10.137.0.2");
}

static void it_ends_where_it_is_dropped(void **state)
{
	const struct packet_hop *h = ask("work", "203.0.113.5", IPPROTO_TCP, 22);

	(void)state;
	assert_int_equal(way.end, PACKET_DROPPED);
	assert_int_equal(way.count, 1);
	assert_int_equal(h[0].said.cause, EXPLAIN_OTHERWISE);
	h = ask("work", "192.0.2.7", IPPROTO_TCP, 443);
	assert_int_equal(way.end, PACKET_DROPPED);
	assert_int_equal(way.count, 2);
	assert_int_equal(h[1].said.rule->line, 1);
}

static void a_guest_of_the_same_network_domain_is_reached_by_a_rule_alone(void **state)
{
	const struct packet_hop *h = ask("work", "10.137.0.5", IPPROTO_TCP, 80);

	(void)state;
	assert_int_equal(way.end, PACKET_GUEST);
	assert_string_equal(way.to->name, "shop");
	assert_int_equal(way.count, 1);
	assert_int_equal(h[0].said.rule->line, 2);
	h = ask("shop", "10.137.0.4", IPPROTO_TCP, 443);
	assert_int_equal(way.end, PACKET_DROPPED);
	assert_int_equal(h[0].said.cause, EXPLAIN_GUEST);
}

static void a_network_domain_is_reached_by_ping_of_the_gateway_alone(void **state)
{
	(void)state;
	ask("shop", "10.137.0.2", 0, 0);
	assert_int_equal(way.end, PACKET_NETVM);
	ask("shop", "10.137.0.2", IPPROTO_TCP, 22);
	assert_int_equal(way.end, PACKET_DROPPED);
	assert_int_equal(way.hop[0].said.cause, EXPLAIN_OWN);
	ask("shop", "10.137.0.1", IPPROTO_TCP, 22);
	assert_int_equal(way.end, PACKET_DROPPED);
	assert_int_equal(way.count, 2);
	assert_int_equal(way.hop[1].said.cause, EXPLAIN_OWN);
}

static void questions_go_on_to_a_real_resolver(void **state)
{
	(void)state;
	ask("work", "10.139.1.1", IPPROTO_UDP, 53);
	assert_int_equal(way.end, PACKET_RESOLVER);
	assert_int_equal(way.count, 2);
	ask("work", "10.139.1.1", IPPROTO_TCP, 443);
	assert_int_equal(way.end, PACKET_DROPPED);
	assert_int_equal(way.hop[0].said.cause, EXPLAIN_RESOLVER);
}

static void what_a_vpn_sends_is_its_tunnels(void **state)
{
	(void)state;
	ask("home", "192.0.2.7", IPPROTO_TCP, 443);
	assert_int_equal(way.end, PACKET_TUNNEL);
	assert_int_equal(way.count, 1);
}

static void who_has_no_network_domain_sends_nowhere(void **state)
{
	(void)state;
	ask("lone", "203.0.113.5", IPPROTO_TCP, 443);
	assert_int_equal(way.end, PACKET_NOWHERE);
	assert_int_equal(way.count, 0);
}

static void a_family_without_an_address_is_not_sent(void **state)
{
	(void)state;
	ask("shop", "2001:db8::1", IPPROTO_TCP, 443);
	assert_int_equal(way.end, PACKET_DROPPED);
	assert_int_equal(way.hop[0].said.cause, EXPLAIN_NO_ADDRESS);
	ask("work", "2001:db8::1", IPPROTO_TCP, 443);
	assert_int_equal(way.count, 2);
	assert_int_equal(way.hop[1].said.cause, EXPLAIN_NO_ADDRESS);
}

static void a_pulled_cable_drops_all(void **state)
{
	(void)state;
	file_write("shop", "netvm = \"fw\"\nip = \"10.137.0.5\"\ncable = 0\n");
	ask("shop", "203.0.113.5", IPPROTO_TCP, 443);
	assert_int_equal(way.end, PACKET_DROPPED);
	assert_int_equal(way.hop[0].said.cause, EXPLAIN_CLOSED);
}

static void rules_by_names_are_doubts_where_they_say_the_opposite(void **state)
{
	const struct packet_hop *h;

	(void)state;
	file_write("shop",
		"netvm = \"fw\"\nip = \"10.137.0.5\"\nrules = [ \"action=accept "
		"dsthost=example.org "
		"proto=udp\", \"action=drop dst=@lan\", \"action=drop dsthost=example.org "
		"proto=tcp "
		"dstports=443\", \"action=accept proto=tcp\", \"action=drop dsthost=example.com\" "
		"]\n");
	h = ask("shop", "203.0.113.5", IPPROTO_TCP, 443);
	assert_int_equal(way.end, PACKET_OUTSIDE);
	assert_int_equal(h[0].said.rule->line, 4);
	assert_int_equal(h[0].doubts, 2);
	assert_int_equal(h[0].doubt->line, 2);
	h = ask("shop", "203.0.113.5", IPPROTO_TCP, 80);
	assert_int_equal(h[0].doubts, 1);
	h = ask("shop", "203.0.113.5", IPPROTO_UDP, 80);
	assert_int_equal(way.end, PACKET_DROPPED);
	assert_int_equal(h[0].doubts, 1);
	assert_int_equal(h[0].doubt->line, 1);
	h = ask("shop", "10.137.0.4", IPPROTO_UDP, 80);
	assert_int_equal(way.end, PACKET_DROPPED);
	assert_int_equal(h[0].doubts, 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, chain_make, chain_remove)
	const struct CMUnitTest tests[] = {
		TEST(what_all_let_pass_goes_through_all_and_leaves_with_each_ones_address),
		TEST(it_ends_where_it_is_dropped),
		TEST(a_guest_of_the_same_network_domain_is_reached_by_a_rule_alone),
		TEST(a_network_domain_is_reached_by_ping_of_the_gateway_alone),
		TEST(questions_go_on_to_a_real_resolver),
		TEST(what_a_vpn_sends_is_its_tunnels),
		TEST(who_has_no_network_domain_sends_nowhere),
		TEST(a_family_without_an_address_is_not_sent),
		TEST(a_pulled_cable_drops_all),
		TEST(rules_by_names_are_doubts_where_they_say_the_opposite),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
