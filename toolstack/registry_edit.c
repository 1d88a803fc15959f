/*
 * Changing a file of the registry: lock; the text that is to be; the registry as it would be with
 * that text in the file's place (registry_load's overlay), compared with the registry as it is: a
 * change that puts any domain at fault is refused; then the file is replaced.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"
#include "toolstack/registry_internal.h"
#include "toolstack/registry_text.h"

int registry_lock(const char *dir, int *fd, struct err *e)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/domains", dir), ret;

	if (n < 0 || (size_t)n + sizeof("/.lock") > sizeof(path))
		return err_sys(e, -ENAMETOOLONG, "%s", dir);
	ret = dir_create(path, 0755, e);
	if (ret)
		return ret;
	snprintf(path, sizeof(path), "%s/.lock", dir);
	return lock_take(path, REGISTRY_LOCK_SECONDS, fd, e);
}

static const struct config_key *key_find(const struct config_key *keys, const char *name)
{
	for (; keys->name; keys++)
		if (strcmp(keys->name, name) == 0)
			return keys;
	return NULL;
}

static int values_check(const struct config_key *k, const struct registry_change *c, struct err *e)
{
	struct err why = ERR_NONE;

	for (size_t i = 0; c->values && k->check && i < c->count; i++)
		if (k->check(c->values[i], &why) != 0) {
			config_refuse(c->values[i], why.text, e);
			return err_prefix(e, "%s", k->name);
		}
	return 0;
}

int registry_text_change(const char *path, const struct config_key *keys,
	const struct registry_change *changes, size_t count, char **text, struct err *e)
{
	char *now = NULL, *next;
	int ret = file_read(path, CONFIG_FILE_MAX, &now, NULL, e);

	if (ret == -ENOENT) {
		now = strdup("");
		ret = now ? 0 : err_sys(e, -ENOMEM, "%s", path);
	}
	for (size_t i = 0; i < count && !ret; i++) {
		const struct registry_change *c = &changes[i];
		const struct config_key *k = key_find(keys, c->key);

		if (!k) {
			ret = err_set(
				e, -EINVAL, "%s: there is no such key as \"%s\"", path, c->key);
			break;
		}
		ret = values_check(k, c, e);
		if (!ret)
			ret = registry_text_set(
				now, k->name, k->kind, c->values, c->count, &next, e);
		if (!ret) {
			free(now);
			now = next;
		}
	}
	if (ret) {
		free(now);
		return ret;
	}
	*text = now;
	return 0;
}

/* A fault that `after` has and `before` had not; NULL: none. */
static const struct err *fault_added(const struct registry *before, const struct registry *after)
{
	if (after->globals.fault.code && !before->globals.fault.code)
		return &after->globals.fault;
	for (size_t i = 0; i < after->count; i++) {
		const struct registry_domain *is = &after->domain[i];
		const struct registry_domain *was = registry_find(before, is->name);

		if (is->fault.code && (!was || !was->fault.code))
			return &is->fault;
	}
	return NULL;
}

/* Whether the registry may become what it is with the overlays in the place of files. */
static int change_check(
	const char *dir, const struct registry_overlay *overlays, size_t count, struct err *e)
{
	struct registry before = { .count = 0 }, after = { .count = 0 };
	const struct err *fault;
	int ret = registry_load(dir, NULL, 0, &before, NULL, e);

	if (!ret)
		ret = registry_load(dir, overlays, count, &after, NULL, e);
	fault = ret ? NULL : fault_added(&before, &after);
	if (fault)
		ret = err_set(e, -EINVAL, "%s", fault->text);
	registry_dispose(&before);
	registry_dispose(&after);
	return ret;
}

/* The text must be in order by itself, whatever it was before, and no longer than can be read. */
static int text_check(const char *path, const char *name, const char *text, struct err *e)
{
	struct registry_globals g = { .pools = 0 };
	struct registry_domain d = { .name = "" };
	const struct config_key *keys = name ? registry_domain_keys : registry_global_keys;
	void *out = name ? (void *)&d : (void *)&g;
	int ret = config_parse(path, text, keys, out, NULL, e);

	if (!ret && strlen(text) > CONFIG_FILE_MAX)
		ret = err_set(e, -EFBIG,
			"%s: would be larger than the %d bytes that are read of it", path,
			CONFIG_FILE_MAX);
	config_dispose(keys, out);
	return ret;
}

/* Under the lock, unless `dry`. */
static int file_edit(const char *dir, const char *name, const struct registry_change *changes,
	size_t count, bool dry, struct err *e)
{
	const struct config_key *keys = name ? registry_domain_keys : registry_global_keys;
	char path[PATH_MAX], *text = NULL;
	int ret = registry_path(dir, name, path, sizeof(path), e);

	if (!ret)
		ret = registry_text_change(path, keys, changes, count, &text, e);
	if (!ret)
		ret = text_check(path, name, text, e);
	if (!ret)
		ret = change_check(dir, &(struct registry_overlay){ name, text }, 1, e);
	if (!ret && !dry && (count || access(path, F_OK) != 0))
		ret = file_replace(path, text, strlen(text), 0644, e);
	free(text);
	return ret;
}

static int edit(const char *dir, const char *name, const struct registry_change *changes,
	size_t count, bool dry, struct err *e)
{
	int lock = -1, ret = dry ? 0 : registry_lock(dir, &lock, e);

	if (!ret)
		ret = file_edit(dir, name, changes, count, dry, e);
	if (lock >= 0)
		close(lock);
	return ret;
}

int registry_edit(const char *dir, const char *name, const struct registry_change *changes,
	size_t count, struct err *e)
{
	return edit(dir, name, changes, count, false, e);
}

int registry_edit_check(const char *dir, const char *name, const struct registry_change *changes,
	size_t count, struct err *e)
{
	return edit(dir, name, changes, count, true, e);
}

int registry_edit_from(const char *dir, const char *name, registry_decide decide, void *arg,
	bool dry, struct err *e)
{
	struct registry_change changes[REGISTRY_DECIDED_MAX] = { { .key = NULL } };
	struct registry r = { .count = 0 };
	const struct registry_domain *d;
	size_t count = 0;
	int lock = -1, ret = dry ? 0 : registry_lock(dir, &lock, e);

	if (!ret)
		ret = registry_read(dir, &r, NULL, e);
	if (!ret) {
		d = registry_find(&r, name);
		if (!d)
			ret = err_set(
				e, -ENOENT, "there is no domain \"%s\" in the registry", name);
		else if (d->fault.code)
			ret = err_set(e, -EINVAL, "%s", d->fault.text);
		else
			ret = decide(&r, d, changes, arg, e);
	}
	while (count < REGISTRY_DECIDED_MAX && changes[count].key)
		count++;
	if (!ret)
		ret = file_edit(dir, name, changes, count, dry, e);
	registry_dispose(&r);
	if (lock >= 0)
		close(lock);
	return ret;
}

/* The text of a new domain's file into `o`, which then owns it. */
static int addition_make(const char *dir, const struct registry_addition *a,
	struct registry_overlay *o, struct err *e)
{
	char path[PATH_MAX], *text = NULL;
	int ret = registry_path(dir, a->name, path, sizeof(path), e);

	if (!ret && access(path, F_OK) == 0)
		ret = err_set(e, -EEXIST, "%s is there already", path);
	if (!ret)
		ret = registry_text_change(
			path, registry_domain_keys, a->changes, a->count, &text, e);
	if (!ret)
		ret = text_check(path, a->name, text, e);
	*o = (struct registry_overlay){ a->name, text };
	return ret;
}

/* All or, where one cannot be written, none. */
static int additions_write(
	const char *dir, const struct registry_overlay *o, size_t count, struct err *e)
{
	char path[PATH_MAX];
	size_t done = 0;
	int ret = 0;

	for (; done < count && !ret; done++) {
		ret = registry_path(dir, o[done].name, path, sizeof(path), e);
		if (!ret)
			ret = file_replace(path, o[done].text, strlen(o[done].text), 0644, e);
	}
	while (ret && done--)
		if (registry_path(dir, o[done].name, path, sizeof(path), NULL) == 0)
			unlink(path);
	return ret;
}

int registry_add(const char *dir, const struct registry_addition *additions, size_t count, bool dry,
	struct err *e)
{
	struct registry_overlay *o = calloc(count + 1, sizeof(*o));
	int lock = -1, ret = o ? 0 : err_sys(e, -ENOMEM, "%s", dir);

	if (!ret && !dry)
		ret = registry_lock(dir, &lock, e);
	for (size_t i = 0; i < count && !ret; i++)
		ret = addition_make(dir, &additions[i], &o[i], e);
	if (!ret)
		ret = change_check(dir, o, count, e);
	if (!ret && !dry)
		ret = additions_write(dir, o, count, e);
	for (size_t i = 0; o && i < count; i++)
		free((char *)o[i].text);
	free(o);
	if (lock >= 0)
		close(lock);
	return ret;
}

/* How else than as its network domain a domain can name another. */
static const struct {
	bool (*names)(const struct registry_domain *d, const char *name);
	const char *how;
} uses[] = {
	{ registry_rules_name, "is named in the rules of" },
	{ registry_links_name, "is named in the links of" },
	{ registry_expose_names, "is named in the exposed ports of" },
};

/* Who names `name`, and `*how`; NULL: nobody. */
static const char *user_find(const struct registry *r, const char *name, const char **how)
{
	*how = "is the network domain of";
	if (r->globals.default_netvm && strcmp(r->globals.default_netvm, name) == 0)
		return "netvm.conf (default_netvm)";
	for (size_t i = 0; i < r->count; i++)
		if (r->domain[i].netvm_text && strcmp(r->domain[i].netvm_text, name) == 0)
			return r->domain[i].name;
	for (size_t i = 0; i < r->count; i++)
		for (size_t k = 0; k < sizeof(uses) / sizeof(uses[0]); k++)
			if (uses[k].names(&r->domain[i], name)) {
				*how = uses[k].how;
				return r->domain[i].name;
			}
	return NULL;
}

int registry_forget(const char *dir, const char *name, struct err *e)
{
	struct registry r = { .count = 0 };
	char path[PATH_MAX];
	const char *user, *how;
	int lock = -1, ret = registry_path(dir, name, path, sizeof(path), e);

	if (!ret)
		ret = registry_lock(dir, &lock, e);
	if (!ret)
		ret = registry_read(dir, &r, NULL, e);
	if (ret)
		goto out;
	user = user_find(&r, name, &how);
	if (user)
		ret = err_set(e, -EBUSY, "%s %s %s", name, how, user);
	else if (unlink(path) < 0)
		ret = err_sys(e, -errno, "%s", path);
out:
	registry_dispose(&r);
	if (lock >= 0)
		close(lock);
	return ret;
}
