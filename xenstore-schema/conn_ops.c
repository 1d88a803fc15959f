/* What a connection's thread asks of libxenstore: one row a call. */
#include "xenstore-schema/conn.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xenstore-schema/store.h"

/* A directory that so few children are read of is nearly always there: then it is one question less
 * not to ask for it first, and where it is not there some more. */
#define FEW_CHILDREN 2

static int result_of(bool ok)
{
	return ok ? 0 : -errno;
}

static int do_read(struct xs_handle *xs, struct conn_call *call)
{
	call->out = xs_read(xs, call->transaction, call->path, &call->count);
	return result_of(call->out != NULL);
}

static int do_write(struct xs_handle *xs, struct conn_call *call)
{
	return result_of(
		xs_write(xs, call->transaction, call->path, call->data, (unsigned int)call->len));
}

static int do_mkdir(struct xs_handle *xs, struct conn_call *call)
{
	return result_of(xs_mkdir(xs, call->transaction, call->path));
}

static int do_remove(struct xs_handle *xs, struct conn_call *call)
{
	return result_of(xs_rm(xs, call->transaction, call->path));
}

static int do_list(struct xs_handle *xs, struct conn_call *call)
{
	call->out = xs_directory(xs, call->transaction, call->path, &call->count);
	return result_of(call->out != NULL);
}

/* A node's own value is of no interest here, that it can be read is. */
static int node_check(struct xs_handle *xs, xs_transaction_t t, const char *path)
{
	unsigned int len;
	void *value = xs_read(xs, t, path, &len);
	int err = value ? 0 : -errno;

	free(value);
	return err;
}

/* Appends a child's value, or that there is none, to the answer, which has `*len` bytes. */
static int child_append(struct conn_call *call, size_t *len, const char *value, uint32_t count)
{
	size_t more = sizeof(count) + (value ? (size_t)count + 1 : 0);
	char *out = realloc(call->out, *len + more);

	if (!out)
		return -ENOMEM;
	memcpy(out + *len, &count, sizeof(count));
	if (value)
		memcpy(out + *len + sizeof(count), value, (size_t)count + 1);
	call->out = out;
	*len += more;
	return 0;
}

static int child_read(struct xs_handle *xs, xs_transaction_t t, struct conn_call *call,
	const char *name, size_t *len, bool *found)
{
	char path[STORE_PATH_MAX + STORE_VALUE_MAX], *value;
	unsigned int count = CONN_NO_CHILD;
	int err = 0;

	snprintf(path, sizeof(path), "%s/%s", call->path, name);
	value = xs_read(xs, t, path, &count);
	if (value)
		*found = true;
	else if (errno == ENOENT)
		count = CONN_NO_CHILD;
	else
		err = -errno;
	if (!err)
		err = child_append(call, len, value, count);
	free(value);
	return err;
}

static int children_read(struct xs_handle *xs, xs_transaction_t t, struct conn_call *call)
{
	const char *end = (const char *)call->data + call->len;
	bool found = false;
	size_t len = 0;
	int err = 0;

	call->count = 0;
	for (const char *n = call->data; !err && n < end; n += strlen(n) + 1) {
		call->count++;
		err = child_read(xs, t, call, n, &len, &found);
	}
	if (err || found)
		return err;
	/* It may be gone by now. */
	call->count = 0;
	return node_check(xs, t, call->path);
}

/* Whether asking for so many children one by one costs more than asking first whether there is
 * anything at all. */
static bool are_many(const struct conn_call *call)
{
	const char *names = call->data, *end = names + call->len;
	size_t n = 0;

	for (const char *c = names; c < end; c++)
		n += *c == '\0';
	return n > FEW_CHILDREN;
}

/*
 * As one state: in the transaction that stands, or in one of its own, which only its end tells to
 * have been one state (EAGAIN: it was not).
 *
 * Each child is asked for by its name, and the directory never listed: what a stranger fills it
 * with must not matter, and oxenstored 4.17 answers a list of more than 4096 bytes with a message
 * that libxenstore takes for the end of the connection.
 */
static int do_read_children(struct xs_handle *xs, struct conn_call *call)
{
	xs_transaction_t t = call->transaction;
	int err = are_many(call) ? node_check(xs, t, call->path) : 0;

	call->count = 0;
	if (err || t != XBT_NULL)
		return err ? err : children_read(xs, t, call);
	t = xs_transaction_start(xs);
	if (t == XBT_NULL)
		return -errno;
	err = children_read(xs, t, call);
	if (!xs_transaction_end(xs, t, false) && (errno == EAGAIN || !err))
		err = -errno;
	return err;
}

/* Each as it is when it is asked for. */
static int do_read_each(struct xs_handle *xs, struct conn_call *call)
{
	return children_read(xs, call->transaction, call);
}

/* --- changing children --- */

static bool is_listed(char **names, unsigned int count, const char *name)
{
	for (unsigned int i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

/* Whether the node has this value already; one that cannot be read is another one. */
static bool value_is(struct xs_handle *xs, xs_transaction_t t, const char *path, const char *value)
{
	unsigned int len;
	char *old = xs_read(xs, t, path, &len);
	bool is = old && len == strlen(value) && memcmp(old, value, len) == 0;

	free(old);
	return is;
}

/* `value` NULL: it is to be absent. */
static int child_put(struct xs_handle *xs, xs_transaction_t t, const struct conn_call *call,
	const char *name, const char *value, bool listed)
{
	char path[STORE_PATH_MAX + STORE_VALUE_MAX];

	snprintf(path, sizeof(path), "%s/%s", call->path, name);
	if (!value)
		return listed ? result_of(xs_rm(xs, t, path)) : 0;
	if (listed && value_is(xs, t, path, value))
		return 0;
	return result_of(xs_write(xs, t, path, value, (unsigned int)strlen(value)));
}

static int children_put(struct xs_handle *xs, xs_transaction_t t, struct conn_call *call)
{
	const char *end = (const char *)call->data + call->len;
	unsigned int count;
	char **names = xs_directory(xs, t, call->path, &count);
	int err = names ? 0 : -errno;

	call->count = 0;
	for (const char *n = call->data; !err && n < end;) {
		const char *mark = n + strlen(n) + 1;
		const char *value = *mark == CONN_PUT ? mark + 1 : NULL;

		call->count++;
		err = child_put(xs, t, call, n, value, is_listed(names, count, n));
		n = mark + strlen(mark) + 1;
	}
	free(names);
	return err;
}

/* The listing also says whether the node is there, so that nothing is created where it is gone. */
static int do_put_children(struct xs_handle *xs, struct conn_call *call)
{
	xs_transaction_t t = call->transaction;
	int err;

	if (t != XBT_NULL)
		return children_put(xs, t, call);
	t = xs_transaction_start(xs);
	if (t == XBT_NULL)
		return -errno;
	err = children_put(xs, t, call);
	/* Where nothing was changed yet only the end tells whether one state was seen. */
	if (!xs_transaction_end(xs, t, err && call->count) && (errno == EAGAIN || !err))
		err = -errno;
	return err;
}

static int do_get_perms(struct xs_handle *xs, struct conn_call *call)
{
	call->out = xs_get_permissions(xs, call->transaction, call->path, &call->count);
	return result_of(call->out != NULL);
}

static int do_set_perms(struct xs_handle *xs, struct conn_call *call)
{
	struct xs_permissions perms[2];

	if (call->len > sizeof(perms))
		return -EMSGSIZE;
	memcpy(perms, call->data, call->len);
	return result_of(xs_set_permissions(xs, call->transaction, call->path, perms,
		(unsigned int)(call->len / sizeof(perms[0]))));
}

static int do_watch(struct xs_handle *xs, struct conn_call *call)
{
	return result_of(xs_watch(xs, call->path, call->data));
}

static int do_unwatch(struct xs_handle *xs, struct conn_call *call)
{
	return result_of(xs_unwatch(xs, call->path, call->data));
}

static int do_begin(struct xs_handle *xs, struct conn_call *call)
{
	call->count = xs_transaction_start(xs);
	return result_of(call->count != XBT_NULL);
}

static int do_commit(struct xs_handle *xs, struct conn_call *call)
{
	return result_of(xs_transaction_end(xs, call->transaction, false));
}

static int do_abort(struct xs_handle *xs, struct conn_call *call)
{
	return result_of(xs_transaction_end(xs, call->transaction, true));
}

static int (*const ops[])(struct xs_handle *xs, struct conn_call *call) = {
	[CONN_READ] = do_read,
	[CONN_WRITE] = do_write,
	[CONN_MKDIR] = do_mkdir,
	[CONN_REMOVE] = do_remove,
	[CONN_LIST] = do_list,
	[CONN_READ_CHILDREN] = do_read_children,
	[CONN_READ_EACH] = do_read_each,
	[CONN_PUT_CHILDREN] = do_put_children,
	[CONN_GET_PERMS] = do_get_perms,
	[CONN_SET_PERMS] = do_set_perms,
	[CONN_WATCH] = do_watch,
	[CONN_UNWATCH] = do_unwatch,
	[CONN_BEGIN] = do_begin,
	[CONN_COMMIT] = do_commit,
	[CONN_ABORT] = do_abort,
};
static_assert(sizeof(ops) / sizeof(ops[0]) == CONN_OPS, "every call has a row");

int conn_op_run(struct xs_handle *xs, struct conn_call *call)
{
	int err = ops[call->op](xs, call);

	if (err) {
		free(call->out);
		call->out = NULL;
	}
	return err;
}
