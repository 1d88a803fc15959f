#include "toolstack/pci_memory.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"

static int net_check(const char *text, struct err *e)
{
	struct pci_net net;

	return pci_memory_net_parse(text, &net) ? err_set(e, -EINVAL, "an interface (\"NAME MAC\")")
						: 0;
}

/* Part of a path below drivers/, and an argument of modprobe(8). */
static int driver_check(const char *text, struct err *e)
{
	if (*text && *text != '-' && *text != '.' && !strpbrk(text, "/ ") &&
		strlen(text) < PCI_DRIVER_MAX)
		return 0;
	return err_set(e, -EINVAL, "a driver's name");
}

static const struct config_key keys[] = {
	{ "driver", CONFIG_TEXT, offsetof(struct pci_memory, driver), driver_check,
		"the driver that held it in dom0" },
	{ "nets", CONFIG_LIST, offsetof(struct pci_memory, nets), net_check,
		"its interfaces in dom0, with their MACs" },
	{ NULL, CONFIG_TEXT, 0, NULL, NULL },
};

int pci_memory_net_parse(const char *text, struct pci_net *out)
{
	size_t len = strcspn(text, " ");

	memset(out, 0, sizeof(*out));
	if (!len || len >= sizeof(out->name) || memchr(text, '/', len))
		return -EINVAL;
	memcpy(out->name, text, len);
	return text[len] ? mac_parse(text + len + 1, &out->mac) : 0;
}

static int path_make(const char *dir, const struct pci_bdf *bdf, char path[PATH_MAX], struct err *e)
{
	char text[PCI_BDF_TEXT_MAX];

	pci_bdf_print(bdf, text);
	if (snprintf(path, PATH_MAX, "%s/pci/%s.conf", dir, text) >= PATH_MAX)
		return err_sys(e, -ENAMETOOLONG, "%s", dir);
	return 0;
}

int pci_memory_read(
	const char *dir, const struct pci_bdf *bdf, struct pci_memory *out, struct err *e)
{
	char path[PATH_MAX];
	int ret = path_make(dir, bdf, path, e);

	memset(out, 0, sizeof(*out));
	if (!ret)
		ret = config_read(path, keys, out, NULL, e);
	if (ret)
		pci_memory_dispose(out);
	return ret;
}

void pci_memory_dispose(struct pci_memory *m)
{
	config_dispose(keys, m);
}

static size_t append(char *text, size_t size, size_t used, const char *a, const char *b)
{
	int n = used < size ? snprintf(text + used, size - used, "%s%s", a, b) : 0;

	return used + (size_t)(n > 0 ? n : 0);
}

int pci_memory_write(const char *dir, const struct pci_device *d, struct err *e)
{
	char path[PATH_MAX], text[1024], mac[MAC_TEXT_MAX];
	size_t used;
	int ret;

	if (snprintf(path, sizeof(path), "%s/pci", dir) >= (int)sizeof(path))
		return err_sys(e, -ENAMETOOLONG, "%s", dir);
	ret = dir_create(path, 0755, e);
	if (!ret)
		ret = path_make(dir, &d->bdf, path, e);
	if (ret)
		return ret;
	used = append(text, sizeof(text), 0,
		"# What this device was in dom0; netvm pci release makes it that again.\n", "");
	if (d->driver[0]) {
		used = append(text, sizeof(text), used, "driver = \"", d->driver);
		used = append(text, sizeof(text), used, "\"\n", "");
	}
	used = append(text, sizeof(text), used, "nets = [ ", "");
	for (size_t i = 0; i < d->net_count; i++) {
		bool has_mac = mac_is_set(&d->nets[i].mac);

		used = append(text, sizeof(text), used, i ? ", \"" : "\"", d->nets[i].name);
		used = append(text, sizeof(text), used, has_mac ? " " : "",
			has_mac ? mac_print(&d->nets[i].mac, mac) : "");
		used = append(text, sizeof(text), used, "\"", "");
	}
	used = append(text, sizeof(text), used, " ]\n", "");
	if (used >= sizeof(text))
		return err_sys(e, -EMSGSIZE, "%s", path);
	return file_replace(path, text, used, 0644, e);
}

int pci_memory_remove(const char *dir, const struct pci_bdf *bdf, struct err *e)
{
	char path[PATH_MAX];
	int ret = path_make(dir, bdf, path, e);

	if (!ret && unlink(path) < 0 && errno != ENOENT && errno != ENOTDIR)
		ret = err_sys(e, -errno, "%s", path);
	return ret;
}
