/* netvm dom0 up [--allow NAME...]: brings dom0 itself a network; --for ends it again. */
#include <errno.h>
#include <unistd.h>

#include "toolstack/netvm_dom0.h"

int netvm_dom0_up(struct netvm *n, struct err *e)
{
	struct dom0_lines lines = { .out = stdout, .json = n->o.json ? json_open() : NULL };
	struct dom0_brought b;
	int ret;

	dom0_signals_catch();
	json_object(lines.json, NULL);
	json_bool(lines.json, "dry_run", n->o.dry_run);
	json_array(lines.json, "steps");
	ret = dom0_up(n, &lines, n->count, false, &b, e);
	json_array_end(lines.json);
	json_object_end(lines.json);
	if (!ret && b.until)
		ret = dom0_keeper_start(n, &b, e);
	if (b.keeper >= 0)
		close(b.keeper);
	if (ret == -EINTR)
		n->status = 128 + dom0_signal_caught();
	if (n->o.json && !ret)
		return netvm_json_end(lines.json, e);
	json_drop(lines.json);
	return ret;
}
