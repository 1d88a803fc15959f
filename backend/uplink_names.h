/*
 * uplink_names: names of links by which guests' packets may leave, and patterns of such names.
 *
 * Pure. It must not know which links there are.
 */
#ifndef NETVM_UPLINK_NAMES_H
#define NETVM_UPLINK_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "common/netlink.h"

#define UPLINKS_MAX 8

/* Names of links, or patterns. */
struct uplink_names {
	char names[UPLINKS_MAX][LINK_NAME_MAX];
	size_t count;
};

/* Whether packet filters can be told the name: nothing in it means more to one of them than the
 * letter itself. A link with another name is no uplink unless a pattern covers it. */
bool uplink_name_is_plain(const char *name);
/* A plain name, or one with a star behind; "*" alone is any link. */
bool uplink_pattern_is_valid(const char *pattern);
bool uplink_names_have(const struct uplink_names *patterns, const char *link);

#endif
