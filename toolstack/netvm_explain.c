/*
 * netvm explain GUEST DST [tcp/443]: what becomes of a packet that GUEST sends to DST (an address,
 * or a domain of the registry): every network domain on its way, and the rule that decides there
 * (packet_way.h). With --live each of them is looked at as well: whether it runs, and has in force
 * what the registry says.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "common/json.h"
#include "toolstack/netvm.h"
#include "toolstack/packet_way.h"
#include "toolstack/present.h"
#include "toolstack/table.h"

#define WHY_MAX	   (POLICY_LINE_MAX + 128)
#define LIVE_WORDS (NETVM_WORDS_MAX + DOMAIN_NAME_MAX + 64)

/* --- the question --- */

static int packet_parse(const struct netvm *n, const struct registry *r,
	const struct registry_domain *d, struct policy_packet *out, struct err *e)
{
	const char *port = n->count > 2 ? n->args[2] : "icmp";
	const char *slash = strchr(port, '/');
	char proto[16], dst[ADDR_TEXT_MAX];
	char *words[] = { proto, dst, slash ? (char *)slash + 1 : NULL };
	const struct registry_domain *to = NULL;
	struct addr a;
	int ret = 0;

	if (addr_parse(n->args[1], &a) < 0) {
		ret = netvm_domain_find(n, r, n->args[1], &to, e);
		if (ret)
			return err_set(e, -ENOENT,
				"%s: neither an address nor a domain of the registry (dom0 has no "
				"resolver: say the address of a host)",
				n->args[1]);
		a = addr_is_set(&to->ip) ? to->ip : to->ip6;
		if (!addr_is_set(&a))
			return err_set(e, -EADDRNOTAVAIL, "%s has no address", to->name);
	}
	if (addr_equal(&a, &d->ip) || addr_equal(&a, &d->ip6))
		return err_set(e, -EINVAL, "%s: that is %s itself", n->args[1], d->name);
	addr_print(&a, dst);
	snprintf(proto, sizeof(proto), "%.*s", (int)(slash ? slash - port : 15), port);
	return explain_packet_parse(words, slash ? 3 : 2, out, e);
}

/* --- what runs --- */

/* The guest's vif that has its backend in that network domain; NULL: there is none. */
static const struct present_vif *vif_of(
	const struct present_domain *guest, const struct present_domain *netvm)
{
	for (size_t i = 0; i < guest->vifs; i++)
		if (guest->vif[i].frontend.backend_domid == netvm->domid)
			return &guest->vif[i];
	return NULL;
}

static bool is_published(const struct client *c, const struct registry_domain *d)
{
	return c->policy == d->policy && c->cable == d->cable &&
	       strcmp(c->rules ? c->rules : "", d->rules ? d->rules : "") == 0;
}

/* What keeps what the registry says of the hop from being in force; "": nothing does. */
static void hop_look(const struct present *p, const struct packet_hop *h, char words[LIVE_WORDS])
{
	struct present_domain netvm, from;
	const struct present_vif *v;
	struct client c = { .rules = NULL };

	words[0] = '\0';
	present_domain_find(p, h->netvm->name, &netvm);
	present_domain_find(p, h->from->name, &from);
	v = vif_of(&from, &netvm);
	if (!netvm.running || !from.running)
		snprintf(words, LIVE_WORDS, "%s does not run",
			netvm.running ? h->from->name : h->netvm->name);
	else if (!v)
		snprintf(words, LIVE_WORDS, "%s has no vif from %s", h->from->name, h->netvm->name);
	else if (client_read(p->store, netvm.domid, &(struct vif_id){ from.domid, v->devid }, &c,
			 NULL) ||
		 !is_published(&c, h->from))
		snprintf(words, LIVE_WORDS,
			"what the registry says is not published; does netvmd run?");
	else if (!v->report.state[0])
		snprintf(words, LIVE_WORDS, "%s reports nothing about it", h->netvm->name);
	else if (v->report.error[0])
		snprintf(words, LIVE_WORDS, "%s reports: %s", h->netvm->name, v->report.error);
	else if (v->report.generation != c.generation)
		snprintf(words, LIVE_WORDS, "%s has earlier rules in force", h->netvm->name);
	client_dispose(&c);
}

/* The real resolvers that a network domain reports; "" where it does not. */
static void resolvers_look(
	const struct present *p, const struct packet_hop *h, char out[NETVM_WORDS_MAX])
{
	struct present_domain netvm;

	present_domain_find(p, h->netvm->name, &netvm);
	snprintf(out, NETVM_WORDS_MAX, "%s", netvm.reports ? netvm.report.resolvers : "");
}

/* --- the answer --- */

static const char *verdict_word(const struct packet_hop *h)
{
	return h->said.verdict == POLICY_ACCEPT ? "accepted" : "dropped";
}

static void why_print(const struct packet_hop *h, char why[WHY_MAX])
{
	char line[POLICY_LINE_MAX + 1];

	if (h->said.cause == EXPLAIN_CLOSED) {
		snprintf(why, WHY_MAX, "its cable is off");
	} else if (h->said.rule) {
		policy_rule_print(h->said.rule, line);
		snprintf(why, WHY_MAX, "line %u of its policy: %s", h->said.rule->line, line);
	} else {
		snprintf(why, WHY_MAX, "%s", explain_cause_words(h->said.cause));
	}
}

static const char *source_print(const struct packet_hop *h, char buf[ADDR_TEXT_MAX])
{
	return addr_is_set(&h->source) ? addr_print(&h->source, buf) : "";
}

static void doubt_print(const struct packet_hop *h)
{
	char line[POLICY_LINE_MAX + 1];

	policy_rule_print(h->doubt, line);
	printf("%s: unless line %u of the policy of %s matches, which dom0 cannot tell: %s",
		h->netvm->name, h->doubt->line, h->from->name, line);
	if (h->doubts > 1)
		printf(" (and %zu more)", h->doubts - 1);
	putchar('\n');
}

static void end_print(const struct packet_way *w)
{
	const struct packet_hop *last = w->count ? &w->hop[w->count - 1] : NULL;
	struct prefixes routed;

	switch (w->end) {
	case PACKET_NOWHERE:
		puts("It has no network domain: nothing leaves it.");
		break;
	case PACKET_OUTSIDE:
		routed = registry_routed6(last->netvm);
		printf("It leaves by an uplink of %s, with %s address.\n", last->netvm->name,
			prefixes_contain(&routed, &last->source) ? "its own" : "that link's");
		break;
	case PACKET_TUNNEL:
		printf("It leaves by the tunnel of %s, or not at all.\n", last->netvm->name);
		break;
	case PACKET_RESOLVER:
		printf("It goes to a real resolver of %s.\n", last->netvm->name);
		break;
	case PACKET_GUEST:
		printf("It reaches %s.\n", w->to->name);
		break;
	case PACKET_NETVM:
		printf("%s itself answers it.\n", last->netvm->name);
		break;
	default:
		printf("It ends in %s.\n", last->netvm->name);
	}
}

static int answer_print(const struct packet_way *w, const struct present *p, struct err *e)
{
	char why[WHY_MAX], source[ADDR_TEXT_MAX], words[LIVE_WORDS], resolvers[NETVM_WORDS_MAX];
	struct table t;
	int ret;

	table_start(&t, "NETVM", "FROM", "SOURCE", "VERDICT", "WHY", NULL);
	for (size_t i = 0; i < w->count; i++) {
		const struct packet_hop *h = &w->hop[i];

		why_print(h, why);
		table_row(&t, h->netvm->name, h->from->name, source_print(h, source),
			verdict_word(h), why);
	}
	ret = table_print(&t, e);
	if (ret)
		return ret;
	for (size_t i = 0; i < w->count; i++)
		if (w->hop[i].doubts)
			doubt_print(&w->hop[i]);
	end_print(w);
	for (size_t i = 0; p && i < w->count; i++) {
		hop_look(p, &w->hop[i], words);
		printf("%s: %s\n", w->hop[i].netvm->name, words[0] ? words : "that is in force");
	}
	if (!p || w->end != PACKET_RESOLVER)
		return 0;
	resolvers_look(p, &w->hop[w->count - 1], resolvers);
	printf("%s: real resolvers: %s\n", w->hop[w->count - 1].netvm->name,
		resolvers[0] ? resolvers : "none reported");
	return 0;
}

static void hop_json(struct json *j, const struct packet_hop *h, const struct present *p)
{
	char text[POLICY_LINE_MAX + 1], source[ADDR_TEXT_MAX], words[LIVE_WORDS];

	json_object(j, NULL);
	json_text(j, "netvm", h->netvm->name);
	json_text(j, "from", h->from->name);
	json_text(j, "source", addr_is_set(&h->source) ? source_print(h, source) : NULL);
	json_text(j, "verdict", h->said.verdict == POLICY_ACCEPT ? "accept" : "drop");
	json_text(j, "cause", explain_cause_name(h->said.cause));
	if (h->said.rule) {
		policy_rule_print(h->said.rule, text);
		json_number(j, "line", h->said.rule->line);
		json_text(j, "rule", text);
	}
	if (h->doubts) {
		policy_rule_print(h->doubt, text);
		json_number(j, "doubts", (long long)h->doubts);
		json_number(j, "doubt_line", h->doubt->line);
		json_text(j, "doubt", text);
	}
	if (p) {
		hop_look(p, h, words);
		json_bool(j, "in_force", !words[0]);
		json_text(j, "obstacle", words[0] ? words : NULL);
	}
	json_object_end(j);
}

static int answer_json(const struct netvm *n, const struct packet_way *w,
	const struct policy_packet *packet, const struct present *p, struct err *e)
{
	char dst[ADDR_TEXT_MAX], resolvers[NETVM_WORDS_MAX];
	struct json *j = json_open();
	bool certain = true;

	json_object(j, NULL);
	json_text(j, "guest", n->args[0]);
	json_text(j, "address", addr_print(&packet->dst, dst));
	json_number(j, "protocol", packet->proto);
	if (packet->port)
		json_number(j, "port", packet->port);
	json_array(j, "way");
	for (size_t i = 0; i < w->count; i++) {
		hop_json(j, &w->hop[i], p);
		certain &= !w->hop[i].doubts;
	}
	json_array_end(j);
	json_text(j, "end", packet_end_name(w->end));
	json_text(j, "to", w->end == PACKET_GUEST ? w->to->name : NULL);
	json_bool(j, "certain", certain);
	if (p && w->end == PACKET_RESOLVER) {
		resolvers_look(p, &w->hop[w->count - 1], resolvers);
		json_text(j, "resolvers", resolvers);
	}
	json_object_end(j);
	return netvm_json_end(j, e);
}

/* Without either of these there is nothing to compare with. */
static int live_open(struct present *now, struct err *e)
{
	present_open(now);
	if (now->no_xen.code)
		*e = now->no_xen;
	else if (now->no_store.code)
		*e = now->no_store;
	return now->no_xen.code ? now->no_xen.code : now->no_store.code;
}

int netvm_explain(struct netvm *n, struct err *e)
{
	const struct registry_domain *d;
	struct registry r = { .count = 0 };
	struct packet_way w = { .count = 0 };
	struct present now = { .count = 0 };
	const struct present *live = n->o.live ? &now : NULL;
	struct policy_packet packet;
	size_t changed;
	int ret = netvm_registry_read(n, &r, e);

	if (!ret)
		ret = registry_allocate(&r, true, &changed, e);
	if (!ret)
		ret = registry_rules_resolve(&r, e);
	if (!ret)
		ret = netvm_domain_find(n, &r, n->args[0], &d, e);
	if (!ret)
		ret = packet_parse(n, &r, d, &packet, e);
	if (!ret)
		ret = packet_way_find(&r, d, &packet, time(NULL), &w, e);
	if (!ret && live)
		ret = live_open(&now, e);
	if (!ret && n->o.json)
		ret = answer_json(n, &w, &packet, live, e);
	else if (!ret)
		ret = answer_print(&w, live, e);
	present_close(&now);
	packet_way_dispose(&w);
	registry_dispose(&r);
	return ret;
}
