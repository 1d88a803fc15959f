/*
 * packet_filter: makes a ruleset stand in the kernel, and knows cheaply whether it still does.
 *
 * Two engines can do that, nftables and iptables, and one only stands. Where that changes, the new
 * one's rules stand before the old one's are taken away. What an engine made is remembered in its
 * stamp file in the run directory: a digest of the ruleset, and what the kernel says about its
 * tables. While both are equal nobody changed anything, and nothing is done. It must not know Xen,
 * vifs or where resolvers come from.
 *
 * The caller holds the domain's lock (lock_take()) around packet_filter_stand() and
 * packet_filter_tear_down().
 */
#ifndef NETVM_PACKET_FILTER_H
#define NETVM_PACKET_FILTER_H

#include <stdbool.h>
#include <stdio.h>

#include "backend/policy_hits.h"
#include "backend/ruleset.h"
#include "common/err.h"
#include "common/netlink.h"

struct packet_filter;

/*
 * Which engine. The automatic choice is the engine that stands already (since this boot), then the
 * one that others use on this machine, then the first that the kernel and the libraries here can
 * do, in this order.
 */
enum packet_filter_choice {
	PACKET_FILTER_AUTO,
	PACKET_FILTER_NFTABLES,
	PACKET_FILTER_IPTABLES,
	PACKET_FILTER_CHOICES
};

/* The choice of that name ("auto", "nftables", "iptables"); PACKET_FILTER_CHOICES: none has it. */
enum packet_filter_choice packet_filter_choice_find(const char *name);

/* `nl` stays the caller's and must outlive the filter. `run_dir`: where the stamps are kept; must
 * exist. Touches nothing yet. */
int packet_filter_open(struct packet_filter **out, struct netlink *nl, const char *run_dir,
	enum packet_filter_choice choice, struct err *e);
void packet_filter_close(struct packet_filter *pf); /* rules stay; NULL is fine */

struct packet_filter_outcome {
	bool changed;	  /* rules were written */
	bool without_ip6; /* this kernel or iptables has no IPv6: nothing of it is filtered, nothing
			     is forwarded */
};

/*
 * Makes `r` stand: its rules, then forwarding switched on. Where it stands already nothing is
 * written and no program is run. Rules of other programs are kept, as are the user's chains
 * `custom-input` and `custom-forward`. A change is whole or not at all (with iptables in each
 * family): after a failure the rules before are in force again, and the next call tries anew.
 * `need_ip6`: some guest has IPv6, so that a kernel without it is an error (-EAFNOSUPPORT).
 * `outcome` may be NULL.
 *
 * When rules were written, connections that they would not let begin end (flows.h).
 *
 * -ENOENT: the engine is not installed. -EIO: refused by it, in its own words. -EAGAIN: another
 * program changes rules all the time.
 */
int packet_filter_stand(struct packet_filter *pf, const struct ruleset *r, bool need_ip6,
	struct packet_filter_outcome *outcome, struct err *e);

/* Seconds until packet_filter_stand() is to be called again though nothing happens, to read back
 * what it wrote; 0: it need not be. Who never calls again leaves that to the next process. */
double packet_filter_next(const struct packet_filter *pf);

/*
 * What each rule of each guest's policy of `r` decided about, as the kernel has counted since it
 * was written: a rule starts again at 0 with every change of what stands beside it in its guest's
 * policy. Changes nothing, needs no lock. `out` is valid for policy_hits_dispose() in any case.
 * -EAGAIN: the rules that stand are not those of `r`. -ENOENT: none of ours stand.
 */
int packet_filter_hits(
	struct packet_filter *pf, const struct ruleset *r, struct policy_hits *out, struct err *e);
/* Name of the engine whose rules stand; NULL: none do. */
const char *packet_filter_name(const struct packet_filter *pf);

/* Prints what the engine would be told where nothing of ours stood: files that its own programs
 * (nft; ipset and iptables-restore) take. Changes nothing. */
int packet_filter_print(
	struct packet_filter *pf, const struct ruleset *r, FILE *out, struct err *e);

/* Takes every rule of ours away, whichever engine made it (the user's chains only where they are
 * empty), and forgets the stamps. Forwarding stays as it is: others may need it. */
int packet_filter_tear_down(struct packet_filter *pf, struct err *e);

#endif
