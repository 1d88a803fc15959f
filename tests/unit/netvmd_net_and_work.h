/* The world that each test about netvmd's plans begins with: net serves work (netvmd_world.h). */
#ifndef NETVM_TESTS_NETVMD_NET_AND_WORK_H
#define NETVM_TESTS_NETVMD_NET_AND_WORK_H

#include "tests/unit/unit.h"

#include "tests/unit/netvmd_world.h"

static struct world w;

static int set_up(void **state)
{
	(void)state;
	world_of_net_and_work(&w);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	world_dispose(&w);
	return 0;
}

static void settle(void)
{
	world_settle(&w);
}

#define assert_plan(text) assert_string_equal(world_plan(&w, false, NULL), text)

static struct netvmd_domain *now(const char *name)
{
	struct netvmd_domain *d = world_running(&w, name);

	assert_non_null(d);
	return d;
}

#endif
