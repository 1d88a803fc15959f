/* netvm remove NAME [--to NETVM]: the registry forgets a domain that nobody needs, or whose guests
 * go to another, and that has no device. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "toolstack/netvm.h"

static int removal_check(
	const struct netvm *n, const struct registry *r, const char *name, struct err *e)
{
	const struct registry_domain *d;
	const char *to = n->o.to;
	int ret = netvm_domain_known(n, r, name, e);

	d = ret ? NULL : registry_find(r, name);
	if (d && !d->fault && d->pci.count)
		ret = err_set(e, -EBUSY,
			"%s has the network device %s; netvm pci release %s takes it back first",
			name, d->pci.item[0], d->pci.item[0]);
	if (!ret && to && strcmp(to, name) == 0)
		ret = err_set(e, -EINVAL, "the guests of %s cannot go to itself", name);
	if (!ret && to && strcmp(to, "none") != 0)
		ret = netvm_provider_check(n, r, to, e);
	return ret;
}

/* Who goes elsewhere, malloc'd. */
static char *moves_tell(const struct registry *r, const char *name, const char *to)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	if (r->globals.default_netvm && strcmp(r->globals.default_netvm, name) == 0)
		fprintf(out, "would set default_netvm to %s\n", to);
	for (size_t i = 0; i < r->count; i++)
		if (r->domain[i].netvm_text && strcmp(r->domain[i].netvm_text, name) == 0)
			fprintf(out, "would set netvm of %s to %s\n", r->domain[i].name, to);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

int netvm_remove(struct netvm *n, struct err *e)
{
	const char *name = n->args[0], *to = n->o.to;
	struct err why = ERR_NONE;
	struct registry_held h;
	char *moves = NULL;
	int ret = netvm_registry_hold(n, &h, e);

	if (!ret)
		ret = removal_check(n, &h.r, name, e);
	if (!ret && to && n->o.dry_run) {
		moves = moves_tell(&h.r, name, to);
		ret = moves ? 0 : err_sys(e, -ENOMEM, "%s", name);
	}
	if (!ret) {
		ret = registry_forget(&h, name, to, &why);
		if (ret == -ENOTEMPTY)
			err_set(e, ret, "%s; netvm remove %s --to NETVM gives them another",
				why.text, name);
		else if (ret)
			*e = why;
	}
	if (!ret && n->o.dry_run)
		printf("%swould remove %s from the registry\n", moves ? moves : "", name);
	free(moves);
	registry_let_go(&h);
	return ret;
}
