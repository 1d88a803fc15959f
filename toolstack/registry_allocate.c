/*
 * Addresses from the pools. What is taken: the domains' addresses, those that stand in files which
 * cannot be parsed, and the resolvers. A pool is walked upwards from its second address; the walk
 * is as long as the list of what is taken, at most.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/file.h"
#include "toolstack/registry_internal.h"

static int by_addr(const void *a, const void *b)
{
	return addr_cmp(a, b);
}

static struct addr *taken_collect(const struct registry *r, size_t *count)
{
	size_t max = 4, n = 0;
	struct addr *taken;

	for (size_t i = 0; i < r->count; i++)
		max += 2 + r->domain[i].mentions;
	taken = calloc(max, sizeof(*taken));
	if (!taken)
		return NULL;
	for (size_t i = 0; i < r->count; i++) {
		const struct registry_domain *d = &r->domain[i];

		taken[n++] = d->ip;
		taken[n++] = d->ip6;
		if (d->mentions)
			memcpy(&taken[n], d->mentioned, d->mentions * sizeof(*taken));
		n += d->mentions;
	}
	for (size_t i = 0; i < 2; i++) {
		taken[n++] = r->globals.dns[i];
		taken[n++] = r->globals.dns6[i];
	}
	qsort(taken, n, sizeof(*taken), by_addr);
	*count = n;
	return taken;
}

static void addr_increment(struct addr *a)
{
	for (size_t i = addr_len(a); i > 0 && ++a->bytes[i - 1] == 0; i--)
		;
}

/* Whether all host bits are set. */
static bool is_last(const struct prefix *p, const struct addr *a)
{
	size_t bits = addr_len(a) * 8;

	for (size_t bit = p->len; bit < bits; bit++)
		if (!(a->bytes[bit / 8] & (0x80 >> bit % 8)))
			return false;
	return true;
}

static bool pool_find(
	const struct prefix *pool, const struct addr *taken, size_t count, struct addr *out)
{
	struct addr a = pool->addr;

	if (pool->len + 1U >= addr_len(&a) * 8)
		return false; /* its addresses are its first and its last */
	for (addr_increment(&a); !is_last(pool, &a); addr_increment(&a)) {
		if (bsearch(&a, taken, count, sizeof(*taken), by_addr))
			continue;
		*out = a;
		return true;
	}
	return false;
}

int registry_free_address(const struct registry *r, int family, struct addr *out, struct err *e)
{
	const struct registry_globals *g = &r->globals;
	const struct prefix *pool = family == AF_INET ? g->pool : g->pool6;
	size_t pools = family == AF_INET ? g->pools : g->pools6, count;
	const char *key = family == AF_INET ? "pool" : "pool6";
	struct addr *taken;
	bool found = false;

	if (!pools)
		return err_set(e, -ENOENT, "%s/netvm.conf: there is no %s", r->dir, key);
	taken = taken_collect(r, &count);
	if (!taken)
		return err_sys(e, -ENOMEM, "%s", key);
	for (size_t i = 0; i < pools && !found; i++)
		found = pool_find(&pool[i], taken, count, out);
	free(taken);
	return found ? 0
		     : err_set(e, -EADDRNOTAVAIL, "%s/netvm.conf: %s: no address is left", r->dir,
			       key);
}

bool registry_in_pool(const struct registry *r, const struct addr *a)
{
	const struct registry_globals *g = &r->globals;
	bool six = a->family == AF_INET6;

	for (size_t i = 0; i < (six ? g->pools6 : g->pools); i++) {
		const struct prefix *pool = six ? &g->pool6[i] : &g->pool[i];

		if (prefix_contains(pool, a) && addr_cmp(&pool->addr, a) != 0 && !is_last(pool, a))
			return true;
	}
	return false;
}

const char *registry_holder(const struct registry *r, const struct addr *a)
{
	const struct registry_globals *g = &r->globals;

	for (size_t i = 0; i < 2; i++)
		if (addr_equal(&g->dns[i], a) || addr_equal(&g->dns6[i], a))
			return "a resolver";
	for (size_t i = 0; i < r->count; i++) {
		const struct registry_domain *d = &r->domain[i];

		if (addr_equal(&d->ip, a) || addr_equal(&d->ip6, a))
			return d->name;
		for (size_t k = 0; k < d->mentions; k++)
			if (addr_equal(&d->mentioned[k], a))
				return "a file that cannot be used";
	}
	return NULL;
}

bool registry_wants_address(const struct registry_domain *d)
{
	return !d->fault.code && (d->netvm || d->provides_network);
}

static bool is_lacking(const struct registry *r, const struct registry_domain *d)
{
	return registry_wants_address(d) &&
	       (!addr_is_set(&d->ip) || (r->globals.pools6 && !addr_is_set(&d->ip6)));
}

static bool any_lacking(const struct registry *r)
{
	for (size_t i = 0; i < r->count; i++)
		if (is_lacking(r, &r->domain[i]))
			return true;
	return false;
}

static int addresses_write(const struct registry *r, const struct registry_domain *d, struct err *e)
{
	char path[PATH_MAX], ip[ADDR_TEXT_MAX], ip6[ADDR_TEXT_MAX], *text = NULL;
	const char *ip_value = addr_print(&d->ip, ip), *ip6_value = addr_print(&d->ip6, ip6);
	const struct registry_change changes[] = { { "ip", &ip_value, 1 },
		{ "ip6", &ip6_value, 1 } };
	int ret = registry_path(r->dir, d->name, path, sizeof(path), e);

	if (!ret)
		ret = registry_text_change(path, registry_domain_keys, changes,
			addr_is_set(&d->ip6) ? 2 : 1, &text, e);
	if (!ret)
		ret = file_replace(path, text, strlen(text), 0644, e);
	free(text);
	return ret;
}

static int addresses_give(struct registry *r, struct registry_domain *d, bool dry)
{
	struct addr ip = d->ip, ip6 = d->ip6;
	int ret = 0;

	if (!addr_is_set(&ip))
		ret = registry_free_address(r, AF_INET, &d->ip, &d->fault);
	if (!ret && r->globals.pools6 && !addr_is_set(&ip6))
		ret = registry_free_address(r, AF_INET6, &d->ip6, &d->fault);
	if (!ret && !dry)
		ret = addresses_write(r, d, &d->fault);
	if (ret) {
		d->ip = ip;
		d->ip6 = ip6;
		err_prefix(&d->fault, "%s: no address could be given", d->name);
	}
	return ret;
}

int registry_allocate(struct registry *r, bool dry, size_t *changed, struct err *e)
{
	struct registry fresh;
	int lock = -1, ret;

	*changed = 0;
	if (!any_lacking(r))
		return 0;
	if (!dry) {
		/* Others may have given addresses since it was read. */
		ret = registry_lock(r->dir, &lock, e);
		if (ret)
			return ret;
		ret = registry_read(r->dir, &fresh, NULL, e);
		if (ret) {
			close(lock);
			return ret;
		}
		registry_dispose(r);
		*r = fresh;
	}
	for (size_t i = 0; i < r->count; i++)
		if (is_lacking(r, &r->domain[i]) && addresses_give(r, &r->domain[i], dry) == 0)
			(*changed)++;
	registry_resolve(r);
	if (lock >= 0)
		close(lock);
	return 0;
}
