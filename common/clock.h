/*
 * clock: the monotonic clock, which nobody sets: for deadlines and intervals, not for dates.
 */
#ifndef NETVM_CLOCK_H
#define NETVM_CLOCK_H

/* Whole milliseconds since some moment before this program began (CLOCK_MONOTONIC). */
long long clock_milliseconds(void);

/* The same clock in seconds, as libev counts. */
double clock_seconds(void);

#endif
