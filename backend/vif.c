#include "backend/vif.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

void vif_actual_dispose(struct vif_actual *a)
{
	free(a->addrs);
	free(a->routes);
	free(a->neighbours);
	a->addrs = NULL;
	a->routes = NULL;
	a->neighbours = NULL;
	a->addr_count = a->route_count = a->neighbour_count = 0;
}

const char *vif_link_name(const struct vif_id *id, bool emulated, char buf[LINK_NAME_MAX])
{
	char name[VIF_NAME_MAX];

	/* 15 characters at most, even with the largest numbers: "vif32751.65535" and no "-emu",
	 * which QEMU could not have named so either. */
	snprintf(buf, LINK_NAME_MAX, "%s%s", vif_name_print(id, name), emulated ? "-emu" : "");
	return buf;
}

void vif_wanted_fail(struct vif_wanted *w, const struct err *e)
{
	w->life = VIF_FAULTY;
	snprintf(w->fault, sizeof(w->fault), "%.*s", (int)sizeof(w->fault) - 1, e->text);
}

bool vif_wants_family(const struct vif_wanted *w, uint8_t family)
{
	for (size_t i = 0; i < w->count; i++)
		if (w->addrs[i].family == family)
			return true;
	return false;
}
