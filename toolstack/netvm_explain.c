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
#include "toolstack/table.h"
#include "toolstack/xen.h"
#include "xenstore-schema/store.h"

#define WHY_MAX	   (POLICY_LINE_MAX + 128)
#define LIVE_VIFS  8
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

struct live {
	struct xen_domain *domains;
	size_t count;
	struct store *store;
};

static const struct xen_domain *running(const struct live *l, const char *name)
{
	for (size_t i = 0; i < l->count; i++)
		if (strcmp(l->domains[i].name, name) == 0 && !l->domains[i].dying &&
			!l->domains[i].shutdown)
			return &l->domains[i];
	return NULL;
}

static int live_open(struct live *l, struct err *e)
{
	int ret = xen_domains_list(&l->domains, &l->count, e);

	return ret ? ret : store_open(&l->store, e);
}

static void live_close(struct live *l)
{
	store_close(l->store);
	free(l->domains);
}

/* The guest's vif that has its backend in that network domain. */
static bool vif_find(const struct live *l, uint32_t guest, uint32_t netvm, struct vif_id *out)
{
	uint32_t devids[LIVE_VIFS];
	struct vif_frontend f;
	size_t count;

	if (vif_frontend_list(l->store, guest, devids, LIVE_VIFS, &count, NULL))
		return false;
	for (size_t i = 0; i < count; i++) {
		*out = (struct vif_id){ guest, devids[i] };
		if (!vif_frontend_read(l->store, guest, devids[i], &f, NULL) &&
			f.backend_domid == netvm)
			return true;
	}
	return false;
}

static bool is_published(const struct client *c, const struct registry_domain *d)
{
	return c->policy == d->policy && c->cable == d->cable &&
	       strcmp(c->rules ? c->rules : "", d->rules ? d->rules : "") == 0;
}

/* What keeps what the registry says of the hop from being in force; "": nothing does. */
static void hop_look(const struct live *l, const struct packet_hop *h, char words[LIVE_WORDS])
{
	const struct xen_domain *netvm = running(l, h->netvm->name);
	const struct xen_domain *from = running(l, h->from->name);
	struct client_report report;
	struct client c = { .rules = NULL };
	struct vif_id vif;

	words[0] = '\0';
	if (!netvm || !from)
		snprintf(words, LIVE_WORDS, "%s does not run",
			netvm ? h->from->name : h->netvm->name);
	else if (!vif_find(l, from->domid, netvm->domid, &vif))
		snprintf(words, LIVE_WORDS, "%s has no vif from %s", h->from->name, h->netvm->name);
	else if (client_read(l->store, netvm->domid, &vif, &c, NULL) || !is_published(&c, h->from))
		snprintf(words, LIVE_WORDS,
			"what the registry says is not published; does netvmd run?");
	else if (client_report_read(l->store, netvm->domid, &vif, &report, NULL))
		snprintf(words, LIVE_WORDS, "%s reports nothing about it", h->netvm->name);
	else if (report.error[0])
		snprintf(words, LIVE_WORDS, "%s reports: %s", h->netvm->name, report.error);
	else if (report.generation != c.generation)
		snprintf(words, LIVE_WORDS, "%s has earlier rules in force", h->netvm->name);
	client_dispose(&c);
}

/* The real resolvers that a network domain reports; "" where it does not. */
static void resolvers_look(
	const struct live *l, const struct packet_hop *h, char out[NETVM_WORDS_MAX])
{
	const struct xen_domain *netvm = running(l, h->netvm->name);
	struct netvm_report report;

	out[0] = '\0';
	if (netvm && !netvm_report_read(l->store, netvm->domid, &report, NULL))
		snprintf(out, NETVM_WORDS_MAX, "%s", report.resolvers);
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

	switch (w->end) {
	case PACKET_NOWHERE:
		puts("It has no network domain: nothing leaves it.");
		break;
	case PACKET_OUTSIDE:
		printf("It leaves by an uplink of %s, with %s address.\n", last->netvm->name,
			prefixes_contain(&last->netvm->routed6, &last->source) ? "its own"
									       : "that link's");
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

static void answer_print(const struct packet_way *w, const struct live *l)
{
	char why[WHY_MAX], source[ADDR_TEXT_MAX], words[LIVE_WORDS], resolvers[NETVM_WORDS_MAX];
	struct table t;

	table_start(&t, "NETVM", "FROM", "SOURCE", "VERDICT", "WHY", NULL);
	for (size_t i = 0; i < w->count; i++) {
		const struct packet_hop *h = &w->hop[i];

		why_print(h, why);
		table_row(&t, h->netvm->name, h->from->name, source_print(h, source),
			verdict_word(h), why);
	}
	table_print(&t);
	for (size_t i = 0; i < w->count; i++)
		if (w->hop[i].doubts)
			doubt_print(&w->hop[i]);
	end_print(w);
	for (size_t i = 0; l && i < w->count; i++) {
		hop_look(l, &w->hop[i], words);
		printf("%s: %s\n", w->hop[i].netvm->name, words[0] ? words : "that is in force");
	}
	if (!l || w->end != PACKET_RESOLVER)
		return;
	resolvers_look(l, &w->hop[w->count - 1], resolvers);
	printf("%s: real resolvers: %s\n", w->hop[w->count - 1].netvm->name,
		resolvers[0] ? resolvers : "none reported");
}

static void hop_json(struct json *j, const struct packet_hop *h, const struct live *l)
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
	if (l) {
		hop_look(l, h, words);
		json_bool(j, "in_force", !words[0]);
		json_text(j, "obstacle", words[0] ? words : NULL);
	}
	json_object_end(j);
}

static int answer_json(const struct netvm *n, const struct packet_way *w,
	const struct policy_packet *packet, const struct live *l, struct err *e)
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
		hop_json(j, &w->hop[i], l);
		certain &= !w->hop[i].doubts;
	}
	json_array_end(j);
	json_text(j, "end", packet_end_name(w->end));
	json_text(j, "to", w->end == PACKET_GUEST ? w->to->name : NULL);
	json_bool(j, "certain", certain);
	if (l && w->end == PACKET_RESOLVER) {
		resolvers_look(l, &w->hop[w->count - 1], resolvers);
		json_text(j, "resolvers", resolvers);
	}
	json_object_end(j);
	return netvm_json_end(j, e);
}

int netvm_explain(struct netvm *n, struct err *e)
{
	const struct registry_domain *d;
	struct registry r = { .count = 0 };
	struct packet_way w = { .count = 0 };
	struct live live = { .count = 0 };
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
	if (!ret && n->o.live)
		ret = live_open(&live, e);
	if (!ret && n->o.json)
		ret = answer_json(n, &w, &packet, n->o.live ? &live : NULL, e);
	else if (!ret)
		answer_print(&w, n->o.live ? &live : NULL);
	live_close(&live);
	packet_way_dispose(&w);
	registry_dispose(&r);
	return ret;
}
