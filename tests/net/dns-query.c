/*
 * dns-query [-t] [-s PORT] [-u FILE] SERVER NAME
 *
 * Asks SERVER (an address of either family) for NAME's IPv4 address, by UDP or (-t) TCP, from PORT
 * if it is given. Prints one word: the address; "none" (an answer without one); "refused",
 * "unreachable" (the network said so), or "silence" (nothing within five seconds).
 *
 * -u: says "asking", asks again and again, each time anew, until FILE is there, and prints a line
 * for each word: the word, how often it came, and when first (nanoseconds since 1970).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define MESSAGE_MAX 512

/* A question for an A record, RFC 1035 section 4.1. Returns its length. */
static size_t question_make(const char *name, unsigned char *out)
{
	static const unsigned char header[] = { 0x4e, 0x56, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0 };
	static const unsigned char type[] = { 0, 0, 1, 0, 1 };
	size_t at = sizeof(header);

	memcpy(out, header, sizeof(header));
	while (*name && at < MESSAGE_MAX - 80) {
		size_t len = strcspn(name, ".");

		if (len == 0 || len > 63)
			exit(2);
		out[at++] = (unsigned char)len;
		memcpy(out + at, name, len);
		at += len;
		name += len + (name[len] == '.');
	}
	memcpy(out + at, type, sizeof(type));
	return at + sizeof(type);
}

static const char *answer_read(const unsigned char *m, size_t len, size_t question_len)
{
	static char text[INET_ADDRSTRLEN];

	/* Our name comes back as a pointer (2 bytes), then type, class, TTL, length: 10 bytes. */
	if (len < question_len + 16 || m[0] != 0x4e || m[1] != 0x56 || m[7] == 0)
		return "none";
	m += question_len;
	if (m[3] != 1 || m[11] != 4 || !inet_ntop(AF_INET, m + 12, text, sizeof(text)))
		return "none";
	return text;
}

static const char *failure_word(int error)
{
	switch (error) {
	case ECONNREFUSED:
		return "refused";
	case ENETUNREACH:
	case EHOSTUNREACH:
		return "unreachable";
	case EAGAIN:
	case EINPROGRESS:
	case ETIMEDOUT:
		return "silence";
	default:
		return strerror(error);
	}
}

static int connect_to(const char *server, bool tcp, const char *port)
{
	const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST,
		.ai_socktype = tcp ? SOCK_STREAM : SOCK_DGRAM };
	const struct timeval patience = { .tv_sec = 5 };
	struct addrinfo *to = NULL;
	int one = 1, fd;

	if (getaddrinfo(server, "53", &hints, &to) != 0)
		exit(2);
	fd = socket(to->ai_family, to->ai_socktype, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (port) {
		struct sockaddr_in6 any6 = { .sin6_family = AF_INET6,
			.sin6_port = htons((uint16_t)atoi(port)) };
		struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = any6.sin6_port };

		if (to->ai_family == AF_INET)
			bind(fd, (struct sockaddr *)&any, sizeof(any));
		else
			bind(fd, (struct sockaddr *)&any6, sizeof(any6));
	}
	if (connect(fd, to->ai_addr, to->ai_addrlen) < 0) {
		close(fd);
		fd = -1;
	}
	freeaddrinfo(to);
	return fd;
}

static const char *ask(int fd, bool tcp, const char *name)
{
	unsigned char m[MESSAGE_MAX + 2], *body = tcp ? m + 2 : m;
	size_t len = question_make(name, body);
	ssize_t n;

	m[0] = tcp ? (unsigned char)(len >> 8) : m[0];
	m[1] = tcp ? (unsigned char)len : m[1];
	if (send(fd, m, len + (tcp ? 2 : 0), MSG_NOSIGNAL) < 0)
		return failure_word(errno);
	n = recv(fd, m, sizeof(m), 0);
	if (n < 0)
		return failure_word(errno);
	if (tcp && n < 2)
		return "none";
	return answer_read(body, (size_t)n - (tcp ? 2 : 0), len);
}

static const char *ask_once(const char *server, bool tcp, const char *port, const char *name)
{
	int fd = connect_to(server, tcp, port);
	const char *word = fd < 0 ? failure_word(errno) : ask(fd, tcp, name);

	if (fd >= 0)
		close(fd);
	return word;
}

#define WORDS_MAX 16

static void ask_until(const char *file, const char *server, bool tcp, const char *name)
{
	const struct timespec pause = { .tv_nsec = 500000 };
	struct {
		char word[INET_ADDRSTRLEN];
		unsigned long count;
		long long first;
	} seen[WORDS_MAX];
	size_t n = 0, i;

	puts("asking");
	fflush(stdout);
	while (access(file, F_OK) < 0) {
		const char *word = ask_once(server, tcp, NULL, name);
		struct timespec now;

		for (i = 0; i < n && strcmp(seen[i].word, word) != 0;)
			i++;
		if (i == n && n < WORDS_MAX) {
			clock_gettime(CLOCK_REALTIME, &now);
			snprintf(seen[n].word, sizeof(seen[n].word), "%.15s", word);
			seen[n].count = 0;
			seen[n++].first = now.tv_sec * 1000000000LL + now.tv_nsec;
		}
		seen[i < n ? i : n - 1].count++;
		nanosleep(&pause, NULL);
	}
	for (i = 0; i < n; i++)
		printf("%s %lu %lld\n", seen[i].word, seen[i].count, seen[i].first);
}

int main(int argc, char *argv[])
{
	const char *port = NULL, *until = NULL;
	bool tcp = false;
	int c;

	setvbuf(stdout, NULL, _IOLBF, 0); /* whoever waits for a line sees it */
	while ((c = getopt(argc, argv, "ts:u:")) != -1) {
		if (c == 't')
			tcp = true;
		else if (c == 's')
			port = optarg;
		else if (c == 'u')
			until = optarg;
		else
			return 2;
	}
	if (argc - optind != 2)
		return 2;
	if (until)
		ask_until(until, argv[optind], tcp, argv[optind + 1]);
	else
		puts(ask_once(argv[optind], tcp, port, argv[optind + 1]));
	return 0;
}
