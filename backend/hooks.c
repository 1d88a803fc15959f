/*
 * One event after the other (event_begin), of each one program after the other (file_start), each
 * until it ends (on_end), by itself or by on_late. A program is the leader of a session of its own,
 * so that those it started go with it where it has to be killed.
 */
#include "backend/hooks.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/child.h"

struct hooks {
	struct ev_loop *loop;
	struct events *events;
	void (*say)(const char *words);
	void (*told)(void *arg);
	void *arg;
	char dir[4096];
	struct event *now;	 /* that is being told; NULL: none is */
	struct dirent **files;	 /* to whom */
	int file_count, file_at; /* ... and how many of them it has been */
	pid_t pid;		 /* that runs; 0: none does */
	bool late;		 /* and was killed */
	ev_child end;
	ev_timer limit;
};

static void say_of(const struct hooks *h, const char *file, const char *words)
{
	struct err e = ERR_NONE;

	err_set(&e, -EIO, "hook %s: %s", file, words);
	h->say(e.text);
}

/* What editors and packages leave beside a program has a dot or a tilde in its name. */
static int is_name_of_hook(const struct dirent *d)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-_";

	return !d->d_name[strspn(d->d_name, letters)];
}

static bool is_roots(const struct stat *st)
{
	return st->st_uid == 0 && !(st->st_mode & (S_IWGRP | S_IWOTH));
}

/* Whom the event is to be told. */
static void files_read(struct hooks *h)
{
	struct stat st;

	h->files = NULL;
	h->file_count = h->file_at = 0;
	if (stat(h->dir, &st) < 0)
		return;
	if (!is_roots(&st)) {
		say_of(h, h->dir, "not looked at: it is not root's, or others may write there");
		return;
	}
	h->file_count = scandir(h->dir, &h->files, is_name_of_hook, alphasort);
	if (h->file_count < 0) {
		say_of(h, h->dir, strerror(errno));
		h->file_count = 0;
	}
}

static void event_end(struct hooks *h)
{
	while (h->file_count)
		free(h->files[--h->file_count]);
	free(h->files);
	h->files = NULL;
	free(h->now);
	h->now = NULL;
}

static bool event_begin(struct hooks *h)
{
	char words[80];

	if (h->events->lost) {
		snprintf(words, sizeof(words), "%zu events were not told: too many at once",
			h->events->lost);
		say_of(h, h->dir, words);
		h->events->lost = 0;
	}
	h->now = events_take(h->events);
	if (h->now)
		files_read(h);
	return h->now != NULL;
}

/* One that may not be executed is switched off. */
static bool is_to_run(const struct hooks *h, const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0 || !S_ISREG(st.st_mode) || !(st.st_mode & S_IXUSR))
		return false;
	if (is_roots(&st))
		return true;
	say_of(h, path, "not run: it is not root's, or others may change it");
	return false;
}

static void file_start(struct hooks *h, const char *name)
{
	const char *argv[EVENT_WORDS_MAX + 2] = { NULL };
	char path[sizeof(h->dir) + 256 + 2];
	struct err e = ERR_NONE;

	snprintf(path, sizeof(path), "%s/%s", h->dir, name);
	if (!is_to_run(h, path))
		return;
	argv[0] = path;
	memcpy(argv + 1, h->now->words, h->now->count * sizeof(argv[0]));
	if (child_start(argv, &h->pid, &e) < 0) {
		h->pid = 0;
		say_of(h, path, e.text);
		return;
	}
	h->late = false;
	ev_child_set(&h->end, h->pid, 0);
	ev_child_start(h->loop, &h->end);
	ev_now_update(h->loop); /* the timer counts from now */
	ev_timer_set(&h->limit, HOOK_SECONDS, 0.);
	ev_timer_start(h->loop, &h->limit);
}

/* Goes on until one runs, or everybody has been told everything. */
static void go_on(struct hooks *h)
{
	bool something = h->now || h->events->count;

	while (!h->pid && (h->now || event_begin(h))) {
		if (h->file_at < h->file_count)
			file_start(h, h->files[h->file_at++]->d_name);
		else
			event_end(h);
	}
	h->events->telling = h->pid != 0;
	if (something && !h->pid)
		h->told(h->arg);
}

static void end_say(const struct hooks *h, int status)
{
	char words[160];
	const char *event = h->now->words[0];

	if (h->late)
		snprintf(words, sizeof(words), "%s: did not end within %.0f s and was killed",
			event, HOOK_SECONDS);
	else if (WIFSIGNALED(status))
		snprintf(words, sizeof(words), "%s: ended by signal %d", event, WTERMSIG(status));
	else if (WEXITSTATUS(status))
		snprintf(words, sizeof(words), "%s: failed with status %d", event,
			WEXITSTATUS(status));
	else
		return;
	say_of(h, h->files[h->file_at - 1]->d_name, words);
}

static void on_end(struct ev_loop *loop, ev_child *c, int events)
{
	struct hooks *h = c->data;

	(void)events;
	ev_child_stop(loop, c);
	ev_timer_stop(loop, &h->limit);
	h->pid = 0;
	end_say(h, c->rstatus);
	go_on(h);
}

static void on_late(struct ev_loop *loop, ev_timer *t, int events)
{
	struct hooks *h = t->data;

	(void)loop;
	(void)events;
	h->late = true;
	kill(-h->pid, SIGKILL);
}

int hooks_open(struct hooks **out, struct ev_loop *loop, struct events *events,
	void (*say)(const char *words), void (*told)(void *arg), void *arg, struct err *e)
{
	struct hooks *h = calloc(1, sizeof(*h));

	*out = h;
	if (!h)
		return err_sys(e, -ENOMEM, "hooks");
	h->loop = loop;
	h->events = events;
	h->say = say;
	h->told = told;
	h->arg = arg;
	ev_init(&h->end, on_end);
	ev_init(&h->limit, on_late);
	h->end.data = h->limit.data = h;
	return 0;
}

void hooks_close(struct hooks *h)
{
	if (!h)
		return;
	if (h->pid)
		kill(-h->pid, SIGKILL);
	ev_child_stop(h->loop, &h->end);
	ev_timer_stop(h->loop, &h->limit);
	event_end(h);
	free(h);
}

void hooks_run(struct hooks *h, const char *dir)
{
	if (snprintf(h->dir, sizeof(h->dir), "%s", dir) >= (int)sizeof(h->dir))
		h->dir[0] = '\0';
	go_on(h);
}
