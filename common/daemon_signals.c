#include "common/daemon_signals.h"

#include <signal.h>

#include "common/log.h"
#include "common/notify.h"

static void on_end(struct ev_loop *loop, ev_signal *sig, int events)
{
	const struct daemon_signals *s = sig->data;

	(void)events;
	notify_send("STOPPING=1");
	log_info("%s", s->farewell);
	ev_break(loop, EVBREAK_ALL);
}

static void on_hangup(struct ev_loop *loop, ev_signal *sig, int events)
{
	const struct daemon_signals *s = sig->data;

	(void)loop;
	(void)events;
	s->reload(s->arg);
}

void daemon_signals_start(struct daemon_signals *s, struct ev_loop *loop)
{
	ev_signal_init(&s->terminate, on_end, SIGTERM);
	ev_signal_init(&s->interrupt, on_end, SIGINT);
	ev_signal_init(&s->hangup, on_hangup, SIGHUP);
	s->terminate.data = s->interrupt.data = s->hangup.data = s;
	ev_signal_start(loop, &s->terminate);
	ev_signal_start(loop, &s->interrupt);
	if (s->reload)
		ev_signal_start(loop, &s->hangup);
}
