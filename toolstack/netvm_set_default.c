/* netvm set-default NAME: the network domain of domains whose files name none; "none" for none. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "toolstack/netvm.h"

static int default_check(const struct netvm *n, const char *name, struct err *e)
{
	const struct registry_domain *d;
	struct registry r;
	int ret = netvm_registry_read(n, &r, e);

	if (!ret)
		ret = netvm_domain_find(n, &r, name, &d, e);
	if (!ret && !d->provides_network)
		ret = err_set(e, -EINVAL,
			"%s is no network domain; netvm set %s provides_network=1 makes it one",
			name, name);
	registry_dispose(&r);
	return ret;
}

int netvm_set_default(struct netvm *n, struct err *e)
{
	const char *name = n->args[0];
	const struct registry_change change = { "default_netvm", &name, 1 };
	struct registry r;
	size_t changed;
	int ret = strcmp(name, "none") == 0 ? 0 : default_check(n, name, e);

	if (!ret && n->o.dry_run) {
		ret = registry_edit_check(n->dir, NULL, &change, 1, e);
		if (!ret)
			printf("would set default_netvm to %s\n", name);
		return ret;
	}
	if (!ret)
		ret = registry_edit(n->dir, NULL, &change, 1, e);
	if (ret)
		return ret;
	ret = registry_read(n->dir, &r, NULL, e);
	if (!ret)
		ret = registry_allocate(&r, false, &changed, e);
	registry_dispose(&r);
	return ret;
}
