/* What status.h found, in words and in JSON. Reports and names are printable ASCII as the schema
 * reads them, rules as policy_rule_print() has them. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "backend/status.h"
#include "common/json.h"

static const char *state_word(const struct status_vif *v)
{
	return v->report.state[0] ? v->report.state : "not yet seen";
}

/* Why it is not as it should be; NULL: it is. */
static const char *vif_error(const struct status_vif *v)
{
	if (v->report.error[0])
		return v->report.error;
	return v->wanted.life == VIF_FAULTY ? v->wanted.fault : NULL;
}

static const struct ruleset_guest *vif_guest(const struct status *st, const struct status_vif *v)
{
	char name[LINK_NAME_MAX];

	if (!st->service->ruleset.managed)
		return NULL;
	return ruleset_guest_find(&st->service->ruleset, vif_link_name(&v->wanted.id, false, name));
}

/* What the rule (or policy.count: none) decided about; NULL where that is not known. A guest
 * without rules is told apart by nothing that counts. */
static const uint64_t *hits_of(const struct status *st, const struct ruleset_guest *g, size_t rule)
{
	if (st->hits_fault.code || !g->policy.count)
		return NULL;
	return &st->hits.counts[g - st->service->ruleset.guests][rule];
}

/* --- words --- */

static void link_print(const char *name, const struct status_link *l)
{
	const struct link_offloads *o = &l->offloads;

	if (!l->exists)
		return;
	printf("  %s: link %s; from the guest %" PRIu64 " packets, %" PRIu64
	       " bytes; to it %" PRIu64 " packets, %" PRIu64 " bytes\n",
		name, l->up ? "on" : "off", l->counters.received, l->counters.received_bytes,
		l->counters.sent, l->counters.sent_bytes);
	/* netback has all of them by itself; what is missing its guest did not take. */
	if (l->up && !(o->checksum && o->scatter_gather && o->segmentation))
		printf("  slower than it could be, without the offload of:%s%s%s\n",
			o->checksum ? "" : " checksums", o->scatter_gather ? "" : " scatter-gather",
			o->segmentation ? "" : " segmentation");
}

static void netback_print(const struct status_vif *v)
{
	bool any = false;

	if (!v->netback)
		return;
	printf("  packets moved by netback, process %ld", (long)v->netback);
	for (int i = DROP_NONE + 1; i < DROPS; i++)
		if (v->counters.drops[i]) {
			printf("%s%s %" PRIu64, any ? ", " : "; refused for ", drop_words[i],
				v->counters.drops[i]);
			any = true;
		}
	putchar('\n');
}

static void hits_print(const uint64_t *hits)
{
	if (hits)
		printf("  %10" PRIu64 "  ", *hits);
	else
		printf("  %10s  ", "-");
}

static void policy_print(const struct status *st, const struct ruleset_guest *g)
{
	const char *otherwise = g->policy.otherwise == POLICY_ACCEPT ? "accept" : "drop";
	char line[POLICY_LINE_MAX + 1];

	if (!g->policy.count) {
		printf("  policy: %s, without rules\n", otherwise);
		return;
	}
	printf("  %10s  RULE\n", "HITS");
	for (size_t i = 0; i < g->policy.count; i++) {
		policy_rule_print(&g->policy.rules[i], line);
		hits_print(hits_of(st, g, i));
		printf("%u: %s\n", g->policy.rules[i].line, line);
	}
	hits_print(hits_of(st, g, g->policy.count));
	printf("otherwise: %s\n", otherwise);
}

static void vif_print(const struct status *st, const struct status_vif *v)
{
	const struct ruleset_guest *g = vif_guest(st, v);
	char name[LINK_NAME_MAX], text[ADDR_TEXT_MAX];

	printf("\n%s  %s  %s", vif_link_name(&v->wanted.id, false, name),
		v->name[0] ? v->name : "-", state_word(v));
	for (size_t i = 0; i < v->wanted.count; i++)
		printf("  %s", addr_print(&v->wanted.addrs[i], text));
	putchar('\n');
	if (vif_error(v))
		printf("  error: %s\n", vif_error(v));
	link_print(name, &v->link);
	netback_print(v);
	link_print(vif_link_name(&v->wanted.id, true, name), &v->emulated);
	if (g)
		policy_print(st, g);
}

static void routed6_print(const struct prefixes *subnets)
{
	char text[PREFIX_TEXT_MAX];

	for (size_t i = 0; i < subnets->count; i++)
		printf("%s%s", i ? " " : "routed to here: ", prefix_print(&subnets->item[i], text));
	if (subnets->count)
		putchar('\n');
}

static void text_print(const struct status *st)
{
	const struct settings *settings = &st->service->settings;
	const struct netvm_report *r = &st->report;

	printf("state: %s\n", r->state[0] ? r->state : "no netbackd has reported");
	printf("uplink: %s", r->uplink[0] ? r->uplink : "none");
	if (r->mtu)
		printf(" (MTU %u)", r->mtu);
	printf("\nresolvers: %s\n", r->resolvers[0] ? r->resolvers : "none");
	if (r->alarm[0])
		printf("ALARM: %s\n", r->alarm);
	routed6_print(&st->service->ruleset.routed6);
	printf("packet filter: %s\n", st->packet_filter ? st->packet_filter : "none");
	printf("datapath: %s%s\n", settings_datapath_is_user(settings) ? "user" : "kernel",
		settings_datapaths_differ(settings) ? " (dom0's word; netbackd.conf has the other)"
						    : "");
	printf("policies: %s\n", st->service->ruleset.managed ? "dom0's" : "none (standalone)");
	if (st->service->ruleset.managed && st->hits_fault.code)
		printf("what rules counted is not known: %s\n", st->hits_fault.text);
	for (size_t i = 0; i < st->count; i++)
		vif_print(st, &st->vifs[i]);
}

/* --- JSON --- */

static void number_or_null(struct json *j, const char *key, const uint64_t *n)
{
	if (n)
		json_number(j, key, (long long)*n);
	else
		json_text(j, key, NULL);
}

static void link_json(struct json *j, const char *key, const struct status_link *l)
{
	if (!l->exists) {
		json_text(j, key, NULL);
		return;
	}
	json_object(j, key);
	json_bool(j, "on", l->up);
	json_number(j, "received_packets", (long long)l->counters.received);
	json_number(j, "received_bytes", (long long)l->counters.received_bytes);
	json_number(j, "sent_packets", (long long)l->counters.sent);
	json_number(j, "sent_bytes", (long long)l->counters.sent_bytes);
	json_object(j, "offloads");
	json_bool(j, "checksum", l->offloads.checksum);
	json_bool(j, "scatter_gather", l->offloads.scatter_gather);
	json_bool(j, "segmentation", l->offloads.segmentation);
	json_object_end(j);
	json_object_end(j);
}

static void netback_json(struct json *j, const struct status_vif *v)
{
	if (!v->netback) {
		json_text(j, "netback", NULL);
		return;
	}
	json_object(j, "netback");
	json_number(j, "process", v->netback);
	json_object(j, "refused");
	for (int i = DROP_NONE + 1; i < DROPS; i++)
		json_number(j, drop_words[i], (long long)v->counters.drops[i]);
	json_object_end(j);
	json_object_end(j);
}

static void policy_json(struct json *j, const struct status *st, const struct ruleset_guest *g)
{
	char line[POLICY_LINE_MAX + 1];

	json_array(j, "rules");
	for (size_t i = 0; g && i < g->policy.count; i++) {
		policy_rule_print(&g->policy.rules[i], line);
		json_object(j, NULL);
		json_number(j, "line", g->policy.rules[i].line);
		json_text(j, "rule", line);
		number_or_null(j, "hits", hits_of(st, g, i));
		json_object_end(j);
	}
	json_array_end(j);
	json_text(j, "policy",
		!g				       ? NULL
		: g->policy.otherwise == POLICY_ACCEPT ? "accept"
						       : "drop");
	number_or_null(j, "policy_hits", g ? hits_of(st, g, g->policy.count) : NULL);
}

static void vif_json(struct json *j, const struct status *st, const struct status_vif *v)
{
	char name[LINK_NAME_MAX], text[ADDR_TEXT_MAX];

	json_object(j, NULL);
	json_text(j, "vif", vif_link_name(&v->wanted.id, false, name));
	json_number(j, "domid", v->wanted.id.domid);
	json_number(j, "devid", v->wanted.id.devid);
	json_text(j, "guest", v->name[0] ? v->name : NULL);
	json_array(j, "addresses");
	for (size_t i = 0; i < v->wanted.count; i++)
		json_text(j, NULL, addr_print(&v->wanted.addrs[i], text));
	json_array_end(j);
	json_text(j, "state", v->report.state[0] ? v->report.state : NULL);
	json_text(j, "error", vif_error(v));
	link_json(j, "link", &v->link);
	link_json(j, "emulated_link", &v->emulated);
	netback_json(j, v);
	policy_json(j, st, vif_guest(st, v));
	json_object_end(j);
}

static void text_or_null(struct json *j, const char *key, const char *text)
{
	json_text(j, key, text && *text ? text : NULL);
}

static int json_print(const struct status *st)
{
	struct json *j = json_open();
	char subnet[PREFIX_TEXT_MAX];

	json_object(j, NULL);
	text_or_null(j, "state", st->report.state);
	text_or_null(j, "uplink", st->report.uplink);
	json_number(j, "mtu", st->report.mtu);
	text_or_null(j, "resolvers", st->report.resolvers);
	text_or_null(j, "alarm", st->report.alarm);
	text_or_null(j, "packet_filter", st->packet_filter);
	json_text(j, "datapath",
		settings_datapath_is_user(&st->service->settings) ? "user" : "kernel");
	json_array(j, "routed6");
	for (size_t i = 0; i < st->service->ruleset.routed6.count; i++)
		json_text(j, NULL, prefix_print(&st->service->ruleset.routed6.item[i], subnet));
	json_array_end(j);
	json_bool(j, "managed", st->service->ruleset.managed);
	json_text(j, "hits_error", st->hits_fault.code ? st->hits_fault.text : NULL);
	json_array(j, "vifs");
	for (size_t i = 0; i < st->count; i++)
		vif_json(j, st, &st->vifs[i]);
	json_array_end(j);
	json_object_end(j);
	return json_close(j);
}

int status_print(const struct status *st, bool json, struct err *e)
{
	int ret = 0;

	if (json)
		ret = json_print(st);
	else
		text_print(st);
	if (ret || fflush(stdout) || ferror(stdout))
		return err_set(e, -EIO, "the status could not be written");
	return 0;
}
