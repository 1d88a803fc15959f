#include "backend/netback/multicast.h"

#include <errno.h>
#include <string.h>

static uint32_t count_of(const struct multicast *m)
{
	return m->count < MULTICAST_MAX ? m->count : MULTICAST_MAX;
}

static bool is_multicast(const uint8_t *to)
{
	static const uint8_t broadcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

	return to[0] & 1 && memcmp(to, broadcast, sizeof(broadcast)) != 0;
}

/* The index of that group, or how many there are. */
static uint32_t find(const struct multicast *m, const uint8_t *group)
{
	uint32_t i = 0, count = count_of(m);

	while (i < count && memcmp(m->groups[i].bytes, group, sizeof(m->groups[i].bytes)) != 0)
		i++;
	return i;
}

int multicast_join(struct multicast *m, const struct mac *group)
{
	uint32_t i = find(m, group->bytes);

	if (!is_multicast(group->bytes))
		return -EINVAL;
	if (i < count_of(m))
		return 0;
	if (i == MULTICAST_MAX)
		return -ENOSPC;
	m->groups[i] = *group;
	m->count = i + 1;
	return 0;
}

void multicast_leave(struct multicast *m, const struct mac *group)
{
	uint32_t i = find(m, group->bytes), count = count_of(m);

	if (i == count)
		return;
	m->groups[i] = m->groups[count - 1];
	m->count = count - 1;
}

bool multicast_wants(const struct multicast *m, const uint8_t *to)
{
	return !is_multicast(to) || find(m, to) < count_of(m);
}
