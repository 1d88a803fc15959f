/*
 * Removing a domain. Who has it as his network domain is given another first, in this order: the
 * registry as it would be is judged; then each file is replaced; then the domain's own goes. What a
 * crash leaves in between is a registry in order, in which the domain is still there.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"
#include "toolstack/registry_internal.h"

/* How else than as its network domain a domain can name another. */
static const struct {
	bool (*names)(const struct registry_domain *d, const char *name);
	const char *how;
} uses[] = {
	{ registry_rules_name, "is named in the rules of" },
	{ registry_links_name, "is named in the links of" },
	{ registry_expose_names, "is named in the exposed ports of" },
};

static bool is_default(const struct registry *r, const char *name)
{
	return r->globals.default_netvm && strcmp(r->globals.default_netvm, name) == 0;
}

static bool is_guest(const struct registry_domain *d, const char *name)
{
	return d->netvm_text && strcmp(d->netvm_text, name) == 0;
}

/* Nobody may have it as his network domain. */
static int guests_check(const struct registry *r, const char *name, struct err *e)
{
	const char *guest = is_default(r, name) ? "netvm.conf (default_netvm)" : NULL;
	size_t more = 0;

	for (size_t i = 0; i < r->count; i++) {
		if (!is_guest(&r->domain[i], name))
			continue;
		more += guest != NULL;
		if (!guest)
			guest = r->domain[i].name;
	}
	if (!guest)
		return 0;
	if (more)
		return err_set(e, -ENOTEMPTY, "%s is the network domain of %s and %zu more", name,
			guest, more);
	return err_set(e, -ENOTEMPTY, "%s is the network domain of %s", name, guest);
}

static int users_check(const struct registry *r, const char *name, struct err *e)
{
	for (size_t i = 0; i < r->count; i++)
		for (size_t k = 0; k < sizeof(uses) / sizeof(uses[0]); k++)
			if (uses[k].names(&r->domain[i], name))
				return err_set(e, -EBUSY, "%s %s %s", name, uses[k].how,
					r->domain[i].name);
	return 0;
}

/* --- who goes elsewhere --- */

struct moves {
	struct registry_overlay *file; /* malloc'd, as each text */
	size_t count;
};

static void moves_dispose(struct moves *m)
{
	while (m->count)
		free((char *)m->file[--m->count].text);
	free(m->file);
}

/* `owner` NULL: netvm.conf, whose domains it is the network domain of by default. */
static int move_add(
	struct moves *m, const struct registry *r, const char *owner, const char *to, struct err *e)
{
	const struct registry_change change = { owner ? "netvm" : "default_netvm", &to, 1 };
	char path[PATH_MAX], *text = NULL;
	int ret = registry_path(r->dir, owner, path, sizeof(path), e);

	if (!ret)
		ret = registry_text_change(path,
			owner ? registry_domain_keys : registry_global_keys, &change, 1, &text, e);
	if (!ret)
		m->file[m->count++] = (struct registry_overlay){ owner, text };
	return ret;
}

static int moves_make(
	const struct registry *r, const char *name, const char *to, struct moves *m, struct err *e)
{
	int ret = 0;

	m->file = calloc(r->count + 1, sizeof(*m->file));
	if (!m->file)
		return err_sys(e, -ENOMEM, "%s", r->dir);
	if (is_default(r, name))
		ret = move_add(m, r, NULL, to, e);
	for (size_t i = 0; i < r->count && !ret; i++)
		if (is_guest(&r->domain[i], name))
			ret = move_add(m, r, r->domain[i].name, to, e);
	return ret;
}

static int moves_write(const struct registry *r, const struct moves *m, struct err *e)
{
	char path[PATH_MAX];
	int ret = 0;

	for (size_t i = 0; i < m->count && !ret; i++) {
		ret = registry_path(r->dir, m->file[i].name, path, sizeof(path), e);
		if (!ret)
			ret = file_replace(path, m->file[i].text, strlen(m->file[i].text), 0644, e);
	}
	return ret;
}

/* --- */

int registry_forget(struct registry_held *h, const char *name, const char *to, struct err *e)
{
	struct moves m = { .file = NULL };
	char path[PATH_MAX];
	int ret = registry_path(h->r.dir, name, path, sizeof(path), e);

	if (!ret && to)
		ret = moves_make(&h->r, name, to, &m, e);
	if (!ret && m.count)
		ret = registry_renew_checked(&h->r, m.file, m.count, e);
	if (!ret)
		ret = guests_check(&h->r, name, e);
	if (!ret)
		ret = users_check(&h->r, name, e);
	if (!ret && !h->dry)
		ret = moves_write(&h->r, &m, e);
	if (!ret && !h->dry && unlink(path) < 0)
		ret = err_sys(e, -errno, "%s", path);
	moves_dispose(&m);
	return ret;
}
