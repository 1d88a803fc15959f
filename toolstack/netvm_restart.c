/*
 * netvm restart NAME: stop and start. A network domain has to say that it is ready; that its guests
 * get their vifs again is netvmd's work, which needs to be told nothing.
 */
#include <stdio.h>

#include "toolstack/life.h"

static int stop(const struct life *l, const struct xen_domain *d, struct err *e)
{
	char names[LIFE_USERS_MAX];
	size_t count;
	int ret = life_users(l, d, names, &count, e);

	if (!ret)
		ret = life_stop(l, d, e);
	if (!ret && !l->n->o.dry_run)
		printf("%s is stopped.\n", d->name);
	if (!ret && !l->n->o.dry_run && count)
		printf("%s: without network until it is back.\n", names);
	return ret;
}

static int restart(const struct life *l, const struct registry_domain *d, struct err *e)
{
	struct xen_domain now;
	bool found;
	int ret = life_start_check(d, e);

	if (ret)
		return err_prefix(e, "%s is left as it is, it could not be started again", d->name);
	ret = life_find(d->name, &now, &found, e);
	if (!ret && found)
		ret = stop(l, &now, e);
	else if (!ret)
		printf("%s does not run.\n", d->name);
	if (ret)
		return ret;
	if (l->n->o.dry_run) /* in which it still runs */
		return life_create(l, d, e);
	ret = life_start(l, d, d->provides_network, e);
	if (!ret && d->provides_network)
		printf("%s is ready.\n", d->name);
	return ret;
}

int netvm_restart(struct netvm *n, struct err *e)
{
	const struct registry_domain *d;
	struct life l = { .store = NULL };
	struct registry r;
	int ret = netvm_registry_read(n, &r, e);

	if (!ret)
		ret = netvm_domain_find(n, &r, n->args[0], &d, e);
	if (!ret)
		ret = life_open(&l, n, &r, e);
	if (!ret)
		ret = restart(&l, d, e);
	life_close(&l);
	registry_dispose(&r);
	return ret;
}
