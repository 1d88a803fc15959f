/*
 * Ports of guests that are open to the outside. A guest's port is carried from its network domain
 * outwards: each network domain on the way leads it to the next one inside, by the same number,
 * and the last one to the guest. So in every network domain each port can be one guest's only.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "toolstack/registry_internal.h"

/* What a network domain's own DHCP clients receive at. */
static const struct exposure needed[] = {
	{ IPPROTO_UDP, 68, 68 },
	{ IPPROTO_UDP, 546, 546 },
};

int registry_expose_check(const char *text, struct err *e)
{
	struct exposure x;

	if (exposure_parse(text, &x) < 0)
		return err_set(e, -EINVAL, "a port to expose (\"tcp/8080:80\" or \"udp/53\")");
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (needed[i].proto == x.proto && needed[i].port == x.port)
			return err_set(e, -EINVAL,
				"another port: network domains need %s/%u themselves, for DHCP",
				exposure_proto(&x), x.port);
	return 0;
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

/* The ports of `d` on its way out, up to a domain that cannot be used. */
static void domain_carry(struct registry *r, struct registry_domain *d, struct openings *o)
{
	struct registry_domain *at = d;

	for (size_t steps = 0; at->netvm && !at->fault.code && steps < r->count; steps++) {
		for (size_t i = 0; i < d->exposes.count; i++) {
			struct exposure x = d->exposes.item[i];

			if (at != d)
				x.to = x.port;
			if (o)
				opening_add(o, at->netvm, &x, d);
			if (exposures_add(&at->exposed, &x) == -E2BIG && !d->fault.code)
				err_set(&d->fault, -E2BIG,
					"%s/domains/%s.conf: expose: more than %d ports would lead "
					"to %s",
					r->dir, d->name, EXPOSURES_MAX, at->name);
		}
		at = &r->domain[at->netvm - r->domain];
	}
}

static void carry(struct registry *r, struct openings *o)
{
	for (size_t i = 0; i < r->count; i++)
		r->domain[i].exposed.count = 0;
	for (size_t i = 0; i < r->count; i++)
		if (!r->domain[i].fault.code && r->domain[i].exposes.count)
			domain_carry(r, &r->domain[i], o);
}

void registry_expose_fault(struct registry *r)
{
	struct openings o = { .item = NULL };

	carry(r, &o);
	if (o.count)
		qsort(o.item, o.count, sizeof(o.item[0]), opening_cmp);
	for (size_t i = 1, first = 0; i < o.count; i++) {
		const struct opening *a = &o.item[first], *b = &o.item[i];

		if (a->provider != b->provider || a->x.proto != b->x.proto ||
			a->x.port != b->x.port)
			first = i;
		else if (!b->owner->fault.code)
			err_set(&b->owner->fault, -EINVAL,
				"%s/domains/%s.conf: expose: %s/%u of %s is exposed by %s as well",
				r->dir, b->owner->name, exposure_proto(&b->x), b->x.port,
				b->provider->name, a->owner->name);
	}
	for (size_t i = 0; i < r->count && o.no_memory; i++)
		if (r->domain[i].exposes.count && !r->domain[i].fault.code)
			err_sys(&r->domain[i].fault, -ENOMEM, "%s", r->domain[i].name);
	free(o.item);
}

void registry_expose_carry(struct registry *r)
{
	carry(r, NULL);
}
