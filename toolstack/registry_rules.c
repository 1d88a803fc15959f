/*
 * Rules that name another domain: "dst=@guest:NAME". The language that network domains understand
 * (policy.h) has addresses only; the name is dom0's, so it is checked and replaced here, word by
 * word, before a rule is looked at or handed on. Links (registry_links.c) are such rules.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "toolstack/registry_internal.h"
#include "xenstore-schema/policy.h"

#define GUEST	"dst=@guest:"
#define COMMENT "comment="

/* Where a line names a guest: the whole word, and the name in it. */
struct guest_word {
	size_t start, len; /* in the line; len 0: none */
	char name[POLICY_LINE_MAX + 1];
};

/* `line` ends at a line break or with the text. A comment is no word. */
static bool guest_find(const char *line, struct guest_word *out)
{
	for (size_t at = 0, len;; at += len + 1) {
		len = strcspn(line + at, " \n");
		if (strncmp(line + at, COMMENT, strlen(COMMENT)) == 0)
			return false;
		if (strncmp(line + at, GUEST, strlen(GUEST)) == 0 && len <= POLICY_LINE_MAX) {
			*out = (struct guest_word){ .start = at, .len = len };
			memcpy(out->name, line + at + strlen(GUEST), len - strlen(GUEST));
			return true;
		}
		if (line[at + len] != ' ')
			return false;
	}
}

/* The line with an address in the place of the guest, as all network domains understand it. */
static int line_plain(const char *line, const struct guest_word *w, char **out, struct err *e)
{
	const char *rest = line + w->start + w->len;

	if (asprintf(out, "%.*sdst=192.0.2.1%.*s", (int)w->start, line, (int)strcspn(rest, "\n"),
		    rest) >= 0)
		return 0;
	*out = NULL;
	return err_sys(e, -ENOMEM, "a rule");
}

int registry_rule_check(const char *rule, struct err *e)
{
	struct guest_word w;
	char *plain;
	int ret;

	if (!guest_find(rule, &w) || strchr(rule, '\n'))
		return policy_rule_check(rule, e);
	if (domain_name_check(w.name) != 0)
		return err_set(
			e, -EINVAL, "\"%.64s%.64s\": a domain's name expected", GUEST, w.name);
	ret = line_plain(rule, &w, &plain, e);
	if (!ret)
		ret = policy_rule_check(plain, e);
	free(plain);
	return ret;
}

/* The rule in canonical words, with an address in the place of the guest, whom `w` names ("":
 * none). */
static int rule_canonical(const char *rule, char out[POLICY_LINE_MAX + 1], struct guest_word *w)
{
	struct policy p = { .count = 0 };
	char *plain = NULL;
	int ret = 0;

	*w = (struct guest_word){ .len = 0 };
	if (guest_find(rule, w))
		ret = line_plain(rule, w, &plain, NULL);
	if (!ret)
		ret = policy_parse(plain ? plain : rule, POLICY_DROP, &p, NULL);
	if (!ret && p.count == 1)
		policy_rule_print(&p.rules[0], out);
	else if (!ret)
		ret = -EINVAL;
	policy_dispose(&p);
	free(plain);
	return ret;
}

bool registry_rule_same(const char *a, const char *b)
{
	char text[2][POLICY_LINE_MAX + 1];
	struct guest_word w[2];

	return rule_canonical(a, text[0], &w[0]) == 0 && rule_canonical(b, text[1], &w[1]) == 0 &&
	       strcmp(text[0], text[1]) == 0 && strcmp(w[0].name, w[1].name) == 0;
}

/* The line behind this one; NULL: none. */
static const char *line_next(const char *line)
{
	line = strchr(line, '\n');
	return line ? line + 1 : NULL;
}

bool registry_rules_name(const struct registry_domain *d, const char *name)
{
	struct guest_word w;

	for (const char *line = d->rules; line; line = line_next(line))
		if (guest_find(line, &w) && strcmp(w.name, name) == 0)
			return true;
	return false;
}

static bool is_about(const struct policy_rule *rule, const struct exposure *port)
{
	const enum policy_proto proto =
		port->proto == IPPROTO_UDP ? POLICY_PROTO_UDP : POLICY_PROTO_TCP;

	if (rule->proto != POLICY_PROTO_ANY && rule->proto != proto)
		return false;
	return !rule->has_ports ||
	       (port->port >= rule->port_first && port->port <= rule->port_last);
}

int registry_rules_turn_away(const struct registry_domain *d, const char *name,
	const struct exposure *port, struct err *e)
{
	bool decided = false;
	struct guest_word w;
	int ret = 0;

	for (const char *line = d->rules; line && !ret && !decided; line = line_next(line)) {
		struct policy p = { .count = 0 };
		char *plain;

		if (!guest_find(line, &w) || strcmp(w.name, name) != 0)
			continue;
		ret = line_plain(line, &w, &plain, e);
		if (!ret)
			ret = policy_parse(plain, POLICY_DROP, &p, e);
		decided = !ret && p.count && is_about(&p.rules[0], port);
		if (decided && p.rules[0].action == POLICY_DROP)
			ret = err_set(e, -EINVAL, "\"%.*s\"", (int)strcspn(line, "\n"), line);
		policy_dispose(&p);
		free(plain);
	}
	return ret;
}

/* --- faults --- */

const struct registry_domain *registry_named(const struct registry *r, struct registry_domain *d,
	const char *key, const char *name, const bool *broken)
{
	const struct registry_domain *other = registry_find(r, name);

	if (!other)
		registry_fault_set(d, -EINVAL,
			"%s/domains/%s.conf: %s: there is no domain \"%s\" in the registry", r->dir,
			d->name, key, name);
	else if (broken[other - r->domain])
		registry_fault_set(d, -EINVAL, "%s: its %s name %s, whose file cannot be used: %s",
			d->name, key, other->name, other->fault->text);
	return d->fault ? NULL : other;
}

static void domain_rules_fault(
	const struct registry *r, struct registry_domain *d, const bool *broken)
{
	struct guest_word w;

	for (const char *line = d->rules; line && !d->fault; line = line_next(line))
		if (guest_find(line, &w))
			registry_named(r, d, "rules", w.name, broken);
}

void registry_rules_fault(struct registry *r)
{
	bool *broken = calloc(r->count + 1, sizeof(*broken));

	for (size_t i = 0; i < r->count && broken; i++)
		broken[i] = r->domain[i].fault != 0;
	for (size_t i = 0; i < r->count; i++) {
		if (!broken)
			registry_fault_set(
				&r->domain[i], -ENOMEM, "%s: out of memory", r->domain[i].name);
		if (r->domain[i].fault)
			continue;
		domain_rules_fault(r, &r->domain[i], broken);
		registry_links_fault(r, &r->domain[i], broken);
	}
	free(broken);
}

/* --- addresses --- */

static void line_print(FILE *out, const char *line, const struct guest_word *w, const char *word,
	const struct addr *a)
{
	const size_t end = w->start + w->len;
	char text[ADDR_TEXT_MAX];

	if (!addr_is_set(a))
		return;
	if (ftell(out))
		fputc('\n', out);
	fprintf(out, "%.*s%s=%s%.*s", (int)w->start, line, word, addr_print(a, text),
		(int)strcspn(line + end, "\n"), line + end);
}

/* What was printed into `text` are the domain's rules now. */
static int rules_take(struct registry_domain *d, FILE *out, char **text)
{
	if (fclose(out) != 0) {
		free(*text);
		return -ENOMEM;
	}
	free(d->rules);
	d->rules = *text;
	if (!d->rules[0]) {
		free(d->rules);
		d->rules = NULL;
	}
	return 0;
}

static int domain_rules_resolve(const struct registry *r, struct registry_domain *d)
{
	struct guest_word w;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return -ENOMEM;
	for (const char *line = d->rules; line; line = line_next(line)) {
		const struct registry_domain *other;

		if (!guest_find(line, &w)) {
			fprintf(out, "%s%.*s", ftell(out) ? "\n" : "", (int)strcspn(line, "\n"),
				line);
			continue;
		}
		other = registry_find(r, w.name);
		line_print(out, line, &w, "dst4", &other->ip);
		line_print(out, line, &w, "dst6", &other->ip6);
	}
	return rules_take(d, out, &text);
}

/* Puts the domain's links in front of its rules. */
static int links_resolve(const struct registry *r, struct registry_domain *d)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return -ENOMEM;
	registry_links_print(out, r, d);
	if (d->rules)
		fprintf(out, "%s%s", ftell(out) ? "\n" : "", d->rules);
	config_list_clear(&d->links);
	return rules_take(d, out, &text);
}

int registry_rules_resolve(struct registry *r, struct err *e)
{
	for (size_t i = 0; i < r->count; i++) {
		struct registry_domain *d = &r->domain[i];

		int ret = 0;

		if (d->fault)
			continue;
		if (d->links.count)
			ret = links_resolve(r, d);
		if (!ret && d->rules && strstr(d->rules, GUEST))
			ret = domain_rules_resolve(r, d);
		if (ret)
			return err_sys(e, ret, "rules of %s", d->name);
	}
	return 0;
}
