/*
 * Reading: the table of places is walked from the best on (resolvers_read), a place is a file or a
 * directory of files (place_read), which are merged in order.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/resolvers.h"
#include "common/file.h"

/*
 * What this domain's own programs ask comes first: whoever manages the uplink, a DHCP client (those
 * of busybox and ISC write nothing else) or a VPN changes it or has it changed. What is behind it
 * counts only where it is not there, or names nothing but something that listens on loopback; then
 * those who know the lists say them.
 */
const char *const resolvers_paths[] = {
	"/etc/resolv.conf",
	"/run/systemd/resolve/resolv.conf",	   /* behind systemd-resolved's stub */
	"/run/NetworkManager/no-stub-resolv.conf", /* behind NetworkManager's dnsmasq or unbound */
	"/run/NetworkManager/resolv.conf",	   /* where it may not write the first */
	"/run/dnsmasq/resolv.conf",		   /* by Debian's resolvconf, for a dnsmasq here */
	"/run/resolvconf/interface/",		   /* Debian's resolvconf: one a link, VPNs too */
	"/run/resolvconf/interfaces/",		   /* openresolv likewise */
	"/run/resolvconf/keys/",		   /* openresolv since 3.14 */
	"/run/dhcpcd/hook-state/resolv.conf/",	   /* dhcpcd without a resolvconf */
	NULL,
};

/* --- a directory --- */

/* A tunnel's resolvers know what is behind it, and who made it wants them asked first. */
static bool is_tunnel(const char *name)
{
	static const char *const prefixes[] = { "tun", "tap", "wg", "vpn", "ppp", "ipsec" };

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	return false;
}

static int entry_cmp(const struct dirent **a, const struct dirent **b)
{
	bool first = is_tunnel((*a)->d_name), second = is_tunnel((*b)->d_name);

	return first != second ? second - first : strcmp((*a)->d_name, (*b)->d_name);
}

static int entry_counts(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static int file_add(const char *path, struct resolvers *out, struct err *e)
{
	char *text = NULL;
	int ret = file_read(path, RESOLVERS_FILE_MAX, &text, NULL, e);

	if (ret == 0)
		resolvers_add(text, out);
	free(text);
	return ret;
}

/* -ENOENT: no file of it could be read. */
static int dir_add(const char *path, struct resolvers *out, struct err *e)
{
	struct dirent **entries = NULL;
	int count = scandir(path, &entries, entry_counts, entry_cmp), ret = -ENOENT;

	if (count < 0)
		return err_sys(e, -errno, "%s", path);
	for (int i = 0; i < count; i++) {
		char file[sizeof(out->path) + sizeof(entries[i]->d_name)];

		snprintf(file, sizeof(file), "%s%s", path, entries[i]->d_name);
		if (i < RESOLVERS_FILES_MAX && file_add(file, out, e) == 0)
			ret = 0;
		free(entries[i]);
	}
	free(entries);
	return ret;
}

/* --- all places --- */

static int place_read(const char *path, struct resolvers *out, struct err *e)
{
	size_t len = strlen(path);

	memset(out, 0, sizeof(*out));
	snprintf(out->path, sizeof(out->path), "%s", path);
	return len && path[len - 1] == '/' ? dir_add(path, out, e) : file_add(path, out, e);
}

void resolvers_read(const char *const paths[], struct resolvers *out)
{
	char trouble[sizeof(out->trouble)] = "";
	bool done = false;

	if (!paths || !paths[0])
		paths = resolvers_paths;
	memset(out, 0, sizeof(*out));
	for (; *paths && !done; paths++) {
		struct err e = ERR_NONE;
		struct resolvers r;
		int ret = place_read(*paths, &r, &e);

		if (ret < 0) {
			if (ret != -ENOENT && ret != -ENOTDIR && !trouble[0])
				snprintf(trouble, sizeof(trouble), "%.*s", (int)sizeof(trouble) - 1,
					e.text);
			continue;
		}
		done = r.count4 || r.count6 || !r.local;
		if (done || !out->path[0])
			*out = r;
	}
	memcpy(out->trouble, trouble, sizeof(trouble));
}
