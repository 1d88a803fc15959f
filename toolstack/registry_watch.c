/*
 * The kernel keeps one watch an inode, so naming a directory again costs nothing and changes
 * nothing; a directory that was replaced is another inode. A watch on a directory above one that
 * exists by now stays and does no harm.
 */
#include "toolstack/registry_watch.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

int registry_watch_open(int *fd, struct err *e)
{
	*fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	return *fd < 0 ? err_sys(e, -errno, "watch of the registry") : 0;
}

/* Watches `path`, or the nearest directory above that exists. `path` is cut to that. */
static int directory_watch(int fd, char *path, struct err *e)
{
	const uint32_t events = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE |
				IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ATTRIB | IN_ONLYDIR;

	while (inotify_add_watch(fd, path, events) < 0) {
		char *slash = strrchr(path, '/');

		if ((errno != ENOENT && errno != ENOTDIR) || !slash || strcmp(path, "/") == 0)
			return err_sys(e, -errno, "%s: cannot be watched", path);
		slash[slash == path] = '\0';
	}
	return 0;
}

int registry_watch_renew(int fd, const char *dir, struct err *e)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/domains", dir), ret;

	if (n < 0 || (size_t)n >= sizeof(path))
		return err_sys(e, -ENAMETOOLONG, "%s", dir);
	ret = directory_watch(fd, path, e);
	return ret ? ret : registry_watch_also(fd, dir, e);
}

int registry_watch_also(int fd, const char *dir, struct err *e)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s", dir) >= (int)sizeof(path))
		return err_sys(e, -ENAMETOOLONG, "%s", dir);
	return directory_watch(fd, path, e);
}

int registry_watch_drain(int fd, struct err *e)
{
	_Alignas(struct inotify_event) char buf[8192];
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0)
		;
	return n < 0 && errno != EAGAIN && errno != EINTR
		       ? err_sys(e, -errno, "watch of the registry")
		       : 0;
}
