#include "backend/flows.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

#define DNS_PORT 53

/* Whether it is DNS to a virtual resolver which somebody answers that is not its real one. */
static bool dns_is_elsewhere(const struct ruleset_family *f, const struct flow *flow)
{
	for (unsigned int i = 0; i < 2; i++) {
		const struct addr *target = ruleset_target(f, i);

		if (addr_is_set(&f->dns[i]) && addr_equal(&f->dns[i], &flow->dst))
			return !target || !addr_equal(target, &flow->answers);
	}
	return false;
}

static bool is_turned_away(const struct ruleset *r, const struct ruleset_guest *guest,
	bool to_guest, const struct flow *f)
{
	struct policy_packet packet = { .dst = f->dst,
		.proto = f->proto,
		.port = f->port,
		.icmp_type = f->icmp_type,
		.to_guest = to_guest };
	struct policy_world world = ruleset_world(r);

	/* Ping of the gateway is no matter of policy. */
	if (!guest || addr_equal(&f->dst, &r->ip4.gateway) || addr_equal(&f->dst, &r->ip6.gateway))
		return false;
	return policy_judge(&guest->policy, &world, &packet) == POLICY_DROP;
}

bool flow_is_closed(
	const struct ruleset_guest *answers, const struct ruleset_guest *from, const struct flow *f)
{
	return answers && !from && !addr_equal(&f->answers, &f->dst) &&
	       !exposures_lead(&answers->exposures, f->proto, f->port, f->answers_port, &f->src);
}

static const struct ruleset_family *family_of(const struct ruleset *r, const struct flow *f)
{
	return f->dst.family == AF_INET6 ? &r->ip6 : &r->ip4;
}

bool flow_must_end(const struct ruleset *r, const struct ruleset_guest *guest, bool to_guest,
	const struct flow *f)
{
	return dns_is_elsewhere(family_of(r, f), f) || is_turned_away(r, guest, to_guest, f);
}

/* Of UDP as many answers as questions are expected. Of TCP nothing can be told from numbers of
 * packets. */
bool flow_may_wait(const struct ruleset *r, const struct ruleset_guest *guest, bool to_guest,
	const struct flow *f)
{
	bool answered = f->proto == IPPROTO_UDP && f->counted && f->packets <= f->replies;

	return !answered && f->port == DNS_PORT && dns_is_elsewhere(family_of(r, f), f) &&
	       !is_turned_away(r, guest, to_guest, f);
}

/* --- all of them --- */

struct owner {
	struct addr addr;
	const struct ruleset_guest *guest;
};

struct settling {
	const struct ruleset *ruleset;
	struct owner *owners; /* sorted by address */
	size_t count;
	bool patient, waiting;
};

static int owner_cmp(const void *a, const void *b)
{
	return addr_cmp(&((const struct owner *)a)->addr, &((const struct owner *)b)->addr);
}

static const struct ruleset_guest *guest_of(const struct settling *s, const struct addr *a)
{
	const struct owner key = { .addr = *a };
	const struct owner *o = bsearch(&key, s->owners, s->count, sizeof(key), owner_cmp);

	return o ? o->guest : NULL;
}

static bool ends(const struct flow *f, void *arg)
{
	struct settling *s = arg;
	const struct ruleset_guest *guest = guest_of(s, &f->src);
	bool to_guest = guest_of(s, &f->dst);

	if (flow_is_closed(guest_of(s, &f->answers), guest, f))
		return true;
	if (!flow_must_end(s->ruleset, guest, to_guest, f))
		return false;
	if (!s->patient || !flow_may_wait(s->ruleset, guest, to_guest, f))
		return true;
	s->waiting = true;
	return false;
}

int flows_settle(struct netlink *nl, const struct ruleset *r, struct err *e)
{
	bool waiting;

	return flows_settle_rest(nl, r, true, &waiting, e);
}

int flows_settle_rest(
	struct netlink *nl, const struct ruleset *r, bool patient, bool *waiting, struct err *e)
{
	struct settling s = { .ruleset = r, .patient = patient };
	int ret;

	s.owners = calloc(2 * r->guest_count + 1, sizeof(*s.owners));
	*waiting = false;
	if (!s.owners)
		return err_sys(e, -ENOMEM, "connections of guests");
	for (size_t i = 0; i < r->guest_count; i++) {
		const struct ruleset_guest *g = &r->guests[i];

		if (addr_is_set(&g->ip))
			s.owners[s.count++] = (struct owner){ g->ip, g };
		if (addr_is_set(&g->ip6))
			s.owners[s.count++] = (struct owner){ g->ip6, g };
	}
	qsort(s.owners, s.count, sizeof(*s.owners), owner_cmp);
	ret = conntrack_end(nl, ends, &s, e);
	free(s.owners);
	*waiting = s.waiting;
	return ret;
}
