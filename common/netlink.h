/*
 * netlink: everything that this project says to the kernel over netlink, as verbs on links,
 * addresses, routes, neighbours, source guards and tracked connections.
 *
 * Every "set" may be repeated and every "delete" of what is not there succeeds, so that callers
 * need not know what was before. All requests wait for the kernel's answer. Nothing else in the
 * project includes linux/netlink.h. This module must not know Xen or what a vif is.
 *
 * Functions return 0 or the kernel's negative errno, and say in `e` what was asked of which object.
 */
#ifndef NETVM_NETLINK_H
#define NETVM_NETLINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/err.h"

struct netlink; /* a connection; one request at a time */
struct sock_filter;

int netlink_open(struct netlink **out, struct err *e);
void netlink_close(struct netlink *nl); /* NULL is fine */

/* --- links --- */

#define LINK_NAME_MAX 16 /* IFNAMSIZ, with the final NUL */

struct link {
	int ifindex;
	char name[LINK_NAME_MAX];
	struct mac mac;
	uint32_t mtu;	/* bytes */
	uint32_t group; /* interface group, see ip-link(8) */
	bool up;	/* IFF_UP: switched on by the administrator */
	bool carrier;	/* IFF_LOWER_UP: the other side is there */
	bool loopback;
};

/* Finds one link by name or index; -ENODEV where there is none. */
int link_get(struct netlink *nl, const char *name, struct link *out, struct err *e);
int link_get_by_index(struct netlink *nl, int ifindex, struct link *out, struct err *e);

/* All links of this network namespace. `*out` is malloc'd, the caller frees it (also when `*count`
 * is 0). */
int link_list(struct netlink *nl, struct link **out, size_t *count, struct err *e);

/* What the kernel counted since the link was made, or somebody set it to 0. */
struct link_counters {
	uint64_t received, received_bytes, sent, sent_bytes;
};
int link_counters_get(struct netlink *nl, int ifindex, struct link_counters *out, struct err *e);

int link_set_up(struct netlink *nl, int ifindex, bool up, struct err *e);
int link_set_group(struct netlink *nl, int ifindex, uint32_t group, struct err *e);
int link_set_mtu(struct netlink *nl, int ifindex, uint32_t mtu, struct err *e);
/* Renames a link. -EBUSY: an old kernel, and it is up. -EEXIST: another has the name. */
int link_set_name(struct netlink *nl, int ifindex, const char *name, struct err *e);

/* --- addresses --- */

struct link_addr {
	int ifindex;
	struct addr addr;
	uint8_t prefix_len;
};

/* Adds `addr`/`prefix_len` to a link. IPv6 addresses are added without duplicate address detection
 * (the link has one peer), and a /128 without a route to itself. The kernel answers for an IPv6
 * address some moments after this returns. */
int link_addr_set(struct netlink *nl, const struct link_addr *a, struct err *e);
int link_addr_delete(struct netlink *nl, const struct link_addr *a, struct err *e);

/* Addresses of one link, or of all where `ifindex` is 0. `*out` as in link_list(). */
int link_addr_list(
	struct netlink *nl, int ifindex, struct link_addr **out, size_t *count, struct err *e);

/* --- routes (main table, unicast) --- */

/* rtm_protocol of every route that this project sets (not in use in rt_protos), by which it knows
 * its own. */
#define ROUTE_PROTOCOL 110
/* Of routes that the kernel makes, and takes away, with an address. */
#define ROUTE_PROTOCOL_KERNEL 2

struct route {
	struct prefix dst;    /* len 0 with the family set: default route */
	struct addr gateway;  /* none: the destination is on the link */
	struct addr source;   /* preferred source, or none */
	int ifindex;	      /* way out; 0: several (nexthop ... nexthop ...) */
	uint32_t metric;      /* 0: the kernel's default */
	uint32_t mtu;	      /* 0: the link's */
	uint8_t protocol;     /* as read; route_set() always writes ROUTE_PROTOCOL */
	bool gateway_on_link; /* the gateway is reached on the link although no route leads to it */
};

/* Adds the route, or replaces the one with the same destination and metric. */
int route_set(struct netlink *nl, const struct route *r, struct err *e);
/* Deletes the route with this destination, metric, link and protocol (0: any protocol). */
int route_delete(struct netlink *nl, const struct route *r, struct err *e);
/* Unicast routes of the main table of both families; `ifindex` 0: of all links. `*out` as in
 * link_list(). */
int route_list(struct netlink *nl, int ifindex, struct route **out, size_t *count, struct err *e);

/* The route that a packet to `addr` takes, as it stands in the main table (a host route, a prefix,
 * the default). -EADDRINUSE: it is an address of this machine, or a broadcast address of one of its
 * links; -ENOENT: no route. Cheap however many routes there are. */
int route_find(struct netlink *nl, const struct addr *addr, struct route *out, struct err *e);

/* --- neighbours --- */

/* Makes `mac` the permanent link-layer address of `addr` on a link. */
int neighbour_set(struct netlink *nl, int ifindex, const struct addr *addr, const struct mac *mac,
	struct err *e);
int neighbour_delete(struct netlink *nl, int ifindex, const struct addr *addr, struct err *e);

struct neighbour {
	int ifindex;
	struct addr addr;
	struct mac mac;
};
/* Permanent neighbours of a link (0: of all). `*out` as in link_list(). */
int neighbour_list(
	struct netlink *nl, int ifindex, struct neighbour **out, size_t *count, struct err *e);

/* --- source guard: a classic BPF program that sees every packet entering at a link, before
 * anything else does --- */

/* What a guard program returns (linux/pkt_cls.h: TC_ACT_OK and TC_ACT_SHOT, direct action). */
enum guard_verdict { GUARD_PASS = 0, GUARD_DROP = 2 };

/*
 * Puts `prog` (`count` instructions of classic BPF; it sees the packet from the Ethernet header on)
 * at the ingress of a link, in the place of the guard that stood there, without a moment in which
 * none stands. An instruction that reads behind the packet's end ends the program with 0, which is
 * GUARD_PASS: the program must look at the length first. Kernel: sch_ingress, cls_bpf.
 */
#define GUARD_PROGRAM_MAX 1024 /* instructions */
int guard_set(struct netlink *nl, int ifindex, const struct sock_filter *prog, size_t count,
	struct err *e);
int guard_delete(struct netlink *nl, int ifindex, struct err *e);
/* Reads back the program that stands on a link; `*count` is 0 where none does, or one that is not
 * of guard_set()'s making, or longer than `max`. (The kernel keeps no name for a classic program,
 * so the program is its own mark.) */
int guard_get(struct netlink *nl, int ifindex, struct sock_filter *prog, size_t max, size_t *count,
	struct err *e);

/* Whether everything that would be sent by the link is dropped at its egress, before its driver
 * sees or counts it. A link that was never made mute has no such program. Kernel: as above. */
int link_mute(struct netlink *nl, int ifindex, bool mute, struct err *e);
int link_is_mute(struct netlink *nl, int ifindex, bool *mute, struct err *e);

/* --- rewriting: an IPv4 address that stands in the packets of a link in the place of another ---
 */

enum rewrite_field {
	REWRITE_SOURCE,
	REWRITE_DESTINATION,
	REWRITE_ARP_SENDER,
	REWRITE_ARP_TARGET,
	REWRITE_QUOTED_SOURCE, /* of the packet that an ICMP error is about */
	REWRITE_QUOTED_DESTINATION,
	REWRITE_FIELDS
};

/* In packets of one direction: where `field` is `from`, it becomes `to` (both AF_INET). Checksums
 * are kept right; of a quoted packet that of its IP header. */
struct rewrite {
	bool leaving; /* packets that leave by the link; else those that enter */
	enum rewrite_field field;
	struct addr from, to;
};

#define REWRITES_MAX 16
/* Each sees what those before it did. */
struct rewrites {
	struct rewrite item[REWRITES_MAX];
	size_t count;
};

/*
 * Makes them be done on a link, by its name, in the place of those that were, in one step: entering
 * packets behind the guard and before all else of this machine, leaving ones after all else. No
 * state is kept, so connections of two links are never taken for each other. They go with the link,
 * at the latest when link_rewrite_sweep() is called. Kernel: nf_tables with the netdev family and,
 * from 5.16 on, its egress hook; whichever packet filter is in use. -EOPNOTSUPP: it has not.
 * -ENOENT: no such link, which Linux 6.16 and later take as one to come.
 */
int link_rewrite_set(struct netlink *nl, const char *link, const struct rewrites *w, struct err *e);
int link_rewrite_delete(struct netlink *nl, const char *link, struct err *e);

enum rewrites_found { REWRITES_NONE, REWRITES_THESE, REWRITES_OTHERS };
/* What the kernel says is done on a link, which need not be there any more. */
int link_rewrite_look(struct netlink *nl, const char *link, const struct rewrites *w,
	enum rewrites_found *out, struct err *e);
/* Deletes what is left of links that are gone. */
int link_rewrite_sweep(struct netlink *nl, struct err *e);

/* --- tracked connections --- */

/* Forgets every tracked connection that `addr` opened or answers (behind any translation).
 * -EOPNOTSUPP: connections are tracked, and the kernel has no nf_conntrack_netlink. */
int conntrack_forget(struct netlink *nl, const struct addr *addr, struct err *e);

/* A tracked connection: how its first packet was sent, and who answers behind any translation. */
struct flow {
	struct addr src, dst;
	uint8_t proto;	   /* IP protocol number */
	uint16_t port;	   /* of `dst`, host byte order; 0 where there are no ports */
	uint8_t icmp_type; /* ICMP and ICMPv6 */
	struct addr answers;
	uint16_t answers_port; /* of `answers`, as `port` */
	struct addr seen_as;   /* `src` as who answers sees it */
	bool counted; /* the kernel counted its packets from the first on (nf_conntrack_acct) */
	uint64_t packets, replies;
};

/* Ends every tracked connection, of both families, for which `ends` says so: once when all are
 * looked at, and again right before it ends, for it may have gone on. Its next packet is one of a
 * new connection. Errors as above. */
int conntrack_end(struct netlink *nl, bool (*ends)(const struct flow *f, void *arg), void *arg,
	struct err *e);

/* --- nf_tables --- */

/* The number that the kernel raises with every change of any nf_tables table of this network
 * namespace, whoever makes it. An error where the kernel has no nf_tables. */
int nft_generation_get(struct netlink *nl, uint32_t *generation, struct err *e);

/* Whether the table `table` of `family` (AF_INET, AF_INET6, NFPROTO_INET: 1) has such a chain;
 * false where that cannot be told. */
bool nft_chain_exists(struct netlink *nl, int family, const char *table, const char *chain);

/* A chain with its rules, or a set or map with its elements, as the kernel has it. */
#define NFT_PART_NAME_MAX 128
struct nft_part {
	bool chain;
	char name[NFT_PART_NAME_MAX];
	size_t count;	 /* of rules or elements */
	uint64_t digest; /* of all that it says; counters left out. Equal within this boot: the same
			  */
};

/* Everything that has a name in a table; `*flags` are the table's. Several requests: whether nobody
 * changed the table meanwhile is told by the generation. -ENOENT: no such table. `*out` as in
 * link_list(). */
int nft_table_read(struct netlink *nl, int family, const char *table, uint32_t *flags,
	struct nft_part **out, size_t *count, struct err *e);
/* One of them, by `p->chain` and `p->name`; what is not there has digest and count 0. */
int nft_part_read(
	struct netlink *nl, int family, const char *table, struct nft_part *p, struct err *e);
/* The digest of one element of a set or map, by its key as the kernel has it; 0: it is not there. A
 * set's digest is the sum of its elements'. */
int nft_element_read(struct netlink *nl, int family, const char *table, const char *set,
	const void *key, size_t key_len, uint64_t *digest, struct err *e);

/* Tells, chain by chain and in the order of its rules, what every rule with a counter of a table
 * counted. -EAGAIN: rules changed meanwhile, and some may have been told twice. -ENOENT: no such
 * table. */
typedef void (*nft_counter_see)(void *arg, const char *chain, uint64_t packets);
int nft_counters_read(struct netlink *nl, int family, const char *table, nft_counter_see see,
	void *arg, struct err *e);

/* Opens a non-blocking descriptor that becomes readable when that number was raised, for
 * netlink_watch_drain(); close(2) it. */
int nft_watch_open(int *fd, struct err *e);

/* --- changes --- */

enum netlink_topic { NETLINK_LINKS = 1, NETLINK_ADDRS = 2, NETLINK_ROUTES = 4 };

/* Opens a non-blocking descriptor that becomes readable when something of `topics` (a set of bits)
 * changes; close(2) it. */
int netlink_watch_open(unsigned int topics, int *fd, struct err *e);
/* Reads away what is pending; the caller then looks at everything anew. Lost messages do not matter
 * for that reason. */
int netlink_watch_drain(int fd, struct err *e);
/* The same for who wants to know about which link each was: `ifindex`, 0 where messages were lost
 * or it is about none or several; `name` where it is about the link itself, else "". */
typedef void (*netlink_news_see)(void *arg, int ifindex, const char *name);
int netlink_watch_read(int fd, netlink_news_see see, void *arg, struct err *e);
/* The same with the descriptor of nft_watch_open(), of links whose rewriting was changed; `name` ""
 * where messages were lost. */
int link_rewrite_watch_read(int fd, netlink_news_see see, void *arg, struct err *e);

#endif
