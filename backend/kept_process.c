#include "backend/kept_process.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/child.h"
#include "common/file.h"

#define FAREWELL 1000 /* milliseconds between SIGTERM and SIGKILL */

/* When it was started; 0: there is no such process. */
static uint64_t start_of(pid_t pid)
{
	char path[64], *text = NULL, *at;
	uint64_t start = 0;

	snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
	if (file_read(path, 4096, &text, NULL, NULL) == 0 && (at = strrchr(text, ')')) != NULL) {
		/* Field 2 ends there; 22 is wanted. One that has ended is none. */
		if (strncmp(at, ") Z", 3) == 0 || strncmp(at, ") X", 3) == 0)
			at = NULL;
		for (int field = 2; at && field < 22; field++)
			at = strchr(at + 1, ' ');
		start = at ? strtoull(at, NULL, 10) : 0;
	}
	free(text);
	return start;
}

bool kept_process_ends(const struct kept_process *p, int milliseconds)
{
	struct pollfd poll_fd = { .fd = p->fd, .events = POLLIN };

	return poll(&poll_fd, 1, milliseconds) > 0;
}

void kept_process_look(struct kept_process *p)
{
	if (p->pid && p->fd < 0) {
		p->fd = pidfd_open(p->pid, 0);
		/* Opened before the look: it is the process that was looked at. */
		if (p->fd >= 0 && start_of(p->pid) == p->start && !kept_process_ends(p, 0))
			return;
	} else if (p->pid && !kept_process_ends(p, 0)) {
		return;
	}
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
	p->pid = 0;
}

int kept_process_start(const char *const argv[], struct kept_process *p, struct err *e)
{
	int rc = child_start(argv, &p->pid, e);

	if (rc)
		return rc;
	p->fd = pidfd_open(p->pid, 0);
	p->start = start_of(p->pid);
	if (p->fd >= 0)
		return 0;
	rc = err_sys(e, -errno, "%s", argv[0]);
	kill(p->pid, SIGKILL);
	p->pid = 0;
	return rc;
}

void kept_process_end(struct kept_process *p)
{
	if (p->fd >= 0) {
		pidfd_send_signal(p->fd, SIGTERM, NULL, 0);
		if (!kept_process_ends(p, FAREWELL))
			pidfd_send_signal(p->fd, SIGKILL, NULL, 0);
		waitpid(p->pid, NULL, WNOHANG); /* if it is our child */
		close(p->fd);
	}
	p->fd = -1;
	p->pid = 0;
}

void kept_process_forget(struct kept_process *p)
{
	if (p->fd >= 0)
		close(p->fd);
	*p = (struct kept_process){ .fd = -1 };
}
