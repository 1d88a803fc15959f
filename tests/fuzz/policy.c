/*
 * Rule lines with any bytes: what is taken is within the bounds of the language, prints as a line
 * that reads as the same rule, and decides about packets; what is refused names a line.
 *
 * sources: xenstore-schema/policy.c xenstore-schema/policy_words.c backend/policy_decide.c
 * sources: backend/policy_special.c common/addr.c common/err.c
 */
#include <string.h>
#include <sys/socket.h>

#include "backend/policy_decide.h"
#include "tests/fuzz/fuzz.h"

static void rule_check(const struct policy_rule *r)
{
	HOLDS(r->target < POLICY_TARGETS && r->action <= POLICY_DROP);
	HOLDS((r->target == POLICY_TO_NAME) == (r->name != NULL));
	HOLDS(!r->name || (*r->name && strlen(r->name) < POLICY_NAME_MAX));
	HOLDS(!r->comment || strlen(r->comment) <= POLICY_COMMENT_MAX);
	HOLDS(r->port_first <= r->port_last && (r->has_ports || !r->port_last));
	HOLDS(!r->has_ports || r->proto != POLICY_PROTO_ICMP);
	HOLDS(!r->has_icmp_type || r->proto == POLICY_PROTO_ICMP);
	HOLDS(r->expire >= 0 && r->line > 0);
}

static void print_try(const struct policy_rule *r)
{
	char once[POLICY_LINE_MAX + 1], again[POLICY_LINE_MAX + 1];
	struct policy p;

	policy_rule_print(r, once);
	HOLDS(policy_parse(once, POLICY_DROP, &p, NULL) == 0 && p.count == 1);
	policy_rule_print(&p.rules[0], again);
	HOLDS(strcmp(once, again) == 0);
	HOLDS(addr_equal(&p.rules[0].prefix.addr, &r->prefix.addr));
	policy_dispose(&p);
}

static void decide_try(const struct policy *policy, const uint8_t *data, size_t size)
{
	struct policy_packet packet = { .dst = { .family = AF_INET6 } };
	const struct policy_world world = { .now = 1 };

	memcpy(packet.dst.bytes, data, size < 16 ? size : 16);
	packet.proto = size ? data[size - 1] : 6;
	HOLDS(policy_decide(policy, &world, &packet) <= policy->count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e = ERR_NONE;
	char *text = malloc(size + 1);
	struct policy policy;

	HOLDS(text);
	memcpy(text, data, size);
	text[size] = '\0';
	if (policy_parse(text, POLICY_DROP, &policy, &e) == 0) {
		for (size_t i = 0; i < policy.count; i++) {
			rule_check(&policy.rules[i]);
			print_try(&policy.rules[i]);
		}
		decide_try(&policy, data, size);
	} else {
		HOLDS(policy.count == 0 && strncmp(e.text, "line ", 5) == 0);
	}
	policy_dispose(&policy);
	free(text);
	return 0;
}
