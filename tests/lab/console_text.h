/*
 * What lab-exec (dom0) and lab-agent (a domain) say to each other over the domain's console.
 *
 * The console also carries the domain's log, so everything is a line of printable text that begins
 * with a mark and the number of the request, and a reader passes over every other line:
 *
 *	@>ID n                  to the domain: a new request; an older one is forgotten, its command
 *killed
 *	@>ID a TEXT             the next bytes of its arguments, each argument ended by a zero byte
 *	@>ID ! LENGTH SUM       that was all of them: run it, if length and console_sum() are right
 *	@>ID k                  kill it
 *	@<ID s                  to dom0: the command is started
 *	@<ID o TEXT, @<ID e TEXT  next bytes of its standard output, its standard error
 *	@<ID x STATUS           it ended (128 and the signal's number if by a signal); nothing
 *follows
 *
 * ID is hexadecimal. A request is sent again until it is answered by "s", since a domain that boots
 * may lose some of it. TEXT is bytes with all but printable ASCII written as \xHH.
 */
#ifndef TESTS_LAB_CONSOLE_TEXT_H
#define TESTS_LAB_CONSOLE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	CONSOLE_BYTES_MAX = 200, /* of what a line's TEXT stands for */
	CONSOLE_LINE_MAX = 1024, /* of a line, with its end */
	CONSOLE_ARGUMENTS_MAX = 64 * 1024,
};

/* A line as it comes in, in pieces. All zero at first. */
struct console_line {
	char text[CONSOLE_LINE_MAX];
	size_t len;
	bool complete;
	bool overlong;
};

/*
 * Takes one byte; true when it completed a line, which then stands in text, without its end, until
 * the next byte. A line that is too long is passed over.
 */
bool console_line_take(struct console_line *line, char byte);

/* The bytes' TEXT and a final zero; out has room for 4 * len + 1. Returns its length. */
size_t console_escape(const void *bytes, size_t len, char *out);

/* The bytes that TEXT stands for; out may be text. Returns how many, or -1 where it is not TEXT. */
ssize_t console_unescape(const char *text, char *out);

uint32_t console_sum(const void *bytes, size_t len);

/* Makes a tty pass bytes on as they are. Returns 0 or a negative errno. */
int console_make_raw(int fd);

#endif
