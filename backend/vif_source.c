#include "backend/vif_source.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "xenstore-schema/policy.h"

/* Whether an errno of the schema library is about what stands in xenstore rather than about the
 * conversation with it. */
static bool is_about_contents(int rc)
{
	return rc == -EINVAL || rc == -EMSGSIZE || rc == -EILSEQ || rc == -E2BIG || rc == -ERANGE;
}

static int wanted_fault(struct vif_wanted *w, int rc, struct err *e)
{
	if (!is_about_contents(rc))
		return rc;
	vif_wanted_fail(w, e);
	return 0;
}

static void take_settings(struct vif_wanted *w, const struct settings *s)
{
	w->gateway = s->gateway;
	w->gateway6 = s->gateway6;
	memcpy(&w->dns[0], s->dns, sizeof(s->dns));
	memcpy(&w->dns[2], s->dns6, sizeof(s->dns6));
}

static void policy_fault(struct vif_wanted *w, struct err *e)
{
	err_prefix(e, "its policy");
	vif_wanted_fail(w, e);
}

static void take_client(struct vif_wanted *w, const struct client *c)
{
	const struct addr *const addrs[] = { &c->ip, &c->ip6 };
	struct policy policy = { .rules = NULL };
	struct err e = ERR_NONE;

	w->count = 0;
	for (size_t i = 0; i < 2; i++)
		if (addr_is_set(addrs[i]))
			w->addrs[w->count++] = *addrs[i];
	if (mac_is_set(&c->mac))
		w->mac = c->mac;
	w->dhcp = c->dhcp && addr_is_set(&c->ip);
	w->visible = c->visible_ip;
	w->visible_gateway = c->visible_gateway;
	w->mtu = c->mtu;
	w->generation = c->generation;
	if (!c->cable)
		w->life = VIF_CUT_OFF;
	else if (policy_parse(c->rules, c->policy, &policy, &e) < 0)
		policy_fault(w, &e);
	policy_dispose(&policy);
}

static void take_known(struct vif_wanted *w, const struct ruleset_guest *g)
{
	const struct addr *const addrs[] = { &g->ip, &g->ip6 };

	w->count = 0;
	for (size_t i = 0; i < 2; i++)
		if (addr_is_set(addrs[i]))
			w->addrs[w->count++] = *addrs[i];
	if (mac_is_set(&g->mac))
		w->mac = g->mac;
	w->dhcp = g->dhcp;
	w->visible = g->visible;
	w->visible_gateway = g->visible_gateway;
	w->mtu = g->mtu;
	w->generation = g->generation;
	if (!g->cable)
		w->life = VIF_CUT_OFF;
}

int vif_source_read(struct store *store, const struct settings *settings,
	const struct ruleset *known, uint32_t backend, const struct vif_id *id, bool emulated,
	struct vif_wanted *out, struct err *e)
{
	struct vif_wanted w = { .id = *id, .emulated = emulated, .life = VIF_SERVED };
	const struct ruleset_guest *g;
	char name[LINK_NAME_MAX];
	struct vif_backend b;
	struct client c = { .rules = NULL };
	int rc;

	vif_link_name(id, emulated, w.link);
	take_settings(&w, settings);
	rc = vif_backend_read_guest(store, backend, id, &b, e);
	if (rc == -ENOENT) {
		w.life = VIF_GONE;
		rc = 0;
	} else if (rc < 0) {
		rc = wanted_fault(&w, rc, e);
	} else {
		w.mac = b.mac;
		w.count = b.count;
		memcpy(w.addrs, b.addrs, b.count * sizeof(b.addrs[0]));
	}
	if (rc < 0 || w.life != VIF_SERVED || !settings->managed)
		goto out;
	g = known && known->managed ? ruleset_guest_find(known, vif_link_name(id, false, name))
				    : NULL;
	if (g && g->fresh) {
		take_known(&w, g);
		goto out;
	}
	rc = client_read(store, SCHEMA_SELF, id, &c, e);
	if (rc == -ENOENT) {
		err_set(e, -EINVAL, "dom0 has not said what this guest may do");
		rc = -EINVAL;
	}
	if (rc < 0)
		rc = wanted_fault(&w, rc, e);
	else
		take_client(&w, &c);
out:
	client_dispose(&c);
	*out = w;
	return rc;
}

int vif_source_is_leaving(
	struct store *store, uint32_t backend, const struct vif_id *id, struct err *e)
{
	struct vif_backend b;
	int rc = vif_backend_read_life(store, backend, id, &b, e);

	if (rc == -ENOENT)
		return 1;
	if (is_about_contents(rc))
		return 0;
	if (rc < 0)
		return rc;
	return !b.online && (b.state == XENBUS_CLOSING || b.state == XENBUS_CLOSED);
}

int vif_source_provider(struct store *store, struct settings *settings, struct err *e)
{
	struct provider p;
	int rc = provider_read(store, SCHEMA_SELF, &p, e);

	if (rc == -ENOENT)
		return 0;
	if (rc == 0)
		settings_manage(settings, &p);
	return rc;
}
