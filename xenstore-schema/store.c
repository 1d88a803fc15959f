#include "xenstore-schema/store.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "xenstore-schema/conn.h"
#include "xenstore-schema/schema.h"

/* How often a transaction is tried before -EAGAIN, and the pause after a try, which grows by this:
 * 120 ms in all. */
#define STORE_TRIES    16
#define STORE_PAUSE_MS 1

struct store {
	struct conn *conn;
	xs_transaction_t transaction; /* XBT_NULL outside of one */
	bool changes;		      /* something was asked to change in it */
};

/* Names the path and says what went wrong; for -ENOTCONN, what broke. */
static int store_fail(struct err *e, int err, const char *doing, const char *path)
{
	switch (err) {
	case -ENOTCONN:
		return err_set(e, err,
			"xenstored is gone, or did not answer for %d seconds, while %s %s",
			STORE_PATIENCE, doing, path);
	case -EMSGSIZE:
		return err_set(e, err, "%s: too long for xenstore", path);
	case -EAGAIN:
		return err_set(
			e, err, "%s: others changed it each time in %d tries", path, STORE_TRIES);
	default:
		return err_sys(e, err, "%s: %s failed", path, doing);
	}
}

static int store_open_by(struct store **out, int (*conn_open_by)(struct conn **out), struct err *e)
{
	struct store *s = calloc(1, sizeof(*s));
	const char *socket = getenv("XENSTORED_PATH");
	int err;

	*out = NULL;
	if (!s)
		return err_sys(e, -ENOMEM, "xenstore");
	err = conn_open_by(&s->conn);
	if (!err) {
		*out = s;
		return 0;
	}
	free(s);
	if (err == -ENOTCONN)
		return err_set(e, err, "xenstored is gone, or did not answer for %d seconds",
			STORE_PATIENCE);
	return err_set(e, -ENOTCONN,
		"no xenstored: neither its socket (%s) nor /dev/xen/xenbus can be opened; %s",
		socket ? socket : "where libxenstore looks for it",
		geteuid() == 0 ? "in dom0 start xenstored, in a domain load xen_evtchn and xenfs"
			       : "that needs root");
}

int store_open(struct store **out, struct err *e)
{
	return store_open_by(out, conn_open, e);
}

int store_open_alone(struct store **out, struct err *e)
{
	return store_open_by(out, conn_open_alone, e);
}

void store_close(struct store *s)
{
	if (!s)
		return;
	conn_close(s->conn);
	free(s);
}

static const bool op_changes[] = {
	[CONN_WRITE] = true,
	[CONN_MKDIR] = true,
	[CONN_REMOVE] = true,
	[CONN_PUT_CHILDREN] = true,
	[CONN_SET_PERMS] = true,
	[CONN_OPS] = false,
};

/* After try number `i` that others overtook. */
static void store_pause(int i)
{
	poll(NULL, 0, i * STORE_PAUSE_MS);
}

/* One call in the transaction that stands, if one does. */
static int store_call(struct store *s, struct conn_call *call, const char *doing, struct err *e)
{
	int err;

	call->transaction = s->transaction;
	s->changes |= op_changes[call->op];
	err = conn_call(s->conn, call);
	return err ? store_fail(e, err, doing, call->path ? call->path : "xenstore") : 0;
}

/*
 * A body that fails after changes is aborted. One that only read is committed even then: nodes are
 * copied into a transaction when they are first touched, so that what it stumbled over may be a
 * mixture of two states, and only the commit tells (EAGAIN).
 */
static int transaction_try(struct store *s, int (*body)(struct store *s, void *arg, struct err *e),
	void *arg, struct err *e)
{
	struct conn_call begin = { .op = CONN_BEGIN, .path = "a transaction" };
	struct conn_call end = { .op = CONN_COMMIT, .path = begin.path };
	int err, body_err;

	err = store_call(s, &begin, "beginning", e);
	if (err)
		return err;
	s->transaction = begin.count;
	s->changes = false;
	body_err = body(s, arg, e);
	if (body_err && s->changes)
		end.op = CONN_ABORT;
	end.transaction = s->transaction;
	s->transaction = XBT_NULL;
	err = conn_call(s->conn, &end);
	if (body_err && err != -EAGAIN)
		return body_err;
	return err ? store_fail(e, err, "ending", end.path) : 0;
}

int store_transact(struct store *s, int (*body)(struct store *s, void *arg, struct err *e),
	void *arg, struct err *e)
{
	if (s->transaction != XBT_NULL)
		return err_set(e, -EBUSY, "a transaction within a transaction");
	for (int i = 0; i < STORE_TRIES; i++) {
		int err = transaction_try(s, body, arg, e);

		if (err != -EAGAIN)
			return err;
		if (e)
			*e = (struct err)ERR_NONE;
		store_pause(i);
	}
	return store_fail(e, -EAGAIN, "ending", "a transaction's nodes");
}

/* --- nodes --- */

int store_read(struct store *s, const char *path, char *buf, size_t size, struct err *e)
{
	struct conn_call call = { .op = CONN_READ, .path = path };
	int err = store_call(s, &call, "reading", e);

	if (err)
		return err;
	if (memchr(call.out, '\0', call.count))
		err = err_set(e, -EILSEQ, "%s: a NUL in the value", path);
	else if (call.count >= size)
		err = err_set(e, -EMSGSIZE, "%s: a value of %u bytes, at most %zu are allowed",
			path, call.count, size - 1);
	else
		memcpy(buf, call.out, call.count + 1);
	free(call.out);
	return err;
}

int store_write(struct store *s, const char *path, const char *value, struct err *e)
{
	struct conn_call call = {
		.op = CONN_WRITE, .path = path, .data = value, .len = strlen(value)
	};

	return store_call(s, &call, "writing", e);
}

int store_mkdir(struct store *s, const char *path, struct err *e)
{
	struct conn_call call = { .op = CONN_MKDIR, .path = path };

	return store_call(s, &call, "creating", e);
}

int store_remove(struct store *s, const char *path, struct err *e)
{
	struct conn_call call = { .op = CONN_REMOVE, .path = path };
	int err = store_call(s, &call, "removing", NULL);

	return err && err != -ENOENT ? store_fail(e, err, "removing", path) : 0;
}

bool store_exists(struct store *s, const char *path)
{
	struct conn_call call = { .op = CONN_READ, .path = path };
	int err = store_call(s, &call, "reading", NULL);

	free(call.out);
	return err == 0;
}

int store_list(struct store *s, const char *path, struct store_names *out, struct err *e)
{
	struct conn_call call = { .op = CONN_LIST, .path = path };
	int err = store_call(s, &call, "listing", e);

	*out = (struct store_names){ 0 };
	if (err)
		return err;
	if (call.count > STORE_NAMES_MAX) {
		free(call.out);
		return err_set(e, -E2BIG, "%s: %u entries, at most %d are allowed", path,
			call.count, STORE_NAMES_MAX);
	}
	/* One block: the pointers, then the names. */
	out->name = call.out;
	out->count = call.count;
	return 0;
}

void store_names_free(struct store_names *n)
{
	free(n->name);
	*n = (struct store_names){ 0 };
}

/* --- several values --- */

/* The names with a NUL behind each. */
static int names_pack(
	const char *const names[], size_t count, char buf[STORE_VALUE_MAX], size_t *len)
{
	*len = 0;
	for (size_t i = 0; i < count; i++) {
		size_t n = strlen(names[i]) + 1;

		if (*len + n >= STORE_VALUE_MAX)
			return -EMSGSIZE;
		memcpy(buf + *len, names[i], n);
		*len += n;
	}
	return 0;
}

/* Points `out` into the answer `block`, which has one entry a name. */
static int values_unpack(struct store_values *out, char *block, size_t count)
{
	out->block = block;
	out->value = calloc(count + 1, sizeof(*out->value));
	if (!out->value)
		return -ENOMEM;
	for (; out->count < count; out->count++) {
		uint32_t len;

		memcpy(&len, block, sizeof(len));
		block += sizeof(len);
		if (len == CONN_NO_CHILD)
			continue;
		if (memchr(block, '\0', len))
			return -EILSEQ;
		out->value[out->count] = block;
		block += len + 1;
	}
	return 0;
}

static int children_call(struct store *s, struct conn_call *call)
{
	int err = 0;

	for (int i = 0; i < STORE_TRIES; i++) {
		err = conn_call(s->conn, call);
		/* Within a transaction it is the whole of it that must be repeated. */
		if (err != -EAGAIN || s->transaction != XBT_NULL)
			return err;
		store_pause(i);
	}
	return err;
}

static int values_read(struct store *s, enum conn_op op, const char *path,
	const char *const names[], size_t count, struct store_values *out, struct err *e)
{
	char data[STORE_VALUE_MAX], where[STORE_PATH_MAX + 64];
	struct conn_call call = {
		.op = op, .path = path, .data = data, .transaction = s->transaction
	};
	int err = names_pack(names, count, data, &call.len);

	*out = (struct store_values){ 0 };
	if (!err)
		err = children_call(s, &call);
	if (!err) {
		err = values_unpack(out, call.out, count);
		call.count = (unsigned int)out->count + 1;
	}
	if (!err)
		return 0;
	snprintf(where, sizeof(where), "%.1024s%s%.60s", path, call.count ? "/" : "",
		call.count && call.count <= count ? names[call.count - 1] : "");
	store_values_free(out);
	if (err == -EILSEQ)
		return err_set(e, err, "%s: a NUL in the value", where);
	return store_fail(e, err, "reading", where);
}

int store_read_children(struct store *s, const char *path, const char *const names[], size_t count,
	struct store_values *out, struct err *e)
{
	return values_read(s, CONN_READ_CHILDREN, path, names, count, out, e);
}

int store_read_each(struct store *s, const char *path, const char *const names[], size_t count,
	struct store_values *out, struct err *e)
{
	return values_read(s, CONN_READ_EACH, path, names, count, out, e);
}

/* Name, mark and value of each. */
static int children_pack(
	const struct store_child *children, size_t count, char buf[STORE_VALUE_MAX], size_t *len)
{
	*len = 0;
	for (size_t i = 0; i < count; i++) {
		const struct store_child *c = &children[i];
		int n = snprintf(buf + *len, STORE_VALUE_MAX - *len, "%s%c%c%s", c->name, '\0',
			c->value ? CONN_PUT : CONN_DROP, c->value ? c->value : "");

		if ((size_t)n + 1 >= STORE_VALUE_MAX - *len)
			return -EMSGSIZE;
		*len += (size_t)n + 1;
	}
	return 0;
}

int store_put_children(struct store *s, const char *path, const struct store_child *children,
	size_t count, struct err *e)
{
	char data[STORE_VALUE_MAX], where[STORE_PATH_MAX + 64];
	struct conn_call call = {
		.op = CONN_PUT_CHILDREN, .path = path, .data = data, .transaction = s->transaction
	};
	int err = children_pack(children, count, data, &call.len);

	s->changes = true;
	if (!err)
		err = children_call(s, &call);
	if (!err)
		return 0;
	snprintf(where, sizeof(where), "%.1024s%s%.60s", path, call.count ? "/" : "",
		call.count && call.count <= count ? children[call.count - 1].name : "");
	return store_fail(e, err, call.count ? "writing" : "listing", where);
}

void store_values_free(struct store_values *v)
{
	free(v->value);
	free(v->block);
	*v = (struct store_values){ 0 };
}

/* --- permissions --- */

/* In libxenstore's form: the first entry is the owner and what everybody else may. Returns how many
 * there are. */
static unsigned int perms_spell(const struct store_perms *p, struct xs_permissions out[2])
{
	out[0] = (struct xs_permissions){ .id = p->owner, .perms = XS_PERM_NONE };
	out[1] = (struct xs_permissions){ .id = p->reader, .perms = XS_PERM_READ };
	return p->has_reader ? 2 : 1;
}

int store_set_perms(struct store *s, const char *path, const struct store_perms *p, struct err *e)
{
	struct xs_permissions perms[2];
	struct conn_call call = { .op = CONN_SET_PERMS, .path = path, .data = perms };

	call.len = perms_spell(p, perms) * sizeof(perms[0]);
	return store_call(s, &call, "setting the permissions of", e);
}

int store_has_perms(
	struct store *s, const char *path, const struct store_perms *p, bool *has, struct err *e)
{
	struct conn_call call = { .op = CONN_GET_PERMS, .path = path };
	struct xs_permissions want[2], *is;
	unsigned int count = perms_spell(p, want);
	int err = store_call(s, &call, "reading the permissions of", e);

	*has = false;
	if (err)
		return err;
	is = call.out;
	if (call.count == count) {
		*has = true;
		for (unsigned int i = 0; i < count; i++)
			*has = *has && is[i].id == want[i].id && is[i].perms == want[i].perms;
	}
	free(is);
	return 0;
}

int store_own_domid(struct store *s, uint32_t *domid, struct err *e)
{
	char text[16];
	int err = store_read(s, "domid", text, sizeof(text), e);

	if (err)
		return err;
	if (domid_parse(text, domid) < 0)
		return err_set(e, -EINVAL, "domid: \"%s\" is not a domain's number", text);
	return 0;
}

/* --- watches --- */

static int watch_call(struct store *s, enum conn_op op, const char *doing, const char *path,
	const char *token, struct err *e)
{
	struct conn_call call = { .op = op, .path = path, .data = token, .len = strlen(token) };
	int err = conn_call(s->conn, &call);

	return err ? store_fail(e, err, doing, path) : 0;
}

int store_watch(struct store *s, const char *path, const char *token, struct err *e)
{
	return watch_call(s, CONN_WATCH, "watching", path, token, e);
}

int store_unwatch(struct store *s, const char *path, const char *token, struct err *e)
{
	return watch_call(s, CONN_UNWATCH, "no longer watching", path, token, e);
}

int store_fd(struct store *s)
{
	return conn_event_fd(s->conn);
}

int store_next_event(struct store *s, char path[STORE_PATH_MAX], char token[64], struct err *e)
{
	char **event = NULL;
	int ret = conn_next_event(s->conn, &event);

	if (ret < 0)
		return store_fail(e, ret, "waiting for", "events");
	if (ret) {
		snprintf(path, STORE_PATH_MAX, "%s", event[XS_WATCH_PATH]);
		snprintf(token, 64, "%s", event[XS_WATCH_TOKEN]);
		free(event);
	}
	return ret;
}
