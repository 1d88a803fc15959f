#include "toolstack/netvm_editor.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/config.h"
#include "common/file.h"

#define WORDS_MAX 16

extern char **environ;

static const char *editor_name(void)
{
	const char *name = getenv("VISUAL");

	if (!name || !*name)
		name = getenv("EDITOR");
	return name && *name ? name : "vi";
}

/* Starts it with the terminal's signals as they were for us. */
static int spawn(char *const argv[], const struct sigaction was[2], pid_t *pid)
{
	posix_spawnattr_t attr;
	sigset_t back;
	int ret;

	sigemptyset(&back);
	if (was[0].sa_handler != SIG_IGN)
		sigaddset(&back, SIGINT);
	if (was[1].sa_handler != SIG_IGN)
		sigaddset(&back, SIGQUIT);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigdefault(&attr, &back);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF);
	ret = posix_spawnp(pid, argv[0], NULL, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	return -ret;
}

/* Runs it and waits. What is typed to interrupt it is not meant for us. Gives its wait status. */
static int run_and_wait(char *const argv[], int *status)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct sigaction was[2];
	pid_t pid;
	int ret;

	sigaction(SIGINT, &ignore, &was[0]);
	sigaction(SIGQUIT, &ignore, &was[1]);
	ret = spawn(argv, was, &pid);
	while (!ret && waitpid(pid, status, 0) < 0)
		if (errno != EINTR)
			ret = -errno;
	sigaction(SIGINT, &was[0], NULL);
	sigaction(SIGQUIT, &was[1], NULL);
	return ret;
}

static int edit(char *path, struct err *e)
{
	char *words = strdup(editor_name()), *argv[WORDS_MAX + 2] = { NULL }, *rest = NULL;
	int ret = words ? 0 : err_sys(e, -ENOMEM, "%s", path), status = 0;
	size_t count = 0;

	for (char *w = words ? strtok_r(words, " \t", &rest) : NULL; w && count < WORDS_MAX;
		w = strtok_r(NULL, " \t", &rest))
		argv[count++] = w;
	argv[count] = path;
	if (!ret && !count)
		ret = err_set(e, -EINVAL, "$VISUAL and $EDITOR name no program");
	if (!ret) {
		ret = run_and_wait(argv, &status);
		if (ret)
			err_sys(e, ret, "the editor %s", argv[0]);
		else if (WIFSIGNALED(status))
			ret = err_set(e, -ECANCELED, "the editor %s was ended by signal %d",
				argv[0], WTERMSIG(status));
		else if (WEXITSTATUS(status))
			ret = err_set(e, -ECANCELED, "the editor %s ended with status %d", argv[0],
				WEXITSTATUS(status));
	}
	free(words);
	return ret;
}

static int file_make(struct editor *ed, const char *name, const char *text, struct err *e)
{
	const char *under = getenv("TMPDIR");
	int ret;

	snprintf(ed->dir, sizeof(ed->dir), "%s/netvm.XXXXXX", under && *under ? under : "/tmp");
	if (!mkdtemp(ed->dir)) { /* -EINVAL where it was too long */
		ret = err_sys(
			e, -errno, "no file can be made in %s", under && *under ? under : "/tmp");
		ed->dir[0] = '\0';
		return ret;
	}
	snprintf(ed->path, sizeof(ed->path), "%s/%s", ed->dir, name);
	return file_replace(ed->path, text, strlen(text), 0600, e);
}

int editor_run(struct editor *ed, const char *name, const char *text, char **out, struct err *e)
{
	int ret;

	*ed = (struct editor){ .dir = "" };
	ret = file_make(ed, name, text, e);
	if (!ret)
		ret = edit(ed->path, e);
	if (!ret)
		ret = file_read(ed->path, CONFIG_FILE_MAX, out, NULL, e);
	if (ret)
		editor_end(ed);
	return ret;
}

void editor_end(struct editor *ed)
{
	if (ed->dir[0]) {
		unlink(ed->path);
		rmdir(ed->dir);
	}
	ed->dir[0] = '\0';
}
