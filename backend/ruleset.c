#include "backend/ruleset.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define DNS_PORT 53

void ruleset_dispose(struct ruleset *r)
{
	for (size_t i = 0; i < r->guest_count; i++)
		policy_dispose(&r->guests[i].policy);
	for (size_t i = 0; i < r->name_count; i++) {
		free(r->names[i].name);
		free(r->names[i].addrs);
	}
	free(r->guests);
	free(r->names);
	free(r->lan);
	r->guests = NULL;
	r->names = NULL;
	r->lan = NULL;
	r->guest_count = r->name_count = r->lan_count = 0;
	r->whole = false;
}

const struct addr *ruleset_target(const struct ruleset_family *f, unsigned int which)
{
	if (which > 1 || !addr_is_set(&f->dns[which]) || f->resolver_count == 0)
		return NULL;
	return &f->resolvers[which < f->resolver_count ? which : 0];
}

bool ruleset_is_forwarder(const struct ruleset_family *f, const struct addr *a)
{
	for (int i = 0; i < RULESET_FORWARDERS_MAX; i++)
		if (addr_is_set(a) && addr_equal(&f->forwarders[i], a))
			return true;
	return false;
}

struct policy_world ruleset_world(const struct ruleset *r)
{
	const struct addr *const virtual[] = { &r->ip4.dns[0], &r->ip4.dns[1], &r->ip6.dns[0],
		&r->ip6.dns[1] };
	struct policy_world world = {
		.lan = r->lan,
		.lan_count = r->lan_count,
		.names = r->names,
		.name_count = r->name_count,
		.now = r->now,
	};

	for (size_t i = 0; i < POLICY_DNS_MAX; i++)
		if (addr_is_set(virtual[i]))
			world.dns[world.dns_count++] = *virtual[i];
	return world;
}

size_t ruleset_dns_rule(const struct ruleset *r, const struct ruleset_guest *guest,
	const struct ruleset_family *f, unsigned int which, uint8_t proto)
{
	struct policy_packet query = { .dst = f->dns[which], .proto = proto, .port = DNS_PORT };
	struct policy_world world = ruleset_world(r);

	return policy_decide(&guest->policy, &world, &query);
}

/* Whether a rule by name can match in a family: the name has an address of it, or, of a drop, none
 * at all. */
static bool name_applies(const struct ruleset *r, const struct policy_rule *rule, int family)
{
	struct policy_world world = ruleset_world(r);
	const struct policy_name *n = policy_name_find(&world, rule->name);

	if (!n || !n->count)
		return rule->action == POLICY_DROP;
	for (size_t i = 0; i < n->count; i++)
		if (n->addrs[i].family == family)
			return true;
	return false;
}

bool ruleset_rule_applies(const struct ruleset *r, const struct policy_rule *rule, int family)
{
	if (rule->expire && rule->expire <= r->now)
		return false;
	if (rule->target == POLICY_TO_PREFIX)
		return rule->prefix.addr.family == family;
	return rule->target != POLICY_TO_NAME || name_applies(r, rule, family);
}

int64_t ruleset_earlier(int64_t a, int64_t b)
{
	return !a || (b && b < a) ? b : a;
}

int64_t ruleset_guest_expiry(const struct ruleset_guest *g, int64_t now)
{
	int64_t next = 0;

	for (size_t i = 0; i < g->policy.count; i++)
		if (g->policy.rules[i].expire > now)
			next = ruleset_earlier(next, g->policy.rules[i].expire);
	return next;
}

int64_t ruleset_next_expiry(const struct ruleset *r)
{
	int64_t next = 0;

	for (size_t i = 0; i < r->guest_count; i++)
		next = ruleset_earlier(next, ruleset_guest_expiry(&r->guests[i], r->now));
	return next;
}

static int guest_cmp(const void *name, const void *guest)
{
	return strcmp(name, ((const struct ruleset_guest *)guest)->name);
}

const struct ruleset_guest *ruleset_guest_find(const struct ruleset *r, const char *name)
{
	return r->guest_count
		       ? bsearch(name, r->guests, r->guest_count, sizeof(*r->guests), guest_cmp)
		       : NULL;
}

bool ruleset_dhcp_link(const struct ruleset_guest *g, bool twin, char link[LINK_NAME_MAX])
{
	const int len = snprintf(link, LINK_NAME_MAX, "%s%s", g->name, twin ? "-emu" : "");

	return g->dhcp && len > 0 && len < LINK_NAME_MAX;
}
