/* vif_state: reads what is of a vif from the kernel. */
#ifndef NETVM_VIF_STATE_H
#define NETVM_VIF_STATE_H

#include "backend/vif.h"

/* Fills `out` (vif_actual_dispose() it, also after an error): the link that `w` names, and who has
 * the addresses that `w` wants. No such link is no error. */
int vif_state_read(
	struct netlink *nl, const struct vif_wanted *w, struct vif_actual *out, struct err *e);

#endif
