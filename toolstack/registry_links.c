/*
 * Links: ports of other guests that a guest may open connections to ("web tcp/80"). A link is a
 * rule that accepts that port of that guest ("dst=@guest:web"), in front of the guest's own rules:
 * so it holds against those that drop more, opens no way back, and ends with its connections as
 * any rule does. A rule that drops the same port of the same guest by its name says the opposite
 * of a link; who has both is at fault.
 *
 * A link holds within one network domain. From one to the next, packets leave with the address of
 * the network domain, so that a link carried on would open the port to all who are behind it.
 * Between guests that do not share theirs it opens nothing, and stays for when they do again.
 */
#include <errno.h>
#include <string.h>

#include "toolstack/registry_internal.h"

int registry_link_parse(const char *text, struct registry_link *out)
{
	size_t len = strcspn(text, " ");
	char port[EXPOSURE_TEXT_MAX];

	*out = (struct registry_link){ .to = "" };
	if (text[len] != ' ' || len >= sizeof(out->to))
		return -EINVAL;
	memcpy(out->to, text, len);
	/* There is one port, and nobody else is let in: what else a port can say means nothing. */
	if (exposure_parse(text + len + 1, &out->port) < 0 ||
		strcmp(exposure_print(&out->port, port), text + len + 1) != 0 ||
		out->port.to != out->port.port || addr_is_set(&out->port.source.addr))
		return -EINVAL;
	return domain_name_check(out->to) ? -EINVAL : 0;
}

const char *registry_link_print(const struct registry_link *l, char buf[REGISTRY_LINK_MAX])
{
	char port[EXPOSURE_TEXT_MAX];

	snprintf(buf, REGISTRY_LINK_MAX, "%s %s", l->to, exposure_print(&l->port, port));
	return buf;
}

int registry_link_check(const char *text, struct err *e)
{
	struct registry_link l;

	if (registry_link_parse(text, &l) < 0)
		return err_set(
			e, -EINVAL, "a domain and a port of it (\"web tcp/80\", \"db udp/53\")");
	return 0;
}

const struct registry_domain *registry_link_carrier(
	const struct registry_domain *a, const struct registry_domain *b)
{
	return a->netvm == b->netvm ? a->netvm : NULL;
}

bool registry_links_name(const struct registry_domain *d, const char *name)
{
	struct registry_link l;

	for (size_t i = 0; i < d->links.count; i++)
		if (registry_link_parse(d->links.item[i], &l) == 0 && strcmp(l.to, name) == 0)
			return true;
	return false;
}

static void link_fault(const struct registry *r, struct registry_domain *d,
	const struct registry_link *l, const bool *broken)
{
	struct err why = ERR_NONE;

	if (strcmp(l->to, d->name) == 0)
		registry_fault_set(d, -EINVAL, "%s/domains/%s.conf: links: to the domain itself",
			r->dir, d->name);
	else if (registry_named(r, d, "links", l->to, broken) &&
		 registry_rules_turn_away(d, l->to, &l->port, &why))
		registry_fault_set(d, why.code,
			"%s/domains/%s.conf: links: %s/%u of %s is opened, but a rule there drops "
			"it: %s",
			r->dir, d->name, exposure_proto(&l->port), l->port.port, l->to, why.text);
}

void registry_links_fault(const struct registry *r, struct registry_domain *d, const bool *broken)
{
	struct registry_link l;

	for (size_t i = 0; i < d->links.count && !d->fault; i++)
		if (registry_link_parse(d->links.item[i], &l) == 0)
			link_fault(r, d, &l, broken);
}

void registry_links_print(FILE *out, const struct registry *r, const struct registry_domain *d)
{
	struct registry_link l;

	for (size_t i = 0; i < d->links.count; i++) {
		const struct registry_domain *to;

		registry_link_parse(d->links.item[i], &l);
		to = registry_find(r, l.to);
		if (!to || to->fault || !registry_link_carrier(d, to))
			continue;
		fprintf(out,
			"%saction=accept dst=@guest:%s proto=%s dstports=%u comment=link to %s",
			ftell(out) ? "\n" : "", l.to, exposure_proto(&l.port), l.port.port, l.to);
	}
}
