/*
 * The text: a line a fact, "KEY VALUE"; what is printed and what is parsed stand in one table
 * (fields[]), the domains that are paused in lines of their own. The last line is "end", so that a
 * text that was cut off is known for one.
 */
#include "toolstack/dom0_record.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/file.h"
#include "common/text.h"

#define RECORD_MAX (4 * 1024 * 1024) /* bytes that are read of the file */
#define YEAR	   (366 * 86400ULL)

enum kind { STAGE, BOOL, MOMENT, NUMBER, DOMAIN, ADDR, MAC };

static const struct field {
	const char *key;
	enum kind kind;
	size_t offset;
} fields[] = {
#define AT(member) offsetof(struct dom0_record, member)
	{ "stage", STAGE, AT(stage) },
	{ "kept", BOOL, AT(kept) },
	{ "made-resolv-conf", BOOL, AT(made) },
	{ "since", MOMENT, AT(since) },
	{ "until", MOMENT, AT(until) },
	{ "begun", NUMBER, AT(begun) },
	{ "netvm", DOMAIN, AT(netvm) },
	{ "devid", NUMBER, AT(devid) },
	{ "mac", MAC, AT(link.mac) },
	{ "mtu", NUMBER, AT(link.mtu) },
	{ "ip", ADDR, AT(link.ip) },
	{ "ip6", ADDR, AT(link.ip6) },
	{ "gateway", ADDR, AT(link.gateway) },
	{ "gateway6", ADDR, AT(link.gateway6) },
	{ "dns1", ADDR, AT(link.dns[0]) },
	{ "dns2", ADDR, AT(link.dns[1]) },
	{ "dns1-6", ADDR, AT(link.dns6[0]) },
	{ "dns2-6", ADDR, AT(link.dns6[1]) },
#undef AT
};
#define FIELDS (sizeof(fields) / sizeof(fields[0]))

static const char *const stages[DOM0_STAGES] = {
	[DOM0_GOING_UP] = "going-up",
	[DOM0_IS_UP] = "up",
	[DOM0_GOING_DOWN] = "going-down",
};

/* --- printing --- */

static void domain_print(struct text *t, const struct dom0_domain *d)
{
	text_addf(t, "%u ", d->domid);
	for (size_t i = 0; i < sizeof(d->uuid); i++)
		text_addf(t, "%02x", d->uuid[i]);
	text_addf(t, "%s%s", d->name[0] ? " " : "", d->name);
}

static void field_print(struct text *t, const struct field *f, const void *at)
{
	char buf[ADDR_TEXT_MAX > MAC_TEXT_MAX ? ADDR_TEXT_MAX : MAC_TEXT_MAX];

	text_addf(t, "%s ", f->key);
	switch (f->kind) {
	case STAGE:
		text_add(t, stages[*(const enum dom0_stage *)at]);
		break;
	case BOOL:
		text_add(t, *(const bool *)at ? "1" : "0");
		break;
	case MOMENT:
		text_addf(t, "%llu", (unsigned long long)*(const uint64_t *)at);
		break;
	case NUMBER:
		text_addf(t, "%u", *(const uint32_t *)at);
		break;
	case DOMAIN:
		domain_print(t, at);
		break;
	case ADDR:
		text_add(t, addr_is_set(at) ? addr_print(at, buf) : "none");
		break;
	case MAC:
		text_add(t, mac_print(at, buf));
		break;
	}
	text_add(t, "\n");
}

char *dom0_record_print(const struct dom0_record *r)
{
	struct text t = { .s = NULL };

	for (size_t i = 0; i < FIELDS; i++)
		field_print(&t, &fields[i], (const char *)r + fields[i].offset);
	for (size_t i = 0; i < r->count; i++) {
		text_add(&t, "paused ");
		domain_print(&t, &r->paused[i]);
		text_add(&t, "\n");
	}
	text_add(&t, "end\n");
	if (t.failed)
		text_dispose(&t);
	return t.s;
}

/* --- parsing --- */

static int number_take(const char *text, unsigned long long most, unsigned long long *out)
{
	char *end;

	if (!isdigit((unsigned char)text[0]))
		return -EINVAL;
	errno = 0;
	*out = strtoull(text, &end, 10);
	return errno || *end || *out > most ? -EINVAL : 0;
}

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* "DOMID UUID NAME", or without a name. */
static int domain_take(const char *text, struct dom0_domain *out)
{
	size_t digits = strcspn(text, " ");
	char domid[16];

	memset(out, 0, sizeof(*out));
	if (digits >= sizeof(domid) || !text[digits])
		return -EINVAL;
	memcpy(domid, text, digits);
	domid[digits] = '\0';
	if (domid_parse(domid, &out->domid))
		return -EINVAL;
	text += digits + 1;
	for (size_t i = 0; i < sizeof(out->uuid); i++, text += 2) {
		int high = hex_digit(text[0]), low = high < 0 ? -1 : hex_digit(text[1]);

		if (low < 0)
			return -EINVAL;
		out->uuid[i] = (uint8_t)(high << 4 | low);
	}
	if (!*text)
		return 0;
	if (*text != ' ' || strlen(text + 1) >= sizeof(out->name) || domain_name_check(text + 1))
		return -EINVAL;
	strcpy(out->name, text + 1);
	return 0;
}

static int stage_take(const char *text, enum dom0_stage *out)
{
	for (int i = 0; i < DOM0_STAGES; i++) {
		if (strcmp(text, stages[i]) != 0)
			continue;
		*out = (enum dom0_stage)i;
		return 0;
	}
	return -EINVAL;
}

static int field_take(const struct field *f, const char *text, void *at)
{
	static const unsigned long long most[] = {
		[BOOL] = 1, [MOMENT] = UINT64_MAX, [NUMBER] = UINT32_MAX
	};
	unsigned long long n = 0;
	int ret;

	switch (f->kind) {
	case STAGE:
		return stage_take(text, at);
	case DOMAIN:
		return domain_take(text, at);
	case ADDR:
		return strcmp(text, "none") == 0 ? 0 : addr_parse(text, at);
	case MAC:
		return mac_parse(text, at);
	default:
		break;
	}
	ret = number_take(text, most[f->kind], &n);
	if (f->kind == BOOL)
		*(bool *)at = n;
	else if (f->kind == MOMENT)
		*(uint64_t *)at = n;
	else
		*(uint32_t *)at = (uint32_t)n;
	return ret;
}

static int paused_take(const char *text, struct dom0_record *r)
{
	struct dom0_domain *grown = realloc(r->paused, (r->count + 1) * sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	r->paused = grown;
	return domain_take(text, &grown[r->count++]);
}

/* The line at number `n`, which belongs to a field or, behind those, is a domain. */
static int line_take(const char *line, size_t n, struct dom0_record *r)
{
	const char *key = n < FIELDS ? fields[n].key : "paused";
	size_t len = strlen(key);

	if (strncmp(line, key, len) != 0 || line[len] != ' ')
		return -EINVAL;
	return n < FIELDS ? field_take(&fields[n], line + len + 1, (char *)r + fields[n].offset)
			  : paused_take(line + len + 1, r);
}

int dom0_record_parse(const char *text, struct dom0_record *out, struct err *e)
{
	char *copy = strdup(text), *rest = copy, *line;
	size_t n = 0;
	int ret = copy ? 0 : -ENOMEM;

	memset(out, 0, sizeof(*out));
	while (!ret && (line = strsep(&rest, "\n")) && (n < FIELDS || strcmp(line, "end") != 0))
		ret = line_take(line, n++, out);
	if (!ret && (!rest || *rest)) /* no "end", or something behind it */
		ret = -EINVAL;
	free(copy);
	if (ret == -EINVAL)
		return err_set(e, ret, "line %zu is not what netvm dom0 wrote there", n);
	return ret ? err_sys(e, ret, "the record of dom0's network") : 0;
}

/* --- the file --- */

int dom0_record_read(struct dom0_record *out, struct err *e)
{
	char *text = NULL;
	int ret = file_read(DOM0_RECORD, RECORD_MAX, &text, NULL, e);

	memset(out, 0, sizeof(*out));
	if (!ret && dom0_record_parse(text, out, e))
		ret = err_prefix(e, "%s", DOM0_RECORD);
	free(text);
	return ret;
}

int dom0_record_write(const struct dom0_record *r, struct err *e)
{
	char *text = dom0_record_print(r);
	int ret = text ? file_replace(DOM0_RECORD, text, strlen(text), 0600, e)
		       : err_sys(e, -ENOMEM, "%s", DOM0_RECORD);

	free(text);
	return ret;
}

int dom0_record_remove(struct err *e)
{
	if (unlink(DOM0_RECORD) < 0 && errno != ENOENT)
		return err_sys(e, -errno, "%s", DOM0_RECORD);
	return 0;
}

/* --- where it stands --- */

int dom0_standing_find(enum dom0_standing *out, struct dom0_record *r, struct err *e)
{
	bool working = false, kept = false;
	/* Before the record: who took the lock since has written another. */
	int ret = lock_is_held(DOM0_LOCK, &working, e);

	memset(r, 0, sizeof(*r));
	*out = DOM0_AWAY;
	if (!ret)
		ret = dom0_record_read(r, e);
	if (ret == -ENOENT) {
		*out = working ? DOM0_WORKING : DOM0_AWAY;
		return 0;
	}
	if (!ret)
		ret = lock_is_held(DOM0_KEEPER, &kept, e);
	if (ret)
		return ret;
	if (working)
		*out = DOM0_WORKING;
	else if (r->stage != DOM0_IS_UP)
		*out = DOM0_HALF_WAY;
	else
		*out = r->kept && !kept ? DOM0_FORSAKEN : DOM0_STANDING;
	return 0;
}

const char *dom0_standing_advice(enum dom0_standing s)
{
	static const char *const words[DOM0_STANDINGS] = {
		[DOM0_HALF_WAY] =
			"netvm dom0 was cut off and stands half-way; netvm dom0 down ends it",
		[DOM0_FORSAKEN] = "dom0 has a network, and whoever was to end it is gone; "
				  "netvm dom0 down ends it",
	};

	return words[s];
}

/* --- time --- */

int dom0_span_parse(const char *text, uint64_t *seconds)
{
	static const struct {
		const char *unit;
		unsigned int seconds;
	} units[] = { { "", 1 }, { "s", 1 }, { "m", 60 }, { "h", 3600 }, { "d", 86400 } };
	unsigned long long n;
	char *end;

	if (!isdigit((unsigned char)text[0]))
		return -EINVAL;
	errno = 0;
	n = strtoull(text, &end, 10);
	if (errno || !n || n > YEAR)
		return -EINVAL;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(end, units[i].unit) != 0)
			continue;
		*seconds = n * units[i].seconds;
		return *seconds > YEAR ? -EINVAL : 0;
	}
	return -EINVAL;
}

uint64_t dom0_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}
