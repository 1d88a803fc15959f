/* netvm_firewall: what the files of `netvm firewall` share; nobody else includes it. */
#ifndef NETVM_NETVM_FIREWALL_H
#define NETVM_NETVM_FIREWALL_H

#include "toolstack/netvm.h"
#include "toolstack/netvm_rules.h"

/* Changes the domain's file, or with --dry-run looks whether it can be; what is at fault may be set
 * right by it. */
int firewall_change(
	const struct netvm *n, const struct registry_change *changes, size_t count, struct err *e);

/* What is done with all rules as one text: edit, load FILE, save [FILE]. */
int firewall_edit(const struct netvm *n, struct err *e);
int firewall_load(const struct netvm *n, struct err *e);
int firewall_save(const struct netvm *n, struct err *e);

#endif
