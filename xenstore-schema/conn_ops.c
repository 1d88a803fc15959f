/* What a connection's thread asks of libxenstore: one row a call. */
#include "xenstore-schema/conn.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xenstore-schema/store.h"

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

static bool name_is_among(const char *name, char *const names[], unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
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

static int children_read(struct xs_handle *xs, struct conn_call *call, xs_transaction_t t)
{
	unsigned int there = 0, place = 0;
	char **names = xs_directory(xs, t, call->path, &there);
	const char *end = (const char *)call->data + call->len;
	int err = names ? 0 : -errno;
	size_t len = 0;

	call->count = 0;
	for (const char *n = call->data; !err && n < end; n += strlen(n) + 1) {
		char path[STORE_PATH_MAX + STORE_VALUE_MAX], *value = NULL;
		unsigned int count = CONN_NO_CHILD;

		call->count = ++place;
		if (name_is_among(n, names, there)) {
			snprintf(path, sizeof(path), "%s/%s", call->path, n);
			value = xs_read(xs, t, path, &count);
			err = result_of(value != NULL);
		}
		if (!err)
			err = child_append(call, &len, value, count);
		free(value);
	}
	free(names);
	return err;
}

/* As one state: in the transaction that stands, or in one of its own, which only its end tells to
 * have been one state (EAGAIN: it was not). */
static int do_read_children(struct xs_handle *xs, struct conn_call *call)
{
	xs_transaction_t t = call->transaction;
	int err;

	if (t != XBT_NULL)
		return children_read(xs, call, t);
	t = xs_transaction_start(xs);
	if (t == XBT_NULL)
		return -errno;
	err = children_read(xs, call, t);
	if (!xs_transaction_end(xs, t, false) && (errno == EAGAIN || !err))
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
