/*
 * What runs (struct run) is read from the state file and looked at (runs_look); what is wanted is
 * an argument vector for each of the two slots, an address of each family. A run whose vector is
 * that of its slot is right. If none is, one is started in a free slot (run_start): addresses,
 * process, state file, then it is waited for until it takes connections.
 *
 * The state file comes before the wait: whoever is killed meanwhile leaves nothing that is not
 * found again.
 */
#include "backend/forwarder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/forwarder_run.h"
#include "backend/forwarder_user.h"
#include "common/arguments.h"
#include "common/backoff.h"

#define AGAIN_FIRST 0.5 /* seconds until one that died at once is tried again */
#define AGAIN_MOST  30.0
#define STEADY	    10.0 /* seconds of life after which a death is not one at once */
#define GRACE	    3.0	 /* seconds that one which is not wanted any more goes on */

struct forwarder {
	struct netlink *nl;
	char state[256]; /* path of the state file */
	struct forwarder_run runs[FORWARDER_SLOTS];
	int current;	 /* slot of the run that is right, -1: none */
	int latest;	 /* that was so last, -1: none */
	double since;	 /* ... since when; as far as this process has seen */
	double unwanted; /* since when others run, 0: none do */
	struct backoff failures;
	struct err failure; /* what is told while it is not tried again */
};

int forwarder_open(struct forwarder **out, struct netlink *nl, const char *run_dir, struct err *e)
{
	struct forwarder *f = calloc(1, sizeof(*f));

	if (!f)
		return err_sys(e, -ENOMEM, "forwarder");
	f->nl = nl;
	f->current = f->latest = -1;
	f->failures = (struct backoff){ .first = AGAIN_FIRST, .most = AGAIN_MOST };
	snprintf(f->state, sizeof(f->state), "%s/forwarder", run_dir);
	for (int i = 0; i < FORWARDER_SLOTS; i++)
		f->runs[i].process.fd = -1;
	*out = f;
	return 0;
}

void forwarder_close(struct forwarder *f)
{
	for (int i = 0; f && i < FORWARDER_SLOTS; i++)
		forwarder_run_forget(&f->runs[i]);
	free(f);
}

int forwarder_fd(const struct forwarder *f)
{
	return f->current < 0 ? -1 : f->runs[f->current].process.fd;
}

/* --- what is wanted --- */

struct args {
	struct arguments words;
	struct forwarder_at at;
};

/* The address where slot `i` listens in a family that is `wanted`; false: the settings have none.
 */
static bool listen_at(struct args *a, bool wanted, const struct addr *slots, int i, struct addr *at)
{
	char text[ADDR_TEXT_MAX];

	if (wanted && !addr_is_set(&slots[i]))
		return false;
	if (!wanted)
		return true;
	*at = slots[i];
	arguments_add(&a->words, "--listen-address=%s", addr_print(at, text));
	return true;
}

/* False: the settings have no address for it. Unprivileged, and nothing but DNS on that address: no
 * file is read, no cache kept (answers that one guest asked for are not another's, and none is
 * older than the list), no question answered that is not asked anew. */
static bool args_make(struct args *a, const struct forward *w, const struct settings *s,
	const char *group, int slot)
{
	static const char *const fixed[] = { "dnsmasq", "--keep-in-foreground",
		"--conf-file=/dev/null", "--no-resolv", "--no-hosts",
		"--pid-file=", "--log-facility=-", "--bind-interfaces", "--port=53",
		"--cache-size=0", "--no-ident", "--proxy-dnssec", "--dns-loop-detect",
		"--dns-forward-max=1000" };
	char text[ADDR_TEXT_MAX];

	*a = (struct args){ .words.count = 0 };
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		arguments_add(&a->words, "%s", fixed[i]);
	arguments_add(&a->words, "--user=%s", s->forwarder_user);
	arguments_add(&a->words, "--group=%s", group);
	for (size_t i = 0; i < w->ask_count; i++)
		arguments_add(&a->words, "--server=%s%s%s", addr_print(&w->ask[i].addr, text),
			addr_is_linklocal(&w->ask[i].addr) ? "%"
			: w->ask[i].link[0]		   ? "@"
							   : "",
			w->ask[i].link);
	return listen_at(a, w->ip4, s->forwarder, slot, &a->at.ip4) &&
	       listen_at(a, w->ip6, s->forwarder6, slot, &a->at.ip6);
}

struct wanted {
	struct args args[FORWARDER_SLOTS];
	bool usable[FORWARDER_SLOTS];
};

static int wanted_make(
	struct wanted *out, const struct forward *w, const struct settings *s, struct err *e)
{
	const char *group = forwarder_user_group(s->forwarder_user);

	if (!group)
		return err_set(e, -EINVAL,
			"no forwarder: there is no unprivileged user %s (systemd-sysusers makes "
			"it)",
			s->forwarder_user);
	for (int i = 0; i < FORWARDER_SLOTS; i++)
		out->usable[i] = args_make(&out->args[i], w, s, group, i);
	return 0;
}

/* --- what runs --- */

/* Reads the state anew, for another process may have changed it. A run that is dead keeps its
 * addresses for now, so that questions there are refused at once. */
static void runs_look(struct forwarder *f, double now)
{
	struct forwarder_run said[FORWARDER_SLOTS];

	forwarder_runs_read(f->state, said);
	for (int i = 0; i < FORWARDER_SLOTS; i++) {
		struct forwarder_run *r = &f->runs[i];
		bool known = r->process.pid && r->process.pid == said[i].process.pid &&
			     r->process.start == said[i].process.start;

		if (!known) {
			forwarder_run_forget(r);
			*r = said[i];
		}
		kept_process_look(&r->process);
		if (!known || r->process.pid || i != f->latest)
			continue;
		f->latest = -1;
		if (now - f->since >= STEADY) {
			backoff_end(&f->failures);
			continue;
		}
		backoff_failed(&f->failures, now);
		err_set(&f->failure, -EAGAIN,
			"the forwarder, dnsmasq, ended soon after it was started");
	}
}

static int run_find(const struct forwarder *f, const struct wanted *w)
{
	for (int i = 0; i < FORWARDER_SLOTS; i++)
		if (w->usable[i] && f->runs[i].process.pid &&
			f->runs[i].process.digest == arguments_digest(w->args[i].words.argv))
			return i;
	return -1;
}

static int addrs_change(struct forwarder *f, const struct forwarder_run *r,
	int (*change)(struct netlink *nl, const struct link_addr *a, struct err *e), struct err *e)
{
	struct link lo;
	int rc = link_get(f->nl, "lo", &lo, e);

	if (!rc && addr_is_set(&r->ip4))
		rc = change(f->nl, &(struct link_addr){ lo.ifindex, r->ip4, 32 }, e);
	if (!rc && addr_is_set(&r->ip6))
		rc = change(f->nl, &(struct link_addr){ lo.ifindex, r->ip6, 128 }, e);
	return rc;
}

/* Ends it, if it lives, and takes its addresses away. */
static int run_clear(struct forwarder *f, int slot, struct err *e)
{
	struct forwarder_run *r = &f->runs[slot];
	int rc, kept;

	kept_process_end(&r->process);
	rc = addrs_change(f, r, link_addr_delete, e);
	forwarder_run_forget(r);
	kept = forwarder_runs_write(f->state, f->runs, rc ? NULL : e);
	return rc ? rc : kept;
}

/* A free slot; else that of a run which is not the latest; else its own. */
static int slot_choose(const struct forwarder *f, const struct wanted *w)
{
	for (int i = 0; i < FORWARDER_SLOTS; i++)
		if (w->usable[i] && !f->runs[i].process.pid)
			return i;
	for (int i = 0; i < FORWARDER_SLOTS; i++)
		if (w->usable[i] && i != f->latest)
			return i;
	return f->latest;
}

static int run_start(struct forwarder *f, int slot, const struct args *a, struct err *e)
{
	struct forwarder_run *r = &f->runs[slot];
	int rc = run_clear(f, slot, e);

	r->process.digest = arguments_digest(a->words.argv);
	r->ip4 = a->at.ip4;
	r->ip6 = a->at.ip6;
	if (!rc)
		rc = arguments_check(&a->words, e);
	if (!rc)
		rc = addrs_change(f, r, link_addr_set, e);
	if (!rc)
		rc = kept_process_start(a->words.argv, &r->process, e);
	if (!rc)
		rc = forwarder_runs_write(f->state, f->runs, e);
	if (!rc)
		rc = forwarder_run_await(r, e);
	if (rc)
		run_clear(f, slot, NULL);
	return rc;
}

/* --- making it stand --- */

static void current_set(struct forwarder *f, int slot, double now, struct forwarder_at *at)
{
	const struct forwarder_run *r = &f->runs[slot];

	if (f->latest != slot)
		f->since = now;
	f->current = f->latest = slot;
	*at = (struct forwarder_at){ r->ip4, r->ip6 };
}

static int run_find_or_start(struct forwarder *f, const struct forward *w,
	const struct settings *settings, double now, int *slot)
{
	struct wanted wanted;
	int rc = wanted_make(&wanted, w, settings, &f->failure);

	if (rc)
		return rc;
	*slot = run_find(f, &wanted);
	if (*slot >= 0)
		return addrs_change(f, &f->runs[*slot], link_addr_set, &f->failure);
	if (now < f->failures.until)
		return -EAGAIN;
	*slot = slot_choose(f, &wanted);
	return run_start(f, *slot, &wanted.args[*slot], &f->failure);
}

int forwarder_stand(struct forwarder *f, const struct forward *w, const struct settings *settings,
	double now, struct forwarder_at *at, struct err *e)
{
	int rc, slot;

	*at = (struct forwarder_at){ .ip4 = { 0 } };
	runs_look(f, now);
	f->current = -1;
	if (!w->ask_count) {
		backoff_end(&f->failures);
		return 0;
	}
	rc = run_find_or_start(f, w, settings, now, &slot);
	if (rc) {
		backoff_failed(&f->failures, now);
		return err_set(e, rc, "%s", f->failure.text);
	}
	current_set(f, slot, now, at);
	return 0;
}

/* Which one runs; -ESRCH: none does, `at` is where it would be started. */
static int run_look_for(struct forwarder *f, const struct forward *w,
	const struct settings *settings, struct forwarder_at *at, struct err *e)
{
	struct wanted wanted;
	int rc = wanted_make(&wanted, w, settings, e), slot;

	if (rc)
		return rc;
	runs_look(f, 0);
	slot = run_find(f, &wanted);
	if (slot >= 0) {
		current_set(f, slot, 0, at);
		return 0;
	}
	*at = wanted.args[slot_choose(f, &wanted)].at;
	return err_set(e, -ESRCH, "no forwarder runs, which netbackd keeps");
}

static void start_print(FILE *plan, const struct forward *w, const struct forwarder_at *at)
{
	const bool both = addr_is_set(&at->ip4) && addr_is_set(&at->ip6);
	char ip4[ADDR_TEXT_MAX] = "", ip6[ADDR_TEXT_MAX] = "", asked[ADDR_TEXT_MAX];

	if (addr_is_set(&at->ip4))
		addr_print(&at->ip4, ip4);
	if (addr_is_set(&at->ip6))
		addr_print(&at->ip6, ip6);
	fprintf(plan, "# a DNS forwarder (dnsmasq) would be started at %s%s%s, asking", ip4,
		both ? " and " : "", ip6);
	for (size_t i = 0; i < w->ask_count; i++)
		fprintf(plan, " %s", addr_print(&w->ask[i].addr, asked));
	fputc('\n', plan);
}

int forwarder_find(struct forwarder *f, const struct forward *w, const struct settings *settings,
	FILE *plan, struct forwarder_at *at, struct err *e)
{
	int rc;

	*at = (struct forwarder_at){ .ip4 = { 0 } };
	f->current = -1;
	if (!w->ask_count)
		return 0;
	rc = run_look_for(f, w, settings, at, e);
	if (rc == -ESRCH && plan) {
		start_print(plan, w, at);
		return 0;
	}
	if (rc && plan)
		fprintf(plan, "# %s\n", e->text);
	return rc;
}

void forwarder_settle(struct forwarder *f, double now)
{
	bool others = false;

	for (int i = 0; i < FORWARDER_SLOTS; i++) {
		const struct forwarder_run *r = &f->runs[i];

		if (i == f->current)
			continue;
		if (r->process.pid && !(f->unwanted > 0 && now - f->unwanted >= GRACE))
			others = true;
		else if (r->process.pid || addr_is_set(&r->ip4) || addr_is_set(&r->ip6))
			run_clear(f, i, NULL);
	}
	if (!others)
		f->unwanted = 0;
	else if (!f->unwanted)
		f->unwanted = now;
}

double forwarder_next(const struct forwarder *f, double now)
{
	double next = f->unwanted > 0 ? f->unwanted + GRACE - now : 0;

	if (f->current < 0 && f->failures.until > now && (!next || f->failures.until - now < next))
		next = f->failures.until - now;
	return next < 0 ? 0.001 : next;
}

int forwarder_tear_down(struct forwarder *f, struct err *e)
{
	int rc = 0;

	runs_look(f, 0);
	f->current = f->latest = -1;
	for (int i = 0; i < FORWARDER_SLOTS; i++) {
		int one = run_clear(f, i, rc ? NULL : e);

		rc = rc ? rc : one;
	}
	return rc;
}
