#include "toolstack/watchdog.h"

#include <stddef.h>

/* `*since` becomes when `is` began, 0 where it is not so; whether it has lasted. */
static bool lasts(double *since, bool is, double now, double patience)
{
	if (!is)
		*since = 0;
	else if (*since == 0)
		*since = now;
	return is && now - *since >= patience;
}

enum watchdog_verdict watchdog_judge(
	struct watchdog *w, const struct watchdog_look *l, double now, double interval)
{
	double patience = WATCHDOG_PATIENCE * interval;
	bool unready, cut_off;

	if (w->domid != l->domid)
		*w = (struct watchdog){ .domid = l->domid };
	if (l->still || !w->asked) {
		/* Time does not count while it stands still. */
		w->answered = now;
		w->unready = w->cut_off = 0;
		return WATCHDOG_NONE;
	}
	if (l->answered == w->asked) {
		w->has_answered = true;
		w->answered = now;
		w->asked = 0;
	}
	if (!w->has_answered)
		return WATCHDOG_NONE;
	if (now - w->answered >= patience)
		return WATCHDOG_SILENT;
	w->was_ready |= l->ready;
	w->had_uplink |= l->uplink;
	unready = lasts(&w->unready, w->was_ready && !l->ready, now, patience);
	cut_off = lasts(&w->cut_off, w->had_uplink && !l->uplink && !l->may_lack, now, patience);
	return unready ? WATCHDOG_UNREADY : cut_off ? WATCHDOG_CUT_OFF : WATCHDOG_WELL;
}

const char *watchdog_words(enum watchdog_verdict v)
{
	static const char *const words[WATCHDOG_VERDICTS] = {
		[WATCHDOG_SILENT] =
			"does not answer any more (netbackd hangs there, or the domain)",
		[WATCHDOG_UNREADY] = "says that it is not ready any more (its netbackd's journal)",
		[WATCHDOG_CUT_OFF] = "has lost its uplink (its NIC, or what that hangs on)",
	};

	return words[v];
}
