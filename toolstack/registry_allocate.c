/*
 * Addresses from the pools. What is taken: the domains' addresses, those that stand in files which
 * cannot be parsed, and the resolvers. A pool is walked upwards from its second address; the walk
 * is as long as the list of what is taken, at most.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

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

/* What the pools have left: what is taken is collected once, and each walk goes on where it ended.
 */
struct supply {
	const struct registry *r;
	struct addr *taken;
	size_t count;
	struct addr at[2][REGISTRY_POOLS_MAX]; /* of `pool` and `pool6`: where the walk is */
};

static int supply_open(struct supply *s, const struct registry *r, struct err *e)
{
	*s = (struct supply){ .r = r };
	s->taken = taken_collect(r, &s->count);
	for (size_t i = 0; i < r->globals.pools; i++)
		s->at[0][i] = r->globals.pool[i].addr;
	for (size_t i = 0; i < r->globals.pools6; i++)
		s->at[1][i] = r->globals.pool6[i].addr;
	return s->taken ? 0 : err_sys(e, -ENOMEM, "addresses");
}

static void supply_close(struct supply *s)
{
	free(s->taken);
}

/* `at` is the last that was given of the pool, or its first. */
static bool pool_next(const struct supply *s, const struct prefix *pool, struct addr *at)
{
	if (pool->len + 1U >= addr_len(at) * 8 || is_last(pool, at))
		return false; /* at the end, or its addresses are its first and its last */
	for (addr_increment(at); !is_last(pool, at); addr_increment(at))
		if (!bsearch(at, s->taken, s->count, sizeof(*s->taken), by_addr))
			return true;
	return false;
}

static int supply_take(struct supply *s, int family, struct addr *out, struct err *e)
{
	const struct registry_globals *g = &s->r->globals;
	const bool six = family == AF_INET6;
	const char *key = six ? "pool6" : "pool";
	size_t pools = six ? g->pools6 : g->pools;

	if (!pools)
		return err_set(e, -ENOENT, "%s/netvm.conf: there is no %s", s->r->dir, key);
	for (size_t i = 0; i < pools; i++)
		if (pool_next(s, six ? &g->pool6[i] : &g->pool[i], &s->at[six][i])) {
			*out = s->at[six][i];
			return 0;
		}
	return err_set(e, -EADDRNOTAVAIL, "%s/netvm.conf: %s: no address is left", s->r->dir, key);
}

int registry_free_address(const struct registry *r, int family, struct addr *out, struct err *e)
{
	struct supply s;
	int ret = supply_open(&s, r, e);

	if (!ret)
		ret = supply_take(&s, family, out, e);
	supply_close(&s);
	return ret;
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
	return !d->fault && (d->netvm || d->provides_network);
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

static void addresses_give(struct supply *s, struct registry_domain *d, bool dry, size_t *given)
{
	struct addr ip = d->ip, ip6 = d->ip6;
	struct err why = ERR_NONE;
	int ret = 0;

	if (!addr_is_set(&ip))
		ret = supply_take(s, AF_INET, &d->ip, &why);
	if (!ret && s->r->globals.pools6 && !addr_is_set(&ip6))
		ret = supply_take(s, AF_INET6, &d->ip6, &why);
	if (!ret && !dry)
		ret = addresses_write(s->r, d, &why);
	if (!ret) {
		++*given;
		return;
	}
	d->ip = ip;
	d->ip6 = ip6;
	d->broken = true;
	err_prefix(&why, "%s: no address could be given", d->name);
	registry_fault_take(d, &why);
}

/* To all that lack one. */
static int allocate(struct registry *r, bool dry, size_t *given, struct err *e)
{
	struct supply s;
	int ret;

	*given = 0;
	if (!any_lacking(r))
		return 0;
	ret = supply_open(&s, r, e);
	for (size_t i = 0; i < r->count && !ret; i++)
		if (is_lacking(r, &r->domain[i]))
			addresses_give(&s, &r->domain[i], dry, given);
	supply_close(&s);
	registry_resolve(r);
	return ret;
}

int registry_held_allocate(struct registry_held *h, size_t *changed, struct err *e)
{
	return allocate(&h->r, h->dry, changed, e);
}

int registry_allocate(struct registry *r, bool dry, size_t *changed, struct err *e)
{
	struct registry_held h;
	int ret;

	*changed = 0;
	if (dry || !any_lacking(r))
		return allocate(r, dry, changed, e);
	/* Others may have given addresses since it was read. */
	ret = registry_hold(r->dir, false, NULL, &h, e);
	if (!ret)
		ret = registry_held_allocate(&h, changed, e);
	if (!ret) {
		struct registry was = *r;

		*r = h.r;
		h.r = was;
	}
	registry_let_go(&h);
	return ret;
}
