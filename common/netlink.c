/*
 * The connection, links, and news of changes. Each request is sent alone and answered before the
 * next (netlink_run), so there is no state but the sequence number and the last explanation.
 */
#include "common/netlink.h"

#include <errno.h>
#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/netlink_internal.h"

#define ANSWER_MAX 65536 /* the kernel's dumps come in pieces of at most 32 KiB */
#define DUMP_TRIES 16
#define ERRNO_MAX  4095 /* include/linux/err.h */

struct netlink {
	int socket[BUS_COUNT]; /* opened when first needed; -1 */
	uint32_t seq;
	char words[128]; /* the kernel's explanation of the last failure */
	_Alignas(struct nlmsghdr) char answer[ANSWER_MAX];
};

int netlink_open(struct netlink **out, struct err *e)
{
	struct netlink *nl = malloc(sizeof(*nl));

	if (!nl)
		return err_sys(e, -ENOMEM, "netlink");
	/* The room for answers is not touched: zeroing it is a tenth of a hotplug call. */
	nl->seq = 0;
	nl->words[0] = '\0';
	for (int i = 0; i < BUS_COUNT; i++)
		nl->socket[i] = -1;
	*out = nl;
	return 0;
}

void netlink_close(struct netlink *nl)
{
	if (!nl)
		return;
	for (int i = 0; i < BUS_COUNT; i++)
		if (nl->socket[i] >= 0)
			close(nl->socket[i]);
	free(nl);
}

static int netlink_connect(struct netlink *nl, enum netlink_bus bus)
{
	static const int protocol[BUS_COUNT] = { NETLINK_ROUTE, NETLINK_NETFILTER };
	struct sockaddr_nl self = { .nl_family = AF_NETLINK }, kernel = self;
	int on = 1, rc, s;

	if (nl->socket[bus] >= 0)
		return 0;
	s = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol[bus]);
	if (s < 0)
		return -errno;
	/* Connected to the kernel (port 0) it takes no message from anybody else. */
	if (bind(s, (const struct sockaddr *)&self, sizeof(self)) < 0 ||
		connect(s, (const struct sockaddr *)&kernel, sizeof(kernel)) < 0) {
		rc = -errno;
		close(s);
		return rc;
	}
	/* Comforts that old kernels lack: explanations, short error messages, filtered dumps. */
	setsockopt(s, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	setsockopt(s, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	if (bus == BUS_ROUTE)
		setsockopt(s, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	nl->socket[bus] = s;
	return 0;
}

/* Takes the result out of an NLMSG_ERROR or NLMSG_DONE, and the explanation (extended ACK). */
static int netlink_result(struct netlink *nl, const struct nlmsghdr *h)
{
	const struct nlattr *attrs[NLMSGERR_ATTR_MSG + 1];
	size_t fixed = h->nlmsg_type == NLMSG_ERROR ? sizeof(struct nlmsgerr) : sizeof(int);
	int rc;

	if (message_len(h) < sizeof(rc))
		return h->nlmsg_type == NLMSG_DONE ? 0 : -EBADMSG;
	memcpy(&rc, message_data(h), sizeof(rc));
	/* Without NLM_F_CAPPED the whole request is repeated first; then the words are left. */
	if (rc < 0 && (h->nlmsg_flags & NLM_F_ACK_TLVS) &&
		(h->nlmsg_type == NLMSG_DONE || (h->nlmsg_flags & NLM_F_CAPPED))) {
		netlink_attrs(h, fixed, attrs, NLMSGERR_ATTR_MSG);
		if (attrs[NLMSGERR_ATTR_MSG] && attr_is_text(attrs[NLMSGERR_ATTR_MSG]))
			snprintf(nl->words, sizeof(nl->words), "%s",
				attr_text(attrs[NLMSGERR_ATTR_MSG]));
	}
	if (rc < -ERRNO_MAX)
		return -EBADMSG;
	return rc > 0 ? 0 : rc;
}

/* One datagram of the answer to `r`: 0 with `*end` set or not, or a negative errno. Where no
 * acknowledgement is asked for, the first message is all of it. */
static int netlink_take(struct netlink *nl, const struct netlink_request *r, size_t len,
	netlink_answer answer, void *arg, bool *end, bool *torn)
{
	const char *end_of_all = nl->answer + len;
	const struct nlmsghdr *h;
	int rc;

	for (h = message_at(nl->answer, end_of_all); h;
		h = message_at(message_end(h), end_of_all)) {
		if (h->nlmsg_seq != nl->seq)
			continue;
		if (h->nlmsg_flags & NLM_F_DUMP_INTR)
			*torn = true;
		if (h->nlmsg_type == NLMSG_ERROR || h->nlmsg_type == NLMSG_DONE) {
			*end = true;
			return netlink_result(nl, h);
		}
		if (h->nlmsg_type < NLMSG_MIN_TYPE)
			continue;
		*end = !(r->header->nlmsg_flags & NLM_F_ACK);
		if (message_len(h) < r->fixed)
			return -EBADMSG;
		rc = answer ? answer(h, arg) : 0;
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* The next of what the kernel answers, into nl->answer: its length. */
static ssize_t answer_receive(struct netlink *nl, int s)
{
	ssize_t n;

	do
		n = recv(s, nl->answer, sizeof(nl->answer), MSG_TRUNC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return (size_t)n > sizeof(nl->answer) ? -EMSGSIZE : n;
}

static int netlink_run_once(
	struct netlink *nl, struct netlink_request *r, netlink_answer answer, void *arg, bool *torn)
{
	int s = nl->socket[r->bus];
	bool end = false;
	int rc = 0;

	*torn = false;
	nl->words[0] = '\0';
	r->header->nlmsg_seq = ++nl->seq;
	if (r->full)
		return -EMSGSIZE;
	if (send(s, r->header, r->header->nlmsg_len, 0) < 0)
		return -errno;
	while (!end && rc == 0) {
		ssize_t n = answer_receive(nl, s);

		if (n < 0)
			return (int)n;
		rc = netlink_take(nl, r, (size_t)n, answer, arg, &end, torn);
	}
	return rc;
}

int netlink_run(struct netlink *nl, struct netlink_request *r, netlink_answer answer,
	void (*restart)(void *arg), void *arg)
{
	bool torn;
	int rc = netlink_connect(nl, r->bus);

	if (rc < 0)
		return rc;
	for (int tries = 0; tries < DUMP_TRIES; tries++) {
		if (restart)
			restart(arg);
		rc = netlink_run_once(nl, r, answer, arg, &torn);
		if (rc < 0 || !torn)
			return rc;
	}
	return -EAGAIN;
}

/* Numbers the messages. The last one before the end is acknowledged; errors come in any case.
 * Returns the number of the first. */
static uint32_t batch_number(struct netlink *nl, char *messages, size_t len)
{
	struct nlmsghdr *last = NULL, *before = NULL;
	const uint32_t first = nl->seq + 1;

	for (size_t at = 0; message_at(messages + at, messages + len);
		at += NLMSG_ALIGN(last->nlmsg_len)) {
		before = last;
		last = (struct nlmsghdr *)(messages + at);
		last->nlmsg_seq = ++nl->seq;
		last->nlmsg_flags &= (uint16_t)~NLM_F_ACK;
	}
	if (before)
		before->nlmsg_flags |= NLM_F_ACK;
	return first;
}

/*
 * One datagram of the answer to the batch that begins with number `first`. Of each message that
 * fails there is an error, in their order; the acknowledgement of the last, which is an error or
 * not, ends it. An error of the beginning is one of the whole, and may be all that comes.
 */
static bool batch_take(struct netlink *nl, uint32_t first, size_t len, int *rc)
{
	const char *end = nl->answer + len;
	bool over = false;

	for (const struct nlmsghdr *h = message_at(nl->answer, end); h;
		h = message_at(message_end(h), end)) {
		if (h->nlmsg_type != NLMSG_ERROR || h->nlmsg_seq - first > nl->seq - first)
			continue;
		if (!*rc)
			*rc = netlink_result(nl, h);
		/* The number of the last message is that before the end's. */
		over |= h->nlmsg_seq == first || h->nlmsg_seq + 1 == nl->seq;
	}
	return over;
}

int netlink_run_all(struct netlink *nl, char *messages, size_t len)
{
	bool over = false;
	uint32_t first;
	int rc = netlink_connect(nl, BUS_NETFILTER), s;

	if (rc < 0)
		return rc;
	s = nl->socket[BUS_NETFILTER];
	nl->words[0] = '\0';
	first = batch_number(nl, messages, len);
	if (send(s, messages, len, 0) < 0)
		return -errno;
	while (!over) {
		ssize_t n = answer_receive(nl, s);

		if (n < 0)
			return (int)n;
		over = batch_take(nl, first, (size_t)n, &rc);
	}
	return rc;
}

const char *netlink_words(const struct netlink *nl)
{
	return nl->words;
}

int netlink_fail(struct netlink *nl, struct err *e, int code, const char *fmt, ...)
{
	char text[ERR_TEXT_MAX - 128];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (nl->words[0])
		return err_sys(e, code, "%s (%s)", text, nl->words);
	return err_sys(e, code, "%s", text);
}

void *netlink_list_add(struct netlink_list *l)
{
	if (l->count == l->space) {
		size_t space = l->space ? l->space * 2 : 16;
		void *items = reallocarray(l->items, space, l->size);

		if (!items)
			return NULL;
		l->items = items;
		l->space = space;
	}
	return memset((char *)l->items + l->count++ * l->size, 0, l->size);
}

void netlink_list_clear(void *list)
{
	((struct netlink_list *)list)->count = 0;
}

int netlink_list_give(struct netlink_list *l, int rc, void *out, size_t *count)
{
	if (rc == 0 && !l->items) {
		l->items = calloc(1, l->size);
		if (!l->items)
			rc = -ENOMEM;
	}
	if (rc < 0) {
		free(l->items);
		l->items = NULL;
	}
	memcpy(out, &l->items, sizeof(l->items));
	*count = rc < 0 ? 0 : l->count;
	return rc;
}

/* --- links --- */

static int link_read(const struct nlmsghdr *h, struct link *out)
{
	const struct ifinfomsg *i = message_data(h);
	const struct nlattr *attrs[IFLA_GROUP + 1];

	netlink_attrs(h, sizeof(*i), attrs, IFLA_GROUP);
	*out = (struct link){
		.ifindex = i->ifi_index,
		.up = i->ifi_flags & IFF_UP,
		.carrier = i->ifi_flags & IFF_LOWER_UP,
		.loopback = i->ifi_flags & IFF_LOOPBACK,
	};
	if (!attrs[IFLA_IFNAME] || !attr_is_text(attrs[IFLA_IFNAME]) ||
		attr_len(attrs[IFLA_IFNAME]) > sizeof(out->name))
		return -EBADMSG;
	snprintf(out->name, sizeof(out->name), "%s", attr_text(attrs[IFLA_IFNAME]));
	if (attrs[IFLA_ADDRESS] && attr_len(attrs[IFLA_ADDRESS]) == sizeof(out->mac.bytes))
		memcpy(out->mac.bytes, attr_data(attrs[IFLA_ADDRESS]), sizeof(out->mac.bytes));
	out->mtu = attrs[IFLA_MTU] ? attr_u32(attrs[IFLA_MTU]) : 0;
	out->group = attrs[IFLA_GROUP] ? attr_u32(attrs[IFLA_GROUP]) : 0;
	return 0;
}

static int link_answer_one(const struct nlmsghdr *h, void *arg)
{
	return h->nlmsg_type == RTM_NEWLINK ? link_read(h, arg) : 0;
}

static int link_answer_list(const struct nlmsghdr *h, void *arg)
{
	struct link *l = netlink_list_add(arg);

	if (!l)
		return -ENOMEM;
	return link_read(h, l);
}

/* Counters are a fourth of what the kernel says of a link, and cost more than that. */
static void link_begin(struct netlink_request *r, uint16_t flags, int ifindex)
{
	struct ifinfomsg i = { .ifi_family = AF_UNSPEC, .ifi_index = ifindex };

	netlink_begin(r, BUS_ROUTE, RTM_GETLINK, flags, &i, sizeof(i));
	attr_put_u32(r, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
}

int link_get(struct netlink *nl, const char *name, struct link *out, struct err *e)
{
	struct netlink_request r;
	int rc;

	if (!*name || strlen(name) >= LINK_NAME_MAX)
		return err_sys(e, -ENODEV, "%.32s", name);
	link_begin(&r, 0, 0);
	netlink_ask_one(&r);
	attr_put_text(&r, IFLA_IFNAME, name);
	rc = netlink_run(nl, &r, link_answer_one, NULL, out);
	return rc < 0 ? netlink_fail(nl, e, rc, "%s", name) : 0;
}

int link_get_by_index(struct netlink *nl, int ifindex, struct link *out, struct err *e)
{
	struct netlink_request r;
	int rc;

	link_begin(&r, 0, ifindex);
	netlink_ask_one(&r);
	rc = netlink_run(nl, &r, link_answer_one, NULL, out);
	return rc < 0 ? netlink_fail(nl, e, rc, "link %d", ifindex) : 0;
}

int link_list(struct netlink *nl, struct link **out, size_t *count, struct err *e)
{
	struct netlink_list list = { .size = sizeof(struct link) };
	struct netlink_request r;
	int rc;

	link_begin(&r, NLM_F_DUMP, 0);
	rc = netlink_run(nl, &r, link_answer_list, netlink_list_clear, &list);
	rc = netlink_list_give(&list, rc, out, count);
	return rc < 0 ? netlink_fail(nl, e, rc, "cannot list links") : 0;
}

int link_set_up(struct netlink *nl, int ifindex, bool up, struct err *e)
{
	struct ifinfomsg i = { .ifi_family = AF_UNSPEC,
		.ifi_index = ifindex,
		.ifi_change = IFF_UP,
		.ifi_flags = up ? IFF_UP : 0 };
	struct netlink_request r;
	int rc;

	netlink_begin(&r, BUS_ROUTE, RTM_SETLINK, 0, &i, sizeof(i));
	rc = netlink_run(nl, &r, NULL, NULL, NULL);
	return rc < 0 ? netlink_fail(
				nl, e, rc, "cannot switch link %d %s", ifindex, up ? "on" : "off")
		      : 0;
}

static int link_set_number(struct netlink *nl, int ifindex, uint16_t attr, uint32_t value,
	const char *what, struct err *e)
{
	struct ifinfomsg i = { .ifi_family = AF_UNSPEC, .ifi_index = ifindex };
	struct netlink_request r;
	int rc;

	netlink_begin(&r, BUS_ROUTE, RTM_SETLINK, 0, &i, sizeof(i));
	attr_put_u32(&r, attr, value);
	rc = netlink_run(nl, &r, NULL, NULL, NULL);
	return rc < 0 ? netlink_fail(
				nl, e, rc, "cannot give link %d the %s %u", ifindex, what, value)
		      : 0;
}

int link_set_group(struct netlink *nl, int ifindex, uint32_t group, struct err *e)
{
	return link_set_number(nl, ifindex, IFLA_GROUP, group, "group", e);
}

int link_set_mtu(struct netlink *nl, int ifindex, uint32_t mtu, struct err *e)
{
	return link_set_number(nl, ifindex, IFLA_MTU, mtu, "MTU", e);
}

int link_set_name(struct netlink *nl, int ifindex, const char *name, struct err *e)
{
	struct ifinfomsg i = { .ifi_family = AF_UNSPEC, .ifi_index = ifindex };
	struct netlink_request r;
	int rc;

	if (!*name || strlen(name) >= LINK_NAME_MAX)
		return err_set(e, -EINVAL, "\"%s\" cannot be a link's name", name);
	netlink_begin(&r, BUS_ROUTE, RTM_SETLINK, 0, &i, sizeof(i));
	attr_put_text(&r, IFLA_IFNAME, name);
	rc = netlink_run(nl, &r, NULL, NULL, NULL);
	return rc < 0 ? netlink_fail(nl, e, rc, "cannot give link %d the name %s", ifindex, name)
		      : 0;
}

/* --- changes --- */

int netlink_watch_open(unsigned int topics, int *fd, struct err *e)
{
	static const struct {
		unsigned int topic;
		int group;
	} groups[] = {
		{ NETLINK_LINKS, RTNLGRP_LINK },
		{ NETLINK_ADDRS, RTNLGRP_IPV4_IFADDR },
		{ NETLINK_ADDRS, RTNLGRP_IPV6_IFADDR },
		{ NETLINK_ROUTES, RTNLGRP_IPV4_ROUTE },
		{ NETLINK_ROUTES, RTNLGRP_IPV6_ROUTE },
	};
	struct sockaddr_nl self = { .nl_family = AF_NETLINK };
	int s = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	int rc = s < 0 ? -errno : 0;

	if (rc == 0 && bind(s, (struct sockaddr *)&self, sizeof(self)) < 0)
		rc = -errno;
	for (size_t i = 0; rc == 0 && i < sizeof(groups) / sizeof(groups[0]); i++)
		if ((topics & groups[i].topic) &&
			setsockopt(s, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &groups[i].group,
				sizeof(groups[i].group)) < 0)
			rc = -errno;
	if (rc < 0) {
		if (s >= 0)
			close(s);
		return err_sys(e, rc, "cannot watch the network for changes");
	}
	*fd = s;
	return 0;
}

int netlink_watch_drain(int fd, struct err *e)
{
	char buf[8192];

	for (;;) {
		if (recv(fd, buf, sizeof(buf), MSG_DONTWAIT | MSG_TRUNC) >= 0)
			continue;
		if (errno == EAGAIN)
			return 0;
		/* ENOBUFS: news were lost; the caller looks at everything anyway. */
		if (errno != EINTR && errno != ENOBUFS)
			return err_sys(
				e, -errno, "cannot take what the kernel says about the network");
	}
}
