/*
 * qvm-prefs VMNAME [PROPERTY [VALUE]]: the keys of a domain's file under the names and in the words
 * of Qubes' properties, and those of its properties that follow from others, which can only be
 * read.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "toolstack/netvm_domain.h"
#include "toolstack/qvm.h"

#define PROPERTIES_MAX 64
#define HELP_COLUMNS   80

/* --- properties that only can be read --- */

/* Qubes shows no value as "", only of a domain as "None". */
typedef void (*reader)(
	const struct registry *r, const struct registry_domain *d, char *buf, size_t size);

static void addr_read(const struct addr *a, char *buf, size_t size)
{
	char text[ADDR_TEXT_MAX];

	snprintf(buf, size, "%s", addr_is_set(a) ? addr_print(a, text) : "");
}

static void name_read(
	const struct registry *r, const struct registry_domain *d, char *buf, size_t size)
{
	(void)r;
	snprintf(buf, size, "%s", d->name);
}

static void dns_read(
	const struct registry *r, const struct registry_domain *d, char *buf, size_t size)
{
	char first[ADDR_TEXT_MAX], second[ADDR_TEXT_MAX];
	const struct addr *dns = r->globals.dns;

	if (!d->netvm && !d->provides_network)
		return;
	snprintf(buf, size, "%s%s%s", addr_is_set(&dns[0]) ? addr_print(&dns[0], first) : "",
		addr_is_set(&dns[1]) ? " " : "",
		addr_is_set(&dns[1]) ? addr_print(&dns[1], second) : "");
}

static void gateway_read(
	const struct registry *r, const struct registry_domain *d, char *buf, size_t size)
{
	(void)r;
	if (d->provides_network)
		addr_read(&d->ip, buf, size);
}

static void gateway6_read(
	const struct registry *r, const struct registry_domain *d, char *buf, size_t size)
{
	(void)r;
	if (d->provides_network)
		addr_read(&d->ip6, buf, size);
}

static void visible_ip6_read(
	const struct registry *r, const struct registry_domain *d, char *buf, size_t size)
{
	(void)r;
	addr_read(&d->ip6, buf, size);
}

static void visible_gateway6_read(
	const struct registry *r, const struct registry_domain *d, char *buf, size_t size)
{
	(void)r;
	if (d->netvm)
		addr_read(&d->netvm->ip6, buf, size);
}

static void visible_netmask_read(
	const struct registry *r, const struct registry_domain *d, char *buf, size_t size)
{
	(void)r;
	if (d->netvm)
		snprintf(buf, size, "255.255.255.255");
}

static const struct derived {
	const char *name;
	reader read;
	bool is_default; /* shown as one that nobody chose */
	const char *help;
} derived[] = {
	{ "dns", dns_read, true, "virtual resolvers that it is told; netvm.conf(5) has them" },
	{ "gateway", gateway_read, true, "gateway of the domains that it serves" },
	{ "gateway6", gateway6_read, true, "the same for IPv6" },
	{ "name", name_read, false, "its name" },
	{ "visible_gateway6", visible_gateway6_read, true, "the same for IPv6" },
	{ "visible_ip6", visible_ip6_read, true, "the same for IPv6" },
	{ "visible_netmask", visible_netmask_read, true, "netmask that it is told" },
};
#define DERIVED (sizeof(derived) / sizeof(derived[0]))

/* --- all of them --- */

/* One of both. */
struct property {
	const char *name, *help;
	const struct config_key *key;
	const struct derived *derived;
};

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct property *)a)->name, ((const struct property *)b)->name);
}

static size_t properties_of(struct property out[PROPERTIES_MAX])
{
	size_t count = 0;

	for (const struct config_key *k = registry_domain_keys; k->name && count < PROPERTIES_MAX;
		k++)
		out[count++] = (struct property){ k->name, k->help, k, NULL };
	for (size_t i = 0; i < DERIVED && count < PROPERTIES_MAX; i++)
		out[count++] =
			(struct property){ derived[i].name, derived[i].help, NULL, &derived[i] };
	qsort(out, count, sizeof(*out), by_name);
	return count;
}

static int name_width(const struct property *p, size_t count)
{
	size_t width = 0;

	for (size_t i = 0; i < count; i++)
		if (strlen(p[i].name) > width)
			width = strlen(p[i].name);
	return (int)width;
}

/* Qubes takes "visible-ip" for "visible_ip". */
static int property_find(const char *typed, struct property *out, struct err *e)
{
	struct property all[PROPERTIES_MAX];
	const size_t count = properties_of(all);

	for (size_t i = 0; i < count; i++) {
		const char *a = all[i].name, *b = typed;

		while (*a && *a == (*b == '-' ? '_' : *b))
			a++, b++;
		if (*a || *b)
			continue;
		*out = all[i];
		return 0;
	}
	err_set(e, -EINVAL, "no such property: \"%.60s\"; qvm-prefs VMNAME shows those there are",
		typed);
	return NETVM_USAGE;
}

/* --- reading --- */

/* The value in Qubes' words; NULL: no domain. */
static const char *value_of(const struct registry *r, const struct registry_domain *d,
	const struct property *p, char buf[DOMAIN_VALUE_MAX], bool *is_default)
{
	const char *text;
	bool given;

	buf[0] = '\0';
	if (p->derived) {
		p->derived->read(r, d, buf, DOMAIN_VALUE_MAX);
		*is_default = p->derived->is_default;
		return buf;
	}
	text = domain_value(d, p->name, buf, &given);
	*is_default = !given;
	if (p->key->kind == CONFIG_BOOL)
		return strcmp(text, "1") == 0 ? "True" : "False";
	return strcmp(p->name, "netvm") == 0 && !d->netvm ? NULL : text;
}

static void one_print(const struct netvm *n, const struct registry *r,
	const struct registry_domain *d, const struct property *p)
{
	char buf[DOMAIN_VALUE_MAX];
	bool is_default;
	const char *text = value_of(r, d, p, buf, &is_default);

	if (text && !(n->o.qvm.hide_default && is_default))
		puts(text);
}

/* Rules, which are lines, as netvm set would take them on one. */
static void line_print(const char *text)
{
	for (; *text; text++)
		putchar(*text == '\n' ? ',' : *text);
	putchar('\n');
}

static void all_print(
	const struct netvm *n, const struct registry *r, const struct registry_domain *d)
{
	struct property all[PROPERTIES_MAX];
	const size_t count = properties_of(all);
	const int width = name_width(all, count);

	for (size_t i = 0; i < count; i++) {
		char buf[DOMAIN_VALUE_MAX];
		bool is_default;
		const char *text = value_of(r, d, &all[i], buf, &is_default);

		if (is_default && n->o.qvm.hide_default)
			continue;
		printf("%-*s  %c  ", width, all[i].name, is_default ? 'D' : '-');
		line_print(text ? text : "None");
	}
}

/* Words of a text, broken into lines behind `used` columns; lines that follow begin at `column`. */
static void words_print(const char *text, int used, int column)
{
	while (*text) {
		const int len = (int)strcspn(text, " ");

		if (used + 1 + len > HELP_COLUMNS) {
			printf("\n%*s", column, "");
			used = column;
		}
		used += printf(" %.*s", len, text);
		text += len;
		text += strspn(text, " ");
	}
	putchar('\n');
}

static void help_print(void)
{
	struct property all[PROPERTIES_MAX];
	const size_t count = properties_of(all);
	const int width = name_width(all, count);

	for (size_t i = 0; i < count; i++)
		words_print(all[i].help, printf("  %-*s ", width, all[i].name), width + 5);
}

/* --- changing --- */

static const char *bool_word(const char *text)
{
	static const struct {
		const char *word, *value;
	} words[] = { { "true", "1" }, { "on", "1" }, { "yes", "1" }, { "1", "1" },
		{ "false", "0" }, { "off", "0" }, { "no", "0" }, { "0", "0" } };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasecmp(words[i].word, text) == 0)
			return words[i].value;
	return text; /* what is wrong with it the registry says */
}

/* What the registry is told in the place of Qubes' word; NULL: its default. */
static int value_take(
	const struct property *p, const char *typed, const char **value, struct err *e)
{
	*value = typed;
	if (p->key->kind == CONFIG_BOOL)
		*value = bool_word(typed);
	else if (strcmp(p->name, "netvm") == 0 && (!*typed || strcasecmp(typed, "none") == 0))
		*value = "none";
	else if (strcmp(p->name, "mac") == 0 && strcmp(typed, "auto") == 0)
		*value = NULL;
	else if (!*typed)
		return err_set(e, -EINVAL,
			"%s: \"\" is no value; qvm-prefs --default VMNAME %s gives its default "
			"back",
			p->name, p->name);
	return 0;
}

/* `typed` NULL: back to the default. */
static int change(struct netvm *n, const struct property *p, const char *typed, struct err *e)
{
	const char *value = NULL;
	char *pair = NULL, *args[2] = { n->args[0], NULL };
	int ret = 0;

	if (!p->key)
		return err_set(
			e, -EPERM, "%s follows from other properties and cannot be set", p->name);
	if (typed)
		ret = value_take(p, typed, &value, e);
	if (!ret && asprintf(&pair, "%s=%s", p->name, value ? value : "") < 0) {
		pair = NULL;
		ret = err_sys(e, -ENOMEM, "%s", p->name);
	}
	if (!ret) {
		args[1] = pair;
		n->args = args;
		n->count = 2;
		ret = netvm_set(n, e);
		n->args = NULL;
		n->count = 0;
	}
	free(pair);
	return ret;
}

/* --- the command line --- */

static int show(
	struct netvm *n, const struct registry *r, const struct registry_domain *d, struct err *e)
{
	struct property p;
	int ret = 0;

	if (n->count > 1)
		ret = property_find(n->args[1], &p, e);
	if (!ret && n->o.json && (n->count == 1 || p.key))
		return netvm_get(n, e);
	if (!ret && n->count > 1)
		one_print(n, r, d, &p);
	else if (!ret)
		all_print(n, r, d);
	return ret;
}

static int usage_check(const struct netvm *n, struct err *e)
{
	if (n->o.qvm.reset ? n->count == 2 : true)
		return 0;
	err_set(e, -EINVAL, "qvm-prefs --default takes VMNAME PROPERTY");
	return NETVM_USAGE;
}

static int run(struct netvm *n, const struct cli_parsed *p, struct err *e)
{
	const struct registry_domain *d;
	struct property property;
	struct registry r;
	int ret;

	n->args = p->args;
	n->count = p->count;
	ret = usage_check(n, e);
	if (ret)
		return ret;
	ret = netvm_registry_read(n, &r, e);
	if (!ret)
		ret = qvm_domain_find(n, &r, n->args[0], &d, e);
	if (!ret && n->o.qvm.help_properties)
		help_print();
	else if (!ret && (n->count > 2 || n->o.qvm.reset)) {
		ret = property_find(n->args[1], &property, e);
		if (!ret)
			ret = change(n, &property, n->o.qvm.reset ? NULL : n->args[2], e);
	} else if (!ret)
		ret = show(n, &r, d, e);
	registry_dispose(&r);
	return ret;
}

static const struct cli_option options[] = {
	QVM_OPTIONS,
	{ "default", 'D', CLI_FLAG, QVM_AT(qvm.reset), NULL, "give PROPERTY its default back" },
	{ "hide-default", 0, CLI_FLAG, QVM_AT(qvm.hide_default), NULL,
		"show no property that has its default" },
	{ "help-properties", 0, CLI_FLAG, QVM_AT(qvm.help_properties), NULL,
		"say what properties there are" },
	{ "get", 'g', CLI_FLAG, QVM_AT(qvm.ignored), NULL, "ignored" },
	{ "set", 's', CLI_FLAG, QVM_AT(qvm.ignored), NULL, "ignored" },
	QVM_OPTIONS_END,
};

const struct qvm_form qvm_prefs = {
	.cli = { .name = "qvm-prefs",
		.summary = "show and set properties of a domain",
		.arguments = "VMNAME [PROPERTY [VALUE]]",
		.description =
			"Shows and sets what netvm get and netvm set do, under the names and in "
			"the words that users\n"
			"of Qubes know: yes and no are True and False (on, 1, off and 0 are taken "
			"as well), no\n"
			"network domain is None (\"\" is taken as well), a MAC address may be "
			"\"auto\". Without\n"
			"PROPERTY all are listed, with D behind the name of one that has its "
			"default, else -.\n"
			"Properties of Qubes that are not about the network are not there.",
		.epilogue = "Exit status: 0 done; 1 failed, or refused; 2 the command line is "
			    "wrong, or there is no\nsuch domain or property.",
		.section = 8,
		.options = options,
		.completes = "domain key domain",
		.asks = "netvm",
		.min_args = 1,
		.max_args = 3 },
	.run = run,
};
