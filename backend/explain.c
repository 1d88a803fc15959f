/*
 * The steps are the rules of the packet filters' chains, in their order: the guard, input, forward;
 * of a packet from outside the translation, without which it does not get to the guest.
 */
#include "backend/explain.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define PORT_DNS   53
#define ICMP_ECHO  8   /* RFC 792 */
#define ICMP6_ECHO 128 /* RFC 4443 */

static const struct {
	const char *name, *words;
} causes[EXPLAIN_CAUSES] = {
	[EXPLAIN_RULE] = { "rule", "line" },
	[EXPLAIN_OTHERWISE] = { "otherwise", "no rule of its policy matches, and that says so" },
	[EXPLAIN_UNMANAGED] = { "unmanaged", "dom0 does not manage this domain: no policies here" },
	[EXPLAIN_NO_POLICY] = { "no-policy", "dom0 has not said what this guest may do" },
	[EXPLAIN_NO_ADDRESS] = { "no-address", "the guest has no address of that family" },
	[EXPLAIN_GATEWAY] = { "gateway", "guests may ping their gateway" },
	[EXPLAIN_OWN] = { "own", "it is an address of the network domain itself" },
	[EXPLAIN_GUEST] = { "guest", "it is another guest, and no rule names that one" },
	[EXPLAIN_RESOLVER] = { "resolver", "a virtual resolver takes nothing but DNS" },
	[EXPLAIN_NO_RESOLVER] = { "no-resolver", "there is no real resolver at this moment" },
	[EXPLAIN_NOBODY] = { "nobody", "no guest has that address of a routed subnet" },
	[EXPLAIN_UPLINK] = { "uplink", "the link that it would leave by is no uplink" },
	[EXPLAIN_EXPOSED] = { "exposed", "the guest exposes that port" },
	[EXPLAIN_NOT_EXPOSED] = { "not-exposed", "the guest exposes no such port" },
	[EXPLAIN_SOURCE] = { "source", "the guest exposes that port, but not to that address" },
	[EXPLAIN_CLOSED] = { "closed", "its link is closed" },
};

const char *explain_cause_name(enum explain_cause cause)
{
	return causes[cause].name;
}

const char *explain_cause_words(enum explain_cause cause)
{
	return causes[cause].words;
}

static struct explanation dropped(enum explain_cause cause)
{
	return (struct explanation){ .verdict = POLICY_DROP, .cause = cause };
}

static struct explanation accepted(enum explain_cause cause)
{
	return (struct explanation){ .verdict = POLICY_ACCEPT, .cause = cause };
}

/* What the guest's policy says. */
static struct explanation ask_policy(const struct ruleset *r, const struct explain_question *q)
{
	const struct policy_world world = ruleset_world(r);
	const struct policy *policy = &q->guest->policy;
	struct policy_packet packet = q->packet;
	struct explanation out = { .cause = EXPLAIN_OTHERWISE };
	size_t i;

	packet.to_guest = q->way == EXPLAIN_TO_GUEST;
	i = policy_decide(policy, &world, &packet);
	out.verdict = policy_verdict_of(policy, i);
	if (i < policy->count) {
		out.cause = EXPLAIN_RULE;
		out.rule = &policy->rules[i];
	} else if (packet.to_guest) {
		out = dropped(EXPLAIN_GUEST);
	}
	return out;
}

static bool is_dns(const struct policy_packet *p)
{
	return (p->proto == IPPROTO_TCP || p->proto == IPPROTO_UDP) && p->port == PORT_DNS;
}

static bool is_echo(const struct policy_packet *p)
{
	return p->dst.family == AF_INET6 ? p->proto == IPPROTO_ICMPV6 && p->icmp_type == ICMP6_ECHO
					 : p->proto == IPPROTO_ICMP && p->icmp_type == ICMP_ECHO;
}

/* One from outside, which policy says nothing about. */
static struct explanation ask_exposures(const struct ruleset *r, const struct explain_question *q)
{
	struct explanation out = dropped(EXPLAIN_NOT_EXPOSED);

	if (!q->guest)
		return dropped(r->managed ? EXPLAIN_NO_POLICY : EXPLAIN_NOT_EXPOSED);
	for (size_t i = 0; i < q->guest->exposures.count; i++) {
		const struct exposure *x = &q->guest->exposures.item[i];

		if (x->proto != q->packet.proto || x->port != q->packet.port)
			continue;
		if (exposure_is_open_to(x, &q->packet.dst)) {
			out = accepted(EXPLAIN_EXPOSED);
			out.exposure = x;
			break;
		}
		out.cause = EXPLAIN_SOURCE;
	}
	return out;
}

/* Whether the guest sends it to what is its gateway, by whichever address it sees that. */
static bool is_gateway(const struct explain_question *q, const struct ruleset_family *f)
{
	const struct addr *dst = &q->packet.dst;

	return addr_equal(dst, &f->gateway) ||
	       (q->guest && addr_equal(dst, &q->guest->visible_gateway));
}

struct explanation explain(const struct ruleset *r, const struct explain_question *q)
{
	const struct policy_packet *p = &q->packet;
	const struct ruleset_family *f = p->dst.family == AF_INET6 ? &r->ip6 : &r->ip4;

	if (!q->has_address)
		return dropped(EXPLAIN_NO_ADDRESS);
	if (q->from_outside)
		return ask_exposures(r, q);
	if (is_gateway(q, f) && is_echo(p))
		return accepted(EXPLAIN_GATEWAY);
	if (is_gateway(q, f) || q->way == EXPLAIN_TO_SELF)
		return dropped(EXPLAIN_OWN);
	if (q->way == EXPLAIN_TO_OUTSIDE && prefixes_contain(&r->routed6, &p->dst))
		return dropped(EXPLAIN_NOBODY);
	if (q->way == EXPLAIN_TO_GUEST && !r->managed)
		return dropped(EXPLAIN_GUEST);
	for (unsigned int i = 0; i < 2; i++) {
		if (!addr_equal(&p->dst, &f->dns[i]))
			continue;
		if (!is_dns(p))
			return dropped(EXPLAIN_RESOLVER);
		if (!ruleset_target(f, i))
			return dropped(EXPLAIN_NO_RESOLVER);
	}
	if (q->way == EXPLAIN_TO_NO_UPLINK)
		return dropped(EXPLAIN_UPLINK);
	if (!r->managed)
		return accepted(EXPLAIN_UNMANAGED);
	return q->guest ? ask_policy(r, q) : dropped(EXPLAIN_NO_POLICY);
}

/* --- a packet in words --- */

static int number_parse(
	const char *text, unsigned int max, const char *what, unsigned int *out, struct err *e)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (text[0] < '0' || text[0] > '9' || *end || n > max)
		return err_set(e, -EINVAL, "\"%.40s\" is not %s (0 to %u)", text, what, max);
	*out = (unsigned int)n;
	return 0;
}

int explain_packet_parse(char *const words[], int count, struct policy_packet *out, struct err *e)
{
	bool icmp, ports;
	unsigned int number = 0;
	int ret = 0;

	*out = (struct policy_packet){ .proto = 0 };
	if (count < 2 || count > 3)
		return err_set(e, -EINVAL,
			"a packet is \"tcp ADDRESS PORT\", \"udp ADDRESS PORT\", \"icmp ADDRESS "
			"[TYPE]\" or \"NUMBER ADDRESS\"");
	if (addr_parse(words[1], &out->dst) < 0)
		return err_set(e, -EINVAL, "\"%.60s\" is not an address", words[1]);
	icmp = strcmp(words[0], "icmp") == 0;
	if (icmp)
		number = out->dst.family == AF_INET6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	else if (strcmp(words[0], "tcp") == 0)
		number = IPPROTO_TCP;
	else if (strcmp(words[0], "udp") == 0)
		number = IPPROTO_UDP;
	else
		ret = number_parse(
			words[0], 255, "tcp, udp, icmp or the number of a protocol", &number, e);
	if (ret)
		return ret;
	out->proto = (uint8_t)number;
	icmp = out->proto == (out->dst.family == AF_INET6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
	ports = out->proto == IPPROTO_TCP || out->proto == IPPROTO_UDP;
	if (ports != (count == 3) && !icmp)
		return err_set(e, -EINVAL,
			ports ? "%s has a port: say it behind the address" : "%s has no ports",
			words[0]);
	number = out->dst.family == AF_INET6 ? ICMP6_ECHO : ICMP_ECHO;
	if (count == 3)
		ret = number_parse(
			words[2], icmp ? 255 : 65535, icmp ? "an ICMP type" : "a port", &number, e);
	out->port = ports ? (uint16_t)number : 0;
	out->icmp_type = icmp ? (uint8_t)number : 0;
	return ret;
}

int explain_outside_parse(char *const words[], int count, struct policy_packet *out, struct err *e)
{
	char *rest[] = { NULL, NULL, NULL };

	if (count == 4) {
		rest[0] = words[2];
		rest[1] = words[1];
		rest[2] = words[3];
	}
	if (count != 4 || (strcmp(words[2], "tcp") != 0 && strcmp(words[2], "udp") != 0))
		return err_set(e, -EINVAL,
			"a packet from outside is \"from ADDRESS tcp PORT\" or \"from ADDRESS udp "
			"PORT\"");
	return explain_packet_parse(rest, 3, out, e);
}
