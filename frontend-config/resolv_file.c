/*
 * Writing: what stands at the path gets its second name first (link(2) and rename(2), so that the
 * second name is there whole or not at all), then ours is renamed over it. Restoring is one
 * rename(2). After a crash anywhere the path holds the old file or ours, whole.
 */
#include "frontend-config/resolv_file.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"

#define MARK	 "# xen-netvm "
#define MARK_END " - netfront-config --down puts back what was here before\n"
#define SUM_LEN	 16

/* FNV-1a, 64 bits: it tells an edited file, it guards against nobody. */
static uint64_t text_sum(const char *text)
{
	uint64_t sum = 0xcbf29ce484222325U;

	for (; *text; text++)
		sum = (sum ^ (unsigned char)*text) * 0x100000001b3U;
	return sum;
}

int resolv_render(const struct addr *server, size_t count, char buf[RESOLV_TEXT_MAX])
{
	const size_t head = strlen(MARK) + SUM_LEN + strlen(MARK_END);
	char text[ADDR_TEXT_MAX], mark[128];
	size_t used = head;

	buf[head] = '\0';
	for (size_t i = 0; i < count; i++) {
		int n = snprintf(buf + used, RESOLV_TEXT_MAX - used, "nameserver %s\n",
			addr_print(&server[i], text));

		if (n < 0 || (size_t)n >= RESOLV_TEXT_MAX - used)
			return -EMSGSIZE;
		used += (size_t)n;
	}
	snprintf(mark, sizeof(mark), MARK "%0*" PRIx64 MARK_END, SUM_LEN, text_sum(buf + head));
	memcpy(buf, mark, head);
	return (int)used;
}

bool resolv_is_ours(const char *text)
{
	char sum[SUM_LEN + 1];

	if (strncmp(text, MARK, strlen(MARK)) != 0)
		return false;
	text += strlen(MARK);
	if (strlen(text) < SUM_LEN + strlen(MARK_END) ||
		strncmp(text + SUM_LEN, MARK_END, strlen(MARK_END)) != 0)
		return false;
	snprintf(sum, sizeof(sum), "%0*" PRIx64, SUM_LEN,
		text_sum(text + SUM_LEN + strlen(MARK_END)));
	return strncmp(text, sum, SUM_LEN) == 0;
}

enum resolv_action resolv_plan(const char *wanted, const struct resolv_actual *actual)
{
	bool ours = actual->kind == RESOLV_TEXT && resolv_is_ours(actual->text);

	if (!wanted) {
		if (ours)
			return actual->saved ? RESOLV_RESTORE : RESOLV_REMOVE;
		return actual->written && actual->saved ? RESOLV_FORGET : RESOLV_LEAVE;
	}
	if (ours)
		return strcmp(actual->text, wanted) == 0 ? RESOLV_LEAVE : RESOLV_WRITE;
	if (actual->kind == RESOLV_SYMLINK)
		return RESOLV_REFUSE_SYMLINK;
	if (actual->kind == RESOLV_ABSENT)
		return RESOLV_WRITE;
	/* With our mark but not our sum it is ours with changes, also where no note tells (after a
	 * boot). */
	if (actual->written || strncmp(actual->text, MARK, strlen(MARK)) == 0)
		return RESOLV_REFUSE_CHANGED;
	return RESOLV_KEEP_AND_WRITE;
}

/* --- the shell --- */

static int path_beside(char out[PATH_MAX], const char *path, const char *suffix, struct err *e)
{
	int n = snprintf(out, PATH_MAX, "%s%s", path, suffix);

	return n > 0 && n < PATH_MAX ? 0 : err_sys(e, -ENAMETOOLONG, "%s", path);
}

/* `*text` malloc'd where it is a file. */
static int actual_read(
	const char *path, const char *saved, struct resolv_actual *a, char **text, struct err *e)
{
	struct stat st;

	a->saved = lstat(saved, &st) == 0;
	if (lstat(path, &st) < 0) {
		a->kind = RESOLV_ABSENT;
		return errno == ENOENT ? 0 : err_sys(e, -errno, "%s", path);
	}
	if (S_ISLNK(st.st_mode)) {
		a->kind = RESOLV_SYMLINK;
		return 0;
	}
	if (!S_ISREG(st.st_mode))
		return err_set(e, -EEXIST, "%s: is no file", path);
	a->kind = RESOLV_TEXT;
	/* A larger one than ours can be is not ours; what it says does not matter. */
	if (st.st_size >= RESOLV_TEXT_MAX) {
		*text = strdup("");
		if (!*text)
			return err_sys(e, -ENOMEM, "%s", path);
	} else {
		int ret = file_read(path, RESOLV_TEXT_MAX, text, NULL, e);

		if (ret)
			return ret;
	}
	a->text = *text;
	return 0;
}

/* Gives what stands at `path` its second name, in the place of an older one that has it. */
static int keep(const char *path, const char *saved, struct err *e)
{
	char temp[PATH_MAX];
	int ret = path_beside(temp, saved, ".new", e);

	if (ret)
		return ret;
	if (unlink(temp) < 0 && errno != ENOENT)
		return err_sys(e, -errno, "%s: could not be removed", temp);
	if (link(path, temp) < 0)
		return err_sys(e, -errno, "%s: could not be kept as %s", path, saved);
	if (rename(temp, saved) < 0) {
		ret = err_sys(e, -errno, "%s: could not be kept as %s", path, saved);
		unlink(temp);
	}
	return ret;
}

static int refuse(const char *path, enum resolv_action action, struct err *e)
{
	return err_set(e, -EEXIST,
		"%s: %s, so it was left alone and the published resolvers are not in it; "
		"\"resolver\" in the configuration says how else they get there",
		path,
		action == RESOLV_REFUSE_SYMLINK
			? "is a symbolic link, which belongs to another program"
			: "was changed by somebody since it was written");
}

static int action_do(enum resolv_action action, const char *path, const char *saved,
	const char *wanted, struct err *e)
{
	int ret = 0;

	switch (action) {
	case RESOLV_LEAVE:
		return 0;
	case RESOLV_KEEP_AND_WRITE:
		ret = keep(path, saved, e);
		/* fall through */
	case RESOLV_WRITE:
		return ret ? ret : file_replace(path, wanted, strlen(wanted), 0644, e);
	case RESOLV_RESTORE:
		return rename(saved, path) < 0
			       ? err_sys(e, -errno, "%s: could not be put back", path)
			       : 0;
	case RESOLV_REMOVE:
		return unlink(path) < 0 && errno != ENOENT
			       ? err_sys(e, -errno, "%s: could not be removed", path)
			       : 0;
	case RESOLV_FORGET:
		return unlink(saved) < 0 && errno != ENOENT
			       ? err_sys(e, -errno, "%s: could not be removed", saved)
			       : 0;
	case RESOLV_REFUSE_SYMLINK:
	case RESOLV_REFUSE_CHANGED:
		return refuse(path, action, e);
	}
	return 0;
}

int resolv_apply(const char *path, const char *wanted, bool *written, bool only_say, bool *changed,
	struct err *e)
{
	struct resolv_actual actual = { .written = *written };
	enum resolv_action action;
	char saved[PATH_MAX], *text = NULL;
	int ret;

	ret = path_beside(saved, path, RESOLV_SAVED_SUFFIX, e);
	if (!ret)
		ret = actual_read(path, saved, &actual, &text, e);
	if (ret)
		goto out;
	action = resolv_plan(wanted, &actual);
	if (changed)
		*changed = action != RESOLV_LEAVE && action != RESOLV_REFUSE_SYMLINK &&
			   action != RESOLV_REFUSE_CHANGED;
	if (only_say && action != RESOLV_REFUSE_SYMLINK && action != RESOLV_REFUSE_CHANGED)
		goto out;
	ret = action_do(action, path, saved, wanted, e);
	if (!ret)
		*written = wanted != NULL;
out:
	free(text);
	return ret;
}
