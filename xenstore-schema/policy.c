/*
 * Line by line (line_take), word by word (word_take) by the table of words (policy_words.c), then
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

/* Refuses a word: `line 3: "dstports=80-70": <what is wrong>`. */
static int refuse(int code, uint32_t line, const char *word, const char *wrong, struct err *e)
{
	bool cut = strlen(word) > WORD_SHOWN;

	return err_set(e, code, "line %u: \"%.*s%s\": %s", line, WORD_SHOWN, word, cut ? "..." : "",
		wrong);
}

static int refuse_unknown(uint32_t line, const char *word, struct err *e)
{
	char known[ERR_TEXT_MAX / 2] = "no such word; there are";
	size_t n = strlen(known);

	for (const struct policy_word *w = policy_words; w->name && n < sizeof(known); w++)
		n += (size_t)snprintf(known + n, sizeof(known) - n,
			"%s %s=", w == policy_words ? "" : ",", w->name);
	return refuse(-EINVAL, line, word, known, e);
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
	const uint32_t line = l->rule.line;
	struct err why = ERR_NONE;
	int ret;

	if (!w)
		return refuse_unknown(line, text, e);
	if (l->seen & 1U << (w - policy_words))
		return refuse(-EINVAL, line, text, "the word stands a second time in this line", e);
	if (w->destination && l->destination)
		return refuse(-EINVAL, line, text, "the rule has a destination already", e);
	if (!*value)
		return refuse(-EINVAL, line, text, "nothing behind the \"=\"", e);
	ret = w->take(value, &l->rule, &why);
	if (ret)
		return refuse(ret, line, text, why.text, e);
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
	return wrong ? err_set(e, -EINVAL, "line %u: %s", r->line, wrong) : 0;
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

static int line_take(char *text, struct line *l, struct err *e)
{
	const uint32_t line = l->rule.line;
	char *word;
	int ret = 0;

	for (size_t i = 0; text[i]; i++)
		if (text[i] < 0x20 || text[i] > 0x7e)
			return err_set(e, -EINVAL,
				"line %u: byte 0x%02x in column %zu, where printable ASCII is "
				"expected",
				line, (unsigned char)text[i], i + 1);
	while (text && !ret) {
		word = word_cut(&text);
		ret = word ? word_take(l, word, e)
			   : err_set(e, -EINVAL,
				     "line %u: one space between words expected, none before the "
				     "first or behind the last",
				     line);
	}
	if (!ret && !(l->seen & 1U)) /* the first row of policy_words */
		return err_set(e, -EINVAL, "line %u: action=accept or action=drop expected", line);
	return ret ? ret : rule_check(&l->rule, e);
}

/* The line of `len` bytes at `text`, as one more rule. */
static int rule_add(
	struct policy *p, size_t *room, const char *text, size_t len, uint32_t line, struct err *e)
{
	char copy[POLICY_LINE_MAX + 1];
	struct line l = { .rule = { .line = line } };
	int ret;

	if (len > POLICY_LINE_MAX)
		return err_set(
			e, -EMSGSIZE, "line %u: longer than %d bytes", line, POLICY_LINE_MAX);
	if (p->count == POLICY_RULES_MAX)
		return err_set(e, -E2BIG, "line %u: more than %d rules", line, POLICY_RULES_MAX);
	ret = policy_grow(p, room, e);
	if (ret)
		return ret;
	memcpy(copy, text, len);
	copy[len] = '\0';
	ret = line_take(copy, &l, e);
	if (ret)
		rule_dispose(&l.rule);
	else
		p->rules[p->count++] = l.rule;
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
			ret = rule_add(out, &room, text, len, line, e);
		text += len + (text[len] == '\n');
	}
	if (ret)
		policy_dispose(out);
	return ret;
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
