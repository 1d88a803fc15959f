/*
 * netvmd_plan: what leads from the domains as they are to the domains as the registry wants them,
 * as data.
 *
 * From the registry, and from what libxl and xenstore say of every running domain, to a list of
 * actions in the order in which they are done: what is withdrawn goes first, for whoever comes may
 * have the same address; a link and its entry with the network domain stand before the vif is
 * attached. Pure. It must not know how anything is read or done.
 *
 * Which vif of a guest is its link? The one whose backend is in its network domain; else one that
 * is known to have been: its MAC is the registry's, or that of the link published under its number;
 * else one whose backend is dead. Whatever else a guest has is the administrator's: it is neither
 * published nor touched. A link that has to be made anew keeps number and MAC, so for the guest it
 * is the same card.
 *
 * dom0 is no guest; where netvm dom0 made it one for a while, that is let be.
 *
 * A domain at fault in the registry keeps what it has. A domain that has shut down keeps it until
 * it is destroyed.
 */
#ifndef NETVM_NETVMD_PLAN_H
#define NETVM_NETVMD_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "toolstack/registry.h"
#include "toolstack/xen.h"
#include "xenstore-schema/schema.h"

/* --- what is --- */

struct netvmd_vif {
	uint32_t devid, backend;
	struct mac mac;
	bool alive; /* its backend's domain runs and has a directory for it; always so in dom0 */
};

struct netvmd_link { /* published for a guest */
	uint32_t devid;
	bool readable; /* false: it holds rubbish */
	struct guest_link link;
};

struct netvmd_client { /* published for a network domain */
	struct vif_id guest;
	bool readable;
	struct client client;
};

/* A domain that exists and is not dying. */
struct netvmd_domain {
	uint32_t domid;
	char name[DOMAIN_NAME_MAX]; /* "" where it has none that we take */
	bool paused, shutdown;	    /* as struct xen_domain */
	bool busy; /* something is being done about its vifs, or has failed a moment ago */
	struct netvmd_vif *vif;
	size_t vifs;
	struct netvmd_link *link;
	size_t links;
	/* As a network domain. */
	bool managed, provider_readable; /* it has a netvm-provider, which holds no rubbish */
	struct provider provider;
	struct netvmd_client *client;
	size_t clients;
	char *nonsense; /* malloc'd: why what it says of itself cannot be used; NULL: it can */
	bool ready;	/* it says so */
	uint32_t mtu;	/* the smallest of its ways out, as it says; 0: not said */
	char capabilities[NETVM_WORDS_MAX];
};

struct netvmd_actual {
	struct netvmd_domain *domain; /* ascending by domid */
	size_t count;
	/* dom0's own link, which netvm dom0 brought and takes away: its entry stays. `provider` 0:
	 * it has none, and an entry of it is withdrawn. */
	struct {
		uint32_t provider, devid;
	} dom0;
};

/* Everything in it was malloc'd. May be repeated. */
void netvmd_actual_dispose(struct netvmd_actual *a);

/* --- what is to be done --- */

enum netvmd_verb {
	NETVMD_UNPUBLISH_LINK,
	NETVMD_WITHDRAW_CLIENT,
	NETVMD_WITHDRAW_PROVIDER,
	NETVMD_DETACH,
	NETVMD_PUBLISH_PROVIDER,
	NETVMD_PUBLISH_LINK,
	NETVMD_PUBLISH_CLIENT,
	NETVMD_ATTACH,
	NETVMD_VERBS
};

struct netvmd_action {
	enum netvmd_verb verb;
	struct vif_id guest; /* not of the two *_PROVIDER */
	uint32_t provider;   /* domid; of *_PROVIDER, *_CLIENT */
	char guest_name[DOMAIN_NAME_MAX], provider_name[DOMAIN_NAME_MAX];
	bool force; /* DETACH: the backend is dead, nobody is waited for */
	union {
		struct guest_link link;
		struct client client; /* its rules are the registry's */
		struct provider published;
		struct xen_vif_spec vif; /* ATTACH */
	};
};

/* A guest without its vif for which nothing can be done now. */
#define NETVMD_WAIT_MAX 256
struct netvmd_wait {
	char guest_name[DOMAIN_NAME_MAX];
	char words[NETVMD_WAIT_MAX]; /* "work (7) waits for net, which does not run" */
};

struct netvmd_plan {
	struct netvmd_action *action; /* malloc'd */
	size_t count;
	struct netvmd_wait *wait; /* malloc'd */
	size_t waiting;
	/* A guest without its vif is paused, perhaps because `xl create` still makes it; nothing
	 * tells when that ends, so the caller looks again. */
	bool again;
};

/* -ENOMEM. netvmd_plan_dispose() in any case. */
int netvmd_plan(
	const struct registry *wanted, const struct netvmd_actual *actual, struct netvmd_plan *out);
void netvmd_plan_dispose(struct netvmd_plan *p); /* may be repeated */

/* The action in a line: "work (7): attach vif 0, 10.137.0.2, backend in net (3)". For --dry-run,
 * logs and tests. */
#define NETVMD_WORDS_MAX 320
const char *netvmd_action_print(const struct netvmd_action *a, char buf[NETVMD_WORDS_MAX]);

#endif
