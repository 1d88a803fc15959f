#include "toolstack/import.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/config_index.h"
#include "common/file.h"

/* --- one file --- */

struct xl_keys {
	char *name;
	struct config_list vif;
	bool driver_domain;
};

static int name_check(const char *text, struct err *e)
{
	return domain_name_check(text) ? err_set(e, -EINVAL, "a name that the registry can hold")
				       : 0;
}

static int vif_check(const char *text, struct err *e)
{
	struct import_vif v;
	struct err why = ERR_NONE;

	if (import_vif_parse(text, &v, &why) == 0)
		return 0;
	return err_set(e, -EINVAL, "a vif that can be taken over: %s", why.text);
}

static const struct config_key keys[] = {
	{ "name", CONFIG_TEXT, offsetof(struct xl_keys, name), name_check, "the domain's" },
	{ "vif", CONFIG_LIST, offsetof(struct xl_keys, vif), vif_check,
		"xl-network-configuration(5)" },
	{ "driver_domain", CONFIG_BOOL, offsetof(struct xl_keys, driver_domain), NULL,
		"whether it may be a backend" },
	{ NULL, CONFIG_TEXT, 0, NULL, NULL },
};

static int path_take(struct import_domain *d, struct err *e)
{
	const struct registry_domain usual = { .config = NULL };
	struct registry_domain named = usual;
	char real[PATH_MAX], taken[PATH_MAX];
	int ret;

	memcpy(named.name, d->name, sizeof(named.name));
	ret = registry_xl_config(&named, taken, sizeof(taken), e);
	if (ret)
		return ret;
	if (!realpath(d->file, real))
		return err_sys(e, -errno, "%s", d->file);
	if (strcmp(real, taken) == 0)
		return 0;
	d->config = strdup(real);
	return d->config ? 0 : err_sys(e, -ENOMEM, "%s", d->file);
}

/* Where things stand, and what only the whole file can say. */
static int keys_take(
	struct import_domain *d, const struct xl_keys *k, const char *text, struct err *e)
{
	struct config_index index = { .count = 0 };
	const struct config_place *vif;
	int ret = config_index_make(d->file, text, &index, e);

	if (ret)
		return ret;
	if (!k->name)
		return err_set(e, -EINVAL, "%s: there is no name in it", d->file);
	vif = config_place(&index, "vif");
	if (k->vif.count > 1)
		return err_set(e, -EINVAL,
			"%s:%u: vif: a second vif; the registry holds one link of a domain",
			d->file, config_item_line(text, vif, 1));
	memcpy(d->name, k->name, strlen(k->name) + 1);
	d->driver_domain = k->driver_domain;
	d->name_line = config_item_line(text, config_place(&index, "name"), 0);
	if (vif) {
		d->first = vif->line;
		d->last = config_last_line(text, vif);
	}
	if (k->vif.count) {
		d->vif_line = config_item_line(text, vif, 0);
		ret = import_vif_parse(k->vif.item[0], &d->vif, e);
	}
	return ret ? ret : path_take(d, e);
}

int import_read(const char *file, struct import_domain *out, struct err *e)
{
	struct xl_keys k = { .name = NULL };
	char *text = NULL;
	int ret;

	*out = (struct import_domain){ .file = strdup(file) };
	if (!out->file)
		return err_sys(e, -ENOMEM, "%s", file);
	ret = file_read(file, CONFIG_FILE_MAX, &text, NULL, e);
	if (!ret)
		ret = config_parse(file, text, keys, &k, NULL, e);
	if (!ret)
		ret = keys_take(out, &k, text, e);
	config_dispose(keys, &k);
	free(text);
	return ret;
}

void import_dispose(struct import_domain *d)
{
	free(d->file);
	free(d->config);
	d->file = d->config = NULL;
}

/* --- all of them --- */

/* A check under way. */
struct check {
	struct import_domain *d;
	size_t count;
	const struct registry *r;
	config_tell tell;
	void *arg;
	size_t told;
};

#define say(c, d, line, fmt, ...)                                                                  \
	do {                                                                                       \
		struct err said = ERR_NONE;                                                        \
		err_set(&said, -EINVAL, "%s:%u: " fmt, (d)->file, line, __VA_ARGS__);              \
		(c)->tell((c)->arg, said.text);                                                    \
		(c)->told++;                                                                       \
	} while (0)

static struct import_domain *find(const struct check *c, const char *name)
{
	for (size_t i = 0; i < c->count; i++)
		if (strcmp(c->d[i].name, name) == 0)
			return &c->d[i];
	return NULL;
}

static void name_new(struct check *c, const struct import_domain *d)
{
	const struct import_domain *first = find(c, d->name);

	if (registry_find(c->r, d->name))
		say(c, d, d->name_line,
			"name: %s is in the registry already; netvm set %s changes it", d->name,
			d->name);
	else if (first != d)
		say(c, d, d->name_line, "name: %s is the name in %s, too", d->name, first->file);
}

static void backend_find(struct check *c, const struct import_domain *d)
{
	const char *name = d->vif.backend;
	struct import_domain *mine = find(c, name);
	const struct registry_domain *there = registry_find(c->r, name);

	if (!*name)
		return;
	if (mine == d)
		say(c, d, d->vif_line, "vif: backend=%s: the domain itself", name);
	else if (mine)
		mine->provides_network = true;
	else if (!there)
		say(c, d, d->vif_line,
			"vif: backend=%s: there is no such domain in the registry; its xl config "
			"may be named beside this one",
			name);
	else if (there->fault)
		say(c, d, d->vif_line, "vif: backend=%s: %s", name, there->fault->text);
	else if (!there->provides_network)
		say(c, d, d->vif_line,
			"vif: backend=%s: in the registry that is no network domain; netvm set %s "
			"provides_network=1 makes it one",
			name, name);
}

static void address_check(struct check *c, const struct import_domain *d, const struct addr *a)
{
	const char *holder;
	char text[ADDR_TEXT_MAX];

	if (!addr_is_set(a))
		return;
	addr_print(a, text);
	holder = registry_holder(c->r, a);
	for (const struct import_domain *o = c->d; !holder && o < d; o++)
		if (addr_equal(&o->vif.ip, a) || addr_equal(&o->vif.ip6, a))
			holder = o->name;
	if (holder)
		say(c, d, d->vif_line, "vif: ip=%s: is held by %s already", text, holder);
	else if (!registry_in_pool(c->r, a))
		say(c, d, d->vif_line,
			"vif: ip=%s: is in no %s of %s/netvm.conf, which netvm gives addresses "
			"from",
			text, a->family == AF_INET6 ? "pool6" : "pool", c->r->dir);
}

/* Puts whoever's network domain is in front already, or not of these, next. Whoever is left at the
 * end is in a loop, or served by one who is. */
static void order(struct check *c)
{
	for (size_t done = 0; done < c->count; done++) {
		size_t i = done;
		struct import_domain next;
		const struct import_domain *backend;

		for (; i < c->count; i++) {
			backend = find(c, c->d[i].vif.backend);
			if (!backend || backend < &c->d[done])
				break;
		}
		if (i == c->count) {
			say(c, &c->d[done], c->d[done].vif_line,
				"vif: backend=%s: its network domains serve each other in a loop",
				c->d[done].vif.backend);
			return;
		}
		next = c->d[i];
		memmove(&c->d[done + 1], &c->d[done], (i - done) * sizeof(next));
		c->d[done] = next;
	}
}

size_t import_check(struct import_domain *d, size_t count, const struct registry *r,
	config_tell tell, void *arg)
{
	struct check c = { d, count, r, tell, arg, 0 };

	for (size_t i = 0; i < count; i++) {
		name_new(&c, &d[i]);
		backend_find(&c, &d[i]);
		address_check(&c, &d[i], &d[i].vif.ip);
		address_check(&c, &d[i], &d[i].vif.ip6);
	}
	if (!c.told)
		order(&c);
	return c.told;
}

/* --- */

static void entry_add(struct import_entry *en, const char *key, const char *value)
{
	en->value[en->count] = value;
	en->change[en->count] = (struct registry_change){ key, &en->value[en->count], 1 };
	en->count++;
}

void import_entry_make(const struct import_domain *d, struct import_entry *out)
{
	const struct import_vif *v = &d->vif;

	*out = (struct import_entry){ .count = 0 };
	entry_add(out, "netvm", *v->backend ? v->backend : "none");
	if (d->provides_network)
		entry_add(out, "provides_network", "1");
	if (addr_is_set(&v->ip))
		entry_add(out, "ip", addr_print(&v->ip, out->ip));
	if (addr_is_set(&v->ip6))
		entry_add(out, "ip6", addr_print(&v->ip6, out->ip6));
	if (mac_is_set(&v->mac))
		entry_add(out, "mac", mac_print(&v->mac, out->mac));
	if (v->mtu) {
		snprintf(out->mtu, sizeof(out->mtu), "%ld", v->mtu);
		entry_add(out, "mtu", out->mtu);
	}
	if (d->config)
		entry_add(out, "config", d->config);
}
