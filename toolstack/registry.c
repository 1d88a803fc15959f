/*
 * Reading: netvm.conf first, then each NAME.conf, each into its own struct (file_take, *_type), at
 * last what only all of them together can say (registry_resolve, in registry_resolve.c). Whatever
 * is wrong with one file ends up in the `fault` of what the file speaks of.
 */
#include "toolstack/registry.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "common/file.h"
#include "toolstack/registry_internal.h"
#include "toolstack/registry_text.h"
#include "xenstore-schema/policy.h"

#define SUFFIX ".conf"

int registry_path(const char *dir, const char *name, char *buf, size_t size, struct err *e)
{
	int n;

	if (name && domain_name_check(name) != 0)
		return err_set(e, -EINVAL, "\"%s\" is no name that a domain can have", name);
	n = name ? snprintf(buf, size, "%s/domains/%s" SUFFIX, dir, name)
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

const struct err *registry_fault(const struct registry *r)
{
	if (r->globals.fault.code)
		return &r->globals.fault;
	for (size_t i = 0; i < r->count; i++)
		if (r->domain[i].fault.code)
			return &r->domain[i].fault;
	return NULL;
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

void registry_dispose(struct registry *r)
{
	config_dispose(registry_global_keys, &r->globals);
	for (size_t i = 0; i < r->count; i++) {
		config_dispose(registry_domain_keys, &r->domain[i]);
		free(r->domain[i].mentioned);
	}
	free(r->domain);
	memset(r, 0, sizeof(*r));
}

/* --- one file --- */

/* What a reading is asked for, beside the directory. */
struct reading {
	const struct registry_overlay *overlay;
	size_t overlays;
	void (*unknown)(const char *path, const char *key);
};

/* What is to be read in place of a file; NULL: the file itself. */
static const char *overlay_text(const struct reading *w, const char *name)
{
	for (size_t i = 0; i < w->overlays; i++) {
		const struct registry_overlay *o = &w->overlay[i];

		if (o->name && name ? strcmp(o->name, name) == 0 : o->name == name)
			return o->text;
	}
	return NULL;
}

/* Reads one file into `out`; `*text` (malloc'd) also where it cannot be parsed. */
static int file_take(const char *path, const char *name, const struct config_key *keys, void *out,
	const struct reading *w, char **text, struct err *e)
{
	const char *instead = overlay_text(w, name);
	int ret = 0;

	if (instead) {
		*text = strdup(instead);
		if (!*text)
			return err_sys(e, -ENOMEM, "%s", path);
	} else {
		ret = file_read(path, CONFIG_FILE_MAX, text, NULL, e);
	}
	return ret ? ret : config_parse(path, *text, keys, out, w->unknown, e);
}

static int prefixes_type(const struct config_list *text, int family, struct prefix *out,
	size_t *count, const char *path, const char *key, struct err *e)
{
	if (text->count > REGISTRY_POOLS_MAX)
		return err_set(
			e, -EINVAL, "%s: %s: more than %d subnets", path, key, REGISTRY_POOLS_MAX);
	for (size_t i = 0; i < text->count; i++)
		if (prefix_parse(text->item[i], &out[i]) != 0 || out[i].addr.family != family)
			return err_set(e, -EINVAL, "%s: %s: \"%s\" is of the other family", path,
				key, text->item[i]);
	*count = text->count;
	return 0;
}

static int resolvers_type(const struct config_list *text, struct addr out[2], const char *path,
	const char *key, struct err *e)
{
	if (text->count > 2)
		return err_set(e, -EINVAL, "%s: %s: more than two resolvers", path, key);
	for (size_t i = 0; i < text->count; i++)
		if (addr_parse(text->item[i], &out[i]) != 0 || !addr_is_unicast(&out[i]))
			return err_set(e, -EINVAL, "%s: %s: no host can hold %s", path, key,
				text->item[i]);
	return 0;
}

static int globals_type(struct registry_globals *g, const char *path, struct err *e)
{
	int ret = prefixes_type(&g->pool_text, AF_INET, g->pool, &g->pools, path, "pool", e);

	if (!ret)
		ret = prefixes_type(
			&g->pool6_text, AF_INET6, g->pool6, &g->pools6, path, "pool6", e);
	if (!ret)
		ret = resolvers_type(&g->dns_text, g->dns, path, "dns", e);
	if (!ret)
		ret = resolvers_type(&g->dns6_text, g->dns6, path, "dns6", e);
	if (!g->pools)
		g->pools = prefix_parse("10.137.0.0/16", &g->pool[0]) == 0;
	if (!g->dns_text.count) {
		addr_parse4("10.139.1.1", &g->dns[0]);
		addr_parse4("10.139.1.2", &g->dns[1]);
	}
	if (!g->watchdog_interval)
		g->watchdog_interval = WATCHDOG_INTERVAL;
	return ret;
}

static void globals_read(struct registry *r, const struct reading *w)
{
	struct registry_globals *g = &r->globals;
	char path[PATH_MAX], *text = NULL;
	int ret = registry_path(r->dir, NULL, path, sizeof(path), &g->fault);

	if (!ret)
		ret = file_take(path, NULL, registry_global_keys, g, w, &text, &g->fault);
	if (ret == -ENOENT)
		g->fault.code = 0;
	if (!ret || ret == -ENOENT)
		globals_type(g, path, &g->fault);
	free(text);
}

static size_t lines_count(const char *text)
{
	size_t n = text != NULL;

	for (; text && (text = strchr(text, '\n')); text++)
		n++;
	return n;
}

/* The parsers have said that the texts are of the right form. */
static int domain_type(struct registry_domain *d, const char *path, struct err *e)
{
	if (d->ip_text)
		addr_parse4(d->ip_text, &d->ip);
	if (d->ip6_text)
		addr_parse6(d->ip6_text, &d->ip6);
	if (d->visible_ip_text)
		addr_parse4(d->visible_ip_text, &d->visible_ip);
	if (d->visible_gateway_text)
		addr_parse4(d->visible_gateway_text, &d->visible_gateway);
	if (d->mac_text)
		mac_parse(d->mac_text, &d->mac);
	if (d->role_text && strcmp(d->role_text, "vpn") == 0)
		d->role = PROVIDER_VPN;
	if (d->watchdog_text && strcmp(d->watchdog_text, "off") == 0)
		d->watchdog = WATCHDOG_OFF;
	else if (d->watchdog_text && strcmp(d->watchdog_text, "restart") == 0)
		d->watchdog = WATCHDOG_RESTARTS;
	if (d->policy_text ? strcmp(d->policy_text, "drop") == 0 : d->rules != NULL)
		d->policy = POLICY_DROP;
	if (d->routed6_text.count > PREFIXES_MAX)
		return err_set(e, -EINVAL, "%s: routed6: more than %d subnets", path, PREFIXES_MAX);
	for (size_t i = 0; i < d->routed6_text.count; i++)
		prefix_parse(d->routed6_text.item[i], &d->routed6.item[d->routed6.count++]);
	if (addr_is_set(&d->ip) && !addr_is_unicast(&d->ip))
		return err_set(e, -EINVAL, "%s: ip: no host can hold %s", path, d->ip_text);
	for (size_t i = 0; i < 2; i++) {
		const struct addr *a = i ? &d->visible_gateway : &d->visible_ip;

		if (addr_is_set(a) && (!addr_is_unicast(a) || addr_is_linklocal(a)))
			return err_set(e, -EINVAL, "%s: visible_%s: no host can hold %s", path,
				i ? "gateway" : "ip",
				i ? d->visible_gateway_text : d->visible_ip_text);
	}
	if (addr_is_set(&d->ip6) && (!addr_is_unicast(&d->ip6) || addr_is_linklocal(&d->ip6)))
		return err_set(e, -EINVAL, "%s: ip6: no host can hold %s", path, d->ip6_text);
	if (registry_expose_type(d, path, e))
		return -EINVAL;
	/* A link is a rule for each family. */
	if (lines_count(d->rules) + 2 * d->links.count > POLICY_RULES_MAX)
		return err_set(e, -E2BIG, "%s: rules: more than %d", path, POLICY_RULES_MAX);
	return client_rules_check(d->rules, e) ? err_prefix(e, "%s: rules", path) : 0;
}

static void domain_read(
	const struct registry *r, struct registry_domain *d, const struct reading *w)
{
	char path[PATH_MAX], *text = NULL;
	int ret = registry_path(r->dir, d->name, path, sizeof(path), &d->fault);

	d->cable = true;
	if (!ret)
		ret = file_take(path, d->name, registry_domain_keys, d, w, &text, &d->fault);
	if (!ret)
		domain_type(d, path, &d->fault);
	else if (text && registry_text_addresses(text, &d->mentioned, &d->mentions) != 0)
		d->mentions = 0;
	free(text);
}

/* --- all files --- */

/* The domain's name in a file's: 0, or -EINVAL for what is not such a file. */
static int name_of_file(const char *file, char name[DOMAIN_NAME_MAX])
{
	size_t len = strlen(file), suffix = strlen(SUFFIX);

	if (len <= suffix || strcmp(file + len - suffix, SUFFIX) != 0 ||
		len - suffix >= DOMAIN_NAME_MAX)
		return -EINVAL;
	memcpy(name, file, len - suffix);
	name[len - suffix] = '\0';
	return domain_name_check(name);
}

static int domain_add(struct registry *r, const char *name, struct err *e)
{
	if (r->count == r->space) {
		size_t space = r->space ? 2 * r->space : 64;
		struct registry_domain *grown = reallocarray(r->domain, space, sizeof(*grown));

		if (!grown)
			return err_sys(e, -ENOMEM, "%s", r->dir);
		r->domain = grown;
		r->space = space;
	}
	memset(&r->domain[r->count], 0, sizeof(r->domain[0]));
	memcpy(r->domain[r->count++].name, name, strlen(name) + 1);
	return 0;
}

static int names_read(struct registry *r, struct err *e)
{
	char path[PATH_MAX], name[DOMAIN_NAME_MAX];
	struct dirent *entry;
	int ret = 0, n = snprintf(path, sizeof(path), "%s/domains", r->dir);
	DIR *dir;

	if (n < 0 || (size_t)n >= sizeof(path))
		return err_sys(e, -ENAMETOOLONG, "%s", r->dir);
	dir = opendir(path);
	if (!dir)
		return errno == ENOENT ? 0 : err_sys(e, -errno, "%s", path);
	while (!ret && (errno = 0, entry = readdir(dir)) != NULL)
		if (name_of_file(entry->d_name, name) == 0)
			ret = domain_add(r, name, e);
	if (!ret && errno)
		ret = err_sys(e, -errno, "%s", path);
	closedir(dir);
	return ret;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct registry_domain *)a)->name,
		((const struct registry_domain *)b)->name);
}

static void names_sort(struct registry *r)
{
	if (r->count)
		qsort(r->domain, r->count, sizeof(*r->domain), by_name);
}

/* Adds the domains whose files are to be read from an overlay and are not there. */
static int overlays_add(struct registry *r, const struct reading *w, struct err *e)
{
	int ret = 0;

	for (size_t i = 0; i < w->overlays && !ret; i++) {
		const char *name = w->overlay[i].name;

		if (!name || registry_find(r, name))
			continue;
		ret = domain_add(r, name, e);
		names_sort(r);
	}
	return ret;
}

int registry_load(const char *dir, const struct registry_overlay *overlays, size_t count,
	struct registry *out, void (*unknown)(const char *path, const char *key), struct err *e)
{
	const struct reading w = { overlays, count, unknown };
	int ret = 0, n;

	memset(out, 0, sizeof(*out));
	n = snprintf(out->dir, sizeof(out->dir), "%s", dir);
	if (n < 0 || (size_t)n >= sizeof(out->dir))
		return err_sys(e, -ENAMETOOLONG, "%s", dir);
	globals_read(out, &w);
	ret = names_read(out, e);
	names_sort(out);
	if (!ret)
		ret = overlays_add(out, &w, e);
	for (size_t i = 0; i < out->count && !ret; i++)
		domain_read(out, &out->domain[i], &w);
	if (ret)
		registry_dispose(out);
	else
		registry_resolve(out);
	return ret;
}

int registry_read(const char *dir, struct registry *out,
	void (*unknown)(const char *path, const char *key), struct err *e)
{
	return registry_load(dir, NULL, 0, out, unknown, e);
}
