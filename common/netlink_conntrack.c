/*
 * Tracked connections (NETLINK_NETFILTER, nf_conntrack_netlink).
 *
 * Since Linux 6.11 the kernel itself deletes what fits a partial tuple
 * (conntrack_forget_by_filter), passing over empty buckets of its table: a tenth of a millisecond.
 * Older ones take that for a tuple with parts missing (-EINVAL). Then a dump gives every connection
 * of the family, for which the kernel locks each of its buckets (9 ms where there are 262,144), and
 * each that fits is looked at again and deleted by its original tuple, zone and id. The same serves
 * conntrack_end().
 */
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/netlink_internal.h"

/* Bits of CTA_FILTER_ORIG_FLAGS (net/netfilter/nf_internals.h, Linux 5.8): what of the given tuple
 * must be equal. In a dump older kernels pass the filter over; each answer is looked at here in any
 * case. */
#define FILTER_IP_SRC 1U

/* How many connections this network namespace tracks; absent where nf_conntrack is not loaded. */
#define CONNTRACK_COUNT "/proc/sys/net/netfilter/nf_conntrack_count"

/* What is to be ended. */
struct end_job {
	bool (*ends)(const struct flow *f, void *arg);
	void *arg;
	uint8_t family; /* AF_UNSPEC: both */
	struct netlink_list list;
};

/* Enough of one connection to delete it: its attributes as the kernel gave them. */
struct tracked {
	uint8_t family;
	uint16_t orig_len, zone;
	bool has_id;
	uint32_t id;	   /* as on the wire */
	uint8_t orig[256]; /* the contents of CTA_TUPLE_ORIG */
};

struct tuple {
	struct addr src, dst;
	uint8_t proto, icmp_type;
	uint16_t port, src_port; /* of destination and source, host byte order */
};

static void tuple_read_proto(const struct nlattr *nest, struct tuple *t)
{
	const struct nlattr *proto[CTA_PROTO_ICMPV6_TYPE + 1], *type;

	netlink_attrs_nested(nest, proto, CTA_PROTO_ICMPV6_TYPE);
	type = proto[CTA_PROTO_ICMP_TYPE] ? proto[CTA_PROTO_ICMP_TYPE]
					  : proto[CTA_PROTO_ICMPV6_TYPE];
	if (proto[CTA_PROTO_NUM])
		t->proto = attr_u8(proto[CTA_PROTO_NUM]);
	if (proto[CTA_PROTO_DST_PORT])
		t->port = ntohs(attr_u16(proto[CTA_PROTO_DST_PORT]));
	if (proto[CTA_PROTO_SRC_PORT])
		t->src_port = ntohs(attr_u16(proto[CTA_PROTO_SRC_PORT]));
	if (type)
		t->icmp_type = attr_u8(type);
}

static struct tuple tuple_read(const struct nlattr *nest, uint8_t family)
{
	const struct nlattr *parts[CTA_TUPLE_PROTO + 1], *ip[CTA_IP_V6_DST + 1];
	struct tuple t = { .port = 0 };

	netlink_attrs_nested(nest, parts, CTA_TUPLE_PROTO);
	if (parts[CTA_TUPLE_IP]) {
		netlink_attrs_nested(parts[CTA_TUPLE_IP], ip, CTA_IP_V6_DST);
		netlink_get_addr(
			ip[family == AF_INET ? CTA_IP_V4_SRC : CTA_IP_V6_SRC], family, &t.src);
		netlink_get_addr(
			ip[family == AF_INET ? CTA_IP_V4_DST : CTA_IP_V6_DST], family, &t.dst);
	}
	if (parts[CTA_TUPLE_PROTO])
		tuple_read_proto(parts[CTA_TUPLE_PROTO], &t);
	return t;
}

static struct flow flow_read(const struct nlattr *orig, const struct nlattr *reply, uint8_t family)
{
	struct tuple o = tuple_read(orig, family), r = tuple_read(reply, family);

	return (struct flow){ .src = o.src,
		.dst = o.dst,
		.proto = o.proto,
		.port = o.port,
		.icmp_type = o.icmp_type,
		.answers = r.src,
		.answers_port = r.src_port,
		.seen_as = r.dst };
}

static uint64_t counter_read(const struct nlattr *nest)
{
	const struct nlattr *counters[CTA_COUNTERS_PACKETS + 1];

	netlink_attrs_nested(nest, counters, CTA_COUNTERS_PACKETS);
	return counters[CTA_COUNTERS_PACKETS] ? be64toh(attr_u64(counters[CTA_COUNTERS_PACKETS]))
					      : 0;
}

static int conntrack_answer(const struct nlmsghdr *h, void *arg)
{
	const struct nfgenmsg *m = message_data(h);
	const struct nlattr *attrs[CTA_ZONE + 1];
	struct end_job *j = arg;
	struct flow flow;
	struct tracked *t;
	size_t len;

	netlink_attrs(h, sizeof(*m), attrs, CTA_ZONE);
	if ((j->family != AF_UNSPEC && m->nfgen_family != j->family) || !attrs[CTA_TUPLE_ORIG] ||
		!attrs[CTA_TUPLE_REPLY])
		return 0;
	flow = flow_read(attrs[CTA_TUPLE_ORIG], attrs[CTA_TUPLE_REPLY], m->nfgen_family);
	flow.counted = attrs[CTA_COUNTERS_ORIG] && attrs[CTA_COUNTERS_REPLY];
	if (flow.counted) {
		flow.packets = counter_read(attrs[CTA_COUNTERS_ORIG]);
		flow.replies = counter_read(attrs[CTA_COUNTERS_REPLY]);
	}
	len = attr_len(attrs[CTA_TUPLE_ORIG]);
	if (!j->ends(&flow, j->arg))
		return 0;
	if (len > sizeof(t->orig))
		return -EMSGSIZE;
	t = netlink_list_add(&j->list);
	if (!t)
		return -ENOMEM;
	t->family = m->nfgen_family;
	t->orig_len = (uint16_t)len;
	memcpy(t->orig, attr_data(attrs[CTA_TUPLE_ORIG]), len);
	t->zone = attrs[CTA_ZONE] ? attr_u16(attrs[CTA_ZONE]) : 0;
	t->has_id = attrs[CTA_ID];
	t->id = attrs[CTA_ID] ? attr_u32(attrs[CTA_ID]) : 0;
	return 0;
}

static void job_restart(void *arg)
{
	netlink_list_clear(&((struct end_job *)arg)->list);
}

/* Version 1: the family counts also when connections are deleted by a filter. */
static void conntrack_begin(
	struct netlink_request *r, uint16_t type, uint16_t flags, uint8_t family)
{
	struct nfgenmsg m = { .nfgen_family = family, .version = 1 };

	netlink_begin(r, BUS_NETFILTER, (uint16_t)(NFNL_SUBSYS_CTNETLINK << 8 | type), flags, &m,
		sizeof(m));
}

/* One end of one direction of a connection. */
struct end {
	uint16_t tuple;	   /* CTA_TUPLE_ORIG, CTA_TUPLE_REPLY */
	uint16_t filter;   /* the CTA_FILTER_ attribute that goes with it */
	uint16_t ip4, ip6; /* CTA_IP_ */
	uint32_t flag;
};

/* Who opened it, and who answers. What else an address can be in a connection is a name that
 * translation gave to one of these. */
static const struct end who[] = {
	{ CTA_TUPLE_ORIG, CTA_FILTER_ORIG_FLAGS, CTA_IP_V4_SRC, CTA_IP_V6_SRC, FILTER_IP_SRC },
	{ CTA_TUPLE_REPLY, CTA_FILTER_REPLY_FLAGS, CTA_IP_V4_SRC, CTA_IP_V6_SRC, FILTER_IP_SRC },
};

/* Restricts a request to connections that have `addr` at that end. The tuple is always part of it:
 * a kernel that knew no filters would take a request without one for "all connections". */
static void put_filter(struct netlink_request *r, const struct end *end, const struct addr *addr)
{
	struct nlattr *tuple, *ip, *filter;

	tuple = attr_nest(r, end->tuple);
	ip = attr_nest(r, CTA_TUPLE_IP);
	netlink_put_addr(r, addr->family == AF_INET ? end->ip4 : end->ip6, addr);
	attr_nest_end(r, ip);
	attr_nest_end(r, tuple);
	filter = attr_nest(r, CTA_FILTER);
	attr_put_u32(r, end->filter, end->flag);
	attr_nest_end(r, filter);
}

static void tracked_begin(struct netlink_request *r, uint16_t type, const struct tracked *t)
{
	conntrack_begin(r, type, 0, t->family);
	attr_put(r, CTA_TUPLE_ORIG | NLA_F_NESTED, t->orig_len, t->orig);
	if (t->zone)
		attr_put_u16(r, CTA_ZONE, t->zone);
}

static int tracked_delete(struct netlink *nl, const struct tracked *t)
{
	struct netlink_request r;

	tracked_begin(&r, IPCTNL_MSG_CT_DELETE, t);
	if (t->has_id)
		attr_put_u32(&r, CTA_ID, t->id);
	return netlink_run(nl, &r, NULL, NULL, NULL);
}

/* By the time its turn comes the connection may be another one, or have gone on. */
static int tracked_end(struct netlink *nl, const struct end_job *j, const struct tracked *t)
{
	struct end_job now = { .ends = j->ends, .arg = j->arg, .list = { .size = sizeof(*t) } };
	struct netlink_request r;
	int rc;

	tracked_begin(&r, IPCTNL_MSG_CT_GET, t);
	rc = netlink_run(nl, &r, conntrack_answer, job_restart, &now);
	if (rc == 0 && now.list.count)
		rc = tracked_delete(nl, now.list.items);
	free(now.list.items);
	return rc == -ENOENT ? 0 : rc; /* it ended by itself */
}

static int job_run(struct netlink *nl, struct end_job *j)
{
	const struct tracked *t;
	struct netlink_request r;
	int rc;

	j->list.size = sizeof(*t);
	conntrack_begin(&r, IPCTNL_MSG_CT_GET, NLM_F_DUMP, j->family);
	rc = netlink_run(nl, &r, conntrack_answer, job_restart, j);
	t = j->list.items;
	for (size_t i = 0; rc == 0 && i < j->list.count; i++)
		rc = tracked_end(nl, j, &t[i]);
	free(j->list.items);
	return rc;
}

static bool flow_is_of(const struct flow *f, void *arg)
{
	return addr_equal(&f->src, arg) || addr_equal(&f->answers, arg);
}

int conntrack_forget_by_dump(struct netlink *nl, const struct addr *addr)
{
	struct addr whose = *addr;
	struct end_job j = { .ends = flow_is_of, .arg = &whose, .family = addr->family };

	return job_run(nl, &j);
}

int conntrack_forget_by_filter(struct netlink *nl, const struct addr *addr)
{
	struct netlink_request r;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < sizeof(who) / sizeof(who[0]); i++) {
		conntrack_begin(&r, IPCTNL_MSG_CT_DELETE, 0, addr->family);
		put_filter(&r, &who[i], addr);
		rc = netlink_run(nl, &r, NULL, NULL, NULL);
	}
	return rc;
}

/* Whether there is any connection to forget. */
static bool is_tracking(void)
{
	char count[2] = "";
	int fd = open(CONNTRACK_COUNT, O_RDONLY | O_CLOEXEC);
	bool none = fd < 0 || (read(fd, count, sizeof(count)) == 2 && count[0] == '0');

	if (fd >= 0)
		close(fd);
	return !none;
}

/* `whose`: an address, or NULL. */
static int end_result(struct netlink *nl, const struct addr *whose, int rc, struct err *e)
{
	char text[ADDR_TEXT_MAX];

	if (rc == -EINVAL || rc == -EPROTONOSUPPORT)
		return err_set(e, -EOPNOTSUPP,
			"cannot look at tracked connections (kernel module nf_conntrack_netlink)");
	return rc < 0 ? netlink_fail(nl, e, rc, "cannot end connections%s%s", whose ? " of " : "",
				whose ? addr_print(whose, text) : "")
		      : 0;
}

int conntrack_forget(struct netlink *nl, const struct addr *addr, struct err *e)
{
	int rc;

	if (!is_tracking())
		return 0;
	rc = conntrack_forget_by_filter(nl, addr);
	if (rc == -EINVAL || rc == -EOPNOTSUPP)
		rc = conntrack_forget_by_dump(nl, addr);
	return end_result(nl, addr, rc, e);
}

int conntrack_end(
	struct netlink *nl, bool (*ends)(const struct flow *f, void *arg), void *arg, struct err *e)
{
	struct end_job j = { .ends = ends, .arg = arg, .family = AF_UNSPEC };

	return is_tracking() ? end_result(nl, NULL, job_run(nl, &j), e) : 0;
}
