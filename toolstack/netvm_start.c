/* netvm start NAME: the domain, and before it every network domain above it. */
#include "toolstack/life.h"

int netvm_start(struct netvm *n, struct err *e)
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
		ret = life_start(&l, d, false, e);
	life_close(&l);
	registry_dispose(&r);
	return ret;
}
