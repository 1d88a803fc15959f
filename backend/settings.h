/*
 * settings: what a network domain is told by its own configuration file, netbackd.conf(5), and,
 * where dom0 manages it, by dom0.
 *
 * Plain data that the vif core and the packet filter both work from. Must not know vifs, rules or
 * netlink.
 */
#ifndef NETVM_SETTINGS_H
#define NETVM_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "backend/packet_filter.h"
#include "backend/ruleset.h"
#include "common/addr.h"
#include "common/config.h"
#include "common/err.h"
#include "xenstore-schema/schema.h"

#define SETTINGS_FILE SYSCONFDIR "/xen-netvm/netbackd.conf"

#define FORWARDER_SLOTS RULESET_FORWARDERS_MAX

struct settings {
	struct addr gateway, gateway6;	/* this domain's own address on every vif; always set */
	struct addr dns[2], dns6[2];	/* virtual resolvers; an absent one is not translated */
	bool vpn;			/* dom0 says that this domain is a VPN to its guests */
	struct config_list resolv_conf; /* files with the real resolvers; empty: the usual ones */
	struct uplink_names uplinks;	/* that guests' packets may leave by; none: those with the
					   default    route */
	struct prefixes routed6;	/* that the world routes here, as the file says, */
	struct prefixes routed6_told;	/* and as dom0 does, which counts where it says any */
	bool any_uplink;		/* guests' packets may leave by any link but guests' */
	bool lasting; /* the caller follows routes; else, by default, guests' packets leave by any
		       * link
		       */
	/* Where a forwarder of ours listens when translation does not do; none: there is no
	 * forwarder. Two of a family: a change loses no question. */
	struct addr forwarder[FORWARDER_SLOTS], forwarder6[FORWARDER_SLOTS];
	char *forwarder_user; /* that it runs as; malloc'd */
	char *hooks;	      /* the directory of hooks.h; malloc'd */
	bool dns_above;	      /* the network domain above has the same virtual resolvers */
	enum packet_filter_choice packet_filter;
	/* What moves guests' packets between their rings and their vif's link, as the file says
	 * (PROVIDER_DATAPATH_OWN: it does not), and as dom0 does. */
	enum provider_datapath datapath, datapath_told;
	uint32_t connections; /* that a guest may have; 0: limits_connections() */
	bool managed;	      /* dom0 publishes a netvm-provider: gateway and dns are from there */
};

/* Defaults, then what `path` says. NULL stands for SETTINGS_FILE, which may be absent; a file that
 * was asked for may not. -EINVAL with file and line. `unknown` (may be NULL) is told each key that
 * means nothing. */
int settings_read(const char *path, void (*unknown)(const char *path, const char *key),
	struct settings *out, struct err *e);
/* Tells every fault of the file and returns how many there are; a negative errno where it cannot be
 * read. */
int settings_check(const char *path, config_tell tell, void *arg, struct err *e);
void settings_dispose(struct settings *s); /* may be repeated */

/* Puts what dom0 says in the place of what the file said. Keys that dom0 left out: no resolver, but
 * the file's gateway. */
void settings_manage(struct settings *s, const struct provider *p);

/* The links that guests' packets may leave by, where they are named: in the file, or by dom0, whose
 * word that this is a VPN names the usual names of tunnels. None: they are not named. */
const struct uplink_names *settings_uplinks(const struct settings *s);

/* Whether netback moves guests' packets: where dom0 says so, else where the file does. */
bool settings_datapath_is_user(const struct settings *s);
/* Whether the file names the one that dom0 does not want. */
bool settings_datapaths_differ(const struct settings *s);

/* Subnets of guests whose packets leave as they are. */
const struct prefixes *settings_routed6(const struct settings *s);

/* The table of keys, for netbackd.conf(5). */
extern const struct config_key settings_keys[];

#endif
