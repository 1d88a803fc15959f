/*
 * watchdog: whether a network domain does what it is there for, judged from what it answers.
 *
 * Pure: dom0 asks by a number (`probe` of struct provider) that a live network domain gives back
 * (struct netvm_report) after a pass over its state; from what came back, and when, follows the
 * verdict. One that has never answered is not judged: nothing in it may be made to. Nor is one that
 * is paused, or that Xen suspends for a save or a migration. It must not know xenstore, nor what is
 * done about a verdict.
 */
#ifndef NETVM_WATCHDOG_H
#define NETVM_WATCHDOG_H

#include <stdbool.h>
#include <stdint.h>

#define WATCHDOG_PATIENCE 3 /* intervals that an answer may take, and an uplink be away */

enum watchdog_verdict {
	WATCHDOG_NONE, /* it is not judged, or not yet */
	WATCHDOG_WELL,
	WATCHDOG_SILENT,  /* it answered once and does not any more */
	WATCHDOG_UNREADY, /* it answers, and says that it cannot serve, as it could before */
	WATCHDOG_CUT_OFF, /* it answers, and has lost its uplinks */
	WATCHDOG_VERDICTS
};

/* What is seen of a network domain at one moment. */
struct watchdog_look {
	uint32_t domid;
	bool still;	   /* it is paused or shut down */
	uint32_t answered; /* the number that it gave back; 0: none */
	bool ready;	   /* it says so */
	bool uplink;	   /* it says that it has one */
	bool may_lack;	   /* a VPN, whose tunnel comes and goes */
};

/* What is remembered of it. Zeroed: a new one. Seconds of one clock. */
struct watchdog {
	uint32_t domid;
	uint32_t asked; /* the number that it was asked last; 0: none, the caller asks */
	bool has_answered, was_ready, had_uplink;
	double answered;	 /* when it last did */
	double unready, cut_off; /* since when; 0: it is not */
};

/* `interval` in seconds. A domain with another number is a new one. Where `w->asked` is 0
 * afterwards it is to be asked anew, and the caller notes the number there. */
enum watchdog_verdict watchdog_judge(
	struct watchdog *w, const struct watchdog_look *l, double now, double interval);

/* What follows the domain's name: "does not answer (netbackd hangs there, or the domain does)";
 * NULL: there is nothing to say. */
const char *watchdog_words(enum watchdog_verdict v);

#endif
