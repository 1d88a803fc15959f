/*
 * pass_netback: what a pass does about the vifs whose packets netback moves, where the settings say
 * `datapath = user`: reads their states, does what netback_plan() makes of them, and reports what
 * fails. Everything else about a vif is as with the kernel's data path.
 */
#ifndef NETVM_PASS_NETBACK_H
#define NETVM_PASS_NETBACK_H

#include "backend/pass_internal.h"

/* Before links are looked at: taps are there, states are told. Changes `state` of p->backends. A
 * vif for which it fails has an outcome that says why. */
int pass_netback_prepare(struct pass *p, struct err *e);

/* After links were looked at: ends what belongs to no vif any more. */
void pass_netback_end_strays(struct pass *p);

/* When a vif's link is as it should be: its packets are moved. */
int pass_netback_connect(struct pass *p, const struct vif_wanted *w, struct err *e);

/* Ends the process of a vif, and takes its tap away. */
int pass_netback_down(struct service *s, const struct pass_link *link, struct err *e);

#endif
