/*
 * resolver: talks to systemd-resolved and resolvconf, through their commands.
 *
 * The only place that knows their names, sockets and arguments. Whom to tell what is decided in
 * dns_plan.h.
 */
#ifndef NETVM_RESOLVER_H
#define NETVM_RESOLVER_H

#include "common/err.h"
#include "frontend-config/dns_plan.h"

/* Looks at the machine; `resolv_conf` is the path of resolv.conf. Never fails: what cannot be seen
 * is not there. */
void resolver_probe(const char *resolv_conf, struct dns_probe *out);

/* Tells or withdraws; a withdrawal from one who is gone, or of a link that is gone, succeeds. */
int resolver_do(const struct dns_action *a, struct err *e);

#endif
