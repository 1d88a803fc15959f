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
	if (*text)
		return -EINVAL;
	*out = e;
	return 0;
}

const char *exposure_proto(const struct exposure *e)
{
	return e->proto == IPPROTO_UDP ? "udp" : "tcp";
}

const char *exposure_print(const struct exposure *e, char buf[EXPOSURE_TEXT_MAX])
{
	if (e->to == e->port)
		snprintf(buf, EXPOSURE_TEXT_MAX, "%s/%u", exposure_proto(e), e->port);
	else
		snprintf(buf, EXPOSURE_TEXT_MAX, "%s/%u:%u", exposure_proto(e), e->port, e->to);
	return buf;
}

/* --- sets --- */

static int port_cmp(const struct exposure *a, const struct exposure *b)
{
	return a->proto != b->proto ? (int)a->proto - b->proto : (int)a->port - b->port;
}

int exposures_add(struct exposures *set, const struct exposure *e)
{
	size_t at = 0;

	while (at < set->count && port_cmp(&set->item[at], e) < 0)
		at++;
	if (at < set->count && port_cmp(&set->item[at], e) == 0)
		return -EEXIST;
	if (set->count == EXPOSURES_MAX)
		return -E2BIG;
	memmove(&set->item[at + 1], &set->item[at], (set->count - at) * sizeof(*e));
	set->item[at] = *e;
	set->count++;
	return 0;
}

bool exposures_have(const struct exposures *set, const struct exposure *e)
{
	for (size_t i = 0; i < set->count; i++)
		if (port_cmp(&set->item[i], e) == 0)
			return set->item[i].to == e->to;
	return false;
}

bool exposures_equal(const struct exposures *a, const struct exposures *b)
{
	for (size_t i = 0; i < a->count && a->count == b->count; i++)
		if (!exposures_have(b, &a->item[i]))
			return false;
	return a->count == b->count;
}
