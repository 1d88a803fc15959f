/*
 * schema: the xenstore contract of xen-netvm, as types.
 *
 * The only place that knows xenstore paths, the grammar of their values and who may read them. What
 * dom0 publishes for a guest or a network domain, what a network domain says about itself, and the
 * nodes of Xen's own vif protocol that we use, are plain structs here; reading one is one
 * transaction and strict, writing one is one transaction with the permissions set before the
 * contents. A table of every directory and key (schema_dir.h) drives reading and writing and is
 * printed as xen-netvm-xenstore(7).
 *
 * An absent key is "not provided" and leaves its field at zero. A key that is present and wrong is
 * an error that names the path and what was expected; never a default.
 *
 * Functions return 0 or a negative errno. About what stands in xenstore: -ENOENT (no such
 * directory), -EINVAL (a value that is wrong, or one that must be there and is not), -EILSEQ (a NUL
 * in one), -E2BIG (more than is taken). About the conversation: -ENOTCONN and -EAGAIN as in
 * store.h, and what xenstored says (-EACCES, -ENOSPC over a quota). Where reading failed, `out`
 * holds nothing of use and nothing to free.
 *
 * It must not know what is done with the values: no netlink, no packet filter, no libxl.
 */
#ifndef NETVM_SCHEMA_H
#define NETVM_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/addr.h"
#include "common/err.h"
#include "xenstore-schema/exposure.h"
#include "xenstore-schema/store.h"

/* --- names --- */

/* DOMID_FIRST_RESERVED of xen/include/public/xen.h: domids are below it. */
#define DOMID_LIMIT 0x7ff0U
#define DEVID_LIMIT 0x10000U

/* A vif: netback's interface vif<domid>.<devid>, or an HVM guest's emulated twin
 * vif<domid>.<devid>-emu. */
struct vif_id {
	uint32_t domid;
	uint32_t devid;
};

bool vif_id_equal(const struct vif_id *a, const struct vif_id *b);

#define VIF_NAME_MAX 16 /* IFNAMSIZ */

/* Strict decimal numbers, without sign or leading zero, below DOMID_LIMIT or DEVID_LIMIT. Return 0
 * or -EINVAL. */
int domid_parse(const char *text, uint32_t *out);
int devid_parse(const char *text, uint32_t *out);
/* "vif5.0" or "vif5.0-emu" (`*emulated`, may be NULL: then the latter is refused), nothing else. */
int vif_name_parse(const char *text, struct vif_id *out, bool *emulated);
const char *vif_name_print(const struct vif_id *id, char buf[VIF_NAME_MAX]);
/* "5/0" at the end of any of Xen's backend paths: ".../backend/vif/5/0", absolute (then `*backend`
 * is the domid in it) or relative to the own domain (`*backend` is SCHEMA_SELF). */
int vif_backend_path_parse(const char *path, uint32_t *backend, struct vif_id *out);

/* Which guest an event is about: its backend directory, its end of a vif, or its entry of
 * netvm-provider, or what is below. -EINVAL: no single one. */
int event_path_guest(const char *path, uint32_t *domid);
/* Whether an event is about a `probe`, dom0's or its answer, and nothing else. */
bool event_path_is_probe(const char *path);
/* The domain in whose part of the store, as dom0 names it ("/local/domain/5/..."), a path lies. 0
 * or -EINVAL. */
int event_path_home(const char *path, uint32_t *domid);

/* Some domains. More than fit are dealt with as all. */
#define DOMIDS_MAX 64
struct domids {
	uint32_t id[DOMIDS_MAX];
	size_t count;
};
bool domids_have(const struct domids *d, uint32_t domid);
bool domids_add(struct domids *d, uint32_t domid); /* false: it is full */

/* In place of a domid: the domain that this runs in (paths relative to its own home). */
#define SCHEMA_SELF UINT32_MAX

#define DOMAIN_NAME_MAX 65 /* with the NUL */
/* A domain's name as we take it: letters, digits, '-', '_', '.', '+', ':' and '@', not empty, not
 * beginning with '-' or '.'. */
int domain_name_check(const char *text);

/* --- for a guest: /local/domain/G/netvm/<devid>, n0,rG --- */

struct guest_link {
	struct addr ip, ip6; /* the guest's own; prefix is always 32 and 128 */
	struct addr gateway, gateway6;
	struct addr dns[2], dns6[2]; /* the two virtual resolvers */
	struct mac mac;
	uint32_t mtu; /* bytes, 0: not provided */
};

/* -ENOENT: nothing is published for this devid. */
int guest_link_read(
	struct store *s, uint32_t domid, uint32_t devid, struct guest_link *out, struct err *e);
/* Writes what differs, removes keys that are absent; nothing is written where all stands already
 * (no watch fires). A directory whose permissions are not those above is made anew. -ENOENT: there
 * is no such domain; nothing is created. -EINVAL: a value that no reader would take. The same holds
 * for provider_write() and client_write(). */
int guest_link_write(struct store *s, uint32_t domid, uint32_t devid, const struct guest_link *in,
	struct err *e);
int guest_link_remove(struct store *s, uint32_t domid, uint32_t devid, struct err *e);
/* devids for which something is published, ascending; names that are no devid are passed over. At
 * most `max`; -E2BIG beyond. */
int guest_link_list(struct store *s, uint32_t domid, uint32_t *devids, size_t max, size_t *count,
	struct err *e);
/* The node to watch. */
int guest_link_watch(struct store *s, uint32_t domid, const char *token, struct err *e);

/* --- for a network domain: /local/domain/N/netvm-provider, n0,rN --- */

enum provider_role { PROVIDER_ROUTER, PROVIDER_VPN };

/* What moves guests' packets; OWN: what the network domain's own configuration says. */
enum provider_datapath { PROVIDER_DATAPATH_OWN, PROVIDER_DATAPATH_KERNEL, PROVIDER_DATAPATH_USER };

const char *provider_datapath_word(enum provider_datapath d); /* OWN: "" */

/* What the host is about to do, or does. */
enum provider_power { PROVIDER_RUNS, PROVIDER_SUSPENDS };
const char *provider_power_word(enum provider_power p);

struct provider {
	enum provider_role role;
	struct addr gateway,
		gateway6; /* what its guests have as gateway: its own address on every vif */
	struct addr dns[2], dns6[2];
	struct prefixes routed6; /* subnets that the world routes to it: their guests' packets leave
				  * as they are */
	enum provider_datapath datapath;
	uint32_t probe;		   /* dom0 changes it and expects it back in struct netvm_report */
	enum provider_power power; /* likewise */
};

int provider_read(struct store *s, uint32_t domid, struct provider *out,
	struct err *e); /* -ENOENT: standalone */
int provider_write(struct store *s, uint32_t domid, const struct provider *in, struct err *e);
int provider_remove(struct store *s, uint32_t domid, struct err *e); /* with every client */
/* Changes `probe` alone and gives it: the domain answers with it. -ENOENT: as above. */
int provider_probe(struct store *s, uint32_t domid, uint32_t *probe, struct err *e);
/* Changes `power` alone. */
int provider_power(struct store *s, uint32_t domid, enum provider_power power, struct err *e);
int provider_watch(struct store *s, uint32_t domid, const char *token, struct err *e);

/* --- one guest of a network domain: /local/domain/N/netvm-provider/clients/<G>/<devid>, n0,rN ---
 */

enum policy_verdict { POLICY_ACCEPT, POLICY_DROP };

/* More tracked connections, packets and bytes in a second than these are given to nobody; the
 * latter two are what xt_hashlimit can count. */
#define CLIENT_CONNECTIONS_MAX 16777216
#define CLIENT_PACKETS_MAX     1000000
#define CLIENT_BYTES_MAX       4000000000UL

struct client {
	char name[DOMAIN_NAME_MAX];
	struct addr ip, ip6;
	struct addr visible_ip, visible_gateway; /* what the guest has in the place of `ip` and of
						    its gateway's IPv4 address; absent: those */
	struct mac mac;
	uint32_t mtu;
	struct client_limits {
		uint32_t connections; /* tracked at once; 0: what the network domain gives all */
		uint32_t packets;     /* that it may send in a second, 0: any number */
		uint32_t bytes;	      /* of these, with their IP headers; 0: any number */
	} limits;
	bool dhcp;  /* its network domain answers it by DHCP. Published as "on"/"off"; absent is off
		     */
	bool cable; /* false: cut off. Published as "on"/"off"; absent is on */
	enum policy_verdict policy; /* what happens when no rule matches */
	char *rules; /* rule lines joined by '\n' (policy/0000...), malloc'd, NULL: none;
			client_dispose() */
	struct exposures exposures; /* ports that lead to it from outside */
	uint32_t generation;	    /* changes with every change, written last */
};

/* Whether client_write() has room for them: -EMSGSIZE. What they say is not looked at. */
int client_rules_check(const char *rules, struct err *e);
/* An entry without `policy` or `generation` is refused (-EINVAL). */
int client_read(struct store *s, uint32_t domid, const struct vif_id *guest, struct client *out,
	struct err *e);
/* `generation` alone: whether an entry that was read is still as it was. */
int client_read_generation(struct store *s, uint32_t domid, const struct vif_id *guest,
	uint32_t *generation, struct err *e);
/* -EMSGSIZE: a rule line of more than 2048 bytes, or rules that fill more than 800 such values (1.6
 * MB): more than oxenstored as Debian configures it would take, or a network domain could read. */
int client_write(struct store *s, uint32_t domid, const struct vif_id *guest,
	const struct client *in, struct err *e);
int client_remove(struct store *s, uint32_t domid, const struct vif_id *guest, struct err *e);
void client_dispose(struct client *c); /* may be repeated */
/* Every guest that has an entry. `*out` malloc'd, the caller frees it. */
int client_list(struct store *s, uint32_t domid, struct vif_id **out, size_t *count, struct err *e);
/* The entries of some guests; `of` NULL: of all. */
int client_list_of(struct store *s, uint32_t domid, const struct domids *of, struct vif_id **out,
	size_t *count, struct err *e);

/* --- what a network domain says: /local/domain/N/data/netvm, nN; hostile to dom0 --- */

#define NETVM_WORDS_MAX                                                                            \
	256 /* longest text that is taken from a network domain, with the NUL; printable ASCII     \
	       only */

struct netvm_report {
	char version[NETVM_WORDS_MAX];
	char capabilities[NETVM_WORDS_MAX]; /* words: "vif dns nat ..." */
	char state[NETVM_WORDS_MAX];	    /* "ready", or what it lacks */
	char uplink[NETVM_WORDS_MAX];	    /* names of the uplinks */
	char resolvers[NETVM_WORDS_MAX];    /* the real resolvers that the virtual ones lead to */
	char alarm[NETVM_WORDS_MAX];	    /* what somebody has to change; "": nothing */
	uint32_t mtu;
	uint32_t probe;
	char power[NETVM_WORDS_MAX]; /* what it is prepared for; provider_power_word() */
};

struct client_report {
	char state[NETVM_WORDS_MAX]; /* "connected", "error" */
	char error[NETVM_WORDS_MAX];
	uint32_t generation; /* of the policy in force */
};

/* Writers (in the network domain, SCHEMA_SELF) cut nothing: -EMSGSIZE. Texts are made printable by
 * them. */
int netvm_report_read(struct store *s, uint32_t domid, struct netvm_report *out, struct err *e);
int netvm_report_write(struct store *s, const struct netvm_report *in, struct err *e);
int netvm_report_remove(struct store *s, struct err *e);
int netvm_report_watch(struct store *s, uint32_t domid, const char *token, struct err *e);
int netvm_report_unwatch(struct store *s, uint32_t domid, const char *token, struct err *e);
int client_report_read(struct store *s, uint32_t domid, const struct vif_id *guest,
	struct client_report *out, struct err *e);
int client_report_write(
	struct store *s, const struct vif_id *guest, const struct client_report *in, struct err *e);
/* The first report on a guest: nothing of an earlier one is there. Its generation comes last. */
int client_report_begin(
	struct store *s, const struct vif_id *guest, const struct client_report *in, struct err *e);
int client_report_remove(struct store *s, const struct vif_id *guest, struct err *e);
/* Of the own domain. Another's is not listed, because it may hold anything in any number: who wants
 * to read there knows the guests. */
int client_report_list(struct store *s, struct vif_id **out, size_t *count, struct err *e);
int client_report_list_of(struct store *s, const struct domids *of, struct vif_id **out,
	size_t *count, struct err *e);

/* --- Xen's vif protocol: <backend home>/backend/vif/G/<devid> --- */

#define VIF_ADDRS_MAX 16

/* Xen's enum xenbus_state (xen/include/public/io/xenbus.h). */
enum xenbus_state {
	XENBUS_UNKNOWN,
	XENBUS_INITIALISING,
	XENBUS_INIT_WAIT,
	XENBUS_INITIALISED,
	XENBUS_CONNECTED,
	XENBUS_CLOSING,
	XENBUS_CLOSED,
	XENBUS_RECONFIGURING,
	XENBUS_RECONFIGURED,
};

struct vif_backend {
	struct addr addrs[VIF_ADDRS_MAX]; /* `ip`: addresses separated by white space or commas,
					     either family, as libxl and Xen's scripts have it */
	size_t count;
	struct mac mac;
	char script[256];
	bool has_script;
	bool online; /* libxl sets it to 0 when the device is to go */
	enum xenbus_state state;
	char hotplug_status[32]; /* "" where absent */
};

/* `backend`: SCHEMA_SELF or the domid of the network domain. -ENOENT: no such directory. `ip` and
 * `mac` are checked strictly; an address that no host can hold, or twice the same, is refused. Each
 * address may have the length of a single host (/32, /128). */
int vif_backend_read(struct store *s, uint32_t backend, const struct vif_id *id,
	struct vif_backend *out, struct err *e);
/* Only `ip` and `mac`, however wrong the rest may be; all else is zero. */
int vif_backend_read_guest(struct store *s, uint32_t backend, const struct vif_id *id,
	struct vif_backend *out, struct err *e);
/* Only `online` and `state`, likewise. */
int vif_backend_read_life(struct store *s, uint32_t backend, const struct vif_id *id,
	struct vif_backend *out, struct err *e);
int vif_backend_list(
	struct store *s, uint32_t backend, struct vif_id **out, size_t *count, struct err *e);
int vif_backend_list_of(struct store *s, uint32_t backend, const struct domids *of,
	struct vif_id **out, size_t *count, struct err *e);
int vif_backend_watch(struct store *s, uint32_t backend, const char *token, struct err *e);
/* hotplug-status: "connected", with any hotplug-error removed. -ENOENT: the directory is gone;
 * nothing is created then. */
int vif_backend_connected(
	struct store *s, uint32_t backend, const struct vif_id *id, struct err *e);
/* Whether that is what it says. */
bool vif_backend_is_connected(struct store *s, uint32_t backend, const struct vif_id *id);
/* hotplug-error: `words` (made printable), then hotplug-status: "error", in one transaction.
 * -ENOENT as above. */
int vif_backend_failed(struct store *s, uint32_t backend, const struct vif_id *id,
	const char *words, struct err *e);
/* Removes hotplug-status and hotplug-error (offline). 0 also where the directory is gone; nothing
 * is created. */
int vif_backend_disconnected(
	struct store *s, uint32_t backend, const struct vif_id *id, struct err *e);
/* Removes the directory, and its parent if that is empty then: what a driver domain owes libxl
 * (libxl_device.c). */
int vif_backend_remove(struct store *s, uint32_t backend, const struct vif_id *id, struct err *e);

/* For dom0: where a guest's frontend says its backend is. /local/domain/G/device/vif/<devid>;
 * hostile. */
struct vif_frontend {
	uint32_t backend_domid;
	enum xenbus_state state;
	struct mac mac;
};
int vif_frontend_read(
	struct store *s, uint32_t domid, uint32_t devid, struct vif_frontend *out, struct err *e);
int vif_frontend_list(struct store *s, uint32_t domid, uint32_t *devids, size_t max, size_t *count,
	struct err *e);
/*
 * A vif as libxl has it: /libxl/G/device/vif/<devid>, which dom0 alone can write (docs/misc/
 * xenstore-paths.pandoc, tools/libs/light/libxl_device.c: libxl__device_generic_add). Ascending by
 * devid; one whose record makes no sense, or goes meanwhile, is left out. -E2BIG: more than `max`.
 * libxl_device_nic_list() asks xenstored some fifty times for each.
 */
#define VIF_RECORDS_MAX 256 /* `max` at most */
struct vif_record {
	uint32_t devid, backend; /* the domid that its backend is, or was, in */
	struct mac mac;		 /* all zero: none */
};
int vif_record_list(struct store *s, uint32_t domid, struct vif_record *out, size_t max,
	size_t *count, struct err *e);
/* Fires when a vif of the guest is made or taken away. It is libxl's own record that is watched,
 * because the guest can write to device/vif as often as it likes. */
int vifs_watch(struct store *s, uint32_t domid, const char *token, struct err *e);
int vifs_unwatch(struct store *s, uint32_t domid, const char *token, struct err *e);

/* --- for a network domain that moves a vif's packets itself: the rest of netif.h's xenstore --- */

/* The frontend's `state` alone; XENBUS_UNKNOWN where there is none, or nothing that is a state. */
int vif_frontend_read_state(
	struct store *s, const struct vif_id *id, enum xenbus_state *state, struct err *e);
/* Fires when it changes. */
int vif_frontend_watch(struct store *s, const struct vif_id *id, const char *token, struct err *e);
int vif_frontend_unwatch(
	struct store *s, const struct vif_id *id, const char *token, struct err *e);

/* What a frontend says when it is connected, of one queue. Hostile. */
struct vif_connection {
	uint32_t tx_ring, rx_ring;	 /* grants */
	uint32_t channel;		 /* for both rings, or 0 and */
	uint32_t channel_tx, channel_rx; /* one for each */
	bool copy;   /* backend copies into its pages (as against flipping them) */
	bool notify; /* it wakes the backend when it has put pages on the rx ring */
	bool pieces; /* takes packets of several pages */
	bool no_checksum4, checksum6; /* wants, or takes, which packets that are not summed yet */
	bool segments4, segments6;    /* takes TCP that is to be cut */
	bool groups;		      /* names the multicast addresses that it wants */
	uint32_t queues;	      /* 0: it does not say, and has one */
};
/* -EINVAL: a value that is wrong, or rings and channels that are not all there. */
int vif_connection_read(
	struct store *s, const struct vif_id *id, struct vif_connection *out, struct err *e);

/* Only what it takes and how many queues it has; the rest is zeroed. -ENOENT: there is no frontend.
 * -EINVAL: a value that is wrong. */
int vif_features_read(
	struct store *s, const struct vif_id *id, struct vif_connection *out, struct err *e);
/* How many queues the backend has for it at most; 0: it does not say, and has one. -ENOENT. */
int vif_backend_read_queues(
	struct store *s, uint32_t backend, const struct vif_id *id, uint32_t *most, struct err *e);

/* Writes the backend's features, and then that it waits for the frontend (XENBUS_INIT_WAIT), as one
 * change. -ENOENT: the directory is gone. */
int vif_backend_announce(struct store *s, const struct vif_id *id, struct err *e);
/* Writes `state`, likewise. */
int vif_backend_put_state(
	struct store *s, const struct vif_id *id, enum xenbus_state state, struct err *e);

/* --- domains, for dom0 --- */

/* Watches that fire when a domain comes or goes ("@introduceDomain", "@releaseDomain"). */
int domains_watch(struct store *s, const char *token, struct err *e);
/* Fires when a domain's name changes (libxl_domain_rename(); the domain itself cannot write it). */
int domain_name_watch(struct store *s, uint32_t domid, const char *token, struct err *e);
int domain_name_unwatch(struct store *s, uint32_t domid, const char *token, struct err *e);

/* --- the table --- */

/* Prints the contract as a man page (roff, man macros). */
void schema_print_man(FILE *out);

#endif
