/* netvm add NAME [KEY=VALUE...]: a domain that the registry did not know. */
#include <errno.h>
#include <stdio.h>

#include "toolstack/netvm.h"

static int name_check(
	const struct netvm *n, const struct registry *r, const char *name, struct err *e)
{
	if (domain_name_check(name)) {
		err_set(e, -EINVAL,
			"\"%s\" cannot be a domain's name (letters, digits, - _ . + : @, not "
			"empty, "
			"not first - or .)",
			name);
		return NETVM_USAGE;
	}
	if (registry_find(r, name))
		return err_set(e, -EEXIST, "%s is in %s/domains already; netvm set %s changes it",
			name, n->dir, name);
	return 0;
}

int netvm_add(struct netvm *n, struct err *e)
{
	const char *name = n->args[0];
	struct registry_held h;
	int ret = netvm_registry_hold(n, &h, e);

	if (!ret)
		ret = name_check(n, &h.r, name, e);
	if (!ret)
		ret = netvm_pairs_apply(n, &h, name, n->args + 1, n->count - 1, e);
	registry_let_go(&h);
	return ret;
}
