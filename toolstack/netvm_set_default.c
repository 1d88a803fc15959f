/* netvm set-default NAME: the network domain of domains whose files name none; "none" for none. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "toolstack/netvm.h"

int netvm_set_default(struct netvm *n, struct err *e)
{
	const char *name = n->args[0];
	const struct registry_change change = { "default_netvm", &name, 1 };
	struct registry_held h;
	int ret = netvm_registry_hold(n, &h, e);

	if (!ret && strcmp(name, "none") != 0)
		ret = netvm_provider_check(n, &h.r, name, e);
	if (!ret)
		ret = netvm_change(&h, NULL, &change, 1, e);
	if (!ret && n->o.dry_run)
		printf("would set default_netvm to %s\n", name);
	registry_let_go(&h);
	return ret;
}
