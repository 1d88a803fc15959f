/* netvm remove NAME: the registry forgets a domain that nobody needs and that has no device. */
#include <errno.h>
#include <stdio.h>

#include "toolstack/netvm.h"

int netvm_remove(struct netvm *n, struct err *e)
{
	const char *name = n->args[0];
	const struct registry_domain *d;
	struct registry_held h;
	int ret = netvm_registry_hold(n, &h, e);

	if (!ret)
		ret = netvm_domain_known(n, &h.r, name, e);
	d = ret ? NULL : registry_find(&h.r, name);
	if (d && !d->fault.code && d->pci.count)
		ret = err_set(e, -EBUSY,
			"%s has the network device %s; netvm pci release %s takes it back first",
			name, d->pci.item[0], d->pci.item[0]);
	if (!ret)
		ret = registry_forget(&h, name, e);
	if (!ret && n->o.dry_run)
		printf("would remove %s from the registry\n", name);
	registry_let_go(&h);
	return ret;
}
