/*
 * log_loop: a daemon's log, bounded (log_bound.h): what is held back is said by a timer of its
 * loop, which runs only while there is any.
 */
#ifndef NETVM_LOG_LOOP_H
#define NETVM_LOG_LOOP_H

#include <ev.h>

struct log_loop {
	ev_prepare prepare; /* its own, as is the other */
	ev_timer timer;
};

/* It must not move while the loop stands. */
void log_loop_start(struct log_loop *l, struct ev_loop *loop);

#endif
