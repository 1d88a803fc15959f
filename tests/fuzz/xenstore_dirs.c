/*
 * Every reader of a directory, with any names and values in it, over a store that is made of them.
 * What was read is written again to an empty store, and reads as the same.
 *
 * sources: xenstore-schema/names.c xenstore-schema/values.c xenstore-schema/guest_link.c
 * sources: xenstore-schema/provider.c xenstore-schema/client.c xenstore-schema/report.c
 * sources: xenstore-schema/exposure.c
 * sources: xenstore-schema/vif_backend.c xenstore-schema/schema_dir.c
 * sources: common/addr.c common/err.c
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "xenstore-schema/schema_dir.h"

/* --- a store of nodes --- */

#define NODES_MAX 256

struct store {
	struct node {
		char path[STORE_PATH_MAX];
		char value[STORE_VALUE_MAX];
	} * node;
	size_t count;
};

static struct node *node_find(struct store *s, const char *path)
{
	for (size_t i = 0; i < s->count; i++)
		if (strcmp(s->node[i].path, path) == 0)
			return &s->node[i];
	return NULL;
}

int store_read(struct store *s, const char *path, char *buf, size_t size, struct err *e)
{
	struct node *n = node_find(s, path);

	if (!n)
		return err_sys(e, -ENOENT, "%s", path);
	if (strlen(n->value) >= size)
		return err_set(e, -EMSGSIZE, "%s", path);
	strcpy(buf, n->value);
	return 0;
}

int store_write(struct store *s, const char *path, const char *value, struct err *e)
{
	struct node *n = node_find(s, path);

	if (!n && s->count < NODES_MAX)
		n = &s->node[s->count++];
	if (!n)
		return err_set(e, -ENOSPC, "%s", path);
	HOLDS(strlen(path) < sizeof(n->path) && strlen(value) < sizeof(n->value));
	strcpy(n->path, path);
	strcpy(n->value, value);
	return 0;
}

int store_mkdir(struct store *s, const char *path, struct err *e)
{
	return store_write(s, path, "", e);
}

int store_remove(struct store *s, const char *path, struct err *e)
{
	struct node *n = node_find(s, path);

	(void)e;
	if (n)
		*n = s->node[--s->count];
	return 0;
}

bool store_exists(struct store *s, const char *path)
{
	(void)s, (void)path;
	return true;
}

/* Direct children; a directory exists when it, or anything below it, does. */
int store_list(struct store *s, const char *path, struct store_names *out, struct err *e)
{
	size_t len = strlen(path);
	bool exists = false;

	*out = (struct store_names){ .name = calloc(NODES_MAX, sizeof(char *)) };
	HOLDS(out->name);
	for (size_t i = 0; i < s->count; i++) {
		const char *p = s->node[i].path;

		if (strncmp(p, path, len) != 0 || (p[len] && p[len] != '/'))
			continue;
		exists = true;
		if (p[len] && p[len + 1] && !strchr(p + len + 1, '/'))
			out->name[out->count++] = s->node[i].path + len + 1;
	}
	if (exists)
		return 0;
	store_names_free(out);
	return err_sys(e, -ENOENT, "%s", path);
}

int store_read_children(struct store *s, const char *path, const char *const names[], size_t count,
	struct store_values *out, struct err *e)
{
	char where[STORE_PATH_MAX];
	struct store_names there;
	int err = store_list(s, path, &there, e);

	*out = (struct store_values){ .value = calloc(count + 1, sizeof(char *)), .count = count };
	HOLDS(out->value);
	for (size_t i = 0; !err && i < count; i++) {
		struct node *n = node_find(s, path_join(where, path, names[i]));

		out->value[i] = n ? n->value : NULL;
	}
	store_names_free(&there);
	if (err)
		store_values_free(out);
	return err;
}

int store_read_each(struct store *s, const char *path, const char *const names[], size_t count,
	struct store_values *out, struct err *e)
{
	return store_read_children(s, path, names, count, out, e);
}

int store_put_children(struct store *s, const char *path, const struct store_child *children,
	size_t count, struct err *e)
{
	char where[STORE_PATH_MAX];
	struct store_names there;
	int err = store_list(s, path, &there, e);

	store_names_free(&there);
	for (size_t i = 0; !err && i < count; i++) {
		path_join(where, path, children[i].name);
		err = children[i].value ? store_write(s, where, children[i].value, e)
					: store_remove(s, where, e);
	}
	return err;
}

void store_values_free(struct store_values *v)
{
	free(v->value);
	*v = (struct store_values){ 0 };
}

void store_names_free(struct store_names *n)
{
	free(n->name);
	*n = (struct store_names){ 0 };
}

int store_has_perms(
	struct store *s, const char *path, const struct store_perms *p, bool *has, struct err *e)
{
	(void)p;
	/* The domain's home always is. */
	*has = node_find(s, path) || strcmp(path, "/local/domain/6") == 0;
	return *has ? 0 : err_sys(e, -ENOENT, "%s", path);
}

int store_set_perms(struct store *s, const char *path, const struct store_perms *p, struct err *e)
{
	(void)s, (void)path, (void)p, (void)e;
	return 0;
}

int store_own_domid(struct store *s, uint32_t *domid, struct err *e)
{
	(void)s, (void)e;
	*domid = 6;
	return 0;
}

int store_transact(struct store *s, int (*body)(struct store *s, void *arg, struct err *e),
	void *arg, struct err *e)
{
	return body(s, arg, e);
}

int store_watch(struct store *s, const char *path, const char *token, struct err *e)
{
	(void)s, (void)path, (void)token, (void)e;
	return 0;
}

int store_unwatch(struct store *s, const char *path, const char *token, struct err *e)
{
	(void)s, (void)path, (void)token, (void)e;
	return 0;
}

/* --- the readers --- */

static const struct vif_id vif = { 5, 0 };

static void guest_link_try(struct store *s, struct store *other)
{
	struct err e = ERR_NONE;
	struct guest_link link, again;

	if (guest_link_read(s, 6, 0, &link, &e) < 0)
		return;
	HOLDS(guest_link_write(other, 6, 0, &link, &e) == 0);
	HOLDS(guest_link_read(other, 6, 0, &again, &e) == 0);
	HOLDS(addr_equal(&link.dns6[1], &again.dns6[1]) && link.mtu == again.mtu);
}

static void provider_try(struct store *s, struct store *other)
{
	struct err e = ERR_NONE;
	struct provider provider, again;

	if (provider_read(s, 6, &provider, &e) < 0)
		return;
	HOLDS(provider_write(other, 6, &provider, &e) == 0);
	HOLDS(provider_read(other, 6, &again, &e) == 0);
	HOLDS(provider.role == again.role && provider.probe == again.probe);
	HOLDS(prefixes_equal(&provider.routed6, &again.routed6));
}

static void client_try(struct store *s, struct store *other)
{
	struct err e = ERR_NONE;
	struct client client, again;

	if (client_read(s, 6, &vif, &client, &e) < 0) {
		HOLDS(!client.rules);
		return;
	}
	if (client_write(other, 6, &vif, &client, &e) == 0) {
		HOLDS(client_read(other, 6, &vif, &again, &e) == 0);
		HOLDS(client.policy == again.policy && client.cable == again.cable);
		HOLDS(exposures_equal(&client.exposures, &again.exposures));
		client_dispose(&again);
	}
	client_dispose(&client);
}

static void report_try(struct store *s, struct store *other)
{
	struct err e = ERR_NONE;
	struct netvm_report report, again;
	struct client_report client;

	client_report_read(s, 6, &vif, &client, &e);
	if (netvm_report_read(s, SCHEMA_SELF, &report, &e) < 0)
		return;
	HOLDS(netvm_report_write(other, &report, &e) == 0);
	if (netvm_report_read(other, SCHEMA_SELF, &again, &e) == 0)
		HOLDS(strcmp(report.state, again.state) == 0);
}

static void vif_try(struct store *s, struct store *other)
{
	struct err e = ERR_NONE;
	struct vif_backend backend;
	struct vif_frontend frontend;
	struct vif_id *list;
	uint32_t devids[4];
	size_t count;

	(void)other;
	if (vif_backend_read(s, SCHEMA_SELF, &vif, &backend, &e) == 0)
		HOLDS(backend.count <= VIF_ADDRS_MAX);
	if (vif_backend_read_guest(s, SCHEMA_SELF, &vif, &backend, &e) == 0)
		HOLDS(backend.count <= VIF_ADDRS_MAX);
	vif_frontend_read(s, 6, 0, &frontend, &e);
	if (vif_backend_list(s, SCHEMA_SELF, &list, &count, &e) == 0) {
		for (size_t i = 1; i < count; i++)
			HOLDS(list[i - 1].domid <= list[i].domid);
		free(list);
	}
	vif_frontend_list(s, 6, devids, 4, &count, &e);
	HOLDS(count <= 4);
	vif_backend_failed(s, SCHEMA_SELF, &vif, e.text, &e);
	vif_backend_connected(s, SCHEMA_SELF, &vif, &e);
	vif_backend_remove(s, SCHEMA_SELF, &vif, &e);
}

static const struct {
	const char *path;
	void (*run)(struct store *s, struct store *other);
} readers[] = {
	{ "/local/domain/6/netvm/0", guest_link_try },
	{ "/local/domain/6/netvm-provider", provider_try },
	{ "/local/domain/6/netvm-provider/clients/5/0", client_try },
	{ "/local/domain/6/netvm-provider/clients/5/0/policy", client_try },
	{ "data/netvm", report_try },
	{ "/local/domain/6/data/netvm/clients/5/0", report_try },
	{ "backend/vif/5/0", vif_try },
	{ "backend/vif/5", vif_try },
	{ "/local/domain/6/device/vif/0", vif_try },
};

/* A byte that chooses the reader, then lines of "name=value", which stand below its path. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct node nodes[NODES_MAX], others[NODES_MAX];
	struct store s = { nodes, 0 }, other = { others, 0 };
	char path[STORE_PATH_MAX], text[STORE_VALUE_MAX], *rest = text, *line;
	size_t reader;

	if (!size || size >= sizeof(text))
		return 0;
	reader = data[0] % (sizeof(readers) / sizeof(readers[0]));
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	store_mkdir(&s, readers[reader].path, NULL);
	/* What is required must not keep the rest from being seen. */
	if (readers[reader].run == client_try) {
		store_write(&s, "/local/domain/6/netvm-provider/clients/5/0/policy", "drop", NULL);
		store_write(&s, "/local/domain/6/netvm-provider/clients/5/0/generation", "1", NULL);
	}
	while ((line = strsep(&rest, "\n"))) {
		char *value = strchr(line, '=');

		if (!value || s.count >= NODES_MAX - 8 || strlen(line) > 1000)
			continue;
		*value++ = '\0';
		/* xenstored has no names with these. */
		if (!*line || strpbrk(line, "/."))
			continue;
		snprintf(path, sizeof(path), "%.64s/%.900s", readers[reader].path, line);
		store_write(&s, path, value, NULL);
	}
	readers[reader].run(&s, &other);
	return 0;
}
