#include "backend/limits_iptables.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static int number_cmp(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static const struct addr *guest_addr(const struct ruleset_guest *g, int family)
{
	return family == AF_INET6 ? &g->ip6 : &g->ip;
}

/* The guests of a family whose own number it is, as a set. */
static bool guests_set(const struct ruleset *r, int family, uint32_t number,
	struct iptables_mades *sets, char name[IPTABLES_MADE_NAME])
{
	struct iptables_text t;
	char text[ADDR_TEXT_MAX];

	if (!iptables_text_open(&t))
		return false;
	for (size_t i = 0; i < r->guest_count; i++) {
		const struct ruleset_guest *g = &r->guests[i];

		if (g->connections == number && addr_is_set(guest_addr(g, family)))
			iptables_text_line(&t, "%s/%d", addr_print(guest_addr(g, family), text),
				family == AF_INET6 ? 128 : 32);
	}
	return iptables_text_close(&t, family == AF_INET6 ? "inet6" : "inet", sets, name);
}

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
	char set[IPTABLES_MADE_NAME], whose[IPTABLES_MADE_NAME + 32];

	for (size_t i = 0; i < count; i++) {
		if (i && numbers[i] == numbers[i - 1])
			continue;
		if (!guests_set(r, family, numbers[i], sets, set))
			return false;
		snprintf(whose, sizeof(whose), "-m set --match-set %s src ", set);
		limit_line(t, whose, family, numbers[i]);
		iptables_text_line(t, "%s-j RETURN", whose);
	}
	return true;
}

int limits_iptables_render(const struct ruleset *r, int family, struct iptables_mades *chains,
	struct iptables_mades *sets, char name[IPTABLES_MADE_NAME])
{
	uint32_t *numbers = calloc(r->guest_count + 1, sizeof(*numbers));
	struct iptables_text t;
	size_t count = 0;
	bool ok;

	name[0] = '\0';
	if (!numbers)
		return -ENOMEM;
	for (size_t i = 0; i < r->guest_count; i++)
		if (r->guests[i].connections && addr_is_set(guest_addr(&r->guests[i], family)))
			numbers[count++] = r->guests[i].connections;
	qsort(numbers, count, sizeof(*numbers), number_cmp);
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
