#include "backend/filter_stamp.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"

#define PLACE_MAX 96

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71 /* Linux 5.14 */
#endif

/* The kernel's cookie of this network namespace, which is never used again, or (before Linux 5.14)
 * its inode; 0: neither can be told. */
static uint64_t namespace_get(void)
{
	uint64_t cookie = 0;
	socklen_t len = sizeof(cookie);
	struct stat st;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &len) < 0)
		cookie = stat("/proc/self/ns/net", &st) == 0 ? st.st_ino : 0;
	if (fd >= 0)
		close(fd);
	return cookie;
}

/* This boot and network namespace in one word. A process stays in both: it is found out once. */
static bool place_get(char place[PLACE_MAX])
{
	static char here[PLACE_MAX];
	char *boot = NULL;
	uint64_t cookie;

	if (!here[0]) {
		cookie = namespace_get();
		if (!cookie ||
			file_read("/proc/sys/kernel/random/boot_id", 64, &boot, NULL, NULL) < 0)
			return false;
		snprintf(here, sizeof(here), "%.40s/%" PRIu64, boot, cookie);
		free(boot);
		for (char *c = here; *c; c++)
			if (*c == '\n' || *c == ' ')
				*c = '-';
	}
	memcpy(place, here, sizeof(here));
	return true;
}

/* The stamp that a full disk did not take, while that is so. To other processes the file, which is
 * older, says nothing that they would find in the kernel. */
static struct unsaved {
	char path[PATH_MAX]; /* "": none */
	char text[FILTER_STAMP_MAX];
} unsaved;

bool filter_stamp_read(const char *path, char text[FILTER_STAMP_MAX])
{
	char place[PLACE_MAX], *there = NULL;
	size_t len, room;
	bool ok;

	if (strcmp(unsaved.path, path) == 0) {
		memcpy(text, unsaved.text, FILTER_STAMP_MAX);
		return true;
	}
	text[0] = '\0';
	if (!place_get(place) ||
		file_read(path, PLACE_MAX + FILTER_STAMP_MAX, &there, &len, NULL) < 0)
		return false;
	/* "PLACE TEXT .\n" */
	room = strlen(place) + 1;
	ok = len >= room + 3 && len < room + 3 + FILTER_STAMP_MAX &&
	     strncmp(there, place, room - 1) == 0 && there[room - 1] == ' ' &&
	     strcmp(there + len - 3, " .\n") == 0;
	if (ok)
		snprintf(text, FILTER_STAMP_MAX, "%.*s", (int)(len - room - 3), there + room);
	free(there);
	return ok;
}

bool filter_stamp_is_here(const char *path)
{
	char text[FILTER_STAMP_MAX];

	return filter_stamp_read(path, text);
}

static int stamp_save(const char *path, const char *text, struct err *e)
{
	char place[PLACE_MAX], line[PLACE_MAX + FILTER_STAMP_MAX + 4];
	int len;

	if (!place_get(place))
		return 0;
	len = snprintf(line, sizeof(line), "%s %s .\n", place, text);
	return file_replace(path, line, (size_t)len, 0600, e);
}

int filter_stamp_write(const char *path, const char *text, struct err *e)
{
	char there[FILTER_STAMP_MAX];
	bool pending = strcmp(unsaved.path, path) == 0;
	struct err why = ERR_NONE;
	int ret;

	if (!pending && filter_stamp_read(path, there) && strcmp(there, text) == 0)
		return 0;
	ret = stamp_save(path, text, &why);
	if (ret == -ENOSPC || ret == -EDQUOT) {
		snprintf(unsaved.path, sizeof(unsaved.path), "%s", path);
		snprintf(unsaved.text, sizeof(unsaved.text), "%s", text);
		return 0;
	}
	if (pending)
		unsaved.path[0] = '\0';
	if (ret && e)
		*e = why;
	return ret;
}

int filter_stamp_remove(const char *path, struct err *e)
{
	if (strcmp(unsaved.path, path) == 0)
		unsaved.path[0] = '\0';
	if (unlink(path) < 0 && errno != ENOENT)
		return err_sys(e, -errno, "%s", path);
	return 0;
}
