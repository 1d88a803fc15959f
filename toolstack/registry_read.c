/*
 * Reading: netvm.conf first, then each NAME.conf, each into its own struct (*_read, *_type), at
 * last what only all of them together can say (registry_resolve, in registry_resolve.c). Whatever
 * is wrong with one file ends up in the `fault` of what the file speaks of. No file's reading needs
 * another's, so several threads read them.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/file.h"
#include "toolstack/registry_internal.h"
#include "toolstack/registry_text.h"
#include "xenstore-schema/policy.h"

/* Of many files most of the time goes to the kernel, which opens them: several threads share them.
 */
#define THREADS_MAX	 4
#define THREAD_FILES_MIN 512 /* for which one more thread is worth its start */
#define SHARE		 64  /* files that a thread takes at a time */

/* --- one file --- */

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

/* `instead`: what the file would say; NULL: it is read. */
static void globals_read(struct registry *r, const char *instead)
{
	struct registry_globals *g = &r->globals;
	char path[PATH_MAX], *text = NULL;
	int ret = registry_path(r->dir, NULL, path, sizeof(path), &g->fault);
	bool none = false;

	if (!ret && !instead)
		ret = file_read(path, CONFIG_FILE_MAX, &text, NULL, &g->fault);
	if (ret == -ENOENT) {
		none = true;
		g->fault = (struct err)ERR_NONE;
		ret = 0;
	}
	if (!ret && !none)
		ret = config_parse(path, instead ? instead : text, registry_global_keys, g,
			&g->unknown, &g->fault);
	if (!ret)
		globals_type(g, path, &g->fault);
	free(text);
}

static void globals_clear(struct registry_globals *g)
{
	config_dispose(registry_global_keys, g);
	config_list_clear(&g->unknown);
	memset(g, 0, sizeof(*g));
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
	if (d->datapath_text)
		d->datapath = strcmp(d->datapath_text, "user") == 0 ? PROVIDER_DATAPATH_USER
								    : PROVIDER_DATAPATH_KERNEL;
	if (d->watchdog_text && strcmp(d->watchdog_text, "off") == 0)
		d->watchdog = WATCHDOG_OFF;
	else if (d->watchdog_text && strcmp(d->watchdog_text, "restart") == 0)
		d->watchdog = WATCHDOG_RESTARTS;
	if (d->policy_text ? strcmp(d->policy_text, "drop") == 0 : d->rules != NULL)
		d->policy = POLICY_DROP;
	if (d->routed6_text.count > PREFIXES_MAX)
		return err_set(e, -EINVAL, "%s: routed6: more than %d subnets", path, PREFIXES_MAX);
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

/* What the file at `path` says. */
static void domain_parse(struct registry_domain *d, const char *path, const char *text)
{
	struct err why = ERR_NONE;

	d->cable = true;
	if (config_parse(path, text, registry_domain_keys, d, &d->unknown, &why) == 0)
		domain_type(d, path, &why);
	else if (registry_text_addresses(text, &d->mentioned, &d->mentions) != 0)
		d->mentions = 0;
	d->broken = why.code != 0;
	if (d->broken)
		registry_fault_take(d, &why);
}

/* `file`: the file's name in the open directory `domains`, of which `path` ends. */
static void domain_read(struct registry_domain *d, int domains, const char *file, const char *path)
{
	struct err why = ERR_NONE;
	char *text;

	if (file_read_plain(domains, file, path, CONFIG_FILE_MAX, &text, &why)) {
		d->cable = true;
		d->broken = true;
		registry_fault_take(d, &why);
		return;
	}
	domain_parse(d, path, text);
	free(text);
}

/* But for its name. */
static void domain_clear(struct registry_domain *d)
{
	char name[DOMAIN_NAME_MAX];

	config_dispose(registry_domain_keys, d);
	config_list_clear(&d->unknown);
	registry_fault_clear(d);
	free(d->mentioned);
	free(d->exposed);
	memcpy(name, d->name, sizeof(name));
	memset(d, 0, sizeof(*d));
	memcpy(d->name, name, sizeof(name));
}

void registry_dispose(struct registry *r)
{
	globals_clear(&r->globals);
	for (size_t i = 0; i < r->count; i++)
		domain_clear(&r->domain[i]);
	free(r->domain);
	memset(r, 0, sizeof(*r));
}

/* --- all files --- */

/* The domain's name in a file's: 0, or -EINVAL for what is not such a file. */
static int name_of_file(const char *file, char name[DOMAIN_NAME_MAX])
{
	size_t len = strlen(file), suffix = strlen(REGISTRY_SUFFIX);

	if (len <= suffix || strcmp(file + len - suffix, REGISTRY_SUFFIX) != 0 ||
		len - suffix >= DOMAIN_NAME_MAX)
		return -EINVAL;
	memcpy(name, file, len - suffix);
	name[len - suffix] = '\0';
	return domain_name_check(name);
}

struct names {
	char (*name)[DOMAIN_NAME_MAX];
	size_t count, space;
};

static int names_add(struct names *n, const char *name)
{
	if (n->count == n->space) {
		size_t space = n->space ? 2 * n->space : 64;
		char(*grown)[DOMAIN_NAME_MAX] = reallocarray(n->name, space, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		n->name = grown;
		n->space = space;
	}
	strcpy(n->name[n->count++], name);
	return 0;
}

/* The names of the files in `dir`, an open directory, which is taken. */
static int names_list(int dir, struct names *n)
{
	char name[DOMAIN_NAME_MAX];
	struct dirent *entry;
	DIR *d = fdopendir(dir);
	int ret = 0;

	if (!d) {
		ret = -errno;
		close(dir);
		return ret;
	}
	while (!ret && (errno = 0, entry = readdir(d)) != NULL)
		if (name_of_file(entry->d_name, name) == 0)
			ret = names_add(n, name);
	if (!ret)
		ret = -errno;
	closedir(d);
	return ret;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* What threads that read the domains' files share. */
struct work {
	struct registry *r;
	const struct names *names;
	int domains;
	atomic_size_t next; /* the first domain that nobody has taken */
};

static void *work_do(void *arg)
{
	struct work *w = arg;
	char path[PATH_MAX + sizeof("/domains/" REGISTRY_SUFFIX) + DOMAIN_NAME_MAX];
	char *file = path + sprintf(path, "%s/domains/", w->r->dir);
	size_t i;

	while ((i = atomic_fetch_add(&w->next, SHARE)) < w->r->count)
		for (size_t end = i + SHARE; i < end && i < w->r->count; i++) {
			struct registry_domain *d = &w->r->domain[i];

			strcpy(d->name, w->names->name[i]);
			strcpy(stpcpy(file, d->name), REGISTRY_SUFFIX);
			domain_read(d, w->domains, file, path);
		}
	return NULL;
}

/* With as many threads as there is work for; fewer where they cannot be had. */
static void files_read(struct registry *r, const struct names *names, int domains)
{
	struct work w = { .r = r, .names = names, .domains = domains };
	pthread_t thread[THREADS_MAX - 1];
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	size_t threads = 0;

	while (threads < THREADS_MAX - 1 && (long)threads + 1 < processors &&
		(threads + 1) * THREAD_FILES_MIN < r->count &&
		pthread_create(&thread[threads], NULL, work_do, &w) == 0)
		threads++;
	work_do(&w);
	while (threads)
		pthread_join(thread[--threads], NULL);
}

/* A domain for each file, in order. */
static int domains_read(struct registry *r, int domains)
{
	int dir = fcntl(domains, F_DUPFD_CLOEXEC, 0);
	int ret = dir < 0 ? -errno : 0;
	struct names n = { .name = NULL };

	if (!ret)
		ret = names_list(dir, &n);
	if (!ret && n.count) {
		qsort(n.name, n.count, sizeof(*n.name), by_name);
		r->domain = calloc(n.count, sizeof(*r->domain));
		ret = r->domain ? 0 : -ENOMEM;
	}
	if (!ret) {
		r->count = n.count;
		files_read(r, &n, domains);
	}
	free(n.name);
	return ret;
}

static void unknown_tell(
	const struct registry *r, void (*unknown)(const char *path, const char *key))
{
	char path[PATH_MAX];

	registry_path(r->dir, NULL, path, sizeof(path), NULL);
	for (size_t i = 0; i < r->globals.unknown.count; i++)
		unknown(path, r->globals.unknown.item[i]);
	for (size_t i = 0; i < r->count; i++) {
		const struct registry_domain *d = &r->domain[i];

		if (d->unknown.count)
			registry_path(r->dir, d->name, path, sizeof(path), NULL);
		for (size_t k = 0; k < d->unknown.count; k++)
			unknown(path, d->unknown.item[k]);
	}
}

static int all_read(struct registry *r, struct err *e)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/domains", r->dir), domains, ret;

	if (n < 0 || (size_t)n >= sizeof(path))
		return err_sys(e, -ENAMETOOLONG, "%s", r->dir);
	globals_read(r, NULL);
	domains = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (domains < 0)
		return errno == ENOENT ? 0 : err_sys(e, -errno, "%s", path);
	ret = domains_read(r, domains);
	if (ret)
		err_sys(e, ret, "%s", path);
	close(domains);
	return ret;
}

int registry_read(const char *dir, struct registry *out,
	void (*unknown)(const char *path, const char *key), struct err *e)
{
	int ret, n;

	memset(out, 0, sizeof(*out));
	n = snprintf(out->dir, sizeof(out->dir), "%s", dir);
	if (n < 0 || (size_t)n >= sizeof(out->dir))
		return err_sys(e, -ENAMETOOLONG, "%s", dir);
	ret = all_read(out, e);
	if (ret) {
		registry_dispose(out);
		return ret;
	}
	if (unknown)
		unknown_tell(out, unknown);
	registry_resolve(out);
	return 0;
}

/* --- some of them anew --- */

/* A new domain in its place, with nothing but its name. */
static struct registry_domain *domain_insert(struct registry *r, const char *name)
{
	struct registry_domain *grown = reallocarray(r->domain, r->count + 1, sizeof(*grown));
	size_t at = 0;

	if (!grown)
		return NULL;
	r->domain = grown;
	while (at < r->count && strcmp(grown[at].name, name) < 0)
		at++;
	memmove(&grown[at + 1], &grown[at], (r->count++ - at) * sizeof(*grown));
	memset(&grown[at], 0, sizeof(*grown));
	strcpy(grown[at].name, name);
	return &grown[at];
}

int registry_renew(
	struct registry *r, const struct registry_overlay *overlays, size_t count, struct err *e)
{
	for (size_t i = 0; i < count; i++) {
		const char *name = overlays[i].name;
		struct registry_domain *d;
		char path[PATH_MAX];
		int ret;

		if (!name) {
			globals_clear(&r->globals);
			globals_read(r, overlays[i].text);
			continue;
		}
		d = (struct registry_domain *)registry_find(r, name);
		if (d)
			domain_clear(d);
		else
			d = domain_insert(r, name);
		if (!d)
			return err_sys(e, -ENOMEM, "%s", name);
		ret = registry_path(r->dir, name, path, sizeof(path), e);
		if (ret)
			return ret;
		domain_parse(d, path, overlays[i].text);
	}
	registry_resolve(r);
	return 0;
}
