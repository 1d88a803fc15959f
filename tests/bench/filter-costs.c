/*
 * filter-costs RUNDIR ENGINE: what a packet filter with many policies costs. filter-costs RUNDIR
 * none: what packets cost with the rules that stand, whosever they are.
 *
 * Runs in the network domain of tests/bench/policy (namespaces guest5 and world). Prints "NAME
 * VALUE" lines: milliseconds of processor and other time for changes, and for forwarding the
 * packets a second that come out in the world, with one guest and with a thousand, in turns,
 * medians.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "backend/packet_filter.h"
#include "backend/vif.h"
#include "common/clock.h"
#include "tests/bench/median.h"

#define GUESTS	 1000
#define RULES	 20
#define MANY	 10000
#define PACKETS	 20000
#define TURNS	 9
#define FRAME	 64
#define PATIENCE 10.0 /* seconds that packets may take */

static void die(const char *what, const char *why)
{
	fprintf(stderr, "filter-costs: %s: %s\n", what, why);
	exit(2);
}

struct bench {
	struct netlink *nl;
	struct packet_filter *pf;
	int guest; /* packet socket of its eth0 */
};

/* --- policies --- */

/* Rules that the packets of this bench do not match, each another one. */
static void policy_fill(struct policy *p, size_t count)
{
	struct err e = ERR_NONE;
	char *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		die("policy", "no memory");
	for (size_t i = 0; i < count; i++)
		fprintf(f, "action=drop dst4=192.0.%zu.%zu proto=tcp dstports=%zu\n", i / 256 % 256,
			i % 256, 1 + i % 60000);
	fclose(f);
	if (policy_parse(text, POLICY_ACCEPT, p, &e) < 0)
		die("policy", e.text);
	free(text);
}

static int guest_cmp(const void *a, const void *b)
{
	return strcmp(
		((const struct ruleset_guest *)a)->name, ((const struct ruleset_guest *)b)->name);
}

/* `count` guests with RULES rules, guest 5 among them. */
static void ruleset_fill(struct ruleset *r, size_t count)
{
	*r = (struct ruleset){ .group = VIF_GROUP, .mark = RULESET_MARK, .managed = true };
	r->now = time(NULL);
	addr_parse("10.137.0.1", &r->ip4.gateway);
	addr_parse("10.139.1.1", &r->ip4.dns[0]);
	addr_parse("198.51.100.1", &r->ip4.resolvers[r->ip4.resolver_count++]);
	r->guests = calloc(count, sizeof(*r->guests));
	if (!r->guests)
		die("guests", "no memory");
	for (size_t i = 0; i < count; i++) {
		struct ruleset_guest *g = &r->guests[r->guest_count++];
		char ip[ADDR_TEXT_MAX];

		snprintf(g->name, sizeof(g->name), "vif%zu.0", i + 5);
		snprintf(ip, sizeof(ip), "10.137.%zu.%zu", (i + 5) / 256, (i + 5) % 256);
		addr_parse(ip, &g->ip);
		policy_fill(&g->policy, RULES);
	}
	qsort(r->guests, count, sizeof(*r->guests), guest_cmp);
}

static double stand(struct bench *b, struct ruleset *r)
{
	struct err e = ERR_NONE;
	double begin = clock_seconds();

	if (packet_filter_stand(b->pf, r, false, NULL, &e) < 0)
		die("rules", e.text);
	return (clock_seconds() - begin) * 1000;
}

static struct ruleset_guest *guest5(struct ruleset *r)
{
	return (struct ruleset_guest *)(uintptr_t)ruleset_guest_find(r, "vif5.0");
}

/* --- changes --- */

static void changes(struct bench *b)
{
	double all[TURNS], seen[TURNS], none[TURNS], one[TURNS], many[TURNS], rule[TURNS];
	struct ruleset few, r;
	struct policy keep;

	ruleset_fill(&few, 1);
	ruleset_fill(&r, GUESTS);
	for (int t = 0; t < TURNS; t++) {
		stand(b, &few);
		all[t] = stand(b, &r);
		seen[t] = stand(b, &r);
		none[t] = stand(b, &r);
		guest5(&r)->policy.rules[3].action ^= 1;
		one[t] = stand(b, &r);
		keep = guest5(&few)->policy;
		policy_fill(&guest5(&few)->policy, MANY);
		stand(b, &few);
		policy_dispose(&guest5(&few)->policy);
		guest5(&few)->policy = keep;
		stand(b, &few);
		policy_dispose(&guest5(&few)->policy);
		policy_fill(&guest5(&few)->policy, MANY);
		many[t] = stand(b, &few);
		guest5(&few)->policy.rules[MANY / 2].action ^= 1;
		rule[t] = stand(b, &few);
		policy_dispose(&guest5(&few)->policy);
		policy_fill(&guest5(&few)->policy, RULES);
	}
	printf("all %.3f\nseen %.3f\nnone %.3f\none %.3f\nmany %.3f\nrule %.3f\n",
		median(all, TURNS), median(seen, TURNS), median(none, TURNS), median(one, TURNS),
		median(many, TURNS), median(rule, TURNS));
	ruleset_dispose(&few);
	ruleset_dispose(&r);
}

/* --- packets --- */

static void sum_put(uint8_t *at, const uint8_t *data, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? data[i] : (uint32_t)data[i] << 8;
	sum = (sum & 0xffff) + (sum >> 16);
	sum = ~(sum + (sum >> 16)) & 0xffff;
	at[0] = (uint8_t)(sum >> 8);
	at[1] = (uint8_t)sum;
}

/* UDP without a checksum from guest 5 to 203.0.113.5 port 9. */
static void frame_fill(uint8_t f[FRAME], uint16_t port)
{
	static const uint8_t head[] = { 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0x16, 0x3e, 0, 0, 5,
		8, 0, 0x45, 0, 0, FRAME - 14, 0, 0, 0, 0, 64, 17, 0, 0, 10, 137, 0, 5, 203, 0, 113,
		5 };

	memset(f, 0, FRAME);
	memcpy(f, head, sizeof(head));
	sum_put(f + 24, f + 14, 20);
	f[34] = (uint8_t)(port >> 8);
	f[35] = (uint8_t)port;
	f[37] = 9;
	f[39] = FRAME - 34;
}

/* Packets that left by the uplink so far. */
static unsigned long left(void)
{
	FILE *f = fopen("/proc/thread-self/net/dev", "r");
	unsigned long packets = 0;
	char line[512];

	if (!f)
		die("/proc/thread-self/net/dev", strerror(errno));
	while (fgets(line, sizeof(line), f))
		if (strstr(line, "uplink:") &&
			sscanf(strchr(line, ':') + 1, "%*u %*u %*u %*u %*u %*u %*u %*u %*u %lu",
				&packets) != 1)
			die("/proc/thread-self/net/dev", "not understood");
	fclose(f);
	return packets;
}

/* Thousands of packets a second, each a new connection or all of one. */
static double forward(struct bench *b, bool connections)
{
	unsigned long before = left();
	double begin = clock_seconds();
	struct err e = ERR_NONE;
	uint8_t frame[FRAME];

	for (unsigned int i = 0; i < PACKETS; i++) {
		frame_fill(frame, (uint16_t)(1024 + (connections ? i : 0)));
		if (send(b->guest, frame, FRAME, 0) != FRAME)
			die("sending", strerror(errno));
	}
	while (left() - before < PACKETS * 99UL / 100)
		if (clock_seconds() - begin > PATIENCE)
			die("forwarding", "packets were lost");
	begin = clock_seconds() - begin;
	if (conntrack_forget(b->nl, &(struct addr){ AF_INET, { 10, 137, 0, 5 } }, &e) < 0)
		die("connections", e.text);
	return PACKETS / begin / 1000;
}

/* And sends once unmeasured: the kernel frees what stood before in its own time, beside packets. */
static void stand_warm(struct bench *b, struct ruleset *r)
{
	stand(b, r);
	forward(b, true);
	forward(b, false);
}

static void packets(struct bench *b)
{
	double few_new[TURNS], few_old[TURNS], all_new[TURNS], all_old[TURNS];
	struct ruleset few, r;

	ruleset_fill(&few, 1);
	ruleset_fill(&r, GUESTS);
	for (int t = 0; t < TURNS; t++) {
		stand_warm(b, &few);
		few_new[t] = forward(b, true);
		few_old[t] = forward(b, false);
		stand_warm(b, &r);
		all_new[t] = forward(b, true);
		all_old[t] = forward(b, false);
	}
	printf("new-1 %.1f\nold-1 %.1f\nnew-1000 %.1f\nold-1000 %.1f\n", median(few_new, TURNS),
		median(few_old, TURNS), median(all_new, TURNS), median(all_old, TURNS));
	ruleset_dispose(&few);
	ruleset_dispose(&r);
}

/* With rules that are not ours. */
static void packets_alone(struct bench *b)
{
	double new[TURNS], old[TURNS];

	forward(b, true);
	forward(b, false);
	for (int t = 0; t < TURNS; t++) {
		new[t] = forward(b, true);
		old[t] = forward(b, false);
	}
	printf("new %.1f\nold %.1f\n", median(new, TURNS), median(old, TURNS));
}

/* --- the bench --- */

static void bench_open(struct bench *b)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP) };
	int here = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	int guest = open("/run/netns/guest5", O_RDONLY | O_CLOEXEC);
	struct err e = ERR_NONE;
	cpu_set_t one;

	/* Packets are forwarded by whom they are sent by. */
	CPU_ZERO(&one);
	CPU_SET((unsigned int)sched_getcpu(), &one);
	if (here < 0 || guest < 0 || sched_setaffinity(0, sizeof(one), &one) < 0 ||
		setns(guest, CLONE_NEWNET) < 0)
		die("beginning", strerror(errno));
	at.sll_ifindex = (int)if_nametoindex("eth0");
	b->guest = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (b->guest < 0 || bind(b->guest, (struct sockaddr *)&at, sizeof(at)) < 0 ||
		setns(here, CLONE_NEWNET) < 0)
		die("guest5", strerror(errno));
	close(here);
	close(guest);
	if (netlink_open(&b->nl, &e) < 0)
		die("opening", e.text);
}

int main(int argc, char *argv[])
{
	struct bench b = { .guest = -1 };
	struct err e = ERR_NONE;

	if (argc != 3) {
		fprintf(stderr, "usage: filter-costs RUNDIR ENGINE\n");
		return 2;
	}
	bench_open(&b);
	if (strcmp(argv[2], "none") == 0) {
		packets_alone(&b);
	} else {
		if (packet_filter_open(
			    &b.pf, b.nl, argv[1], packet_filter_choice_find(argv[2]), &e) < 0)
			die("opening", e.text);
		changes(&b);
		packets(&b);
		packet_filter_close(b.pf);
	}
	netlink_close(b.nl);
	close(b.guest);
	return 0;
}
