/*
 * Answers of the kernel with any bytes: nothing is read behind the end of what came, every question
 * comes to an end, and what is handed out is well-formed. The kernel is trusted; the layer that
 * reads it is ours, and netbackd runs as root.
 *
 * The socket is played: an answer is messages out of the input, with the number that the question
 * had; then the kernel says that it is all.
 *
 * sources: common/netlink.c common/netlink_message.c common/netlink_route.c
 * sources: common/netlink_conntrack.c common/netlink_counters.c common/netlink_guard.c
 * sources: common/netlink_nft.c common/netlink_nft_table.c
 * sources: common/addr.c common/err.c
 */
#include <linux/filter.h>
#include <linux/netlink.h>
#include <sanitizer/asan_interface.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "common/netlink.h"
#include "tests/fuzz/fuzz.h"

static const uint8_t *input;
static size_t input_left;
static uint32_t question; /* the number of the last one */

ssize_t send(int fd, const void *buf, size_t len, int flags)
{
	const struct nlmsghdr *h = buf;

	(void)fd;
	(void)flags;
	HOLDS(len >= sizeof(*h) && h->nlmsg_len == len);
	question = h->nlmsg_seq;
	return (ssize_t)len;
}

/* One message out of the input: its length, type and flags, and what it says. */
static size_t message_play(char *buf)
{
	struct nlmsghdr h = { .nlmsg_type = (uint16_t)(input[2] | input[3] << 8),
		.nlmsg_flags = input[4],
		.nlmsg_seq = question };
	size_t len = input[0] | (input[1] & 15U) << 8;
	/* Now and then the header says more, or less, than there is. */
	uint32_t lie = input[1] >> 4 == 15 ? input[5] : 0;

	input += 6;
	input_left -= 6;
	len = len < input_left ? len : input_left;
	h.nlmsg_len = (uint32_t)(NLMSG_HDRLEN + len) ^ lie;
	memcpy(buf, &h, sizeof(h));
	memcpy(buf + NLMSG_HDRLEN, input, len);
	input += len;
	input_left -= len;
	return NLMSG_HDRLEN + len;
}

ssize_t recv(int fd, void *buf, size_t size, int flags)
{
	struct nlmsghdr done = {
		.nlmsg_len = NLMSG_LENGTH(sizeof(int)),
		.nlmsg_type = NLMSG_DONE,
		.nlmsg_seq = question,
	};
	size_t len = 0;

	(void)fd;
	(void)flags;
	ASAN_UNPOISON_MEMORY_REGION(buf, size);
	if (input_left < 6) {
		memset(buf, 0, done.nlmsg_len);
		memcpy(buf, &done, sizeof(done));
		len = done.nlmsg_len;
	}
	/* A few in one datagram, each where the kernel would have it. */
	for (int i = 0; i < 4 && input_left >= 6; i++) {
		memset((char *)buf + len, 0, NLMSG_ALIGN(len) - len);
		len = NLMSG_ALIGN(len);
		len += message_play((char *)buf + len);
	}
	ASAN_POISON_MEMORY_REGION((char *)buf + len, size - len);
	return (ssize_t)len;
}

static void links_ask(struct netlink *nl)
{
	struct link_counters counters;
	struct link *links, one;
	size_t count;

	if (!link_list(nl, &links, &count, NULL)) {
		for (size_t i = 0; i < count; i++)
			HOLDS(memchr(links[i].name, 0, sizeof(links[i].name)));
		free(links);
	}
	if (!link_get(nl, "vif5.0", &one, NULL))
		HOLDS(memchr(one.name, 0, sizeof(one.name)));
	link_get_by_index(nl, 5, &one, NULL);
	link_counters_get(nl, 5, &counters, NULL);
}

static void families_check(const struct addr *a)
{
	HOLDS(!addr_is_set(a) || addr_len(a) == 4 || addr_len(a) == 16);
}

static void routes_ask(struct netlink *nl)
{
	struct addr to = { .family = AF_INET, .bytes = { 198, 51, 100, 1 } };
	struct neighbour *neighbours;
	struct link_addr *addrs;
	struct route *routes, one;
	size_t count;

	if (!route_list(nl, 0, &routes, &count, NULL)) {
		for (size_t i = 0; i < count; i++)
			families_check(&routes[i].dst.addr);
		free(routes);
	}
	route_find(nl, &to, &one, NULL);
	if (!link_addr_list(nl, 5, &addrs, &count, NULL)) {
		for (size_t i = 0; i < count; i++)
			families_check(&addrs[i].addr);
		free(addrs);
	}
	if (!neighbour_list(nl, 5, &neighbours, &count, NULL)) {
		for (size_t i = 0; i < count; i++)
			families_check(&neighbours[i].addr);
		free(neighbours);
	}
}

static bool none(const struct flow *f, void *arg)
{
	(void)arg;
	families_check(&f->src);
	return f->proto == 17;
}

static void filters_ask(struct netlink *nl)
{
	struct sock_filter prog[64];
	struct nft_part *parts = NULL;
	uint32_t generation, flags;
	size_t count = 0;
	bool mute;

	if (!guard_get(nl, 5, prog, 64, &count, NULL))
		HOLDS(count <= 64);
	link_is_mute(nl, 5, &mute, NULL);
	conntrack_end(nl, none, NULL, NULL);
	nft_generation_get(nl, &generation, NULL);
	nft_chain_exists(nl, AF_INET, "filter", "netvm-input");
	if (!nft_table_read(nl, AF_INET, "xen-netvm", &flags, &parts, &count, NULL))
		free(parts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const asks[])(struct netlink * nl) = { links_ask, routes_ask, filters_ask };
	static struct netlink *nl;

	HOLDS(nl || netlink_open(&nl, NULL) == 0);
	if (size) {
		input = data + 1;
		input_left = size - 1;
		asks[data[0] % 3](nl);
	}
	return 0;
}
