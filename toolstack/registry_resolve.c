/*
 * What no file can say alone. In this order: each domain's network domain is found; loops;
 * addresses held twice; rules that name domains; ports exposed twice; then a guest of a domain at
 * fault is at fault, over all steps, because nobody knows what it should be told. A fault never
 * spreads the other way.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "toolstack/registry_internal.h"

#define LOOP_PRINTED_MAX 8

static bool is_none(const char *name)
{
	return !name || strcmp(name, "none") == 0;
}

/* err_set() for a domain, with the file in front of it. */
#define domain_fault(r, d, fmt, ...)                                                               \
	registry_fault_set(d, -EINVAL, "%s/domains/%s.conf: " fmt, (r)->dir, (d)->name, __VA_ARGS__)

/* Whether `d` is `serving`, the default network domain, or one that serves that in turn, so that
 * the default would lead back to it. */
static bool on_the_default_way(const struct registry *r, const struct registry_domain *serving,
	const struct registry_domain *d)
{
	const struct registry_domain *at = serving;

	for (size_t steps = 0; at && steps <= r->count; steps++) {
		if (at == d)
			return true;
		at = is_none(at->netvm_text) ? NULL : registry_find(r, at->netvm_text);
	}
	return false;
}

/* `serving`: the default network domain; NULL: there is none of that name. */
static void netvm_find(
	struct registry *r, const struct registry_domain *serving, struct registry_domain *d)
{
	const char *name = d->netvm_text;
	const char *how = "netvm";

	if (!name && !on_the_default_way(r, serving, d)) {
		name = r->globals.default_netvm;
		how = "default_netvm";
	}
	if (is_none(name))
		return;
	d->netvm = d->netvm_text ? registry_find(r, name) : serving;
	if (!d->netvm)
		domain_fault(r, d, "%s: there is no domain \"%s\" in the registry", how, name);
	else if (!d->netvm->fault && !d->netvm->provides_network)
		domain_fault(r, d,
			"%s: %s is not a network domain (its file lacks provides_network = 1)", how,
			name);
}

/* Whether following the network domains of `d` leads back to it. */
static bool is_in_loop(const struct registry *r, const struct registry_domain *d)
{
	const struct registry_domain *at = d->netvm;

	for (size_t steps = 0; at && steps < r->count; steps++, at = at->netvm)
		if (at == d)
			return true;
	return false;
}

static void loop_fault(const struct registry *r, struct registry_domain *d)
{
	char loop[LOOP_PRINTED_MAX * (DOMAIN_NAME_MAX + 4) + 8];
	const struct registry_domain *at = d;
	size_t used = 0, printed = 0;

	do {
		used += (size_t)snprintf(loop + used, sizeof(loop) - used, "%s -> ",
			++printed < LOOP_PRINTED_MAX ? at->name : "...");
		at = at->netvm;
	} while (at != d && printed < LOOP_PRINTED_MAX);
	domain_fault(r, d, "netvm: network domains in a loop: %s%s", loop, d->name);
}

/* What serves it would take packets from no other address than its own. */
static void routed6_fault(const struct registry *r, struct registry_domain *d)
{
	if (d->netvm && d->routed6_text.count)
		domain_fault(r, d,
			"routed6: it is of use in a network domain that no other serves; %s "
			"serves this one, and takes packets from its own address alone",
			d->netvm->name);
}

/* --- addresses --- */

/* What the domain would see twice, or not tell from a resolver. Others may see the same. */
static void visible_fault(const struct registry *r, struct registry_domain *d)
{
	const struct addr *gateway = &d->visible_gateway, *seen[] = { &d->visible_ip, gateway };
	char text[ADDR_TEXT_MAX];

	for (size_t i = 0; i < 4; i++)
		if (addr_is_set(seen[i / 2]) && addr_equal(seen[i / 2], &r->globals.dns[i % 2])) {
			domain_fault(r, d, "visible_%s: %s is the address of a resolver",
				i / 2 ? "gateway" : "ip", addr_print(seen[i / 2], text));
			return;
		}
	if (!addr_is_set(gateway) && d->netvm)
		gateway = &d->netvm->ip;
	if (!addr_is_set(gateway))
		return;
	addr_print(gateway, text);
	if (addr_equal(&d->visible_ip, gateway))
		domain_fault(r, d, "visible_ip: %s is what it sees as its gateway", text);
	else if (addr_is_set(&d->visible_gateway) && addr_equal(&d->ip, gateway))
		domain_fault(r, d, "visible_gateway: %s is its own address", text);
}

struct holder {
	struct addr addr;
	struct registry_domain *domain; /* NULL: a resolver */
};

/* Resolvers first, then network domains (a fault there would spread), then guests. */
static int holder_rank(const struct holder *h)
{
	return !h->domain ? 0 : h->domain->provides_network ? 1 : 2;
}

static int by_addr_then_name(const void *a, const void *b)
{
	const struct holder *x = a, *y = b;
	int order = addr_cmp(&x->addr, &y->addr);

	if (!order)
		order = holder_rank(x) - holder_rank(y);
	if (order || !x->domain)
		return order;
	return strcmp(x->domain->name, y->domain->name);
}

static size_t holders_add(
	struct holder *h, size_t n, const struct addr *a, struct registry_domain *d)
{
	if (!addr_is_set(a))
		return n;
	h[n] = (struct holder){ *a, d };
	return n + 1;
}

/* The first holder keeps the address, the others are at fault. */
static void duplicates_fault(struct registry *r, struct holder *h, size_t n)
{
	char text[ADDR_TEXT_MAX];

	qsort(h, n, sizeof(*h), by_addr_then_name);
	for (size_t i = 1, first = 0; i < n; i++) {
		if (!addr_equal(&h[i].addr, &h[first].addr)) {
			first = i;
			continue;
		}
		if (!h[i].domain || h[i].domain->fault)
			continue;
		addr_print(&h[i].addr, text);
		if (!h[first].domain)
			domain_fault(r, h[i].domain, "%s is the address of a resolver", text);
		else
			domain_fault(r, h[i].domain, "%s is held by %s already", text,
				h[first].domain->name);
	}
}

static void addresses_check(struct registry *r)
{
	struct holder *h = calloc(2 * r->count + 4, sizeof(*h));
	size_t n = 0;

	for (size_t i = 0; i < r->count; i++) {
		if (!h)
			registry_fault_set(
				&r->domain[i], -ENOMEM, "%s: out of memory", r->domain[i].name);
		if (r->domain[i].fault)
			continue;
		n = holders_add(h, n, &r->domain[i].ip, &r->domain[i]);
		n = holders_add(h, n, &r->domain[i].ip6, &r->domain[i]);
	}
	for (size_t i = 0; i < 2 && h; i++) {
		n = holders_add(h, n, &r->globals.dns[i], NULL);
		n = holders_add(h, n, &r->globals.dns6[i], NULL);
	}
	if (h)
		duplicates_fault(r, h, n);
	free(h);
}

/* --- */

static void fault_inherit(const struct registry *r, struct registry_domain *d)
{
	const struct registry_domain *at = d->netvm;

	for (size_t steps = 0; at && !d->fault && steps < r->count; steps++, at = at->netvm)
		if (at->fault)
			registry_fault_set(d, -EINVAL,
				"%s: its network domain %s cannot be used: %s", d->name, at->name,
				at->fault->text);
}

void registry_resolve(struct registry *r)
{
	const struct registry_domain *serving = NULL;

	for (size_t i = 0; i < r->count; i++) {
		struct registry_domain *d = &r->domain[i];

		d->netvm = NULL;
		if (d->broken)
			continue;
		registry_fault_clear(d);
		if (r->globals.fault.code)
			registry_fault_take(d, &r->globals.fault);
	}
	if (r->globals.fault.code)
		return;
	if (!is_none(r->globals.default_netvm))
		serving = registry_find(r, r->globals.default_netvm);
	for (size_t i = 0; i < r->count; i++)
		if (!r->domain[i].fault)
			netvm_find(r, serving, &r->domain[i]);
	for (size_t i = 0; i < r->count; i++)
		if (!r->domain[i].fault && is_in_loop(r, &r->domain[i]))
			loop_fault(r, &r->domain[i]);
	for (size_t i = 0; i < r->count; i++)
		if (!r->domain[i].fault)
			routed6_fault(r, &r->domain[i]);
	for (size_t i = 0; i < r->count; i++)
		if (!r->domain[i].fault)
			visible_fault(r, &r->domain[i]);
	addresses_check(r);
	registry_rules_fault(r);
	registry_expose_fault(r);
	for (size_t i = 0; i < r->count; i++)
		fault_inherit(r, &r->domain[i]);
	/* Whoever follows the pointers must come to an end. */
	for (size_t i = 0; i < r->count; i++)
		if (r->domain[i].fault)
			r->domain[i].netvm = NULL;
	registry_expose_carry(r);
}

void registry_guest_link(
	const struct registry *r, const struct registry_domain *d, struct guest_link *out)
{
	*out = (struct guest_link){ .mtu = (uint32_t)d->mtu };
	registry_mac(d, &out->mac);
	if (addr_is_set(&d->ip)) {
		out->ip = addr_is_set(&d->visible_ip) ? d->visible_ip : d->ip;
		out->gateway = addr_is_set(&d->visible_gateway) ? d->visible_gateway : d->netvm->ip;
		memcpy(out->dns, r->globals.dns, sizeof(out->dns));
	}
	if (addr_is_set(&d->ip6)) {
		out->ip6 = d->ip6;
		out->gateway6 = d->netvm->ip6;
		memcpy(out->dns6, r->globals.dns6, sizeof(out->dns6));
	}
}
