/*
 * Line by line (line_take), word by word (words_take) by the table of words (policy_words.c), then
 * what only the whole rule can say (rule_check). A rule that is refused refuses the whole text: a
 * policy with a hole in it is another policy.
 */
#include "xenstore-schema/policy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xenstore-schema/policy_internal.h"

#define WORD_SHOWN 64 /* characters of a word that a sentence repeats */
#define PORT_DNS   53

static void rule_dispose(struct policy_rule *r)
{
	free(r->name);
	free(r->comment);
	*r = (struct policy_rule){ 0 };
}

void policy_dispose(struct policy *p)
{
	for (size_t i = 0; i < p->count; i++)
		rule_dispose(&p->rules[i]);
	free(p->rules);
	*p = (struct policy){ .otherwise = p->otherwise };
}

/* Room for one rule more. */
static int policy_grow(struct policy *p, size_t *room, struct err *e)
{
	size_t more = *room ? *room * 2 : 16;
	struct policy_rule *grown;

	if (p->count < *room)
		return 0;
	grown = realloc(p->rules, more * sizeof(*grown));
	if (!grown)
		return err_sys(e, -ENOMEM, "%zu rules", more);
	p->rules = grown;
	*room = more;
	return 0;
}

/* --- a line --- */

/* Refuses a word: `"dstports=80-70": <what is wrong>`. */
static int refuse(int code, const char *word, const char *wrong, struct err *e)
{
	bool cut = strlen(word) > WORD_SHOWN;

	return err_set(e, code, "\"%.*s%s\": %s", WORD_SHOWN, word, cut ? "..." : "", wrong);
}

static int refuse_unknown(const char *word, struct err *e)
{
	char known[ERR_TEXT_MAX / 2] = "no such word; there are";
	size_t n = strlen(known);

	for (const struct policy_word *w = policy_words; w->name && n < sizeof(known); w++)
		n += (size_t)snprintf(known + n, sizeof(known) - n,
			"%s %s=", w == policy_words ? "" : ",", w->name);
	return refuse(-EINVAL, word, known, e);
}

/* The row of NAME=VALUE; `*value` behind its '='. */
static const struct policy_word *word_find(const char *text, const char **value)
{
	size_t len = strcspn(text, "=");

	*value = text + len + (text[len] == '=');
	for (const struct policy_word *w = policy_words; w->name; w++)
		if (text[len] && strlen(w->name) == len && memcmp(w->name, text, len) == 0)
			return w;
	return NULL;
}

/* What the words of a line have said so far. */
struct line {
	struct policy_rule rule;
	uint32_t seen; /* one bit for each row of policy_words */
	bool destination;
};

static int word_take(struct line *l, const char *text, struct err *e)
{
	const char *value;
	const struct policy_word *w = word_find(text, &value);
	struct err why;
	int ret;

	why.text[0] = '\0';
	if (!w)
		return refuse_unknown(text, e);
	if (l->seen & 1U << (w - policy_words))
		return refuse(-EINVAL, text, "the word stands a second time in this line", e);
	if (w->destination && l->destination)
		return refuse(-EINVAL, text, "the rule has a destination already", e);
	if (!*value)
		return refuse(-EINVAL, text, "nothing behind the \"=\"", e);
	ret = w->take(value, &l->rule, &why);
	if (ret)
		return refuse(ret, text, why.text, e);
	l->seen |= 1U << (w - policy_words);
	l->destination |= w->destination;
	return 0;
}

/* What words must not stand together: such a rule would match nothing, or not what it says. */
static int rule_check(const struct policy_rule *r, struct err *e)
{
	const char *wrong = NULL;

	if (r->has_ports && r->proto == POLICY_PROTO_ICMP)
		wrong = "dstports= with proto=icmp, which has no ports";
	else if (r->has_icmp_type && r->proto != POLICY_PROTO_ICMP)
		wrong = "icmptype= without proto=icmp";
	else if (r->target == POLICY_TO_DNS && r->proto == POLICY_PROTO_ICMP)
		wrong = "specialtarget=dns with proto=icmp: DNS is TCP and UDP";
	else if (r->target == POLICY_TO_DNS && r->has_ports &&
		 (r->port_first > PORT_DNS || r->port_last < PORT_DNS))
		wrong = "specialtarget=dns with dstports= that leaves port 53 out";
	return wrong ? err_set(e, -EINVAL, "%s", wrong) : 0;
}

/* Cuts the next word off `*text`; a comment is all that is left. NULL: no word where one must be.
 */
static char *word_cut(char **text)
{
	char *word = *text, *space;

	space = strncmp(word, "comment=", 8) == 0 ? NULL : strchr(word, ' ');
	*text = space ? space + 1 : NULL;
	if (space)
		*space = '\0';
	return *word ? word : NULL;
}

static int words_take(char *text, struct line *l, struct err *e)
{
	int ret = 0;

	while (text && !ret) {
		char *word = word_cut(&text);

		ret = word ? word_take(l, word, e)
			   : err_set(e, -EINVAL,
				     "one space between words expected, none before the first or "
				     "behind the last");
	}
	return ret;
}

/* A rule from `len` bytes; `out` is empty where it is refused. */
static int line_take(const char *text, size_t len, struct policy_rule *out, struct err *e)
{
	char copy[POLICY_LINE_MAX + 1];
	struct line l = { .seen = 0 };
	int ret = 0;

	*out = l.rule;
	if (len > POLICY_LINE_MAX)
		return err_set(e, -EMSGSIZE, "longer than %d bytes", POLICY_LINE_MAX);
	for (size_t i = 0; i < len; i++)
		if (text[i] < 0x20 || text[i] > 0x7e)
			return err_set(e, -EINVAL,
				"byte 0x%02x in column %zu, where printable ASCII is expected",
				(unsigned char)text[i], i + 1);
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (len)
		ret = words_take(copy, &l, e);
	if (!ret && !(l.seen & 1U)) /* the first row of policy_words */
		ret = err_set(e, -EINVAL, "action=accept or action=drop expected");
	if (!ret)
		ret = rule_check(&l.rule, e);
	if (ret)
		rule_dispose(&l.rule);
	*out = l.rule;
	return ret;
}

int policy_rule_check(const char *text, struct err *e)
{
	struct policy_rule rule;
	int ret = line_take(text, strlen(text), &rule, e);

	rule_dispose(&rule);
	return ret;
}

/* --- a text --- */

static int rule_add(struct policy *p, size_t *room, const char *text, size_t len, struct err *e)
{
	int ret;

	if (p->count == POLICY_RULES_MAX)
		return err_set(e, -E2BIG, "more than %d rules", POLICY_RULES_MAX);
	ret = policy_grow(p, room, e);
	if (!ret)
		ret = line_take(text, len, &p->rules[p->count], e);
	p->count += !ret;
	return ret;
}

int policy_parse(const char *text, enum policy_verdict otherwise, struct policy *out, struct err *e)
{
	size_t room = 0;
	int ret = 0;

	*out = (struct policy){ .otherwise = otherwise };
	for (uint32_t line = 1; text && *text && !ret; line++) {
		size_t len = strcspn(text, "\n");

		if (len && *text != '#')
			ret = rule_add(out, &room, text, len, e);
		if (ret)
			err_prefix(e, "line %u", line);
		else if (len && *text != '#')
			out->rules[out->count - 1].line = line;
		text += len + (text[len] == '\n');
	}
	if (ret)
		policy_dispose(out);
	return ret;
}

int policy_check(
	const char *text, void (*tell)(void *arg, uint32_t line, const char *words), void *arg)
{
	struct policy_rule rule;
	int faults = 0, rules = 0;

	for (uint32_t line = 1; *text; line++) {
		size_t len = strcspn(text, "\n");
		struct err e = ERR_NONE;

		if (len && *text != '#') {
			if (line_take(text, len, &rule, &e) == 0 && ++rules == POLICY_RULES_MAX + 1)
				err_set(&e, -E2BIG, "more than %d rules", POLICY_RULES_MAX);
			rule_dispose(&rule);
		}
		if (e.code) {
			tell(arg, line, e.text);
			faults++;
		}
		text += len + (text[len] == '\n');
	}
	return faults;
}

/* --- printing --- */

void policy_rule_print(const struct policy_rule *r, char buf[POLICY_LINE_MAX + 1])
{
	char value[POLICY_LINE_MAX + 1];
	size_t n = 0;

	buf[0] = '\0';
	for (const struct policy_word *w = policy_words; w->name; w++)
		if (w->print(r, value) && n <= POLICY_LINE_MAX)
			n += (size_t)snprintf(buf + n, POLICY_LINE_MAX + 1 - n, "%s%s=%s",
				n ? " " : "", w->name, value);
}
