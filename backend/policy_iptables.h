/*
 * policy_iptables: guests' policies as chains and sets of iptables, named after what they hold.
 *
 * Pure. A chain's name is a digest of its rules, a set's of its addresses, and a chain that leads
 * to others names them; so what a chain means, down to the last address, is in its name. What is
 * wanted and what stands are compared by names alone, and a change of one rule makes anew the block
 * it is in, what leads there, and nothing else.
 *
 * From the top: the guest is found by its source address in a tree of chains, sixteen rules a
 * level, and its vif must be the one that the packet came by; its own chain holds the verdicts on
 * DNS (policy decides on what the guest sent, here the destination is a real resolver already),
 * then its rules, in blocks where they are many, then what no rule decides. Only ruleset_iptables.c
 * uses this.
 */
#ifndef NETVM_POLICY_IPTABLES_H
#define NETVM_POLICY_IPTABLES_H

#include <stdbool.h>
#include <stddef.h>

#include "backend/ruleset.h"

#define IPTABLES_MADE_NAME 23 /* "netvm-", 16 hexadecimal digits, a NUL */

/* One chain or set. */
struct iptables_made {
	char name[IPTABLES_MADE_NAME];
	char *text;   /* malloc'd lines: a chain's rules without "-A NAME ", a set's addresses */
	size_t count; /* of lines */
};

struct iptables_mades {
	struct iptables_made *items; /* sorted by name, each once */
	size_t count, space;
};

/* Chains and sets of one family (AF_INET or AF_INET6). `top` is the chain to begin with, "" where
 * no guest has an address of that family. -ENOMEM. Valid for iptables_mades_free() in any case. */
int policy_iptables_render(const struct ruleset *r, int family, struct iptables_mades *chains,
	struct iptables_mades *sets, char top[IPTABLES_MADE_NAME]);

/* Whether a name is one of these. */
bool iptables_made_name(const char *name);

/* NULL where there is none. */
struct iptables_made *iptables_made_find(const struct iptables_mades *m, const char *name);

/* Adds an empty one, or finds the one there is. NULL: no memory. */
struct iptables_made *iptables_made_add(struct iptables_mades *m, const char *name);

void iptables_mades_free(struct iptables_mades *m); /* may be repeated */

#endif
