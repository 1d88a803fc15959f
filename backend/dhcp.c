#include "backend/dhcp.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backend/forwarder_user.h"
#include "backend/kept_process.h"
#include "backend/visible.h"
#include "common/backoff.h"
#include "common/digest.h"
#include "common/file.h"

/* Seconds. A guest asks again after half of it, and so hears of another address or gateway. */
#define LEASE 600

/* What is known of the process of one link. */
struct run {
	char link[LINK_NAME_MAX];
	struct kept_process process;
	bool watched; /* process.fd is in the epoll set */
	struct backoff failures;
	double again; /* not before */
};

struct dhcp_runs {
	char dir[256];
	int epoll;
	struct run *runs;
	size_t count;
};

/* --- what it is told --- */

/* The guest's own, as it sees it. */
static const struct addr *address_of(const struct vif_wanted *w)
{
	for (size_t i = 0; i < w->count; i++)
		if (w->addrs[i].family == AF_INET)
			return visible_addr(w, &w->addrs[i]);
	return &w->addrs[0];
}

static void words_resolvers(struct arguments *out, const struct vif_wanted *w)
{
	char list[2 * ADDR_TEXT_MAX + 2] = "", text[ADDR_TEXT_MAX];
	size_t len = 0;

	for (size_t i = 0; i < VIF_DNS_MAX && len < sizeof(list); i++)
		if (addr_is_set(&w->dns[i]) && w->dns[i].family == AF_INET)
			len += (size_t)snprintf(list + len, sizeof(list) - len, ",%s",
				addr_print(&w->dns[i], text));
	if (len)
		arguments_add(out, "--dhcp-option=option:dns-server%s", list);
}

/* What is fixed: dnsmasq(8). The address is in no subnet of the link, so --shared-network says that
 * it is of it. Answers go to everybody on the link, which is the guest: its kernel takes no other
 * packet while it has no address. Options 121 (RFC 3442) and 249 (the same for Windows before
 * Vista) hold the routes; who knows them does not take the router of option 3. */
void dhcp_words_make(
	struct arguments *out, const struct vif_wanted *w, const char *user, const char *group)
{
	static const char *const fixed[] = { "dnsmasq", "--keep-in-foreground",
		"--conf-file=/dev/null", "--no-resolv", "--no-hosts",
		"--pid-file=", "--log-facility=/dev/null", "--quiet-dhcp", "--port=0",
		"--bind-interfaces", "--leasefile-ro", "--no-ping", "--dhcp-authoritative",
		"--dhcp-broadcast", "--dhcp-no-override", "--dhcp-ignore=tag:!known" };
	char ip[ADDR_TEXT_MAX], gateway[ADDR_TEXT_MAX], mac[MAC_TEXT_MAX];

	*out = (struct arguments){ .count = 0 };
	addr_print(address_of(w), ip);
	addr_print(addr_is_set(&w->visible_gateway) ? &w->visible_gateway : &w->gateway, gateway);
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		arguments_add(out, "%s", fixed[i]);
	arguments_add(out, "--user=%s", user);
	arguments_add(out, "--group=%s", group);
	arguments_add(out, "--interface=%s", w->link);
	arguments_add(out, "--shared-network=%s,%s", w->link, ip);
	arguments_add(out, "--dhcp-range=%s,static,255.255.255.255,%d", ip, LEASE);
	arguments_add(out, "--dhcp-host=%s,%s", mac_print(&w->mac, mac), ip);
	arguments_add(out, "--dhcp-option=option:router,%s", gateway);
	arguments_add(out, "--dhcp-option=121,%s/32,0.0.0.0,0.0.0.0/0,%s", gateway, gateway);
	arguments_add(out, "--dhcp-option=249,%s/32,0.0.0.0,0.0.0.0/0,%s", gateway, gateway);
	words_resolvers(out, w);
	if (w->mtu)
		arguments_add(out, "--dhcp-option=option:mtu,%u", w->mtu);
}

/* --- what is remembered: a file a link, "PID START DIGEST" --- */

static const char *file_of(const struct dhcp_runs *r, const char *link, char buf[300])
{
	snprintf(buf, 300, "%s/%s", r->dir, link);
	return buf;
}

static void remember_read(const struct dhcp_runs *r, struct run *run)
{
	struct kept_process *p = &run->process;
	char path[300], *text = NULL;
	int32_t pid;

	if (file_read(file_of(r, run->link, path), 128, &text, NULL, NULL) == 0 &&
		!strpbrk(text, "+-") &&
		sscanf(text, "%9" SCNd32 " %18" SCNu64 " %16" SCNx64, &pid, &p->start,
			&p->digest) == 3 &&
		pid > 1)
		p->pid = pid;
	free(text);
	kept_process_look(p);
}

static int remember_write(const struct dhcp_runs *r, const struct run *run, struct err *e)
{
	char path[300], text[128];
	int len = snprintf(text, sizeof(text), "%ld %" PRIu64 " %" PRIx64 "\n",
		(long)run->process.pid, run->process.start, run->process.digest);

	return file_replace(file_of(r, run->link, path), text, (size_t)len, 0600, e);
}

/* --- all of them --- */

static struct run *run_find(const struct dhcp_runs *r, const char *link)
{
	for (size_t i = 0; i < r->count; i++)
		if (strcmp(r->runs[i].link, link) == 0)
			return &r->runs[i];
	return NULL;
}

static struct run *run_get(struct dhcp_runs *r, const char *link)
{
	struct run *run = run_find(r, link), *more;

	if (run)
		return run;
	more = realloc(r->runs, (r->count + 1) * sizeof(*more));
	if (!more)
		return NULL;
	r->runs = more;
	run = &more[r->count++];
	*run = (struct run){ .process = { .fd = -1 }, .failures = { .first = 1, .most = 30 } };
	snprintf(run->link, sizeof(run->link), "%s", link);
	remember_read(r, run);
	return run;
}

static int runs_find(struct dhcp_runs *r, struct err *e)
{
	struct vif_id id;
	struct dirent *entry;
	bool emulated;
	DIR *dir = opendir(r->dir);
	int ret = 0;

	if (!dir)
		return err_sys(e, -errno, "%s", r->dir);
	while (!ret && (entry = readdir(dir)) != NULL)
		if (vif_name_parse(entry->d_name, &id, &emulated) == 0 &&
			!run_get(r, entry->d_name))
			ret = err_sys(e, -ENOMEM, "%s", r->dir);
	closedir(dir);
	return ret;
}

int dhcp_runs_open(struct dhcp_runs **out, const char *run_dir, struct err *e)
{
	struct dhcp_runs *r = calloc(1, sizeof(*r));
	int ret;

	*out = NULL;
	if (!r)
		return err_sys(e, -ENOMEM, "DHCP");
	snprintf(r->dir, sizeof(r->dir), "%s/dhcp", run_dir);
	r->epoll = epoll_create1(EPOLL_CLOEXEC);
	ret = r->epoll < 0 ? err_sys(e, -errno, "DHCP") : dir_create(r->dir, 0700, e);
	if (!ret)
		ret = runs_find(r, e);
	if (ret)
		dhcp_runs_close(r);
	else
		*out = r;
	return ret;
}

void dhcp_runs_close(struct dhcp_runs *r)
{
	for (size_t i = 0; r && i < r->count; i++)
		kept_process_forget(&r->runs[i].process);
	if (r && r->epoll >= 0)
		close(r->epoll);
	if (r)
		free(r->runs);
	free(r);
}

int dhcp_runs_fd(const struct dhcp_runs *r)
{
	return r ? r->epoll : -1;
}

bool dhcp_runs_next_ended(struct dhcp_runs *r, char link[LINK_NAME_MAX])
{
	struct epoll_event event;

	/* A descriptor that is closed is out of the set, so whoever is there is known. */
	if (epoll_wait(r->epoll, &event, 1, 0) != 1)
		return false;
	for (size_t i = 0; i < r->count; i++) {
		struct run *run = &r->runs[i];

		if (!run->watched || run->process.fd != event.data.fd)
			continue;
		memcpy(link, run->link, LINK_NAME_MAX);
		kept_process_end(&run->process);
		run->watched = false;
		return true;
	}
	epoll_ctl(r->epoll, EPOLL_CTL_DEL, event.data.fd, NULL);
	return false;
}

const char *dhcp_runs_at(const struct dhcp_runs *r, size_t index)
{
	return index < r->count ? r->runs[index].link : NULL;
}

/* --- one of them --- */

static int run_watch(struct dhcp_runs *r, struct run *run, struct err *e)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = run->process.fd };

	if (run->watched)
		return 0;
	if (epoll_ctl(r->epoll, EPOLL_CTL_ADD, run->process.fd, &event) < 0)
		return err_sys(e, -errno, "watching dnsmasq");
	run->watched = true;
	return 0;
}

static void run_end(struct run *run)
{
	kept_process_end(&run->process);
	run->watched = false;
}

static int run_start(struct dhcp_runs *r, struct run *run, const struct arguments *words,
	uint64_t digest, struct err *e)
{
	int ret;

	run->process = (struct kept_process){ .digest = digest, .fd = -1 };
	ret = arguments_check(words, e);
	if (!ret)
		ret = kept_process_start(words->argv, &run->process, e);
	if (!ret)
		ret = remember_write(r, run, e);
	if (!ret)
		ret = run_watch(r, run, e);
	if (ret)
		run_end(run);
	return ret;
}

int dhcp_runs_keep(struct dhcp_runs *r, const struct vif_wanted *w, const char *user, double now,
	double *again, struct err *e)
{
	const char *group = forwarder_user_group(user);
	const unsigned int ifindex = if_nametoindex(w->link);
	struct run *run = run_get(r, w->link);
	struct arguments words;
	uint64_t digest;
	int ret;

	*again = 0;
	if (!run)
		return err_sys(e, -ENOMEM, "DHCP");
	if (!group)
		return err_set(e, -EINVAL,
			"no DHCP: there is no unprivileged user %s (systemd-sysusers makes it)",
			user);
	dhcp_words_make(&words, w, user, group);
	/* It is bound to a link, not to what has the same name later. */
	digest = digest_add(arguments_digest(words.argv), &ifindex, sizeof(ifindex));
	kept_process_look(&run->process);
	run->watched = run->watched && run->process.pid;
	if (run->process.pid && run->process.digest == digest) {
		if (now >= run->again)
			backoff_end(&run->failures);
		return run_watch(r, run, e);
	}
	if (run->process.pid) {
		/* That something else is wanted is no failure. */
		run_end(run);
		backoff_end(&run->failures);
		run->again = 0;
	}
	if (now < run->again) {
		*again = run->again - now;
		return err_set(e, -EAGAIN, "%s: no DHCP: dnsmasq ended, and is started again soon",
			w->link);
	}
	ret = run_start(r, run, &words, digest, e);
	/* Where it ends at once the next one waits. */
	run->again = now + backoff_failed(&run->failures, now);
	*again = ret ? run->again - now : 0;
	return ret ? err_prefix(e, "%s: no DHCP", w->link) : 0;
}

void dhcp_runs_stop(struct dhcp_runs *r, const char *link)
{
	struct run *run = run_find(r, link);
	char path[300];

	if (!run)
		return;
	kept_process_look(&run->process);
	run_end(run);
	unlink(file_of(r, link, path));
	*run = r->runs[--r->count];
}
