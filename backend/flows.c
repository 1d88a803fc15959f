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

static bool is_straight(const struct flow *f)
{
	return addr_equal(&f->answers, &f->dst);
}

bool flow_is_closed(const struct ruleset *r, const struct ruleset_guest *answers,
	const struct ruleset_guest *from, const struct flow *f)
{
	if (!answers || from || (is_straight(f) && f->dst.family != AF_INET6))
		return false;
	if (is_straight(f))
		return !prefixes_contain(&r->routed6, &f->dst) ||
		       !exposures_open(&answers->exposures, f->proto, f->port, &f->src);
	return !exposures_lead(&answers->exposures, f->proto, f->port, f->answers_port, &f->src);
}

bool flow_is_mistranslated(const struct ruleset *r, const struct flow *f)
{
	bool translated = !addr_equal(&f->seen_as, &f->src);

	return f->src.family == AF_INET6 && translated == prefixes_contain(&r->routed6, &f->src);
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

/* Who opened a flow and who answers it, where only the kernel's routes can say who they are. */
struct suspect {
	struct addr src, answers;
};

struct settling {
	const struct ruleset *ruleset;
	struct owner *owners; /* sorted by address */
	size_t count;
	bool patient, waiting;
	struct suspect *suspects;
	size_t suspect_count, suspect_space;
	bool out_of_memory;
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

/* --- those that routes decide about --- */

/* A guest's own address that was reached from outside, or a guest's flow outwards whose source is
 * not what it would be; unless it is this domain that speaks. */
static bool is_suspect(const struct settling *s, const struct flow *f)
{
	const struct ruleset_guest *from = guest_of(s, &f->src), *to = guest_of(s, &f->answers);

	if (is_straight(f) && flow_is_closed(s->ruleset, to, from, f))
		return true;
	return flow_is_mistranslated(s->ruleset, f) && !addr_is_linklocal(&f->answers) && !to &&
	       (from || !s->ruleset->managed);
}

/* During a dump nothing can be asked of the kernel. */
static void suspect_note(struct settling *s, const struct flow *f)
{
	if (s->suspect_count == s->suspect_space) {
		size_t space = s->suspect_space ? s->suspect_space * 2 : 64;
		void *more = reallocarray(s->suspects, space, sizeof(*s->suspects));

		s->out_of_memory |= !more;
		if (!more)
			return;
		s->suspects = more;
		s->suspect_space = space;
	}
	s->suspects[s->suspect_count++] = (struct suspect){ f->src, f->answers };
}

enum whose { OTHERS, OURS, GUESTS };

static enum whose whose(struct netlink *nl, const struct addr *a)
{
	struct route r;
	int ret = route_find(nl, a, &r, NULL);

	if (ret == -EADDRINUSE)
		return OURS;
	return !ret && r.protocol == ROUTE_PROTOCOL && r.dst.len == addr_len(a) * 8 ? GUESTS
										    : OTHERS;
}

static bool must_end(struct netlink *nl, const struct suspect *x)
{
	enum whose from = whose(nl, &x->src);

	return whose(nl, &x->answers) == (from == GUESTS ? OTHERS : GUESTS) && from != OURS;
}

static int suspect_cmp(const void *a, const void *b)
{
	const struct suspect *x = a, *y = b;
	int order = addr_cmp(&x->src, &y->src);

	return order ? order : addr_cmp(&x->answers, &y->answers);
}

/* Leaves those that must end, each once. */
static void suspects_judge(struct settling *s, struct netlink *nl)
{
	size_t kept = 0;

	if (s->suspect_count)
		qsort(s->suspects, s->suspect_count, sizeof(*s->suspects), suspect_cmp);
	for (size_t i = 0; i < s->suspect_count; i++)
		if ((!i || suspect_cmp(&s->suspects[i], &s->suspects[i - 1]) != 0) &&
			must_end(nl, &s->suspects[i]))
			s->suspects[kept++] = s->suspects[i];
	s->suspect_count = kept;
}

static bool is_convicted(const struct flow *f, void *arg)
{
	const struct settling *s = arg;
	const struct suspect key = { f->src, f->answers };

	return is_suspect(s, f) &&
	       bsearch(&key, s->suspects, s->suspect_count, sizeof(key), suspect_cmp);
}

/* --- */

/* Not before there is a connection to ask about. */
static bool owners_make(struct settling *s)
{
	const struct ruleset *r = s->ruleset;

	s->owners = calloc(2 * r->guest_count + 1, sizeof(*s->owners));
	if (!s->owners)
		return false;
	for (size_t i = 0; i < r->guest_count; i++) {
		const struct ruleset_guest *g = &r->guests[i];

		if (addr_is_set(&g->ip))
			s->owners[s->count++] = (struct owner){ g->ip, g };
		if (addr_is_set(&g->ip6))
			s->owners[s->count++] = (struct owner){ g->ip6, g };
	}
	qsort(s->owners, s->count, sizeof(*s->owners), owner_cmp);
	return true;
}

static bool ends(const struct flow *f, void *arg)
{
	struct settling *s = arg;
	const struct ruleset_guest *guest;
	bool to_guest;

	if (!s->owners && !owners_make(s)) {
		s->out_of_memory = true;
		return false;
	}
	guest = guest_of(s, &f->src);
	to_guest = guest_of(s, &f->dst);
	if (!is_straight(f) && flow_is_closed(s->ruleset, guest_of(s, &f->answers), guest, f))
		return true;
	if (is_suspect(s, f))
		suspect_note(s, f);
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

	*waiting = false;
	ret = conntrack_end(nl, ends, &s, e);
	if (!ret && s.out_of_memory)
		ret = err_sys(e, -ENOMEM, "connections of guests");
	if (!ret)
		suspects_judge(&s, nl);
	if (!ret && s.suspect_count)
		ret = conntrack_end(nl, is_convicted, &s, e);
	free(s.suspects);
	free(s.owners);
	*waiting = s.waiting;
	return ret;
}
