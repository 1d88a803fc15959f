#include "backend/filter_stamp.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"

#define PLACE_MAX 96
#define STAMP_MAX 512

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71 /* Linux 5.14 */
#endif

/* This boot and network namespace in one word: the kernel's cookie of the namespace, which is never
 * used again, or (before Linux 5.14) its inode. */
static bool place_get(char place[PLACE_MAX])
{
	char *boot = NULL;
	uint64_t cookie = 0;
	socklen_t len = sizeof(cookie);
	struct stat st;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &len) < 0)
		cookie = stat("/proc/self/ns/net", &st) == 0 ? st.st_ino : 0;
	if (fd >= 0)
		close(fd);
	if (!cookie || file_read("/proc/sys/kernel/random/boot_id", 64, &boot, NULL, NULL) < 0)
		return false;
	snprintf(place, PLACE_MAX, "%.40s/%" PRIu64, boot, cookie);
	free(boot);
	for (char *c = place; *c; c++)
		if (*c == '\n' || *c == ' ')
			*c = '-';
	return true;
}

bool filter_stamp_read(const char *path, struct filter_stamp *out)
{
	char place[PLACE_MAX], there[PLACE_MAX], *text = NULL;
	unsigned int kind[STAMP_FAMILIES];
	int end = 0;
	bool ok;

	memset(out, 0, sizeof(*out));
	if (!place_get(place) || file_read(path, STAMP_MAX, &text, NULL, NULL) < 0)
		return false;
	ok = sscanf(text,
		     "%95s %" SCNx64 " %" SCNx64 " %" SCNx64 " %u %u %" SCNx32 " %" SCNx64
		     " %" SCNx64 " .%n",
		     there, &out->wanted, &out->saved[0], &out->saved[1], &kind[0], &kind[1],
		     &out->state.generation, &out->state.legacy[0], &out->state.legacy[1],
		     &end) == 9 &&
	     end > 0 && strcmp(text + end, "\n") == 0 && strcmp(place, there) == 0;
	for (int i = 0; ok && i < STAMP_FAMILIES; i++) {
		ok = kind[i] <= IPTABLES_LEGACY;
		out->state.kind[i] = (enum iptables_kind)kind[i];
	}
	if (!ok)
		memset(out, 0, sizeof(*out));
	free(text);
	return ok;
}

int filter_stamp_write(const char *path, const struct filter_stamp *in, struct err *e)
{
	char place[PLACE_MAX], text[STAMP_MAX];
	const struct filter_state *s = &in->state;
	int len;

	if (!place_get(place))
		return 0;
	len = snprintf(text, sizeof(text),
		"%s %" PRIx64 " %" PRIx64 " %" PRIx64 " %u %u %" PRIx32 " %" PRIx64 " %" PRIx64
		" .\n",
		place, in->wanted, in->saved[0], in->saved[1], s->kind[0], s->kind[1],
		s->generation, s->legacy[0], s->legacy[1]);
	return file_replace(path, text, (size_t)len, 0600, e);
}
