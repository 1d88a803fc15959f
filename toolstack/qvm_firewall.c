/*
 * qvm-firewall VMNAME [list|add|del|reset].
 *
 * In Qubes what no rule matches is dropped, and a domain of which nothing was said has one rule,
 * "action=accept". Here that is a policy beside the rules. So the list that is shown and changed is
 * the domain's rules and, where the policy is accept, that rule behind them; what comes of a change
 * is taken apart again (list_of(), changes_of()): whatever either of both lists says, it means the
 * same. Rules whose time is over are none of it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "toolstack/netvm_rules.h"
#include "toolstack/qvm.h"
#include "toolstack/qvm_rule.h"
#include "toolstack/table.h"

#define ALL "action=accept"

/* The list as Qubes has it. */
struct qvm_list {
	struct rules rules; /* lines as they stand in the registry */
	bool open;	    /* the last one stands for the policy */
};

static int list_of(
	const struct registry_domain *d, int64_t now, struct qvm_list *out, struct err *e)
{
	int ret = rules_of(d, &out->rules, e);

	for (size_t i = out->rules.count; !ret && i-- > 0;) {
		struct qvm_rule rule;

		ret = qvm_rule_read(out->rules.line[i], &rule);
		if (!ret && qvm_rule_expired(&rule, now))
			rules_delete(&out->rules, i);
		else if (ret)
			err_sys(e, ret, "%s: %s", d->name, out->rules.line[i]);
		qvm_rule_dispose(&rule);
	}
	out->open = d->policy == POLICY_ACCEPT;
	return ret || !out->open ? ret : rules_insert(&out->rules, out->rules.count, ALL, e);
}

/* What makes the registry say the same as the list. */
static void changes_of(
	struct qvm_list *l, const char **policy, struct registry_change out[NETVM_DECIDED_MAX])
{
	struct rules *r = &l->rules;
	const bool accepts = r->count && strcmp(r->line[r->count - 1], ALL) == 0;

	r->said = RULES_POLICY_DEFAULT;
	if (accepts && (r->count == 1 || l->open)) {
		rules_delete(r, r->count - 1);
		if (r->count)
			rules_policy_parse(r, "accept");
	} else if (!r->count) {
		rules_policy_parse(r, "drop");
	}
	rules_changes(r, policy, out);
}

/* --- showing --- */

static int raw_print(FILE *out, const struct rules *l, struct err *e)
{
	for (size_t i = 0; i < l->count; i++) {
		struct qvm_rule rule;
		char *text = qvm_rule_read(l->line[i], &rule) ? NULL : qvm_rule_print(&rule);

		qvm_rule_dispose(&rule);
		if (!text)
			return err_sys(e, -ENOMEM, "a rule");
		fprintf(out, "%s\n", text);
		free(text);
	}
	return 0;
}

static int table_show(const struct rules *l, int64_t now, struct err *e)
{
	static const enum qvm_word columns[] = { QVM_ACTION, QVM_HOST, QVM_PROTO, QVM_PORTS,
		QVM_SPECIAL, QVM_ICMP_TYPE, QVM_EXPIRE, QVM_COMMENT };
	char cell[QVM_WORDS][QVM_WORD_MAX], number[24];
	const char *c[QVM_WORDS];
	struct table t;
	int ret = 0;

	table_start(&t, "NO", "ACTION", "HOST", "PROTOCOL", "PORT(S)", "SPECIAL TARGET",
		"ICMP TYPE", "EXPIRE", "COMMENT", NULL);
	for (size_t i = 0; i < l->count && !ret; i++) {
		struct qvm_rule rule;

		ret = qvm_rule_read(l->line[i], &rule);
		for (size_t k = 0; k < QVM_WORDS; k++)
			c[k] = qvm_rule_show(&rule, columns[k], now, cell[k]);
		snprintf(number, sizeof(number), "%zu", i);
		table_row(&t, number, c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7]);
		qvm_rule_dispose(&rule);
	}
	if (!ret)
		return table_print(&t, e);
	table_dispose(&t);
	return err_sys(e, ret, "a rule");
}

static int list(const struct netvm *n, const struct registry_domain *d, struct err *e)
{
	struct qvm_list l = { .open = false };
	const int64_t now = time(NULL);
	int ret = list_of(d, now, &l, e);

	if (!ret)
		ret = n->o.qvm.raw ? raw_print(stdout, &l.rules, e) : table_show(&l.rules, now, e);
	rules_dispose(&l.rules);
	return ret;
}

/* --- changing --- */

struct wish {
	const struct netvm *n;
	int (*act)(struct wish *w, struct rules *r, struct err *e);
	char *rule;	    /* malloc'd; NULL: none is said */
	size_t at;	    /* number, if one is said */
	struct qvm_list l;  /* what is to be */
	const char *policy; /* what changes may point to */
	FILE *said;	    /* a dry run: the rules that there would be */
};

static int add(struct wish *w, struct rules *r, struct err *e)
{
	return rules_insert(r, w->n->o.before && w->at < r->count ? w->at : r->count, w->rule, e);
}

/* Whether a line says what the rule on the command line does. */
static bool is_rule(const char *line, const char *rule)
{
	struct qvm_rule read;
	char *text = qvm_rule_read(line, &read) ? NULL : qvm_rule_print(&read);
	bool is = text && strcmp(text, rule) == 0;

	qvm_rule_dispose(&read);
	free(text);
	return is;
}

static int del(struct wish *w, struct rules *r, struct err *e)
{
	size_t at = w->at;

	if (w->rule)
		for (at = 0; at < r->count && !is_rule(r->line[at], w->rule); at++)
			;
	if (at >= r->count)
		return err_set(e, -ENOENT,
			"%s has no such rule; qvm-firewall %s shows those it has", w->n->args[0],
			w->n->args[0]);
	rules_delete(r, at);
	return 0;
}

static int reset(struct wish *w, struct rules *r, struct err *e)
{
	(void)w;
	while (r->count)
		rules_delete(r, r->count - 1);
	return rules_insert(r, 0, ALL, e);
}

static int decide(const struct registry *r, const struct registry_domain *d,
	struct registry_change out[NETVM_DECIDED_MAX], void *arg, struct err *e)
{
	struct wish *w = arg;
	int ret = list_of(d, time(NULL), &w->l, e);

	(void)r;
	if (!ret)
		ret = w->act(w, &w->l.rules, e);
	if (!ret && w->said)
		ret = raw_print(w->said, &w->l.rules, e);
	if (!ret)
		changes_of(&w->l, &w->policy, out);
	return ret;
}

/* --- the command line --- */

static const struct act {
	const char *name;
	int (*act)(struct wish *w, struct rules *r, struct err *e); /* NULL: nothing is changed */
	bool takes_rule, takes_before, takes_number;
} acts[] = {
	{ "list", NULL, false, false, false },
	{ "add", add, true, true, false },
	{ "del", del, true, false, true },
	{ "reset", reset, false, false, false },
};

static const struct act *act_find(const struct netvm *n, struct err *e)
{
	const char *word = n->count > 1 ? n->args[1] : "list";

	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
		if (strcmp(acts[i].name, word) == 0)
			return &acts[i];
	err_set(e, -EINVAL, "qvm-firewall VMNAME takes list, add, del or reset, not \"%.40s\"",
		word);
	return NULL;
}

static int rule_take(const struct netvm *n, struct wish *w, struct err *e)
{
	struct qvm_rule rule;
	struct err why = ERR_NONE;
	int ret = qvm_rule_take(n->args + 2, n->count - 2, time(NULL), &rule, e);

	if (!ret)
		w->rule = qvm_rule_print(&rule);
	qvm_rule_dispose(&rule);
	if (ret)
		return NETVM_USAGE;
	if (!w->rule)
		return err_sys(e, -ENOMEM, "a rule");
	if (registry_rule_check(w->rule, &why) == 0)
		return 0;
	err_set(e, -EINVAL, "%.200s: %s", w->rule, why.text);
	return NETVM_USAGE;
}

static int usage(struct err *e, const char *what)
{
	err_set(e, -EINVAL, "qvm-firewall VMNAME %s", what);
	return NETVM_USAGE;
}

static int wish_take(const struct netvm *n, const struct act *act, struct wish *w, struct err *e)
{
	const char *number = act->takes_number ? n->o.qvm.rule_no : n->o.before;
	char *end;
	bool words = n->count > 2;

	if ((n->o.before && !act->takes_before) || (n->o.qvm.rule_no && !act->takes_number))
		return usage(e, "takes --before with add, and --rule-no with del");
	if (words && !act->takes_rule)
		return usage(e, "list and reset take nothing more");
	if (act->act == add && !words)
		return usage(e, "add needs a rule");
	if (act->act == del && words == (n->o.qvm.rule_no != NULL))
		return usage(e, "del needs either --rule-no or a rule");
	if (number) {
		w->at = strtoul(number, &end, 10);
		if (*end || number[0] < '0' || number[0] > '9')
			return usage(e, "takes numbers of rules as its list shows them");
	}
	return words ? rule_take(n, w, e) : 0;
}

static int change(const struct netvm *n, const struct act *act, struct err *e)
{
	struct wish w = { .n = n, .act = act->act };
	char *text = NULL;
	size_t len;
	int ret = wish_take(n, act, &w, e);

	if (!ret && n->o.dry_run) {
		w.said = open_memstream(&text, &len);
		ret = w.said ? 0 : err_sys(e, -errno, "%s", n->args[0]);
	}
	if (!ret)
		ret = netvm_change_from(n, n->args[0], decide, &w, e);
	if (w.said && fclose(w.said) && !ret)
		ret = err_sys(e, -errno, "%s", n->args[0]);
	if (!ret && w.said)
		printf("would have these rules:\n%s", text);
	free(text);
	rules_dispose(&w.l.rules);
	free(w.rule);
	return ret;
}

static int show(
	struct netvm *n, const struct registry_domain *d, const struct act *act, struct err *e)
{
	struct wish w = { .n = n };
	int ret = wish_take(n, act, &w, e);

	if (ret || !n->o.json)
		return ret ? ret : list(n, d, e);
	return netvm_firewall(n, e);
}

static int run(struct netvm *n, const struct cli_parsed *p, struct err *e)
{
	const struct registry_domain *d;
	const struct act *act;
	struct registry r;
	int ret;

	n->args = p->args;
	n->count = p->count;
	act = act_find(n, e);
	if (!act)
		return NETVM_USAGE;
	ret = netvm_registry_read(n, &r, e);
	if (!ret)
		ret = qvm_domain_find(n, &r, n->args[0], &d, e);
	if (!ret)
		ret = act->act ? change(n, act, e) : show(n, d, act, e);
	registry_dispose(&r);
	return ret;
}

static const struct cli_option options[] = {
	QVM_OPTIONS,
	{ "before", 0, CLI_TEXT, QVM_AT(before), "NUMBER",
		"add: in front of that rule, not behind all" },
	{ "rule-no", 0, CLI_TEXT, QVM_AT(qvm.rule_no), "NUMBER", "del: the rule with that number" },
	{ "raw", 0, CLI_FLAG, QVM_AT(qvm.raw), NULL, "list: rules as lines, no table" },
	{ "reload", 'r', CLI_FLAG, QVM_AT(qvm.ignored), NULL,
		"ignored: network domains look names up again by themselves" },
	QVM_OPTIONS_END,
};

const struct qvm_form qvm_firewall = {
	.cli = { .name = "qvm-firewall",
		.summary = "what a domain may reach, rule by rule",
		.arguments = "VMNAME [list | add RULE | del RULE | reset]",
		.description =
			"Shows and changes the rules of a domain, as netvm firewall does, in the "
			"words, with the\n"
			"numbers (from 0) and in the columns that users of Qubes know. The first "
			"rule that matches\n"
			"decides, what none matches is dropped, and a domain of which nothing was "
			"said has one\n"
			"rule: action=accept. reset makes that of it again; without any rule "
			"everything is\n"
			"dropped.\n\n"
			"A RULE is [action=]accept|drop [[dsthost=]HOST] [[proto=]tcp|udp|icmp]\n"
			"[[dstports=]PORT[-PORT] | [icmptype=]TYPE] [specialtarget=dns] "
			"[expire=TIME|+SECONDS]\n"
			"[comment=TEXT]. A HOST is an address, a subnet or a name; dst4= and dst6= "
			"mean dsthost=.\n"
			"netvm's own destinations (xen-netvm-policy(7), and dst=@guest:NAME) are "
			"taken as dst=.",
		.epilogue = "Exit status: 0 done; 1 failed, or refused; 2 the command line is "
			    "wrong, or there is no\nsuch domain.",
		.section = 8,
		.options = options,
		.completes = "domain list/add/del/reset",
		.asks = "netvm",
		.min_args = 1,
		.max_args = -1 },
	.run = run,
};
