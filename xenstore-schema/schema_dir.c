#include "xenstore-schema/schema_dir.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *schema_path(char buf[STORE_PATH_MAX], uint32_t domid, const char *fmt, ...)
{
	size_t len = 0;
	va_list ap;

	if (domid != SCHEMA_SELF)
		len = (size_t)snprintf(buf, STORE_PATH_MAX, "/local/domain/%u/", domid);
	va_start(ap, fmt);
	vsnprintf(buf + len, STORE_PATH_MAX - len, fmt, ap);
	va_end(ap);
	return buf;
}

int schema_resolve(struct store *s, uint32_t *domid, struct err *e)
{
	return *domid == SCHEMA_SELF ? store_own_domid(s, domid, e) : 0;
}

bool schema_is_absent(int err, struct err *e)
{
	if (err == -ENOENT && e)
		*e = (struct err)ERR_NONE;
	return err == -ENOENT;
}

bool names_have(const struct store_names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->name[i], name) == 0)
			return true;
	return false;
}

const char *path_join(char buf[STORE_PATH_MAX], const char *path, const char *name)
{
	/* No path at all rather than another one. */
	if (snprintf(buf, STORE_PATH_MAX, "%s/%s", path, name) >= STORE_PATH_MAX)
		buf[0] = '\0';
	return buf;
}

/* --- reading --- */

static int key_refused(
	const struct schema_key *key, const char *path, const char *text, struct err *e)
{
	char words[128] = "", shown[64];

	for (int i = 0; key->kind == KEY_WORD && key->words[i]; i++) {
		size_t len = strlen(words);

		snprintf(words + len, sizeof(words) - len, "%s%s", i ? ", " : ": ", key->words[i]);
	}
	text_printable(text, shown, sizeof(shown));
	return err_set(e, -EINVAL, "%s/%s: \"%s\" is not %s%s", path, key->name, shown,
		key_expected(key), words);
}

#define KEYS_MAX 32

static size_t keys_count(const struct schema_dir *dir)
{
	size_t count = 0;

	while (count < KEYS_MAX && dir->keys[count].name)
		count++;
	return count;
}

/* The values that the table's keys have now, in its order. */
static int keys_read(struct store *s, const struct schema_dir *dir, const char *path,
	struct store_values *out, struct err *e)
{
	const char *names[KEYS_MAX];
	size_t count = keys_count(dir);

	for (size_t i = 0; i < count; i++)
		names[i] = dir->keys[i].name;
	return (dir->each ? store_read_each : store_read_children)(s, path, names, count, out, e);
}

/* "limits/packets" may be there where "limits" is. */
static bool may_have(const struct store_names *names, const char *key)
{
	char first[64];

	snprintf(first, sizeof(first), "%.*s", (int)strcspn(key, "/"), key);
	return names_have(names, first);
}

/* The same of those that are listed. */
static int keys_read_listed(struct store *s, const struct schema_dir *dir, const char *path,
	struct store_values *out, struct err *e)
{
	const char *names[KEYS_MAX], *values[KEYS_MAX] = { NULL };
	size_t place[KEYS_MAX], count = 0, keys = keys_count(dir);
	struct store_names there;
	int err = store_list(s, path, &there, e);

	*out = (struct store_values){ 0 };
	for (size_t i = 0; !err && i < keys; i++) {
		if (!may_have(&there, dir->keys[i].name))
			continue;
		place[count] = i;
		names[count++] = dir->keys[i].name;
	}
	if (!err)
		err = store_read_each(s, path, names, count, out, e);
	store_names_free(&there);
	if (err)
		return err;
	for (size_t i = 0; i < count; i++)
		values[place[i]] = out->value[i];
	free(out->value);
	out->value = calloc(keys + 1, sizeof(*out->value));
	if (!out->value) {
		store_values_free(out);
		return err_sys(e, -ENOMEM, "%s", path);
	}
	memcpy(out->value, values, keys * sizeof(*out->value));
	out->count = keys;
	return 0;
}

static int object_read(struct store *s, const struct schema_dir *dir,
	int (*read)(struct store *s, const struct schema_dir *dir, const char *path,
		struct store_values *out, struct err *e),
	const char *path, void *object, struct err *e)
{
	struct store_values values;
	int err = read(s, dir, path, &values, e);

	memset(object, 0, dir->size);
	for (size_t i = 0; !err && i < values.count; i++) {
		const struct schema_key *key = &dir->keys[i];

		if (!values.value[i] && key->required)
			err = err_set(e, -EINVAL, "%s/%s is missing", path, key->name);
		else if (!values.value[i])
			key_clear(key, object);
		else if (key_parse(key, values.value[i], object) < 0)
			err = key_refused(key, path, values.value[i], e);
	}
	store_values_free(&values);
	return err;
}

int schema_dir_read(struct store *s, const struct schema_dir *dir, const char *path, void *object,
	struct err *e)
{
	return object_read(s, dir, keys_read, path, object, e);
}

int schema_dir_read_listed(struct store *s, const struct schema_dir *dir, const char *path,
	void *object, struct err *e)
{
	return object_read(s, dir, keys_read_listed, path, object, e);
}

/* --- writing --- */

/* `old`: what the key holds, NULL where it is absent or, without `known`, may hold anything. */
static int key_write(struct store *s, const struct schema_key *key, const char *path, bool known,
	const char *old, const void *object, struct err *e)
{
	char where[STORE_PATH_MAX], text[STORE_VALUE_MAX];
	int present = key_print(key, object, text);

	path_join(where, path, key->name);
	if (present < 0)
		return err_set(e, present, "%s: the value is not %s", where, key_expected(key));
	if (!present)
		return old || !known ? store_remove(s, where, e) : 0;
	return old && strcmp(old, text) == 0 ? 0 : store_write(s, where, text, e);
}

int schema_dir_begin(struct store *s, const struct schema_dir *dir, const char *path,
	const void *object, struct err *e)
{
	int err = 0;

	for (size_t i = 0; !err && dir->keys[i].name; i++)
		if (!dir->keys[i].read_only)
			err = key_write(s, &dir->keys[i], path, true, NULL, object, e);
	return err;
}

int schema_dir_write_in(struct store *s, const struct schema_dir *dir, const char *path,
	const void *object, struct err *e)
{
	struct store_values old;
	int err = keys_read(s, dir, path, &old, e);
	bool known = err != -EILSEQ;

	if (schema_is_absent(err, e) || !known)
		err = 0;
	for (size_t i = 0; !err && dir->keys[i].name; i++)
		if (!dir->keys[i].read_only)
			err = key_write(s, &dir->keys[i], path, known,
				old.count ? old.value[i] : NULL, object, e);
	store_values_free(&old);
	return err;
}

/* 0, or -ENOENT where it is gone. */
static int domain_exists(struct store *s, uint32_t domid, struct err *e)
{
	static const struct store_perms any;
	char home[64];
	bool has;
	int err;

	snprintf(home, sizeof(home), "/local/domain/%u", domid);
	err = store_has_perms(s, home, &any, &has, e);
	return err == -ENOENT ? err_set(e, err, "there is no domain %u", domid) : err;
}

int schema_dir_own(struct store *s, uint32_t domid, const char *top, struct err *e)
{
	/* To dom0 itself as a guest or network domain nothing more need be granted. */
	struct store_perms perms = { .owner = 0, .has_reader = domid != 0, .reader = domid };
	bool has = false;
	int err = store_has_perms(s, top, &perms, &has, e);

	if (schema_is_absent(err, e))
		err = domain_exists(s, domid, e);
	else if (!err && !has)
		err = store_remove(s, top, e);
	if (err || has)
		return err;
	err = store_mkdir(s, top, e);
	return err ? err : store_set_perms(s, top, &perms, e);
}

/* --- directories of devices --- */

static int number_cmp(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

int schema_list_devids(struct store *s, const char *path, uint32_t *devids, size_t max,
	size_t *count, struct err *e)
{
	struct store_names names;
	int err = store_list(s, path, &names, e);

	*count = 0;
	if (schema_is_absent(err, e))
		return 0;
	for (size_t i = 0; !err && i < names.count; i++) {
		uint32_t devid;

		if (devid_parse(names.name[i], &devid) < 0)
			continue;
		if (*count == max)
			err = err_set(e, -E2BIG, "%s: more than %zu devices", path, max);
		else
			devids[(*count)++] = devid;
	}
	store_names_free(&names);
	qsort(devids, *count, sizeof(devids[0]), number_cmp);
	return err;
}

static int vif_cmp(const void *a, const void *b)
{
	const struct vif_id *x = a, *y = b;

	return x->domid != y->domid ? number_cmp(&x->domid, &y->domid)
				    : number_cmp(&x->devid, &y->devid);
}

struct vifs {
	struct vif_id *id;
	size_t count, room;
};

static int vifs_add(struct vifs *v, uint32_t domid, uint32_t devid)
{
	if (v->count == v->room) {
		size_t room = v->room ? v->room * 2 : 16;
		struct vif_id *more = realloc(v->id, room * sizeof(*more));

		if (!more)
			return -ENOMEM;
		v->id = more;
		v->room = room;
	}
	v->id[v->count++] = (struct vif_id){ domid, devid };
	return 0;
}

/* Those of one guest, `name` in `path`; a name that is no domid, or a directory that went away
 * meanwhile, adds nothing. */
static int vifs_add_guest(
	struct store *s, struct vifs *v, const char *path, const char *name, struct err *e)
{
	struct store_names devices;
	char where[STORE_PATH_MAX];
	uint32_t domid, devid;
	int err;

	if (domid_parse(name, &domid) < 0)
		return 0;
	err = store_list(s, path_join(where, path, name), &devices, e);
	if (err)
		return schema_is_absent(err, e) ? 0 : err;
	for (size_t i = 0; !err && i < devices.count; i++)
		if (devid_parse(devices.name[i], &devid) == 0)
			err = vifs_add(v, domid, devid);
	store_names_free(&devices);
	return err ? err_sys(e, err, "%s", where) : 0;
}

static int vifs_add_all(struct store *s, struct vifs *v, const char *path, struct err *e)
{
	struct store_names guests;
	int err = store_list(s, path, &guests, e);

	if (schema_is_absent(err, e))
		return 0;
	for (size_t i = 0; !err && i < guests.count; i++)
		err = vifs_add_guest(s, v, path, guests.name[i], e);
	store_names_free(&guests);
	return err;
}

static int vifs_add_of(
	struct store *s, struct vifs *v, const char *path, const struct domids *of, struct err *e)
{
	char name[16];
	int err = 0;

	for (size_t i = 0; !err && i < of->count; i++) {
		snprintf(name, sizeof(name), "%u", of->id[i]);
		err = vifs_add_guest(s, v, path, name, e);
	}
	return err;
}

int schema_list_vifs(struct store *s, const char *path, const struct domids *of,
	struct vif_id **out, size_t *count, struct err *e)
{
	struct vifs v = { 0 };
	int err = of ? vifs_add_of(s, &v, path, of, e) : vifs_add_all(s, &v, path, e);

	*out = NULL;
	*count = 0;
	if (err) {
		free(v.id);
		return err;
	}
	if (v.count)
		qsort(v.id, v.count, sizeof(v.id[0]), vif_cmp);
	*out = v.id;
	*count = v.count;
	return 0;
}

struct remove_job {
	const char *path;
	const struct vif_id *id;
};

static int remove_body(struct store *s, void *arg, struct err *e)
{
	const struct remove_job *job = arg;
	char guest[16], device[16], parent[STORE_PATH_MAX], node[STORE_PATH_MAX];
	struct store_names left;
	bool there, alone;
	int err;

	snprintf(guest, sizeof(guest), "%u", job->id->domid);
	snprintf(device, sizeof(device), "%u", job->id->devid);
	path_join(parent, job->path, guest);
	err = store_list(s, parent, &left, e);
	if (err)
		return schema_is_absent(err, e) ? 0 : err;
	there = names_have(&left, device);
	alone = left.count == there;
	store_names_free(&left);
	if (there)
		err = store_remove(s, path_join(node, parent, device), e);
	if (err || !alone)
		return err;
	err = store_remove(s, parent, e);
	/* Xen's toolstack made it and kept it: a network domain leaves it empty. */
	if (err == -EACCES && e)
		*e = (struct err)ERR_NONE;
	return err == -EACCES ? 0 : err;
}

int schema_remove_vif(struct store *s, const char *path, const struct vif_id *id, struct err *e)
{
	struct remove_job job = { path, id };

	return store_transact(s, remove_body, &job, e);
}
