/*
 * conn: one connection of libxenstore whose calls end in time. Private to store.c.
 *
 * libxenstore waits for an answer as long as it takes, and gives no handle on the descriptor that
 * it waits on; a signal does not interrupt it, and on /dev/xen/xenbus nothing but the answer does.
 * So the calls are made by a thread that belongs to the connection. The caller waits for that
 * thread STORE_PATIENCE seconds; then it gives the connection up (it is gone for the caller, all
 * further calls fail at once), and the thread, whenever the answer does come or the connection
 * breaks, closes and frees what it alone still holds. This is the same on a socket and on
 * /dev/xen/xenbus, costs two context switches a call, and needs no knowledge of libxenstore's
 * insides. A program that ends after some questions can do without (conn_open_alone()).
 *
 * Events have a second thread of that kind: one that sits in xs_read_watch(), because only a
 * blocked reader is told that xenstored went away. What it gets stands in a queue behind an
 * eventfd.
 *
 * Not for use in a child after fork(): threads stay in the parent.
 */
#ifndef NETVM_CONN_H
#define NETVM_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xenstore.h>

struct conn;

enum conn_op {
	CONN_READ,
	CONN_WRITE,
	CONN_MKDIR,
	CONN_REMOVE,
	CONN_LIST,
	CONN_READ_CHILDREN,
	CONN_READ_EACH,
	CONN_PUT_CHILDREN,
	CONN_GET_PERMS,
	CONN_SET_PERMS,
	CONN_WATCH,
	CONN_UNWATCH,
	CONN_BEGIN,
	CONN_COMMIT,
	CONN_ABORT,
	CONN_OPS,
	/* conn.c's own: */
	CONN_OPEN,
	CONN_CLOSE,
};

#define CONN_NO_CHILD UINT32_MAX
/* CONN_PUT_CHILDREN takes a name with a NUL, one of these, a value with a NUL, and so on. */
#define CONN_PUT  '='
#define CONN_DROP '-' /* the value is empty */

struct conn_call {
	enum conn_op op;
	xs_transaction_t transaction;
	const char *path; /* where the call has one; copied */
	const void
		*data; /* value, token, struct xs_permissions[], or names with a NUL each; copied */
	size_t len;    /* bytes of data */
	/* The answer, malloc'd, the caller frees it: a value, char *[] (names), struct
	 * xs_permissions[], or for each name of CONN_READ_CHILDREN an uint32_t (in no alignment)
	 * with the length of its value, which follows with a NUL, or CONN_NO_CHILD. */
	void *out;
	/* Bytes of a value, names, permissions; the transaction. Where CONN_READ_CHILDREN or
	 * CONN_PUT_CHILDREN failed: the place of the name from 1, or 0: the directory itself. */
	unsigned int count;
};

/* Starts the thread and opens the connection. Returns 0, or a negative errno: -ENOTCONN where
 * nothing answered in time, else what xs_open() said. */
int conn_open(struct conn **out);

/* The same without threads, for a program that has no other thread and no other connection of Xen's
 * libraries, and leaves SIGALRM to this one (conn_alarm.h). CONN_WATCH: -EOPNOTSUPP. */
int conn_open_alone(struct conn **out);

/*
 * Has the thread do it, and waits. Returns 0 or a negative errno: what xenstored said, -EMSGSIZE
 * for a call that exceeds the protocol's 4096 bytes, or -ENOTCONN: the connection broke or nothing
 * answered in time. After -ENOTCONN only conn_close() is of use.
 */
int conn_call(struct conn *c, struct conn_call *call);

/* Closes in time, or leaves that to the thread. NULL is fine. */
void conn_close(struct conn *c);

/* Readable while an event waits or when the connection broke. */
int conn_event_fd(const struct conn *c);

/* 1 with an event (`*out`: path and token, one block, the caller frees it), 0 when none waits,
 * -ENOTCONN. Does not block. */
int conn_next_event(struct conn *c, char ***out);

/* The call itself, which may take any time: 0 or a negative errno (conn_ops.c). */
int conn_op_run(struct xs_handle *xs, struct conn_call *call);

#endif
