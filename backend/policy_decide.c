/*
 * A rule matches when each of its words does: not expired, destination, protocol, ports, ICMP type.
 * Addresses are compared in their own family only, as the kernel has them: an IPv4 address in
 * IPv6's notation is an IPv6 address.
 */
#include "backend/policy_decide.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define PORT_DNS 53

static int name_cmp(const void *key, const void *entry)
{
	return strcmp(key, ((const struct policy_name *)entry)->name);
}

const struct policy_name *policy_name_find(const struct policy_world *world, const char *name)
{
	return world->name_count ? bsearch(name, world->names, world->name_count,
					   sizeof(world->names[0]), name_cmp)
				 : NULL;
}

static bool among(const struct addr *list, size_t count, const struct addr *a)
{
	for (size_t i = 0; i < count; i++)
		if (addr_equal(&list[i], a))
			return true;
	return false;
}

static bool within(const struct prefix *list, size_t count, const struct addr *a)
{
	for (size_t i = 0; i < count; i++)
		if (prefix_contains(&list[i], a))
			return true;
	return false;
}

/* --- destinations --- */

static bool to_any(
	const struct policy_rule *r, const struct policy_world *w, const struct addr *dst)
{
	(void)r, (void)w, (void)dst;
	return true;
}

static bool to_prefix(
	const struct policy_rule *r, const struct policy_world *w, const struct addr *dst)
{
	(void)w;
	return prefix_contains(&r->prefix, dst);
}

static bool to_name(
	const struct policy_rule *r, const struct policy_world *w, const struct addr *dst)
{
	const struct policy_name *name = policy_name_find(w, r->name);

	if (!name || !name->count)
		return r->action == POLICY_DROP;
	return among(name->addrs, name->count, dst);
}

static bool to_lan(
	const struct policy_rule *r, const struct policy_world *w, const struct addr *dst)
{
	(void)r;
	return within(w->lan, w->lan_count, dst);
}

static bool to_private(
	const struct policy_rule *r, const struct policy_world *w, const struct addr *dst)
{
	size_t count;
	const struct prefix *list = policy_private(&count);

	(void)r, (void)w;
	return within(list, count, dst);
}

static bool to_internet(
	const struct policy_rule *r, const struct policy_world *w, const struct addr *dst)
{
	size_t count;
	const struct prefix *list = policy_special(&count);

	return addr_is_set(dst) && !within(list, count, dst) && !to_private(r, w, dst) &&
	       !to_lan(r, w, dst);
}

static bool to_resolvers(
	const struct policy_rule *r, const struct policy_world *w, const struct addr *dst)
{
	(void)r;
	return among(w->dns, w->dns_count, dst);
}

static bool (*const reaches[POLICY_TARGETS])(
	const struct policy_rule *r, const struct policy_world *w, const struct addr *dst) = {
	[POLICY_TO_ANY] = to_any,
	[POLICY_TO_PREFIX] = to_prefix,
	[POLICY_TO_NAME] = to_name,
	[POLICY_TO_LAN] = to_lan,
	[POLICY_TO_PRIVATE] = to_private,
	[POLICY_TO_INTERNET] = to_internet,
	[POLICY_TO_NETVM_DNS] = to_resolvers,
	[POLICY_TO_DNS] = to_resolvers, /* and port 53: has_service() */
};

/* --- the rest of a rule --- */

static bool has_proto(const struct policy_rule *r, const struct policy_packet *p)
{
	switch (r->proto) {
	case POLICY_PROTO_TCP:
		return p->proto == IPPROTO_TCP;
	case POLICY_PROTO_UDP:
		return p->proto == IPPROTO_UDP;
	case POLICY_PROTO_ICMP:
		return p->proto == (p->dst.family == AF_INET6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
	default:
		return true;
	}
}

/* Ports and ICMP type, where the rule has such. */
static bool has_service(const struct policy_rule *r, const struct policy_packet *p)
{
	bool ports = p->proto == IPPROTO_TCP || p->proto == IPPROTO_UDP;

	if (r->has_ports && (!ports || p->port < r->port_first || p->port > r->port_last))
		return false;
	if (r->target == POLICY_TO_DNS && (!ports || p->port != PORT_DNS))
		return false;
	return !r->has_icmp_type || p->icmp_type == r->icmp_type;
}

bool policy_rule_counts_for_guests(const struct policy_rule *rule)
{
	return rule->action == POLICY_DROP ||
	       (rule->target == POLICY_TO_PREFIX &&
		       rule->prefix.len == addr_len(&rule->prefix.addr) * 8);
}

static bool rule_matches(
	const struct policy_rule *r, const struct policy_world *w, const struct policy_packet *p)
{
	if (r->expire && r->expire <= w->now)
		return false;
	if (p->to_guest && !policy_rule_counts_for_guests(r))
		return false;
	return has_proto(r, p) && has_service(r, p) && reaches[r->target](r, w, &p->dst);
}

size_t policy_decide(const struct policy *policy, const struct policy_world *world,
	const struct policy_packet *packet)
{
	size_t i = 0;

	while (i < policy->count && !rule_matches(&policy->rules[i], world, packet))
		i++;
	return i;
}

enum policy_verdict policy_verdict_of(const struct policy *policy, size_t index)
{
	return index < policy->count ? policy->rules[index].action : policy->otherwise;
}

enum policy_verdict policy_judge(const struct policy *policy, const struct policy_world *world,
	const struct policy_packet *packet)
{
	size_t i = policy_decide(policy, world, packet);

	return packet->to_guest && i == policy->count ? POLICY_DROP : policy_verdict_of(policy, i);
}
