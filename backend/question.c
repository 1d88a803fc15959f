#include "backend/question.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "backend/explain.h"
#include "common/json.h"

/* --- asking --- */

static int vif_look(struct service *s, const char *vif, struct vif_wanted *w, struct err *e)
{
	struct vif_id id;
	bool emulated;
	int ret;

	if (vif_name_parse(vif, &id, &emulated) < 0)
		return err_set(e, -EINVAL, "\"%.40s\" is not the name of a vif (vif5.0)", vif);
	ret = service_look(s, &id, w, e);
	if (!ret && w->life == VIF_GONE)
		ret = err_set(e, -ENOENT, "%s: there is no such vif in xenstore", vif);
	return ret;
}

/* A destination without a route is one outside: the question is about rules. */
static int way_find(struct service *s, const struct addr *dst, enum explain_way *out, struct err *e)
{
	struct route route;
	struct link link;
	int ret = route_find(s->nl, dst, &route, e);

	*out = EXPLAIN_TO_OUTSIDE;
	if (ret == -EADDRINUSE)
		*out = EXPLAIN_TO_SELF;
	if (ret == -EADDRINUSE || ret == -ENOENT)
		return 0;
	if (!ret)
		ret = link_get_by_index(s->nl, route.ifindex, &link, e);
	if (!ret && link.group == s->ruleset.group)
		*out = EXPLAIN_TO_GUEST;
	else if (!ret && s->ruleset.confined && !uplink_names_have(&s->ruleset.uplinks, link.name))
		*out = EXPLAIN_TO_NO_UPLINK;
	return ret;
}

/* --- answering --- */

struct answer {
	const char *vif;
	bool from_outside;
	const struct policy_packet *packet;
	struct explanation explanation;
	char more[POLICY_LINE_MAX + 1]; /* the rule or port, or why the link is closed */
};

static const char *proto_print(const struct policy_packet *p, char buf[16])
{
	snprintf(buf, 16, "%u", p->proto);
	if (p->proto == IPPROTO_TCP || p->proto == IPPROTO_UDP)
		return p->proto == IPPROTO_TCP ? "tcp" : "udp";
	return p->proto == (p->dst.family == AF_INET6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP) ? "icmp"
										       : buf;
}

static void answer_print(const struct answer *a)
{
	const struct explanation *x = &a->explanation;
	char proto[16], dst[ADDR_TEXT_MAX], number[24] = "";
	const char *name = proto_print(a->packet, proto);

	if (a->packet->port)
		snprintf(number, sizeof(number), " port %u", a->packet->port);
	else if (strcmp(name, "icmp") == 0)
		snprintf(number, sizeof(number), " type %u", a->packet->icmp_type);
	printf("%s: %s%s %s%s: %s: %s", a->vif, a->from_outside ? "from outside: " : "", name,
		addr_print(&a->packet->dst, dst), number,
		x->verdict == POLICY_ACCEPT ? "accepted" : "dropped",
		explain_cause_words(x->cause));
	if (x->cause == EXPLAIN_RULE)
		printf(" %u of its policy: %s", x->rule->line, a->more);
	else if (a->more[0])
		printf(": %s", a->more);
	putchar('\n');
}

static int answer_json(const struct answer *a)
{
	const struct explanation *x = &a->explanation;
	char proto[16], dst[ADDR_TEXT_MAX];
	const char *name = proto_print(a->packet, proto);
	struct json *j = json_open();

	json_object(j, NULL);
	json_text(j, "vif", a->vif);
	json_bool(j, "from_outside", a->from_outside);
	json_text(j, "protocol", name);
	json_text(j, "address", addr_print(&a->packet->dst, dst));
	if (a->packet->proto == IPPROTO_TCP || a->packet->proto == IPPROTO_UDP)
		json_number(j, "port", a->packet->port);
	if (strcmp(name, "icmp") == 0)
		json_number(j, "type", a->packet->icmp_type);
	json_text(j, "verdict", x->verdict == POLICY_ACCEPT ? "accept" : "drop");
	json_text(j, "cause", explain_cause_name(x->cause));
	if (x->cause == EXPLAIN_RULE) {
		json_number(j, "line", x->rule->line);
		json_text(j, "rule", a->more);
	} else if (a->more[0]) {
		json_text(j, x->cause == EXPLAIN_EXPOSED ? "exposed" : "error", a->more);
	}
	json_object_end(j);
	return json_close(j);
}

int question_explain(struct service *s, const char *vif, char *const packet[], int count, bool json,
	struct err *e)
{
	struct explain_question q = { .guest = NULL };
	struct answer a = { .vif = vif, .packet = &q.packet };
	struct vif_wanted w;
	char name[LINK_NAME_MAX];
	int ret;

	q.from_outside = a.from_outside = count && strcmp(packet[0], "from") == 0;
	ret = q.from_outside ? explain_outside_parse(packet, count, &q.packet, e)
			     : explain_packet_parse(packet, count, &q.packet, e);
	if (!ret)
		ret = vif_look(s, vif, &w, e);
	if (!ret && !q.from_outside)
		ret = way_find(s, &q.packet.dst, &q.way, e);
	if (ret)
		return ret;
	q.guest = ruleset_guest_find(&s->ruleset, vif_link_name(&w.id, false, name));
	q.has_address = vif_wants_family(&w, q.packet.dst.family);
	if (w.life == VIF_SERVED) {
		a.explanation = explain(&s->ruleset, &q);
	} else {
		a.explanation =
			(struct explanation){ .verdict = POLICY_DROP, .cause = EXPLAIN_CLOSED };
		snprintf(a.more, sizeof(a.more), "%s",
			w.life == VIF_CUT_OFF ? "its cable is off" : w.fault);
	}
	if (a.explanation.cause == EXPLAIN_RULE)
		policy_rule_print(a.explanation.rule, a.more);
	if (a.explanation.cause == EXPLAIN_EXPOSED)
		exposure_print(a.explanation.exposure, a.more);
	if (json)
		ret = answer_json(&a) ? err_set(e, -EIO, "the answer could not be written") : 0;
	else
		answer_print(&a);
	return ret;
}
