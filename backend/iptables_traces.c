#include "backend/iptables_traces.h"

#include "backend/iptables_legacy.h"
#include "backend/iptables_stamp.h"
#include "backend/ruleset_iptables_internal.h"

static bool chain_stands(struct netlink *nl, int family, const char *table, const char *chain)
{
	return nft_chain_exists(nl, family, table, chain) ||
	       iptables_legacy_has_chain(family, table, chain);
}

/* Every table is looked at, for each changes on its own. */
bool iptables_traces(struct netlink *nl)
{
	const struct iptables_chain_name *n = iptables_chain_names;

	for (int i = 0; i < STAMP_FAMILIES; i++)
		for (int c = 0; c < CHAIN_COUNT; c++)
			if (n[c].hook && chain_stands(nl, stamp_families[i], n[c].table, n[c].name))
				return true;
	return false;
}

bool iptables_in_use(struct netlink *nl)
{
	for (int i = 0; i < STAMP_FAMILIES; i++)
		if (nft_chain_exists(nl, stamp_families[i], "filter", "FORWARD") ||
			iptables_legacy_in_use(stamp_families[i]))
			return true;
	return false;
}
