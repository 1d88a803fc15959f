/* The rule language at random: what is printed reads as the same rule. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <sys/socket.h>

#include "tests/unit/at_random.h"
#include "xenstore-schema/policy_internal.h"

#define ROUNDS 20000

static void parse(const char *text, struct policy *out)
{
	struct err e = ERR_NONE;

	if (policy_parse(text, POLICY_DROP, out, &e) != 0)
		fail_msg("\"%s\" was refused: %s", text, e.text);
}

static void random_prefix(struct prefix *p, char text[PREFIX_TEXT_MAX])
{
	do {
		struct addr a = { .family = chance(2) ? AF_INET : AF_INET6 };
		char addr[ADDR_TEXT_MAX];

		p->len = (uint8_t)chance((unsigned int)addr_len(&a) * 8 + 1);
		for (size_t i = 0; i < p->len; i++)
			a.bytes[i / 8] |= (uint8_t)(chance(2) << (7 - i % 8));
		snprintf(text, PREFIX_TEXT_MAX, "%s/%u", addr_print(&a, addr), p->len);
	} while (prefix_parse(text, p) != 0);
}

static void random_rule(struct policy_rule *r)
{
	char text[PREFIX_TEXT_MAX];

	*r = (struct policy_rule){ .action = (enum policy_verdict)chance(2),
		.target = (enum policy_target)chance(POLICY_TARGETS),
		.proto = (enum policy_proto)chance(4),
		.expire = chance(2) ? 1 + chance(2000000000) : 0,
		.comment = chance(2) ? strdup(" any text = \\\"' ") : NULL,
		.line = 1 };
	if (r->target == POLICY_TO_PREFIX)
		random_prefix(&r->prefix, text);
	if (r->target == POLICY_TO_NAME)
		r->name = strdup(chance(2) ? "a" : "a-b.c_d.example");
	if (r->target == POLICY_TO_DNS && r->proto == POLICY_PROTO_ICMP)
		r->proto = POLICY_PROTO_ANY;
	r->has_icmp_type = r->proto == POLICY_PROTO_ICMP && chance(2);
	r->icmp_type = r->has_icmp_type ? (uint8_t)chance(256) : 0;
	r->has_ports = r->proto != POLICY_PROTO_ICMP && chance(2);
	if (r->has_ports) {
		r->port_first = (uint16_t)chance(r->target == POLICY_TO_DNS ? 54 : 65536);
		r->port_last = (uint16_t)(r->port_first + chance(65536U - r->port_first));
		if (r->target == POLICY_TO_DNS && r->port_last < 53)
			r->port_last = 53;
	}
}

static bool text_equal(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool rule_equal(const struct policy_rule *a, const struct policy_rule *b)
{
	return a->action == b->action && a->target == b->target &&
	       addr_equal(&a->prefix.addr, &b->prefix.addr) && a->prefix.len == b->prefix.len &&
	       text_equal(a->name, b->name) && a->proto == b->proto &&
	       a->has_ports == b->has_ports && a->port_first == b->port_first &&
	       a->port_last == b->port_last && a->has_icmp_type == b->has_icmp_type &&
	       a->icmp_type == b->icmp_type && a->expire == b->expire &&
	       text_equal(a->comment, b->comment);
}

static void any_rule_that_is_printed_reads_as_the_same(void **state)
{
	char line[POLICY_LINE_MAX + 1];
	struct policy_rule r;
	struct policy p;

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		seed_round();
		random_rule(&r);
		policy_rule_print(&r, line);
		parse(line, &p);
		assert_int_equal(p.count, 1);
		if (!rule_equal(&p.rules[0], &r))
			fail_msg("%s reads as another rule", line);
		free(r.name);
		free(r.comment);
		policy_dispose(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			any_rule_that_is_printed_reads_as_the_same, seed_choose, seed_print),
	};

	return cmocka_run_group_tests_name("policy at random", tests, NULL, NULL);
}
