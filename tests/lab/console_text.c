#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <termios.h>

#include "tests/lab/console_text.h"

bool console_line_take(struct console_line *line, char byte)
{
	if (line->complete) {
		line->len = 0;
		line->complete = false;
	}
	if (byte == '\r')
		return false;
	if (byte == '\n') {
		bool overlong = line->overlong;

		line->text[line->len] = '\0';
		line->complete = true;
		line->overlong = false;
		return !overlong;
	}
	if (line->len == sizeof(line->text) - 1)
		line->overlong = true;
	else
		line->text[line->len++] = byte;
	return false;
}

static const char digits[] = "0123456789abcdef";

size_t console_escape(const void *bytes, size_t len, char *out)
{
	const unsigned char *in = bytes;
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (in[i] >= ' ' && in[i] <= '~' && in[i] != '\\') {
			out[n++] = (char)in[i];
			continue;
		}
		out[n++] = '\\';
		out[n++] = 'x';
		out[n++] = digits[in[i] >> 4];
		out[n++] = digits[in[i] & 15];
	}
	out[n] = '\0';
	return n;
}

static int digit_value(char c)
{
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

ssize_t console_unescape(const char *text, char *out)
{
	ssize_t n = 0;

	while (*text) {
		int high, low;

		if (*text != '\\') {
			if (!isprint((unsigned char)*text))
				return -1;
			out[n++] = *text++;
			continue;
		}
		if (text[1] != 'x' || (high = digit_value(text[2])) < 0 ||
			(low = digit_value(text[3])) < 0)
			return -1;
		out[n++] = (char)(high << 4 | low);
		text += 4;
	}
	return n;
}

/* Fowler, Noll and Vo's 1a, 32 bits. */
uint32_t console_sum(const void *bytes, size_t len)
{
	const unsigned char *in = bytes;
	uint32_t sum = 2166136261u;

	for (size_t i = 0; i < len; i++)
		sum = (sum ^ in[i]) * 16777619u;
	return sum;
}

int console_make_raw(int fd)
{
	struct termios mode;

	if (tcgetattr(fd, &mode) < 0)
		return -errno;
	cfmakeraw(&mode);
	return tcsetattr(fd, TCSANOW, &mode) < 0 ? -errno : 0;
}
