/*
 * planner-costs DIR: what netvmd's plan costs with the registry in DIR, all of whose domains run.
 *
 * Prints "NAME VALUE" lines: milliseconds of a plan where nothing has been done yet, and where all
 * is as wanted, medians, and how many actions the first has.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "toolstack/netvmd_plan.h"
#include "tests/bench/median.h"

#define TURNS 9

static void die(const char *what, const char *why)
{
	fprintf(stderr, "planner-costs: %s: %s\n", what, why);
	exit(2);
}

static void *room(size_t count, size_t size)
{
	void *p = calloc(count, size);

	if (!p)
		die("memory", "there is none");
	return p;
}

/* --- a host where all of them run --- */

static void host_fill(struct netvmd_actual *a, const struct registry *r)
{
	a->domain = room(r->count, sizeof(*a->domain));
	a->count = r->count;
	for (size_t i = 0; i < r->count; i++) {
		struct netvmd_domain *d = &a->domain[i];

		d->domid = (uint32_t)i + 1;
		memcpy(d->name, r->domain[i].name, sizeof(d->name));
		d->link = room(1, sizeof(*d->link));
		d->vif = room(1, sizeof(*d->vif));
		if (!r->domain[i].provides_network)
			continue;
		d->ready = true;
		d->client = room(r->count, sizeof(*d->client));
	}
}

/* Does an action as xenstore and libxl do it, with this bench's kinds of actions. */
static void host_do(struct netvmd_actual *a, struct netvmd_action *x)
{
	struct netvmd_domain *guest = &a->domain[x->guest.domid ? x->guest.domid - 1 : 0];
	struct netvmd_domain *provider = &a->domain[x->provider ? x->provider - 1 : 0];

	switch (x->verb) {
	case NETVMD_PUBLISH_PROVIDER:
		provider->managed = provider->provider_readable = true;
		provider->provider = x->published;
		break;
	case NETVMD_PUBLISH_LINK:
		guest->link[guest->links++] = (struct netvmd_link){ x->guest.devid, true, x->link };
		break;
	case NETVMD_PUBLISH_CLIENT:
		provider->client[provider->clients] =
			(struct netvmd_client){ x->guest, true, x->client };
		/* Those of an action are the registry's. */
		if (x->client.rules)
			provider->client[provider->clients].client.rules = strdup(x->client.rules);
		provider->clients++;
		break;
	case NETVMD_ATTACH:
		guest->vif[guest->vifs++] = (struct netvmd_vif){ .devid = x->guest.devid,
			.backend = x->vif.backend,
			.mac = x->vif.mac,
			.alive = true };
		break;
	default:
		die("a plan", "has an action that nobody expects");
	}
}

/* --- */

static double plan(const struct registry *r, const struct netvmd_actual *a, struct netvmd_plan *p)
{
	double begin = clock_seconds();

	if (netvmd_plan(r, a, p))
		die("a plan", "there is none");
	return (clock_seconds() - begin) * 1000;
}

static double plans(const struct registry *r, const struct netvmd_actual *a, size_t *actions)
{
	double of[TURNS];
	struct netvmd_plan p;

	for (int t = 0; t < TURNS; t++) {
		of[t] = plan(r, a, &p);
		*actions = p.count;
		netvmd_plan_dispose(&p);
	}
	return median(of, TURNS);
}

/* Until everything is as wanted. */
static void host_settle(const struct registry *r, struct netvmd_actual *a)
{
	struct netvmd_plan p = { .count = 1 };

	for (int i = 0; p.count && i < 8; i++) {
		plan(r, a, &p);
		for (size_t k = 0; k < p.count; k++)
			host_do(a, &p.action[k]);
		netvmd_plan_dispose(&p);
	}
	plan(r, a, &p);
	if (p.count)
		die("plans", "have no end");
	netvmd_plan_dispose(&p);
}

int main(int argc, char *argv[])
{
	struct netvmd_actual a = { .count = 0 };
	struct err e = ERR_NONE;
	struct registry r;
	size_t actions = 0, none = 0;
	double new, same;

	if (argc != 2) {
		fprintf(stderr, "usage: planner-costs DIR\n");
		return 2;
	}
	if (registry_read(argv[1], &r, NULL, &e))
		die(argv[1], e.text);
	host_fill(&a, &r);
	new = plans(&r, &a, &actions);
	host_settle(&r, &a);
	same = plans(&r, &a, &none);
	printf("new %.3f\nsame %.3f\nactions %zu\n", new, same, actions);
	netvmd_actual_dispose(&a);
	registry_dispose(&r);
	return 0;
}
