#include "common/log.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log_bound.h"

static struct {
	const char *name;
	enum log_level most;
	int journal;
	struct log_bound *bound; /* NULL: it is not bounded */
} self = { .name = "xen-netvm", .most = LOG_LEVEL_INFO };

/* sd-daemon(3), "JOURNAL_STREAM": device and inode of the stream that systemd made; equal to ours
 * means nobody redirected it. */
static int stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long dev, ino;
	struct stat st;

	return stream && sscanf(stream, "%llu:%llu", &dev, &ino) == 2 &&
	       fstat(STDERR_FILENO, &st) == 0 && st.st_dev == dev && st.st_ino == ino;
}

void log_open(const char *name, enum log_level most)
{
	self.name = name;
	self.most = most;
	self.journal = stderr_is_journal();
}

static void print(enum log_level level, const char *text)
{
	if (self.journal)
		fprintf(stderr, "<%d>%s\n", (int)level, text);
	else
		fprintf(stderr, "%s: %s\n", self.name, text);
}

static void held_tell(double now)
{
	char name[LOG_SUBJECT_MAX], text[LOG_SUBJECT_MAX + 48];
	unsigned long held;

	while (self.bound && (held = log_bound_due(self.bound, now, name))) {
		snprintf(text, sizeof(text), "%s: ... %lu more like it", name, held);
		print(LOG_LEVEL_WARNING, text);
	}
}

static void on_exit_tell(void)
{
	held_tell(INFINITY);
}

void log_bound_begin(void)
{
	static struct log_bound bound;

	if (!self.bound)
		atexit(on_exit_tell);
	self.bound = &bound;
}

double log_bound_tell(void)
{
	double now = clock_seconds();

	held_tell(now);
	return self.bound ? log_bound_wait(self.bound, now) : -1;
}

void log_line(enum log_level level, const char *fmt, ...)
{
	char text[1024];
	va_list ap;
	int len;

	if (level > self.most)
		return;
	va_start(ap, fmt);
	len = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (len < 0)
		return;
	if ((size_t)len >= sizeof(text))
		memcpy(text + sizeof(text) - 4, "...", 4);
	for (char *c = text; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	if (level < LOG_LEVEL_DEBUG && self.bound) {
		double now = clock_seconds();

		held_tell(now);
		if (!log_bound_passes(self.bound, text, now))
			return;
	}
	print(level, text);
}
