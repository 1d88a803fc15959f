#include "backend/ruleset_guests.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/vif.h"
#include "common/sorted.h"

static int guest_cmp(const void *a, const void *b)
{
	return strcmp(
		((const struct ruleset_guest *)a)->name, ((const struct ruleset_guest *)b)->name);
}

static struct ruleset_guest *guest_find(struct ruleset *r, const struct ruleset_guest *key)
{
	return r->guest_count
		       ? bsearch(key, r->guests, r->guest_count, sizeof(*r->guests), guest_cmp)
		       : NULL;
}

/* Whether dom0's entry is still that of which `g` was read: 1; else 0. */
static int guest_is_same(
	struct store *store, const struct vif_id *id, const struct ruleset_guest *g, struct err *e)
{
	uint32_t generation;
	int rc = client_read_generation(store, SCHEMA_SELF, id, &generation, e);

	return rc ? rc : g->generation == generation;
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

/* Of one that is not there any more, or is unusable, there is no guest: 0; else 1. */
static int guest_found(int rc)
{
	return is_about_conversation(rc) ? rc : rc >= 0;
}

/* --- all of them --- */

/* Moves the guest out of `before`, where it is still as it was, or reads it. */
static int guest_take(struct store *store, const struct vif_id *id, struct ruleset *before,
	struct ruleset *out, bool *other, struct err *e)
{
	struct ruleset_guest g = { .serial = before->serial + 1 }, *old;
	int rc;

	vif_link_name(id, false, g.name);
	old = guest_find(before, &g);
	rc = old ? guest_is_same(store, id, old, e) : 0;
	if (rc > 0) {
		g = *old;
		g.fresh = false;
		old->policy = (struct policy){ .rules = NULL };
	} else if (!rc) {
		rc = guest_read(store, id, &g, e);
		*other = true;
	}
	rc = guest_found(rc);
	if (rc > 0)
		out->guests[out->guest_count++] = g;
	return rc < 0 ? rc : 0;
}

static int guests_take(struct store *store, struct ruleset *before, struct ruleset *out,
	bool *other, struct err *e)
{
	struct vif_id *ids = NULL;
	size_t count = 0;
	int rc = client_list_of(store, SCHEMA_SELF, NULL, &ids, &count, e);

	if (!rc) {
		out->guests = calloc(count + 1, sizeof(*out->guests));
		rc = out->guests ? 0 : err_sys(e, -ENOMEM, "policies of guests");
	}
	for (size_t i = 0; !rc && i < count; i++)
		rc = guest_take(store, &ids[i], before, out, other, e);
	*other |= out->guest_count != before->guest_count;
	if (out->guest_count)
		qsort(out->guests, out->guest_count, sizeof(*out->guests), guest_cmp);
	free(ids);
	return rc;
}

/* --- some of them, where the others are --- */

static int name_cmp(const void *key, const void *guest)
{
	return strcmp(key, ((const struct ruleset_guest *)guest)->name);
}

/* The first that is not before that name. */
static size_t guest_place(const struct ruleset *r, const char *name)
{
	return sorted_place(name, r->guests, r->guest_count, sizeof(*r->guests), name_cmp);
}

static int guest_insert(struct ruleset *r, const struct ruleset_guest *g, struct err *e)
{
	const size_t at = guest_place(r, g->name);
	struct ruleset_guest *more =
		reallocarray(r->guests, r->guest_count + 2, sizeof(*r->guests));

	if (!more)
		return err_sys(e, -ENOMEM, "policies of guests");
	r->guests = more;
	memmove(more + at + 1, more + at, (r->guest_count - at) * sizeof(*more));
	more[at] = *g;
	r->guest_count++;
	return 0;
}

static void guest_remove(struct ruleset *r, size_t at)
{
	struct ruleset_guest *g = r->guests + at;

	policy_dispose(&g->policy);
	r->guest_count--;
	memmove(g, g + 1, (r->guest_count - at) * sizeof(*g));
}

/* As guest_take(), in place. 1: it is there. */
static int guest_renew(struct store *store, const struct vif_id *id, uint64_t serial,
	struct ruleset *r, bool *other, struct err *e)
{
	struct ruleset_guest g = { .serial = serial }, *old;
	int rc;

	vif_link_name(id, false, g.name);
	old = guest_find(r, &g);
	rc = old ? guest_is_same(store, id, old, e) : 0;
	if (rc > 0)
		old->fresh = false;
	if (rc)
		return guest_found(rc);
	*other = true;
	rc = guest_found(guest_read(store, id, &g, e));
	if (rc <= 0) {
		policy_dispose(&g.policy);
		return rc;
	}
	r->expiry = ruleset_earlier(r->expiry, ruleset_guest_expiry(&g, r->now));
	if (old) {
		policy_dispose(&old->policy);
		*old = g;
		return 1;
	}
	rc = guest_insert(r, &g, e);
	if (rc)
		policy_dispose(&g.policy);
	return rc ? rc : 1;
}

static bool is_among(const struct vif_id *ids, size_t count, const char *name)
{
	struct vif_id id;

	if (vif_name_parse(name, &id, NULL) < 0)
		return false;
	for (size_t i = 0; i < count; i++)
		if (vif_id_equal(&ids[i], &id))
			return true;
	return false;
}

/* Removes the guests of that domain that are not among `ids`. */
static void guests_remove(
	struct ruleset *r, uint32_t domid, const struct vif_id *ids, size_t count, bool *other)
{
	char prefix[LINK_NAME_MAX];
	const int len = snprintf(prefix, sizeof(prefix), "vif%u.", domid);
	size_t at = guest_place(r, prefix);

	while (at < r->guest_count && strncmp(r->guests[at].name, prefix, (size_t)len) == 0) {
		if (is_among(ids, count, r->guests[at].name)) {
			at++;
			continue;
		}
		guest_remove(r, at);
		*other = true;
	}
}

static int guests_renew(struct store *store, const struct domids *changed, uint64_t serial,
	struct ruleset *r, bool *other, struct err *e)
{
	struct vif_id *ids = NULL;
	size_t count = 0, there = 0;
	int rc = client_list_of(store, SCHEMA_SELF, changed, &ids, &count, e);

	for (size_t i = 0; rc >= 0 && i < count; i++) {
		rc = guest_renew(store, &ids[i], serial, r, other, e);
		if (rc > 0)
			ids[there++] = ids[i];
	}
	for (size_t i = 0; rc >= 0 && i < changed->count; i++)
		guests_remove(r, changed->id[i], ids, there, other);
	free(ids);
	return rc < 0 ? rc : 0;
}

int ruleset_guests_read(struct store *store, const struct domids *changed, struct ruleset *before,
	struct ruleset *r, bool *other, struct err *e)
{
	*other = false;
	if (!changed)
		return guests_take(store, before, r, other, e);
	r->guests = before->guests;
	r->guest_count = before->guest_count;
	before->guests = NULL;
	before->guest_count = 0;
	return guests_renew(store, changed, before->serial + 1, r, other, e);
}
