#include "backend/netback/record.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

static bool record_read(int fd, struct record *out)
{
	if (pread(fd, out, sizeof(*out), 0) != sizeof(*out))
		return false;
	out->fault[sizeof(out->fault) - 1] = '\0';
	for (char *c = out->fault; *c; c++)
		if (*c < 0x20 || *c > 0x7e)
			*c = '?';
	return true;
}

int record_take(const char *path, uint64_t digest, struct record **out, int *fd, bool *resumed,
	struct err *e)
{
	struct flock lock = whole;
	struct record before;
	int ret;

	*out = NULL;
	*fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (*fd < 0)
		return err_sys(e, -errno, "%s", path);
	if (fcntl(*fd, F_SETLK, &lock) < 0) {
		ret = errno == EACCES || errno == EAGAIN
			      ? err_set(e, -EBUSY, "%s: another netback has it", path)
			      : err_sys(e, -errno, "%s", path);
		goto out;
	}
	*resumed = record_read(*fd, &before) && before.digest == digest;
	if (ftruncate(*fd, 0) < 0 || ftruncate(*fd, sizeof(**out)) < 0) {
		ret = err_sys(e, -errno, "%s", path);
		goto out;
	}
	*out = mmap(NULL, sizeof(**out), PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
	if (*out != MAP_FAILED) {
		if (*resumed)
			(*out)->marks = before.marks;
		return 0;
	}
	*out = NULL;
	ret = err_sys(e, -errno, "%s", path);
out:
	close(*fd);
	*fd = -1;
	return ret;
}

pid_t record_holder(const char *path, struct record *out)
{
	struct flock lock = whole;
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	pid_t pid = 0;

	if (fd < 0)
		return 0;
	if (fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK && record_read(fd, out))
		pid = lock.l_pid;
	close(fd);
	return pid;
}

bool record_fault(const char *path, struct record *out)
{
	struct record unused;
	int fd = record_holder(path, &unused) ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	bool is = fd >= 0 && record_read(fd, out) && out->fault[0];

	if (fd >= 0)
		close(fd);
	return is;
}
