#include "xenstore-schema/exposure.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "xenstore-schema/schema_dir.h"

static int port_take(const char **text, uint16_t *out)
{
	uint32_t n;

	if (decimal_take(text, UINT16_MAX + 1, &n) < 0 || !n)
		return -EINVAL;
	*out = (uint16_t)n;
	return 0;
}

int exposure_parse(const char *text, struct exposure *out)
{
	struct exposure e = { .proto = IPPROTO_TCP };

	if (strncmp(text, "udp/", 4) == 0)
		e.proto = IPPROTO_UDP;
	else if (strncmp(text, "tcp/", 4) != 0)
		return -EINVAL;
	text += 4;
	if (port_take(&text, &e.port) < 0)
		return -EINVAL;
	e.to = e.port;
	if (*text == ':') {
		text++;
		if (port_take(&text, &e.to) < 0)
			return -EINVAL;
	}
	if (*text == '@') {
		if (prefix_parse(text + 1, &e.source) < 0)
			return -EINVAL;
	} else if (*text) {
		return -EINVAL;
	}
	*out = e;
	return 0;
}

const char *exposure_proto(const struct exposure *e)
{
	return e->proto == IPPROTO_UDP ? "udp" : "tcp";
}

const char *exposure_print(const struct exposure *e, char buf[EXPOSURE_TEXT_MAX])
{
	char to[8] = "", source[PREFIX_TEXT_MAX];

	if (e->to != e->port)
		snprintf(to, sizeof(to), ":%u", e->to);
	if (addr_is_set(&e->source.addr))
		snprintf(buf, EXPOSURE_TEXT_MAX, "%s/%u%s@%s", exposure_proto(e), e->port, to,
			prefix_print(&e->source, source));
	else
		snprintf(buf, EXPOSURE_TEXT_MAX, "%s/%u%s", exposure_proto(e), e->port, to);
	return buf;
}

static int port_cmp(const struct exposure *a, const struct exposure *b)
{
	return a->proto != b->proto ? (int)a->proto - b->proto : (int)a->port - b->port;
}

bool exposure_same_port(const struct exposure *a, const struct exposure *b)
{
	return port_cmp(a, b) == 0;
}

bool exposure_has_family(const struct exposure *e, int family)
{
	return !addr_is_set(&e->source.addr) || e->source.addr.family == family;
}

bool exposure_is_open_to(const struct exposure *e, const struct addr *source)
{
	return !addr_is_set(&e->source.addr) || prefix_contains(&e->source, source);
}

/* --- sets --- */

static int exposure_cmp(const struct exposure *a, const struct exposure *b)
{
	int order = port_cmp(a, b);

	if (!order)
		order = addr_cmp(&a->source.addr, &b->source.addr);
	return order ? order : (int)a->source.len - b->source.len;
}

/* Of one port: whether one set cannot say both. */
static bool exclude_each_other(const struct exposure *a, const struct exposure *b)
{
	return a->to != b->to || !addr_is_set(&a->source.addr) || !addr_is_set(&b->source.addr) ||
	       exposure_cmp(a, b) == 0;
}

int exposures_add(struct exposures *set, const struct exposure *e)
{
	size_t at = 0;

	for (size_t i = 0; i < set->count; i++) {
		if (port_cmp(&set->item[i], e) == 0 && exclude_each_other(&set->item[i], e))
			return -EEXIST;
		at += exposure_cmp(&set->item[i], e) < 0;
	}
	if (set->count == EXPOSURES_MAX)
		return -E2BIG;
	memmove(&set->item[at + 1], &set->item[at], (set->count - at) * sizeof(*e));
	set->item[at] = *e;
	set->count++;
	return 0;
}

bool exposures_lead(const struct exposures *set, uint8_t proto, uint16_t port, uint16_t to,
	const struct addr *source)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct exposure *e = &set->item[i];

		if (e->proto == proto && e->port == port && e->to == to &&
			exposure_is_open_to(e, source))
			return true;
	}
	return false;
}

bool exposures_open(
	const struct exposures *set, uint8_t proto, uint16_t to, const struct addr *source)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->item[i].proto == proto && set->item[i].to == to &&
			exposure_is_open_to(&set->item[i], source))
			return true;
	return false;
}

bool exposures_equal(const struct exposures *a, const struct exposures *b)
{
	for (size_t i = 0; i < a->count && a->count == b->count; i++)
		if (exposure_cmp(&a->item[i], &b->item[i]) != 0 || a->item[i].to != b->item[i].to)
			return false;
	return a->count == b->count;
}
