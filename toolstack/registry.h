/*
 * registry: what the administrator wants, read from files.
 *
 * DIR/netvm.conf holds what concerns all domains, DIR/domains/NAME.conf what concerns one; both in
 * xl's syntax. Reading gives one plain struct with everything typed, defaults filled in and each
 * domain's network domain found. A file that cannot be used does not spoil the rest: its domain
 * stands in the struct with a `fault` that names file and line, and whoever acts on the registry
 * leaves the state of such a domain as it is.
 *
 * Changing goes through the text of the file (registry_edit): comments, order and unknown keys
 * survive; the new registry is checked as a whole before the file is replaced. Addresses are given
 * from the pools once and written to the domain's file, so they are kept.
 *
 * It must not know Xen, xenstore, nor what is running.
 */
#ifndef NETVM_REGISTRY_H
#define NETVM_REGISTRY_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/config.h"
#include "common/err.h"
#include "xenstore-schema/schema.h"

#define REGISTRY_DIR SYSCONFDIR "/xen-netvm"

#define REGISTRY_POOLS_MAX 16

/* What `netvm watchdog` does about a network domain that does not serve any more. */
enum registry_watchdog { WATCHDOG_REPORTS, WATCHDOG_RESTARTS, WATCHDOG_OFF };

#define WATCHDOG_INTERVAL 30 /* seconds, where nothing is said */

/* netvm.conf. Without the file all of it is at its default. */
struct registry_globals {
	/* As written. */
	char *default_netvm; /* NULL: none */
	struct config_list pool_text, pool6_text, dns_text, dns6_text;
	/* Typed. */
	struct prefix pool[REGISTRY_POOLS_MAX], pool6[REGISTRY_POOLS_MAX];
	size_t pools, pools6;
	struct addr dns[2], dns6[2]; /* the virtual resolvers that guests are told */
	long watchdog_interval;	     /* seconds */
	struct config_list unknown;  /* keys of the file that nobody knows */
	struct err fault;	     /* code 0: the file is in order */
};

/* One domain. */
struct registry_domain {
	char name[DOMAIN_NAME_MAX];
	/* As written: NULL or empty where the file says nothing. */
	char *netvm_text; /* a name, "none", or NULL: the default */
	char *ip_text, *ip6_text, *visible_ip_text, *visible_gateway_text, *mac_text, *role_text,
		*datapath_text, *watchdog_text, *policy_text;
	char *config; /* the domain's xl config; NULL: see registry_xl_config() */
	struct config_list pci, expose_text, links;
	struct config_list routed6_text; /* registry_routed6() */
	/* Of its policy, joined by '\n', each in order (policy.h, or with "dst=@guest:NAME"); NULL:
	 * none. */
	char *rules;
	/* Typed. */
	struct addr ip, ip6; /* not set: none given yet (registry_allocate()) */
	/* What it is told in the place of `ip` and its network domain's; not set: those. */
	struct addr visible_ip, visible_gateway;
	struct mac mac; /* not set: registry_mac() */
	long mtu;	/* bytes, 0: not given */
	/* Found: what its network domain leads to it: ports of its own (expose_text) and, for a
	 * network domain, those of the guests behind it. */
	struct exposures *exposed; /* malloc'd; NULL: nothing */
	bool provides_network;
	bool cable; /* false: cut off */
	bool dhcp;  /* its network domain tells it its address by DHCP as well */
	/* Each 0: not given. */
	long connections;			   /* that it may have at once */
	long packets_per_second, bytes_per_second; /* that it may send */
	enum provider_role role;
	enum provider_datapath datapath; /* of a network domain */
	enum registry_watchdog watchdog;
	enum policy_verdict policy; /* not given: accept without rules, drop with rules */
	/* Found: the network domain that serves it, in the same registry; NULL: none. Never a loop.
	 */
	const struct registry_domain *netvm;
	/* NULL: all in order. Else why this domain cannot be used now ("FILE:LINE: ..."); then
	 * only `name` and `fault` mean anything. A guest of a domain at fault is at fault. */
	const struct err *fault;
	bool broken; /* the fault is its own, and no other file's change mends it */
	/* For a file that cannot be parsed: addresses that stand in its text; nobody else gets
	 * them. malloc'd. */
	struct addr *mentioned;
	size_t mentions;
	struct config_list unknown; /* keys of its file that nobody knows */
};

struct registry {
	char dir[PATH_MAX];
	struct registry_globals globals;
	struct registry_domain *domain; /* ascending by name */
	size_t count;
};

/* The keys of the two kinds of file, with help texts: for reading, for `netvm set`, for
 * netvm.conf(5). */
extern const struct config_key registry_global_keys[];
extern const struct config_key registry_domain_keys[];

/*
 * Reads all of `dir`. A directory that is not there is an empty registry; faults of single files
 * are in the struct (see above) and are no failure of the call, which fails only where the
 * directory cannot be read (errno of opendir(3)) or memory is out. `unknown` (may be NULL) is told
 * each key that nobody knows: netvm.conf's first, then in the order of domains' names.
 * `out` is valid for registry_dispose() afterwards in any case.
 */
int registry_read(const char *dir, struct registry *out,
	void (*unknown)(const char *path, const char *key), struct err *e);
void registry_dispose(struct registry *r); /* may be repeated */

/* The registry's directory from what --config says: the path of a netvm.conf or of the directory,
 * NULL: REGISTRY_DIR. -EINVAL. */
int registry_dir_find(const char *config, char dir[PATH_MAX], struct err *e);

/* The first fault of netvm.conf or, in order of names, of a domain; NULL: none. */
const struct err *registry_fault(const struct registry *r);

/* Puts a domain at fault, as err_set() and with a copy of `why`; what was its fault before is gone.
 * What is set must be cleared, which may be repeated. */
void registry_fault_set(struct registry_domain *d, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void registry_fault_take(struct registry_domain *d, const struct err *why);
void registry_fault_clear(struct registry_domain *d);

/* NULL: no such file. */
const struct registry_domain *registry_find(const struct registry *r, const char *name);

/*
 * Finds each domain's network domain and checks what no file can say alone: the network domain
 * exists and provides network, nobody is his own network domain over however many steps (the loop
 * is printed: "a -> b -> a"), no address is held twice nor is a resolver's, whom rules name exists.
 * Faults go where they belong, those that were found before and are none any more go. Pure;
 * registry_read() has called it.
 *
 * The default network domain is not applied to domains that lie on its own way out: they have none.
 */
void registry_resolve(struct registry *r);

/* Whether the domain needs an address: it has a network domain, or is one. */
bool registry_wants_address(const struct registry_domain *d);

/*
 * A free address for `d` from the pools of that family (AF_INET, AF_INET6): the lowest that is
 * neither first nor last of its pool, nor held by a domain, mentioned in a broken file, or a
 * resolver's. -EADDRNOTAVAIL: the pools are exhausted; -ENOENT: there is no pool of that family.
 * Pure.
 */
int registry_free_address(const struct registry *r, int family, struct addr *out, struct err *e);

/* Whether registry_free_address() could give that address if nobody held it. Pure. */
bool registry_in_pool(const struct registry *r, const struct addr *a);
/* Who holds an address, for a sentence: a domain's name, "a resolver", "a file that cannot be
 * used"; NULL: it is free. Pure. */
const char *registry_holder(const struct registry *r, const struct addr *a);

/*
 * Gives every domain that wants an address and has none one, in memory and, unless `dry`, in its
 * file. `*changed` says how many got one. A domain for which it fails gets a fault; the call fails
 * only where no lock can be had.
 */
int registry_allocate(struct registry *r, bool dry, size_t *changed, struct err *e);

/*
 * Makes, in memory, of rules and links what is handed on: each link becomes a rule, in front of all
 * others, and is gone; then the addresses of the domains that rules name ("dst=@guest:NAME") stand
 * in the place of their names: a rule becomes one for each address that the domain has, none where
 * it has none. registry_allocate() goes before. -ENOMEM.
 */
int registry_rules_resolve(struct registry *r, struct err *e);

/* The MAC of a vif that we make: the one given, or one that always follows from the name
 * (00:16:3e:...). */
void registry_mac(const struct registry_domain *d, struct mac *out);

/* What a guest (a domain with a network domain) is told about its link. A family that it has no
 * address of is not mentioned. */
void registry_guest_link(
	const struct registry *r, const struct registry_domain *d, struct guest_link *out);

/* Path of the domain's xl config: the one given, or /etc/xen/NAME.cfg. -ENAMETOOLONG. */
int registry_xl_config(const struct registry_domain *d, char *buf, size_t size, struct err *e);

/* Path of the file that speaks of `name`; NULL: netvm.conf. -ENAMETOOLONG, or -EINVAL for a name
 * that no domain can have. */
int registry_path(const char *dir, const char *name, char *buf, size_t size, struct err *e);

/* A port that a domain's file opens to the outside: "tcp/8080:80@192.0.2.0/24 from NETVM". */
struct registry_exposure {
	struct exposure port;
	char from[DOMAIN_NAME_MAX]; /* the outermost network domain that leads it; "": all do */
};
/* 0 or -EINVAL. An item of a domain's `expose_text` that is in order is one. */
int registry_exposure_parse(const char *text, struct registry_exposure *out);

/* A port of another guest that a domain's file opens to it: "web tcp/80". */
struct registry_link {
	char to[DOMAIN_NAME_MAX];
	struct exposure port; /* protocol and port */
};
/* 0 or -EINVAL. An item of a domain's `links` that is in order is one. */
int registry_link_parse(const char *text, struct registry_link *out);
#define REGISTRY_LINK_MAX (DOMAIN_NAME_MAX + EXPOSURE_TEXT_MAX)
const char *registry_link_print(const struct registry_link *l, char buf[REGISTRY_LINK_MAX]);
/* The network domain that serves both and so carries links between them; NULL: none does. */
const struct registry_domain *registry_link_carrier(
	const struct registry_domain *a, const struct registry_domain *b);

/* policy_rule_check(), of a rule that may name another domain. A line of a domain's `rules` that is
 * in order is one. */
int registry_rule_check(const char *rule, struct err *e);
/* Whether two rules that are in order say the same, in whichever order of words. -ENOMEM: false. */
bool registry_rule_same(const char *a, const char *b);

/* Of a network domain: the subnets that the world routes to it. */
struct prefixes registry_routed6(const struct registry_domain *d);

/* Every network domain of `d`, nearest first: at most `max`. Returns how many there are. */
size_t registry_chain(
	const struct registry_domain *d, const struct registry_domain **out, size_t max);

/* --- changing --- */

struct registry_change {
	const char *key;
	const char *const *values; /* NULL: take the key out */
	size_t count;		   /* 1, or any number for a list */
};

/* The registry as it is, and as nobody else changes it meanwhile. */
struct registry_held {
	struct registry r;
	int lock; /* -1: none is held */
	bool dry; /* nothing is written */
};

/*
 * Takes the registry's lock, unless `dry`, and reads it (registry_read()). registry_let_go() in any
 * case.
 */
int registry_hold(const char *dir, bool dry, void (*unknown)(const char *path, const char *key),
	struct registry_held *out, struct err *e);
void registry_let_go(struct registry_held *h); /* may be repeated */

/*
 * Changes keys in the file of domain `name` (NULL: netvm.conf), making it where there is none: the
 * text is edited, `h->r` becomes the registry that results, and the file is replaced if no domain
 * that was in order is at fault then. -EINVAL with the fault, or with "no such key"; nothing is
 * changed then, and `h->r` means nothing any more. `count` 0 makes an empty file, if there is none.
 */
int registry_change(struct registry_held *h, const char *name,
	const struct registry_change *changes, size_t count, struct err *e);

/* registry_allocate(), of what is held. */
int registry_held_allocate(struct registry_held *h, size_t *changed, struct err *e);

/* Holds the registry for one registry_change(). */
int registry_edit(const char *dir, const char *name, const struct registry_change *changes,
	size_t count, struct err *e);

/* A domain that is to be made known. */
struct registry_addition {
	const char *name;
	const struct registry_change *changes; /* of an empty file */
	size_t count;
};

/*
 * Makes the files of several domains, in that order: all of them if the registry that results,
 * which `h->r` is then, is in order, else none. -EEXIST: one is there already.
 */
int registry_add(struct registry_held *h, const struct registry_addition *additions, size_t count,
	struct err *e);

/*
 * Removes a domain's file; `h->r` still has it. Whose network domain it is, by name or by default,
 * gets `to` in its place, a domain's name or "none"; NULL: -ENOTEMPTY, the first is named. -EBUSY:
 * somebody names it in his rules, links or exposed ports. -EINVAL where `to` puts anybody at
 * fault. Nothing is changed then. -ENOENT: there is none.
 */
int registry_forget(struct registry_held *h, const char *name, const char *to, struct err *e);

#endif
