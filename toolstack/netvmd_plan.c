/*
 * First every running domain is judged (domain_judge): what the registry has to say of it, which
 * domain serves it, which vif is its link. Then the steps of netvmd_plan(), each over all domains:
 * links_unpublish, clients_withdraw, vifs_detach, providers_publish, links_publish,
 * clients_publish, vifs_attach.
 *
 * What always holds: nothing is planned for a domain at fault, except that entries of guests that
 * are gone are taken away; a vif is attached only where the guest has no other that could be its
 * link; when all of a plan has been done, the next one is empty.
 */
#include "toolstack/netvmd_plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "toolstack/netvmd_able.h"
#include "toolstack/netvmd_index.h"

enum { LINK_MTU_LEAST4 = 576, LINK_MTU_LEAST6 = 1280, LINK_MTU_DEFAULT = 1500 };

enum standing {
	UNKNOWN, /* not in the registry */
	KEPT,	 /* at fault, or shut down: stays as it is */
	KNOWN,
};

/* A running domain, judged. */
struct subject {
	const struct netvmd_domain *now;
	const struct registry_domain *d; /* NULL: UNKNOWN */
	enum standing standing;
	bool wants;			/* a link */
	const struct subject *provider; /* that serves it; NULL: it does not run */
	/* The link: */
	const struct netvmd_vif *vif; /* NULL: it has none */
	uint32_t devid;
	struct mac mac;
};

struct planning {
	const struct registry *r;
	const struct netvmd_actual *actual;
	struct netvmd_index index;
	struct subject *subject; /* ascending by domid, one a domain of `actual` */
	size_t count;
	struct netvmd_plan *out;
	size_t space;
	bool no_memory;
};

/* --- judging --- */

static const struct netvmd_link *link_find(const struct netvmd_domain *now, uint32_t devid)
{
	for (size_t i = 0; i < now->links; i++)
		if (now->link[i].devid == devid)
			return &now->link[i];
	return NULL;
}

static const struct netvmd_vif *vif_find(const struct netvmd_domain *now, uint32_t devid)
{
	for (size_t i = 0; i < now->vifs; i++)
		if (now->vif[i].devid == devid)
			return &now->vif[i];
	return NULL;
}

/* Whether this vif is, or was, the guest's link. */
static bool vif_is_ours(const struct subject *s, const struct netvmd_vif *v)
{
	const struct netvmd_link *l = link_find(s->now, v->devid);
	struct mac mac;

	registry_mac(s->d, &mac);
	return mac_equal(&mac, &v->mac) || (l && l->readable && mac_equal(&l->link.mac, &v->mac));
}

/* How much speaks for a vif as the link; 0: nothing. */
static int vif_rank(const struct subject *s, const struct netvmd_vif *v)
{
	bool ours = vif_is_ours(s, v);

	if (v->alive && s->provider && v->backend == s->provider->now->domid)
		return ours ? 4 : 3;
	if (v->backend == 0)
		return 0;
	return ours ? 2 : v->alive ? 0 : 1;
}

/* The number that a link without a vif has: the one it is published under, else the lowest. */
static uint32_t devid_free(const struct netvmd_domain *now)
{
	uint32_t devid = 0;

	for (size_t i = 0; i < now->links; i++)
		if (now->link[i].readable && !vif_find(now, now->link[i].devid))
			return now->link[i].devid;
	while (vif_find(now, devid))
		devid++;
	return devid;
}

static void link_choose(struct subject *s)
{
	const struct netvmd_link *published;
	int best = 0;

	for (size_t i = 0; i < s->now->vifs; i++) {
		int rank = vif_rank(s, &s->now->vif[i]);

		if (rank > best) {
			best = rank;
			s->vif = &s->now->vif[i];
		}
	}
	s->devid = s->vif ? s->vif->devid : devid_free(s->now);
	published = link_find(s->now, s->devid);
	if (s->vif)
		s->mac = s->vif->mac;
	else if (!mac_is_set(&s->d->mac) && published && published->readable &&
		 mac_is_set(&published->link.mac))
		s->mac = published->link.mac;
	else
		registry_mac(s->d, &s->mac);
}

/* NULL: none of that name runs. */
static const struct subject *running_find(const struct planning *p, const char *name)
{
	const struct netvmd_domain *d = netvmd_index_running(&p->index, name);

	return d ? &p->subject[d - p->actual->domain] : NULL;
}

static const struct subject *domid_find(const struct planning *p, uint32_t domid)
{
	size_t low = 0, high = p->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (p->subject[mid].now->domid == domid)
			return &p->subject[mid];
		if (p->subject[mid].now->domid < domid)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

static void domain_judge(const struct planning *p, struct subject *s)
{
	s->d = registry_find(p->r, s->now->name);
	if (!s->d)
		return;
	s->standing = s->d->fault || s->now->shutdown ? KEPT : KNOWN;
	if (s->standing == KEPT)
		return;
	s->wants = s->d->netvm && (addr_is_set(&s->d->ip) || addr_is_set(&s->d->ip6));
	if (s->d->netvm)
		s->provider = running_find(p, s->d->netvm->name);
	link_choose(s);
}

/* --- collecting --- */

/* Where memory ends, into a place that nobody reads. */
static struct netvmd_action *action_add(struct planning *p, enum netvmd_verb verb,
	const struct subject *guest, uint32_t devid, const struct subject *provider)
{
	static struct netvmd_action nowhere;
	struct netvmd_action *a = &nowhere;

	if (p->out->count == p->space) {
		size_t space = p->space ? 2 * p->space : 16;
		struct netvmd_action *grown = realloc(p->out->action, space * sizeof(*grown));

		if (grown) {
			p->out->action = grown;
			p->space = space;
		} else {
			p->no_memory = true;
		}
	}
	if (p->out->count < p->space)
		a = &p->out->action[p->out->count++];
	memset(a, 0, sizeof(*a));
	a->verb = verb;
	if (guest) {
		a->guest = (struct vif_id){ guest->now->domid, devid };
		strcpy(a->guest_name, guest->now->name);
	}
	if (provider) {
		a->provider = provider->now->domid;
		strcpy(a->provider_name, provider->now->name);
	}
	return a;
}

/* --- what goes --- */

/* Whether a vif of a domain that is in order has to go. `*force`: its backend is dead. */
static bool vif_goes(
	const struct planning *p, const struct subject *s, const struct netvmd_vif *v, bool *force)
{
	const struct subject *backend = domid_find(p, v->backend);

	*force = !v->alive;
	if (v->backend == 0)
		return false;
	if (!v->alive)
		return s->wants || vif_is_ours(s, v);
	if (!vif_is_ours(s, v) || (s->wants && backend == s->provider))
		return false;
	/* It is with another network domain than it should be. */
	return backend && backend->standing == KNOWN && backend->d->provides_network;
}

/* By what is published a vif that has to go is known as the guest's link, until it is gone. */
static bool link_is_needed(
	const struct planning *p, const struct subject *s, const struct netvmd_link *l)
{
	const struct netvmd_vif *v = vif_find(s->now, l->devid);
	bool force;

	return s->standing == KNOWN && v && vif_goes(p, s, v, &force);
}

static void links_unpublish(struct planning *p)
{
	for (size_t i = 0; i < p->count; i++) {
		const struct subject *s = &p->subject[i];

		for (size_t k = 0; k < s->now->links && s->standing != KEPT; k++) {
			const struct netvmd_link *l = &s->now->link[k];

			if ((!s->wants || l->devid != s->devid) && !link_is_needed(p, s, l))
				action_add(p, NETVMD_UNPUBLISH_LINK, s, l->devid, NULL);
		}
	}
}

/* Whether this entry of `provider` is one that stays. */
static bool client_stays(const struct planning *p, const struct subject *provider,
	const struct netvmd_client *c, const struct subject *guest)
{
	if (!c->guest.domid)
		return p->actual->dom0.provider == provider->now->domid &&
		       p->actual->dom0.devid == c->guest.devid;
	if (!guest || (c->readable && strcmp(c->client.name, guest->now->name) != 0))
		return false;
	if (guest->standing == KEPT || provider->standing == KEPT)
		return true;
	return guest->wants && guest->provider == provider && guest->devid == c->guest.devid;
}

static bool is_no_provider(const struct subject *s)
{
	return s->standing == KNOWN && !s->d->provides_network;
}

/* A domain that the registry does not know any more stays managed: without entries it lets nobody
 * through, while a standalone one would. */
static void clients_withdraw(struct planning *p)
{
	for (size_t i = 0; i < p->count; i++) {
		const struct subject *s = &p->subject[i];

		if (s->now->managed && is_no_provider(s)) {
			action_add(p, NETVMD_WITHDRAW_PROVIDER, NULL, 0, s);
			continue;
		}
		for (size_t k = 0; k < s->now->clients; k++) {
			const struct netvmd_client *c = &s->now->client[k];
			const struct subject *guest = domid_find(p, c->guest.domid);

			if (!client_stays(p, s, c, guest))
				action_add(p, NETVMD_WITHDRAW_CLIENT, guest, c->guest.devid, s)
					->guest = c->guest;
		}
	}
}

static void vifs_detach(struct planning *p)
{
	bool force;

	for (size_t i = 0; i < p->count; i++) {
		const struct subject *s = &p->subject[i];

		if (s->standing != KNOWN)
			continue;
		for (size_t k = 0; k < s->now->vifs; k++) {
			if (!vif_goes(p, s, &s->now->vif[k], &force))
				continue;
			p->out->again |= s->now->paused;
			if (!s->now->paused && !s->now->busy)
				action_add(p, NETVMD_DETACH, s, s->now->vif[k].devid, NULL)->force =
					force;
		}
	}
}

/* --- what comes --- */

static bool provider_equal(const struct provider *a, const struct provider *b)
{
	return a->role == b->role && addr_equal(&a->gateway, &b->gateway) &&
	       addr_equal(&a->gateway6, &b->gateway6) && addr_equal(&a->dns[0], &b->dns[0]) &&
	       addr_equal(&a->dns[1], &b->dns[1]) && addr_equal(&a->dns6[0], &b->dns6[0]) &&
	       addr_equal(&a->dns6[1], &b->dns6[1]) && prefixes_equal(&a->routed6, &b->routed6) &&
	       a->datapath == b->datapath && a->probe == b->probe && a->power == b->power;
}

static void providers_publish(struct planning *p)
{
	const struct registry_globals *g = &p->r->globals;

	for (size_t i = 0; i < p->count; i++) {
		const struct subject *s = &p->subject[i];
		struct provider w;

		if (s->standing != KNOWN || !s->d->provides_network)
			continue;
		w = (struct provider){
			.role = s->d->role,
			.gateway = s->d->ip,
			.gateway6 = s->d->ip6,
			.dns = { g->dns[0], g->dns[1] },
			.dns6 = { g->dns6[0], g->dns6[1] },
			.routed6 = registry_routed6(s->d),
			.datapath = s->d->datapath,
		};
		/* What `netvm` asks stays. */
		if (s->now->provider_readable) {
			w.probe = s->now->provider.probe;
			w.power = s->now->provider.power;
		}
		if (!s->now->provider_readable || !provider_equal(&w, &s->now->provider))
			action_add(p, NETVMD_PUBLISH_PROVIDER, NULL, 0, s)->published = w;
	}
}

static bool link_equal(const struct guest_link *a, const struct guest_link *b)
{
	return addr_equal(&a->ip, &b->ip) && addr_equal(&a->ip6, &b->ip6) &&
	       addr_equal(&a->gateway, &b->gateway) && addr_equal(&a->gateway6, &b->gateway6) &&
	       addr_equal(&a->dns[0], &b->dns[0]) && addr_equal(&a->dns[1], &b->dns[1]) &&
	       addr_equal(&a->dns6[0], &b->dns6[0]) && addr_equal(&a->dns6[1], &b->dns6[1]) &&
	       mac_equal(&a->mac, &b->mac) && a->mtu == b->mtu;
}

/* What the guest's link takes: what the registry says, or what the way out takes, as far as that is
 * the network domain's to say: nobody's link grows by it, and none shrinks below what its families
 * need (RFC 8200 section 5; of IPv4 what every host must take, RFC 1122 section 3.3.2). */
static uint32_t mtu_of(const struct subject *s)
{
	uint32_t least = addr_is_set(&s->d->ip6) ? LINK_MTU_LEAST6 : LINK_MTU_LEAST4;
	uint32_t out = s->provider ? s->provider->now->mtu : 0;

	if (s->d->mtu || !out)
		return (uint32_t)s->d->mtu;
	return out < least ? least : out > LINK_MTU_DEFAULT ? LINK_MTU_DEFAULT : out;
}

static void links_publish(struct planning *p)
{
	for (size_t i = 0; i < p->count; i++) {
		const struct subject *s = &p->subject[i];
		const struct netvmd_link *now = link_find(s->now, s->devid);
		struct guest_link w;

		if (!s->wants)
			continue;
		registry_guest_link(p->r, s->d, &w);
		w.mac = s->mac;
		w.mtu = mtu_of(s);
		if (!now || !now->readable || !link_equal(&w, &now->link))
			action_add(p, NETVMD_PUBLISH_LINK, s, s->devid, NULL)->link = w;
	}
}

static bool limits_equal(const struct client_limits *a, const struct client_limits *b)
{
	return a->connections == b->connections && a->packets == b->packets && a->bytes == b->bytes;
}

static bool client_equal(const struct client *a, const struct client *b)
{
	return strcmp(a->name, b->name) == 0 && addr_equal(&a->ip, &b->ip) &&
	       addr_equal(&a->visible_ip, &b->visible_ip) &&
	       addr_equal(&a->visible_gateway, &b->visible_gateway) &&
	       addr_equal(&a->ip6, &b->ip6) && mac_equal(&a->mac, &b->mac) && a->mtu == b->mtu &&
	       limits_equal(&a->limits, &b->limits) && a->cable == b->cable && a->dhcp == b->dhcp &&
	       a->policy == b->policy && exposures_equal(&a->exposures, &b->exposures) &&
	       strcmp(a->rules ? a->rules : "", b->rules ? b->rules : "") == 0;
}

static void clients_publish(struct planning *p)
{
	for (size_t i = 0; i < p->count; i++) {
		const struct subject *s = &p->subject[i];
		const struct vif_id guest = { s->now->domid, s->devid };
		const struct netvmd_client *now;
		struct client w;

		if (!s->wants || !s->provider || s->provider->standing != KNOWN)
			continue;
		w = (struct client){ .ip = s->d->ip,
			.ip6 = s->d->ip6,
			.visible_ip = s->d->visible_ip,
			.visible_gateway = s->d->visible_gateway,
			.mac = s->mac,
			.mtu = mtu_of(s),
			.limits = { .connections = (uint32_t)s->d->connections,
				.packets = (uint32_t)s->d->packets_per_second,
				.bytes = (uint32_t)s->d->bytes_per_second },
			.cable = s->d->cable,
			.dhcp = s->d->dhcp,
			.policy = s->d->policy,
			.rules = s->d->rules,
			.generation = 1 };
		if (s->d->exposed)
			w.exposures = *s->d->exposed;
		strcpy(w.name, s->d->name);
		now = netvmd_index_client(&p->index, s->provider->now, &guest);
		if (now && now->readable && client_equal(&w, &now->client))
			continue;
		if (now && now->readable && now->client.generation != UINT32_MAX)
			w.generation = now->client.generation + 1;
		action_add(p, NETVMD_PUBLISH_CLIENT, s, s->devid, s->provider)->client = w;
	}
}

/* --- vifs --- */

static void wait_add(struct planning *p, const struct subject *s, const char *why)
{
	struct netvmd_wait *grown = realloc(p->out->wait, (p->out->waiting + 1) * sizeof(*grown));
	struct netvmd_wait *w;

	if (!grown) {
		p->no_memory = true;
		return;
	}
	p->out->wait = grown;
	w = &grown[p->out->waiting++];
	strcpy(w->guest_name, s->now->name);
	snprintf(w->words, sizeof(w->words), "%s (%u) waits for %s, which %s", s->now->name,
		s->now->domid, s->d->netvm->name, why);
}

static struct xen_vif_spec vif_of(const struct subject *s)
{
	struct xen_vif_spec v = { .id = { s->now->domid, s->devid },
		.backend = s->provider->now->domid,
		.mac = s->mac,
		.ip = s->d->ip,
		.ip6 = s->d->ip6,
		.mtu = mtu_of(s) };

	strcpy(v.backend_name, s->provider->now->name);
	return v;
}

static void vifs_attach(struct planning *p)
{
	for (size_t i = 0; i < p->count; i++) {
		const struct subject *s = &p->subject[i];
		const char *why;

		if (!s->wants || (s->vif && s->vif->alive))
			continue;
		why = netvmd_unable(s->provider ? s->provider->now : NULL, s->d);
		if (why)
			wait_add(p, s, why);
		if (s->vif)
			continue; /* the dead one goes first */
		p->out->again |= !why && s->now->paused;
		if (!why && !s->now->paused && !s->now->busy)
			action_add(p, NETVMD_ATTACH, s, s->devid, s->provider)->vif = vif_of(s);
	}
}

int netvmd_plan(
	const struct registry *wanted, const struct netvmd_actual *actual, struct netvmd_plan *out)
{
	struct planning p = { .r = wanted, .actual = actual, .count = actual->count, .out = out };

	memset(out, 0, sizeof(*out));
	p.subject = calloc(actual->count + 1, sizeof(*p.subject));
	p.no_memory = netvmd_index_make(&p.index, actual) || !p.subject;
	if (p.no_memory)
		goto out;
	for (size_t i = 0; i < p.count; i++)
		p.subject[i].now = &actual->domain[i];
	for (size_t i = 0; i < p.count; i++)
		domain_judge(&p, &p.subject[i]);
	links_unpublish(&p);
	clients_withdraw(&p);
	vifs_detach(&p);
	providers_publish(&p);
	links_publish(&p);
	clients_publish(&p);
	vifs_attach(&p);
out:
	netvmd_index_dispose(&p.index);
	free(p.subject);
	return p.no_memory ? -ENOMEM : 0;
}

void netvmd_plan_dispose(struct netvmd_plan *p)
{
	free(p->action);
	free(p->wait);
	memset(p, 0, sizeof(*p));
}
