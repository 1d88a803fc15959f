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
#define CUT_PARENT     TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS)

static void filter_begin(
	struct netlink_request *r, uint16_t type, uint16_t flags, int ifindex, uint32_t parent)
{
	struct tcmsg m = {
		.tcm_family = AF_UNSPEC,
		.tcm_ifindex = ifindex,
		.tcm_handle = GUARD_HANDLE,
		.tcm_parent = parent,
		.tcm_info = TC_H_MAKE(GUARD_PRIORITY << 16, htons(ETH_P_ALL)),
	};

	netlink_begin(r, BUS_ROUTE, type, flags, &m, sizeof(m));
	attr_put_text(r, TCA_KIND, "bpf");
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
	attr_put_text(&r, TCA_KIND, "clsact");
	rc = netlink_run(nl, &r, NULL, NULL, NULL);
	return rc == -EEXIST ? 0 : rc;
}

static int program_set(struct netlink *nl, int ifindex, uint32_t parent,
	const struct sock_filter *prog, size_t count, struct err *e)
{
	struct netlink_request r;
	struct nlattr *nest;
	int rc;

	rc = qdisc_set(nl, ifindex);
	if (rc < 0)
		return netlink_fail(nl, e, rc,
			"cannot set a clsact qdisc on link %d (kernel module sch_ingress)",
			ifindex);
	filter_begin(&r, RTM_NEWTFILTER, NLM_F_CREATE, ifindex, parent);
	nest = attr_nest(&r, TCA_OPTIONS);
	attr_put_u16(&r, TCA_BPF_OPS_LEN, (uint16_t)count);
	attr_put(&r, TCA_BPF_OPS, count * sizeof(*prog), prog);
	attr_put_u32(&r, TCA_BPF_FLAGS, TCA_BPF_FLAG_ACT_DIRECT);
	attr_nest_end(&r, nest);
	rc = netlink_run(nl, &r, NULL, NULL, NULL);
	if (rc < 0)
		return netlink_fail(nl, e, rc,
			"cannot set a source guard on link %d (kernel module cls_bpf)", ifindex);
	return 0;
}

static int program_delete(struct netlink *nl, int ifindex, uint32_t parent, struct err *e)
{
	struct netlink_request r;
	int rc;

	filter_begin(&r, RTM_DELTFILTER, 0, ifindex, parent);
	rc = netlink_run(nl, &r, NULL, NULL, NULL);
	/* -EINVAL is the kernel's answer where no qdisc stands. */
	if (rc == 0 || rc == -ENOENT || rc == -ENODEV || rc == -EINVAL)
		return 0;
	return netlink_fail(nl, e, rc, "cannot delete the source guard of link %d", ifindex);
}

int guard_set(struct netlink *nl, int ifindex, const struct sock_filter *prog, size_t count,
	struct err *e)
{
	if (count == 0 || count > GUARD_PROGRAM_MAX)
		return err_sys(e, -EINVAL, "guard of %zu instructions on link %d", count, ifindex);
	return program_set(nl, ifindex, GUARD_PARENT, prog, count, e);
}

int guard_delete(struct netlink *nl, int ifindex, struct err *e)
{
	return program_delete(nl, ifindex, GUARD_PARENT, e);
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
		attr_u32(options[TCA_BPF_FLAGS]) != TCA_BPF_FLAG_ACT_DIRECT)
		return 0; /* not of our making: as good as none */
	len = attr_len(options[TCA_BPF_OPS]);
	if (len > g->max * sizeof(*g->prog))
		return 0;
	memcpy(g->prog, attr_data(options[TCA_BPF_OPS]), len);
	g->count = len / sizeof(*g->prog);
	return 0;
}

static int program_get(
	struct netlink *nl, int ifindex, uint32_t parent, struct guard_read *g, struct err *e)
{
	struct netlink_request r;
	int rc;

	filter_begin(&r, RTM_GETTFILTER, 0, ifindex, parent);
	netlink_ask_one(&r);
	rc = netlink_run(nl, &r, guard_answer, NULL, g);
	if (rc < 0)
		g->count = 0;
	if (rc < 0 && rc != -ENOENT && rc != -EINVAL && rc != -ENODEV)
		return netlink_fail(nl, e, rc, "cannot read the source guard of link %d", ifindex);
	return 0;
}

int guard_get(struct netlink *nl, int ifindex, struct sock_filter *prog, size_t max, size_t *count,
	struct err *e)
{
	struct guard_read g = { .prog = prog, .max = max };
	int rc = program_get(nl, ifindex, GUARD_PARENT, &g, e);

	*count = g.count;
	return rc;
}

static const struct sock_filter drop_all = BPF_STMT(BPF_RET | BPF_K, GUARD_DROP);

int link_mute(struct netlink *nl, int ifindex, bool mute, struct err *e)
{
	return mute ? program_set(nl, ifindex, CUT_PARENT, &drop_all, 1, e)
		    : program_delete(nl, ifindex, CUT_PARENT, e);
}

int link_is_mute(struct netlink *nl, int ifindex, bool *mute, struct err *e)
{
	struct sock_filter prog;
	struct guard_read g = { .prog = &prog, .max = 1 };
	int rc = program_get(nl, ifindex, CUT_PARENT, &g, e);

	*mute = g.count == 1 && memcmp(&prog, &drop_all, sizeof(prog)) == 0;
	return rc;
}
