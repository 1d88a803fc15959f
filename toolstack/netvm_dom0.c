/*
 * dom0's network, up and down. Who finds a record finds what was begun: it is written before each
 * step (step_make), and removed behind the last one. Only the holder of DOM0_LOCK makes steps.
 */
#include "toolstack/netvm_dom0.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "common/file.h"
#include "toolstack/dom0_link.h"
#include "toolstack/dom0_work.h"
#include "toolstack/netvmd_able.h"

#define CHAIN_MAX      64
#define ALLOW_MAX      256
#define LOCK_PATIENCE  1 /* seconds: who looks at a lock shares it for a moment */
#define KEEPER_SECONDS 5 /* until a keeper has seen that there is nothing to be kept */

struct session {
	struct netvm *n;
	const struct dom0_lines *lines;
	struct registry registry;
	struct dom0_work work;
	struct dom0_record record;
	struct dom0_plan plan;
	const char *chain[CHAIN_MAX];
	size_t chained;
	char *allow; /* a copy of --allow, which `name` points into */
	const char *name[ALLOW_MAX];
	size_t names;
	int lock;
};

static void session_close(struct session *s)
{
	dom0_plan_dispose(&s->plan);
	dom0_record_dispose(&s->record);
	dom0_work_close(&s->work);
	registry_dispose(&s->registry);
	free(s->allow);
	if (s->lock >= 0)
		close(s->lock);
	s->lock = -1;
}

/* --- signals --- */

static volatile sig_atomic_t caught, child;

static void on_signal(int number)
{
	caught = number;
	if (child > 0 && number != SIGINT)
		kill((pid_t)child, number);
}

void dom0_signals_catch(void)
{
	const struct sigaction a = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigaction(numbers[i], &a, NULL);
	/* Who reads the lines may be gone before the last of them. */
	signal(SIGPIPE, SIG_IGN);
}

void dom0_signals_hand_on(int pid)
{
	child = pid;
}

int dom0_signal_caught(void)
{
	return caught;
}

/* --- steps --- */

static void step_say(const struct session *s, const struct dom0_step *step)
{
	char words[DOM0_WORDS_MAX];

	dom0_step_print(step, &s->record, words);
	if (s->lines->quiet)
		return;
	if (s->lines->json) {
		json_text(s->lines->json, NULL, words);
		return;
	}
	fprintf(s->lines->out, "%s%s\n", s->n->o.dry_run ? "would " : "", words);
	fflush(s->lines->out);
}

static int step_make(struct session *s, const struct dom0_step *step, struct err *e)
{
	char words[DOM0_WORDS_MAX];
	int ret = dom0_record_expect(&s->record, step, e);

	if (!ret)
		ret = dom0_record_write(&s->record, e);
	if (ret)
		return ret;
	step_say(s, step);
	ret = dom0_work_do(&s->work, &s->record, step, e);
	return ret ? err_prefix(e, "%s", dom0_step_print(step, &s->record, words)) : 0;
}

/* All of the plan; on the way up until a signal comes. Domains that do not go on do not keep the
 * others back. */
static int steps_make(struct session *s, struct err *e)
{
	int ret = 0;

	for (size_t i = 0; i < s->plan.count; i++) {
		const struct dom0_step *step = &s->plan.step[i];
		int rc;

		if (s->record.stage == DOM0_GOING_UP && caught)
			return err_set(e, -EINTR, "interrupted");
		rc = step_make(s, step, ret ? NULL : e);
		ret = ret ? ret : rc;
		if (rc && step->verb != DOM0_RESUME)
			break;
	}
	return ret;
}

/* --- down --- */

static int way_down(struct session *s, struct err *e)
{
	struct dom0_situation now;
	int ret;

	dom0_plan_dispose(&s->plan);
	ret = dom0_work_look(&s->work, &s->record, &now, e);
	if (!ret)
		ret = dom0_plan_down(&s->record, &now, &s->plan, e);
	if (ret)
		return ret;
	if (s->n->o.dry_run) {
		for (size_t i = 0; i < s->plan.count; i++)
			step_say(s, &s->plan.step[i]);
		return 0;
	}
	s->record.stage = DOM0_GOING_DOWN;
	ret = steps_make(s, e);
	return ret ? err_prefix(e, "dom0's network is not ended; netvm dom0 down goes on")
		   : dom0_record_remove(e);
}

static int lock_own(struct session *s, struct err *e)
{
	int ret;

	if (s->n->o.dry_run)
		return 0;
	ret = dir_create(RUNDIR, 0755, e);
	if (!ret)
		ret = lock_take(DOM0_LOCK, LOCK_PATIENCE, &s->lock, e);
	return ret == -ETIMEDOUT ? err_set(e, -EBUSY, "another netvm dom0 is at work (it holds %s)",
					   DOM0_LOCK)
				 : ret;
}

/* `since` 0: whichever stands. */
static int down(const struct netvm *n, const struct dom0_lines *lines, uint64_t since, bool *was,
	struct err *e)
{
	struct netvm copy = *n;
	struct session s = { .n = &copy, .lines = lines, .lock = -1 };
	int ret = lock_own(&s, e);

	*was = false;
	if (!ret)
		ret = dom0_record_read(&s.record, e);
	if (!ret && (!since || s.record.since == since)) {
		*was = true;
		ret = dom0_work_open(&s.work, n->o.sysfs, e);
		if (!ret)
			ret = way_down(&s, e);
	}
	session_close(&s);
	return ret == -ENOENT && !*was ? 0 : ret;
}

int dom0_down(const struct netvm *n, const struct dom0_lines *lines, bool *was, struct err *e)
{
	return down(n, lines, 0, was, e);
}

int dom0_down_of(
	const struct netvm *n, const struct dom0_lines *lines, uint64_t since, struct err *e)
{
	bool was;

	return down(n, lines, since, &was, e);
}

/* --- up: who and what --- */

static int none_stands(struct session *s, struct err *e)
{
	int ret = dom0_record_read(&s->record, e);

	if (ret == -ENOENT)
		return 0;
	if (ret)
		return ret;
	return err_set(e, -EEXIST,
		s->record.stage == DOM0_IS_UP
			? "dom0 has a network already, by %s; netvm dom0 status shows it, netvm "
			  "dom0 down ends it"
			: "dom0's network, by %s, stands half-way; netvm dom0 down ends it",
		s->record.netvm.name);
}

static int registry_take(struct session *s, struct err *e)
{
	size_t changed;
	int ret = netvm_registry_read(s->n, &s->registry, e);

	if (!ret && !registry_find(&s->registry, DOM0_NAME)) {
		if (s->n->o.dry_run)
			return err_set(e, -ENOENT,
				"the registry does not know dom0 yet; netvm dom0 up, or netvm add "
				"%s, makes it known, with an address of the pool",
				DOM0_NAME);
		ret = registry_edit(s->n->dir, DOM0_NAME, NULL, 0, e);
		registry_dispose(&s->registry);
		if (!ret)
			ret = netvm_registry_read(s->n, &s->registry, e);
	}
	if (!ret)
		ret = registry_allocate(&s->registry, s->n->o.dry_run, &changed, e);
	return ret ? ret : registry_rules_resolve(&s->registry, e);
}

static int own_find(struct session *s, const struct registry_domain **out, struct err *e)
{
	const struct registry_domain *d, *chain[CHAIN_MAX];
	int ret = netvm_domain_find(s->n, &s->registry, DOM0_NAME, &d, e);

	if (ret)
		return ret;
	*out = d;
	s->chained = registry_chain(d, chain, CHAIN_MAX);
	for (size_t i = 0; i < s->chained && i < CHAIN_MAX; i++)
		s->chain[i] = chain[i]->name;
	if (!s->chained)
		return err_set(e, -ENOENT,
			"dom0 has no network domain; netvm set %s netvm=NAME gives it one",
			DOM0_NAME);
	if (s->chained > CHAIN_MAX)
		return err_set(
			e, -E2BIG, "dom0 has more than %d network domains above it", CHAIN_MAX);
	if (!d->cable)
		return err_set(
			e, -EPERM, "dom0 is cut off; netvm cable %s on connects it", DOM0_NAME);
	if (addr_is_set(&d->visible_ip) || addr_is_set(&d->visible_gateway))
		return err_set(e, -EINVAL,
			"visible_ip and visible_gateway are for guests; netvm set %s visible_ip= "
			"visible_gateway= takes them from dom0",
			DOM0_NAME);
	return 0;
}

static int span_take(const struct netvm *n, uint64_t *seconds, struct err *e)
{
	if (!n->o.span || dom0_span_parse(n->o.span, seconds) == 0)
		return 0;
	err_set(e, -EINVAL, "--for takes a time (90s, 10m, 2h), not \"%.40s\"", n->o.span);
	return NETVM_USAGE;
}

/* Names of --allow, and those behind it. */
static int allow_take(struct session *s, int count, struct err *e)
{
	char *rest, *name;

	if (!s->n->o.allow && count) {
		err_set(e, -EINVAL, "\"%.40s\": netvm dom0 up takes names behind --allow alone",
			s->n->args[0]);
		return NETVM_USAGE;
	}
	rest = s->allow = strdup(s->n->o.allow ? s->n->o.allow : "");
	if (!s->allow)
		return err_sys(e, -ENOMEM, "--allow");
	while ((name = strsep(&rest, ",")) && s->names < ALLOW_MAX)
		if (*name)
			s->name[s->names++] = name;
	for (int i = 0; i < count && s->names < ALLOW_MAX; i++)
		s->name[s->names++] = s->n->args[i];
	return s->names == ALLOW_MAX
		       ? err_set(e, -E2BIG, "--allow takes fewer than %d names", ALLOW_MAX)
		       : 0;
}

/* --- up: the network domain --- */

static int provider_find(struct session *s, const struct registry_domain *d,
	const struct dom0_situation *now, struct err *e)
{
	struct netvmd_domain seen = { .domid = 0 };
	struct netvm_report report;
	const char *why;
	int ret;

	for (size_t i = 0; i < now->domains; i++) {
		const struct xen_domain *x = &now->domain[i];

		if (strcmp(x->name, d->netvm->name) != 0 || x->dying || x->shutdown)
			continue;
		s->record.netvm.domid = x->domid;
		memcpy(s->record.netvm.uuid, x->uuid, sizeof(x->uuid));
		seen.paused = x->paused;
	}
	strcpy(s->record.netvm.name, d->netvm->name);
	if (!s->record.netvm.domid || seen.paused)
		return 0; /* for the planner to say */
	ret = netvm_report_read(s->work.store, s->record.netvm.domid, &report, e);
	if (ret == -ENOTCONN)
		return ret;
	seen.ready = !ret && strcmp(report.state, "ready") == 0;
	if (!ret)
		strcpy(seen.capabilities, report.capabilities);
	why = netvmd_unable(&seen, d);
	return why ? err_set(e, -EAGAIN, "%s, dom0's network domain, %s", d->netvm->name, why) : 0;
}

/* Gateway and resolvers are what the network domain was told that it is. */
static int link_take(struct session *s, const struct registry_domain *d, struct err *e)
{
	struct guest_link *l = &s->record.link;
	struct provider p;
	int ret;

	if (!s->record.netvm.domid)
		return 0;
	ret = provider_read(s->work.store, s->record.netvm.domid, &p, e);
	if (ret == -ENOENT)
		return err_set(e, ret,
			"%s has not been told yet that it is a network domain; does netvmd run?",
			d->netvm->name);
	if (ret)
		return ret;
	*l = (struct guest_link){ .ip = d->ip, .ip6 = d->ip6, .mtu = (uint32_t)d->mtu };
	registry_mac(d, &l->mac);
	if (addr_is_set(&d->ip)) {
		l->gateway = p.gateway;
		memcpy(l->dns, p.dns, sizeof(l->dns));
	}
	if (addr_is_set(&d->ip6)) {
		l->gateway6 = p.gateway6;
		memcpy(l->dns6, p.dns6, sizeof(l->dns6));
	}
	if (!addr_is_set(&l->gateway) && !addr_is_set(&l->gateway6))
		return err_set(e, -EADDRNOTAVAIL,
			"dom0 and %s have no address of the same family; netvm get %s and netvm "
			"get "
			"%s show those they have",
			d->netvm->name, DOM0_NAME, d->netvm->name);
	return 0;
}

static void client_fill(struct session *s, const struct registry_domain *d)
{
	struct client *c = &s->work.client;

	*c = (struct client){ .ip = d->ip,
		.ip6 = d->ip6,
		.mac = s->record.link.mac,
		.mtu = (uint32_t)d->mtu,
		.limits = { .connections = (uint32_t)d->connections,
			.packets = (uint32_t)d->packets_per_second,
			.bytes = (uint32_t)d->bytes_per_second },
		.cable = true,
		.policy = d->policy,
		.rules = d->rules };
	strcpy(c->name, d->name);
}

/* --- up --- */

static int plan_make(struct session *s, struct err *e)
{
	const struct registry_domain *d;
	struct dom0_allowed allowed;
	struct dom0_situation now;
	int ret = registry_take(s, e);

	if (!ret)
		ret = own_find(s, &d, e);
	if (!ret)
		ret = dom0_work_open(&s->work, s->n->o.sysfs, e);
	if (!ret)
		ret = dom0_work_devid(&s->record.devid, e);
	if (!ret)
		ret = dom0_work_look(&s->work, &s->record, &now, e);
	if (!ret)
		ret = provider_find(s, d, &now, e);
	if (!ret)
		ret = link_take(s, d, e);
	if (!ret)
		ret = dom0_link_is_needed(s->work.nl, &s->record.link, e);
	allowed = (struct dom0_allowed){ s->chain, s->chained, s->name, s->names };
	if (!ret)
		ret = dom0_plan_up(&s->record, &allowed, &now, &s->plan, e);
	if (!ret)
		client_fill(s, d);
	return ret;
}

/* Whoever kept a network that has been ended sees it in a moment. */
static int keeper_take(int *keeper, struct err *e)
{
	int ret = lock_take(DOM0_KEEPER, KEEPER_SECONDS, keeper, e);

	return ret == -ETIMEDOUT
		       ? err_set(e, -EBUSY,
				 "another netvm dom0 run, or a time limit, has not ended yet (it "
				 "holds %s)",
				 DOM0_KEEPER)
		       : ret;
}

static int way_up(struct session *s, bool kept, uint64_t seconds, struct err *e)
{
	struct err first, why = ERR_NONE;
	int ret;

	s->record.stage = DOM0_GOING_UP;
	s->record.kept = kept;
	s->record.made = !dom0_resolver_exists();
	s->record.since = dom0_clock();
	s->record.until = seconds ? s->record.since + 1000 * seconds : 0;
	ret = steps_make(s, e);
	if (!ret) {
		s->record.stage = DOM0_IS_UP;
		return dom0_record_write(&s->record, e);
	}
	first = *e;
	if (way_down(s, &why))
		return err_set(e, ret, "%s; and %s", first.text, why.text);
	return err_set(e, ret, "%s; what was begun is undone", first.text);
}

int dom0_up(struct netvm *n, const struct dom0_lines *lines, int names, bool kept,
	struct dom0_brought *out, struct err *e)
{
	struct session s = { .n = n, .lines = lines, .lock = -1 };
	uint64_t seconds = 0;
	int ret = span_take(n, &seconds, e);

	*out = (struct dom0_brought){ .keeper = -1 };
	if (!ret)
		ret = allow_take(&s, names, e);
	if (!ret)
		ret = lock_own(&s, e);
	if (!ret)
		ret = none_stands(&s, e);
	if (!ret)
		ret = plan_make(&s, e);
	for (size_t i = 0; i < s.plan.count && !ret && n->o.dry_run; i++)
		step_say(&s, &s.plan.step[i]);
	if (!ret && !n->o.dry_run && (kept || seconds))
		ret = keeper_take(&out->keeper, e);
	if (!ret && !n->o.dry_run)
		ret = way_up(&s, kept || seconds, seconds, e);
	out->since = s.record.since;
	out->until = s.record.until;
	session_close(&s);
	return ret;
}
