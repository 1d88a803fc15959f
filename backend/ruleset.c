#include "backend/ruleset.h"

const struct addr *ruleset_target(const struct ruleset_family *f, unsigned int which)
{
	if (which > 1 || !addr_is_set(&f->dns[which]) || f->resolver_count == 0)
		return NULL;
	return &f->resolvers[which < f->resolver_count ? which : 0];
}
