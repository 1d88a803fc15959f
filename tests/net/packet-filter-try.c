/*
 * packet-filter-try RUNDIR stand [REAL-RESOLVER]... [then [REAL-RESOLVER]...] | down
 *
 * The packet filter alone, for tests/net/packet-filter: makes a sample ruleset stand with these
 * real resolvers (then with others, as one process), or takes it away; by the engine $ENGINE, or
 * that of the automatic choice. Prints "changed" or "unchanged".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/packet_filter.h"
#include "common/netlink.h"

static int stand(struct packet_filter *pf, bool ip6, char **resolvers, int count, struct err *e)
{
	struct ruleset r = { .group = 30830, .mark = RULESET_MARK };
	struct packet_filter_outcome outcome;
	struct addr a;
	int ret;

	addr_parse("10.137.0.1", &r.ip4.gateway);
	addr_parse("fe80::1", &r.ip6.gateway);
	addr_parse("10.139.1.1", &r.ip4.dns[0]);
	addr_parse("10.139.1.2", &r.ip4.dns[1]);
	addr_parse("2001:db8::53", &r.ip6.dns[0]);
	for (int i = 0; i < count; i++) {
		if (addr_parse(resolvers[i], &a) < 0)
			return err_set(e, -1, "%s: not an address", resolvers[i]);
		if (a.family == r.ip4.dns[0].family)
			r.ip4.resolvers[r.ip4.resolver_count++] = a;
		else
			r.ip6.resolvers[r.ip6.resolver_count++] = a;
	}
	ret = packet_filter_stand(pf, &r, ip6, &outcome, e);
	if (!ret)
		printf("%s%s\n", outcome.changed ? "changed" : "unchanged",
			outcome.without_ip6 ? " without IPv6" : "");
	fflush(stdout);
	return ret;
}

/* One ruleset after the other. */
static int stand_all(struct packet_filter *pf, bool ip6, char **words, int count, struct err *e)
{
	int ret = 0;

	for (int first = 0, i = 0; i <= count && !ret; i++) {
		if (i < count && strcmp(words[i], "then") != 0)
			continue;
		ret = stand(pf, ip6, words + first, i - first, e);
		first = i + 1;
	}
	return ret;
}

int main(int argc, char *argv[])
{
	struct netlink *nl = NULL;
	struct packet_filter *pf = NULL;
	struct err e = ERR_NONE;
	const char *engine = getenv("ENGINE");
	int ret = argc < 3 ? err_set(&e, -1, "usage: RUNDIR stand|down") : netlink_open(&nl, &e);

	if (!ret && engine && packet_filter_choice_find(engine) == PACKET_FILTER_CHOICES)
		ret = err_set(&e, -1, "%s: no engine", engine);
	if (!ret)
		ret = packet_filter_open(
			&pf, nl, argv[1], packet_filter_choice_find(engine ? engine : "auto"), &e);
	if (!ret && strncmp(argv[2], "stand", 5) == 0)
		ret = stand_all(pf, argv[2][5] != '4', argv + 3, argc - 3, &e);
	else if (!ret)
		ret = packet_filter_tear_down(pf, &e);
	packet_filter_close(pf);
	netlink_close(nl);
	if (ret)
		fprintf(stderr, "%s\n", e.text);
	return ret ? 1 : 0;
}
