/* What the files of the registry share; nobody else includes it. */
#ifndef NETVM_REGISTRY_INTERNAL_H
#define NETVM_REGISTRY_INTERNAL_H

#include <stdio.h>

#include "toolstack/registry.h"

#define REGISTRY_SUFFIX ".conf" /* of a domain's file */

/* In place of a file of the registry: what it would hold after a change. */
struct registry_overlay {
	const char *name; /* NULL: netvm.conf */
	const char *text;
};

/* The registry with each overlay in place of one file, which may be a new one: what was found in
 * other files stands. -ENOMEM, or of registry_path(). */
int registry_renew(
	struct registry *r, const struct registry_overlay *overlays, size_t count, struct err *e);

/* The same, and -EINVAL with the fault where that puts anybody at fault who is not so now. */
int registry_renew_checked(
	struct registry *r, const struct registry_overlay *overlays, size_t count, struct err *e);

/* Changes keys in one file, under the lock. Gives the text that is to be in the file. */
int registry_text_change(const char *path, const struct config_key *keys,
	const struct registry_change *changes, size_t count, char **text, struct err *e);

/* --- rules that name domains (registry_rules.c) --- */

/* Whether a rule of `d` names that domain. */
bool registry_rules_name(const struct registry_domain *d, const char *name);
/* A domain whose rules or links name one that is not there, or whose file cannot be used, is at
 * fault. */
void registry_rules_fault(struct registry *r);
/* The domain that the key `key` of `d` names; `broken` tells whose file cannot be used. NULL: such
 * a one, or none; `d` is at fault then. */
const struct registry_domain *registry_named(const struct registry *r, struct registry_domain *d,
	const char *key, const char *name, const bool *broken);
/* The first rule of `d` that names that domain and is about that port drops it: -EINVAL, with the
 * rule. -ENOMEM. */
int registry_rules_turn_away(const struct registry_domain *d, const char *name,
	const struct exposure *port, struct err *e);

/* --- ports of other guests (registry_links.c) --- */

/* registry_link_parse(), with what was expected. */
int registry_link_check(const char *text, struct err *e);
/* Whether a link of `d` leads to that domain. */
bool registry_links_name(const struct registry_domain *d, const char *name);
/* `d` is at fault where its links make no sense; as registry_named(). */
void registry_links_fault(const struct registry *r, struct registry_domain *d, const bool *broken);
/* Prints the links of `d` that are carried as rules that name domains, a line each, without the
 * last line break. */
void registry_links_print(FILE *out, const struct registry *r, const struct registry_domain *d);

/* --- ports that are open to the outside (registry_expose.c) --- */

/* registry_exposure_parse(), of a port that no network domain needs for itself. */
int registry_expose_check(const char *text, struct err *e);
/* Whether a port that `d` exposes is led from that network domain on. */
bool registry_expose_names(const struct registry_domain *d, const char *name);
/* 0, or what is wrong with the ports in the file of `d` by themselves. */
int registry_expose_type(const struct registry_domain *d, const char *path, struct err *e);
/* A domain that exposes a port from a network domain that is not there, or a port which one of its
 * network domains leads to another already, is at fault. Network domains come first, then names in
 * order. */
void registry_expose_fault(struct registry *r);
/* Finds `exposed` of every domain, when all faults are known. */
void registry_expose_carry(struct registry *r);

#endif
