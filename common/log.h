/*
 * log: lines on standard error, for people and for the journal.
 *
 * One line a call, bounded, control characters replaced (a guest's words may be in it). Where
 * standard error is the journal (sd-daemon(3)) lines carry a "<N>" priority, else the program's
 * name. Only programs log; libraries return `struct err`. A daemon's log is bounded (log_bound.h),
 * for others may bring it to say the same again and again; log_loop.h sees to it.
 */
#ifndef NETVM_LOG_H
#define NETVM_LOG_H

enum log_level {
	LOG_LEVEL_ERROR = 3,
	LOG_LEVEL_WARNING = 4,
	LOG_LEVEL_INFO = 6,
	LOG_LEVEL_DEBUG = 7
};

/* Names the program and sets the most detailed level that is printed. `name` is kept, not copied.
 */
void log_open(const char *name, enum log_level most);

/* Prints one line of at most 1,023 bytes, if `level` is not above what log_open() set. A longer one
 * is cut and ends in "...". */
void log_line(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* From now on what is more than debug is bounded; what is held back then is counted, and said at
 * exit at the latest. */
void log_bound_begin(void);

/* Says what is due of what was held back. Seconds until more of it will be; below 0: there is none.
 */
double log_bound_tell(void);

#define log_error(...)	 log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...)	 log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)	 log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
