/*
 * pass_netback: what a pass does about the vifs whose packets netback moves (datapath = user, from
 * the settings or dom0): reads their states, does what netback_plan() makes of them, and reports
 * what fails. Everything else about a vif is as with the kernel's data path. Where the data path is
 * another than it was, a vif keeps what it has until its guest lets go of it, and is reported.
 */
#ifndef NETVM_PASS_NETBACK_H
#define NETVM_PASS_NETBACK_H

#include "backend/pass_internal.h"

/* Before links are looked at: taps are there, states are told. Changes `state` of p->backends. A
 * vif for which it fails has an outcome that says why. */
int pass_netback_prepare(struct pass *p, struct err *e);

/* After links were looked at: ends what belongs to no vif any more. */
void pass_netback_end_strays(struct pass *p);

/* When a vif's link is as it should be: its packets are moved. `note`: what is to be said though
 * they are. */
int pass_netback_connect(
	struct pass *p, const struct vif_wanted *w, struct err *note, struct err *e);

/* Ends the process of a vif, and takes its tap away. */
int pass_netback_down(struct service *s, const struct pass_link *link, struct err *e);

#endif
