/* netvm set NAME KEY=VALUE...: all of them or none. "KEY=" takes the key out: its default is in
 * force then. */
#include <string.h>

#include <errno.h>

#include "toolstack/netvm.h"

int netvm_provider_check(
	const struct netvm *n, const struct registry *r, const char *name, struct err *e)
{
	const struct registry_domain *d;
	int ret = netvm_domain_find(n, r, name, &d, e);

	if (!ret && !d->provides_network)
		ret = err_set(e, -EINVAL,
			"%s is no network domain; netvm set %s provides_network=1 makes it one",
			name, name);
	return ret;
}

/* A netvm that does not exist is the most frequent slip; it deserves its own words. */
static int netvm_check(const struct netvm *n, const struct registry *r, struct err *e)
{
	for (int i = 1; i < n->count; i++) {
		const char *name = n->args[i] + strlen("netvm=");
		int ret;

		if (strncmp(n->args[i], "netvm=", strlen("netvm=")) != 0 || !*name ||
			strcmp(name, "none") == 0)
			continue;
		ret = netvm_provider_check(n, r, name, e);
		if (ret)
			return ret;
	}
	return 0;
}

int netvm_set(struct netvm *n, struct err *e)
{
	struct registry_held h;
	int ret = netvm_registry_hold(n, &h, e);

	/* A domain at fault may be set right again. */
	if (!ret)
		ret = netvm_domain_known(n, &h.r, n->args[0], e);
	if (!ret)
		ret = netvm_check(n, &h.r, e);
	if (!ret)
		ret = netvm_pairs_apply(n, &h, n->args[0], n->args + 1, n->count - 1, e);
	registry_let_go(&h);
	return ret;
}
