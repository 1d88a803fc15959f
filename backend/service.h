/*
 * service: what a network domain does for its vifs, one call a vif; the common core of the hotplug
 * program and of netbackd.
 *
 * Each call reads what is wanted (xenstore, settings) and what is (kernel), plans, and acts, under
 * the domain's lock. What is kept between calls is connections, and dom0's entries as they were
 * read, by which unchanged ones need not be read again. So calls may be repeated, come in any
 * order, and be cut short by SIGKILL: the next one ends in the same state.
 */
#ifndef NETVM_SERVICE_H
#define NETVM_SERVICE_H

#include <stdbool.h>
#include <stdio.h>

#include "backend/forwarder.h"
#include "backend/packet_filter.h"
#include "backend/ruleset_source.h"
#include "backend/settings.h"
#include "backend/vif.h"
#include "common/err.h"
#include "xenstore-schema/schema.h"

struct service_options {
	const char *config; /* NULL: SETTINGS_FILE, if it is there */
	void (*unknown)(const char *path, const char *key); /* told of keys that mean nothing */
	const char *run_dir;				    /* NULL: RUNDIR */
	uint32_t backend; /* whose backend directory: SCHEMA_SELF, or a domid */
	FILE *plan;	  /* not NULL: print what would be done, do nothing */
	bool alone;	  /* a program with one thread: store_open_alone() serves it */
	bool lasting; /* this caller comes back (service_next()), and so may start a forwarder */
};

struct dhcp_runs;
struct netback_runs;

struct service {
	struct service_options options;
	struct store *store;
	struct netlink *nl;
	struct packet_filter *filter;
	struct settings settings;
	struct err settings_fault;  /* code < 0: the file is wrong, and no vif can be served */
	struct ruleset ruleset;	    /* as it was last read */
	bool has_ruleset;	    /* ... and made to stand */
	struct ruleset_notes notes; /* as they were last read */
	char dns_trouble[160];	    /* why there is no forwarder where one is needed, or "" */
	struct forwarder *forwarder;
	struct netback_runs
		*netback;	/* NULL: the kernel moves packets, or the caller starts none */
	struct dhcp_runs *dhcp; /* NULL: the caller starts none */
	double unsettled; /* since when connections may have to end; clock_seconds(), 0: none */
	int lock;	  /* descriptor while a call runs, else -1 */
};

/* Opens everything; where that fails nothing is left open. -ENOTCONN: no xenstored. A fault in the
 * settings is no failure here: it is what each vif is then told (settings_fault). */
int service_open(struct service *s, const struct service_options *o, struct err *e);
/* Where what is remembered from one process to the next is kept. */
const char *service_run_dir(const struct service *s);
void service_close(struct service *s); /* may be repeated; a zeroed struct with lock -1 is fine */

/*
 * Makes a vif what xenstore wants of it. Where that is to serve the guest: rules stand, guard,
 * link, routes, then hotplug-status "connected"; a link that is right already keeps its
 * connections. Where it cannot be served it is closed, hotplug-error and hotplug-status tell why,
 * and so does the return value: -EINVAL (what xenstore holds is unusable), -EADDRINUSE (somebody
 * has its address), -ENODEV (no such link), -ENOENT (no backend directory: the guest is gone), or
 * what the kernel or iptables said. -ENOTCONN: xenstored went away; the vif is closed unless it was
 * open and right before.
 *
 * `w` (may be NULL) gets what was wanted, for reports.
 */
int service_vif_up(struct service *s, const struct vif_id *id, bool emulated, struct vif_wanted *w,
	struct err *e);

/* Closes a vif, whatever xenstore wants, and forgets its connections; hotplug-status is removed
 * where the backend directory is still there. A link that is gone is fine. */
int service_vif_down(struct service *s, const struct vif_id *id, bool emulated, struct err *e);

/* Closes a link of the group that has no vif's name, and so is nobody's. */
int service_stray_close(struct service *s, const char *name, struct err *e);

/* Makes the rules stand that the settings, dom0 and the resolvers of this moment want. Of the
 * guests' entries those of `of` are looked at, NULL: all. `changed` (may be NULL): whether anything
 * was written. */
int service_rules_stand(struct service *s, const struct domids *of, bool *changed, struct err *e);

/* Prints those rules as the packet filter would be told them; does nothing. */
int service_rules_print(struct service *s, FILE *out, struct err *e);

/* Reads what is wanted of a vif into `w`, and the rules of this moment into s->ruleset; does
 * nothing. -ENOTCONN and others: xenstore or the kernel could not be asked. */
int service_look(struct service *s, const struct vif_id *id, struct vif_wanted *w, struct err *e);

/* The rules of this moment into s->ruleset alone. */
int service_rules_look(struct service *s, struct err *e);

/* Seconds until service_rules_stand() is due again without an event, 0: it is not. */
double service_next(const struct service *s);

/* Takes all rules away and ends the forwarder, under the lock. Close the vifs first. */
int service_rules_remove(struct service *s, struct err *e);

#endif
