/* netvm dom0 down: ends dom0's network, or what is left of it. */
#include "toolstack/netvm_dom0.h"

int netvm_dom0_down(struct netvm *n, struct err *e)
{
	struct dom0_lines lines = { .out = stdout, .json = n->o.json ? json_open() : NULL };
	bool was;
	int ret;

	dom0_signals_catch(); /* the way down is gone to its end */
	json_object(lines.json, NULL);
	json_bool(lines.json, "dry_run", n->o.dry_run);
	json_array(lines.json, "steps");
	ret = dom0_down(n, &lines, &was, e);
	json_array_end(lines.json);
	json_object_end(lines.json);
	if (n->o.json && !ret)
		return netvm_json_end(lines.json, e);
	json_drop(lines.json);
	if (!ret && !was)
		printf("dom0 has no network.\n");
	return ret;
}
