/* netvm remove NAME: the registry forgets a domain that nobody needs and that has no device. */
#include <errno.h>
#include <stdio.h>

#include "toolstack/netvm.h"

int netvm_remove(struct netvm *n, struct err *e)
{
	const char *name = n->args[0];
	const struct registry_domain *d;
	struct registry r;
	int ret = netvm_registry_read(n, &r, e);

	if (!ret && !registry_find(&r, name))
		ret = netvm_domain_find(n, &r, name, &d, e);
	d = ret ? NULL : registry_find(&r, name);
	if (d && !d->fault.code && d->pci.count)
		ret = err_set(e, -EBUSY,
			"%s has the network device %s; netvm pci release %s takes it back first",
			name, d->pci.item[0], d->pci.item[0]);
	registry_dispose(&r);
	if (!ret && n->o.dry_run)
		printf("would remove %s from the registry\n", name);
	else if (!ret)
		ret = registry_forget(n->dir, name, e);
	return ret;
}
