#include "backend/ruleset_source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "backend/host_names.h"
#include "backend/limits.h"
#include "backend/resolvers.h"
#include "backend/uplink.h"
#include "backend/vif.h"

/* --- what this domain is --- */

/* Copies the virtual resolvers and our address. */
static void family_set(struct ruleset_family *f, const struct addr *gateway,
	const struct addr dns[2], const struct addr forwarders[FORWARDER_SLOTS])
{
	f->gateway = *gateway;
	memcpy(f->dns, dns, sizeof(f->dns));
	if (addr_is_set(&dns[0]) || addr_is_set(&dns[1]))
		memcpy(f->forwarders, forwarders, sizeof(f->forwarders));
}

/* `by` gets the link's name where uplinks are named. One that nothing leads to at the moment is
 * then as one beside them: nobody knows by which link the next packet would leave. */
static int where_is(struct netlink *nl, const struct ruleset *rules, bool named,
	const struct addr *a, enum resolver_where *where, char by[LINK_NAME_MAX], struct err *e)
{
	struct route r;
	struct link link;
	int rc = route_find(nl, a, &r, e);

	*where = rc == -EADDRINUSE ? RESOLVER_HERE : RESOLVER_AWAY;
	if (rc == -ENOENT && named)
		*where = RESOLVER_ASIDE;
	if (rc == -EADDRINUSE || rc == -ENOENT)
		return 0;
	if (rc || link_get_by_index(nl, r.ifindex, &link, NULL) < 0)
		return rc;
	if (link.group == rules->group)
		*where = RESOLVER_BEHIND_GUEST;
	else if (rules->confined && !uplink_names_have(&rules->uplinks, link.name))
		*where = RESOLVER_ASIDE;
	else if (named)
		memcpy(by, link.name, LINK_NAME_MAX);
	return 0;
}

static bool names_virtual(const struct addr *list, size_t count, const struct ruleset_family *f)
{
	for (size_t i = 0; i < count; i++)
		if (addr_equal(&list[i], &f->dns[0]) || addr_equal(&list[i], &f->dns[1]))
			return true;
	return false;
}

/* What dom0 told this domain as a guest, if it is one. */
static int above_read(struct store *store, struct resolvers_facts *facts, struct err *e)
{
	uint32_t ids[RESOLVERS_ABOVE_MAX / 4];
	size_t count = 0;
	int rc = guest_link_list(store, SCHEMA_SELF, ids, sizeof(ids) / sizeof(ids[0]), &count, e);

	for (size_t i = 0; !rc && i < count; i++) {
		struct guest_link l;

		if (guest_link_read(store, SCHEMA_SELF, ids[i], &l, e) < 0)
			continue;
		for (int k = 0; k < 2; k++) {
			facts->above[facts->above_count++] = l.dns[k];
			facts->above[facts->above_count++] = l.dns6[k];
		}
	}
	return rc == -ENOTCONN ? rc : 0;
}

static int facts_read(struct store *store, struct netlink *nl, const struct settings *set,
	const struct resolvers *found, const struct ruleset *r, struct resolvers_facts *facts,
	struct err *e)
{
	int rc = 0;

	*facts = (struct resolvers_facts){ .above_all = set->dns_above,
		.named = settings_uplinks(set)->count > 0 };
	for (int i = 0; i < FORWARDER_SLOTS; i++) {
		facts->forwarder[2 * i] = set->forwarder[i];
		facts->forwarder[2 * i + 1] = set->forwarder6[i];
	}
	if (names_virtual(found->ip4, found->count4, &r->ip4) ||
		names_virtual(found->ip6, found->count6, &r->ip6))
		rc = above_read(store, facts, e);
	for (size_t i = 0; !rc && i < found->count4; i++)
		rc = where_is(
			nl, r, facts->named, &found->ip4[i], &facts->where4[i], facts->link4[i], e);
	for (size_t i = 0; !rc && i < found->count6; i++)
		rc = where_is(
			nl, r, facts->named, &found->ip6[i], &facts->where6[i], facts->link6[i], e);
	return rc;
}

static int resolvers_take(struct store *store, struct netlink *nl, const struct settings *set,
	struct ruleset *out, struct ruleset_notes *notes, struct err *e)
{
	const char *paths[RESOLVERS_PATHS_MAX + 1] = { NULL };
	struct resolvers found;
	struct resolvers_facts facts;
	int rc;

	for (size_t i = 0; i < set->resolv_conf.count; i++)
		paths[i] = set->resolv_conf.item[i];
	resolvers_read(paths, &found);
	rc = facts_read(store, nl, set, &found, out, &facts, e);
	if (rc == 0)
		resolvers_plan(&found, &facts, out, &notes->forward, &notes->refused);
	return rc;
}

static int name_cmp(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Whether netbackd runs here, or did, and comes back. */
static bool is_followed(struct store *store, const struct settings *set)
{
	struct netvm_report report;

	return set->lasting || netvm_report_read(store, SCHEMA_SELF, &report, NULL) == 0;
}

/* By default the links with a default route are as good as named; sorted, so that rules stay as
 * they are when metrics change. Where nobody would follow a change they are not: what was right
 * when a vif came would cut its guest off later. */
static int uplinks_take(struct store *store, struct netlink *nl, const struct settings *set,
	struct ruleset *r, struct uplinks *there, struct err *e)
{
	const struct uplink_names *named = settings_uplinks(set);
	int rc = uplinks_read(nl, named, r->group, there, e);

	r->named = named->count > 0;
	r->confined = r->named || (!set->any_uplink && is_followed(store, set));
	if (r->confined)
		r->uplinks = named->count ? *named : there->there;
	r->followed = set->lasting;
	r->there = there->there;
	qsort(r->uplinks.names, r->uplinks.count, sizeof(r->uplinks.names[0]), name_cmp);
	qsort(r->there.names, r->there.count, sizeof(r->there.names[0]), name_cmp);
	return rc;
}

static int base_take(struct store *store, struct netlink *nl, const struct settings *set,
	struct ruleset *out, struct ruleset_notes *notes, struct err *e)
{
	int rc;

	*out = (struct ruleset){
		.group = VIF_GROUP, .mark = RULESET_MARK, .managed = set->managed, .now = time(NULL)
	};
	*notes = (struct ruleset_notes){ .refused.loops = "" };
	family_set(&out->ip4, &set->gateway, set->dns, set->forwarder);
	family_set(&out->ip6, &set->gateway6, set->dns6, set->forwarder6);
	out->routed6 = *settings_routed6(set);
	out->connections = set->connections ? set->connections : limits_connections();
	rc = uplinks_take(store, nl, set, out, &notes->uplinks, e);
	return rc ? rc : resolvers_take(store, nl, set, out, notes, e);
}

/* --- @lan --- */

static int link_lan_add(
	struct netlink *nl, struct ruleset *r, const struct link *link, struct err *e)
{
	struct link_addr *addrs = NULL;
	struct prefix *more;
	size_t count;
	int rc = link_addr_list(nl, link->ifindex, &addrs, &count, e);

	more = rc ? NULL : realloc(r->lan, (r->lan_count + count + 1) * sizeof(*more));
	if (!rc && !more)
		rc = err_sys(e, -ENOMEM, "subnets of uplinks");
	if (more)
		r->lan = more;
	for (size_t i = 0; !rc && i < count; i++)
		if (!addr_is_linklocal(&addrs[i].addr))
			r->lan[r->lan_count++] = addr_prefix(&addrs[i].addr, addrs[i].prefix_len);
	free(addrs);
	return rc;
}

/* Where uplinks are named, of all links of these names; else of those that are there, by their
 * names, so that rules stay as they are when metrics change. */
static int lan_take(
	struct netlink *nl, const struct uplinks *uplinks, struct ruleset *r, struct err *e)
{
	struct uplink_names names = r->named ? r->uplinks : uplinks->there;
	struct link *links = NULL, link;
	size_t count = 0;
	int rc = r->named ? link_list(nl, &links, &count, e) : 0;

	for (size_t i = 0; !rc && i < count; i++)
		if (uplink_names_have(&names, links[i].name))
			rc = link_lan_add(nl, r, &links[i], e);
	free(links);
	if (r->named)
		return rc;
	qsort(names.names, names.count, sizeof(names.names[0]), name_cmp);
	for (size_t i = 0; !rc && i < names.count; i++) {
		rc = link_get(nl, names.names[i], &link, e);
		if (!rc)
			rc = link_lan_add(nl, r, &link, e);
		rc = rc == -ENODEV ? 0 : rc; /* it went away meanwhile */
	}
	return rc;
}

/* --- guests --- */

static int guest_cmp(const void *a, const void *b)
{
	return strcmp(
		((const struct ruleset_guest *)a)->name, ((const struct ruleset_guest *)b)->name);
}

/* Moves the guest out of `before`, where it is still as it was: 1; else 0. */
static int guest_keep(struct store *store, const struct vif_id *id, struct ruleset *before,
	struct ruleset_guest *g, struct err *e)
{
	struct ruleset_guest *old = NULL;
	uint32_t generation;
	int rc;

	if (before->guest_count)
		old = bsearch(g, before->guests, before->guest_count, sizeof(*g), guest_cmp);
	if (!old)
		return 0;
	rc = client_read_generation(store, SCHEMA_SELF, id, &generation, e);
	if (rc || old->generation != generation)
		return rc;
	*g = *old;
	g->fresh = false;
	old->policy = (struct policy){ .rules = NULL };
	return 1;
}

static uint32_t at_most(uint32_t n, unsigned long max)
{
	return n > max ? (uint32_t)max : n;
}

static int guest_read(
	struct store *store, const struct vif_id *id, struct ruleset_guest *g, struct err *e)
{
	struct client c;
	int rc = client_read(store, SCHEMA_SELF, id, &c, e);

	if (rc)
		return rc;
	g->ip = c.ip;
	g->ip6 = c.ip6;
	g->generation = c.generation;
	g->exposures = c.exposures;
	g->limit[LIMIT_CONNECTIONS] = c.limits.connections;
	g->limit[LIMIT_PACKETS] = at_most(c.limits.packets, CLIENT_PACKETS_MAX);
	g->limit[LIMIT_BYTES] = at_most(c.limits.bytes, CLIENT_BYTES_MAX);
	rc = policy_parse(c.rules, c.policy, &g->policy, e);
	g->dhcp = c.dhcp && addr_is_set(&c.ip);
	g->visible = c.visible_ip;
	g->visible_gateway = c.visible_gateway;
	g->mac = c.mac;
	g->mtu = c.mtu;
	g->cable = c.cable;
	g->fresh = !rc;
	if (rc && rc != -ENOMEM) {
		policy_dispose(&g->policy);
		g->policy.otherwise = POLICY_DROP;
		g->exposures.count = 0;
		rc = 0;
	}
	client_dispose(&c);
	return rc;
}

static bool is_about_conversation(int rc)
{
	return rc == -ENOTCONN || rc == -EAGAIN || rc == -ENOMEM;
}

static int guest_take(struct store *store, const struct vif_id *id, struct ruleset *before,
	struct ruleset *out, struct err *e)
{
	struct ruleset_guest g = { .generation = 0 };
	int rc;

	vif_link_name(id, false, g.name);
	rc = guest_keep(store, id, before, &g, e);
	if (!rc)
		rc = guest_read(store, id, &g, e);
	if (rc >= 0)
		out->guests[out->guest_count++] = g;
	return is_about_conversation(rc) ? rc : 0; /* others: gone, or unusable */
}

/* Whether this guest's entry cannot have changed. */
static bool is_unchanged(const struct ruleset_guest *g, const struct domids *changed)
{
	struct vif_id id;

	return changed && vif_name_parse(g->name, &id, NULL) == 0 &&
	       !domids_have(changed, id.domid);
}

static void guests_keep(struct ruleset *before, const struct domids *changed, struct ruleset *out)
{
	for (size_t i = 0; i < before->guest_count; i++) {
		struct ruleset_guest *g = &before->guests[i];

		if (!is_unchanged(g, changed))
			continue;
		out->guests[out->guest_count++] = *g;
		g->policy = (struct policy){ .rules = NULL };
	}
}

static int guests_take(struct store *store, const struct domids *changed, struct ruleset *before,
	struct ruleset *out, struct err *e)
{
	struct vif_id *ids = NULL;
	size_t count = 0;
	int rc;

	if (!before->guests)
		changed = NULL; /* nothing was read that could be kept */
	rc = client_list_of(store, SCHEMA_SELF, changed, &ids, &count, e);
	if (!rc) {
		out->guests = calloc(before->guest_count + count + 1, sizeof(*out->guests));
		rc = out->guests ? 0 : err_sys(e, -ENOMEM, "policies of guests");
	}
	if (!rc)
		guests_keep(before, changed, out);
	for (size_t i = 0; !rc && i < count; i++)
		rc = guest_take(store, &ids[i], before, out, e);
	if (out->guest_count)
		qsort(out->guests, out->guest_count, sizeof(*out->guests), guest_cmp);
	free(ids);
	return rc;
}

static int names_take_file(const char *run_dir, struct ruleset *r, struct err *e)
{
	struct host_names names;
	int rc = host_names_load(run_dir, &names, e);

	if (!rc && host_names_to_ruleset(&names, r->now, r) < 0)
		rc = err_sys(e, -ENOMEM, "names of rules");
	host_names_dispose(&names);
	return rc;
}

int ruleset_source_read(struct store *store, struct netlink *nl, const struct settings *settings,
	const char *run_dir, const struct domids *changed, struct ruleset *r,
	struct ruleset_notes *notes, struct err *e)
{
	struct ruleset before = *r;
	int rc = base_take(store, nl, settings, r, notes, e);

	r->serial = before.serial + 1;
	if (!rc && r->managed)
		rc = lan_take(nl, &notes->uplinks, r, e);
	if (!rc && r->managed)
		rc = guests_take(store, changed, &before, r, e);
	if (!rc && r->managed)
		rc = names_take_file(run_dir, r, e);
	ruleset_dispose(&before);
	if (rc)
		ruleset_dispose(r);
	return rc;
}
