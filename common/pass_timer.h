/*
 * pass_timer: when a daemon looks at everything again.
 *
 * Whatever happens asks for the same thing, a pass; what happens before it has begun asks for
 * nothing more. The nearest moment that was asked for counts, but a pass that has just been leaves
 * a rest, so that a flood of events, or another program that undoes what we do, costs little.
 *
 * libev's timers count from where the loop was last; these count from the clock. Must not know what
 * a pass does.
 */
#ifndef NETVM_PASS_TIMER_H
#define NETVM_PASS_TIMER_H

#include <ev.h>

struct pass_timer {
	struct ev_loop *loop;
	void (*run)(void *arg);
	void *arg;
	ev_timer timer;
	double due;	   /* of the pass that is asked for, on clock_seconds(); 0: none is */
	double not_before; /* the end of the rest */
	double owed;	   /* seconds of rest for passes that have been, at `ended` */
	double ended;
};

/* `run` makes a pass, and may ask for the next. The timer must not move. */
void pass_timer_init(struct pass_timer *t, struct ev_loop *loop, void (*run)(void *arg), void *arg);

/* A pass in so many seconds (0: at once, as soon as the loop is reached), or earlier, where it was
 * asked for earlier. */
void pass_timer_ask(struct pass_timer *t, double seconds);

/* No pass begins in the next `seconds`, whoever asks or has asked. */
void pass_timer_rest(struct pass_timer *t, double seconds);

/* A pass has lasted from `begin` to `end`: as much rest is owed, and time without a pass pays it.
 * None begins while more than PASS_OWED is owed; so one that comes alone waits for nobody, and in a
 * flood of events passes have half of a processor. */
#define PASS_OWED 0.01 /* seconds */
void pass_timer_spent(struct pass_timer *t, double begin, double end);

/* The pure parts. What is owed after a pass that took so many seconds, `idle` of them after the
 * last one, when `owed` were; and when a pass is due that is asked for at `now`, to be in
 * `seconds`, where one is due at `due` (0: none), and a rest lasts until `not_before`. */
double pass_timer_owed(double owed, double idle, double took);
double pass_timer_due(double due, double not_before, double now, double seconds);

#endif
