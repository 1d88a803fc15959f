/*
 * limits_iptables: how much a guest may have, in the words of iptables.
 *
 * Pure. Connections are one chain, named after what it says, so that it stands while others change
 * and the kernel goes on counting what it has counted (iptables-legacy counts anew whenever a table
 * is written). It is asked about first packets only. Guests with a number of their own are in one
 * set for each number, so that their count makes no difference.
 */
#ifndef NETVM_LIMITS_IPTABLES_H
#define NETVM_LIMITS_IPTABLES_H

#include "backend/iptables_made.h"
#include "backend/ruleset.h"

/* The chain of connections. `name` becomes "" where there are no limits. -ENOMEM. */
int limits_iptables_render(const struct ruleset *r, int family, struct iptables_mades *chains,
	struct iptables_mades *sets, char name[IPTABLES_MADE_NAME]);

/* Gives `line` each rule about what guests send in a second, without "-A CHAIN". -ENOMEM. */
int limits_iptables_rates(const struct ruleset *r, int family, struct iptables_mades *sets,
	void (*line)(void *arg, const char *rule), void *arg);

#endif
