/* store.h on a real xenstored: values, transactions, permissions, watches. */
#include <errno.h>
#include <poll.h>

#include <xenstore.h>

#include "tests/store/scenario.h"

static void a_value_comes_back(struct store *s)
{
	char buf[STORE_VALUE_MAX];

	node_put(s, "/test/a", "one two");
	IS_TEXT("one two", node_text(s, "/test/a"));
	node_put(s, "/test/a", "");
	RETURNS(0, store_read(s, "/test/a", buf, 1, &scenario_err));
	IS_TEXT("", buf);
	RETURNS(-ENOENT, store_read(s, "/test/b", buf, sizeof(buf), &scenario_err));
	IS(true, store_exists(s, "/test/a"));
	IS(false, store_exists(s, "/test/b"));
	RETURNS(0, store_remove(s, "/test/a", &scenario_err));
	RETURNS(0, store_remove(s, "/test/a", &scenario_err));
	RETURNS(0, store_remove(s, "/test/nowhere/at/all", &scenario_err));
	IS(false, store_exists(s, "/test/a"));
}

static void a_long_value_is_refused_and_never_cut(struct store *s)
{
	char value[STORE_VALUE_MAX + 10], buf[STORE_VALUE_MAX];
	/* A message holds both; oxenstored, as Debian configures it, has a quota. */
	const size_t most = is_oxenstored() ? 2048 : STORE_VALUE_MAX - 1 - sizeof("/test/a");

	memset(value, 'x', sizeof(value));
	value[most] = '\0';
	node_put(s, "/test/a", value);
	RETURNS(0, store_read(s, "/test/a", buf, sizeof(buf), &scenario_err));
	IS_TEXT(value, buf);
	strcpy(buf, "untouched");
	RETURNS(-EMSGSIZE, store_read(s, "/test/a", buf, most, &scenario_err));
	IS_TEXT("untouched", buf);
	RETURNS(0, store_read(s, "/test/a", buf, most + 1, &scenario_err));

	value[most] = 'x';
	value[most + 1] = '\0';
	RETURNS(-EMSGSIZE, store_write(s, "/test/a", value, &scenario_err));
	value[most + 1] = 'x';
	value[STORE_VALUE_MAX + 9] = '\0';
	RETURNS(-EMSGSIZE, store_write(s, "/test/a", value, &scenario_err));
	IS(most, strlen(node_text(s, "/test/a")));
}

static void a_value_with_a_nul_is_refused(struct store *s)
{
	struct xs_handle *xs = xs_open(0);
	char buf[64];

	IS(true, xs_write(xs, XBT_NULL, "/test/a", "10.0.0.1\0x", 10));
	RETURNS(-EILSEQ, store_read(s, "/test/a", buf, sizeof(buf), &scenario_err));
	IS(true, xs_write(xs, XBT_NULL, "/test/a", "10.0.0.1\0", 9));
	RETURNS(-EILSEQ, store_read(s, "/test/a", buf, sizeof(buf), &scenario_err));
	xs_close(xs);
}

static void a_path_that_xenstored_refuses_leaves_the_connection_in_use(struct store *s)
{
	char path[STORE_PATH_MAX + 10], buf[16];

	RETURNS(-EINVAL, store_write(s, "/test/a.b", "x", &scenario_err));
	RETURNS(-EINVAL, store_read(s, "/test//a", buf, sizeof(buf), &scenario_err));
	RETURNS(-EINVAL, store_read(s, "", buf, sizeof(buf), &scenario_err));
	memset(path, 'x', sizeof(path));
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	RETURNS(-EMSGSIZE, store_write(s, path, "x", &scenario_err));
	node_put(s, "/test/a", "still here");
	IS_TEXT("still here", node_text(s, "/test/a"));
}

/* --- transactions --- */

struct bump {
	struct store *other; /* who writes in between, `left` times */
	int left, tries;
	int result;
};

/* Counts up; somebody else does so too, between our read and our write. */
static int bump_body(struct store *s, void *arg, struct err *e)
{
	struct bump *b = arg;
	char text[16];
	int err = store_read(s, "/test/counter", text, sizeof(text), e);

	if (err)
		return err;
	b->tries++;
	if (b->left) {
		char theirs[16];

		b->left--;
		snprintf(theirs, sizeof(theirs), "%d", atoi(text) + 10);
		node_put(b->other, "/test/counter", theirs);
	}
	snprintf(text, sizeof(text), "%d", atoi(text) + 1);
	err = store_write(s, "/test/counter", text, e);
	return err ? err : b->result;
}

static void a_transaction_that_others_overtook_is_repeated(struct store *s)
{
	struct bump b = { .left = 2 };

	RETURNS(0, store_open(&b.other, &scenario_err));
	node_put(s, "/test/counter", "0");
	RETURNS(0, store_transact(s, bump_body, &b, &scenario_err));
	IS(3, b.tries);
	IS_TEXT("21", node_text(s, "/test/counter"));
	store_close(b.other);
}

static void a_transaction_that_others_always_overtake_ends_with_eagain(struct store *s)
{
	struct bump b = { .left = 1000000 };

	RETURNS(0, store_open(&b.other, &scenario_err));
	node_put(s, "/test/counter", "0");
	RETURNS(-EAGAIN, store_transact(s, bump_body, &b, &scenario_err));
	IS(true, b.tries > 3 && b.tries < 100);
	IS(b.tries * 10, atoi(node_text(s, "/test/counter")));
	store_close(b.other);
}

static void a_body_that_fails_changes_nothing(struct store *s)
{
	struct bump b = { .result = -EPROTO };

	node_put(s, "/test/counter", "5");
	RETURNS(-EPROTO, store_transact(s, bump_body, &b, &scenario_err));
	IS(1, b.tries);
	IS_TEXT("5", node_text(s, "/test/counter"));
	b.result = 0;
	RETURNS(0, store_transact(s, bump_body, &b, &scenario_err));
	IS_TEXT("6", node_text(s, "/test/counter"));
}

static int peek_body(struct store *s, void *arg, struct err *e)
{
	struct store *other = arg;

	(void)e;
	node_put(s, "/test/first", "new");
	IS_TEXT("new", node_text(s, "/test/first"));
	IS_TEXT("old", node_text(other, "/test/first"));
	IS(false, store_exists(other, "/test/second"));
	node_put(s, "/test/second", "new");
	return 0;
}

static void nobody_sees_half_a_transaction(struct store *s)
{
	struct store *other;

	RETURNS(0, store_open(&other, &scenario_err));
	node_put(s, "/test/first", "old");
	RETURNS(0, store_transact(s, peek_body, other, &scenario_err));
	IS_TEXT("new", node_text(other, "/test/first"));
	IS_TEXT("new", node_text(other, "/test/second"));
	store_close(other);
}

static int nest_body(struct store *s, void *arg, struct err *e)
{
	(void)arg;
	return store_transact(s, nest_body, NULL, e);
}

static void transactions_do_not_nest(struct store *s)
{
	RETURNS(-EBUSY, store_transact(s, nest_body, NULL, &scenario_err));
	RETURNS(0, store_write(s, "/test/after", "x", &scenario_err));
}

/* --- lists --- */

static void thousands_of_names_are_listed_and_too_many_are_refused(struct store *s)
{
	struct store_names names;
	char path[64];

	RETURNS(-ENOENT, store_list(s, "/many", &names, &scenario_err));
	RETURNS(0, store_mkdir(s, "/many", &scenario_err));
	RETURNS(0, store_list(s, "/many", &names, &scenario_err));
	IS(0, names.count);
	store_names_free(&names);
	for (int i = 0; i <= STORE_NAMES_MAX; i++) {
		snprintf(path, sizeof(path), "/many/node-%d", i);
		RETURNS(0, store_mkdir(s, path, &scenario_err));
		if (i != 4999 && i != STORE_NAMES_MAX - 1)
			continue;
		RETURNS(0, store_list(s, "/many", &names, &scenario_err));
		IS(i + 1, names.count);
		store_names_free(&names);
		store_names_free(&names);
	}
	RETURNS(-E2BIG, store_list(s, "/many", &names, &scenario_err));
	IS(0, names.count);
}

/* So a directory that a stranger fills must never be listed; store.h says so. */
static void a_list_that_fits_no_message_ends_the_connection(struct store *s)
{
	struct store_names names;
	struct store *other;
	char path[64];

	for (int i = 0; i < 409; i++) {
		snprintf(path, sizeof(path), "/many/node-%04d", i);
		RETURNS(0, store_mkdir(s, path, &scenario_err));
	}
	RETURNS(0, store_list(s, "/many", &names, &scenario_err));
	IS(409, names.count);
	store_names_free(&names);
	RETURNS(0, store_mkdir(s, "/many/one-more", &scenario_err));
	RETURNS(-ENOTCONN, store_list(s, "/many", &names, &scenario_err));
	RETURNS(0, store_open(&other, &scenario_err));
	IS(true, store_exists(other, "/many/one-more"));
	store_close(other);
}

static int children_body(struct store *s, void *arg, struct err *e)
{
	static const char *const names[] = { "a", "missing", "empty" };
	struct store_values *v = arg;

	return store_read_children(s, "/test", names, 3, v, e);
}

static void several_values_come_as_one_state(struct store *s)
{
	const char *many[1000];
	struct store_values v;

	RETURNS(-ENOENT, children_body(s, &v, &scenario_err));
	node_put(s, "/test/a", "one");
	node_put(s, "/test/empty", "");
	node_put(s, "/test/other", "x");
	for (int i = 0; i < 2; i++) {
		RETURNS(0, i ? store_transact(s, children_body, &v, &scenario_err)
			     : children_body(s, &v, &scenario_err));
		IS(3, v.count);
		IS_TEXT("one", v.value[0]);
		IS(true, v.value[1] == NULL);
		IS_TEXT("", v.value[2]);
		store_values_free(&v);
		store_values_free(&v);
	}
	for (int i = 0; i < 1000; i++)
		many[i] = "other";
	RETURNS(0, store_read_children(s, "/test", many, 600, &v, &scenario_err));
	IS_TEXT("x", v.value[599]);
	store_values_free(&v);
	RETURNS(-EMSGSIZE, store_read_children(s, "/test", many, 1000, &v, &scenario_err));
}

/* Whether an event waits; what came before is taken away first. */
static bool has_event(struct store *s)
{
	char path[STORE_PATH_MAX], token[64];
	uint32_t domid;
	bool has = false;

	/* An answer that comes after it has passed everything before it. */
	RETURNS(0, store_own_domid(s, &domid, &scenario_err));
	while (store_next_event(s, path, token, &scenario_err) == 1)
		has = true;
	return has;
}

static void several_values_are_put_as_one_change(struct store *s)
{
	const struct store_child set[] = { { "error", "wrong" }, { "status", "bad" } };
	const struct store_child clear[] = { { "error", NULL }, { "status", "good" } };
	char long_value[STORE_VALUE_MAX], path[STORE_PATH_MAX], token[64], buf[16];
	const struct store_child too_long[] = { { "status", long_value } };

	RETURNS(-ENOENT, store_put_children(s, "/test", set, 2, &scenario_err));
	IS(false, store_exists(s, "/test"));
	node_put(s, "/test/other", "x");
	RETURNS(0, store_put_children(s, "/test", set, 2, &scenario_err));
	RETURNS(0, store_read(s, "/test/error", buf, sizeof(buf), &scenario_err));
	IS_TEXT("wrong", buf);
	RETURNS(0, store_put_children(s, "/test", clear, 2, &scenario_err));
	IS(false, store_exists(s, "/test/error"));
	RETURNS(0, store_read(s, "/test/status", buf, sizeof(buf), &scenario_err));
	IS_TEXT("good", buf);
	RETURNS(0, store_read(s, "/test/other", buf, sizeof(buf), &scenario_err));
	IS_TEXT("x", buf);
	memset(long_value, 'x', sizeof(long_value) - 1);
	long_value[sizeof(long_value) - 1] = '\0';
	RETURNS(-EMSGSIZE, store_put_children(s, "/test", too_long, 1, &scenario_err));
	RETURNS(0, store_watch(s, "/test", "tok", &scenario_err));
	event_await(s, path, token);
	RETURNS(0, store_put_children(s, "/test", clear, 2, &scenario_err));
	IS(false, has_event(s));
	RETURNS(0, store_put_children(s, "/test", set, 2, &scenario_err));
	event_await(s, path, token);
}

/* --- permissions --- */

static void permissions_are_those_that_were_set(struct store *s)
{
	struct store_perms mine = { .owner = 0, .has_reader = true, .reader = 5 };
	struct store_perms other = { .owner = 0, .has_reader = true, .reader = 6 };
	struct store_perms none = { .owner = 0 };
	bool has = true;

	RETURNS(-ENOENT, store_has_perms(s, "/test/a", &mine, &has, &scenario_err));
	RETURNS(0, store_mkdir(s, "/test/a", &scenario_err));
	RETURNS(0, store_set_perms(s, "/test/a", &mine, &scenario_err));
	IS_TEXT("n0,r5", node_perms("/test/a"));
	RETURNS(0, store_has_perms(s, "/test/a", &mine, &has, &scenario_err));
	IS(true, has);
	RETURNS(0, store_has_perms(s, "/test/a", &other, &has, &scenario_err));
	IS(false, has);
	RETURNS(0, store_has_perms(s, "/test/a", &none, &has, &scenario_err));
	IS(false, has);
	node_put(s, "/test/a/below", "x");
	IS_TEXT("n0,r5", node_perms("/test/a/below"));
}

static void the_own_domid_is_a_number_or_refused(struct store *s)
{
	uint32_t domid = 1;

	RETURNS(0, store_own_domid(s, &domid, &scenario_err));
	IS(0, domid);
	node_put(s, "domid", "0x");
	RETURNS(-EINVAL, store_own_domid(s, &domid, &scenario_err));
	node_put(s, "domid", "32752");
	RETURNS(-EINVAL, store_own_domid(s, &domid, &scenario_err));
	node_put(s, "domid", "0");
}

/* --- watches --- */

static void a_watch_reports_at_once_and_then_each_change(struct store *s)
{
	struct pollfd fd = { .events = POLLIN };
	char path[STORE_PATH_MAX], token[64];

	RETURNS(0, store_watch(s, "/test", "tok", &scenario_err));
	fd.fd = store_fd(s);
	event_await(s, path, token);
	IS_TEXT("/test", path);
	IS_TEXT("tok", token);
	RETURNS(0, store_next_event(s, path, token, &scenario_err));
	IS(0, poll(&fd, 1, 0));
	node_put(s, "/test/below/deep", "x");
	IS(1, poll(&fd, 1, -1));
	event_await(s, path, token);
	IS_TEXT("/test/below/deep", path);
	RETURNS(0, store_unwatch(s, "/test", "tok", &scenario_err));
	RETURNS(-ENOENT, store_unwatch(s, "/test", "tok", &scenario_err));
	node_put(s, "/test/unseen", "x");
	RETURNS(0, store_watch(s, "/test/last", "last", &scenario_err));
	event_await(s, path, token);
	IS_TEXT("last", token);
}

static void a_relative_watch_reports_relative_paths(struct store *s)
{
	char path[STORE_PATH_MAX], token[64];

	RETURNS(0, store_watch(s, "backend/vif", "tok", &scenario_err));
	event_await(s, path, token);
	node_put(s, "/local/domain/0/backend/vif/5/0/state", "2");
	event_await(s, path, token);
	IS_TEXT("backend/vif/5/0/state", path);
	RETURNS(0, store_remove(s, "backend", &scenario_err));
}

static void no_event_of_a_burst_is_lost(struct store *s)
{
	enum { COUNT = 3000 }; /* more than the queue in conn.c takes */
	char path[STORE_PATH_MAX], token[64], want[64];
	struct store *other;

	RETURNS(0, store_open(&other, &scenario_err));
	RETURNS(0, store_watch(s, "/test", "tok", &scenario_err));
	event_await(s, path, token);
	for (int i = 0; i < COUNT; i++) {
		snprintf(want, sizeof(want), "/test/%d", i);
		node_put(other, want, "x");
	}
	for (int i = 0; i < COUNT; i++) {
		snprintf(want, sizeof(want), "/test/%d", i);
		event_await(s, path, token);
		IS_TEXT(want, path);
	}
	IS(0, store_next_event(s, path, token, &scenario_err));
	store_close(other);
}

static void a_store_with_events_that_nobody_took_can_be_closed(struct store *s)
{
	struct store *watcher;

	RETURNS(0, store_open(&watcher, &scenario_err));
	RETURNS(0, store_watch(watcher, "/test", "tok", &scenario_err));
	for (int i = 0; i < 3000; i++)
		node_put(s, "/test/a", "x");
	store_close(watcher);
}

const struct scenario scenarios_nodes[] = {
	SCENARIO("a value comes back as it was written", a_value_comes_back),
	SCENARIO("a value that is too long is refused, both ways, and never cut",
		a_long_value_is_refused_and_never_cut),
	SCENARIO("a value with a NUL in it is refused", a_value_with_a_nul_is_refused),
	SCENARIO("a path that xenstored refuses is an error, and the connection stays in use",
		a_path_that_xenstored_refuses_leaves_the_connection_in_use),
	SCENARIO("a transaction that others overtook is repeated from its start",
		a_transaction_that_others_overtook_is_repeated),
	SCENARIO(
		"a transaction that others overtake each time ends with EAGAIN and changes nothing",
		a_transaction_that_others_always_overtake_ends_with_eagain),
	SCENARIO("a transaction whose body fails changes nothing",
		a_body_that_fails_changes_nothing),
	SCENARIO("nobody sees half a transaction", nobody_sees_half_a_transaction),
	SCENARIO("a transaction within a transaction is refused", transactions_do_not_nest),
	SCENARIO("several values of a directory come as one state",
		several_values_come_as_one_state),
	SCENARIO("several values are put as one change, and nothing is written that stands already",
		several_values_are_put_as_one_change),
	SCENARIO("permissions are those that were set, and what is below inherits them",
		permissions_are_those_that_were_set),
	SCENARIO("the own domid is a domain's number or refused",
		the_own_domid_is_a_number_or_refused),
	SCENARIO("a watch reports at once, then each change, and nothing after its end",
		a_watch_reports_at_once_and_then_each_change),
	SCENARIO("a watch on a relative path reports relative paths",
		a_relative_watch_reports_relative_paths),
	SCENARIO("no event of a long burst is lost", no_event_of_a_burst_is_lost),
	SCENARIO("a store with thousands of events that nobody took can be closed",
		a_store_with_events_that_nobody_took_can_be_closed),
	SCENARIO_ON("xenstored", "thousands of names are listed, too many are refused",
		thousands_of_names_are_listed_and_too_many_are_refused),
	SCENARIO_ON("oxenstored",
		"a list that fits no message of oxenstored ends the connection, another can be "
		"opened",
		a_list_that_fits_no_message_ends_the_connection),
	{ 0 },
};
