#include "frontend-config/dns_plan.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

const char *const dns_way_names[DNS_WAYS] = {
	[DNS_NONE] = "none",
	[DNS_FILE] = "file",
	[DNS_RESOLVED] = "systemd-resolved",
	[DNS_RESOLVCONF] = "resolvconf",
};

int dns_way_parse(const char *text, enum dns_way *out)
{
	for (enum dns_way i = 0; i < DNS_WAYS; i++) {
		if (strcmp(text, dns_way_names[i]) == 0) {
			*out = i;
			return 0;
		}
	}
	return -EINVAL;
}

enum dns_way dns_choose(const struct dns_probe *p)
{
	if (p->resolved_runs && p->resolv_conf_is_resolved)
		return DNS_RESOLVED;
	return p->has_resolvconf ? DNS_RESOLVCONF : DNS_FILE;
}

void dns_entry_make(struct dns_entry *out, enum dns_way way, const char *name,
	const struct guest_link *published)
{
	const struct addr *all[DNS_SERVERS_MAX] = { &published->dns[0], &published->dns[1],
		&published->dns6[0], &published->dns6[1] };

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < DNS_SERVERS_MAX; i++) {
		bool seen = !addr_is_set(all[i]);

		for (size_t k = 0; k < out->count; k++)
			seen = seen || addr_equal(all[i], &out->server[k]);
		if (!seen)
			out->server[out->count++] = *all[i];
	}
	if (!out->count || way == DNS_NONE)
		return;
	out->way = way;
	snprintf(out->name, sizeof(out->name), "%s", name);
}

bool dns_entry_equal(const struct dns_entry *a, const struct dns_entry *b)
{
	if (a->way != b->way || a->count != b->count || strcmp(a->name, b->name) != 0)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!addr_equal(&a->server[i], &b->server[i]))
			return false;
	return true;
}

static bool way_is_told(enum dns_way way)
{
	return way == DNS_RESOLVED || way == DNS_RESOLVCONF;
}

size_t dns_plan(const struct dns_entry *wanted, const struct dns_entry *told, bool anew,
	struct dns_action out[2])
{
	size_t count = 0;
	bool same_record = wanted->way == told->way && strcmp(wanted->name, told->name) == 0;

	if (way_is_told(told->way) && !same_record)
		out[count++] = (struct dns_action){ DNS_WITHDRAW, told };
	if (way_is_told(wanted->way) && (anew || !dns_entry_equal(wanted, told)))
		out[count++] = (struct dns_action){ DNS_TELL, wanted };
	return count;
}

const char *dns_action_print(const struct dns_action *a, char buf[DNS_ACTION_TEXT_MAX])
{
	char text[ADDR_TEXT_MAX];
	int len = snprintf(buf, DNS_ACTION_TEXT_MAX, "%s: %s resolvers %s %s", a->entry->name,
		a->kind == DNS_TELL ? "give" : "take", a->kind == DNS_TELL ? "to" : "from",
		dns_way_names[a->entry->way]);

	for (size_t i = 0; a->kind == DNS_TELL && i < a->entry->count; i++)
		if (len > 0 && len < DNS_ACTION_TEXT_MAX)
			len += snprintf(buf + len, DNS_ACTION_TEXT_MAX - (size_t)len, "%s %s",
				i ? "" : ":", addr_print(&a->entry->server[i], text));
	return buf;
}
