/* A registry in a directory of its own, for tests. */
#ifndef NETVM_TESTS_REGISTRY_FILES_H
#define NETVM_TESTS_REGISTRY_FILES_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/unit.h"
#include "toolstack/registry.h"

static char registry_dir[64];

static int registry_dir_make(void **state)
{
	char path[128];

	(void)state;
	strcpy(registry_dir, "/tmp/netvm-registry.XXXXXX");
	if (!mkdtemp(registry_dir))
		return -1;
	snprintf(path, sizeof(path), "%s/domains", registry_dir);
	return mkdir(path, 0700);
}

static int entry_remove(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int registry_dir_remove(void **state)
{
	(void)state;
	return nftw(registry_dir, entry_remove, 8, FTW_DEPTH | FTW_PHYS);
}

/* `name` NULL: netvm.conf. */
static void file_write(const char *name, const char *text)
{
	char path[256];
	FILE *f;

	assert_int_equal(registry_path(registry_dir, name, path, sizeof(path), NULL), 0);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static inline void file_expect(const char *name, const char *text)
{
	char path[256], found[4096];
	size_t n;
	FILE *f;

	assert_int_equal(registry_path(registry_dir, name, path, sizeof(path), NULL), 0);
	f = fopen(path, "r");
	assert_non_null(f);
	n = fread(found, 1, sizeof(found) - 1, f);
	found[n] = '\0';
	fclose(f);
	assert_string_equal(found, text);
}

static void registry_take(struct registry *r)
{
	struct err e = ERR_NONE;

	if (registry_read(registry_dir, r, NULL, &e) != 0)
		fail_msg("registry_read: %s", e.text);
}

static inline const struct registry_domain *domain_of(const struct registry *r, const char *name)
{
	const struct registry_domain *d = registry_find(r, name);

	assert_non_null(d);
	return d;
}

static inline int forget_to(const char *name, const char *to, struct err *e)
{
	struct registry_held h;
	int ret = registry_hold(registry_dir, false, NULL, &h, e);

	if (!ret)
		ret = registry_forget(&h, name, to, e);
	registry_let_go(&h);
	return ret;
}

static inline int forget(const char *name, struct err *e)
{
	return forget_to(name, NULL, e);
}

#define assert_contains(text, part)                                                                \
	do {                                                                                       \
		if (!strstr(text, part))                                                           \
			fail_msg("wanted \"%s\" in \"%s\"", part, text);                           \
	} while (0)

/* `part` NULL: the domain is in order. */
static inline void expect_fault(const struct registry *r, const char *name, const char *part)
{
	const struct registry_domain *d = domain_of(r, name);

	assert_string_equal(d->fault && !part ? d->fault->text : "", "");
	assert_int_equal(d->fault != NULL, part != NULL);
	if (part)
		assert_contains(d->fault->text, part);
}

#endif
