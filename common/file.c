#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/text.h"

#define READ_SIZE 4095

static int write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

/* One read(2): how many bytes it gave; `*full`: as many as there was room for. */
static ssize_t some_read(int fd, struct text *t, bool *full)
{
	size_t room;
	ssize_t n;

	if (t->space - t->len < 2 && !text_reserve(t, READ_SIZE))
		return -ENOMEM;
	room = t->space - t->len - 1;
	do
		n = read(fd, t->s + t->len, room);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	t->len += (size_t)n;
	t->s[t->len] = '\0';
	*full = (size_t)n == room;
	return n;
}

/* Sizes that stat(2) gives are not to be trusted (procfs, a file that grows): it is read until the
 * end or the limit. In a `plain` file that is where there was less than asked for. */
static int all_read(int fd, const char *path, size_t max, bool plain, struct text *t, struct err *e)
{
	bool full = false;
	ssize_t n;

	do {
		n = some_read(fd, t, &full);
		if (n < 0)
			return err_sys(e, (int)n, "%s", path);
		if (t->len > max)
			return err_set(e, -EFBIG,
				"%s: larger than the %zu bytes that are read of it", path, max);
	} while (n && (full || !plain));
	if (strlen(t->s) != t->len)
		return err_set(e, -EILSEQ, "%s: holds a NUL byte, which no text does", path);
	return 0;
}

static int read_at(int dir, const char *name, const char *path, size_t max, bool plain, char **out,
	size_t *len, struct err *e)
{
	struct text t = { .s = NULL };
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK), ret;

	if (fd < 0)
		return err_sys(e, -errno, "%s", path);
	ret = all_read(fd, path, max, plain, &t, e);
	close(fd);
	if (ret) {
		text_dispose(&t);
		return ret;
	}
	*out = t.s;
	if (len)
		*len = t.len;
	return 0;
}

int file_read(const char *path, size_t max, char **out, size_t *len, struct err *e)
{
	return read_at(AT_FDCWD, path, path, max, false, out, len, e);
}

int file_read_plain(
	int dir, const char *name, const char *path, size_t max, char **out, struct err *e)
{
	return read_at(dir, name, path, max, true, out, NULL, e);
}

/* Makes a rename in the directory of `path` last. */
static int directory_sync(const char *path)
{
	char copy[PATH_MAX];
	int fd, ret = 0, len = snprintf(copy, sizeof(copy), "%s", path);

	if (len < 0 || (size_t)len >= sizeof(copy))
		return -ENAMETOOLONG;
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fsync(fd) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

int file_replace(const char *path, const void *data, size_t len, unsigned int mode, struct err *e)
{
	char temp[PATH_MAX];
	int fd = -1, ret, n;

	n = snprintf(temp, sizeof(temp), "%s.new.XXXXXX", path);
	if (n < 0 || (size_t)n >= sizeof(temp))
		return err_sys(e, -ENAMETOOLONG, "%s", path);
	fd = mkostemp(temp, O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, -errno, "%s: could not be created", temp);
	ret = write_all(fd, data, len);
	if (!ret && fchmod(fd, mode) < 0)
		ret = -errno;
	if (!ret && fsync(fd) < 0)
		ret = -errno;
	if (close(fd) < 0 && !ret)
		ret = -errno;
	if (!ret && rename(temp, path) < 0)
		ret = -errno;
	if (ret) {
		unlink(temp);
		return err_sys(e, ret, "%s: could not be written", path);
	}
	ret = directory_sync(path);
	return ret ? err_sys(e, ret, "%s: written, but its directory could not be synced", path)
		   : 0;
}

int file_put(const char *path, const char *value, struct err *e)
{
	size_t len = strlen(value);
	int fd, ret = 0;
	ssize_t n;

	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, -errno, "%s", path);
	n = write(fd, value, len);
	if (n < 0)
		ret = err_sys(e, -errno, "%s: \"%s\" was refused", path, value);
	else if ((size_t)n != len)
		ret = err_set(
			e, -EIO, "%s: took %zd of the %zu bytes of \"%s\"", path, n, len, value);
	close(fd);
	return ret;
}

int sysctl_set(const char *name, const char *value, struct err *e)
{
	char path[PATH_MAX], *now = NULL;
	int same, n = snprintf(path, sizeof(path), "/proc/sys/%s", name);

	if (n < 0 || (size_t)n >= sizeof(path))
		return err_sys(e, -ENAMETOOLONG, "/proc/sys/%s", name);
	if (file_read(path, 4096, &now, NULL, NULL) == 0) {
		now[strcspn(now, "\n")] = '\0';
		same = strcmp(now, value) == 0;
		free(now);
		if (same)
			return 0;
	}
	return file_put(path, value, e);
}

int dir_create(const char *path, unsigned int mode, struct err *e)
{
	char part[PATH_MAX];
	struct stat st;
	int n = snprintf(part, sizeof(part), "%s", path);

	if (n < 0 || (size_t)n >= sizeof(part))
		return err_sys(e, -ENAMETOOLONG, "%s", path);
	for (char *c = part + 1;; c++) {
		char was = *c;

		if (was != '/' && was != '\0')
			continue;
		*c = '\0';
		if (mkdir(part, mode) < 0 && errno != EEXIST)
			return err_sys(e, -errno, "%s: could not be created", part);
		if (was == '\0')
			break;
		*c = was;
	}
	if (stat(path, &st) < 0)
		return err_sys(e, -errno, "%s", path);
	return S_ISDIR(st.st_mode) ? 0 : err_sys(e, -ENOTDIR, "%s", path);
}

int lock_take(const char *path, unsigned int seconds, int *fd, struct err *e)
{
	const struct timespec pause = { .tv_nsec = 2000000 };
	long long end = clock_milliseconds() + 1000LL * seconds;
	int lock;

	lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (lock < 0)
		return err_sys(e, -errno, "%s: could not be opened", path);
	/* flock(2) has no time limit and alarm(2) belongs to the program: ask again, 500 times a
	 * second. */
	while (flock(lock, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR) {
			int ret = err_sys(e, -errno, "%s: could not be locked", path);

			close(lock);
			return ret;
		}
		if (clock_milliseconds() >= end) {
			close(lock);
			return err_set(e, -ETIMEDOUT, "%s: another process held the lock for %u s",
				path, seconds);
		}
		nanosleep(&pause, NULL);
	}
	*fd = lock;
	return 0;
}

int lock_is_held(const char *path, bool *held, struct err *e)
{
	int lock = open(path, O_RDONLY | O_CLOEXEC), ret;

	*held = false;
	if (lock < 0)
		return errno == ENOENT ? 0 : err_sys(e, -errno, "%s: could not be opened", path);
	ret = flock(lock, LOCK_SH | LOCK_NB) < 0 ? -errno : 0;
	close(lock);
	*held = ret == -EWOULDBLOCK;
	return ret && !*held ? err_sys(e, ret, "%s: could not be looked at", path) : 0;
}
