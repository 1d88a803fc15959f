/*
 * Each resolver that was found is judged (judge), which sorts it into the ruleset, to those that
 * only this domain can ask, or among the refused; then it is seen what is left for the forwarder
 * (forward_plan).
 */
#include "backend/resolvers_plan.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

struct plan {
	const struct resolvers_facts *facts;
	struct ruleset *ruleset;
	struct forward near; /* what the forwarder could ask, if nobody else can be asked */
	/* By what links the resolvers of a family are asked, as they stand in the ruleset. */
	char link4[RULESET_RESOLVERS_MAX][LINK_NAME_MAX],
		link6[RULESET_RESOLVERS_MAX][LINK_NAME_MAX];
	struct resolvers_refused *refused;
};

static bool among(const struct addr *list, size_t count, const struct addr *a)
{
	for (size_t i = 0; i < count; i++)
		if (addr_equal(&list[i], a))
			return true;
	return false;
}

static bool is_virtual(const struct ruleset *r, const struct addr *a)
{
	return among(r->ip4.dns, 2, a) || among(r->ip6.dns, 2, a);
}

/* Why packets to it would come back here; NULL: they do not. */
static const char *loop_reason(
	const struct plan *p, const struct addr *a, enum resolver_where where)
{
	const struct resolvers_facts *f = p->facts;
	bool above = f->above_all || among(f->above, f->above_count, a);

	if (is_virtual(p->ruleset, a) && (!above || where == RESOLVER_HERE))
		return " is a virtual resolver";
	if (addr_equal(a, &p->ruleset->ip4.gateway) || addr_equal(a, &p->ruleset->ip6.gateway))
		return " is this domain as guests' gateway";
	if (among(f->forwarder, RESOLVERS_FORWARDER_MAX, a))
		return " is this domain's forwarder";
	return where == RESOLVER_BEHIND_GUEST ? " is a guest" : NULL;
}

/* `reason`: "" where the list itself says it. */
static void refuse(char list[RESOLVERS_LOOPS_MAX], const struct addr *a, const char *reason)
{
	char text[ADDR_TEXT_MAX], words[ADDR_TEXT_MAX + 64];
	size_t used = strlen(list);

	snprintf(words, sizeof(words), "%s%s%s", used ? ", " : "", addr_print(a, text), reason);
	if (used + strlen(words) < RESOLVERS_LOOPS_MAX)
		strcpy(list + used, words);
}

static void ask_add(struct forward *f, const struct addr *a, const char *link)
{
	struct resolver_near *n;

	if (f->ask_count == RULESET_RESOLVERS_MAX)
		return;
	n = &f->ask[f->ask_count++];
	n->addr = *a;
	snprintf(n->link, sizeof(n->link), "%s", link);
}

/* One that only this domain can ask: where uplinks are named it is to be on one of them. */
static void judge_near(struct plan *p, const struct addr *a, const char *link)
{
	if (p->facts->named && !uplink_names_have(&p->ruleset->uplinks, link))
		refuse(p->refused->aside, a, "");
	else
		ask_add(&p->near, a, link);
}

static void judge(struct plan *p, const struct addr *a, enum resolver_where where, const char *link)
{
	bool ip6 = a->family == AF_INET6;
	struct ruleset_family *family = ip6 ? &p->ruleset->ip6 : &p->ruleset->ip4;
	const char *reason = loop_reason(p, a, where);

	if (reason) {
		refuse(p->refused->loops, a, reason);
	} else if (where == RESOLVER_HERE) {
		judge_near(p, a, "");
	} else if (where == RESOLVER_ASIDE) {
		refuse(p->refused->aside, a, "");
	} else {
		snprintf((ip6 ? p->link6 : p->link4)[family->resolver_count], LINK_NAME_MAX, "%s",
			link);
		family->resolvers[family->resolver_count++] = *a;
	}
}

/* The family has virtual resolvers, no real one, and the forwarder may listen in it. */
static bool is_to_be_forwarded(const struct plan *p, const struct ruleset_family *f, int family)
{
	const struct addr *at = p->facts->forwarder;
	bool may = false;

	for (int i = 0; i < RESOLVERS_FORWARDER_MAX; i++)
		may |= at[i].family == family;
	return may && !f->resolver_count && (addr_is_set(&f->dns[0]) || addr_is_set(&f->dns[1]));
}

static void forward_plan(const struct plan *p, struct forward *out)
{
	const struct ruleset_family *ip4 = &p->ruleset->ip4, *ip6 = &p->ruleset->ip6;
	const struct ruleset_family *has = ip4->resolver_count ? ip4 : ip6;

	*out = p->near;
	if (has->resolver_count)
		out->ask_count = 0;
	for (size_t i = 0; i < has->resolver_count; i++)
		ask_add(out, &has->resolvers[i], (has == ip4 ? p->link4 : p->link6)[i]);
	out->ip4 = out->ask_count && is_to_be_forwarded(p, ip4, AF_INET);
	out->ip6 = out->ask_count && is_to_be_forwarded(p, ip6, AF_INET6);
	if (!out->ip4 && !out->ip6)
		out->ask_count = 0;
}

void resolvers_plan(const struct resolvers *in, const struct resolvers_facts *facts,
	struct ruleset *out, struct forward *forward, struct resolvers_refused *refused)
{
	struct plan p = { .facts = facts, .ruleset = out, .refused = refused };

	*refused = (struct resolvers_refused){ .loops = "" };
	out->ip4.resolver_count = out->ip6.resolver_count = 0;
	for (size_t i = 0; i < in->near_count; i++)
		judge_near(&p, &in->near[i].addr, in->near[i].link);
	for (size_t i = 0; i < in->count4; i++)
		judge(&p, &in->ip4[i], facts->where4[i], facts->link4[i]);
	for (size_t i = 0; i < in->count6; i++)
		judge(&p, &in->ip6[i], facts->where6[i], facts->link6[i]);
	forward_plan(&p, forward);
}
