/*
 * Source guards: one cls_bpf filter in direct-action mode, first in line (priority 1, all
 * protocols), on the ingress side of a clsact qdisc. The filter is changed in its place (the same
 * priority and handle), which the kernel does by exchanging one pointer, so packets meet either the
 * old program or the new one.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "common/netlink_internal.h"

#define GUARD_PRIORITY 1U
#define GUARD_HANDLE   1U
#define GUARD_PARENT   TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS)

static void filter_begin(struct netlink_request *r, uint16_t type, uint16_t flags, int ifindex)
{
	struct tcmsg m = {
		.tcm_family = AF_UNSPEC,
		.tcm_ifindex = ifindex,
		.tcm_handle = GUARD_HANDLE,
		.tcm_parent = GUARD_PARENT,
		.tcm_info = TC_H_MAKE(GUARD_PRIORITY << 16, htons(ETH_P_ALL)),
	};

	netlink_begin(r, BUS_ROUTE, type, flags, &m, sizeof(m));
	mnl_attr_put_strz(r->header, TCA_KIND, "bpf");
}

/* Where somebody has put an ingress or clsact qdisc already, that one serves. */
static int qdisc_set(struct netlink *nl, int ifindex)
{
	struct tcmsg m = {
		.tcm_family = AF_UNSPEC,
		.tcm_ifindex = ifindex,
		.tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0),
		.tcm_parent = TC_H_CLSACT,
	};
	struct netlink_request r;
	int rc;

	netlink_begin(&r, BUS_ROUTE, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, &m, sizeof(m));
	mnl_attr_put_strz(r.header, TCA_KIND, "clsact");
	rc = netlink_run(nl, &r, NULL, NULL, NULL);
	return rc == -EEXIST ? 0 : rc;
}

int guard_set(struct netlink *nl, int ifindex, const struct sock_filter *prog, size_t count,
	struct err *e)
{
	struct netlink_request r;
	struct nlattr *nest;
	int rc;

	if (count == 0 || count > GUARD_PROGRAM_MAX)
		return err_sys(e, -EINVAL, "guard of %zu instructions on link %d", count, ifindex);
	rc = qdisc_set(nl, ifindex);
	if (rc < 0)
		return netlink_fail(nl, e, rc,
			"cannot set a clsact qdisc on link %d (kernel module sch_ingress)",
			ifindex);
	filter_begin(&r, RTM_NEWTFILTER, NLM_F_CREATE, ifindex);
	nest = mnl_attr_nest_start(r.header, TCA_OPTIONS);
	mnl_attr_put_u16(r.header, TCA_BPF_OPS_LEN, (uint16_t)count);
	mnl_attr_put(r.header, TCA_BPF_OPS, count * sizeof(*prog), prog);
	mnl_attr_put_u32(r.header, TCA_BPF_FLAGS, TCA_BPF_FLAG_ACT_DIRECT);
	mnl_attr_nest_end(r.header, nest);
	rc = netlink_run(nl, &r, NULL, NULL, NULL);
	if (rc < 0)
		return netlink_fail(nl, e, rc,
			"cannot set a source guard on link %d (kernel module cls_bpf)", ifindex);
	return 0;
}

int guard_delete(struct netlink *nl, int ifindex, struct err *e)
{
	struct netlink_request r;
	int rc;

	filter_begin(&r, RTM_DELTFILTER, 0, ifindex);
	rc = netlink_run(nl, &r, NULL, NULL, NULL);
	/* -EINVAL is the kernel's answer where no qdisc stands. */
	if (rc == 0 || rc == -ENOENT || rc == -ENODEV || rc == -EINVAL)
		return 0;
	return netlink_fail(nl, e, rc, "cannot delete the source guard of link %d", ifindex);
}

struct guard_read {
	struct sock_filter *prog;
	size_t max, count;
};

static int guard_answer(const struct nlmsghdr *h, void *arg)
{
	const struct nlattr *attrs[TCA_OPTIONS + 1], *options[TCA_BPF_FLAGS + 1];
	struct guard_read *g = arg;
	size_t len;

	if (h->nlmsg_type != RTM_NEWTFILTER)
		return 0;
	netlink_attrs(h, sizeof(struct tcmsg), attrs, TCA_OPTIONS);
	if (!attrs[TCA_OPTIONS])
		return 0;
	netlink_attrs_nested(attrs[TCA_OPTIONS], options, TCA_BPF_FLAGS);
	if (!options[TCA_BPF_OPS] || !options[TCA_BPF_FLAGS] ||
		mnl_attr_get_u32(options[TCA_BPF_FLAGS]) != TCA_BPF_FLAG_ACT_DIRECT)
		return 0; /* not of our making: as good as none */
	len = mnl_attr_get_payload_len(options[TCA_BPF_OPS]);
	if (len > g->max * sizeof(*g->prog))
		return 0;
	memcpy(g->prog, mnl_attr_get_payload(options[TCA_BPF_OPS]), len);
	g->count = len / sizeof(*g->prog);
	return 0;
}

int guard_get(struct netlink *nl, int ifindex, struct sock_filter *prog, size_t max, size_t *count,
	struct err *e)
{
	struct guard_read g = { .prog = prog, .max = max };
	struct netlink_request r;
	int rc;

	*count = 0;
	filter_begin(&r, RTM_GETTFILTER, 0, ifindex);
	rc = netlink_run(nl, &r, guard_answer, NULL, &g);
	if (rc < 0 && rc != -ENOENT && rc != -EINVAL && rc != -ENODEV)
		return netlink_fail(nl, e, rc, "cannot read the source guard of link %d", ifindex);
	*count = rc < 0 ? 0 : g.count;
	return 0;
}
