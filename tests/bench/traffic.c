/*
 * traffic: how fast packets go between two programs, for benches of links.
 *
 *	traffic serve PORT                 answers the others, until it is killed
 *	traffic up ADDRESS PORT BYTES      TCP to the server: megabits a second
 *	traffic down ADDRESS PORT BYTES    TCP from it: megabits a second
 *	traffic ask ADDRESS PORT COUNT     UDP there and back, one byte, one at a time: round trips
 *a second
 *
 * One number on standard output. Times are from the first byte sent until the server has said that
 *it has the last, so that what lies in queues does not count as done.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ANSWER_SECONDS 2 /* after which a datagram is lost */

static char buffer[256 * 1024];

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct sockaddr_in address(const char *host, const char *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port)) };

	if (inet_pton(AF_INET, host, &a.sin_addr) != 1)
		die(host);
	return a;
}

static void send_all(int fd, const void *data, size_t len)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = write(fd, (const char *)data + done, len - done);

		if (n < 0)
			die("sending");
		done += (size_t)n;
	}
}

static void send_bytes(int fd, uint64_t bytes)
{
	for (size_t n; bytes; bytes -= n) {
		n = bytes < sizeof(buffer) ? (size_t)bytes : sizeof(buffer);
		send_all(fd, buffer, n);
	}
}

/* Until there are so many; UINT64_MAX: until the end. */
static uint64_t receive_bytes(int fd, uint64_t want)
{
	uint64_t have = 0;
	ssize_t n = 1;

	while (have < want && n > 0) {
		n = read(fd, buffer,
			want - have < sizeof(buffer) ? (size_t)(want - have) : sizeof(buffer));
		if (n < 0)
			die("receiving");
		have += (uint64_t)n;
	}
	return have;
}

/* --- the server --- */

/* What a client asks for: bytes to come, bytes to send. */
struct order {
	uint64_t up, down;
};

static void connection_serve(int fd)
{
	struct order o;

	if (read(fd, &o, sizeof(o)) != sizeof(o))
		return;
	receive_bytes(fd, o.up);
	send_bytes(fd, o.down);
	send_all(fd, "", 1);
}

static void datagram_serve(int fd)
{
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	ssize_t n = recvfrom(fd, buffer, sizeof(buffer), 0, (struct sockaddr *)&from, &len);

	if (n >= 0 && sendto(fd, buffer, (size_t)n, 0, (struct sockaddr *)&from, len) < 0)
		perror("answering");
}

static _Noreturn void serve(const char *port)
{
	struct sockaddr_in a = address("0.0.0.0", port);
	int tcp = socket(AF_INET, SOCK_STREAM, 0), udp = socket(AF_INET, SOCK_DGRAM, 0), on = 1;
	struct pollfd fds[] = { { .fd = tcp, .events = POLLIN }, { .fd = udp, .events = POLLIN } };

	setsockopt(tcp, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(tcp, (struct sockaddr *)&a, sizeof(a)) < 0 ||
		bind(udp, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(tcp, 8) < 0)
		die("listening");
	for (;;) {
		if (poll(fds, 2, -1) < 0)
			die("poll");
		if (fds[0].revents) {
			int fd = accept(tcp, NULL, NULL);

			connection_serve(fd);
			close(fd);
		}
		if (fds[1].revents)
			datagram_serve(udp);
	}
}

/* --- the clients --- */

static int bulk(const char *host, const char *port, uint64_t up, uint64_t down)
{
	struct sockaddr_in a = address(host, port);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct order o = { up, down };
	double begin;

	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		die("connecting");
	begin = now();
	send_all(fd, &o, sizeof(o));
	send_bytes(fd, up);
	if (receive_bytes(fd, down + 1) != down + 1)
		die("the server ended");
	printf("%.1f\n", (double)(up + down) * 8 / (now() - begin) / 1e6);
	return 0;
}

static int ask(const char *host, const char *port, unsigned long count)
{
	const struct timeval patience = { .tv_sec = ANSWER_SECONDS };
	struct sockaddr_in a = address(host, port);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	double begin = 0;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		die("connecting");
	/* Neighbours and routes are found before time counts. */
	for (unsigned long n = 0; n <= count; n++) {
		if (n == 1)
			begin = now();
		do
			send_all(fd, "x", 1);
		while (read(fd, buffer, sizeof(buffer)) < 0 && errno == EAGAIN);
	}
	printf("%.1f\n", (double)count / (now() - begin));
	return 0;
}

int main(int argc, char *argv[])
{
	if (argc == 3 && strcmp(argv[1], "serve") == 0)
		serve(argv[2]);
	if (argc == 5 && strcmp(argv[1], "up") == 0)
		return bulk(argv[2], argv[3], strtoull(argv[4], NULL, 10), 0);
	if (argc == 5 && strcmp(argv[1], "down") == 0)
		return bulk(argv[2], argv[3], 0, strtoull(argv[4], NULL, 10));
	if (argc == 5 && strcmp(argv[1], "ask") == 0)
		return ask(argv[2], argv[3], strtoul(argv[4], NULL, 10));
	fprintf(stderr, "usage: traffic serve PORT | up|down ADDRESS PORT BYTES | ask ADDRESS PORT "
			"COUNT\n");
	return 2;
}
