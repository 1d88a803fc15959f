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

#include "common/digest.h"
#include "common/file.h"

#define NAMES_MAX 4096
#define TABLE_MAX (64U << 20) /* bytes; more is refused */

/* What differs between the two families; struct ipt_getinfo and ipt_get_entries are alike. */
static const struct layout {
	int family, level, info, entries;
	const char *names; /* the kernel's list of the tables that there are */
	size_t counters, next, least;
} layouts[] = {
	{ AF_INET, IPPROTO_IP, IPT_SO_GET_INFO, IPT_SO_GET_ENTRIES, "/proc/net/ip_tables_names",
		offsetof(struct ipt_entry, counters), offsetof(struct ipt_entry, next_offset),
		sizeof(struct ipt_entry) },
	{ AF_INET6, IPPROTO_IPV6, IP6T_SO_GET_INFO, IP6T_SO_GET_ENTRIES,
		"/proc/net/ip6_tables_names", offsetof(struct ip6t_entry, counters),
		offsetof(struct ip6t_entry, next_offset), sizeof(struct ip6t_entry) },
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

/* The table as the kernel holds it; `*out` malloc'd. */
static int table_read(
	const struct layout *l, int fd, const char *name, struct ipt_get_entries **out)
{
	struct ipt_getinfo info = { .size = 0 };
	struct ipt_get_entries *got;
	socklen_t len = sizeof(info);

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
	if (getsockopt(fd, l->level, l->entries, got, &len) < 0) {
		int ret = -errno;

		free(got);
		return ret;
	}
	*out = got;
	return 0;
}

static int table_digest(const struct layout *l, int fd, const char *name, uint64_t *digest)
{
	struct ipt_get_entries *got;
	int ret = table_read(l, fd, name, &got);

	if (ret)
		return ret;
	counters_clear(l, (char *)got->entrytable, got->size);
	*digest = digest_add(*digest, got->entrytable, got->size);
	free(got);
	return 0;
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

static bool table_exists(const struct layout *l, const char *table)
{
	char *names = NULL, *end = NULL;
	bool found = false;

	if (file_read(l->names, NAMES_MAX, &names, NULL, NULL) < 0)
		return false;
	for (char *name = strtok_r(names, "\n", &end); name && !found;
		name = strtok_r(NULL, "\n", &end))
		found = strcmp(name, table) == 0;
	free(names);
	return found;
}

bool iptables_legacy_in_use(int family)
{
	return table_exists(&layouts[family == AF_INET6], "filter");
}

bool iptables_legacy_has_chain(int family, const char *table, const char *chain)
{
	const struct layout *l = &layouts[family == AF_INET6];
	struct ipt_get_entries *got = NULL;
	bool found = false;
	int fd;

	if (!table_exists(l, table))
		return false;
	fd = socket(l->family, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	if (fd < 0)
		return false;
	/* A chain begins with a rule that has its name, with the NUL, as its target's data. */
	if (table_read(l, fd, table, &got) == 0)
		found = memmem(got->entrytable, got->size, chain, strlen(chain) + 1);
	free(got);
	close(fd);
	return found;
}
