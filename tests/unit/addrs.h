/* Addresses from text, which a test has written itself. Included after unit.h. */
#ifndef NETVM_TESTS_UNIT_ADDRS_H
#define NETVM_TESTS_UNIT_ADDRS_H

#include "common/addr.h"

static inline struct addr addr_of(const char *text)
{
	struct addr a = { 0 };

	if (addr_parse(text, &a) != 0)
		fail_msg("\"%s\" is no address", text);
	return a;
}

#endif
