/*
 * datapath: the way of packets between a guest's rings and the tap that is its vif. datapath.c
 * tells the way; this is what it needs and how it is run.
 *
 * Everything is allocated in datapath_open(). It must not know Xen (port.h does), xenstore, or how
 * the process came to be.
 */
#ifndef NETVM_DATAPATH_H
#define NETVM_DATAPATH_H

#include <stdbool.h>

#include "backend/netback/counters.h"
#include "backend/netback/multicast.h"
#include "backend/netback/packet_check.h"
#include "backend/netback/port.h"
#include "backend/netback/rx_packet.h"
#include "common/err.h"

struct datapath_settings {
	struct guest_takes takes;
	struct packet_rules rules;
};

/*
 * What is kept outside of the process, for who goes on where it was killed: where answering stands
 * (ring_mark()), so that no answer is taken for a request, and what the guest has asked for.
 */
struct datapath_marks {
	uint32_t tx, rx;
	struct multicast groups;
};

struct datapath;

/* `tap` gives and takes one packet a call behind a struct virtio_net_hdr, and does not block. Port,
 * tap, counters and marks stay the caller's. Nothing of the guest's is looked at. */
int datapath_open(struct datapath **out, struct port *port, int tap,
	const struct datapath_settings *settings, struct counters *counters,
	struct datapath_marks *marks, struct err *e);
void datapath_close(struct datapath *d); /* NULL is fine */

/* Takes up the rings, before the first pass; `resumed`: where another one stood, whose marks are
 * there. What had been begun to be answered is answered with an error. -EPROTO: their indices are
 * no rings'. */
int datapath_begin(struct datapath *d, bool resumed, struct err *e);

/* Moves what there is to move, once, both ways. `busy`: there may be more. -EPROTO: the guest broke
 * the rings' rules; -ENODEV: the tap is gone; anything else: the port is of no use any more. */
int datapath_pass(struct datapath *d, bool *busy, struct err *e);

/* Sleeps until there is something to move, at most `milliseconds` (-1: for ever). */
int datapath_sleep(struct datapath *d, int milliseconds, struct err *e);

#endif
