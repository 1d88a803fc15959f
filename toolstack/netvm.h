/*
 * netvm: what the verbs of the administrator's command share.
 *
 * A verb is one function in a file of its own (netvm_VERB.c): it gets options and arguments that
 * were checked for number only, prints its result on standard output, and leaves its error to
 * main(), which prints it once. It returns 0, a negative errno with the sentence in `e` (exit
 * status 1, or what the verb left in n->status), or NETVM_USAGE likewise (exit status 2).
 */
#ifndef NETVM_NETVM_H
#define NETVM_NETVM_H

#include <limits.h>
#include <stdbool.h>

#include "common/cli.h"
#include "common/err.h"
#include "toolstack/registry.h"

#define NETVM_USAGE 1

struct netvm_options {
	const char *config; /* FILE of --config */
	const char *sysfs;
	const char *source, *from;	/* of a port that is exposed */
	const char *to;			/* where the guests of a domain that is removed go */
	const char *allow, *span;	/* of dom0's network */
	const char *before;		/* firewall add: the number of a rule */
	const char *format, *interface; /* of what xl-config prints */
	bool kernel_ip;
	bool json, dry_run, names, remove, live, follow, watch;
	bool cut_dom0, no_iommu, shared_group, force, now, all_network, destroy;
	bool quiet;	      /* what was done need not be said */
	unsigned int timeout; /* seconds */
	/* Of Qubes' commands (qvm.h) alone. */
	struct {
		bool ignored;
		const char *device_option;
		bool persistent, assignments, sbdf, all;   /* qvm-pci */
		bool reset, hide_default, help_properties; /* qvm-prefs */
		bool raw;				   /* qvm-firewall */
		const char *rule_no;
	} qvm;
};

struct netvm {
	struct netvm_options o;
	char dir[PATH_MAX]; /* the registry's */
	char **args;
	int count;
	int status; /* exit status where it is not 0 or 1 */
};

extern const struct cli netvm_cli;

/* The verbs, by the table's order. */
int netvm_list(struct netvm *n, struct err *e);
int netvm_status(struct netvm *n, struct err *e);
int netvm_get(struct netvm *n, struct err *e);
int netvm_set(struct netvm *n, struct err *e);
int netvm_add(struct netvm *n, struct err *e);
int netvm_remove(struct netvm *n, struct err *e);
int netvm_cable(struct netvm *n, struct err *e);
int netvm_get_default(struct netvm *n, struct err *e);
int netvm_set_default(struct netvm *n, struct err *e);
int netvm_start(struct netvm *n, struct err *e);
int netvm_stop(struct netvm *n, struct err *e);
int netvm_restart(struct netvm *n, struct err *e);
int netvm_attach(struct netvm *n, struct err *e);
int netvm_detach(struct netvm *n, struct err *e);
int netvm_import(struct netvm *n, struct err *e);
int netvm_xl_config(struct netvm *n, struct err *e);
int netvm_expose(struct netvm *n, struct err *e);
int netvm_link(struct netvm *n, struct err *e);
int netvm_limit(struct netvm *n, struct err *e);
int netvm_firewall(struct netvm *n, struct err *e);
int netvm_explain(struct netvm *n, struct err *e);
int netvm_doctor(struct netvm *n, struct err *e);
int netvm_pci_list(struct netvm *n, struct err *e);
int netvm_pci_assign(struct netvm *n, struct err *e);
int netvm_pci_release(struct netvm *n, struct err *e);
int netvm_usb_list(struct netvm *n, struct err *e);
int netvm_log(struct netvm *n, struct err *e);
int netvm_watchdog(struct netvm *n, struct err *e);
int netvm_suspend(struct netvm *n, struct err *e);
int netvm_resume(struct netvm *n, struct err *e);
int netvm_dom0_up(struct netvm *n, struct err *e);
int netvm_dom0_down(struct netvm *n, struct err *e);
int netvm_dom0_status(struct netvm *n, struct err *e);
int netvm_dom0_run(struct netvm *n, struct err *e);

/* --- the registry, as verbs use it (netvm_registry.c) --- */

/* Sets n->dir from --config. */
int netvm_dir_find(struct netvm *n, struct err *e);
/* Reads it; keys that nobody knows are warned of. registry_dispose() in any case. */
int netvm_registry_read(const struct netvm *n, struct registry *r, struct err *e);
/* Finds a domain that is in order. -ENOENT names one with a similar name, if there is; a fault is
 * the error. */
int netvm_domain_find(const struct netvm *n, const struct registry *r, const char *name,
	const struct registry_domain **out, struct err *e);
/* As that, for a change that may set right what is at fault: 0 where there is such a domain. */
int netvm_domain_known(
	const struct netvm *n, const struct registry *r, const char *name, struct err *e);
/* Whether `name` can be somebody's network domain. -ENOENT, -EINVAL with what makes it one. */
int netvm_provider_check(
	const struct netvm *n, const struct registry *r, const char *name, struct err *e);
/* The name in the registry that is nearest to what was typed; NULL: none is near. Pure. */
const char *netvm_name_near(const struct registry *r, const char *typed);

/* Where the domain's network domain comes from: "work's netvm is net (default)". */
const char *netvm_of(const struct registry_domain *d);	/* its name, or "none" */
bool netvm_is_default(const struct registry_domain *d); /* not said in its own file */

/* registry_hold(), dry with --dry-run; as netvm_registry_read(). registry_let_go() in any case. */
int netvm_registry_hold(const struct netvm *n, struct registry_held *h, struct err *e);

/* registry_change() of a domain (NULL: netvm.conf), then addresses for all that want one. */
int netvm_change(struct registry_held *h, const char *name, const struct registry_change *changes,
	size_t count, struct err *e);

#define NETVM_DECIDED_MAX 2

/* Says what is to be changed of a domain that is in order, as it is now: into the first of `out`,
 * of which those without a key mean nothing. What they point to may be a part of `r`. */
typedef int (*netvm_decide)(const struct registry *r, const struct registry_domain *d,
	struct registry_change out[NETVM_DECIDED_MAX], void *arg, struct err *e);

/*
 * A change of a domain that follows from what stands there: `decide` is asked while the registry is
 * held, so that of two at once neither is lost. Where it does not return 0, nothing is changed and
 * that is returned. As netvm_domain_find().
 */
int netvm_change_from(
	const struct netvm *n, const char *name, netvm_decide decide, void *arg, struct err *e);

/* Takes "KEY=VALUE" apart and changes the file of `name` (all pairs in one change), or says what
 * would be done. */
int netvm_pairs_apply(const struct netvm *n, struct registry_held *h, const char *name,
	char **pairs, int count, struct err *e);

/*
 * For a change of a list: the items of `l` but those that `is` (called with `arg`) is true of, the
 * number of them to `*count`, and room for `room` more behind them. malloc'd, the texts are those
 * of `l`; NULL: memory is out.
 */
const char **netvm_items_without(const struct config_list *l,
	bool (*is)(const char *item, const void *arg), const void *arg, size_t room, size_t *count);

/* json_close() with a sentence. */
struct json;
int netvm_json_end(struct json *j, struct err *e);

struct table;
/* What a list shows of one domain: rows of `t`, or where there is a `j` objects of that. `asked`:
 * the list is of this domain alone. */
typedef void (*netvm_rows)(struct table *t, struct json *j, const struct registry *r,
	const struct registry_domain *d, bool asked);

/* Prints a list of all domains, or of `only`: as the table that `t` was started as, or with --json
 * as one array. */
int netvm_rows_show(const struct netvm *n, const struct registry *r,
	const struct registry_domain *only, struct table *t, netvm_rows rows, struct err *e);

#endif
