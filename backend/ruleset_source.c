#include "backend/ruleset_source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "backend/host_names.h"
#include "backend/limits.h"
#include "backend/resolvers.h"
#include "backend/ruleset_guests.h"
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

static void uplinks_keep(const struct ruleset *before, struct ruleset *r)
{
	r->named = before->named;
	r->confined = before->confined;
	r->uplinks = before->uplinks;
	r->followed = before->followed;
	r->there = before->there;
}

/* `before`: what was read then, of which the uplinks are as they were; or NULL. */
static int base_take(struct store *store, struct netlink *nl, const struct settings *set,
	const struct ruleset *before, struct ruleset *out, struct ruleset_notes *notes,
	struct err *e)
{
	int rc = 0;

	*out = (struct ruleset){
		.group = VIF_GROUP, .mark = RULESET_MARK, .managed = set->managed, .now = time(NULL)
	};
	*notes = (struct ruleset_notes){ .uplinks = notes->uplinks };
	family_set(&out->ip4, &set->gateway, set->dns, set->forwarder);
	family_set(&out->ip6, &set->gateway6, set->dns6, set->forwarder6);
	out->routed6 = *settings_routed6(set);
	out->connections = set->connections ? set->connections : limits_connections();
	if (before)
		uplinks_keep(before, out);
	else
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

static int names_take_file(const char *run_dir, struct ruleset *r, struct err *e)
{
	struct host_names names;
	int rc = host_names_load(run_dir, &names, e);

	if (!rc && host_names_to_ruleset(&names, r->now, r) < 0)
		rc = err_sys(e, -ENOMEM, "names of rules");
	host_names_dispose(&names);
	return rc;
}

/* --- what is as it was --- */

static bool family_equal(const struct ruleset_family *a, const struct ruleset_family *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static bool uplink_names_equal(const struct uplink_names *a, const struct uplink_names *b)
{
	return a->count == b->count && memcmp(a->names, b->names, sizeof(a->names)) == 0;
}

static bool lan_equal(const struct ruleset *a, const struct ruleset *b)
{
	return a->lan_count == b->lan_count &&
	       (!a->lan_count || memcmp(a->lan, b->lan, a->lan_count * sizeof(*a->lan)) == 0);
}

static bool names_equal(const struct ruleset *a, const struct ruleset *b)
{
	bool equal = a->name_count == b->name_count;

	for (size_t i = 0; equal && i < a->name_count; i++) {
		const struct policy_name *x = &a->names[i], *y = &b->names[i];

		equal = strcmp(x->name, y->name) == 0 && x->count == y->count &&
			(!x->count ||
				memcmp(x->addrs, y->addrs, x->count * sizeof(*x->addrs)) == 0);
	}
	return equal;
}

/* Whether a rule has ceased to exist meanwhile, or, the clock being set, may exist again. */
static bool time_counts(const struct ruleset *before, int64_t now)
{
	return now < before->now || (before->expiry && before->expiry <= now);
}

/* Where memory that says nothing differs, it is as if something did. */
static bool base_equal(const struct ruleset *a, const struct ruleset *b)
{
	return a->managed == b->managed && family_equal(&a->ip4, &b->ip4) &&
	       family_equal(&a->ip6, &b->ip6) && a->named == b->named &&
	       a->confined == b->confined && uplink_names_equal(&a->uplinks, &b->uplinks) &&
	       a->followed == b->followed && uplink_names_equal(&a->there, &b->there) &&
	       prefixes_equal(&a->routed6, &b->routed6) && a->connections == b->connections &&
	       lan_equal(a, b) && names_equal(a, b) && !time_counts(a, b->now);
}

static void serial_take(
	const struct ruleset *before, bool part, bool other_guests, struct ruleset *r)
{
	const bool same = before->whole && base_equal(before, r);

	r->serial = before->serial + (!same || other_guests);
	r->base = same ? before->base : r->serial;
	r->whole = true;
	if (!same || !part)
		r->expiry = ruleset_next_expiry(r);
}

/* Those of the uplinks are as they were when these are. */
static int lan_renew(struct netlink *nl, const struct ruleset_notes *notes, struct ruleset *before,
	bool part, struct ruleset *r, struct err *e)
{
	if (!part)
		return lan_take(nl, &notes->uplinks, r, e);
	r->lan = malloc((before->lan_count + 1) * sizeof(*r->lan));
	if (!r->lan)
		return err_sys(e, -ENOMEM, "subnets of uplinks");
	if (before->lan_count)
		memcpy(r->lan, before->lan, before->lan_count * sizeof(*r->lan));
	r->lan_count = before->lan_count;
	return 0;
}

int ruleset_source_read(struct store *store, struct netlink *nl, const struct settings *settings,
	const char *run_dir, const struct domids *changed, struct ruleset *r,
	struct ruleset_notes *notes, struct err *e)
{
	struct ruleset before = *r;
	const bool part = changed && before.whole && before.managed == settings->managed;
	bool other = false;
	int rc = base_take(store, nl, settings, part ? &before : NULL, r, notes, e);

	if (!rc && r->managed)
		rc = lan_renew(nl, notes, &before, part, r, e);
	if (!rc && r->managed)
		rc = names_take_file(run_dir, r, e);
	r->expiry = before.expiry;
	if (!rc && r->managed)
		rc = ruleset_guests_read(store, part ? changed : NULL, &before, r, &other, e);
	if (!rc)
		serial_take(&before, part, other, r);
	else
		r->serial = before.serial + 1;
	ruleset_dispose(&before);
	if (rc)
		ruleset_dispose(r);
	return rc;
}
