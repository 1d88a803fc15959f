/* What the kernel tells of links, addresses and routes, message by message. */
#include "common/netlink_internal.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

struct news {
	int ifindex;
	const char *name;
};

static struct news news_of_link(const struct nlmsghdr *h, const struct ifinfomsg *link)
{
	const struct nlattr *attrs[IFLA_IFNAME + 1];
	struct news n = { link->ifi_index, "" };

	netlink_attrs(h, sizeof(*link), attrs, IFLA_IFNAME);
	if (attrs[IFLA_IFNAME] && attr_is_text(attrs[IFLA_IFNAME]))
		n.name = attr_text(attrs[IFLA_IFNAME]);
	return n;
}

static struct news news_of_route(const struct nlmsghdr *h)
{
	const struct nlattr *attrs[RTA_OIF + 1];
	struct news n = { 0, "" };

	netlink_attrs(h, sizeof(struct rtmsg), attrs, RTA_OIF);
	if (attrs[RTA_OIF] && attr_is_u32(attrs[RTA_OIF]))
		n.ifindex = (int)attr_u32(attrs[RTA_OIF]);
	return n;
}

/* One of a kind that is not known here is about no link in particular. */
static struct news news_of(const struct nlmsghdr *h)
{
	const struct ifaddrmsg *addr = message_data(h);
	size_t len = message_len(h);

	switch (h->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		if (len >= sizeof(struct ifinfomsg))
			return news_of_link(h, message_data(h));
		break;
	case RTM_NEWADDR:
	case RTM_DELADDR:
		if (len >= sizeof(*addr))
			return (struct news){ (int)addr->ifa_index, "" };
		break;
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		if (len >= sizeof(struct rtmsg))
			return news_of_route(h);
		break;
	}
	return (struct news){ 0, "" };
}

/* Hands over every message that is pending, `h` NULL where some were lost. */
static int news_read(
	int fd, void (*each)(const struct nlmsghdr *h, void *arg), void *arg, struct err *e)
{
	char buf[32768] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct sockaddr_nl from;
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr msg = { .msg_name = &from, .msg_iov = &iov, .msg_iovlen = 1 };

	for (;;) {
		const struct nlmsghdr *h;
		ssize_t got;

		msg.msg_namelen = sizeof(from);
		got = recvmsg(fd, &msg, MSG_DONTWAIT);
		if (got < 0 && errno == EAGAIN)
			return 0;
		if (got < 0 && errno != EINTR && errno != ENOBUFS)
			return err_sys(
				e, -errno, "cannot take what the kernel says about the network");
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 || (msg.msg_flags & MSG_TRUNC)) {
			each(NULL, arg);
			continue;
		}
		if (from.nl_pid != 0)
			continue;
		for (h = message_at(buf, buf + got); h; h = message_at(message_end(h), buf + got))
			each(h, arg);
	}
}

struct listener {
	netlink_news_see see;
	void *arg;
};

static void tell(const struct nlmsghdr *h, void *arg)
{
	const struct listener *l = arg;
	struct news n = { 0, "" };

	if (h)
		n = news_of(h);
	l->see(l->arg, n.ifindex, n.name);
}

int netlink_watch_read(int fd, netlink_news_see see, void *arg, struct err *e)
{
	struct listener l = { see, arg };

	return news_read(fd, tell, &l, e);
}

static void tell_rewrites(const struct nlmsghdr *h, void *arg)
{
	const struct listener *l = arg;
	const char *name = h ? rewrites_of(h) : "";

	if (name)
		l->see(l->arg, 0, name);
}

int link_rewrite_watch_read(int fd, netlink_news_see see, void *arg, struct err *e)
{
	struct listener l = { see, arg };

	return news_read(fd, tell_rewrites, &l, e);
}
