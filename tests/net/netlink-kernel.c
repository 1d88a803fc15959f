/*
 * common/netlink against the kernel, in a network namespace of its own that tests/net/netlink makes
 * (a veth pair "here" and "there", and nothing else).
 */
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/netlink_internal.h"

static struct netlink *nl;
static struct link here;
static struct err e;

#define assert_done(call)                                                                          \
	assert_int_equal((e.text[0] = '\0', (call) < 0 ? (print_message("%s\n", e.text), 1) : 0), 0)

static struct addr addr_of(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

static struct prefix prefix_of(const char *text)
{
	struct prefix p;

	assert_int_equal(prefix_parse(text, &p), 0);
	return p;
}

static int connect_up(void **state)
{
	struct link there;

	(void)state;
	assert_done(netlink_open(&nl, &e));
	assert_done(link_get(nl, "here", &here, &e));
	assert_done(link_get(nl, "there", &there, &e));
	assert_done(link_set_up(nl, here.ifindex, true, &e));
	assert_done(link_set_up(nl, there.ifindex, true, &e));
	return 0;
}

static int disconnect(void **state)
{
	(void)state;
	netlink_close(nl);
	return 0;
}

static void a_link_shows_what_was_set(void **state)
{
	struct link l;

	(void)state;
	assert_done(link_set_group(nl, here.ifindex, 30830, &e));
	assert_done(link_set_mtu(nl, here.ifindex, 1400, &e));
	assert_done(link_get_by_index(nl, here.ifindex, &l, &e));
	assert_string_equal(l.name, "here");
	assert_int_equal(l.group, 30830);
	assert_int_equal(l.mtu, 1400);
	assert_true(l.up && l.carrier && !l.loopback);
	assert_true(mac_is_set(&l.mac));
}

static void a_link_takes_another_name_and_refuses_what_is_none(void **state)
{
	struct link l;

	(void)state;
	assert_done(link_set_up(nl, here.ifindex, false, &e));
	assert_done(link_set_name(nl, here.ifindex, "elsewhere", &e));
	assert_done(link_get_by_index(nl, here.ifindex, &l, &e));
	assert_string_equal(l.name, "elsewhere");
	assert_int_equal(link_set_name(nl, here.ifindex, "", &e), -EINVAL);
	assert_int_equal(link_set_name(nl, here.ifindex, "a-name-of-16-chr", &e), -EINVAL);
	assert_int_equal(link_set_name(nl, here.ifindex, "lo", &e), -EEXIST);
	assert_done(link_set_name(nl, here.ifindex, "here", &e));
	assert_done(link_set_up(nl, here.ifindex, true, &e));
}

static void an_absent_link_is_enodev(void **state)
{
	struct link l;

	(void)state;
	assert_int_equal(link_get(nl, "vif9.9", &l, &e), -ENODEV);
	assert_string_equal(e.text, "vif9.9: No such device");
	assert_int_equal(link_get(nl, "a-name-too-long-for-a-link", &l, &e), -ENODEV);
	assert_int_equal(link_get(nl, "", &l, &e), -ENODEV);
	assert_int_equal(link_get_by_index(nl, 99999, &l, &e), -ENODEV);
}

static void all_links_are_listed(void **state)
{
	struct link *l;
	size_t n;

	(void)state;
	assert_done(link_list(nl, &l, &n, &e));
	assert_int_equal(n, 3);
	assert_true(l[0].loopback);
	free(l);
}

static size_t addresses(const char *text)
{
	struct addr wanted = addr_of(text);
	struct link_addr *a;
	size_t n, found = 0;

	assert_done(link_addr_list(nl, here.ifindex, &a, &n, &e));
	for (size_t i = 0; i < n; i++)
		found += addr_equal(&a[i].addr, &wanted) && a[i].ifindex == here.ifindex;
	free(a);
	return found;
}

static void addresses_are_set_twice_and_deleted_twice(void **state)
{
	static const char *const texts[] = { "10.137.0.1", "2001:db8::1", "fe80::1" };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct link_addr a = { here.ifindex, addr_of(texts[i]), i ? 128 : 32 };

		assert_done(link_addr_set(nl, &a, &e));
		assert_done(link_addr_set(nl, &a, &e));
		assert_int_equal(addresses(texts[i]), 1);
		assert_done(link_addr_delete(nl, &a, &e));
		assert_done(link_addr_delete(nl, &a, &e));
		assert_int_equal(addresses(texts[i]), 0);
	}
}

static void host_routes_are_set_found_listed_and_deleted(void **state)
{
	static const char *const texts[] = { "10.137.0.7", "2001:db8::7" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct addr a = addr_of(texts[i]);
		struct route r = { .dst = prefix_of(texts[i]), .ifindex = here.ifindex }, found,
			     *all;
		size_t n, mine = 0;

		assert_int_equal(route_find(nl, &a, &found, &e), -ENOENT);
		assert_done(route_set(nl, &r, &e));
		assert_done(route_set(nl, &r, &e));
		assert_done(route_find(nl, &a, &found, &e));
		assert_int_equal(found.ifindex, here.ifindex);
		assert_int_equal(found.dst.len, addr_len(&a) * 8);
		assert_int_equal(found.protocol, ROUTE_PROTOCOL);
		assert_done(route_list(nl, here.ifindex, &all, &n, &e));
		for (size_t k = 0; k < n; k++)
			mine += all[k].protocol == ROUTE_PROTOCOL &&
				addr_equal(&all[k].dst.addr, &a);
		free(all);
		assert_int_equal(mine, 1);
		assert_done(route_delete(nl, &r, &e));
		assert_done(route_delete(nl, &r, &e));
		assert_int_equal(route_find(nl, &a, &found, &e), -ENOENT);
	}
}

static size_t routes_to(const struct prefix *dst, uint32_t metric)
{
	struct route *all;
	size_t n, found = 0;

	assert_done(route_list(nl, here.ifindex, &all, &n, &e));
	for (size_t i = 0; i < n; i++)
		found += all[i].dst.len == dst->len && addr_equal(&all[i].dst.addr, &dst->addr) &&
			 all[i].metric == metric;
	free(all);
	return found;
}

static void a_route_is_deleted_by_its_metric_and_the_others_stay(void **state)
{
	static const char *const texts[] = { "10.137.0.7", "2001:db8::7" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct route r = { .dst = prefix_of(texts[i]), .ifindex = here.ifindex };
		struct route other = r;

		other.metric = 2;
		assert_done(route_set(nl, &r, &e));
		assert_done(route_set(nl, &other, &e));
		assert_done(route_delete(nl, &r, &e));
		assert_int_equal(routes_to(&r.dst, 0), 0);
		assert_int_equal(routes_to(&r.dst, 2), 1);
		assert_done(route_set(nl, &r, &e));
		assert_done(route_delete(nl, &other, &e));
		assert_int_equal(routes_to(&r.dst, 0), 1);
		assert_int_equal(routes_to(&r.dst, 2), 0);
		assert_done(route_delete(nl, &r, &e));
	}
}

static void a_route_of_another_protocol_is_not_deleted_in_the_place_of_one(void **state)
{
	static const char *const texts[] = { "10.137.0.7", "2001:db8::7" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct route ours = { .dst = prefix_of(texts[i]), .ifindex = here.ifindex };
		struct route theirs = ours;

		assert_done(route_set(nl, &ours, &e));
		theirs.protocol = 4; /* RTPROT_STATIC: one that went by itself meanwhile */
		assert_done(route_delete(nl, &theirs, &e));
		assert_int_equal(routes_to(&ours.dst, 0), 1);
		ours.protocol = ROUTE_PROTOCOL;
		assert_done(route_delete(nl, &ours, &e));
		assert_int_equal(routes_to(&ours.dst, 0), 0);
	}
}

static void an_address_of_the_machine_itself_has_no_route_but_is_in_use(void **state)
{
	static const char *const texts[] = { "10.137.0.1", "2001:db8::1", "fe80::1" };
	struct route found;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct link_addr a = { here.ifindex, addr_of(texts[i]), i ? 128 : 32 };

		assert_done(link_addr_set(nl, &a, &e));
		/* The kernel puts an IPv6 address in force in the background. */
		while (route_find(nl, &a.addr, &found, &e) != -EADDRINUSE)
			sched_yield();
		assert_done(link_addr_delete(nl, &a, &e));
		assert_int_not_equal(route_find(nl, &a.addr, &found, &e), -EADDRINUSE);
	}
}

static void a_default_route_through_a_gateway_on_the_link_keeps_its_metric_and_mtu(void **state)
{
	struct link_addr own = { here.ifindex, addr_of("10.137.0.9"), 32 };
	struct route r = { .dst = { { .family = AF_INET }, 0 },
		.gateway = addr_of("10.137.0.1"),
		.source = addr_of("10.137.0.9"),
		.ifindex = here.ifindex,
		.metric = 50,
		.mtu = 1300,
		.gateway_on_link = true };
	struct route found;
	struct addr far = addr_of("192.0.2.1");

	(void)state;
	assert_done(link_addr_set(nl, &own, &e));
	assert_done(route_set(nl, &r, &e));
	assert_done(route_find(nl, &far, &found, &e));
	assert_int_equal(found.dst.len, 0);
	assert_int_equal(found.metric, 50);
	assert_int_equal(found.mtu, 1300);
	assert_true(found.gateway_on_link);
	assert_true(addr_equal(&found.gateway, &r.gateway));
	assert_true(addr_equal(&found.source, &r.source));
	assert_done(route_delete(nl, &r, &e));
	assert_done(link_addr_delete(nl, &own, &e));
}

static void neighbours_are_permanent(void **state)
{
	static const char *const texts[] = { "10.137.0.7", "2001:db8::7" };
	struct mac mac, other;
	struct neighbour *all;
	size_t n;

	(void)state;
	assert_int_equal(mac_parse("00:16:3e:00:00:07", &mac), 0);
	assert_int_equal(mac_parse("00:16:3e:00:00:08", &other), 0);
	for (size_t i = 0; i < 2; i++) {
		struct addr a = addr_of(texts[i]);

		assert_done(neighbour_set(nl, here.ifindex, &a, &other, &e));
		assert_done(neighbour_set(nl, here.ifindex, &a, &mac, &e));
		assert_done(neighbour_list(nl, here.ifindex, &all, &n, &e));
		assert_int_equal(n, 1);
		assert_true(addr_equal(&all[0].addr, &a) && mac_equal(&all[0].mac, &mac));
		free(all);
		assert_done(neighbour_delete(nl, here.ifindex, &a, &e));
		assert_done(neighbour_delete(nl, here.ifindex, &a, &e));
		assert_done(neighbour_list(nl, 0, &all, &n, &e));
		assert_int_equal(n, 0);
		free(all);
	}
}

static void a_guard_is_read_back_as_it_was_set_and_replaced_in_its_place(void **state)
{
	struct sock_filter arp_only[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_ARP, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, GUARD_PASS),
		BPF_STMT(BPF_RET | BPF_K, GUARD_DROP),
	};
	struct sock_filter nothing[] = { BPF_STMT(BPF_RET | BPF_K, GUARD_DROP) };
	struct sock_filter prog[16];
	size_t n;

	(void)state;
	assert_done(guard_get(nl, here.ifindex, prog, 16, &n, &e));
	assert_int_equal(n, 0);
	assert_done(guard_delete(nl, here.ifindex, &e));
	assert_done(guard_set(nl, here.ifindex, nothing, 1, &e));
	assert_done(guard_set(nl, here.ifindex, arp_only, 4, &e));
	assert_done(guard_get(nl, here.ifindex, prog, 16, &n, &e));
	assert_int_equal(n, 4);
	assert_memory_equal(prog, arp_only, sizeof(arp_only));
	assert_done(guard_set(nl, here.ifindex, nothing, 1, &e));
	assert_done(guard_get(nl, here.ifindex, prog, 16, &n, &e));
	assert_int_equal(n, 1);
	assert_done(guard_delete(nl, here.ifindex, &e));
	assert_done(guard_get(nl, here.ifindex, prog, 16, &n, &e));
	assert_int_equal(n, 0);
	assert_int_equal(guard_set(nl, 99999, nothing, 1, &e), -ENODEV);
}

static int udp_send(const char *to, uint16_t port)
{
	int s = socket(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons(port) };
	ssize_t n;

	assert_true(s >= 0);
	inet_pton(AF_INET, to, &sin.sin_addr);
	n = sendto(s, "x", 1, 0, (struct sockaddr *)&sin, sizeof(sin));
	close(s);
	return n == 1 ? 0 : -errno;
}

static size_t tracked(void)
{
	FILE *f = fopen("/proc/sys/net/netfilter/nf_conntrack_count", "r");
	size_t n;

	assert_non_null(f);
	assert_int_equal(fscanf(f, "%zu", &n), 1);
	fclose(f);
	return n;
}

static int forget_somehow(struct netlink *n, const struct addr *addr)
{
	return conntrack_forget(n, addr, &e);
}

/* DNS to the one address. */
static bool flow_is_dns(const struct flow *f, void *arg)
{
	return addr_equal(&f->dst, arg) && addr_equal(&f->answers, arg) && f->proto == 17 &&
	       f->port == 53;
}

/* tests/net/netlink has put in a rule that makes this namespace track connections. */
/* As one that is answered when all are looked at, and asked again when its turn comes. */
static bool flow_was_done(const struct flow *f, void *looks)
{
	int *n = looks;

	return f->port == 53 && (*n)++ == 0;
}

static void a_connection_that_went_on_meanwhile_stays(void **state)
{
	struct link_addr own = { here.ifindex, addr_of("10.137.0.1"), 24 };
	struct addr peer = addr_of("10.137.0.7");
	struct mac mac = { { 0, 0x16, 0x3e, 0, 0, 7 } };
	int looks = 0;

	(void)state;
	assert_done(link_addr_set(nl, &own, &e));
	assert_done(neighbour_set(nl, here.ifindex, &peer, &mac, &e));
	assert_int_equal(udp_send("10.137.0.7", 53), 0);
	assert_done(conntrack_end(nl, flow_was_done, &looks, &e));
	assert_int_equal(looks, 2);
	assert_int_equal(tracked(), 1);
	assert_done(conntrack_forget(nl, &own.addr, &e));
}

static void connections_end_by_address_and_by_what_they_are(void **state)
{
	static int (*const ways[])(struct netlink * n, const struct addr *addr) = { forget_somehow,
		conntrack_forget_by_filter, conntrack_forget_by_dump };
	struct link_addr own = { here.ifindex, addr_of("10.137.0.1"), 24 };
	struct addr peer = addr_of("10.137.0.7"), other = addr_of("10.137.0.8");
	struct mac mac = { { 0, 0x16, 0x3e, 0, 0, 7 } };

	(void)state;
	assert_done(link_addr_set(nl, &own, &e));
	assert_done(neighbour_set(nl, here.ifindex, &peer, &mac, &e));
	assert_done(neighbour_set(nl, here.ifindex, &other, &mac, &e));
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		assert_int_equal(udp_send("10.137.0.7", 53), 0);
		assert_int_equal(udp_send("10.137.0.7", 80), 0);
		assert_int_equal(udp_send("10.137.0.8", 53), 0);
		assert_int_equal(tracked(), 3);
		assert_done(conntrack_end(nl, flow_is_dns, &peer, &e));
		assert_int_equal(tracked(), 2);
		if (ways[i](nl, &peer) == -EINVAL) { /* Linux before 6.11 */
			assert_done(conntrack_forget(nl, &own.addr, &e));
			continue;
		}
		assert_int_equal(tracked(), 1);
		assert_int_equal(ways[i](nl, &peer), 0);
		assert_int_equal(ways[i](nl, &own.addr), 0);
		assert_int_equal(tracked(), 0);
		assert_int_equal(ways[i](nl, &own.addr), 0);
	}
}

/* --- rewriting --- */

static struct rewrites rewrites_of_two(void)
{
	const struct addr seen = addr_of("192.168.1.5"), real = addr_of("10.137.0.5");

	return (struct rewrites){ .item = { { false, REWRITE_SOURCE, seen, real },
					  { false, REWRITE_QUOTED_DESTINATION, seen, real },
					  { true, REWRITE_ARP_TARGET, real, seen } },
		.count = 3 };
}

static enum rewrites_found rewrites_found(const char *link, const struct rewrites *w)
{
	enum rewrites_found found = REWRITES_OTHERS;

	assert_done(link_rewrite_look(nl, link, w, &found, &e));
	return found;
}

static void rewrites_are_found_as_they_were_set_and_replaced(void **state)
{
	struct rewrites w = rewrites_of_two(), fewer = w, other = w;
	const struct rewrites none = { .count = 0 };

	(void)state;
	fewer.count--;
	other.item[1].to = addr_of("10.137.0.6");
	assert_int_equal(rewrites_found("here", &w), REWRITES_NONE);
	assert_done(link_rewrite_set(nl, "here", &w, &e));
	assert_int_equal(rewrites_found("here", &w), REWRITES_THESE);
	assert_int_equal(rewrites_found("here", &fewer), REWRITES_OTHERS);
	assert_int_equal(rewrites_found("here", &other), REWRITES_OTHERS);
	assert_int_equal(rewrites_found("here", &none), REWRITES_OTHERS);
	assert_int_equal(rewrites_found("there", &w), REWRITES_NONE);
	assert_done(link_rewrite_set(nl, "here", &fewer, &e));
	assert_int_equal(rewrites_found("here", &fewer), REWRITES_THESE);
	assert_int_equal(rewrites_found("here", &w), REWRITES_OTHERS);
	assert_done(link_rewrite_delete(nl, "here", &e));
	assert_int_equal(rewrites_found("here", &w), REWRITES_NONE);
	assert_done(link_rewrite_delete(nl, "here", &e));
}

/* Linux before 6.16 refuses it for a link that is not there; later ones wait for the link. */
static void what_is_left_of_links_that_are_gone_is_swept_away(void **state)
{
	const struct rewrites w = rewrites_of_two();
	int rc = link_rewrite_set(nl, "nowhere", &w, &e);

	(void)state;
	assert_true(rc == 0 || rc == -ENOENT);
	assert_int_equal(system("nft add table netdev xen-netvm-nowhere"), 0);
	assert_int_not_equal(rewrites_found("nowhere", &w), REWRITES_NONE);
	assert_done(link_rewrite_set(nl, "here", &w, &e));
	assert_done(link_rewrite_sweep(nl, &e));
	assert_int_equal(rewrites_found("nowhere", &w), REWRITES_NONE);
	assert_int_equal(rewrites_found("here", &w), REWRITES_THESE);
	assert_done(link_rewrite_delete(nl, "here", &e));
}

static void see_name(void *arg, int ifindex, const char *name)
{
	(void)ifindex;
	snprintf(arg, LINK_NAME_MAX, "%s", name);
}

static void news_of_rewrites_name_the_link_and_others_are_passed_over(void **state)
{
	const struct rewrites w = rewrites_of_two();
	struct pollfd p = { .events = POLLIN };
	char name[LINK_NAME_MAX] = "none";

	(void)state;
	assert_done(nft_watch_open(&p.fd, &e));
	assert_int_equal(
		system("nft add table netdev somebodys && nft delete table netdev somebodys"), 0);
	assert_int_equal(poll(&p, 1, 5000), 1);
	assert_done(link_rewrite_watch_read(p.fd, see_name, name, &e));
	assert_string_equal(name, "none");
	assert_done(link_rewrite_set(nl, "here", &w, &e));
	assert_int_equal(poll(&p, 1, 5000), 1);
	assert_done(link_rewrite_watch_read(p.fd, see_name, name, &e));
	assert_string_equal(name, "here");
	assert_done(link_rewrite_delete(nl, "here", &e));
	close(p.fd);
}

static void a_watch_tells_that_something_changed(void **state)
{
	struct link_addr a = { here.ifindex, addr_of("10.137.0.77"), 32 };
	struct pollfd p = { .events = POLLIN };

	(void)state;
	assert_done(netlink_watch_open(NETLINK_ADDRS, &p.fd, &e));
	assert_int_equal(poll(&p, 1, 0), 0);
	assert_done(link_set_mtu(nl, here.ifindex, 1401, &e));
	assert_int_equal(poll(&p, 1, 0), 0);
	assert_done(link_addr_set(nl, &a, &e));
	assert_int_equal(poll(&p, 1, 5000), 1);
	assert_done(netlink_watch_drain(p.fd, &e));
	assert_int_equal(poll(&p, 1, 0), 0);
	close(p.fd);
}

static void a_failure_names_the_object_and_the_kernels_reason(void **state)
{
	struct route r = { .dst = prefix_of("192.0.2.0/24"),
		.gateway = addr_of("198.51.100.1"),
		.ifindex = here.ifindex };

	(void)state;
	assert_int_equal(route_set(nl, &r, &e), -ENETUNREACH);
	assert_non_null(strstr(e.text, "192.0.2.0/24"));
	assert_non_null(strstr(e.text, "invalid gateway"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_link_shows_what_was_set),
		cmocka_unit_test(a_link_takes_another_name_and_refuses_what_is_none),
		cmocka_unit_test(an_absent_link_is_enodev),
		cmocka_unit_test(all_links_are_listed),
		cmocka_unit_test(addresses_are_set_twice_and_deleted_twice),
		cmocka_unit_test(host_routes_are_set_found_listed_and_deleted),
		cmocka_unit_test(a_route_is_deleted_by_its_metric_and_the_others_stay),
		cmocka_unit_test(a_route_of_another_protocol_is_not_deleted_in_the_place_of_one),
		cmocka_unit_test(an_address_of_the_machine_itself_has_no_route_but_is_in_use),
		cmocka_unit_test(
			a_default_route_through_a_gateway_on_the_link_keeps_its_metric_and_mtu),
		cmocka_unit_test(neighbours_are_permanent),
		cmocka_unit_test(a_guard_is_read_back_as_it_was_set_and_replaced_in_its_place),
		cmocka_unit_test(connections_end_by_address_and_by_what_they_are),
		cmocka_unit_test(a_connection_that_went_on_meanwhile_stays),
		cmocka_unit_test(rewrites_are_found_as_they_were_set_and_replaced),
		cmocka_unit_test(what_is_left_of_links_that_are_gone_is_swept_away),
		cmocka_unit_test(news_of_rewrites_name_the_link_and_others_are_passed_over),
		cmocka_unit_test(a_watch_tells_that_something_changed),
		cmocka_unit_test(a_failure_names_the_object_and_the_kernels_reason),
	};

	return cmocka_run_group_tests(tests, connect_up, disconnect);
}
