/*
 * The process that ends dom0's network when its time is over: it sleeps until then, or until the
 * record changes (inotify), which it does when somebody else has ended it. The time is that of
 * CLOCK_BOOTTIME, so it is over also where the host was suspended meanwhile.
 */
#include "toolstack/netvm_dom0.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "common/log.h"

#define EVENTS_MAX 4096

static bool is_to_be_ended(uint64_t since)
{
	struct dom0_record r;
	bool same = dom0_record_read(&r, NULL) == 0 && r.since == since;

	dom0_record_dispose(&r);
	return same;
}

static int timer_open(uint64_t until)
{
	const struct itimerspec at = { .it_value = { .tv_sec = (time_t)(until / 1000),
					       .tv_nsec = (long)(until % 1000) * 1000000 } };
	int fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC);

	return fd >= 0 && timerfd_settime(fd, TFD_TIMER_ABSTIME, &at, NULL) == 0 ? fd : -1;
}

static int news_open(void)
{
	int fd = inotify_init1(IN_CLOEXEC);

	return fd >= 0 && inotify_add_watch(fd, RUNDIR, IN_DELETE | IN_MOVED_TO) >= 0 ? fd : -1;
}

/* True: the time is over. False: there is nothing to be ended any more. */
static bool time_await(int timer, int news, uint64_t since)
{
	struct pollfd p[] = { { timer, POLLIN, 0 }, { news, POLLIN, 0 } };
	char events[EVENTS_MAX];

	while (is_to_be_ended(since)) {
		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return true;
		if (p[0].revents)
			return true;
		if (p[1].revents && read(news, events, sizeof(events)) < 0 && errno != EINTR)
			return true;
	}
	return false;
}

/* In a session of its own, deaf to the end of the terminal that it was started from, and without
 * its descriptors; the lock's stays. */
static void cut_loose(void)
{
	int null = open("/dev/null", O_RDWR);

	setsid();
	signal(SIGHUP, SIG_IGN);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	for (int fd = 0; fd < 3 && null >= 0; fd++)
		dup2(null, fd);
	if (null > 2)
		close(null);
}

int dom0_keeper_start(const struct netvm *n, const struct dom0_brought *b, struct err *e)
{
	const struct dom0_lines quiet = { .quiet = true };
	struct err why = ERR_NONE;
	int timer = timer_open(b->until), news = news_open();
	pid_t pid = timer < 0 || news < 0 ? -1 : fork();

	if (pid != 0) {
		int ret = pid < 0 ? err_sys(e, -errno,
					    "nobody will end dom0's network when its time is over, "
					    "netvm dom0 down does")
				  : 0;

		if (timer >= 0)
			close(timer);
		if (news >= 0)
			close(news);
		return ret;
	}
	cut_loose();
	while (time_await(timer, news, b->since)) {
		why = (struct err)ERR_NONE;
		if (dom0_down_of(n, &quiet, b->since, &why) != -EBUSY)
			break; /* done; or it stands half-way, which netvm dom0 status says */
	}
	_exit(why.code ? EXIT_FAILURE : EXIT_SUCCESS);
}
