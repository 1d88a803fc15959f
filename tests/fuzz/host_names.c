/*
 * Names of rules: a file with any bytes is refused or reads as it is printed; whatever an answer
 * says, a name stands for hosts only, not too many, and each has an end.
 *
 * sources: backend/host_names.c backend/ruleset.c backend/policy_decide.c backend/policy_special.c
 * sources: xenstore-schema/policy.c xenstore-schema/policy_words.c
 * sources: common/addr.c common/clock.c common/err.c common/file.c common/text.c
 */
#include <string.h>
#include <sys/socket.h>

#include "backend/host_names.h"
#include "tests/fuzz/fuzz.h"

static void file_check(const char *text)
{
	struct host_names n = { .items = NULL }, again = { .items = NULL };
	struct err e = ERR_NONE;
	char *printed;

	if (host_names_parse(text, &n, &e) < 0) {
		HOLDS(!n.items && !n.count);
		return;
	}
	printed = host_names_print(&n);
	HOLDS(printed && host_names_parse(printed, &again, &e) == 0);
	HOLDS(again.count == n.count);
	free(printed);
	host_names_dispose(&n);
	host_names_dispose(&again);
}

static void table_check(const struct host_names *n, int64_t now)
{
	HOLDS(n->count == 1 && n->items[0].count <= HOST_NAMES_ADDRS_MAX);
	HOLDS(n->items[0].ask >= now + HOST_NAMES_AGAIN_MIN);
	HOLDS(n->items[0].ask <= now + HOST_NAMES_AGAIN_MAX);
	for (size_t i = 0; i < n->items[0].count; i++) {
		const struct host_names_addr *a = &n->items[0].addrs[i];

		HOLDS(addr_is_unicast(&a->addr) && !addr_is_linklocal(&a->addr));
		HOLDS(a->until > now);
		for (size_t k = 0; k < i; k++)
			HOLDS(!addr_equal(&n->items[0].addrs[k].addr, &a->addr));
	}
}

/* Answers of up to eight addresses, 21 bytes each: family, address, time. */
static void answers_check(const uint8_t *data, size_t size)
{
	struct host_names_answer answers[8];
	struct host_names n = { .items = NULL };
	struct err e = ERR_NONE;
	int64_t now = 1000;
	bool changed;

	HOLDS(host_names_parse("a.example 0\n", &n, &e) == 0);
	while (size >= 22) {
		size_t count = data[0] % 9;

		now += data[0];
		data++, size--;
		if (count > size / 21)
			count = size / 21;
		for (size_t i = 0; i < count; i++, data += 21, size -= 21) {
			struct host_names_answer *a = &answers[i];

			*a = (struct host_names_answer){ .ttl = 0 };
			a->addr.family = data[0] & 1 ? AF_INET6 : AF_INET;
			memcpy(a->addr.bytes, data + 1, data[0] & 1 ? 16 : 4);
			memcpy(&a->ttl, data + 17, 4);
		}
		HOLDS(host_names_take(&n, "a.example", answers, count, now, &changed) == 0);
		table_check(&n, now);
	}
	host_names_dispose(&n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	HOLDS(text);
	memcpy(text, data, size);
	text[size] = '\0';
	file_check(text);
	free(text);
	answers_check(data, size);
	return 0;
}
