/*
 * netvmd_pass: one look at the registry and at all domains, and what follows from it.
 *
 * Registry, look, plan, actions (netvmd_plan.h). Each action is done for itself: one that fails is
 * reported, later ones about the same guest are left to the next pass, all others go on. Nothing is
 * remembered from one pass to the next. It must not know when passes happen, nor how an action
 * about a vif is waited for: that is the caller's.
 */
#ifndef NETVM_NETVMD_PASS_H
#define NETVM_NETVMD_PASS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "common/err.h"
#include "toolstack/netvmd_plan.h"
#include "xenstore-schema/store.h"

struct netvmd_pass {
	const char *dir; /* of the registry */
	struct store *store;
	unsigned int look_seconds; /* xen_child_look() */
	FILE *plan; /* not NULL: the actions are printed there, and nothing is changed (--dry-run)
		     */
	void *arg;  /* of the functions below */
	/* Keys of the registry that nobody knows; may be NULL. */
	void (*unknown)(const char *path, const char *key);
	/* What was done, or what is faulty: the same fault in every pass. */
	void (*say)(void *arg, bool faulty, const char *words);
	/* What keeps this pass from what is wanted for `domain`, "" where it is nobody's alone. May
	 * be NULL. */
	void (*obstacle)(void *arg, const char *domain, const char *words);
	/* What was seen; may set `busy`. May be NULL. */
	void (*seen)(void *arg, const struct registry *r, struct netvmd_actual *actual);
	/* Does NETVMD_ATTACH or NETVMD_DETACH, or begins it and says itself what came of it.
	 * -EAGAIN: not now, it is to be planned again. */
	int (*vif)(void *arg, const struct netvmd_action *a, struct err *e);
};

struct netvmd_result {
	size_t domains; /* in the registry */
	size_t faults;	/* of the registry */
	size_t done;	/* actions, those begun among them */
	size_t failed;	/* actions */
	size_t waiting; /* guests */
	bool again;	/* struct netvmd_plan; or netvm dom0 is at work */
};

/* -ENOTCONN: the store is gone. -ETIMEDOUT: libxl took too long.
 * Other errors: the pass could not be made, all stays as it is. */
int netvmd_pass_run(const struct netvmd_pass *p, struct netvmd_result *out, struct err *e);

#endif
