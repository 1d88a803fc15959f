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

static int link_see(const struct nlattr *a, void *arg)
{
	struct news *n = arg;

	if (mnl_attr_get_type(a) == IFLA_IFNAME && mnl_attr_validate(a, MNL_TYPE_NUL_STRING) >= 0)
		n->name = mnl_attr_get_str(a);
	return MNL_CB_OK;
}

static int route_see(const struct nlattr *a, void *arg)
{
	struct news *n = arg;

	if (mnl_attr_get_type(a) == RTA_OIF && mnl_attr_validate(a, MNL_TYPE_U32) >= 0)
		n->ifindex = (int)mnl_attr_get_u32(a);
	return MNL_CB_OK;
}

/* One of a kind that is not known here is about no link in particular. */
static struct news news_of(const struct nlmsghdr *h)
{
	struct news n = { 0, "" };
	const struct ifinfomsg *link = mnl_nlmsg_get_payload(h);
	const struct ifaddrmsg *addr = mnl_nlmsg_get_payload(h);
	size_t len = mnl_nlmsg_get_payload_len(h);

	switch (h->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		if (len < sizeof(*link))
			break;
		n.ifindex = link->ifi_index;
		mnl_attr_parse(h, sizeof(*link), link_see, &n);
		break;
	case RTM_NEWADDR:
	case RTM_DELADDR:
		if (len >= sizeof(*addr))
			n.ifindex = (int)addr->ifa_index;
		break;
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		if (len >= sizeof(struct rtmsg))
			mnl_attr_parse(h, sizeof(struct rtmsg), route_see, &n);
		break;
	}
	return n;
}

int netlink_watch_read(int fd, netlink_news_see see, void *arg, struct err *e)
{
	char buf[32768] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct sockaddr_nl from;
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr msg = { .msg_name = &from, .msg_iov = &iov, .msg_iovlen = 1 };

	for (;;) {
		const struct nlmsghdr *h = (const struct nlmsghdr *)buf;
		ssize_t got;
		int left;

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
			see(arg, 0, "");
			continue;
		}
		if (from.nl_pid != 0)
			continue;
		for (left = (int)got; mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left)) {
			struct news n = news_of(h);

			see(arg, n.ifindex, n.name);
		}
	}
}
