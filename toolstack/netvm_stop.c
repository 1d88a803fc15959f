/* netvm stop NAME: shuts a domain down. A network domain that others use stays, unless --force. */
#include <errno.h>
#include <stdio.h>

#include "toolstack/life.h"

static int users_check(const struct life *l, const struct xen_domain *d, struct err *e)
{
	char names[LIFE_USERS_MAX];
	size_t count;
	int ret = life_users(l, d, names, &count, e);

	if (ret || !count)
		return ret;
	if (!l->n->o.force)
		return err_set(e, -EBUSY,
			"%s is the network domain of %s, which run; netvm stop --force %s stops it "
			"all the same, netvm restart %s brings it back at once",
			d->name, names, d->name, d->name);
	printf("%s: without network until %s is back.\n", names, d->name);
	return 0;
}

/* A domain that ended may have been started anew, under another number. */
static int stayed_away(const char *name, struct err *e)
{
	struct xen_domain d;
	bool found;
	int ret = life_find(name, &d, &found, e);

	if (!ret && found)
		ret = err_set(e, -EBUSY,
			"%s has ended, and runs again as domain %u (on_poweroff in its xl config?)",
			name, d.domid);
	return ret;
}

int netvm_stop(struct netvm *n, struct err *e)
{
	const char *name = n->args[0];
	struct life l = { .store = NULL };
	struct xen_domain d;
	struct registry r;
	bool found = false;
	int ret = netvm_registry_read(n, &r, e);

	/* Also a domain at fault. */
	if (!ret)
		ret = netvm_domain_known(n, &r, name, e);
	if (!ret)
		ret = life_open(&l, n, &r, e);
	if (!ret)
		ret = life_find(name, &d, &found, e);
	if (!ret && !found)
		printf("%s does not run.\n", name);
	if (!ret && found) {
		ret = users_check(&l, &d, e);
		if (!ret)
			ret = life_stop(&l, &d, e);
		if (!ret && !n->o.dry_run)
			ret = stayed_away(name, e);
		if (!ret && !n->o.dry_run)
			printf("%s is stopped.\n", name);
	}
	life_close(&l);
	registry_dispose(&r);
	return ret;
}
