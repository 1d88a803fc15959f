#include "xenstore-schema/conn_alarm.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/time.h>
#include <xentoolcore.h>

#include "xenstore-schema/store.h"

#define AGAIN_US 100000

static struct sigaction before;
static volatile sig_atomic_t is_held, rang;

static void ring(int signal)
{
	int err = errno;

	(void)signal;
	rang = 1;
	if (!is_held)
		xentoolcore_restrict_all(DOMID_INVALID);
	errno = err;
}

void conn_alarm_hold(bool hold)
{
	is_held = hold;
}

void conn_alarm_begin(void)
{
	const struct itimerval timer = { .it_value.tv_sec = STORE_PATIENCE,
		.it_interval.tv_usec = AGAIN_US };
	struct sigaction action = { .sa_handler = ring }; /* no SA_RESTART */

	rang = 0;
	sigemptyset(&action.sa_mask);
	sigaction(SIGALRM, &action, &before);
	setitimer(ITIMER_REAL, &timer, NULL);
}

bool conn_alarm_end(void)
{
	const struct itimerval off = { .it_value.tv_sec = 0 };

	setitimer(ITIMER_REAL, &off, NULL);
	sigaction(SIGALRM, &before, NULL);
	return rang;
}
