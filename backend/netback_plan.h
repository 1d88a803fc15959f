/*
 * netback_plan: the backend's side of Xen's device states, for a vif whose packets netback moves
 * (netback/netback.c), as data.
 *
 * What is done follows from the states as they stand, not from how they came to be so: a frontend
 * that was loaded anew, a guest that crashed, slept or started another kernel, an event that was
 * lost and a netbackd that was away need no case of their own. Pure. It must not know how taps are
 * made or processes started.
 */
#ifndef NETVM_NETBACK_PLAN_H
#define NETVM_NETBACK_PLAN_H

#include <stdbool.h>

#include "xenstore-schema/schema.h"

struct netback_seen {
	bool online;		    /* the toolstack wants the device */
	enum xenbus_state backend;  /* what we said last, or the toolstack when it wants it gone */
	enum xenbus_state frontend; /* XENBUS_UNKNOWN: it is not there */
};

/* In the order in which it is done. */
struct netback_plan {
	bool stop;	 /* no packets are moved any more */
	bool remove_tap; /* the vif goes */
	bool make_tap;	 /* the vif is there */
	bool announce;	 /* say what we can do, and state := XENBUS_INIT_WAIT */
	bool close;	 /* state := `state` */
	enum xenbus_state state;
	bool connect; /* once the vif's link is as it should be: move packets, state :=
		       * XENBUS_CONNECTED
		       */
};

struct netback_plan netback_plan(const struct netback_seen *seen);

#endif
