/*
 * vif_source: what xenstore wants of a vif.
 *
 * Standalone it stands in Xen's backend directory and in the settings; where dom0 manages this
 * domain (settings->managed) addresses, MAC and policy are dom0's client entry alone, and a guest
 * without one gets nothing. Must not know netlink.
 */
#ifndef NETVM_VIF_SOURCE_H
#define NETVM_VIF_SOURCE_H

#include "backend/ruleset.h"
#include "backend/settings.h"
#include "backend/vif.h"
#include "xenstore-schema/store.h"

/*
 * Fills `out` in whole. Unusable contents make it VIF_FAULTY with the words, an absent backend
 * directory VIF_GONE: both return 0. Negative errno where xenstore itself cannot be asked
 * (-ENOTCONN, -EACCES).
 *
 * `known` (may be NULL): the ruleset as it was just read, so that dom0's entry of a guest that is
 * in it needs not be read again. `backend`: SCHEMA_SELF or a domid.
 */
int vif_source_read(struct store *store, const struct settings *settings,
	const struct ruleset *known, uint32_t backend, const struct vif_id *id, bool emulated,
	struct vif_wanted *out, struct err *e);

/* Whether the vif is on its way out as far as Xen is concerned: its backend directory is gone, or
 * says so. 1, 0, or a negative errno as above. */
int vif_source_is_leaving(
	struct store *store, uint32_t backend, const struct vif_id *id, struct err *e);

/* Applies what dom0 publishes for this domain to its settings (settings_manage()), if anything. */
int vif_source_provider(struct store *store, struct settings *settings, struct err *e);

#endif
