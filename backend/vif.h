/*
 * vif: one guest's link as data: what is wanted of it, and what is.
 *
 * A vif that is to serve its guest is "open"; one that is faulty or to go is "closed": its link
 * down, without addresses, routes and neighbours, and with a guard that drops everything. An open
 * vif whose cable is pulled keeps all that it has, so that its packets go nowhere else meanwhile
 * and its connections go on afterwards, but is dumb and mute: nothing enters by its link, and
 * nothing leaves by it. One that was never open is closed. Nothing here does anything; the
 * module must not know where wanted comes from or how actual is read.
 */
#ifndef NETVM_VIF_H
#define NETVM_VIF_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/err.h"
#include "common/netlink.h"
#include "xenstore-schema/schema.h"

/* Interface group of every link that leads to a guest, open or closed. ("xn") */
#define VIF_GROUP 30830

/* Metrics of the host routes: an HVM guest's emulated link goes before its paravirtual one for as
 * long as it is there, as with Xen's own scripts. */
#define VIF_METRIC_EMULATED 1
#define VIF_METRIC	    2

#define VIF_DNS_MAX 4 /* virtual resolvers, both families */

enum vif_life {
	VIF_SERVED,  /* open it */
	VIF_CUT_OFF, /* nothing in or out, but all is well: its cable is off */
	VIF_FAULTY,  /* close it and say why */
	VIF_GONE,    /* close it: the guest or the device went away, or this host stops serving */
};

struct vif_wanted {
	struct vif_id id;
	bool emulated;		  /* the link is the emulated twin, vifG.D-emu */
	char link[LINK_NAME_MAX]; /* name of the network interface */
	enum vif_life life;
	char fault[NETVM_WORDS_MAX];	  /* VIF_FAULTY: why, for hotplug-error */
	struct addr addrs[VIF_ADDRS_MAX]; /* the guest's */
	size_t count;
	struct mac mac;		       /* the guest's */
	struct addr gateway, gateway6; /* ours, on this link */
	/* What the guest sees in the place of its IPv4 address and of `gateway`; absent: those. */
	struct addr visible, visible_gateway;
	bool dhcp; /* it is given its IPv4 address by DHCP */
	struct addr
		dns[VIF_DNS_MAX]; /* virtual resolvers: nobody's address; the first may be absent */
	uint32_t mtu;		  /* 0: as it is */
	uint32_t generation;	  /* of the policy, for the report; 0 when standalone */
};

/* Who has one of the wanted addresses already. */
enum vif_claim_kind {
	CLAIM_NONE, /* nobody, or this vif itself */
	CLAIM_VIF,  /* another link of the group has its host route */
	CLAIM_OURS, /* it is an address of this domain */
};

struct vif_claim {
	enum vif_claim_kind kind;
	char link[LINK_NAME_MAX]; /* CLAIM_VIF: that link */
};

#define VIF_SYSCTLS_MAX 16
#define VIF_SYSCTL_TEXT 12 /* longest value that is looked at, with the NUL */

struct vif_actual {
	bool exists; /* there is a link; else all else is empty */
	struct link link;
	struct link_addr *addrs; /* each malloc'd; vif_actual_dispose() */
	struct route *routes;
	struct neighbour *neighbours; /* permanent ones */
	size_t addr_count, route_count, neighbour_count;
	struct sock_filter guard[GUARD_PROGRAM_MAX]; /* what stands at its ingress */
	size_t guard_count;			     /* 0: nothing of ours */
	bool mute;				     /* nothing leaves by it */
	enum rewrites_found rewrites; /* also of a link that is gone; beside visible_rewrites() */
	/* Values in the order of vif_sysctls(); "" where the kernel has no such setting. */
	char sysctls[VIF_SYSCTLS_MAX][VIF_SYSCTL_TEXT];
	struct vif_claim claims[VIF_ADDRS_MAX]; /* of wanted->addrs, same order */
};

void vif_actual_dispose(struct vif_actual *a); /* may be repeated */

/* Name of the link: "vif5.0", or "vif5.0-emu". Returns `buf`. */
const char *vif_link_name(const struct vif_id *id, bool emulated, char buf[LINK_NAME_MAX]);

/* Turns `w` into VIF_FAULTY with the sentence of `e` as its words. */
void vif_wanted_fail(struct vif_wanted *w, const struct err *e);

/* Whether one of its addresses is of that family (AF_INET, AF_INET6). */
bool vif_wants_family(const struct vif_wanted *w, uint8_t family);

#endif
