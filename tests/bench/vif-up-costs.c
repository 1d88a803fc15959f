/*
 * vif-up-costs RUNDIR CONFIG VIF ADDRESS MAC: what bringing that vif up costs netbackd, beside the
 * floor. ADDRESS and MAC are those of its guest, as xenstore has them.
 *
 * Prints "up MS", "up-cpu MS" (of the process, as netbackd does it: service_vif_up(), xenstored
 * included) and "floor MS" (the same kernel state set by bare netlink messages and sysctls, without
 * looking, asking or deciding), in turns, medians. The vif is down in between, by the same means.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "backend/service.h"
#include "backend/vif_plan.h"
#include "common/clock.h"
#include "common/file.h"
#include "tests/bench/median.h"

#define TURNS 101

static void die(const char *what, const struct err *e)
{
	fprintf(stderr, "vif-up-costs: %s: %s\n", what, e->text);
	exit(2);
}

static double cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* --- the floor --- */

struct floor {
	struct netlink *nl;
	const char *vif;
	struct addr guest;
	struct link_addr gateway;
	struct route route;
	struct mac mac;
	struct guard open, closed;
};

static void floor_init(struct floor *f, struct netlink *nl, const char *const words[3])
{
	struct err e = ERR_NONE;
	struct link link;

	*f = (struct floor){ .nl = nl, .vif = words[0] };
	if (link_get(nl, f->vif, &link, &e) < 0)
		die(f->vif, &e);
	if (addr_parse(words[1], &f->guest) < 0 || mac_parse(words[2], &f->mac) < 0) {
		fprintf(stderr, "vif-up-costs: %s %s: not an address and a MAC\n", words[1],
			words[2]);
		exit(2);
	}
	addr_parse("10.137.0.1", &f->gateway.addr);
	f->gateway.prefix_len = 32;
	f->gateway.ifindex = f->route.ifindex = link.ifindex;
	f->route.dst = (struct prefix){ f->guest, 32 };
	f->route.metric = VIF_METRIC;
	guard_make(&f->open, &f->mac, &f->guest, 1, NULL, false);
	guard_make_closed(&f->closed);
}

static void sysctls_set(const char *vif, struct err *e)
{
	const struct vif_sysctl *s;
	size_t count;
	char name[96];

	s = vif_sysctls(&count);
	for (size_t i = 0; i < count; i++)
		if (s[i].when != SYSCTL_WITH_IP6 &&
			sysctl_set(vif_sysctl_name(&s[i], vif, name), s[i].value, e) < 0)
			die(name, e);
}

static void floor_up(struct floor *f)
{
	int ifindex = f->route.ifindex;
	struct err e = ERR_NONE;

	sysctls_set(f->vif, &e);
	if (link_set_group(f->nl, ifindex, VIF_GROUP, &e) < 0 ||
		guard_set(f->nl, ifindex, f->open.prog, f->open.count, &e) < 0 ||
		conntrack_forget(f->nl, &f->guest, &e) < 0 ||
		neighbour_set(f->nl, ifindex, &f->guest, &f->mac, &e) < 0 ||
		link_set_up(f->nl, ifindex, true, &e) < 0 ||
		link_addr_set(f->nl, &f->gateway, &e) < 0 || route_set(f->nl, &f->route, &e) < 0)
		die("floor", &e);
}

static void floor_down(struct floor *f)
{
	int ifindex = f->route.ifindex;
	struct err e = ERR_NONE;

	if (link_set_up(f->nl, ifindex, false, &e) < 0 || route_delete(f->nl, &f->route, &e) < 0 ||
		link_addr_delete(f->nl, &f->gateway, &e) < 0 ||
		neighbour_delete(f->nl, ifindex, &f->guest, &e) < 0 ||
		guard_set(f->nl, ifindex, f->closed.prog, f->closed.count, &e) < 0)
		die("floor", &e);
}

int main(int argc, char *argv[])
{
	double up[TURNS], cpu[TURNS], floor[TURNS];
	struct service_options o = { .backend = SCHEMA_SELF };
	struct err e = ERR_NONE;
	struct vif_id id;
	struct service s;
	struct floor f;
	bool emulated;

	if (argc != 6 || vif_name_parse(argv[3], &id, &emulated) < 0) {
		fprintf(stderr, "usage: vif-up-costs RUNDIR CONFIG VIF ADDRESS MAC\n");
		return 2;
	}
	o.run_dir = argv[1];
	o.config = argv[2];
	if (service_open(&s, &o, &e) < 0 || service_rules_stand(&s, NULL, NULL, &e) < 0)
		die("service", &e);
	floor_init(&f, s.nl, (const char *const *)argv + 3);
	for (int t = 0; t < TURNS; t++) {
		double begin = clock_seconds(), cpu_begin = cpu_ms();

		if (service_vif_up(&s, &id, false, NULL, &e) < 0)
			die("up", &e);
		up[t] = (clock_seconds() - begin) * 1000;
		cpu[t] = cpu_ms() - cpu_begin;
		if (service_vif_down(&s, &id, false, &e) < 0)
			die("down", &e);
		begin = clock_seconds();
		floor_up(&f);
		floor[t] = (clock_seconds() - begin) * 1000;
		floor_down(&f);
	}
	printf("up %.3f\nup-cpu %.3f\nfloor %.3f\n", median(up, TURNS), median(cpu, TURNS),
		median(floor, TURNS));
	service_close(&s);
	return 0;
}
