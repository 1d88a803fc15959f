/*
 * store: a connection to xenstored; bounded reads, transactions, permissions, watches.
 *
 * The only user of libxenstore in the project. It knows how to talk, not what is said: paths and
 * grammars are schema.h's. Everything read may come from a hostile domain: a value that is too
 * long, or holds a NUL, is an error and never cut.
 *
 * Functions return 0 or a negative errno and name the path in `e`. -ENOTCONN means that xenstored
 * is gone (or did not answer within STORE_PATIENCE seconds): the connection is of no use any more,
 * store_close() it and open another. That holds on a socket and on /dev/xen/xenbus (conn.h says
 * how); what /dev/xen/xenbus cannot tell is that xenstored went away while nothing is asked.
 *
 * A store is for one thread at a time, and not for a child after fork() (exec is fine).
 */
#ifndef NETVM_STORE_H
#define NETVM_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

#define STORE_PATH_MAX	1025 /* with the NUL; ours, xenstored takes 3072 (xs_wire.h) */
#define STORE_VALUE_MAX 4097 /* XENSTORE_PAYLOAD_MAX and a NUL */
#define STORE_PATIENCE	4    /* seconds that an answer may take */

struct store;

/* Connects as libxenstore does (XENSTORED_PATH is honoured), and sees to it that somebody answers:
 * before a program waits for a lock that a caller of a silent xenstored holds. -ENOTCONN with what
 * to do about it where no xenstored answers. */
int store_open(struct store **out, struct err *e);
/* The same, several times faster, for a program with one thread and this one connection of Xen's
 * libraries that watches nothing. Whether anybody answers is told by the first call. Takes SIGALRM
 * and the real interval timer during calls. */
int store_open_alone(struct store **out, struct err *e);
void store_close(struct store *s); /* NULL is fine; an open transaction is aborted */

/*
 * Runs `body` in a transaction: all of its reads see one state, all of its writes appear at once or
 * not at all. Where xenstored says that others were faster (EAGAIN) `body` is run again from the
 * start, some times, then -EAGAIN; so it must be repeatable. A failure of `body` aborts the
 * transaction. Within `body` every other function here acts in the transaction. They do not nest.
 */
int store_transact(struct store *s, int (*body)(struct store *s, void *arg, struct err *e),
	void *arg, struct err *e);

/* Reads a value into `buf`. -ENOENT: no such node. -EMSGSIZE: longer than `size` - 1 bytes.
 * -EILSEQ: a NUL in it. -EACCES. */
int store_read(struct store *s, const char *path, char *buf, size_t size, struct err *e);
int store_write(struct store *s, const char *path, const char *value, struct err *e);
/* Creates an empty node, if it is not there. */
int store_mkdir(struct store *s, const char *path, struct err *e);
/* Removes a node and what is below it; 0 also where there is none. */
int store_remove(struct store *s, const char *path, struct err *e);
/* False also where it cannot be told: for messages and tests, not for decisions. */
bool store_exists(struct store *s, const char *path);

/* Names of a node's children. At most STORE_NAMES_MAX are taken, more give -E2BIG. -ENOENT: no such
 * node. Only for directories that no stranger may fill: oxenstored 4.17 answers a list of more than
 * 4096 bytes with a message that ends the connection (-ENOTCONN). */
#define STORE_NAMES_MAX 16384
struct store_names {
	char **name; /* store_names_free() */
	size_t count;
};
int store_list(struct store *s, const char *path, struct store_names *out, struct err *e);
void store_names_free(struct store_names *n);

/*
 * The values of some children of a node, as one state, for little more than the price of one call
 * and whatever else is in there: value[i] is that of names[i], NULL where there is no such child.
 * -ENOENT: no such node. -EILSEQ: a NUL in a value. -EAGAIN as store_transact(). The names together
 * have less than 4096 bytes.
 */
struct store_values {
	const char **value; /* store_values_free() */
	size_t count;
	void *block;
};
int store_read_children(struct store *s, const char *path, const char *const names[], size_t count,
	struct store_values *out, struct err *e);
/* The same without being one state, and so without a transaction, which costs as much as six
 * values: for who can tell that it was one, or is told of every change and looks again. */
int store_read_each(struct store *s, const char *path, const char *const names[], size_t count,
	struct store_values *out, struct err *e);
void store_values_free(struct store_values *v);

/*
 * Gives children of a node these values, as one change, for little more than the price of one call;
 * what is so already is not written (no watch fires). -ENOENT: no such node; nothing is created.
 * -EAGAIN as store_transact(). Names and values together have less than 4096 bytes. Only for
 * directories that store_list() may be used for.
 */
struct store_child {
	const char *name;
	const char *value; /* NULL: it is not to be there */
};
int store_put_children(struct store *s, const char *path, const struct store_child *children,
	size_t count, struct err *e);

/* Who may do what with a node, in xenstore's words: "n0,r5" is owner 0, others nothing, domain 5
 * reads. */
struct store_perms {
	uint32_t owner;
	bool has_reader;
	uint32_t reader;
};
int store_set_perms(struct store *s, const char *path, const struct store_perms *p, struct err *e);
/* Whether a node's permissions are exactly these. -ENOENT: no such node. */
int store_has_perms(
	struct store *s, const char *path, const struct store_perms *p, bool *has, struct err *e);

/* The domid of the domain that this runs in (its own "domid" node). */
int store_own_domid(struct store *s, uint32_t *domid, struct err *e);

/* --- watches --- */

/* Watches `path` and all below it; the first event comes at once. */
int store_watch(struct store *s, const char *path, const char *token, struct err *e);
int store_unwatch(struct store *s, const char *path, const char *token, struct err *e);
/* Readable when an event waits. For the event loop. */
int store_fd(struct store *s);
/*
 * Takes one waiting event: 1 with `path` and `token` (cut to their sizes; events say where to look,
 * not what is), 0 when none waits, -ENOTCONN. Does not block.
 */
int store_next_event(struct store *s, char path[STORE_PATH_MAX], char token[64], struct err *e);

#endif
