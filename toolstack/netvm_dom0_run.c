/*
 * netvm dom0 run COMMAND...: dom0's network for as long as a command runs. What is said about the
 * steps goes to standard error; standard output is the command's. Exit status as that of
 * timeout(1): the command's; 125 where it could not be run for want of a network, 126 and 127 where
 * it cannot be run at all.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/log.h"
#include "toolstack/netvm_dom0.h"

enum { EXIT_NO_NETWORK = 125, EXIT_NOT_RUN = 126, EXIT_NOT_FOUND = 127, EXIT_BY_SIGNAL = 128 };

static void command_become(char **args)
{
	static const int numbers[] = { SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGPIPE };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		signal(numbers[i], SIG_DFL);
	execvp(args[0], args);
	log_error("%s: %s", args[0], strerror(errno));
	_exit(errno == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_RUN);
}

/* As system(3): what the terminal sends is the command's; what is sent to us is handed on. */
static int command_run(char **args, int *status, struct err *e)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };
	int ended = 0;
	pid_t pid = fork();

	if (pid < 0)
		return err_sys(e, -errno, "%s", args[0]);
	if (pid == 0)
		command_become(args);
	dom0_signals_hand_on(pid);
	sigaction(SIGINT, &ignore, NULL);
	sigaction(SIGQUIT, &ignore, NULL);
	while (waitpid(pid, &ended, 0) < 0)
		if (errno != EINTR)
			return err_sys(e, -errno, "%s", args[0]);
	dom0_signals_hand_on(0);
	*status = WIFEXITED(ended) ? WEXITSTATUS(ended) : EXIT_BY_SIGNAL + WTERMSIG(ended);
	return 0;
}

int netvm_dom0_run(struct netvm *n, struct err *e)
{
	const struct dom0_lines lines = { .out = stderr };
	struct dom0_brought b;
	int ret, rc;

	if (n->o.json) {
		err_set(e, -EINVAL, "netvm dom0 run has nothing to say as JSON");
		return NETVM_USAGE;
	}
	dom0_signals_catch();
	ret = dom0_up(n, &lines, 0, true, &b, e);
	if (!ret && n->o.dry_run)
		return 0;
	n->status = ret == -EINTR ? EXIT_BY_SIGNAL + dom0_signal_caught() : EXIT_NO_NETWORK;
	if (!ret) {
		if (b.until)
			ret = dom0_keeper_start(n, &b, e);
		if (!ret)
			ret = command_run(n->args, &n->status, e);
		rc = dom0_down_of(n, &lines, b.since, ret ? NULL : e);
		ret = ret ? ret : rc;
	}
	if (ret > 0)
		n->status = 0;
	if (b.keeper >= 0)
		close(b.keeper);
	return ret;
}
