/* netvm get-default: the network domain of domains whose files name none. */
#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "toolstack/netvm.h"

int netvm_get_default(struct netvm *n, struct err *e)
{
	const char *name;
	struct registry r;
	struct json *j;
	int ret = netvm_registry_read(n, &r, e);

	if (!ret && r.globals.fault.code)
		ret = err_set(e, r.globals.fault.code, "%s", r.globals.fault.text);
	name = ret ? NULL : r.globals.default_netvm;
	if (name && strcmp(name, "none") == 0)
		name = NULL;
	if (!ret && n->o.json) {
		j = json_open();
		json_object(j, NULL);
		json_text(j, "default_netvm", name);
		json_object_end(j);
		ret = netvm_json_end(j, e);
	} else if (!ret) {
		printf("%s\n", name ? name : "none");
	}
	registry_dispose(&r);
	return ret;
}
