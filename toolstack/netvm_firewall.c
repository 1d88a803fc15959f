/*
 * netvm firewall NAME [list|add|del|policy|reset|edit|load|save]: what a guest may reach. A change
 * that follows from what stands there is worked out while the registry is held (netvm_change_from);
 * whether what comes of it is in order the registry says.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/log.h"
#include "toolstack/netvm_firewall.h"

#define FIRST 2 /* argument behind "NAME add" */

/* All words behind "add" or "del", for a rule need not be one word of the shell. malloc'd. */
static char *rule_join(const struct netvm *n)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	for (int i = FIRST; out && i < n->count; i++)
		fprintf(out, "%s%s", i > FIRST ? " " : "", n->args[i]);
	if (!out || fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

/* --- showing --- */

static int json_print(const struct registry_domain *d, const struct rules *rules, struct err *e)
{
	struct json *j = json_open();

	json_object(j, NULL);
	json_text(j, "name", d->name);
	json_array(j, "rules");
	for (size_t i = 0; i < rules->count; i++) {
		json_object(j, NULL);
		json_number(j, "number", (long)i + 1);
		json_text(j, "rule", rules->line[i]);
		json_object_end(j);
	}
	json_array_end(j);
	json_text(j, "policy", d->policy == POLICY_DROP ? "drop" : "accept");
	json_bool(j, "policy_given", d->policy_text);
	json_array(j, "links");
	for (size_t i = 0; i < d->links.count; i++)
		json_text(j, NULL, d->links.item[i]);
	json_array_end(j);
	json_object_end(j);
	return netvm_json_end(j, e);
}

static void text_print(const struct registry_domain *d, const struct rules *rules)
{
	const char *otherwise = d->policy == POLICY_DROP ? "drop" : "accept";

	for (size_t i = 0; i < d->links.count; i++)
		printf("link  %s\n", d->links.item[i]);
	for (size_t i = 0; i < rules->count; i++)
		printf("%4zu  %s\n", i + 1, rules->line[i]);
	printf(rules->count ? "otherwise: %s\n" : "policy: %s, without rules\n", otherwise);
}

static int list(const struct netvm *n, struct err *e)
{
	const struct registry_domain *d;
	struct rules rules = { .count = 0 };
	struct registry r;
	int ret = netvm_registry_read(n, &r, e);

	if (!ret)
		ret = netvm_domain_find(n, &r, n->args[0], &d, e);
	if (!ret)
		ret = rules_of(d, &rules, e);
	if (!ret && n->o.json)
		ret = json_print(d, &rules, e);
	else if (!ret)
		text_print(d, &rules);
	rules_dispose(&rules);
	registry_dispose(&r);
	return ret;
}

/* --- one rule more or less --- */

struct wish {
	const struct netvm *n;
	char *rule;	     /* malloc'd */
	size_t number;	     /* of a rule, from 1; 0: not said */
	struct rules rules;  /* what is to be */
	size_t at, removed;  /* found: where it was done, how many were taken out */
	const char *policy;  /* what changes may point to */
	bool drops_the_rest; /* found: what was accepted without rules is dropped now */
};

/* A number of a rule; false: it is none. One that no rule can have is taken as the greatest. */
static bool number_parse(const char *text, size_t *out)
{
	if (!*text || text[strspn(text, "0123456789")])
		return false;
	*out = strtoul(text, NULL, 10);
	return true;
}

static int number_check(const struct registry_domain *d, const struct wish *w, struct err *e)
{
	if (w->number - 1 < w->rules.count)
		return 0;
	return err_set(
		e, -ENOENT, "%s has no rule %zu; it has %zu", d->name, w->number, w->rules.count);
}

static int add_decide(const struct registry *r, const struct registry_domain *d,
	struct registry_change out[NETVM_DECIDED_MAX], void *arg, struct err *e)
{
	struct wish *w = arg;
	int ret = rules_of(d, &w->rules, e);

	(void)r;
	if (!ret && w->n->o.before)
		ret = number_check(d, w, e);
	if (ret)
		return ret;
	w->at = w->n->o.before ? w->number - 1 : w->rules.count;
	w->drops_the_rest = !w->rules.count && !d->policy_text;
	ret = rules_insert(&w->rules, w->at, w->rule, e);
	rules_changes(&w->rules, &w->policy, out);
	return ret;
}

/* Nobody opens everything by taking out the last rule. */
static int last_check(const struct registry_domain *d, const struct rules *left, struct err *e)
{
	if (left->count || left->said == RULES_POLICY_GIVEN)
		return 0;
	return err_set(e, -EINVAL,
		"without a rule %s may reach everything; if it is to, say netvm firewall %s reset, "
		"else first netvm firewall %s policy drop",
		d->name, d->name, d->name);
}

static int del_decide(const struct registry *r, const struct registry_domain *d,
	struct registry_change out[NETVM_DECIDED_MAX], void *arg, struct err *e)
{
	struct wish *w = arg;
	int ret = rules_of(d, &w->rules, e);

	(void)r;
	if (!ret && w->number)
		ret = number_check(d, w, e);
	if (ret)
		return ret;
	for (size_t i = w->rules.count; i-- > 0;) {
		if (w->number ? i != w->number - 1 : !registry_rule_same(w->rules.line[i], w->rule))
			continue;
		rules_delete(&w->rules, i);
		w->at = i;
		w->removed++;
	}
	if (!w->removed)
		return err_set(e, -ENOENT, "%s has no such rule as \"%.200s\"", d->name, w->rule);
	rules_changes(&w->rules, &w->policy, out);
	return last_check(d, &w->rules, e);
}

static void wish_dispose(struct wish *w)
{
	rules_dispose(&w->rules);
	free(w->rule);
}

static int add(const struct netvm *n, struct err *e)
{
	struct wish w = { .n = n, .rule = rule_join(n) };
	int ret = w.rule ? 0 : err_sys(e, -ENOMEM, "a rule");

	if (!ret && n->o.before && !number_parse(n->o.before, &w.number)) {
		err_set(e, -EINVAL, "--before takes the number of a rule, not \"%.40s\"",
			n->o.before);
		ret = NETVM_USAGE;
	}
	if (!ret)
		ret = netvm_change_from(n, n->args[0], add_decide, &w, e);
	if (!ret && n->o.dry_run)
		printf("would add as rule %zu of %s: %s\n", w.at + 1, n->args[0], w.rule);
	if (!ret && w.drops_the_rest)
		log_warning("%s had no rules and might reach everything; what no rule matches is "
			    "dropped now (netvm firewall %s policy accept: it is accepted)",
			n->args[0], n->args[0]);
	wish_dispose(&w);
	return ret;
}

/* Without a number it must be a rule, or it could never be found. */
static int del_take(struct wish *w, struct err *e)
{
	struct err why = ERR_NONE;

	if (!w->rule)
		return err_sys(e, -ENOMEM, "a rule");
	if (number_parse(w->rule, &w->number))
		return w->number ? 0 : err_set(e, -ENOENT, "rules are numbered from 1");
	if (!registry_rule_check(w->rule, &why))
		return 0;
	err_prefix(&why, "the number of a rule, nor a rule");
	return config_refuse(w->rule, why.text, e);
}

static int del(const struct netvm *n, struct err *e)
{
	struct wish w = { .n = n, .rule = rule_join(n) };
	int ret = del_take(&w, e);

	if (!ret)
		ret = netvm_change_from(n, n->args[0], del_decide, &w, e);
	if (!ret && n->o.dry_run && w.removed > 1)
		printf("would take out %zu rules of %s\n", w.removed, n->args[0]);
	else if (!ret && n->o.dry_run)
		printf("would take out rule %zu of %s\n", w.at + 1, n->args[0]);
	wish_dispose(&w);
	return ret;
}

/* --- all of them --- */

int firewall_change(
	const struct netvm *n, const struct registry_change *changes, size_t count, struct err *e)
{
	const char *name = n->args[0];
	struct registry_held h;
	int ret = netvm_registry_hold(n, &h, e);

	/* A domain at fault may be set right again. */
	if (!ret)
		ret = netvm_domain_known(n, &h.r, name, e);
	if (!ret)
		ret = netvm_change(&h, name, changes, count, e);
	registry_let_go(&h);
	return ret;
}

static int reset(const struct netvm *n, struct err *e)
{
	static const struct registry_change none[] = { { "rules", NULL, 0 },
		{ "policy", NULL, 0 } };
	int ret = firewall_change(n, none, 2, e);

	if (!ret && n->o.dry_run)
		printf("would take out all rules and the policy of %s\n", n->args[0]);
	return ret;
}

/* "default" takes the key out. */
static int policy(const struct netvm *n, struct err *e)
{
	const char *const word = n->args[FIRST];
	const bool given = strcmp(word, "default") != 0;
	const struct registry_change change = { "policy", given ? &word : NULL, 1 };
	int ret = firewall_change(n, &change, 1, e);

	if (!ret && n->o.dry_run)
		printf("would set policy of %s to %s\n", n->args[0], word);
	return ret;
}

/* --- the words behind the name --- */

static const struct act {
	const char *name;
	int min, max; /* arguments behind it; -1: any number */
	int (*run)(const struct netvm *n, struct err *e);
} acts[] = {
	{ "list", 0, 0, list },
	{ "add", 1, -1, add },
	{ "del", 1, -1, del },
	{ "policy", 1, 1, policy },
	{ "reset", 0, 0, reset },
	{ "edit", 0, 0, firewall_edit },
	{ "load", 1, 1, firewall_load },
	{ "save", 0, 1, firewall_save },
};

static int usage(struct err *e, const char *word, const char *what)
{
	err_set(e, -EINVAL,
		"firewall NAME %.40s: %s; there are list, add RULE [--before NUMBER], del NUMBER, "
		"del RULE, policy accept|drop|default, reset, edit, load FILE, save [FILE]",
		word, what);
	return NETVM_USAGE;
}

int netvm_firewall(struct netvm *n, struct err *e)
{
	const char *word = n->count > 1 ? n->args[1] : "list";
	const int count = n->count > FIRST ? n->count - FIRST : 0;

	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
		const struct act *act = &acts[i];

		if (strcmp(act->name, word) != 0)
			continue;
		if (count < act->min)
			return usage(e, word, "something is missing behind it");
		if (act->max >= 0 && count > act->max)
			return usage(e, word, "too many words behind it");
		if (n->o.before && act->run != add)
			return usage(e, word, "--before is for add alone");
		return act->run(n, e);
	}
	return usage(e, word, "it does not know that");
}
