/* The names of domains, devices and interfaces: parsed whole and exact, or not at all. */
#include "xenstore-schema/schema_dir.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

int decimal_take(const char **text, uint64_t limit, uint32_t *out)
{
	const char *c = *text;
	uint64_t n = 0;

	if (*c < '0' || *c > '9' || (c[0] == '0' && c[1] >= '0' && c[1] <= '9'))
		return -EINVAL;
	for (; *c >= '0' && *c <= '9'; c++) {
		n = n * 10 + (uint64_t)(*c - '0');
		if (n >= limit)
			return -EINVAL;
	}
	*text = c;
	*out = (uint32_t)n;
	return 0;
}

int decimal_parse(const char *text, uint64_t limit, uint32_t *out)
{
	uint32_t n;

	if (decimal_take(&text, limit, &n) < 0 || *text)
		return -EINVAL;
	*out = n;
	return 0;
}

/* Moves `*text` behind `word` if it begins with it. */
static bool word_take(const char **text, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(*text, word, len) != 0)
		return false;
	*text += len;
	return true;
}

int domid_parse(const char *text, uint32_t *out)
{
	return decimal_parse(text, DOMID_LIMIT, out);
}

int devid_parse(const char *text, uint32_t *out)
{
	return decimal_parse(text, DEVID_LIMIT, out);
}

bool vif_id_equal(const struct vif_id *a, const struct vif_id *b)
{
	return a->domid == b->domid && a->devid == b->devid;
}

int vif_name_parse(const char *text, struct vif_id *out, bool *emulated)
{
	struct vif_id id;
	bool twin;

	if (!word_take(&text, "vif") || decimal_take(&text, DOMID_LIMIT, &id.domid) < 0 ||
		!word_take(&text, ".") || decimal_take(&text, DEVID_LIMIT, &id.devid) < 0)
		return -EINVAL;
	twin = word_take(&text, "-emu");
	if (*text || (twin && !emulated))
		return -EINVAL;
	if (emulated)
		*emulated = twin;
	*out = id;
	return 0;
}

const char *vif_name_print(const struct vif_id *id, char buf[VIF_NAME_MAX])
{
	snprintf(buf, VIF_NAME_MAX, "vif%u.%u", id->domid % DOMID_LIMIT, id->devid % DEVID_LIMIT);
	return buf;
}

int vif_backend_path_parse(const char *path, uint32_t *backend, struct vif_id *out)
{
	uint32_t home = SCHEMA_SELF;
	struct vif_id id;

	if (word_take(&path, "/local/domain/") &&
		(decimal_take(&path, DOMID_LIMIT, &home) < 0 || !word_take(&path, "/")))
		return -EINVAL;
	if (!word_take(&path, "backend/vif/") || decimal_take(&path, DOMID_LIMIT, &id.domid) < 0 ||
		!word_take(&path, "/") || decimal_take(&path, DEVID_LIMIT, &id.devid) < 0 || *path)
		return -EINVAL;
	*backend = home;
	*out = id;
	return 0;
}

int event_path_guest(const char *path, uint32_t *domid)
{
	uint32_t home = SCHEMA_SELF, guest;

	if (word_take(&path, "/local/domain/") &&
		(decimal_take(&path, DOMID_LIMIT, &home) < 0 || !word_take(&path, "/")))
		return -EINVAL;
	if (word_take(&path, "device/vif/")) {
		*domid = home;
		return home < DOMID_LIMIT ? 0 : -EINVAL;
	}
	if (!word_take(&path, "backend/vif/") && !word_take(&path, "netvm-provider/clients/"))
		return -EINVAL;
	if (decimal_take(&path, DOMID_LIMIT, &guest) < 0 || (*path && *path != '/'))
		return -EINVAL;
	*domid = guest;
	return 0;
}

int event_path_home(const char *path, uint32_t *domid)
{
	uint32_t home;

	if (!word_take(&path, "/local/domain/") || decimal_take(&path, DOMID_LIMIT, &home) < 0 ||
		*path != '/')
		return -EINVAL;
	*domid = home;
	return 0;
}

bool event_path_is_probe(const char *path)
{
	const char *name = strrchr(path, '/');

	return name && strcmp(name, "/probe") == 0;
}

bool domids_have(const struct domids *d, uint32_t domid)
{
	for (size_t i = 0; i < d->count; i++)
		if (d->id[i] == domid)
			return true;
	return false;
}

bool domids_add(struct domids *d, uint32_t domid)
{
	if (domids_have(d, domid))
		return true;
	if (d->count == DOMIDS_MAX)
		return false;
	d->id[d->count++] = domid;
	return true;
}

int domain_name_check(const char *text)
{
	size_t len = 0;

	/* strspn(3) would take long for so many letters. */
	while (isalnum((unsigned char)text[len]) || (text[len] && strchr("-_.+:@", text[len])))
		len++;
	if (!len || text[len] || len >= DOMAIN_NAME_MAX || text[0] == '-' || text[0] == '.')
		return -EINVAL;
	return 0;
}
