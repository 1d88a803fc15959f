/*
 * What iptables-save prints, with any bytes in it: it is taken or refused whole; where it is taken,
 * taking all away keeps nothing of ours, and putting it back says again what was there.
 *
 * sources: backend/ruleset.c backend/ruleset_iptables.c backend/ruleset_iptables_change.c
 * sources: xenstore-schema/exposure.c xenstore-schema/names.c backend/ruleset_iptables_parse.c
 * sources: backend/policy_iptables.c backend/iptables_made.c
 * sources: backend/limits.c backend/limits_iptables.c
 * sources: backend/policy_decide.c
 * sources: backend/policy_special.c xenstore-schema/policy.c xenstore-schema/policy_words.c
 * sources: backend/policy_hits.c common/addr.c common/err.c
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "backend/ruleset_iptables.h"
#include "tests/fuzz/fuzz.h"

static size_t lines(const char *text)
{
	size_t n = 0;

	for (; text && *text; text++)
		n += *text == '\n';
	return n;
}

static void changes_try(const struct iptables_rules *now)
{
	const struct iptables_rules none = { .kind = IPTABLES_UNKNOWN };
	struct ruleset r = { .group = 1, .mark = RULESET_MARK };
	struct iptables_rules wanted;
	struct err e = ERR_NONE;
	char *text;

	HOLDS(iptables_rules_change(now, &none, false, &text, &e) == 0);
	HOLDS(!strstr(text, "\n:"));
	free(text);
	HOLDS(iptables_rules_change(&none, now, false, &text, &e) == 0);
	for (int i = 0; i < CHAIN_COUNT; i++)
		HOLDS(i == CHAIN_CUSTOM_INPUT || i == CHAIN_CUSTOM_FORWARD ||
			!now->chain[i].exists || !now->chain[i].rules ||
			strstr(text, now->chain[i].rules));
	free(text);
	HOLDS(iptables_rules_render(&r, AF_INET, &wanted, &e) == 0);
	HOLDS(iptables_rules_change(now, &wanted, false, &text, &e) == 0);
	HOLDS(!now->chain[CHAIN_CUSTOM_INPUT].exists || !strstr(text, "-N custom-input"));
	free(text);
	iptables_rules_stand(now, &wanted);
	iptables_rules_free(&wanted);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct iptables_rules now;
	struct err e = ERR_NONE;

	HOLDS(text);
	memcpy(text, data, size);
	text[size] = '\0';
	if (iptables_rules_parse(text, &now, &e) == 0) {
		for (int i = 0; i < CHAIN_COUNT; i++) {
			HOLDS(lines(now.chain[i].rules) == now.chain[i].count);
			HOLDS(lines(now.chain[i].references) >= now.chain[i].jumps);
			HOLDS(!now.chain[i].first || now.chain[i].jumps);
		}
		iptables_rules_digest(&now);
		changes_try(&now);
	} else {
		HOLDS(e.code == -EBADMSG && e.text[0]);
	}
	iptables_rules_free(&now);
	free(text);
	return 0;
}
