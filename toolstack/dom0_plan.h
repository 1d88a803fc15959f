/*
 * dom0_plan: the steps by which dom0 gets a network for a while, and by which it is without again.
 *
 * dom0 has no network. Where it is asked for, one vif of a network domain is brought, and while it
 * is there every domain but those that carry it, and those allowed, stands still: nobody but they
 * can use the moment in which dom0 can be reached. What is shut is shut first: the packet filter
 * stands before there is a link to filter, the domains are paused before it; on the way back the
 * link goes first, then the filter, and the domains go on last.
 *
 * Each step of the way up is noted in the record before it is done, so whoever reads the record
 * after a crash knows what may have been done and nothing else; the way down is made from the
 * record and from what is, and holds only what is there to be undone. So it can be asked for again
 * and again, and undoes what up did and nothing else: a domain that was paused before stays so.
 *
 * Pure. It must not know how anything is read or done.
 */
#ifndef NETVM_DOM0_PLAN_H
#define NETVM_DOM0_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "toolstack/xen.h"
#include "xenstore-schema/schema.h"

enum dom0_verb {
	/* The way up. */
	DOM0_SHUT,    /* every link that comes from now on lets nothing in */
	DOM0_PAUSE,   /* a domain */
	DOM0_LOAD,    /* the vif driver of dom0 */
	DOM0_PUBLISH, /* dom0 as a guest of the network domain */
	DOM0_ATTACH,  /* the vif; its link is there, and is down */
	DOM0_NARROW,  /* the filter to that link; others that come are nobody's business */
	DOM0_ADDRESS, /* addresses, the link up, routes */
	DOM0_RESOLVE, /* dom0 asks the resolvers of its link */
	/* The way down. */
	DOM0_UNRESOLVE,
	DOM0_DETACH,
	DOM0_WITHDRAW,
	DOM0_UNLOAD,
	DOM0_OPEN, /* the filter goes */
	DOM0_RESUME,
	DOM0_VERBS
};

/* A domain, and not another that has its number by now. */
struct dom0_domain {
	uint32_t domid;
	uint8_t uuid[16];
	char name[DOMAIN_NAME_MAX];
};

enum dom0_stage {
	DOM0_GOING_UP,
	DOM0_IS_UP,
	DOM0_GOING_DOWN,
	DOM0_STAGES,
};

/* What was begun, and what is needed to end it. */
struct dom0_record {
	enum dom0_stage stage;
	bool kept;	       /* somebody is to end it: a time limit, or a command's end */
	bool made;	       /* resolv.conf: dom0 had none */
	uint64_t since, until; /* dom0_clock(); `until` 0: no limit */
	struct dom0_domain netvm;
	uint32_t devid;
	struct guest_link link;	    /* addresses, gateways, resolvers, MAC, MTU of dom0 */
	unsigned int begun;	    /* 1 << DOM0_*: steps of the way up */
	struct dom0_domain *paused; /* malloc'd: those that we paused, or were about to */
	size_t count;
};

/* May be repeated. */
void dom0_record_dispose(struct dom0_record *r);

/* What is. */
struct dom0_situation {
	const struct xen_domain *domain; /* all but dom0 */
	size_t domains;
	bool driver; /* dom0 has its vif driver */
	/* For the way down: */
	bool resolves;	/* by the resolvers of the link */
	bool attached;	/* the vif */
	bool published; /* dom0, as a guest of the network domain */
	bool shut;	/* the filter stands, */
	bool filters;	/* or a part of it */
	bool loaded;	/* the driver, as a module */
};

struct dom0_step {
	enum dom0_verb verb;
	struct dom0_domain domain; /* PAUSE, RESUME */
	bool force;		   /* DETACH: the network domain is gone, nobody is waited for */
};

struct dom0_plan {
	struct dom0_step *step; /* malloc'd */
	size_t count;
};

/* Who may run meanwhile. */
struct dom0_allowed {
	const char *const *chain; /* the network domains, from dom0's own outwards */
	size_t chained;
	const char *const *name; /* and whom the administrator allows */
	size_t names;
};

/*
 * `r` says which network domain and what dom0's link is to be. -EHOSTDOWN: a domain of the chain
 * does not run; -ENOENT: nor does one that is allowed; -ENOMEM. dom0_plan_dispose() in any case.
 */
int dom0_plan_up(const struct dom0_record *r, const struct dom0_allowed *a,
	const struct dom0_situation *s, struct dom0_plan *out, struct err *e);

/* Empty: nothing of it is there any more. -ENOMEM. */
int dom0_plan_down(const struct dom0_record *r, const struct dom0_situation *s,
	struct dom0_plan *out, struct err *e);

void dom0_plan_dispose(struct dom0_plan *p); /* may be repeated */

/* Into the record before `s` is done. -ENOMEM. */
int dom0_record_expect(struct dom0_record *r, const struct dom0_step *s, struct err *e);

/* Whether the domain in the record is running now. */
bool dom0_domain_runs(const struct dom0_situation *s, const struct dom0_domain *d);

/* The step in words: "pause work (5)". For --dry-run, tests, and the line a step. */
#define DOM0_WORDS_MAX 320
const char *dom0_step_print(
	const struct dom0_step *s, const struct dom0_record *r, char buf[DOM0_WORDS_MAX]);

#endif
