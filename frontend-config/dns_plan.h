/*
 * dns_plan: who is to be told which resolvers.
 *
 * Three ways lead to a guest's resolver: systemd-resolved and resolvconf are told for each
 * interface; without them /etc/resolv.conf is one file for all (resolv_file.h). A pure choice of
 * the way, and a pure comparison of what each interface should have with what was told before.
 * No I/O; must not know how anybody is told.
 */
#ifndef NETVM_DNS_PLAN_H
#define NETVM_DNS_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/netlink.h"
#include "xenstore-schema/schema.h"

enum dns_way { DNS_NONE, DNS_FILE, DNS_RESOLVED, DNS_RESOLVCONF, DNS_WAYS };
extern const char *const dns_way_names[DNS_WAYS];
/* Returns 0 or -EINVAL. */
int dns_way_parse(const char *text, enum dns_way *out);

/* What the machine has. */
struct dns_probe {
	bool resolved_runs;
	bool resolv_conf_is_resolved; /* leads to a file of systemd-resolved, or is not there */
	bool has_resolvconf;
};

/* The way where the configuration leaves it open. systemd-resolved where programs reach it through
 * resolv.conf; where that is a file of its own, systemd-resolved reads it as well, so the file
 * serves both. */
enum dns_way dns_choose(const struct dns_probe *p);

#define DNS_SERVERS_MAX 4

/* The resolvers of one interface; way DNS_NONE: none. */
struct dns_entry {
	enum dns_way way;
	char name[LINK_NAME_MAX];
	struct addr server[DNS_SERVERS_MAX]; /* in the order of asking */
	size_t count;
};

/* Resolvers that a published link has: IPv4 first, each once. */
void dns_entry_make(struct dns_entry *out, enum dns_way way, const char *name,
	const struct guest_link *published);
bool dns_entry_equal(const struct dns_entry *a, const struct dns_entry *b);

enum dns_action_kind { DNS_TELL, DNS_WITHDRAW };
struct dns_action {
	enum dns_action_kind kind;
	const struct dns_entry *entry;
};

/*
 * The (at most two) actions that lead from `told` to `wanted` for one interface, in the order of
 * doing; the pointers are those given. `anew`: tell it again although nothing changed (who was told
 * may have forgotten). DNS_FILE needs no action: the file is compared as a whole. Returns their
 * number.
 */
size_t dns_plan(const struct dns_entry *wanted, const struct dns_entry *told, bool anew,
	struct dns_action out[2]);

/* "eth0: give resolvers to systemd-resolved: 10.139.1.1 10.139.1.2" */
#define DNS_ACTION_TEXT_MAX 320
const char *dns_action_print(const struct dns_action *a, char buf[DNS_ACTION_TEXT_MAX]);

#endif
