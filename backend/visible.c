/*
 * No field is rewritten twice: each rewrite looks for what can stand there in an honest packet, and
 * visible_check() refuses the choices in which what one has made is what the next looks for.
 */
#include "backend/visible.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* The guest's own IPv4 address; NULL: it has none. A guest that sees others has one. */
static const struct addr *real_addr(const struct vif_wanted *w)
{
	for (size_t i = 0; i < w->count; i++)
		if (w->addrs[i].family == AF_INET)
			return &w->addrs[i];
	return NULL;
}

const struct addr *visible_addr(const struct vif_wanted *w, const struct addr *real)
{
	return real->family == AF_INET && addr_is_set(&w->visible) ? &w->visible : real;
}

static const struct addr *visible_gateway(const struct vif_wanted *w)
{
	return addr_is_set(&w->visible_gateway) ? &w->visible_gateway : &w->gateway;
}

static int check_one(
	const struct vif_wanted *w, const struct addr *a, const char *what, struct err *e)
{
	char text[ADDR_TEXT_MAX];

	if (!addr_is_set(a))
		return 0;
	addr_print(a, text);
	if (a->family != AF_INET || !addr_is_unicast(a) || addr_is_linklocal(a))
		return err_set(
			e, -EINVAL, "the visible %s %s is none that a guest can have", what, text);
	for (size_t i = 0; i < VIF_DNS_MAX; i++)
		if (addr_equal(a, &w->dns[i]))
			return err_set(e, -EADDRINUSE,
				"the visible %s %s is that of a virtual resolver", what, text);
	return 0;
}

int visible_check(const struct vif_wanted *w, struct err *e)
{
	const struct addr *real = real_addr(w), *gateway = visible_gateway(w);
	char text[ADDR_TEXT_MAX];
	int rc = check_one(w, &w->visible, "address", e);

	rc = rc ? rc : check_one(w, &w->visible_gateway, "gateway", e);
	if (rc || (!addr_is_set(&w->visible) && !addr_is_set(&w->visible_gateway)))
		return rc;
	addr_print(gateway, text);
	if (!real)
		return err_set(e, -EINVAL, "it is to see another address, and has no IPv4 address");
	if (addr_equal(visible_addr(w, real), gateway))
		return err_set(
			e, -EADDRINUSE, "it would see %s as its address and its gateway", text);
	if (addr_equal(real, gateway))
		return err_set(e, -EADDRINUSE, "the visible gateway %s is its own address", text);
	return 0;
}

static void add(struct rewrites *out, bool leaving, enum rewrite_field field,
	const struct addr *from, const struct addr *to)
{
	if (!addr_equal(from, to))
		out->item[out->count++] = (struct rewrite){ leaving, field, *from, *to };
}

void visible_rewrites(const struct vif_wanted *w, struct rewrites *out)
{
	const struct addr *real = real_addr(w), *seen, *gateway = visible_gateway(w);

	out->count = 0;
	if (!real)
		return;
	seen = visible_addr(w, real);
	/* What the guest sends. */
	add(out, false, REWRITE_SOURCE, seen, real);
	add(out, false, REWRITE_DESTINATION, gateway, &w->gateway);
	add(out, false, REWRITE_QUOTED_SOURCE, gateway, &w->gateway);
	add(out, false, REWRITE_QUOTED_DESTINATION, seen, real);
	add(out, false, REWRITE_ARP_SENDER, seen, real);
	/* "Does anybody have my address?" (RFC 5227) must not find one of this domain's. */
	add(out, false, REWRITE_ARP_TARGET, seen, real);
	add(out, false, REWRITE_ARP_TARGET, gateway, &w->gateway);
	/* What it gets. */
	add(out, true, REWRITE_SOURCE, &w->gateway, gateway);
	add(out, true, REWRITE_DESTINATION, real, seen);
	add(out, true, REWRITE_QUOTED_SOURCE, real, seen);
	add(out, true, REWRITE_QUOTED_DESTINATION, &w->gateway, gateway);
	add(out, true, REWRITE_ARP_SENDER, &w->gateway, gateway);
	add(out, true, REWRITE_ARP_TARGET, real, seen);
}

const char *visible_print(const struct vif_wanted *w, char buf[VISIBLE_TEXT_MAX])
{
	char seen[ADDR_TEXT_MAX], is[ADDR_TEXT_MAX];
	const struct addr *real = real_addr(w);
	size_t len = 0;

	buf[0] = '\0';
	if (real && addr_is_set(&w->visible))
		len = (size_t)snprintf(buf, VISIBLE_TEXT_MAX, "%.15s for %.15s%s",
			addr_print(&w->visible, seen), addr_print(real, is),
			addr_is_set(&w->visible_gateway) ? ", " : "");
	if (addr_is_set(&w->visible_gateway))
		snprintf(buf + len, VISIBLE_TEXT_MAX - len, "gateway %.15s for %.15s",
			addr_print(&w->visible_gateway, seen), addr_print(&w->gateway, is));
	return buf;
}
