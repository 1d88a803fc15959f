#include "backend/uplink_names.h"

#include <string.h>

/* nftables has names in quotes, where a star at the end is a pattern; iptables' is a plus. */
static bool plain(const char *name, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (name[i] <= ' ' || name[i] > '~' || strchr("\"\\*+/!$", name[i]))
			return false;
	return len < LINK_NAME_MAX;
}

bool uplink_name_is_plain(const char *name)
{
	return *name && plain(name, strlen(name));
}

bool uplink_pattern_is_valid(const char *pattern)
{
	size_t len = strlen(pattern);

	if (len && pattern[len - 1] == '*')
		return plain(pattern, len - 1) && len < LINK_NAME_MAX;
	return uplink_name_is_plain(pattern);
}

static bool pattern_covers(const char *pattern, const char *link)
{
	size_t len = strlen(pattern);

	if (len && pattern[len - 1] == '*')
		return strncmp(pattern, link, len - 1) == 0;
	return strcmp(pattern, link) == 0;
}

bool uplink_names_have(const struct uplink_names *patterns, const char *link)
{
	for (size_t i = 0; i < patterns->count; i++)
		if (pattern_covers(patterns->names[i], link))
			return true;
	return false;
}
