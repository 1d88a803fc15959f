/*
 * netvmd's planner against a host on which anything happens: domains start, pause, shut down, are
 * destroyed and come back under other numbers; the registry changes and is broken and mended; vifs
 * and entries are made and lost behind its back; most events are missed, most actions fail or are
 * done by halves. Whenever that ends, it ends in the state that the registry wants, in a few
 * passes.
 */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "tests/unit/at_random.h"
#include "tests/unit/netvmd_world.h"

#define ROUNDS	   2000
#define STEPS	   60
#define PASSES_MAX 6 /* detach, attach, and twice the same where a vif moved while another died */

static const char *const names[] = { "a", "b", "c", "net", "vpn", "stranger" };
#define NAMES (sizeof(names) / sizeof(names[0]))

static struct netvmd_domain *any(struct world *w)
{
	return w->actual.count ? &w->now[chance((unsigned int)w->actual.count)] : NULL;
}

/* --- what happens --- */

static void domain_starts(struct world *w)
{
	const char *name = names[chance(NAMES)];
	struct netvmd_domain *d;

	if (world_running(w, name))
		return;
	if (chance(20) == 0)
		w->next_domid += 5; /* others came and went */
	d = world_start(w, name);
	d->paused = chance(2);
	d->ready = chance(2);
	d->mtu = chance(2) ? 1420 : 0;
	if (chance(3) == 0 && world_running(w, "net"))
		world_vif(w, d, 0, world_running(w, "net")->domid, (uint8_t)chance(255));
	if (chance(4) == 0)
		world_vif(w, d, 5, 0, 1);
}

static void domain_goes(struct world *w)
{
	struct netvmd_domain *d = any(w);

	if (d && chance(2))
		world_destroy(w, d);
	else if (d)
		d->shutdown = true;
}

static void domain_changes(struct world *w)
{
	struct netvmd_domain *d = any(w);

	if (!d)
		return;
	d->paused = chance(4) == 0;
	d->ready = chance(2);
	d->mtu = chance(2) ? 1420 : 0;
	d->busy = chance(4) == 0;
}

/* Somebody else's hand, or a hostile network domain. */
static void things_get_lost(struct world *w)
{
	struct netvmd_domain *d = any(w);

	if (d && d->vifs && d->vif[0].backend && chance(2))
		d->vif[0].alive = false;
	if (d && d->links && chance(3) == 0)
		d->link[0].readable = false;
	if (d && d->clients && chance(3) == 0)
		d->client[0].readable = false;
	if (d && d->clients && chance(3) == 0)
		d->clients--;
	if (d && chance(4) == 0)
		d->provider_readable = false;
}

static void registry_changes(struct world *w)
{
	static const char *const choice[] = { "net", "vpn", NULL };
	struct registry_domain *d = &w->wanted[chance((unsigned int)w->registry.count)];

	world_netvm(d, choice[chance(3)]);
	d->policy = chance(2) ? POLICY_DROP : POLICY_ACCEPT;
	d->mtu = chance(2) ? 1400 : 0;
	for (size_t i = 0; i < w->registry.count; i++)
		w->wanted[i].broken = false;
	d->broken = chance(3) == 0;
	if (d->broken)
		registry_fault_set(d, -EINVAL, "syntax error");
	world_resolve(w); /* "vpn" behind "vpn" is a loop, and a fault, too */
}

/* A pass in which each action may fail. */
static void pass_happens(struct world *w)
{
	struct netvmd_plan plan;

	assert_int_equal(netvmd_plan(&w->registry, &w->actual, &plan), 0);
	for (size_t i = 0; i < plan.count; i++)
		if (chance(3) == 0)
			world_do(w, &plan.action[i]);
	netvmd_plan_dispose(&plan);
}

static void (*const events[])(struct world *) = {
	domain_starts,
	domain_starts,
	domain_goes,
	domain_changes,
	things_get_lost,
	registry_changes,
	pass_happens,
	pass_happens,
};

/* --- what must be in the end --- */

/* The registry is in order, and nothing hinders. */
static void calm(struct world *w)
{
	for (size_t i = 0; i < w->registry.count; i++)
		w->wanted[i].broken = false;
	world_netvm(world_wanted(w, "net"), NULL);
	if (strcmp(world_wanted(w, "vpn")->netvm_text, "vpn") == 0)
		world_netvm(world_wanted(w, "vpn"), "net");
	world_resolve(w);
	for (size_t i = 0; i < w->registry.count; i++)
		assert_null(w->wanted[i].fault);
	for (size_t i = w->actual.count; i-- > 0;)
		if (w->now[i].shutdown)
			world_destroy(w, &w->now[i]);
	for (size_t i = 0; i < w->actual.count; i++) {
		w->now[i].paused = w->now[i].busy = false;
		w->now[i].ready = true;
	}
}

static void guest_check(struct world *w, const struct registry_domain *d, struct netvmd_domain *g)
{
	struct netvmd_domain *n = world_running(w, d->netvm->name);
	const struct netvmd_client *c;
	size_t found = 0;
	uint32_t devid;

	assert_int_equal(g->links, 1);
	devid = g->link[0].devid;
	assert_true(addr_equal(&g->link[0].link.ip, &d->ip));
	assert_true(addr_equal(&g->link[0].link.gateway, &d->netvm->ip));
	for (size_t i = 0; i < g->vifs; i++) {
		assert_true(g->vif[i].alive);
		if (n && g->vif[i].devid == devid) {
			assert_int_equal(g->vif[i].backend, n->domid);
			assert_true(mac_equal(&g->vif[i].mac, &g->link[0].link.mac));
			found++;
		}
	}
	assert_int_equal(found, n ? 1 : 0);
	if (!n)
		return;
	c = world_client(w, n->name, g->name, devid);
	assert_non_null(c);
	assert_true(c->readable);
	assert_string_equal(c->client.name, g->name);
	assert_int_equal(c->client.policy, d->policy);
	assert_true(addr_equal(&c->client.ip, &d->ip));
	assert_true(mac_equal(&c->client.mac, &g->link[0].link.mac));
}

static void entries_check(struct world *w, const struct netvmd_domain *n)
{
	for (size_t i = 0; i < n->clients; i++) {
		const struct registry_domain *d = NULL;

		for (size_t k = 0; k < w->actual.count; k++)
			if (w->now[k].domid == n->client[i].guest.domid)
				d = registry_find(&w->registry, w->now[k].name);
		assert_non_null(d);
		assert_non_null(d->netvm);
		assert_string_equal(d->netvm->name, n->name);
	}
}

static void end_check(struct world *w)
{
	for (size_t i = 0; i < w->actual.count; i++) {
		struct netvmd_domain *g = &w->now[i];
		const struct registry_domain *d = registry_find(&w->registry, g->name);

		if (d && d->netvm)
			guest_check(w, d, g);
		else
			assert_int_equal(g->links, 0);
		if (d && d->provides_network)
			assert_true(addr_equal(&g->provider.gateway, &d->ip));
		entries_check(w, g);
	}
}

static void round_run(void)
{
	struct world w;
	int passes = 0;

	world_init(&w);
	world_want(&w, "a", 2, "net", false);
	world_want(&w, "b", 3, "vpn", false);
	world_want(&w, "c", 4, NULL, false);
	world_want(&w, "net", 1, NULL, true);
	world_want(&w, "vpn", 5, "net", true);
	world_resolve(&w);
	for (int i = 0; i < STEPS; i++)
		events[chance(sizeof(events) / sizeof(events[0]))](&w);
	calm(&w);
	while (*world_plan(&w, true, NULL) && passes++ < PASSES_MAX)
		;
	if (passes > PASSES_MAX)
		fail_msg("after %d passes still: %s", passes, world_plan(&w, false, NULL));
	end_check(&w);
	world_dispose(&w);
}

static void whatever_happened_it_ends_as_the_registry_wants(void **state)
{
	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		seed_round();
		round_run();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			whatever_happened_it_ends_as_the_registry_wants, seed_choose, seed_print),
	};

	return cmocka_run_group_tests_name("netvmd_random", tests, NULL, NULL);
}
