/*
 * netvm status [NAME]: what is wanted beside what is. The registry says what is wanted, libxl what
 * runs, xenstore how far each vif is and what its network domain reports (which is that domain's
 * word, shown as such), netvmd what keeps it from what is wanted. Without Xen, xenstored or netvmd
 * the rest is shown, with a line that says so.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/json.h"
#include "toolstack/netvm.h"
#include "toolstack/netvm_domain.h"
#include "toolstack/present.h"
#include "toolstack/present_watch.h"
#include "toolstack/table.h"

struct status {
	const struct registry *registry;
	struct present now;
};

/* Whether an obstacle is shown with the domain `name`; NULL: with netvmd, for no domain of the
 * registry has it. */
static bool obstacle_is_of(
	const struct status *s, const struct netvmd_obstacle *o, const char *name)
{
	return name ? strcmp(o->domain, name) == 0 : !registry_find(s->registry, o->domain);
}

/* --- JSON --- */

static void obstacles_json(struct json *j, const struct status *s, const char *name)
{
	json_array(j, "obstacles");
	for (size_t i = 0; i < s->now.obstacles.count; i++)
		if (obstacle_is_of(s, &s->now.obstacles.obstacle[i], name))
			json_text(j, NULL, s->now.obstacles.obstacle[i].words);
	for (size_t i = 0; name && i < s->now.findings.count; i++)
		if (strcmp(s->now.findings.obstacle[i].domain, name) == 0)
			json_text(j, NULL, s->now.findings.obstacle[i].words);
	json_array_end(j);
}

static void netvmd_json(struct json *j, const struct status *s)
{
	json_object(j, "netvmd");
	if (s->now.no_netvmd.code)
		json_text(j, "running", NULL);
	else
		json_bool(j, "running", s->now.netvmd != NETVMD_AWAY);
	json_bool(j, "ready", s->now.netvmd == NETVMD_RUNS);
	json_text(j, "error", s->now.no_netvmd.code ? s->now.no_netvmd.text : NULL);
	obstacles_json(j, s, NULL);
	json_object_end(j);
}

static void vif_json(struct json *j, const struct status *s, const struct present_vif *v)
{
	json_object(j, NULL);
	json_number(j, "devid", v->devid);
	json_number(j, "backend_domid", v->frontend.backend_domid);
	json_text(j, "backend", present_name(&s->now, v->frontend.backend_domid));
	json_text(j, "frontend_state", present_state_word(v->frontend.state));
	json_text(j, "backend_state", v->has_backend ? present_state_word(v->backend.state) : NULL);
	json_text(j, "hotplug_status", v->has_backend ? v->backend.hotplug_status : NULL);
	json_text(j, "reported_state", v->report.state[0] ? v->report.state : NULL);
	json_text(j, "reported_error", v->report.error[0] ? v->report.error : NULL);
	json_object_end(j);
}

static void report_json(struct json *j, const struct netvm_report *r)
{
	json_object(j, "report");
	json_text(j, "state", r->state);
	json_text(j, "version", r->version);
	json_text(j, "capabilities", r->capabilities);
	json_text(j, "uplink", r->uplink);
	json_text(j, "resolvers", r->resolvers);
	if (r->mtu)
		json_number(j, "mtu", r->mtu);
	else
		json_text(j, "mtu", NULL);
	json_text(j, "alarm", r->alarm[0] ? r->alarm : NULL);
	json_object_end(j);
}

static void domain_status_json(
	struct json *j, const struct status *s, const struct registry_domain *d)
{
	struct present_domain now;

	present_domain_find(&s->now, d->name, &now);
	json_object(j, NULL);
	domain_json(j, d);
	if (now.known)
		json_bool(j, "running", now.running);
	else
		json_text(j, "running", NULL);
	if (now.running)
		json_number(j, "domid", now.domid);
	else
		json_text(j, "domid", NULL);
	json_array(j, "vifs");
	for (size_t i = 0; i < now.vifs; i++)
		vif_json(j, s, &now.vif[i]);
	json_array_end(j);
	if (now.reports)
		report_json(j, &now.report);
	else
		json_text(j, "report", NULL);
	obstacles_json(j, s, d->name);
	json_object_end(j);
}

static int json_print(const struct status *s, const char *only, struct err *e)
{
	struct json *j = json_open();

	json_object(j, NULL);
	json_text(j, "xen_error", s->now.no_xen.code ? s->now.no_xen.text : NULL);
	json_text(j, "xenstore_error", s->now.no_store.code ? s->now.no_store.text : NULL);
	netvmd_json(j, s);
	json_array(j, "domains");
	for (size_t i = 0; i < s->registry->count; i++)
		if (!only || strcmp(s->registry->domain[i].name, only) == 0)
			domain_status_json(j, s, &s->registry->domain[i]);
	json_array_end(j);
	json_object_end(j);
	return netvm_json_end(j, e);
}

/* --- text --- */

/* The first vif in a word or two; the notes below the table say more. */
static void vif_words(
	const struct present_domain *now, const struct registry_domain *d, char *buf, size_t size)
{
	const struct present_vif *v = &now->vif[0];

	buf[0] = '\0';
	if (now->running && !now->vifs && d->netvm)
		snprintf(buf, size, "none");
	else if (now->vifs && strcmp(v->backend.hotplug_status, "error") == 0)
		snprintf(buf, size, "error");
	else if (now->vifs && !v->has_backend)
		snprintf(buf, size, "no backend");
	else if (now->vifs && !d->cable)
		/* Only on the word of the network domain, which looked at its kernel. */
		snprintf(buf, size, "%s",
			strcmp(v->report.state, "cut off") == 0 ? "cut off" : "not cut off yet");
	else if (now->vifs)
		snprintf(buf, size, "%s", present_state_word(v->frontend.state));
}

static void domain_row(struct table *t, const struct status *s, const struct registry_domain *d)
{
	char domid[16] = "", vif[32], ip[DOMAIN_VALUE_MAX], netvm[DOMAIN_NAME_MAX + 16];
	struct present_domain now;

	present_domain_find(&s->now, d->name, &now);
	if (now.running)
		snprintf(domid, sizeof(domid), "%u", now.domid);
	if (d->fault) {
		table_row(t, d->name, domid, "?", "?", "at fault, see below", "?");
		return;
	}
	domain_value(d, "ip", ip, NULL);
	vif_words(&now, d, vif, sizeof(vif));
	snprintf(netvm, sizeof(netvm), "%s%s", netvm_of(d),
		d->netvm && netvm_is_default(d) ? " (default)" : "");
	table_row(t, d->name, domid, netvm, ip, vif,
		now.reports	       ? now.report.state
		: !d->provides_network ? ""
		: now.running	       ? "says nothing"
		: now.known	       ? "not running"
				       : "?");
}

static void notes_print(const struct status *s, const struct registry_domain *d)
{
	struct present_domain now;

	if (d->fault)
		printf("\n%s: %s\n", d->name, d->fault->text);
	present_domain_find(&s->now, d->name, &now);
	for (size_t i = 0; i < now.vifs; i++)
		if (now.vif[i].report.error[0])
			printf("\n%s, vif %u: %s says: %s\n", d->name, now.vif[i].devid,
				present_name(&s->now, now.vif[i].frontend.backend_domid),
				now.vif[i].report.error);
}

static void obstacles_print(const struct status *s, const char *name)
{
	for (size_t i = 0; i < s->now.obstacles.count; i++)
		if (obstacle_is_of(s, &s->now.obstacles.obstacle[i], name))
			printf("\nnetvmd says: %s\n", s->now.obstacles.obstacle[i].words);
}

static void findings_print(const struct status *s, const char *name)
{
	for (size_t i = 0; i < s->now.findings.count; i++)
		if (strcmp(s->now.findings.obstacle[i].domain, name) == 0)
			printf("\nnetvm watchdog says: %s\n", s->now.findings.obstacle[i].words);
}

static void netvmd_print(const struct status *s)
{
	obstacles_print(s, NULL);
	if (s->now.no_netvmd.code)
		printf("\nWhat netvmd does is not known: %s.\n", s->now.no_netvmd.text);
	else if (s->now.netvmd == NETVMD_AWAY)
		printf("\nnetvmd does not run: nothing makes domains as they are wanted.\n");
	else if (s->now.netvmd == NETVMD_BEGINS)
		printf("\nnetvmd has just begun, and not looked at everything yet.\n");
}

/* One domain, in full. */
static void detail_print(const struct status *s, const struct registry_domain *d)
{
	struct present_domain now;
	char text[DOMAIN_VALUE_MAX];

	present_domain_find(&s->now, d->name, &now);
	for (size_t i = 0; i < now.vifs; i++) {
		const struct present_vif *v = &now.vif[i];

		printf("vif %u: backend in %s (domain %u), frontend %s, backend %s, hotplug %s\n",
			v->devid, present_name(&s->now, v->frontend.backend_domid),
			v->frontend.backend_domid, present_state_word(v->frontend.state),
			v->has_backend ? present_state_word(v->backend.state) : "missing",
			v->backend.hotplug_status[0] ? v->backend.hotplug_status : "not yet");
	}
	if (!d->fault) {
		domain_value(d, "mac", text, NULL);
		printf("mac: %s\n", text);
	}
	if (now.reports)
		printf("it reports: uplink %s; resolvers %s; %s (version %s)\n",
			now.report.uplink[0] ? now.report.uplink : "none",
			now.report.resolvers[0] ? now.report.resolvers : "none",
			now.report.capabilities, now.report.version);
	if (now.reports && now.report.alarm[0])
		printf("ALARM: %s\n", now.report.alarm);
}

static int text_print(const struct status *s, const char *only, struct err *e)
{
	struct table t;
	int ret;

	table_start(&t, "NAME", "DOMAIN", "NETVM", "ADDRESS", "VIF", "REPORT", NULL);
	for (size_t i = 0; i < s->registry->count; i++)
		if (!only || strcmp(s->registry->domain[i].name, only) == 0)
			domain_row(&t, s, &s->registry->domain[i]);
	ret = table_print(&t, e);
	if (ret)
		return ret;
	for (size_t i = 0; i < s->registry->count; i++) {
		if (only && strcmp(s->registry->domain[i].name, only) != 0)
			continue;
		if (only)
			detail_print(s, &s->registry->domain[i]);
		notes_print(s, &s->registry->domain[i]);
		obstacles_print(s, s->registry->domain[i].name);
		findings_print(s, s->registry->domain[i].name);
	}
	netvmd_print(s);
	if (s->now.no_xen.code)
		printf("\nWhat runs is not known: %s.\n", s->now.no_xen.text);
	if (s->now.no_store.code)
		printf("\nHow the vifs are is not known: %s.\n", s->now.no_store.text);
	return 0;
}

static int draw(const struct netvm *n, const struct status *s, struct err *e)
{
	const char *only = n->count ? n->args[0] : NULL;
	const struct registry_domain *d;

	if (only && !registry_find(s->registry, only))
		return netvm_domain_find(n, s->registry, only, &d, e);
	if (n->o.json)
		return json_print(s, only, e);
	return text_print(s, only, e);
}

/* --- on and on --- */

/* What draw() prints, malloc'd. glibc's stdout may be set. */
static int draw_text(const struct netvm *n, const struct status *s, char **out, struct err *e)
{
	FILE *terminal = stdout;
	size_t size;
	int ret;

	*out = NULL;
	stdout = open_memstream(out, &size);
	ret = stdout ? draw(n, s, e) : err_sys(e, -errno, "status");
	if (stdout && fclose(stdout) && !ret)
		ret = err_sys(e, -errno, "status");
	stdout = terminal;
	return ret;
}

/* A terminal shows the newest alone, a file or pipe all of them, one behind the other. */
static int text_show(const char *text, bool first, struct err *e)
{
	if (isatty(STDOUT_FILENO))
		fputs("\033[H\033[2J\033[3J", stdout);
	else if (!first)
		putchar('\n');
	fputs(text, stdout);
	return fflush(stdout) ? err_sys(e, -errno, "standard output") : 0;
}

static int look(const struct netvm *n, struct present_watch *w, char **text, struct err *e)
{
	struct registry r;
	struct status s = { .registry = &r };
	struct err fault = ERR_NONE;
	int ret, faulty = netvm_registry_read(n, &r, &fault);

	present_open(&s.now);
	ret = present_watch_renew(w, n->dir, &r, &s.now, e);
	if (!ret && !faulty)
		faulty = draw_text(n, &s, text, &fault);
	present_close(&s.now);
	registry_dispose(&r);
	if (!ret && faulty)
		*e = fault;
	return ret ? ret : faulty;
}

/* What goes wrong after the first look, as a registry that somebody is editing, is shown and may
 * pass. */
static int look_again(const struct netvm *n, struct present_watch *w, char **text, struct err *e)
{
	struct err why = ERR_NONE;
	char *words;

	if (!look(n, w, text, &why))
		return 0;
	free(*text);
	*text = NULL;
	if (asprintf(&words, "%s%s", n->o.json ? "" : why.text, n->o.json ? "" : "\n") < 0)
		return err_sys(e, -ENOMEM, "status");
	*text = words;
	return 0;
}

/* Each look is a whole one; what is as it was is not shown again. */
static int watch(const struct netvm *n, struct err *e)
{
	struct present_watch w;
	char *before = NULL, *now = NULL;
	int ret = present_watch_open(&w, e);

	while (!ret) {
		ret = before ? look_again(n, &w, &now, e) : look(n, &w, &now, e);
		if (!ret && (!before || strcmp(before, now) != 0))
			ret = text_show(now, !before, e);
		free(before);
		before = now;
		now = NULL;
		if (!ret)
			ret = present_watch_wait(&w, e);
	}
	free(before);
	present_watch_close(&w);
	return ret;
}

int netvm_status(struct netvm *n, struct err *e)
{
	struct registry r;
	struct status s = { .registry = &r };
	int ret;

	if (n->o.watch)
		return watch(n, e);
	ret = netvm_registry_read(n, &r, e);
	present_open(&s.now);
	if (!ret)
		ret = draw(n, &s, e);
	present_close(&s.now);
	registry_dispose(&r);
	return ret;
}
