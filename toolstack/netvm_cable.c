/* netvm cable NAME on|off: cuts a guest off from its network domain, or connects it again. Nothing
 * of it is forgotten. */
#include <errno.h>
#include <string.h>

#include "common/json.h"
#include "toolstack/netvm.h"

int netvm_cable(struct netvm *n, struct err *e)
{
	const char *name = n->args[0];
	bool on = strcmp(n->args[1], "on") == 0;
	char off_pair[] = "cable=0", on_pair[] = "cable=1";
	char *pair = on ? on_pair : off_pair;
	const struct registry_domain *d;
	struct registry_held h;
	struct json *j;
	int ret;

	if (!on && strcmp(n->args[1], "off") != 0) {
		err_set(e, -EINVAL, "a cable is \"on\" or \"off\", not \"%.40s\"", n->args[1]);
		return NETVM_USAGE;
	}
	ret = netvm_registry_hold(n, &h, e);
	if (!ret)
		ret = netvm_domain_find(n, &h.r, name, &d, e);
	if (!ret)
		ret = netvm_pairs_apply(n, &h, name, &pair, 1, e);
	registry_let_go(&h);
	if (ret || !n->o.json || n->o.dry_run)
		return ret;
	j = json_open();
	json_object(j, NULL);
	json_text(j, "name", name);
	json_bool(j, "cable", on);
	json_object_end(j);
	return netvm_json_end(j, e);
}
