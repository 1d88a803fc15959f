/*
 * policy-pairs RUNDIR ENGINE SEED POLICIES PACKETS
 *
 * Holds the packet filter against policy_decide(): makes random policies of a guest stand, sends
 * random packets as that guest, looks which of them come out in the world, and compares. Runs in
 * the network domain of tests/net/policy-conformance, whose namespaces guest5, guest6 and world it
 * opens. Prints each disagreement with the policy and the packet, then "N pairs, N disagree".
 *
 * Packets are told apart by a number within them that no translation changes. Guest 6 may do
 * anything: when its packet comes out, all that were sent before it are through.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "backend/packet_filter.h"
#include "backend/policy_decide.h"
#include "backend/vif.h"

#define MAGIC	 0x4e565050U
#define RULES	 12
#define EXT_NONE 59
#define PATIENCE 10000 /* milliseconds that a packet may take */

static void die(const char *what, const char *why)
{
	fprintf(stderr, "policy-pairs: %s: %s\n", what, why);
	exit(2);
}

static uint64_t random_state;

static uint32_t random_below(uint32_t limit)
{
	random_state = random_state * 6364136223846793005U + 1442695040888963407U;
	return (uint32_t)(random_state >> 33) % limit;
}

#define PICK(table) ((table)[random_below(sizeof(table) / sizeof((table)[0]))])

/* --- namespaces --- */

struct end {
	int fd; /* packet socket on eth0 */
	struct mac own, peer;
};

static void netns_enter(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || setns(fd, CLONE_NEWNET) < 0)
		die(path, strerror(errno));
	close(fd);
}

/* eth0 of a namespace. The MACs are those that tests/net/netlib.sh gives guest `id` and its vif. */
static struct end end_open(const char *netns, uint8_t id)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	struct end end = { .own = { { 0, 0x16, 0x3e, 0, 0, id } },
		.peer = { { 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff } } };
	char path[64];

	snprintf(path, sizeof(path), "/run/netns/%s", netns);
	netns_enter(path);
	at.sll_ifindex = (int)if_nametoindex("eth0");
	end.fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));
	if (end.fd < 0 || bind(end.fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		die(netns, strerror(errno));
	return end;
}

/* --- packets --- */

struct probe {
	struct policy_packet packet;
	uint8_t ext; /* number of the extension header before the rest; of IPv6 alone */
	uint32_t number;
};

static uint32_t sum_add(uint32_t sum, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? data[i] : (uint32_t)data[i] << 8;
	return sum;
}

static void sum_put(uint8_t *at, uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	sum = ~sum & 0xffff;
	at[0] = (uint8_t)(sum >> 8);
	at[1] = (uint8_t)sum;
}

static void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
	put16(at, value >> 16);
	put16(at + 2, value & 0xffff);
}

/* Transport header and payload, 28 bytes, from another port for each number. Returns where its
 * checksum is. */
static size_t segment_make(uint8_t *s, const struct probe *p)
{
	uint32_t port = 1024 + p->number % 60000;

	memset(s, 0, 28);
	put32(s + 20, MAGIC);
	put32(s + 24, p->number);
	switch (p->packet.proto) {
	case IPPROTO_TCP:
		put16(s, port);
		put16(s + 2, p->packet.port);
		put32(s + 4, p->number);
		s[12] = 5 << 4;
		s[13] = 2; /* SYN */
		put16(s + 14, 1024);
		return 16;
	case IPPROTO_UDP:
		put16(s, port);
		put16(s + 2, p->packet.port);
		put16(s + 4, 28);
		return 6;
	default:
		s[0] = p->packet.icmp_type;
		put16(s + 4, port);
		return 2;
	}
}

/* Options that say nothing, or a fragment that is all of the packet. */
static void ext_make(uint8_t *next, uint8_t *ext, const struct probe *p)
{
	*next = p->ext;
	if (p->ext == IPPROTO_FRAGMENT) {
		put32(ext + 4, p->number);
	} else {
		ext[2] = 1; /* PadN */
		ext[3] = 4;
	}
}

static size_t frame_make(
	uint8_t *f, const struct end *from, const struct addr *src, const struct probe *p)
{
	bool ip6 = src->family == AF_INET6;
	size_t ext = p->ext == EXT_NONE ? 0 : 8;
	size_t len = addr_len(src), head = ip6 ? 40 + ext : 20, at;
	uint8_t *ip = f + 14, *s = ip + head;
	uint32_t sum = 0;

	memset(f, 0, 14 + head);
	memcpy(f, from->peer.bytes, 6);
	memcpy(f + 6, from->own.bytes, 6);
	put16(f + 12, ip6 ? ETH_P_IPV6 : ETH_P_IP);
	if (ip6) {
		ip[0] = 6 << 4;
		put16(ip + 4, 28 + (uint32_t)ext);
		ip[ext ? 40 : 6] = p->packet.proto;
		if (ext)
			ext_make(ip + 6, ip + 40, p);
		ip[7] = 64;
	} else {
		ip[0] = 0x45;
		put16(ip + 2, 48);
		ip[8] = 64;
		ip[9] = p->packet.proto;
	}
	memcpy(ip + (ip6 ? 8 : 12), src->bytes, len);
	memcpy(ip + (ip6 ? 8 : 12) + len, p->packet.dst.bytes, len);
	if (!ip6)
		sum_put(ip + 10, sum_add(0, ip, 20));
	at = segment_make(s, p);
	if (p->packet.proto != IPPROTO_ICMP)
		sum = sum_add(
			sum_add(p->packet.proto + 28U, src->bytes, len), p->packet.dst.bytes, len);
	sum_put(s + at, sum_add(sum, s, 28));
	return 14 + head + 28;
}

static void probe_send(const struct end *from, const struct addr *src, const struct probe *p)
{
	uint8_t frame[128];
	size_t len = frame_make(frame, from, src, p);

	if (send(from->fd, frame, len, 0) != (ssize_t)len)
		die("sending", strerror(errno));
}

/* The number of a probe that came out, 0: another packet. */
static uint32_t number_of(const uint8_t *f, size_t len)
{
	size_t head = len > 14 && f[12] == 0x86 ? 40 : 20;
	uint32_t magic, number;

	if (head == 40 && len > 20 && (f[20] == IPPROTO_HOPOPTS || f[20] == IPPROTO_DSTOPTS))
		head += 8;
	if (len < 14 + head + 28)
		return 0;
	memcpy(&magic, f + 14 + head + 20, 4);
	memcpy(&number, f + 14 + head + 24, 4);
	return ntohl(magic) == MAGIC ? ntohl(number) : 0;
}

/* Marks in `out` (by number - first) which probes came out, until `last` does. */
static void probes_await(const struct end *world, uint32_t first, uint32_t last, bool *out)
{
	struct pollfd p = { .fd = world->fd, .events = POLLIN };
	uint8_t frame[2048];
	uint32_t number = 0;

	while (number != last) {
		struct sockaddr_ll from;
		socklen_t from_len = sizeof(from);
		ssize_t len;

		if (poll(&p, 1, PATIENCE) != 1)
			die("waiting", "the packet of the guest that may do anything did not come");
		len = recvfrom(
			world->fd, frame, sizeof(frame), 0, (struct sockaddr *)&from, &from_len);
		if (len < 0 || from.sll_pkttype == PACKET_OUTGOING)
			continue;
		number = number_of(frame, (size_t)len);
		if (number >= first && number < last)
			out[number - first] = true;
	}
}

/* --- random policies and packets --- */

static const char *const dst4[] = { "203.0.113.5", "203.0.113.70", "203.0.113.255", "192.0.2.9",
	"192.168.3.4", "10.20.30.40", "172.31.255.255", "172.32.0.0", "198.51.100.1",
	"198.51.100.9", "100.64.0.1", "10.139.1.1", "10.139.1.2" };
static const char *const dst6[] = { "2001:db8:1::5", "2001:db8:1:8000::1", "2001:db8:2::1",
	"fd00:1::1", "2001:db8:51::1", "2001:db8:51::9", "2001:db8:139::1" };
static const char *const to[] = { "", "", "dst4=203.0.113.0/24 ", "dst4=203.0.113.64/26 ",
	"dst4=0.0.0.0/0 ", "dst4=192.168.3.4 ", "dst4=10.0.0.0/8 ", "dst4=172.16.0.0/12 ",
	"dst6=2001:db8:1::/48 ", "dst6=2001:db8:1:8000::/49 ", "dst6=::/0 ", "dst6=fd00:1::1 ",
	"dst=@lan ", "dst=@private ", "dst=@internet ", "dst=@netvm-dns ", "dsthost=both.example ",
	"dsthost=four.example ", "dsthost=none.example ", "dst=10.139.1.1 ", "specialtarget=dns " };
static const uint16_t ports[] = { 1, 22, 52, 53, 54, 80, 443, 65535 };
static const uint8_t types4[] = { 8, 13 };

static void rule_random(char *buf, size_t size)
{
	const char *target = PICK(to);
	bool dns = strncmp(target, "special", 7) == 0;
	static const char *const protos[] = { "", "proto=tcp ", "proto=udp ", "proto=icmp " };
	uint32_t proto = random_below(dns ? 3 : 4), a = PICK(ports), b = PICK(ports), kind;
	char port[48] = "", type[24] = "", expire[32] = "";

	if (proto != 3 && !dns && random_below(2))
		snprintf(port, sizeof(port), "dstports=%u-%u ", a < b ? a : b, a < b ? b : a);
	if (proto == 3 && random_below(2))
		snprintf(type, sizeof(type), "icmptype=%u ", random_below(2) ? 8 : 13);
	kind = random_below(8);
	if (kind < 2)
		snprintf(expire, sizeof(expire), "expire=%" PRId64,
			(int64_t)time(NULL) + (kind ? 9999 : -9999));
	/* Special targets come behind the ports in the language. */
	snprintf(buf, size, "action=%s %s%s%s%s%s%s", random_below(2) ? "accept" : "drop",
		dns ? "" : target, protos[proto], port, type, dns ? target : "", expire);
	while (*buf && buf[strlen(buf) - 1] == ' ')
		buf[strlen(buf) - 1] = '\0';
}

static void policy_random(char *text, size_t size)
{
	uint32_t count = random_below(RULES + 1);

	*text = '\0';
	while (count--) {
		char rule[256];

		rule_random(rule, sizeof(rule));
		snprintf(text + strlen(text), size - strlen(text), "%s\n", rule);
	}
}

static struct probe probe_random(uint32_t number)
{
	static const uint8_t protos[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP };
	static const uint8_t ext[] = { EXT_NONE, EXT_NONE, IPPROTO_HOPOPTS, IPPROTO_DSTOPTS,
		IPPROTO_FRAGMENT };
	struct probe p = { .number = number, .ext = EXT_NONE, .packet = { .proto = PICK(protos) } };
	bool ip6 = random_below(2);

	if (ip6)
		p.ext = PICK(ext);
	addr_parse(ip6 ? PICK(dst6) : PICK(dst4), &p.packet.dst);
	if (p.packet.proto != IPPROTO_ICMP) {
		p.packet.port = PICK(ports);
		return p;
	}
	p.packet.icmp_type = ip6 ? 128 : PICK(types4);
	if (ip6)
		p.packet.proto = IPPROTO_ICMPV6;
	return p;
}

/* --- the model --- */

static void guest_set(struct ruleset_guest *g, const char *name, const char *ip, const char *ip6)
{
	snprintf(g->name, sizeof(g->name), "%s", name);
	addr_parse(ip, &g->ip);
	addr_parse(ip6, &g->ip6);
}

static struct addr *addrs(const char *a, const char *b)
{
	struct addr *out = calloc(2, sizeof(*out));

	if (!out || addr_parse(a, &out[0]) < 0 || addr_parse(b, &out[1]) < 0)
		die(a, "no address");
	return out;
}

static void ruleset_set(struct ruleset *r)
{
	struct policy_name *names = calloc(3, sizeof(*names));

	*r = (struct ruleset){
		.group = VIF_GROUP, .mark = RULESET_MARK, .managed = true, .now = time(NULL)
	};
	addr_parse("10.137.0.1", &r->ip4.gateway);
	addr_parse("fe80::1", &r->ip6.gateway);
	addr_parse("10.139.1.1", &r->ip4.dns[0]);
	addr_parse("10.139.1.2", &r->ip4.dns[1]);
	addr_parse("2001:db8:139::1", &r->ip6.dns[0]);
	addr_parse("198.51.100.1", &r->ip4.resolvers[r->ip4.resolver_count++]);
	addr_parse("2001:db8:51::1", &r->ip6.resolvers[r->ip6.resolver_count++]);
	r->guests = calloc(2, sizeof(*r->guests));
	r->lan = calloc(2, sizeof(*r->lan));
	if (!r->guests || !r->lan || !names)
		die("model", "no memory");
	guest_set(&r->guests[r->guest_count++], "vif5.0", "10.137.0.5", "2001:db8:137::5");
	guest_set(&r->guests[r->guest_count++], "vif6.0", "10.137.0.6", "2001:db8:137::6");
	prefix_parse("198.51.100.0/24", &r->lan[r->lan_count++]);
	prefix_parse("2001:db8:51::/64", &r->lan[r->lan_count++]);
	names[0] = (struct policy_name){ strdup("both.example"),
		addrs("203.0.113.5", "2001:db8:2::1"), 2 };
	names[1] = (struct policy_name){ strdup("four.example"), addrs("192.0.2.9", "10.20.30.40"),
		2 };
	names[2] = (struct policy_name){ strdup("none.example"), NULL, 0 };
	r->names = names;
	r->name_count = 3;
}

/* What is to become of a packet. A virtual resolver takes DNS only, whatever policy says. */
static bool passes(const struct ruleset *r, const struct policy_packet *p)
{
	const struct policy *policy = &r->guests[0].policy;
	struct policy_world world = ruleset_world(r);
	bool is_virtual = false;

	for (size_t i = 0; i < world.dns_count; i++)
		is_virtual |= addr_equal(&world.dns[i], &p->dst);
	if (is_virtual && (p->port != 53 || (p->proto != IPPROTO_TCP && p->proto != IPPROTO_UDP)))
		return false;
	return policy_verdict_of(policy, policy_decide(policy, &world, p)) == POLICY_ACCEPT;
}

static void disagree(
	const char *rules, enum policy_verdict otherwise, const struct probe *p, bool want)
{
	char text[ADDR_TEXT_MAX];

	printf("# number %u wanted %s, saw otherwise: extension header %u, protocol %u to %s, port "
	       "%u, type %u; else %s, with "
	       "rules:\n%s",
		p->number, want ? "it to pass" : "it refused", p->ext, p->packet.proto,
		addr_print(&p->packet.dst, text), p->packet.port, p->packet.icmp_type,
		otherwise == POLICY_ACCEPT ? "accept" : "drop", rules);
}

struct bench {
	struct netlink *nl;
	struct packet_filter *pf;
	struct ruleset r;
	struct end guest, free, world;
	uint32_t number; /* of the last packet */
};

static size_t pairs_run(struct bench *b, size_t packets)
{
	enum policy_verdict otherwise = random_below(2) ? POLICY_ACCEPT : POLICY_DROP;
	struct probe *probes = calloc(packets, sizeof(*probes)), last = { .ext = EXT_NONE };
	bool *out = calloc(packets, sizeof(*out));
	uint32_t first = b->number + 1;
	struct err e = ERR_NONE;
	char rules[RULES * 256];
	size_t wrong = 0;

	if (!probes || !out)
		die("packets", "no memory");
	policy_random(rules, sizeof(rules));
	policy_dispose(&b->r.guests[0].policy);
	if (policy_parse(rules, otherwise, &b->r.guests[0].policy, &e) < 0 ||
		packet_filter_stand(b->pf, &b->r, true, NULL, &e) < 0 ||
		conntrack_forget(b->nl, &b->r.guests[0].ip, &e) < 0 ||
		conntrack_forget(b->nl, &b->r.guests[0].ip6, &e) < 0)
		die(rules, e.text);
	for (size_t i = 0; i < packets; i++) {
		probes[i] = probe_random(++b->number);
		probe_send(&b->guest,
			probes[i].packet.dst.family == AF_INET ? &b->r.guests[0].ip
							       : &b->r.guests[0].ip6,
			&probes[i]);
	}
	last.number = ++b->number;
	last.packet = (struct policy_packet){ .proto = IPPROTO_UDP, .port = 9 };
	addr_parse("203.0.113.1", &last.packet.dst);
	probe_send(&b->free, &b->r.guests[1].ip, &last);
	probes_await(&b->world, first, last.number, out);
	for (size_t i = 0; i < packets; i++) {
		bool want = passes(&b->r, &probes[i].packet);

		if (want != out[i])
			disagree(rules, otherwise, &probes[i], want);
		wrong += want != out[i];
	}
	free(probes);
	free(out);
	return wrong;
}

static void bench_open(struct bench *b)
{
	int here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	cpu_set_t one;

	/* On one processor what was sent first is through first. */
	CPU_ZERO(&one);
	CPU_SET((unsigned int)sched_getcpu(), &one);
	if (here < 0 || sched_setaffinity(0, sizeof(one), &one) < 0)
		die("beginning", strerror(errno));
	b->guest = end_open("guest5", 5);
	b->free = end_open("guest6", 6);
	b->world = end_open("world", 0);
	if (setns(here, CLONE_NEWNET) < 0)
		die("coming back", strerror(errno));
	close(here);
}

int main(int argc, char *argv[])
{
	struct bench b = { .number = 0 };
	struct err e = ERR_NONE;
	size_t policies, packets, wrong = 0;

	if (argc != 6) {
		fprintf(stderr, "usage: policy-pairs RUNDIR ENGINE SEED POLICIES PACKETS\n");
		return 2;
	}
	random_state = strtoull(argv[3], NULL, 10);
	policies = strtoul(argv[4], NULL, 10);
	packets = strtoul(argv[5], NULL, 10);
	bench_open(&b);
	ruleset_set(&b.r);
	if (netlink_open(&b.nl, &e) < 0 || packet_filter_open(&b.pf, b.nl, argv[1],
						   packet_filter_choice_find(argv[2]), &e) < 0)
		die("opening", e.text);
	for (size_t i = 0; i < policies; i++)
		wrong += pairs_run(&b, packets);
	printf("%zu pairs, %zu disagree\n", policies * packets, wrong);
	ruleset_dispose(&b.r);
	packet_filter_close(b.pf);
	netlink_close(b.nl);
	return wrong ? 1 : 0;
}
