/*
 * iptables_run: runs iptables-save, iptables-restore and ipset. The only place that starts them.
 */
#ifndef NETVM_IPTABLES_RUN_H
#define NETVM_IPTABLES_RUN_H

#include <stdio.h>

#include "backend/policy_hits.h"
#include "backend/ruleset_iptables.h"
#include "common/err.h"

/* What stands of our part in the tables of a family (AF_INET or AF_INET6). -ENOENT with what to
 * install; -EIO with the program's own words; errors of iptables_rules_parse(). `out` is valid for
 * iptables_rules_free() in any case. */
int iptables_save(int family, struct iptables_rules *out, struct err *e);

/* Hands to `out` what the rules of its chains counted, and ends it (policy_hits_end()). Errors as
 * above and there. */
int iptables_counters(int family, struct policy_hits *out, struct err *e);

/* Feeds `text` to iptables-restore --noflush. -ENOENT and -EIO as above. */
int iptables_restore(int family, const char *text, struct err *e);

/* The sets as `ipset restore` takes them. */
void ipset_print(int family, const struct iptables_mades *sets, FILE *out);

/* Makes each set of `sets` (policy_iptables.h) that is not there. -ENOENT and -EIO as above; no
 * program is run where there are none. */
int ipset_make(int family, const struct iptables_mades *sets, struct err *e);

/* Removes every set of ours that neither has. Sets that are in use, or no ipset at all, are no
 * error. */
void ipset_sweep(const struct iptables_mades *sets4, const struct iptables_mades *sets6);

#endif
