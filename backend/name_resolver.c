/*
 * c-ares says which of its sockets waits for what (on_socket), and how long (wait_arm); libev
 * waits. A question carries the name's text, for the table may change before its answer comes.
 * While one is under way the name's next time to be asked is ASKING seconds off, so it is not asked
 * twice.
 */
#include "backend/name_resolver.h"

#include <ares.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "backend/host_names.h"

#define SOCKETS 16 /* c-ares has one by UDP and one by TCP for each server */
#define ASKING	60
/* Of one try, milliseconds, and tries of each server. */
#define TIMEOUT 2000
#define TRIES	3

struct name_resolver {
	struct ev_loop *loop;
	const char *run_dir;
	void (*changed)(void *arg, const char *words);
	void *arg;
	ares_channel channel;
	char servers[2 * RULESET_RESOLVERS_MAX * (ADDR_TEXT_MAX + 1)]; /* as given to it */
	struct host_names names;
	ev_io sockets[SOCKETS];
	ev_timer patience, due; /* c-ares's, and until the next name is to be asked for */
	bool closing;
};

struct question {
	struct name_resolver *resolver;
	char name[POLICY_NAME_MAX];
};

static void ask_due(struct name_resolver *n);

/* --- c-ares in libev --- */

static void wait_arm(struct name_resolver *n)
{
	struct timeval tv, *wait = ares_timeout(n->channel, NULL, &tv);

	ev_timer_stop(n->loop, &n->patience);
	if (!wait)
		return;
	ev_now_update(n->loop);
	ev_timer_set(&n->patience, (double)wait->tv_sec + (double)wait->tv_usec / 1e6, 0.);
	ev_timer_start(n->loop, &n->patience);
}

static void on_io(struct ev_loop *loop, ev_io *io, int events)
{
	struct name_resolver *n = io->data;

	(void)loop;
	ares_process_fd(n->channel, events & EV_READ ? io->fd : ARES_SOCKET_BAD,
		events & EV_WRITE ? io->fd : ARES_SOCKET_BAD);
	wait_arm(n);
}

static void on_patience(struct ev_loop *loop, ev_timer *t, int events)
{
	struct name_resolver *n = t->data;

	(void)loop;
	(void)events;
	ares_process_fd(n->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	wait_arm(n);
}

static ev_io *socket_find(struct name_resolver *n, int fd)
{
	ev_io *unused = NULL;

	for (size_t i = 0; i < SOCKETS; i++) {
		if (ev_is_active(&n->sockets[i]) && n->sockets[i].fd == fd)
			return &n->sockets[i];
		if (!ev_is_active(&n->sockets[i]))
			unused = &n->sockets[i];
	}
	return unused;
}

/* More sockets than there is room for are not waited for: their questions end by time. */
static void on_socket(void *arg, ares_socket_t fd, int readable, int writable)
{
	struct name_resolver *n = arg;
	ev_io *io = socket_find(n, fd);

	if (!io)
		return;
	ev_io_stop(n->loop, io);
	if (!readable && !writable)
		return;
	ev_io_set(io, fd, (readable ? EV_READ : 0) | (writable ? EV_WRITE : 0));
	ev_io_start(n->loop, io);
}

/* --- answers --- */

static bool addr_from(const struct sockaddr *sa, struct addr *out)
{
	const struct sockaddr_in6 *sin6 = (const struct sockaddr_in6 *)(const void *)sa;
	const struct sockaddr_in *sin = (const struct sockaddr_in *)(const void *)sa;

	*out = (struct addr){ .family = (uint8_t)sa->sa_family };
	if (sa->sa_family == AF_INET)
		memcpy(out->bytes, &sin->sin_addr, 4);
	else if (sa->sa_family == AF_INET6)
		memcpy(out->bytes, &sin6->sin6_addr, 16);
	return sa->sa_family == AF_INET || sa->sa_family == AF_INET6;
}

/* Every address, good for as long as the least of it and of the CNAMEs on the way. */
static size_t answers_take(
	const struct ares_addrinfo *info, struct host_names_answer *out, size_t max)
{
	int least = INT32_MAX;
	size_t count = 0;

	for (const struct ares_addrinfo_cname *c = info->cnames; c; c = c->next)
		if (c->ttl < least)
			least = c->ttl;
	for (const struct ares_addrinfo_node *a = info->nodes; a && count < max; a = a->ai_next) {
		int ttl = a->ai_ttl < least ? a->ai_ttl : least;

		if (!addr_from(a->ai_addr, &out[count].addr))
			continue;
		out[count++].ttl = ttl < 0 ? 0 : (uint32_t)ttl;
	}
	return count;
}

static bool is_failing(const struct name_resolver *n, const char *name)
{
	const struct host_names_entry *e = host_names_find(&n->names, name);

	return e && e->failing;
}

static void answer_keep(struct name_resolver *n, const char *name, const char *why,
	const struct host_names_answer *answers, size_t count)
{
	bool failed = is_failing(n, name), changed;
	char words[POLICY_NAME_MAX + 160];
	struct err e = ERR_NONE;

	if (host_names_take(&n->names, name, answers, count, time(NULL), &changed) < 0 ||
		host_names_save(n->run_dir, &n->names, &e) < 0)
		n->changed(n->arg, e.code ? e.text : "names of rules: no memory");
	if (!count && !failed) {
		snprintf(words, sizeof(words), "%s does not resolve: %s", name, why);
		n->changed(n->arg, words);
	} else if (changed) {
		snprintf(words, sizeof(words), "%s stands for other addresses than before", name);
		n->changed(n->arg, words);
	}
}

static void on_answer(void *arg, int status, int timeouts, struct ares_addrinfo *info)
{
	struct host_names_answer answers[HOST_NAMES_ADDRS_MAX];
	struct question *q = arg;
	struct name_resolver *n = q->resolver;
	size_t count = info && status == ARES_SUCCESS
			       ? answers_take(info, answers, HOST_NAMES_ADDRS_MAX)
			       : 0;

	(void)timeouts;
	if (!n->closing && status != ARES_ECANCELLED && status != ARES_EDESTRUCTION) {
		answer_keep(n, q->name, ares_strerror(status), answers, count);
		ask_due(n);
	}
	if (info)
		ares_freeaddrinfo(info);
	free(q);
}

/* --- questions --- */

static void ask(struct name_resolver *n, struct host_names_entry *entry)
{
	static const struct ares_addrinfo_hints hints = {
		.ai_flags = ARES_AI_NOSORT, .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM
	};
	struct question *q = calloc(1, sizeof(*q));

	entry->ask = time(NULL) + ASKING;
	if (!q)
		return;
	q->resolver = n;
	snprintf(q->name, sizeof(q->name), "%s", entry->name);
	ares_getaddrinfo(n->channel, q->name, NULL, &hints, on_answer, q);
}

static void ask_due(struct name_resolver *n)
{
	int64_t now = time(NULL), next;
	struct host_names_entry *entry;

	ev_timer_stop(n->loop, &n->due);
	if (!n->servers[0])
		return;
	while ((entry = host_names_due(&n->names, now, &next)))
		ask(n, entry);
	wait_arm(n);
	if (!next)
		return;
	ev_now_update(n->loop);
	ev_timer_set(&n->due, (double)(next - now), 0.);
	ev_timer_start(n->loop, &n->due);
}

static void on_due(struct ev_loop *loop, ev_timer *t, int events)
{
	(void)loop;
	(void)events;
	ask_due(t->data);
}

/* "192.0.2.1,2001:db8::1" */
static void servers_print(const struct ruleset *r, char *buf, size_t size)
{
	const struct ruleset_family *const families[] = { &r->ip4, &r->ip6 };
	char text[ADDR_TEXT_MAX];

	buf[0] = '\0';
	for (size_t f = 0; f < 2; f++)
		for (size_t i = 0; i < families[f]->resolver_count; i++)
			snprintf(buf + strlen(buf), size - strlen(buf), "%s%s", *buf ? "," : "",
				addr_print(&families[f]->resolvers[i], text));
}

static int servers_set(struct name_resolver *n, const struct ruleset *r, struct err *e)
{
	char servers[sizeof(n->servers)];
	int status;

	servers_print(r, servers, sizeof(servers));
	if (strcmp(servers, n->servers) == 0)
		return 0;
	/* Questions to the old ones are asked anew. */
	ares_cancel(n->channel);
	for (size_t i = 0; i < n->names.count; i++)
		n->names.items[i].ask = 0;
	status = servers[0] ? ares_set_servers_csv(n->channel, servers) : ARES_SUCCESS;
	if (status != ARES_SUCCESS)
		return err_set(e, -EINVAL, "resolvers %s: %s", servers, ares_strerror(status));
	memcpy(n->servers, servers, sizeof(n->servers));
	return 0;
}

int name_resolver_look(struct name_resolver *n, const struct ruleset *r, struct err *e)
{
	bool changed;
	int ret = host_names_want(&n->names, r, &changed);

	if (ret)
		return err_sys(e, ret, "names of rules");
	if (changed)
		ret = host_names_save(n->run_dir, &n->names, e);
	if (!ret)
		ret = servers_set(n, r, e);
	if (!ret)
		ask_due(n);
	return ret;
}

/* --- life --- */

static int channel_open(struct name_resolver *n, struct err *e)
{
	char lookups[] = "b"; /* the resolvers, no hosts file */
	struct ares_options options = { .flags = ARES_FLAG_NOSEARCH,
		.timeout = TIMEOUT,
		.tries = TRIES,
		.lookups = lookups,
		.sock_state_cb = on_socket,
		.sock_state_cb_data = n };
	int status = ares_library_init(ARES_LIB_INIT_ALL);

	if (status == ARES_SUCCESS)
		status = ares_init_options(&n->channel, &options,
			ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS |
				ARES_OPT_SOCK_STATE_CB);
	return status == ARES_SUCCESS
		       ? 0
		       : err_set(e, -EIO, "names of rules: c-ares: %s", ares_strerror(status));
}

int name_resolver_open(struct name_resolver **out, struct ev_loop *loop, const char *run_dir,
	void (*changed)(void *arg, const char *words), void *arg, struct err *e)
{
	struct name_resolver *n = calloc(1, sizeof(*n));
	int ret;

	if (!n)
		return err_sys(e, -ENOMEM, "names of rules");
	n->loop = loop;
	n->run_dir = run_dir;
	n->changed = changed;
	n->arg = arg;
	for (size_t i = 0; i < SOCKETS; i++) {
		ev_init(&n->sockets[i], on_io);
		n->sockets[i].data = n;
	}
	ev_init(&n->patience, on_patience);
	ev_init(&n->due, on_due);
	n->patience.data = n->due.data = n;
	ret = host_names_load(run_dir, &n->names, e);
	if (!ret)
		ret = channel_open(n, e);
	if (ret) {
		name_resolver_close(n);
		return ret;
	}
	*out = n;
	return 0;
}

void name_resolver_close(struct name_resolver *n)
{
	if (!n)
		return;
	n->closing = true;
	if (n->channel)
		ares_destroy(n->channel);
	for (size_t i = 0; i < SOCKETS; i++)
		ev_io_stop(n->loop, &n->sockets[i]);
	ev_timer_stop(n->loop, &n->patience);
	ev_timer_stop(n->loop, &n->due);
	host_names_dispose(&n->names);
	ares_library_cleanup();
	free(n);
}
