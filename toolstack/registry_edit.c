/*
 * Changing a file of the registry: lock and read all; the text that is to be; the registry as it
 * would be with that text in the file's place (registry_renew), compared with who was at fault
 * before: a change that puts any other domain at fault is refused; then the file is replaced.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"
#include "toolstack/registry_internal.h"
#include "toolstack/registry_text.h"

#define LOCK_SECONDS 10 /* that are waited for it */

static int lock(const char *dir, int *fd, struct err *e)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/domains", dir), ret;

	if (n < 0 || (size_t)n + sizeof("/.lock") > sizeof(path))
		return err_sys(e, -ENAMETOOLONG, "%s", dir);
	ret = dir_create(path, 0755, e);
	if (ret)
		return ret;
	snprintf(path, sizeof(path), "%s/.lock", dir);
	return lock_take(path, LOCK_SECONDS, fd, e);
}

int registry_hold(const char *dir, bool dry, void (*unknown)(const char *path, const char *key),
	struct registry_held *out, struct err *e)
{
	int ret;

	*out = (struct registry_held){ .lock = -1, .dry = dry };
	ret = dry ? 0 : lock(dir, &out->lock, e);
	return ret ? ret : registry_read(dir, &out->r, unknown, e);
}

void registry_let_go(struct registry_held *h)
{
	registry_dispose(&h->r);
	if (h->lock >= 0)
		close(h->lock);
	h->lock = -1;
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

/* Who is at fault. */
struct faults {
	bool globals;
	char (*name)[DOMAIN_NAME_MAX]; /* ascending */
	size_t count;
};

static int faults_note(const struct registry *r, struct faults *out, struct err *e)
{
	size_t count = 0;

	for (size_t i = 0; i < r->count; i++)
		count += r->domain[i].fault != 0;
	*out = (struct faults){ r->globals.fault.code != 0, calloc(count + 1, sizeof(*out->name)),
		0 };
	if (!out->name)
		return err_sys(e, -ENOMEM, "%s", r->dir);
	for (size_t i = 0; i < r->count; i++)
		if (r->domain[i].fault)
			strcpy(out->name[out->count++], r->domain[i].name);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* A fault that was not there before; NULL: none. */
static const struct err *fault_added(const struct faults *before, const struct registry *r)
{
	if (r->globals.fault.code && !before->globals)
		return &r->globals.fault;
	for (size_t i = 0; i < r->count; i++) {
		const struct registry_domain *d = &r->domain[i];

		if (d->fault && !bsearch(d->name, before->name, before->count,
					sizeof(*before->name), by_name))
			return d->fault;
	}
	return NULL;
}

int registry_renew_checked(
	struct registry *r, const struct registry_overlay *overlays, size_t count, struct err *e)
{
	struct faults before;
	const struct err *fault;
	int ret = faults_note(r, &before, e);

	if (!ret)
		ret = registry_renew(r, overlays, count, e);
	fault = ret ? NULL : fault_added(&before, r);
	if (fault)
		ret = err_set(e, -EINVAL, "%s", fault->text);
	free(before.name);
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

int registry_change(struct registry_held *h, const char *name,
	const struct registry_change *changes, size_t count, struct err *e)
{
	const struct config_key *keys = name ? registry_domain_keys : registry_global_keys;
	char path[PATH_MAX], *text = NULL;
	int ret = registry_path(h->r.dir, name, path, sizeof(path), e);

	if (!ret)
		ret = registry_text_change(path, keys, changes, count, &text, e);
	if (!ret)
		ret = text_check(path, name, text, e);
	if (!ret)
		ret = registry_renew_checked(&h->r, &(struct registry_overlay){ name, text }, 1, e);
	if (!ret && !h->dry && (count || access(path, F_OK) != 0))
		ret = file_replace(path, text, strlen(text), 0644, e);
	free(text);
	return ret;
}

int registry_edit(const char *dir, const char *name, const struct registry_change *changes,
	size_t count, struct err *e)
{
	struct registry_held h;
	int ret = registry_hold(dir, false, NULL, &h, e);

	if (!ret)
		ret = registry_change(&h, name, changes, count, e);
	registry_let_go(&h);
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

int registry_add(struct registry_held *h, const struct registry_addition *additions, size_t count,
	struct err *e)
{
	struct registry_overlay *o = calloc(count + 1, sizeof(*o));
	int ret = o ? 0 : err_sys(e, -ENOMEM, "%s", h->r.dir);

	for (size_t i = 0; i < count && !ret; i++)
		ret = addition_make(h->r.dir, &additions[i], &o[i], e);
	if (!ret)
		ret = registry_renew_checked(&h->r, o, count, e);
	if (!ret && !h->dry)
		ret = additions_write(h->r.dir, o, count, e);
	for (size_t i = 0; o && i < count; i++)
		free((char *)o[i].text);
	free(o);
	return ret;
}
