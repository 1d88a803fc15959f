/* How many connections a guest may have, and how iptables is told. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "backend/limits.h"
#include "backend/limits_iptables.h"

#define MIB (1ULL << 20)

static void a_guest_may_have_a_quarter_of_what_the_kernel_tracks(void **state)
{
	(void)state;
	assert_int_equal(limits_connections_of(262144, 512 * MIB), 65536);
	assert_int_equal(limits_connections_of(2048, 512 * MIB), 512);
	assert_int_equal(limits_connections_of(16, 512 * MIB), 256);
	assert_int_equal(limits_connections_of(UINT64_MAX, 512 * MIB), CLIENT_CONNECTIONS_MAX);
}

static void while_the_kernel_says_nothing_memory_does(void **state)
{
	(void)state;
	assert_int_equal(limits_connections_of(0, 512 * MIB), 1024);
	assert_int_equal(limits_connections_of(0, 64 * MIB), 256);
	assert_int_equal(limits_connections_of(0, 2048 * MIB), 16384);
	assert_int_equal(limits_connections_of(0, 8192 * MIB), 65536);
}

static struct ruleset_guest guest(const char *ip, uint32_t connections)
{
	struct ruleset_guest g = { .limit = { [LIMIT_CONNECTIONS] = connections } };

	assert_int_equal(addr_parse(ip, &g.ip), 0);
	return g;
}

struct rendered {
	struct iptables_mades chains, sets;
	char name[IPTABLES_MADE_NAME];
};

static const char *render(struct rendered *out, const struct ruleset *r, int family)
{
	*out = (struct rendered){ .chains = { .items = NULL } };
	assert_int_equal(limits_iptables_render(r, family, &out->chains, &out->sets, out->name), 0);
	return out->name[0] ? iptables_made_find(&out->chains, out->name)->text : NULL;
}

static void rendered_free(struct rendered *r)
{
	iptables_mades_free(&r->chains);
	iptables_mades_free(&r->sets);
}

static void without_limits_there_is_no_chain(void **state)
{
	struct ruleset r = { .connections = 0 };
	struct rendered out;

	(void)state;
	assert_null(render(&out, &r, AF_INET));
	assert_int_equal(out.chains.count + out.sets.count, 0);
	rendered_free(&out);
}

static void guests_with_one_number_are_one_rule(void **state)
{
	struct ruleset_guest guests[] = { guest("10.137.0.5", 20), guest("10.137.0.6", 0),
		guest("10.137.0.7", 20), guest("10.137.0.8", 9) };
	struct ruleset r = { .connections = 100, .guests = guests, .guest_count = 4 };
	struct rendered out;
	const char *text = render(&out, &r, AF_INET);
	char wanted[512];

	(void)state;
	assert_non_null(text);
	assert_int_equal(out.sets.count, 2);
	for (size_t i = 0; i < 2; i++) {
		const struct iptables_made *s = &out.sets.items[i];

		if (s->count == 1)
			assert_string_equal(s->text, "10.137.0.8/32\n");
		else
			assert_string_equal(s->text, "10.137.0.5/32\n10.137.0.7/32\n");
	}
	assert_non_null(strstr(text, "--connlimit-above 9 --connlimit-mask 32 "));
	assert_true(strstr(text, "above 9 ") < strstr(text, "above 20 "));
	snprintf(wanted, sizeof(wanted),
		"-j RETURN\n-m connlimit --connlimit-above 100 --connlimit-mask 32 "
		"--connlimit-saddr -j DROP\n");
	assert_string_equal(text + strlen(text) - strlen(wanted), wanted);
	assert_int_equal(iptables_made_find(&out.chains, out.name)->count, 5);
	rendered_free(&out);
}

static void a_family_that_no_guest_has_knows_the_common_limit_alone(void **state)
{
	struct ruleset_guest guests[] = { guest("10.137.0.5", 20) };
	struct ruleset r = { .connections = 100, .guests = guests, .guest_count = 1 };
	struct rendered out;

	(void)state;
	assert_string_equal(render(&out, &r, AF_INET6),
		"-m connlimit --connlimit-above 100 --connlimit-mask 128 --connlimit-saddr "
		"-j DROP\n");
	rendered_free(&out);
}

static void the_chain_is_another_only_when_it_says_something_else(void **state)
{
	struct ruleset_guest guests[] = { guest("10.137.0.5", 20) };
	struct ruleset r = { .connections = 100, .guests = guests, .guest_count = 1 };
	struct rendered a, b, c;

	(void)state;
	render(&a, &r, AF_INET);
	guests[0].policy.otherwise = POLICY_DROP;
	guests[0].generation++;
	render(&b, &r, AF_INET);
	assert_string_equal(a.name, b.name);
	guests[0].limit[LIMIT_CONNECTIONS] = 21;
	render(&c, &r, AF_INET);
	assert_string_not_equal(a.name, c.name);
	rendered_free(&a);
	rendered_free(&b);
	rendered_free(&c);
}

struct lines {
	char text[4][256];
	size_t count;
};

static void line_take(void *arg, const char *rule)
{
	struct lines *l = arg;

	assert_true(l->count < 4);
	snprintf(l->text[l->count++], sizeof(l->text[0]), "%s", rule);
}

static void guests_with_one_rate_are_one_rule(void **state)
{
	struct ruleset_guest guests[] = { guest("10.137.0.5", 0), guest("10.137.0.6", 0),
		guest("10.137.0.7", 0) };
	struct ruleset r = { .guests = guests, .guest_count = 3 };
	struct iptables_mades sets = { .items = NULL };
	struct lines lines = { .count = 0 };
	char wanted[256];

	(void)state;
	guests[0].limit[LIMIT_PACKETS] = guests[2].limit[LIMIT_PACKETS] = 50;
	guests[2].limit[LIMIT_BYTES] = 4000000000;
	assert_int_equal(limits_iptables_rates(&r, AF_INET, &sets, line_take, &lines), 0);
	assert_int_equal(lines.count, 2);
	assert_int_equal(sets.count, 2);
	for (size_t i = 0; i < 2; i++) {
		bool packets = strcmp(sets.items[i].text, "10.137.0.7/32\n") != 0;

		if (packets)
			assert_string_equal(sets.items[i].text, "10.137.0.5/32\n10.137.0.7/32\n");
		snprintf(wanted, sizeof(wanted),
			"-m set --match-set %s src -m hashlimit --hashlimit-above %s "
			"--hashlimit-mode srcip --hashlimit-name %s -j DROP",
			sets.items[i].name,
			packets ? "50/sec --hashlimit-burst 50" : "4000000000b/s",
			packets ? "netvm-packets-50" : "netvm-bytes-4000000000");
		assert_string_equal(lines.text[packets ? 0 : 1], wanted);
	}
	iptables_mades_free(&sets);
}

static void without_rates_there_is_no_rule(void **state)
{
	struct ruleset_guest guests[] = { guest("10.137.0.5", 20) };
	struct ruleset r = { .connections = 100, .guests = guests, .guest_count = 1 };
	struct iptables_mades sets = { .items = NULL };
	struct lines lines = { .count = 0 };

	(void)state;
	guests[0].limit[LIMIT_BYTES] = 1000;
	assert_int_equal(limits_iptables_rates(&r, AF_INET6, &sets, line_take, &lines), 0);
	guests[0].limit[LIMIT_BYTES] = 0;
	assert_int_equal(limits_iptables_rates(&r, AF_INET, &sets, line_take, &lines), 0);
	assert_int_equal(lines.count + sets.count, 0);
	iptables_mades_free(&sets);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_guest_may_have_a_quarter_of_what_the_kernel_tracks),
		cmocka_unit_test(while_the_kernel_says_nothing_memory_does),
		cmocka_unit_test(without_limits_there_is_no_chain),
		cmocka_unit_test(guests_with_one_number_are_one_rule),
		cmocka_unit_test(a_family_that_no_guest_has_knows_the_common_limit_alone),
		cmocka_unit_test(the_chain_is_another_only_when_it_says_something_else),
		cmocka_unit_test(guests_with_one_rate_are_one_rule),
		cmocka_unit_test(without_rates_there_is_no_rule),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
