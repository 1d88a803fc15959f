/*
 * repeat: how long a hotplug program takes for one vif up and down.
 *
 *	repeat COUNT PROGRAM [OPTION...]
 *
 * Runs "PROGRAM online type_if=vif" and "PROGRAM offline type_if=vif" (options behind) COUNT times
 * and prints the
 * median of a pair, in microseconds, as Xen's tools would wait for it: from starting the process to
 * its end. A shell's loop would measure the shell as well.
 */
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "tests/bench/median.h"

extern char **environ;

#define OPTIONS_MAX 4

/* `options` ends with a NULL. */
static void run(char *program, const char *verb, char *options[])
{
	char word[16], type[] = "type_if=vif";
	char *argv[OPTIONS_MAX + 4] = { program, word, type };
	int status, err;
	pid_t pid;

	for (int i = 0; i < OPTIONS_MAX && options[i]; i++)
		argv[3 + i] = options[i];
	snprintf(word, sizeof(word), "%s", verb);
	err = posix_spawn(&pid, program, NULL, NULL, argv, environ);
	if (err || waitpid(pid, &status, 0) < 0 || status != 0) {
		fprintf(stderr, "repeat: %s %s: %s\n", program, verb,
			err ? strerror(err) : "it failed");
		exit(1);
	}
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

int main(int argc, char *argv[])
{
	size_t count = argc >= 3 && argc <= 3 + OPTIONS_MAX ? strtoul(argv[1], NULL, 10) : 0;
	double *took = calloc(count + 1, sizeof(*took));

	if (!count || !took) {
		fprintf(stderr, "usage: repeat COUNT PROGRAM [OPTION...]\n");
		return 2;
	}
	for (size_t i = 0; i < count; i++) {
		double start = now();

		run(argv[2], "online", argv + 3);
		run(argv[2], "offline", argv + 3);
		took[i] = now() - start;
	}
	printf("%.0f\n", median(took, count));
	free(took);
	return 0;
}
