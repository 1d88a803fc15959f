#include "toolstack/packet_way.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

const char *packet_end_name(enum packet_end end)
{
	static const char *const names[PACKET_ENDS] = {
		[PACKET_NOWHERE] = "nowhere",
		[PACKET_DROPPED] = "dropped",
		[PACKET_OUTSIDE] = "outside",
		[PACKET_TUNNEL] = "tunnel",
		[PACKET_GUEST] = "guest",
		[PACKET_NETVM] = "network domain",
		[PACKET_RESOLVER] = "resolver",
	};

	return names[end];
}

void packet_way_dispose(struct packet_way *w)
{
	for (size_t i = 0; i < w->count; i++)
		policy_dispose(&w->hop[i].policy);
	w->count = 0;
}

/* --- what the network domain knows --- */

static void family_fill(
	struct ruleset_family *f, const struct addr *gateway, const struct addr dns[2])
{
	f->gateway = *gateway;
	memcpy(f->dns, dns, sizeof(f->dns));
	/* Which real resolvers it has dom0 does not know, nor whether: the question is about rules.
	 */
	f->resolvers[0] = dns[0];
	f->resolver_count = addr_is_set(&dns[0]) ? 1 : 0;
}

/* The network domain of `from`, as far as the registry tells. */
static struct ruleset ruleset_of(
	const struct registry *r, const struct registry_domain *from, int64_t now)
{
	struct ruleset s = {
		.managed = true, .now = now, .routed6 = registry_routed6(from->netvm)
	};
	struct guest_link link;

	registry_guest_link(r, from, &link);
	family_fill(&s.ip4, &from->netvm->ip, link.dns);
	family_fill(&s.ip6, &link.gateway6, link.dns6);
	return s;
}

static bool has_address(const struct registry_domain *d, const struct addr *a)
{
	return !d->fault && (addr_equal(&d->ip, a) || addr_equal(&d->ip6, a));
}

/* The guest of that network domain that has the address; NULL: none. */
static const struct registry_domain *guest_at(
	const struct registry *r, const struct registry_domain *netvm, const struct addr *a)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->domain[i].netvm == netvm && has_address(&r->domain[i], a))
			return &r->domain[i];
	return NULL;
}

/* --- what it says --- */

static bool is_doubtful(const struct policy_rule *rule)
{
	return rule->target == POLICY_TO_NAME || rule->target == POLICY_TO_LAN;
}

/* Whether the rule would decide about the packet if its destination were among those that it
 * stands for. */
static bool could_decide(
	const struct policy_rule *rule, const struct ruleset *s, const struct policy_packet *packet)
{
	struct policy_rule anywhere = *rule;
	const struct policy one = { .rules = &anywhere, .count = 1 };
	const struct policy_world world = ruleset_world(s);
	struct policy_packet beyond = *packet;

	beyond.to_guest = false;
	anywhere.target = POLICY_TO_ANY;
	return (!packet->to_guest || policy_rule_counts_for_guests(rule)) &&
	       policy_decide(&one, &world, &beyond) == 0;
}

/* Rules in front of the one that decides (in front of all, where none does). */
static void doubts_find(
	struct packet_hop *h, const struct ruleset *s, const struct policy_packet *packet)
{
	for (size_t i = 0; i < h->policy.count; i++) {
		const struct policy_rule *rule = &h->policy.rules[i];

		if (rule == h->said.rule)
			break;
		if (!is_doubtful(rule) || rule->action == h->said.verdict ||
			!could_decide(rule, s, packet))
			continue;
		if (!h->doubts++)
			h->doubt = rule;
	}
}

/* The rule with that line. */
static const struct policy_rule *rule_at(const struct policy *p, uint32_t line)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->rules[i].line == line)
			return &p->rules[i];
	return NULL;
}

/* Asks the model, which gets the rules that dom0 can judge; `doubts` are the others. */
static int hop_ask(
	struct packet_hop *h, struct ruleset *s, struct explain_question *q, struct err *e)
{
	struct ruleset_guest guest = {
		.ip = h->from->ip, .ip6 = h->from->ip6, .visible_gateway = h->from->visible_gateway
	};
	struct policy_rule *known = calloc(h->policy.count + 1, sizeof(*known));

	if (!known)
		return err_sys(e, -ENOMEM, "%s", h->from->name);
	guest.policy = (struct policy){ .rules = known, .otherwise = h->policy.otherwise };
	for (size_t i = 0; i < h->policy.count; i++)
		if (!is_doubtful(&h->policy.rules[i]))
			known[guest.policy.count++] = h->policy.rules[i];
	q->guest = &guest;
	h->said = explain(s, q);
	if (h->said.rule)
		h->said.rule = rule_at(&h->policy, h->said.rule->line);
	q->packet.to_guest = q->way == EXPLAIN_TO_GUEST;
	if (h->said.cause == EXPLAIN_RULE || h->said.cause == EXPLAIN_OTHERWISE ||
		h->said.cause == EXPLAIN_GUEST)
		doubts_find(h, s, &q->packet);
	free(known);
	return 0;
}

/* `to`: the guest that the packet would reach there. */
static int hop_find(const struct registry *r, struct packet_hop *h,
	const struct policy_packet *packet, const struct registry_domain *to, int64_t now,
	struct err *e)
{
	struct explain_question q = { .packet = *packet, .has_address = addr_is_set(&h->source) };
	struct ruleset s = ruleset_of(r, h->from, now);
	int ret = policy_parse(h->from->rules, h->from->policy, &h->policy, e);

	if (ret)
		return ret;
	if (to)
		q.way = EXPLAIN_TO_GUEST;
	else if (has_address(h->netvm, &packet->dst))
		q.way = EXPLAIN_TO_SELF;
	ret = hop_ask(h, &s, &q, e);
	if (!ret && !h->from->cable)
		h->said = (struct explanation){ .verdict = POLICY_DROP, .cause = EXPLAIN_CLOSED };
	return ret;
}

/* --- the way --- */

static bool is_resolver(const struct registry *r, const struct addr *a)
{
	const struct registry_globals *g = &r->globals;

	for (size_t i = 0; i < 2; i++)
		if (addr_equal(a, &g->dns[i]) || addr_equal(a, &g->dns6[i]))
			return true;
	return false;
}

/* Where an accepted packet ends in that network domain; PACKET_ENDS: it goes on to the next. */
static enum packet_end end_at(const struct registry *r, const struct packet_hop *h,
	const struct policy_packet *packet, const struct registry_domain *to)
{
	if (h->said.verdict != POLICY_ACCEPT)
		return PACKET_DROPPED;
	if (h->said.cause == EXPLAIN_GATEWAY)
		return PACKET_NETVM;
	if (to)
		return PACKET_GUEST;
	if (h->netvm->role == PROVIDER_VPN)
		return PACKET_TUNNEL;
	if (h->netvm->netvm)
		return PACKET_ENDS;
	return is_resolver(r, &packet->dst) ? PACKET_RESOLVER : PACKET_OUTSIDE;
}

int packet_way_find(const struct registry *r, const struct registry_domain *d,
	const struct policy_packet *packet, int64_t now, struct packet_way *out, struct err *e)
{
	*out = (struct packet_way){ .end = d->netvm ? PACKET_ENDS : PACKET_NOWHERE };
	while (out->end == PACKET_ENDS) {
		struct packet_hop *h = &out->hop[out->count];
		int ret;

		if (out->count == PACKET_WAY_MAX)
			return err_set(e, -E2BIG, "%s: more than %d network domains in a row",
				d->name, PACKET_WAY_MAX);
		out->count++;
		h->from = d;
		h->netvm = d->netvm;
		h->source = packet->dst.family == AF_INET6 ? d->ip6 : d->ip;
		out->to = guest_at(r, d->netvm, &packet->dst);
		ret = hop_find(r, h, packet, out->to, now, e);
		if (ret)
			return ret;
		out->end = end_at(r, h, packet, out->to);
		d = d->netvm;
	}
	return 0;
}
