#include "backend/netback_run.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/netback/record.h"
#include "backend/visible.h"
#include "common/arguments.h"
#include "common/backoff.h"
#include "common/child.h"
#include "common/clock.h"
#include "common/file.h"

#define PROGRAM	 PKGLIBEXECDIR "/netback"
#define PATIENCE 5000 /* milliseconds until it moves packets; it needs some ten */

/* What is known of one vif's process. All of it but the waiting can be found anew. */
struct run {
	struct vif_id id;
	int fd; /* pidfd, readable when it ends; -1: there is none */
	pid_t pid;
	struct backoff failures;
	double again;	/* not before; clock_seconds() */
	struct err why; /* it failed last, while it waits */
	bool watched;
};

struct netback_runs {
	char dir[256];
	int epoll;
	struct run *runs;
	size_t count;
};

int netback_runs_open(struct netback_runs **out, const char *run_dir, struct err *e)
{
	struct netback_runs *r = calloc(1, sizeof(*r));
	int ret;

	*out = NULL;
	if (!r)
		return err_sys(e, -ENOMEM, "netback");
	snprintf(r->dir, sizeof(r->dir), "%s/netback", run_dir);
	r->epoll = epoll_create1(EPOLL_CLOEXEC);
	ret = r->epoll < 0 ? err_sys(e, -errno, "netback") : dir_create(r->dir, 0700, e);
	if (ret)
		netback_runs_close(r);
	else
		*out = r;
	return ret;
}

static void forget(struct run *run)
{
	if (run->fd >= 0)
		close(run->fd); /* and with that out of the epoll set */
	run->fd = -1;
	run->pid = 0;
}

void netback_runs_close(struct netback_runs *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->count; i++)
		forget(&r->runs[i]);
	free(r->runs);
	if (r->epoll >= 0)
		close(r->epoll);
	free(r);
}

int netback_runs_fd(const struct netback_runs *r)
{
	return r ? r->epoll : -1;
}

static struct run *run_find(const struct netback_runs *r, const struct vif_id *id)
{
	for (size_t i = 0; i < r->count; i++)
		if (vif_id_equal(&r->runs[i].id, id))
			return &r->runs[i];
	return NULL;
}

bool netback_runs_next_ended(struct netback_runs *r, uint32_t *domid)
{
	struct epoll_event event;
	struct vif_id id;
	struct run *run;

	if (epoll_wait(r->epoll, &event, 1, 0) != 1)
		return false;
	id = (struct vif_id){ (uint32_t)(event.data.u64 >> 32), (uint32_t)event.data.u64 };
	run = run_find(r, &id);
	if (run)
		forget(run);
	*domid = id.domid;
	return true;
}

static struct run *run_get(struct netback_runs *r, const struct vif_id *id)
{
	struct run *run = run_find(r, id), *more;

	if (run)
		return run;
	more = realloc(r->runs, (r->count + 1) * sizeof(*more));
	if (!more)
		return NULL;
	r->runs = more;
	run = &more[r->count++];
	*run = (struct run){ .id = *id, .fd = -1, .failures = { .first = 1, .most = 30 } };
	return run;
}

static const char *record_path(const char *dir, const struct vif_id *id, char buf[300])
{
	char name[VIF_NAME_MAX];

	snprintf(buf, 300, "%s/%s", dir, vif_name_print(id, name));
	return buf;
}

bool netback_runs_have(const struct netback_runs *r, const struct vif_id *id)
{
	char path[300];

	return access(record_path(r->dir, id, path), F_OK) == 0;
}

pid_t netback_process(const char *run_dir, const struct vif_id *id, struct record *out)
{
	char dir[256], path[300];

	snprintf(dir, sizeof(dir), "%s/netback", run_dir);
	return record_holder(record_path(dir, id, path), out);
}

/* --- the process --- */

static bool has_ended(int pidfd, int milliseconds)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };

	return poll(&p, 1, milliseconds) > 0;
}

static int run_watch(struct netback_runs *r, struct run *run, pid_t pid, struct err *e)
{
	struct epoll_event event = { .events = EPOLLIN,
		.data.u64 = (uint64_t)run->id.domid << 32 | run->id.devid };

	if (run->fd >= 0 && run->pid == pid)
		return 0;
	forget(run);
	run->fd = pidfd_open(pid, 0);
	run->pid = pid;
	if (run->fd >= 0 && epoll_ctl(r->epoll, EPOLL_CTL_ADD, run->fd, &event) == 0)
		return 0;
	err_sys(e, -errno, "watching netback");
	forget(run);
	return -EIO;
}

static void pid_end(pid_t pid)
{
	int fd = pidfd_open(pid, 0);

	if (fd < 0)
		return;
	/* It has nothing to put in order. */
	pidfd_send_signal(fd, SIGKILL, NULL, 0);
	has_ended(fd, PATIENCE);
	waitpid(pid, NULL, WNOHANG); /* if it is our child */
	close(fd);
}

/* What the guest takes, in the words of netback's --takes. */
static void takes_print(struct arguments *w, const struct vif_connection *c)
{
	const struct {
		const char *word;
		bool takes;
	} table[] = {
		{ "pieces", c->pieces },
		{ "checksum4", !c->no_checksum4 },
		{ "checksum6", c->checksum6 },
		{ "segments4", c->pieces && c->segments4 && !c->no_checksum4 },
		{ "segments6", c->pieces && c->segments6 && c->checksum6 },
		{ "groups", c->groups },
		{ "rings", c->notify },
	};
	char text[128] = "";

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].takes) {
			strcat(text, *text ? "," : "");
			strcat(text, table[i].word);
		}
	arguments_add(w, "--takes=%s", text);
}

static void words_make(struct arguments *w, const char *record, const struct vif_wanted *v,
	const struct vif_connection *c)
{
	char text[ADDR_TEXT_MAX];

	arguments_add(w, "%s", PROGRAM);
	arguments_add(w, "--vif=%s", v->link);
	arguments_add(w, "--record=%s", record);
	arguments_add(w, "--domid=%u", v->id.domid);
	arguments_add(w, "--tx-ring=%u", c->tx_ring);
	arguments_add(w, "--rx-ring=%u", c->rx_ring);
	arguments_add(w, "--tx-bell=%u", c->channel_tx ? c->channel_tx : c->channel);
	arguments_add(w, "--rx-bell=%u", c->channel_rx ? c->channel_rx : c->channel);
	takes_print(w, c);
	arguments_add(w, "--mac=%s", mac_print(&v->mac, text));
	for (size_t i = 0; i < v->count; i++)
		arguments_add(w, "%s", addr_print(visible_addr(v, &v->addrs[i]), text));
	/* Who has no address yet asks by this one; the vif's guard says what else must be true. */
	if (v->dhcp)
		arguments_add(w, "0.0.0.0");
}

/* Until it says that it moves packets. */
static int run_await(const char *path, uint64_t digest, const struct run *run, struct err *e)
{
	long long end = clock_milliseconds() + PATIENCE;
	struct record record;

	while (record_holder(path, &record) != run->pid || record.digest != digest) {
		if (has_ended(run->fd, 1))
			return err_set(e, -EAGAIN, "netback ended at once: %s",
				record_fault(path, &record) ? record.fault
							    : "its own words are in the log");
		if (clock_milliseconds() >= end)
			return err_set(e, -EAGAIN, "netback does not begin");
	}
	return 0;
}

static int run_start(struct netback_runs *r, struct run *run, const char *path,
	const struct arguments *words, struct err *e)
{
	pid_t pid = 0;
	int ret = arguments_check(words, e);

	if (!ret)
		ret = child_start(words->argv, &pid, e);
	if (!ret)
		ret = run_watch(r, run, pid, e);
	if (!ret)
		ret = run_await(path, arguments_digest(words->argv), run, e);
	if (ret && pid) {
		pid_end(pid);
		forget(run);
	}
	return ret;
}

/* What became of the last one with the same command line. */
static int run_judge(const char *path, uint64_t digest, struct err *e)
{
	struct record record;

	if (!record_fault(path, &record) || record.digest != digest || !record.guest)
		return 0;
	return err_set(e, -EPROTO, "the guest broke the protocol: %s", record.fault);
}

int netback_runs_keep(struct netback_runs *r, const struct vif_wanted *w,
	const struct vif_connection *c, double now, double *again, struct err *e)
{
	struct run *run = run_get(r, &w->id);
	struct arguments words = { .count = 0 };
	struct record record;
	uint64_t digest;
	char path[300];
	pid_t holder;
	int ret;

	*again = 0;
	if (!run)
		return err_sys(e, -ENOMEM, "netback");
	words_make(&words, record_path(r->dir, &w->id, path), w, c);
	digest = arguments_digest(words.argv);
	holder = record_holder(path, &record);
	if (holder && record.digest == digest) {
		if (now >= run->again)
			backoff_end(&run->failures);
		return run_watch(r, run, holder, e);
	}
	if (holder)
		pid_end(holder);
	else if ((ret = run_judge(path, digest, e)) != 0)
		return ret;
	if (now < run->again) {
		*again = run->again - now;
		return err_set(e, -EAGAIN, "%s",
			run->why.code ? run->why.text : "netback ended, and is started again soon");
	}
	run->why = (struct err)ERR_NONE;
	ret = run_start(r, run, path, &words, &run->why);
	/* The next one at once; those after it wait. */
	run->again = now + backoff_failed(&run->failures, now);
	*again = ret ? run->again - now : 0;
	if (ret && e)
		*e = run->why;
	return ret;
}

void netback_runs_stop(struct netback_runs *r, const struct vif_id *id)
{
	struct run *run = run_find(r, id);
	struct record record;
	char path[300];
	pid_t holder = record_holder(record_path(r->dir, id, path), &record);

	if (holder)
		pid_end(holder);
	unlink(path);
	if (!run)
		return;
	forget(run);
	backoff_end(&run->failures);
	run->again = 0;
}

int netback_runs_watch(
	struct netback_runs *r, struct store *s, const struct vif_id *id, struct err *e)
{
	struct run *run = run_get(r, id);
	int ret;

	if (!run)
		return err_sys(e, -ENOMEM, "netback");
	ret = run->watched ? 0 : vif_frontend_watch(s, id, "netback", e);
	run->watched = !ret;
	return ret;
}

void netback_runs_end(struct netback_runs *r, struct store *s, const struct vif_id *id)
{
	struct run *run = run_find(r, id);
	struct err ignored = ERR_NONE;

	netback_runs_stop(r, id);
	if (!run)
		return;
	/* xenstored has forgotten a watch that it does not find. */
	if (run->watched)
		vif_frontend_unwatch(s, id, "netback", &ignored);
	*run = r->runs[--r->count];
}

bool netback_runs_at(const struct netback_runs *r, size_t index, struct vif_id *id)
{
	if (index >= r->count)
		return false;
	*id = r->runs[index].id;
	return true;
}
