#include "toolstack/qvm_rule.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/addr.h"

#define COMMENT "comment="

static const char *const names[] = {
	[QVM_ACTION] = "action",
	[QVM_PROTO] = "proto",
	[QVM_HOST] = "dsthost",
	[QVM_PORTS] = "dstports",
	[QVM_ICMP_TYPE] = "icmptype",
	[QVM_SPECIAL] = "specialtarget",
	[QVM_EXPIRE] = "expire",
	[QVM_COMMENT] = "comment",
};
static_assert(sizeof(names) / sizeof(names[0]) == QVM_WORDS, "every word has its name");

/* Which word that is; all names of a destination are one. QVM_WORDS: none. */
static enum qvm_word word_find(const char *name, size_t len)
{
	static const char *const hosts[] = { "dst", "dst4", "dst6" };
	enum qvm_word w = 0;

	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
		if (strlen(hosts[i]) == len && strncmp(hosts[i], name, len) == 0)
			return QVM_HOST;
	while (w < QVM_WORDS && (strlen(names[w]) != len || strncmp(names[w], name, len) != 0))
		w++;
	return w;
}

/* --- values --- */

/* An address is a subnet of one, host bits mean nothing, and a subnet of all is no destination. */
static int host_set(struct qvm_rule *r, const char *text)
{
	char address[ADDR_TEXT_MAX], print[PREFIX_TEXT_MAX], *end;
	size_t len = strcspn(text, "/");
	unsigned long bits;
	struct addr a;

	r->host = text[0] == '@' ? "dst" : "dsthost";
	snprintf(address, sizeof(address), "%.*s", (int)len, text);
	if (len < sizeof(address) && addr_parse(address, &a) == 0) {
		bits = text[len] ? strtoul(text + len + 1, &end, 10) : addr_len(&a) * 8;
		if (text[len] && (*end || end == text + len + 1 || bits > addr_len(&a) * 8))
			return -EINVAL;
		if (!bits)
			return 0;
		r->host = addr_len(&a) == 4 ? "dst4" : "dst6";
		a = addr_prefix(&a, (uint8_t)bits).addr;
		snprintf(print, sizeof(print), "%s/%lu", addr_print(&a, address), bits);
		text = print;
	}
	r->value[QVM_HOST] = strdup(text);
	return r->value[QVM_HOST] ? 0 : -ENOMEM;
}

static int ports_set(struct qvm_rule *r, const char *text)
{
	char *range = NULL;

	if (strchr(text, '-'))
		range = strdup(text);
	else if (asprintf(&range, "%s-%s", text, text) < 0)
		range = NULL;
	r->value[QVM_PORTS] = range;
	return range ? 0 : -ENOMEM;
}

static int value_set(struct qvm_rule *r, enum qvm_word w, const char *text)
{
	if (r->value[w])
		return -EEXIST;
	if (w == QVM_HOST)
		return host_set(r, text);
	if (w == QVM_PORTS)
		return ports_set(r, text);
	r->value[w] = strdup(text);
	return r->value[w] ? 0 : -ENOMEM;
}

void qvm_rule_dispose(struct qvm_rule *r)
{
	for (size_t w = 0; w < QVM_WORDS; w++) {
		free(r->value[w]);
		r->value[w] = NULL;
	}
}

/* --- from the registry --- */

int qvm_rule_read(const char *line, struct qvm_rule *out)
{
	char *copy = strdup(line), *rest = NULL, *comment;
	int ret = copy ? 0 : -ENOMEM;

	*out = (struct qvm_rule){ .host = NULL };
	comment = copy ? strstr(copy, COMMENT) : NULL;
	/* The first word that begins so: none of the others can hold it. */
	if (comment && (comment == copy || comment[-1] == ' ')) {
		ret = value_set(out, QVM_COMMENT, comment + strlen(COMMENT));
		*comment = '\0';
	}
	for (char *word = copy ? strtok_r(copy, " ", &rest) : NULL; word && !ret;
		word = strtok_r(NULL, " ", &rest)) {
		const size_t len = strcspn(word, "=");
		const enum qvm_word w = word_find(word, len);

		ret = w == QVM_WORDS || !word[len] ? -EINVAL : value_set(out, w, word + len + 1);
	}
	free(copy);
	return ret == -EEXIST ? -EINVAL : ret;
}

/* --- from a command line --- */

/* What values without a name are taken for. */
static const enum qvm_word order[] = { QVM_ACTION, QVM_HOST, QVM_PROTO, QVM_PORTS, QVM_ICMP_TYPE };
#define ORDERED (sizeof(order) / sizeof(order[0]))

/* Strikes a word out of those that are to come. */
static void order_strike(bool come[ORDERED], enum qvm_word w)
{
	for (size_t i = 0; i < ORDERED; i++)
		if (order[i] == w)
			come[i] = false;
}

static enum qvm_word order_next(const bool come[ORDERED])
{
	for (size_t i = 0; i < ORDERED; i++)
		if (come[i])
			return order[i];
	return QVM_WORDS;
}

static int expire_take(struct qvm_rule *r, const char *text, int64_t now)
{
	char print[32], *end;
	long seconds;

	if (text[0] != '+')
		return value_set(r, QVM_EXPIRE, text);
	seconds = strtol(text + 1, &end, 10);
	if (*end || end == text + 1 || seconds < 0 || seconds > INT32_MAX)
		return -EINVAL;
	snprintf(print, sizeof(print), "%lld", (long long)now + seconds);
	return value_set(r, QVM_EXPIRE, print);
}

static int word_take(
	struct qvm_rule *r, const char *text, bool come[ORDERED], int64_t now, struct err *e)
{
	const char *equals = strchr(text, '=');
	const char *value = equals ? equals + 1 : text;
	const enum qvm_word w =
		equals ? word_find(text, (size_t)(equals - text)) : order_next(come);
	int ret = -EINVAL;

	if (w < QVM_WORDS && *value)
		ret = w == QVM_EXPIRE ? expire_take(r, value, now) : value_set(r, w, value);
	if (ret == -ENOMEM)
		return err_sys(e, ret, "a rule");
	if (ret == -EEXIST)
		return err_set(e, -EINVAL, "%.200s: %s is said a second time", text, names[w]);
	if (ret)
		return err_set(e, -EINVAL, "%.200s: no word of a rule", text);
	order_strike(come, w);
	if (w == QVM_PROTO)
		order_strike(come, strcmp(value, "icmp") == 0 ? QVM_PORTS : QVM_ICMP_TYPE);
	return 0;
}

int qvm_rule_take(char *const *words, int count, int64_t now, struct qvm_rule *out, struct err *e)
{
	bool come[ORDERED] = { true, true, true, true, true };
	int ret = 0;

	*out = (struct qvm_rule){ .host = NULL };
	for (int i = 0; i < count && !ret; i++)
		ret = word_take(out, words[i], come, now, e);
	return ret;
}

/* --- to print --- */

char *qvm_rule_print(const struct qvm_rule *r)
{
	const char *before = "";
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	for (size_t w = 0; out && w < QVM_WORDS; w++) {
		if (!r->value[w])
			continue;
		fprintf(out, "%s%s=%s", before, w == QVM_HOST ? r->host : names[w], r->value[w]);
		before = " ";
	}
	if (!out || fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

const char *qvm_rule_show(
	const struct qvm_rule *r, enum qvm_word w, int64_t now, char buf[QVM_WORD_MAX])
{
	const char *text = r->value[w];
	size_t first = text && w == QVM_PORTS ? strcspn(text, "-") : 0;

	if (!text)
		return NULL;
	if (w == QVM_EXPIRE)
		snprintf(buf, QVM_WORD_MAX, "%+llds", strtoll(text, NULL, 10) - (long long)now);
	else if (first && strncmp(text, text + first + 1, first) == 0 && !text[2 * first + 1])
		snprintf(buf, QVM_WORD_MAX, "%.*s", (int)first, text);
	else
		snprintf(buf, QVM_WORD_MAX, "%s", text);
	return buf;
}

bool qvm_rule_expired(const struct qvm_rule *r, int64_t now)
{
	return r->value[QVM_EXPIRE] && strtoll(r->value[QVM_EXPIRE], NULL, 10) <= now;
}
