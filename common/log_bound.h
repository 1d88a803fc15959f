/*
 * log_bound: how many lines about one subject a log takes.
 *
 * A guest, or what stands behind an uplink, may bring a daemon to say something again and again; it
 * must not fill the log, nor hide what is said of others. So each subject, the beginning of a line
 * up to its first colon or space ("vif5.0: no MAC address is given"), has LOG_BOUND_BURST lines,
 * and one more every LOG_BOUND_SECONDS. Beyond them lines are held back and counted, and the count
 * is due as soon as there is room for it and one line more. Subjects that have not spoken for long
 * are forgotten; where more than LOG_BOUND_SUBJECTS speak at once, the newcomers share one.
 *
 * Pure: it knows neither the clock nor where lines go.
 */
#ifndef NETVM_LOG_BOUND_H
#define NETVM_LOG_BOUND_H

#include <stdbool.h>
#include <stddef.h>

#define LOG_BOUND_BURST	   200
#define LOG_BOUND_SECONDS  10.
#define LOG_BOUND_SUBJECTS 256
#define LOG_SUBJECT_MAX	   64 /* with its end; a longer one is cut */

struct log_bound {
	struct log_subject {
		char name[LOG_SUBJECT_MAX];
		double room;  /* lines that it has left ... */
		double since; /* ... at this moment */
		unsigned long held;
	} subjects[LOG_BOUND_SUBJECTS];
	size_t count; /* zero is a start */
};

/* Whether the line is to be said at `now` (seconds of one clock that does not go back); else it is
 * counted as held back. */
bool log_bound_passes(struct log_bound *b, const char *line, double now);

/* Takes the count of a subject of which lines were held back, if it is due: how many, and whose. 0:
 * none is. The end of a log is told by `now` = INFINITY: all are due. */
unsigned long log_bound_due(struct log_bound *b, double now, char name[LOG_SUBJECT_MAX]);

/* Seconds until a count is due; below 0: none will be. */
double log_bound_wait(const struct log_bound *b, double now);

#endif
