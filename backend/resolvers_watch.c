/*
 * Which directories tell about a resolv.conf: for each path, and for each step of the symbolic
 * links that it is, the directory that holds it and the name in it. Where the directory does not
 * exist the nearest one above it that does is watched for the missing name. A path that is a
 * directory is watched for any name. After each event of one of these names all of this is looked
 * up anew.
 */
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/resolvers.h"

#define LINKS_MAX  8
#define PLACES_MAX (RESOLVERS_PATHS_MAX * LINKS_MAX)

struct place {
	int wd;
	char name[NAME_MAX + 1]; /* "": any */
};

struct resolvers_watch {
	int fd;
	char *paths[RESOLVERS_PATHS_MAX];
	struct place places[PLACES_MAX];
	size_t count;
};

/* Watches the directory of `path`, or the nearest that exists; `path` is cut to that. */
static int place_watch(struct resolvers_watch *w, char *path, struct err *e)
{
	const uint32_t events = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE |
				IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

	while (w->count < PLACES_MAX) {
		char *slash = strrchr(path, '/');
		struct place *p = &w->places[w->count];
		int wd;

		if (!slash || strlen(slash + 1) > NAME_MAX)
			return 0;
		strcpy(p->name, slash + 1);
		slash[slash == path] = '\0';
		wd = inotify_add_watch(w->fd, path, events);
		if (wd >= 0) {
			p->wd = wd;
			w->count++;
			return 0;
		}
		if ((errno != ENOENT && errno != ENOTDIR) || strcmp(path, "/") == 0)
			return err_sys(e, -errno, "%s: cannot be watched", path);
	}
	return 0;
}

/* Whether more directories of `path` exist by now than `watched`, which got its watch for a name
 * that was missing: nobody would tell of that any more. */
static bool more_exists(const char *path, const char *watched)
{
	const char *rest = path + strlen(watched), *end;
	char next[PATH_MAX];
	struct stat st;

	rest += *rest == '/';
	end = strchr(rest, '/');
	if (!end)
		return false; /* the file itself */
	snprintf(next, sizeof(next), "%.*s", (int)(end - path), path);
	return stat(next, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Makes `path` what the symbolic link there says. Returns whether there was one. */
static bool link_follow(char path[PATH_MAX])
{
	char target[PATH_MAX];
	ssize_t n = readlink(path, target, sizeof(target) - 1);
	size_t dir = (size_t)(strrchr(path, '/') - path) + 1;

	if (n <= 0)
		return false;
	target[n] = '\0';
	if (target[0] == '/')
		dir = 0;
	if (dir + (size_t)n >= PATH_MAX)
		return false;
	memcpy(path + dir, target, (size_t)n + 1);
	return true;
}

static int places_find(struct resolvers_watch *w, struct err *e)
{
	int ret = 0;

	for (size_t i = 0; i < w->count; i++)
		inotify_rm_watch(w->fd, w->places[i].wd);
	w->count = 0;
	for (size_t i = 0; i < RESOLVERS_PATHS_MAX && w->paths[i] && !ret; i++) {
		char path[PATH_MAX], copy[PATH_MAX];
		int links = 0;

		snprintf(path, sizeof(path), "%s", w->paths[i]);
		do {
			do {
				memcpy(copy, path, sizeof(copy));
				ret = place_watch(w, copy, e);
			} while (!ret && w->count < PLACES_MAX && more_exists(path, copy));
		} while (!ret && ++links < LINKS_MAX && link_follow(path));
	}
	return ret;
}

int resolvers_watch_open(struct resolvers_watch **out, const char *const paths[], struct err *e)
{
	struct resolvers_watch *w = calloc(1, sizeof(*w));
	int ret = 0;

	if (!w)
		return err_sys(e, -ENOMEM, "watch of resolv.conf");
	if (!paths || !paths[0])
		paths = resolvers_paths;
	w->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (w->fd < 0)
		ret = err_sys(e, -errno, "watch of resolv.conf");
	for (size_t i = 0; i < RESOLVERS_PATHS_MAX && paths[i] && !ret; i++) {
		if (paths[i][0] != '/' || strlen(paths[i]) >= PATH_MAX)
			ret = err_set(e, -EINVAL, "%.64s: not an absolute path", paths[i]);
		else if (!(w->paths[i] = strdup(paths[i])))
			ret = err_sys(e, -ENOMEM, "watch of resolv.conf");
	}
	if (!ret)
		ret = places_find(w, e);
	if (ret) {
		resolvers_watch_close(w);
		return ret;
	}
	*out = w;
	return 0;
}

void resolvers_watch_close(struct resolvers_watch *w)
{
	if (!w)
		return;
	for (size_t i = 0; i < RESOLVERS_PATHS_MAX; i++)
		free(w->paths[i]);
	if (w->fd >= 0)
		close(w->fd);
	free(w);
}

int resolvers_watch_fd(const struct resolvers_watch *w)
{
	return w->fd;
}

/* Whether an event is of one of our names. Events without a name (the directory itself is gone, the
 * queue ran over) may be of any. */
static bool event_concerns(const struct resolvers_watch *w, const struct inotify_event *ev)
{
	if (ev->len == 0)
		return true;
	for (size_t i = 0; i < w->count; i++)
		if (w->places[i].wd == ev->wd &&
			(!w->places[i].name[0] || strcmp(w->places[i].name, ev->name) == 0))
			return true;
	return false;
}

int resolvers_watch_drain(struct resolvers_watch *w, bool *changed, struct err *e)
{
	_Alignas(struct inotify_event) char buf[8192];
	ssize_t n;

	*changed = false;
	while ((n = read(w->fd, buf, sizeof(buf))) > 0) {
		for (char *at = buf; at < buf + n;) {
			const struct inotify_event *ev = (const void *)at;

			*changed = *changed || (!(ev->mask & IN_IGNORED) && event_concerns(w, ev));
			at += sizeof(*ev) + ev->len;
		}
	}
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		return err_sys(e, -errno, "watch of resolv.conf");
	return *changed ? places_find(w, e) : 0;
}
