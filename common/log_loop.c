#include "common/log_loop.h"

#include "common/log.h"

/* It wakes the loop; what is due is said before the loop waits again. */
static void on_time(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop;
	(void)timer;
	(void)events;
}

static void on_prepare(struct ev_loop *loop, ev_prepare *prepare, int events)
{
	struct log_loop *l = prepare->data;
	double wait = log_bound_tell();

	(void)events;
	if (wait < 0 || ev_is_active(&l->timer))
		return;
	ev_now_update(loop); /* the timer counts from now */
	ev_timer_set(&l->timer, wait, 0.);
	ev_timer_start(loop, &l->timer);
}

void log_loop_start(struct log_loop *l, struct ev_loop *loop)
{
	log_bound_begin();
	ev_prepare_init(&l->prepare, on_prepare);
	ev_init(&l->timer, on_time);
	l->prepare.data = l;
	ev_prepare_start(loop, &l->prepare);
}
