/*
 * Ports of guests that are open to the outside. A guest's port is carried from its network domain
 * outwards: each network domain on the way leads it to the next one inside, by the same number,
 * and the last one to the guest. So in every network domain each port can be one guest's only.
 * Sources go along unchanged, because no network domain translates the source of what comes in.
 *
 * The way ends at the outermost network domain, or at the one that the port is opened from. Where
 * that one is not on the domain's way, nothing is opened: the domain may come back to it.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "toolstack/registry_internal.h"

#define FROM " from "

/* What a network domain's own DHCP clients receive at. */
static const struct exposure needed[] = {
	{ .proto = IPPROTO_UDP, .port = 68 },
	{ .proto = IPPROTO_UDP, .port = 546 },
};

int registry_exposure_parse(const char *text, struct registry_exposure *out)
{
	const char *from = strstr(text, FROM);
	size_t len = from ? (size_t)(from - text) : strlen(text);
	char port[EXPOSURE_TEXT_MAX];

	*out = (struct registry_exposure){ .from = "" };
	if (len >= sizeof(port))
		return -EINVAL;
	memcpy(port, text, len);
	port[len] = '\0';
	if (from) {
		from += strlen(FROM);
		if (domain_name_check(from) != 0)
			return -EINVAL;
		strcpy(out->from, from);
	}
	return exposure_parse(port, &out->port);
}

int registry_expose_check(const char *text, struct err *e)
{
	struct registry_exposure x;

	if (registry_exposure_parse(text, &x) < 0)
		return err_set(e, -EINVAL,
			"a port to expose (\"tcp/8080:80\", \"udp/53\", \"tcp/80@192.0.2.0/24\", "
			"each "
			"also with \"from NETVM\" behind it)");
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (exposure_same_port(&needed[i], &x.port))
			return err_set(e, -EINVAL,
				"another port: network domains need %s/%u themselves, for DHCP",
				exposure_proto(&x.port), x.port.port);
	return 0;
}

int registry_expose_type(const struct registry_domain *d, const char *path, struct err *e)
{
	struct exposures set = { .count = 0 };

	for (size_t i = 0; i < d->expose_text.count; i++) {
		struct registry_exposure x;

		registry_exposure_parse(d->expose_text.item[i], &x);
		if (exposures_add(&set, &x.port) < 0)
			return err_set(e, -EINVAL,
				"%s: expose: %s/%u twice, but for different sources and with the "
				"same port there, or more than %d ports",
				path, exposure_proto(&x.port), x.port.port, EXPOSURES_MAX);
	}
	return 0;
}

bool registry_expose_names(const struct registry_domain *d, const char *name)
{
	struct registry_exposure x;

	for (size_t i = 0; i < d->expose_text.count; i++)
		if (registry_exposure_parse(d->expose_text.item[i], &x) == 0 &&
			strcmp(x.from, name) == 0)
			return true;
	return false;
}

/* --- who leads what to whom --- */

/* A port of a network domain, and whose it is. */
struct opening {
	const struct registry_domain *provider;
	struct exposure x;
	struct registry_domain *owner;
};

struct openings {
	struct opening *item;
	size_t count, space;
	bool no_memory;
};

static void opening_add(struct openings *o, const struct registry_domain *provider,
	const struct exposure *x, struct registry_domain *owner)
{
	if (o->count == o->space) {
		size_t space = o->space ? 2 * o->space : 64;
		struct opening *more = reallocarray(o->item, space, sizeof(*more));

		o->no_memory |= !more;
		if (!more)
			return;
		o->item = more;
		o->space = space;
	}
	o->item[o->count++] = (struct opening){ provider, *x, owner };
}

static int opening_cmp(const void *a, const void *b)
{
	const struct opening *x = a, *y = b;

	if (x->provider != y->provider)
		return x->provider < y->provider ? -1 : 1;
	if (x->x.proto != y->x.proto || x->x.port != y->x.port)
		return x->x.proto != y->x.proto ? x->x.proto - y->x.proto : x->x.port - y->x.port;
	if (x->owner->provides_network != y->owner->provides_network)
		return x->owner->provides_network ? -1 : 1;
	return strcmp(x->owner->name, y->owner->name);
}

/* Whether it is one of the domain's network domains. They may be in a loop. */
static bool is_on_the_way(
	const struct registry *r, const struct registry_domain *d, const char *name)
{
	for (size_t steps = 0; d->netvm && steps < r->count; steps++) {
		d = d->netvm;
		if (strcmp(d->name, name) == 0)
			return true;
	}
	return false;
}

/* A port of `d` on its way out, up to a domain that cannot be used. */
static void port_carry(struct registry *r, struct registry_domain *d,
	const struct registry_exposure *e, struct openings *o)
{
	struct exposure x = e->port;
	struct registry_domain *at = d;

	for (size_t steps = 0; at->netvm && !at->fault && steps < r->count; steps++) {
		const struct registry_domain *provider = at->netvm;

		if (o)
			opening_add(o, provider, &x, d);
		if (!at->exposed)
			at->exposed = calloc(1, sizeof(*at->exposed));
		if (!at->exposed)
			registry_fault_set(d, -ENOMEM, "%s: out of memory", d->name);
		else if (exposures_add(at->exposed, &x) == -E2BIG && !d->fault)
			registry_fault_set(d, -E2BIG,
				"%s/domains/%s.conf: expose: more than %d ports would lead to %s",
				r->dir, d->name, EXPOSURES_MAX, at->name);
		if (strcmp(provider->name, e->from) == 0)
			break;
		at = &r->domain[provider - r->domain];
		x.to = x.port;
	}
}

static void carry(struct registry *r, struct openings *o)
{
	struct registry_exposure e;

	for (size_t i = 0; i < r->count; i++)
		if (r->domain[i].exposed)
			r->domain[i].exposed->count = 0;
	for (size_t i = 0; i < r->count; i++) {
		struct registry_domain *d = &r->domain[i];

		for (size_t k = 0; k < d->expose_text.count && !d->fault; k++)
			if (registry_exposure_parse(d->expose_text.item[k], &e) == 0 &&
				(!e.from[0] || is_on_the_way(r, d, e.from)))
				port_carry(r, d, &e, o);
	}
}

static void names_fault(const struct registry *r, struct registry_domain *d)
{
	struct registry_exposure e;

	for (size_t i = 0; i < d->expose_text.count && !d->fault; i++)
		if (registry_exposure_parse(d->expose_text.item[i], &e) == 0 && e.from[0] &&
			!registry_find(r, e.from))
			registry_fault_set(d, -EINVAL,
				"%s/domains/%s.conf: expose: there is no domain \"%s\" in the "
				"registry",
				r->dir, d->name, e.from);
}

void registry_expose_fault(struct registry *r)
{
	struct openings o = { .item = NULL };

	for (size_t i = 0; i < r->count; i++)
		names_fault(r, &r->domain[i]);
	carry(r, &o);
	if (o.count)
		qsort(o.item, o.count, sizeof(o.item[0]), opening_cmp);
	for (size_t i = 1, first = 0; i < o.count; i++) {
		const struct opening *a = &o.item[first], *b = &o.item[i];

		if (a->provider != b->provider || a->x.proto != b->x.proto ||
			a->x.port != b->x.port)
			first = i;
		else if (b->owner != a->owner && !b->owner->fault)
			registry_fault_set(b->owner, -EINVAL,
				"%s/domains/%s.conf: expose: %s/%u of %s is exposed by %s as well",
				r->dir, b->owner->name, exposure_proto(&b->x), b->x.port,
				b->provider->name, a->owner->name);
	}
	for (size_t i = 0; i < r->count && o.no_memory; i++)
		if (r->domain[i].expose_text.count && !r->domain[i].fault)
			registry_fault_set(
				&r->domain[i], -ENOMEM, "%s: out of memory", r->domain[i].name);
	free(o.item);
}

void registry_expose_carry(struct registry *r)
{
	carry(r, NULL);
}
