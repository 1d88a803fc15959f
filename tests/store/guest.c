/*
 * Plays a domain on the xenstored of tests/store/with-xenstored, which then holds it to what a
 * domain may do (everybody on its socket is domain 0). For tests of permissions.
 *
 *   guest DOMID introduce           makes it known, as libxl does; first of all
 *   guest DOMID die                 it is gone; xenstored tells who watches @releaseDomain
 *   guest DOMID read|ls|rm|mkdir PATH
 *   guest DOMID write PATH VALUE
 *   guest DOMID chmod PATH PERM...
 *
 * Prints the value, the names or OK, or xenstored's word for what went wrong (EACCES ...). Exit
 * status 0, 1 where xenstored refused, 2 where the question could not be asked.
 *
 * The wire protocol and the layout of the ring are those of xen/include/public/io/xs_wire.h; the
 * files that stand for page and event channel are fake-xen.c's.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xen/io/xs_wire.h>
#include <xenstore.h>

#define PATIENCE_MS 10000

static _Noreturn void give_up(const char *what)
{
	perror(what);
	exit(2);
}

static const char *run_path(const char *name, const char *domid)
{
	static char path[256];
	const char *socket = getenv("XENSTORED_PATH");
	const char *slash = socket ? strrchr(socket, '/') : NULL;

	if (!slash)
		give_up("XENSTORED_PATH");
	snprintf(path, sizeof(path), "%.*s/%s%s%s", (int)(slash - socket), socket, name,
		domid ? "-" : "", domid ? domid : "");
	return path;
}

static uint32_t self; /* domid */

static void event_send(uint32_t what)
{
	int fd = open(run_path("event", NULL), O_WRONLY);

	if (fd < 0 || write(fd, &what, sizeof(what)) != sizeof(what))
		give_up("event");
	close(fd);
}

/* --- the ring --- */

static struct xenstore_domain_interface *ring_open(const char *domid)
{
	int fd = open(run_path("ring", domid), O_RDWR);
	void *ring = fd < 0 ? MAP_FAILED
			    : mmap(NULL, sizeof(struct xenstore_domain_interface),
				      PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (ring == MAP_FAILED)
		give_up("the domain's ring (was it introduced?)");
	return ring;
}

static void ring_wait(volatile uint32_t *a, uint32_t differs)
{
	for (int i = 0; *a == differs; i++)
		if (i == PATIENCE_MS)
			give_up("xenstored does not answer");
		else
			poll(NULL, 0, 1);
	__sync_synchronize();
}

static void ring_put(struct xenstore_domain_interface *ring, const void *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		/* Full: xenstored has to take some. */
		if (ring->req_prod - ring->req_cons == XENSTORE_RING_SIZE) {
			event_send(self);
			ring_wait(&ring->req_cons, ring->req_prod - XENSTORE_RING_SIZE);
		}
		ring->req[MASK_XENSTORE_IDX(ring->req_prod)] = ((const char *)data)[i];
		__sync_synchronize();
		ring->req_prod++;
	}
	event_send(self);
}

static void ring_get(struct xenstore_domain_interface *ring, void *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (ring->rsp_prod == ring->rsp_cons) {
			event_send(self);
			ring_wait(&ring->rsp_prod, ring->rsp_cons);
		}
		((char *)data)[i] = ring->rsp[MASK_XENSTORE_IDX(ring->rsp_cons)];
		__sync_synchronize();
		ring->rsp_cons++;
	}
}

/* --- questions --- */

static const struct question {
	const char *verb;
	enum xsd_sockmsg_type type;
	int min_args, max_args;
	bool last_is_open; /* the last argument has no NUL behind it */
} questions[] = {
	{ "read", XS_READ, 1, 1, false },
	{ "ls", XS_DIRECTORY, 1, 1, false },
	{ "rm", XS_RM, 1, 1, false },
	{ "mkdir", XS_MKDIR, 1, 1, false },
	{ "write", XS_WRITE, 2, 2, true },
	{ "chmod", XS_SET_PERMS, 2, 8, false },
};

/* Asks, prints what comes back, and returns the exit status. */
static int ask(const char *domid, const struct question *q, char *args[], int count)
{
	struct xenstore_domain_interface *ring = ring_open(domid);
	struct xsd_sockmsg msg = { .type = q->type };
	char body[XENSTORE_PAYLOAD_MAX + 1];

	for (int i = 0; i < count; i++) {
		size_t len = strlen(args[i]) + !(q->last_is_open && i == count - 1);

		if (msg.len + len > XENSTORE_PAYLOAD_MAX)
			give_up("too long");
		memcpy(body + msg.len, args[i], len);
		msg.len += (uint32_t)len;
	}
	ring_put(ring, &msg, sizeof(msg));
	ring_put(ring, body, msg.len);
	ring_get(ring, &msg, sizeof(msg));
	if (msg.len > XENSTORE_PAYLOAD_MAX)
		give_up("an answer that is no answer");
	ring_get(ring, body, msg.len);
	body[msg.len] = '\0';
	/* Names come with a NUL behind each. */
	for (char *c = body; c < body + msg.len; c += strlen(c) + 1)
		puts(c);
	return msg.type == XS_ERROR;
}

static int introduce(const char *domid)
{
	struct xs_handle *xs = xs_open(0);
	bool ok = xs && xs_introduce_domain(xs, (unsigned int)atoi(domid), 1, 1);

	xs_close(xs);
	return ok ? 0 : 2;
}

static int die(const char *domid)
{
	int fd = open(run_path("dead", domid), O_WRONLY | O_CREAT, 0600);

	if (fd < 0)
		give_up("dead");
	close(fd);
	event_send(UINT32_MAX);
	return 0;
}

int main(int argc, char *argv[])
{
	self = argc > 1 ? (uint32_t)atoi(argv[1]) : 0;
	if (argc == 3 && strcmp(argv[2], "introduce") == 0)
		return introduce(argv[1]);
	if (argc == 3 && strcmp(argv[2], "die") == 0)
		return die(argv[1]);
	for (size_t i = 0; argc > 3 && i < sizeof(questions) / sizeof(questions[0]); i++) {
		const struct question *q = &questions[i];

		if (strcmp(argv[2], q->verb) == 0 && argc - 3 >= q->min_args &&
			argc - 3 <= q->max_args)
			return ask(argv[1], q, argv + 3, argc - 3);
	}
	fprintf(stderr, "usage: guest DOMID introduce|die|read|ls|rm|mkdir|write|chmod [ARG...]\n");
	return 2;
}
