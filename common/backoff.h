/*
 * backoff: when to try again what failed: ever more seldom, up to a limit.
 *
 * A wait that has begun is not begun anew by a failure in the midst of it: something else may have
 * brought that attempt, and a burst of such must not put off the next one. Must not know the clock,
 * nor what is tried.
 */
#ifndef NETVM_BACKOFF_H
#define NETVM_BACKOFF_H

struct backoff {
	double first, most; /* seconds */
	/* Its own; zero is a start without failures: */
	double wait;  /* after the next failure; 0: `first` */
	double until; /* of the wait that has begun */
};

/* It failed at `now` (seconds of one clock): seconds, at least one millisecond, until it is to be
 * tried again. Each wait that was kept doubles the next one. */
double backoff_failed(struct backoff *b, double now);

/* It did not fail: the next failure waits `first` again. */
void backoff_end(struct backoff *b);

#endif
