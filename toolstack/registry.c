/* What is asked of a registry that was read (registry_read.c), and the names of its files. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "toolstack/registry_internal.h"

int registry_path(const char *dir, const char *name, char *buf, size_t size, struct err *e)
{
	int n;

	if (name && domain_name_check(name) != 0)
		return err_set(e, -EINVAL, "\"%s\" is no name that a domain can have", name);
	n = name ? snprintf(buf, size, "%s/domains/%s" REGISTRY_SUFFIX, dir, name)
		 : snprintf(buf, size, "%s/netvm.conf", dir);
	return n < 0 || (size_t)n >= size ? err_sys(e, -ENAMETOOLONG, "%s", dir) : 0;
}

int registry_dir_find(const char *config, char dir[PATH_MAX], struct err *e)
{
	static const char file[] = "netvm.conf";
	size_t len;
	struct stat st;

	if (!config)
		config = REGISTRY_DIR;
	len = strlen(config);
	if (len >= PATH_MAX)
		return err_sys(e, -ENAMETOOLONG, "%s", config);
	memcpy(dir, config, len + 1);
	if (strcmp(config, REGISTRY_DIR) == 0 || (stat(config, &st) == 0 && S_ISDIR(st.st_mode)))
		return 0;
	if (len < sizeof(file) - 1 || strcmp(config + len - (sizeof(file) - 1), file) != 0 ||
		(len >= sizeof(file) && config[len - sizeof(file)] != '/'))
		return err_set(e, -EINVAL,
			"--config takes the path of a netvm.conf (the domains' files are in "
			"domains/ beside it), not %s",
			config);
	len -= sizeof(file) - 1;
	if (len > 1)
		dir[len - 1] = '\0'; /* without the slash, which the root keeps */
	else
		strcpy(dir, len ? "/" : ".");
	return 0;
}

int registry_xl_config(const struct registry_domain *d, char *buf, size_t size, struct err *e)
{
	int n = d->config ? snprintf(buf, size, "%s", d->config)
			  : snprintf(buf, size, "/etc/xen/%s.cfg", d->name);

	return n < 0 || (size_t)n >= size ? err_sys(e, -ENAMETOOLONG, "%s", d->name) : 0;
}

/* FNV-1a of the name; the OUI is Xen's, the upper bit of the fourth byte is 0 as libxl has it. */
void registry_mac(const struct registry_domain *d, struct mac *out)
{
	uint32_t h = 2166136261U;

	if (mac_is_set(&d->mac)) {
		*out = d->mac;
		return;
	}
	for (const char *c = d->name; *c; c++)
		h = (h ^ (unsigned char)*c) * 16777619U;
	h ^= h >> 24;
	*out = (struct mac){ { 0x00, 0x16, 0x3e, (h >> 16) & 0x7f, (h >> 8) & 0xff, h & 0xff } };
}

const struct registry_domain *registry_find(const struct registry *r, const char *name)
{
	size_t low = 0, high = r->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = strcmp(name, r->domain[mid].name);

		if (!order)
			return &r->domain[mid];
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

struct prefixes registry_routed6(const struct registry_domain *d)
{
	struct prefixes p = { .count = 0 };

	for (size_t i = 0; i < d->routed6_text.count && i < PREFIXES_MAX; i++)
		prefix_parse(d->routed6_text.item[i], &p.item[p.count++]);
	return p;
}

size_t registry_chain(
	const struct registry_domain *d, const struct registry_domain **out, size_t max)
{
	size_t n = 0;

	for (d = d->netvm; d; d = d->netvm, n++)
		if (n < max)
			out[n] = d;
	return n;
}
