#include "tests/unit/netvmd_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "tests/unit/unit.h"

void world_init(struct world *w)
{
	memset(w, 0, sizeof(*w));
	w->registry.domain = w->wanted;
	strcpy(w->registry.dir, "/etc/xen-netvm");
	addr_parse4("10.139.1.1", &w->registry.globals.dns[0]);
	addr_parse4("10.139.1.2", &w->registry.globals.dns[1]);
	w->actual.domain = w->now;
	w->next_domid = 1;
}

static void domain_clear(struct netvmd_domain *d)
{
	free(d->vif);
	free(d->link);
	free(d->client);
	memset(d, 0, sizeof(*d));
}

static void wanted_clear(struct registry_domain *d)
{
	free(d->netvm_text);
	config_list_clear(&d->routed6_text);
	registry_fault_clear(d);
}

void world_dispose(struct world *w)
{
	for (size_t i = 0; i < w->actual.count; i++)
		domain_clear(&w->now[i]);
	for (size_t i = 0; i < w->registry.count; i++)
		wanted_clear(&w->wanted[i]);
}

/* --- the registry --- */

void world_netvm(struct registry_domain *d, const char *netvm)
{
	free(d->netvm_text);
	d->netvm_text = strdup(netvm ? netvm : "none");
	assert_non_null(d->netvm_text);
}

struct registry_domain *world_want(
	struct world *w, const char *name, int number, const char *netvm, bool provides)
{
	struct registry_domain *d = &w->wanted[w->registry.count++];
	char ip[ADDR_TEXT_MAX];

	assert_true(w->registry.count <= WORLD_MAX);
	strcpy(d->name, name);
	snprintf(ip, sizeof(ip), "10.137.0.%d", number);
	addr_parse4(ip, &d->ip);
	d->provides_network = provides;
	d->cable = true;
	world_netvm(d, netvm);
	return d;
}

struct registry_domain *world_wanted(struct world *w, const char *name)
{
	for (size_t i = 0; i < w->registry.count; i++)
		if (strcmp(w->wanted[i].name, name) == 0)
			return &w->wanted[i];
	fail_msg("%s is not in the registry", name);
	return NULL;
}

void world_resolve(struct world *w)
{
	registry_resolve(&w->registry);
}

/* --- domains --- */

static void *space(size_t size)
{
	void *p = calloc(WORLD_MAX, size);

	assert_non_null(p);
	return p;
}

struct netvmd_domain *world_start(struct world *w, const char *name)
{
	struct netvmd_domain *d = &w->now[w->actual.count++];

	assert_true(w->actual.count <= WORLD_MAX);
	d->domid = w->next_domid++;
	strcpy(d->name, name);
	d->vif = space(sizeof(*d->vif));
	d->link = space(sizeof(*d->link));
	d->client = space(sizeof(*d->client));
	strcpy(d->capabilities, "vif guard dns nat ip6 cable policy");
	return d;
}

static struct netvmd_domain *domid_find(struct world *w, uint32_t domid)
{
	for (size_t i = 0; i < w->actual.count; i++)
		if (w->now[i].domid == domid)
			return &w->now[i];
	return NULL;
}

void world_destroy(struct world *w, struct netvmd_domain *d)
{
	uint32_t domid = d->domid;
	size_t at = (size_t)(d - w->now);

	domain_clear(d);
	memmove(d, d + 1, (--w->actual.count - at) * sizeof(*d));
	memset(&w->now[w->actual.count], 0, sizeof(*d));
	for (size_t i = 0; i < w->actual.count; i++)
		for (size_t k = 0; k < w->now[i].vifs; k++)
			if (w->now[i].vif[k].backend == domid)
				w->now[i].vif[k].alive = false;
}

struct netvmd_domain *world_running(struct world *w, const char *name)
{
	for (size_t i = 0; i < w->actual.count; i++)
		if (strcmp(w->now[i].name, name) == 0)
			return &w->now[i];
	return NULL;
}

struct netvmd_vif *world_vif(struct world *w, struct netvmd_domain *guest, uint32_t devid,
	uint32_t backend, uint8_t mac_end)
{
	struct netvmd_vif *v = &guest->vif[guest->vifs++];

	assert_true(guest->vifs <= WORLD_MAX);
	*v = (struct netvmd_vif){ .devid = devid,
		.backend = backend,
		.mac = { { 0, 0x16, 0x3e, 9, 9, mac_end } },
		.alive = !backend || domid_find(w, backend) };
	return v;
}

/* --- doing --- */

#define REMOVE(array, count, at)                                                                   \
	memmove(&(array)[at], &(array)[(at) + 1], (--(count) - (at)) * sizeof(*(array)))

static void do_detach(struct world *w, const struct netvmd_action *a)
{
	struct netvmd_domain *g = domid_find(w, a->guest.domid);

	for (size_t i = 0; g && i < g->vifs; i++)
		if (g->vif[i].devid == a->guest.devid) {
			REMOVE(g->vif, g->vifs, i);
			break;
		}
}

static void do_attach(struct world *w, const struct netvmd_action *a)
{
	struct netvmd_domain *g = domid_find(w, a->guest.domid);
	struct netvmd_vif *v;

	for (size_t i = 0; i < g->vifs; i++)
		assert_int_not_equal(g->vif[i].devid, a->guest.devid);
	v = world_vif(w, g, a->vif.id.devid, a->vif.backend, 0);
	v->mac = a->vif.mac;
}

static void do_unpublish(struct world *w, const struct netvmd_action *a)
{
	struct netvmd_domain *g = domid_find(w, a->guest.domid);

	for (size_t i = 0; g && i < g->links; i++)
		if (g->link[i].devid == a->guest.devid) {
			REMOVE(g->link, g->links, i);
			break;
		}
}

static void do_publish(struct world *w, const struct netvmd_action *a)
{
	struct netvmd_domain *g = domid_find(w, a->guest.domid);

	do_unpublish(w, a);
	assert_true(g->links < WORLD_MAX);
	g->link[g->links++] = (struct netvmd_link){ a->guest.devid, true, a->link };
}

static void do_withdraw(struct world *w, const struct netvmd_action *a)
{
	struct netvmd_domain *n = domid_find(w, a->provider);

	for (size_t i = 0; n && i < n->clients; i++)
		if (n->client[i].guest.domid == a->guest.domid &&
			n->client[i].guest.devid == a->guest.devid) {
			REMOVE(n->client, n->clients, i);
			break;
		}
}

static void do_client(struct world *w, const struct netvmd_action *a)
{
	struct netvmd_domain *n = domid_find(w, a->provider);

	do_withdraw(w, a);
	assert_true(n->clients < WORLD_MAX);
	n->managed = true;
	n->client[n->clients++] = (struct netvmd_client){ a->guest, true, a->client };
}

static void do_provider(struct world *w, const struct netvmd_action *a)
{
	struct netvmd_domain *n = domid_find(w, a->provider);

	n->managed = n->provider_readable = true;
	n->provider = a->published;
}

static void do_no_provider(struct world *w, const struct netvmd_action *a)
{
	struct netvmd_domain *n = domid_find(w, a->provider);

	n->managed = n->provider_readable = false;
	n->clients = 0;
}

void world_do(struct world *w, const struct netvmd_action *a)
{
	static void (*const verbs[NETVMD_VERBS])(struct world *, const struct netvmd_action *) = {
		[NETVMD_UNPUBLISH_LINK] = do_unpublish,
		[NETVMD_WITHDRAW_CLIENT] = do_withdraw,
		[NETVMD_WITHDRAW_PROVIDER] = do_no_provider,
		[NETVMD_DETACH] = do_detach,
		[NETVMD_PUBLISH_PROVIDER] = do_provider,
		[NETVMD_PUBLISH_LINK] = do_publish,
		[NETVMD_PUBLISH_CLIENT] = do_client,
		[NETVMD_ATTACH] = do_attach,
	};

	verbs[a->verb](w, a);
}

const char *world_plan(struct world *w, bool act, struct netvmd_plan *plan)
{
	static char words[8192];
	char line[NETVMD_WORDS_MAX];
	struct netvmd_plan own;

	assert_int_equal(netvmd_plan(&w->registry, &w->actual, &own), 0);
	words[0] = '\0';
	for (size_t i = 0; i < own.count; i++) {
		strcat(words, netvmd_action_print(&own.action[i], line));
		strcat(words, "\n");
		if (act)
			world_do(w, &own.action[i]);
	}
	if (plan)
		*plan = own;
	else
		netvmd_plan_dispose(&own);
	return words;
}

const struct netvmd_client *world_client(
	struct world *w, const char *provider, const char *guest, uint32_t devid)
{
	struct netvmd_domain *n = world_running(w, provider), *g = world_running(w, guest);

	for (size_t i = 0; n && g && i < n->clients; i++)
		if (n->client[i].guest.domid == g->domid && n->client[i].guest.devid == devid)
			return &n->client[i];
	return NULL;
}

void world_of_net_and_work(struct world *w)
{
	world_init(w);
	world_want(w, "idle", 9, NULL, false);
	world_want(w, "net", 1, NULL, true);
	world_want(w, "vpn", 3, NULL, true);
	world_want(w, "work", 2, "net", false);
	world_resolve(w);
	world_start(w, "net")->ready = true;
	world_start(w, "work");
}

void world_settle(struct world *w)
{
	for (int i = 0; i < 8; i++)
		if (!*world_plan(w, true, NULL))
			return;
	fail_msg("no end: %s", world_plan(w, false, NULL));
}
