/*
 * xen: domains and their vifs, as libxl knows and changes them.
 *
 * Only this module (xen.c, xen_pci.c) includes libxl.h. Each call opens libxl and closes it again,
 * so nothing is kept over a fork or a xenstored that was started anew. Tests put another xen.c in
 * its place when they link (tests/store/xen-played.c).
 *
 * xen_vif_attach() and xen_vif_detach() wait for the network domain (libxl: 10 s for a state, 40 s
 * for a hotplug script), and any call waits for xenstored as long as it takes; so a daemon makes
 * them in a child process (xen_child.h). It must not know the registry, nor decide anything.
 */
#ifndef NETVM_XEN_H
#define NETVM_XEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/err.h"
#include "xenstore-schema/schema.h"

struct xen_domain {
	uint32_t domid;
	char name[DOMAIN_NAME_MAX]; /* "" where it has none that we take */
	uint8_t uuid[16];
	bool paused;   /* also while `xl create` still makes it */
	bool shutdown; /* has shut down, crashed or is suspended */
	bool dying;
};

/* All domains but dom0, ascending by domid. `*out` malloc'd. -ENOTCONN where this is no dom0 of a
 * running Xen. */
int xen_domains_list(struct xen_domain **out, size_t *count, struct err *e);

/* Lets a domain stand still, or go on. Xen counts: of two who let it stand still, both must let it
 * go on. */
int xen_domain_pause(uint32_t domid, bool pause, struct err *e);

struct xen_vif {
	struct vif_id id;
	uint32_t backend; /* domid that its backend is, or was, in */
	struct mac mac;
};

/* The vifs of these domains as libxl has them (its own records, which no guest can write),
 * ascending by domain, as given, and devid. `*out` malloc'd. -ENOTCONN: xenstored is gone. */
int xen_vifs_list(const struct xen_domain *domains, size_t domain_count, struct xen_vif **out,
	size_t *count, struct err *e);

/* Makes a vif: xl's "network-attach". `ip` is what stands in the backend directory for the hotplug
 * script; both families' addresses are given to it where they are set. 0 also where that vif is
 * there already. Otherwise libxl's words, and what was made is taken away again. */
struct xen_vif_spec {
	struct vif_id id;
	uint32_t backend;
	/* The name of `backend`, or "". It goes into the configuration that libxl keeps of the
	 * guest: when the guest reboots, its vif goes to whichever domain has the name then. */
	char backend_name[DOMAIN_NAME_MAX];
	struct mac mac;
	struct addr ip, ip6;
	uint32_t mtu; /* 0: libxl's default */
};
int xen_vif_attach(const struct xen_vif_spec *spec, struct err *e);

/* Takes a vif away, in the end also from a network domain that does not let go of it; `force`:
 * without waiting for its backend (which is dead). 0 also where there is none. */
int xen_vif_detach(const struct vif_id *id, bool force, struct err *e);

#endif
