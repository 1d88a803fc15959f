#include "backend/limits_iptables.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "backend/limits.h"

/* "The guests of a family whose own number it is", as a set and as a condition. */
struct whose {
	char set[IPTABLES_MADE_NAME], text[IPTABLES_MADE_NAME + 32];
};

static bool whose_render(const struct ruleset *r, int family, enum ruleset_limit limit,
	uint32_t number, struct iptables_mades *sets, struct whose *out)
{
	struct iptables_text t;
	char text[ADDR_TEXT_MAX];
	bool ok;

	if (!iptables_text_open(&t))
		return false;
	for (size_t i = 0; i < r->guest_count; i++) {
		const struct addr *a = limits_addr(&r->guests[i], family, limit, number);

		if (a)
			iptables_text_line(
				&t, "%s/%d", addr_print(a, text), family == AF_INET6 ? 128 : 32);
	}
	ok = iptables_text_close(&t, family == AF_INET6 ? "inet6" : "inet", sets, out->set);
	snprintf(out->text, sizeof(out->text), "-m set --match-set %s src ", out->set);
	return ok;
}

/* --- connections --- */

static void limit_line(struct iptables_text *t, const char *whose, int family, uint32_t number)
{
	iptables_text_line(t,
		"%s-m connlimit --connlimit-above %u --connlimit-mask %d "
		"--connlimit-saddr -j DROP",
		whose, number, family == AF_INET6 ? 128 : 32);
}

static bool own_limits(const struct ruleset *r, int family, const uint32_t *numbers, size_t count,
	struct iptables_text *t, struct iptables_mades *sets)
{
	struct whose w;

	for (size_t i = 0; i < count; i++) {
		if (!whose_render(r, family, LIMIT_CONNECTIONS, numbers[i], sets, &w))
			return false;
		limit_line(t, w.text, family, numbers[i]);
		iptables_text_line(t, "%s-j RETURN", w.text);
	}
	return true;
}

int limits_iptables_render(const struct ruleset *r, int family, struct iptables_mades *chains,
	struct iptables_mades *sets, char name[IPTABLES_MADE_NAME])
{
	uint32_t *numbers = calloc(r->guest_count + 1, sizeof(*numbers));
	struct iptables_text t;
	size_t count;
	bool ok;

	name[0] = '\0';
	if (!numbers)
		return -ENOMEM;
	count = limits_numbers(r, family, LIMIT_CONNECTIONS, numbers);
	ok = !count && !r->connections;
	if (!ok && iptables_text_open(&t)) {
		ok = own_limits(r, family, numbers, count, &t, sets);
		if (r->connections)
			limit_line(&t, "", family, r->connections);
		ok = iptables_text_close(&t, "limits", chains, name) && ok;
	}
	free(numbers);
	return ok ? 0 : -ENOMEM;
}

/* --- rates --- */

/* A second's worth may come at once; of bytes that is what xt_hashlimit does by itself. */
static void rate_print(enum ruleset_limit limit, uint32_t number, char *buf, size_t size)
{
	if (limit == LIMIT_PACKETS)
		snprintf(buf, size, "%u/sec --hashlimit-burst %u", number, number);
	else
		snprintf(buf, size, "%ub/s", number);
}

static bool rates(const struct ruleset *r, int family, enum ruleset_limit limit, uint32_t *numbers,
	struct iptables_mades *sets, void (*line)(void *arg, const char *rule), void *arg)
{
	size_t count = limits_numbers(r, family, limit, numbers);
	char rate[64], text[256];
	struct whose w;

	for (size_t i = 0; i < count; i++) {
		if (!whose_render(r, family, limit, numbers[i], sets, &w))
			return false;
		rate_print(limit, numbers[i], rate, sizeof(rate));
		/* The name is that of the kernel's table; rules with the same name share one. */
		snprintf(text, sizeof(text),
			"%s-m hashlimit --hashlimit-above %s --hashlimit-mode srcip "
			"--hashlimit-name netvm-%s-%u -j DROP",
			w.text, rate, limit == LIMIT_PACKETS ? "packets" : "bytes", numbers[i]);
		line(arg, text);
	}
	return true;
}

int limits_iptables_rates(const struct ruleset *r, int family, struct iptables_mades *sets,
	void (*line)(void *arg, const char *rule), void *arg)
{
	uint32_t *numbers = calloc(r->guest_count + 1, sizeof(*numbers));
	bool ok = numbers;

	for (int limit = LIMIT_PACKETS; ok && limit <= LIMIT_BYTES; limit++)
		ok = rates(r, family, (enum ruleset_limit)limit, numbers, sets, line, arg);
	free(numbers);
	return ok ? 0 : -ENOMEM;
}
