#include "toolstack/xl_config.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/config.h"
#include "common/file.h"
#include "toolstack/registry_text.h"

#define XL_CONFIG_MAX (1024 * 1024)

struct xl_config {
	struct config_list pci;
};

static const struct config_key keys[] = {
	{ "pci", CONFIG_LIST, offsetof(struct xl_config, pci), NULL,
		"devices, xl-pci-configuration(5)" },
	{ NULL, CONFIG_TEXT, 0, NULL, NULL },
};

/* An item is "[DDDD:]BB:DD.F[@VSLOT][,KEY=VALUE,...]" (xl-pci-configuration(5)). */
static bool item_is(const char *item, const struct pci_bdf *bdf)
{
	char text[PCI_BDF_TEXT_MAX];
	size_t len;
	struct pci_bdf b;

	item += strspn(item, " \t");
	len = strcspn(item, "@, \t");
	if (len >= sizeof(text))
		return false;
	memcpy(text, item, len);
	text[len] = '\0';
	return pci_bdf_parse(text, &b) == 0 && pci_bdf_cmp(&b, bdf) == 0;
}

static bool list_has(const struct config_list *list, const struct pci_bdf *bdf)
{
	for (size_t i = 0; i < list->count; i++)
		if (item_is(list->item[i], bdf))
			return true;
	return false;
}

/* Every item of `now` that is another device, in order, then the device if it is to be there. */
static size_t list_make(const struct config_list *now, const struct pci_bdf *bdf, const char *own,
	const char *items[CONFIG_LIST_MAX + 1])
{
	size_t count = 0;

	for (size_t i = 0; i < now->count; i++)
		if (!item_is(now->item[i], bdf))
			items[count++] = now->item[i];
	if (own)
		items[count++] = own;
	return count;
}

/* What was written is what xl will read. */
static int text_verify(
	const char *path, const char *text, const char *const *items, size_t count, struct err *e)
{
	struct xl_config after = { .pci = { .count = 0 } };
	int ret = config_parse(path, text, keys, &after, NULL, e);

	if (!ret && after.pci.count != count)
		ret = -EINVAL;
	for (size_t i = 0; i < count && !ret; i++)
		if (strcmp(after.pci.item[i], items[i]) != 0)
			ret = -EINVAL;
	config_dispose(keys, &after);
	return ret ? err_set(e, ret, "%s: the pci list could not be changed for certain", path) : 0;
}

int xl_config_text_set_pci(const char *path, const char *text, const struct pci_bdf *bdf,
	bool present, char **out, struct err *e)
{
	struct xl_config now = { .pci = { .count = 0 } };
	const char *items[CONFIG_LIST_MAX + 1];
	char own[PCI_BDF_TEXT_MAX];
	size_t count;
	int ret = config_parse(path, text, keys, &now, NULL, e);

	*out = NULL;
	if (ret)
		return ret;
	if (list_has(&now.pci, bdf) == present) {
		*out = strdup(text);
		ret = *out ? 0 : err_sys(e, -ENOMEM, "%s", path);
	} else {
		count = list_make(&now.pci, bdf, present ? pci_bdf_print(bdf, own) : NULL, items);
		ret = registry_text_set(
			text, "pci", CONFIG_LIST, count ? items : NULL, count, out, e);
		if (!ret)
			ret = text_verify(path, *out, items, count, e);
	}
	config_dispose(keys, &now);
	if (ret) {
		free(*out);
		*out = NULL;
	}
	return ret;
}

int xl_config_has_pci(const char *path, const struct pci_bdf *bdf, bool *has, struct err *e)
{
	struct xl_config now = { .pci = { .count = 0 } };
	int ret = config_read(path, keys, &now, NULL, e);

	*has = !ret && list_has(&now.pci, bdf);
	config_dispose(keys, &now);
	return ret;
}

int xl_config_set_pci(const char *path, const struct pci_bdf *bdf, bool present, struct err *e)
{
	char real[PATH_MAX], *text = NULL, *next = NULL;
	struct stat st;
	int ret;

	if (!realpath(path, real) || stat(real, &st) < 0)
		return err_sys(e, -errno, "%s", path);
	ret = file_read(real, XL_CONFIG_MAX, &text, NULL, e);
	if (!ret)
		ret = xl_config_text_set_pci(path, text, bdf, present, &next, e);
	if (!ret && strcmp(text, next) != 0)
		ret = file_replace(real, next, strlen(next), st.st_mode & 07777, e);
	free(text);
	free(next);
	return ret;
}
