#include "common/pass_timer.h"

#include "common/clock.h"

static void on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct pass_timer *t = timer->data;

	(void)loop;
	(void)events;
	t->due = 0;
	t->run(t->arg);
}

void pass_timer_init(struct pass_timer *t, struct ev_loop *loop, void (*run)(void *arg), void *arg)
{
	*t = (struct pass_timer){ .loop = loop, .run = run, .arg = arg };
	ev_init(&t->timer, on_timer);
	t->timer.data = t;
}

double pass_timer_due(double due, double not_before, double now, double seconds)
{
	double asked = now + seconds;

	if (asked < not_before)
		asked = not_before;
	return due > 0 && due <= asked ? due : asked;
}

static void timer_begin(struct pass_timer *t, double now, double due)
{
	t->due = due;
	ev_now_update(t->loop);
	ev_timer_stop(t->loop, &t->timer);
	ev_timer_set(&t->timer, due - now, 0.);
	ev_timer_start(t->loop, &t->timer);
}

void pass_timer_ask(struct pass_timer *t, double seconds)
{
	double now = clock_seconds();
	double due = pass_timer_due(t->due, t->not_before, now, seconds);

	if (due != t->due)
		timer_begin(t, now, due);
}

void pass_timer_rest(struct pass_timer *t, double seconds)
{
	double now = clock_seconds();

	t->not_before = now + seconds;
	if (t->due > 0 && t->due < t->not_before)
		timer_begin(t, now, t->not_before);
}

double pass_timer_owed(double owed, double idle, double took)
{
	return (owed > idle ? owed - idle : 0) + took;
}

void pass_timer_spent(struct pass_timer *t, double begin, double end)
{
	t->owed = pass_timer_owed(t->owed, begin - t->ended, end - begin);
	t->ended = end;
	pass_timer_rest(t, t->owed > PASS_OWED ? t->owed : 0);
}
