#include "backend/iptables_legacy.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* After the C library's headers: both name some of the same things. */
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>

#include "backend/digest.h"

#define TABLE_MAX (64U << 20) /* bytes; more is refused */

/* What differs between the two families; struct ipt_getinfo and ipt_get_entries are alike. */
static const struct layout {
	int family, level, info, entries;
	size_t counters, next, least;
} layouts[] = {
	{ AF_INET, IPPROTO_IP, IPT_SO_GET_INFO, IPT_SO_GET_ENTRIES,
		offsetof(struct ipt_entry, counters), offsetof(struct ipt_entry, next_offset),
		sizeof(struct ipt_entry) },
	{ AF_INET6, IPPROTO_IPV6, IP6T_SO_GET_INFO, IP6T_SO_GET_ENTRIES,
		offsetof(struct ip6t_entry, counters), offsetof(struct ip6t_entry, next_offset),
		sizeof(struct ip6t_entry) },
};

_Static_assert(sizeof(struct ipt_getinfo) == sizeof(struct ip6t_getinfo) &&
		       offsetof(struct ipt_get_entries, entrytable) ==
			       offsetof(struct ip6t_get_entries, entrytable),
	"both families are asked alike");

/* Sets the counters of each entry to zero. Where an entry's length makes no sense the rest stays:
 * the digest then changes with every packet, which is slow and safe. */
static void counters_clear(const struct layout *l, char *entries, size_t size)
{
	uint16_t next;

	for (size_t at = 0; at + l->least <= size; at += next) {
		memset(entries + at + l->counters, 0, sizeof(struct xt_counters));
		memcpy(&next, entries + at + l->next, sizeof(next));
		if (next < l->least)
			return;
	}
}

static int table_digest(const struct layout *l, int fd, const char *name, uint64_t *digest)
{
	struct ipt_getinfo info = { .size = 0 };
	struct ipt_get_entries *got;
	socklen_t len = sizeof(info);
	int ret = 0;

	strncpy(info.name, name, sizeof(info.name) - 1);
	if (getsockopt(fd, l->level, l->info, &info, &len) < 0)
		return -errno;
	if (info.size > TABLE_MAX)
		return -EFBIG;
	len = (socklen_t)(offsetof(struct ipt_get_entries, entrytable) + info.size);
	got = calloc(1, len);
	if (!got)
		return -ENOMEM;
	strncpy(got->name, name, sizeof(got->name) - 1);
	got->size = info.size;
	if (getsockopt(fd, l->level, l->entries, got, &len) < 0)
		ret = -errno;
	if (ret == 0) {
		counters_clear(l, (char *)got->entrytable, info.size);
		*digest = digest_add(*digest, got->entrytable, info.size);
	}
	free(got);
	return ret;
}

int iptables_legacy_digest(int family, uint64_t *digest, struct err *e)
{
	static const char *const tables[] = { "filter", "mangle", "nat" };
	const struct layout *l = &layouts[family == AF_INET6];
	int fd = socket(l->family, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW), ret = 0;

	if (fd < 0)
		return err_sys(e, -errno, "iptables' tables");
	*digest = DIGEST_START;
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]) && !ret; i++) {
		ret = table_digest(l, fd, tables[i], digest);
		if (ret)
			err_sys(e, ret, "iptables' table %s", tables[i]);
	}
	close(fd);
	return ret;
}
