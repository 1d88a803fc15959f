/*
 * sysfs, read: a directory of links to devices; a device's attributes are files of one line; what
 * it belongs to (driver, IOMMU group) are links whose last component is the name. A device may go
 * while it is being read: then it is left out.
 */
#include "toolstack/pci.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"

#define CONFIG_SPACE_MAX 4096

/* --- names --- */

static int hex_take(const char **text, int digits, unsigned int max, unsigned int *out)
{
	unsigned int n = 0;

	for (int i = 0; i < digits; i++, (*text)++) {
		int c = tolower((unsigned char)**text);

		if (!isxdigit(c))
			return -EINVAL;
		n = n * 16 + (unsigned int)(isdigit(c) ? c - '0' : c - 'a' + 10);
	}
	*out = n;
	return n <= max ? 0 : -EINVAL;
}

int pci_bdf_parse(const char *text, struct pci_bdf *out)
{
	unsigned int domain = 0, bus, slot, function;

	if (strlen(text) > 7 && (hex_take(&text, 4, 0xffff, &domain) || *text++ != ':'))
		return -EINVAL;
	if (hex_take(&text, 2, 0xff, &bus) || *text++ != ':' || hex_take(&text, 2, 0x1f, &slot) ||
		*text++ != '.' || hex_take(&text, 1, 7, &function) || *text)
		return -EINVAL;
	out->domain = (uint16_t)domain;
	out->bus = (uint8_t)bus;
	out->slot = (uint8_t)slot;
	out->function = (uint8_t)function;
	return 0;
}

const char *pci_bdf_print(const struct pci_bdf *b, char buf[PCI_BDF_TEXT_MAX])
{
	snprintf(buf, PCI_BDF_TEXT_MAX, "%04x:%02x:%02x.%x", b->domain, b->bus, b->slot & 0x1f,
		b->function & 7);
	return buf;
}

int pci_bdf_cmp(const struct pci_bdf *a, const struct pci_bdf *b)
{
	if (a->domain != b->domain)
		return a->domain - b->domain;
	return (a->bus << 8 | a->slot << 3 | a->function) -
	       (b->bus << 8 | b->slot << 3 | b->function);
}

/* --- one device --- */

/* What every step of reading one needs: "SYSFS/bus/pci/devices/BDF". */
struct reading {
	char dir[PATH_MAX];
};

static int attribute_path(const struct reading *r, const char *name, char path[PATH_MAX])
{
	return snprintf(path, PATH_MAX, "%s/%s", r->dir, name) < PATH_MAX ? 0 : -ENAMETOOLONG;
}

/* "0x8086\n" */
static unsigned int number_read(const struct reading *r, const char *name)
{
	char path[PATH_MAX], *text = NULL;
	unsigned long n = 0;

	if (attribute_path(r, name, path) == 0 && file_read(path, 64, &text, NULL, NULL) == 0)
		n = strtoul(text, NULL, 16);
	free(text);
	return n <= 0xffffff ? (unsigned int)n : 0;
}

/* The last component of the link `name`; "" where there is none. */
static void link_name_read(const struct reading *r, const char *name, char *out, size_t size)
{
	char path[PATH_MAX], target[PATH_MAX], *last;
	ssize_t len;

	*out = '\0';
	if (attribute_path(r, name, path))
		return;
	len = readlink(path, target, sizeof(target) - 1);
	if (len <= 0)
		return;
	target[len] = '\0';
	last = strrchr(target, '/');
	last = last ? last + 1 : target;
	if (strlen(last) < size)
		strcpy(out, last);
}

/* Linux before 5.15 shows "reset" alone, and that where there is a way. */
static void reset_read(const struct reading *r, char out[PCI_RESET_MAX])
{
	static const char chars[] = "abcdefghijklmnopqrstuvwxyz_ ";
	char path[PATH_MAX], *text = NULL;

	if (attribute_path(r, "reset_method", path) == 0 &&
		file_read(path, PCI_RESET_MAX, &text, NULL, NULL) == 0) {
		text[strcspn(text, "\n")] = '\0';
		if (strlen(text) < PCI_RESET_MAX && !text[strspn(text, chars)])
			strcpy(out, text);
	} else if (attribute_path(r, "reset", path) == 0 && access(path, F_OK) == 0) {
		strcpy(out, "some way");
	}
	free(text);
}

static void config_space_read(const struct reading *r, struct pci_config *out)
{
	uint8_t data[CONFIG_SPACE_MAX];
	char path[PATH_MAX];
	size_t len = 0;
	ssize_t n;
	int fd = -1;

	if (attribute_path(r, "config", path) == 0)
		fd = open(path, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && len < sizeof(data) &&
		(n = pread(fd, data + len, sizeof(data) - len, (off_t)len)) > 0)
		len += (size_t)n;
	if (fd >= 0)
		close(fd);
	pci_config_parse(data, len, out);
}

/* A device's place in the tree of devices: the directory above it is the bridge's. */
static void parent_read(const struct reading *r, struct pci_device *out)
{
	char *real = realpath(r->dir, NULL), *slash = real ? strrchr(real, '/') : NULL;

	if (slash) {
		*slash = '\0';
		slash = strrchr(real, '/');
		out->has_parent = slash && pci_bdf_parse(slash + 1, &out->parent) == 0;
	}
	free(real);
}

static int device_read(
	const char *sysfs, const struct pci_bdf *bdf, struct pci_device *out, struct err *e)
{
	struct reading r;
	char text[PCI_BDF_TEXT_MAX], group[16];

	memset(out, 0, sizeof(*out));
	out->bdf = *bdf;
	pci_bdf_print(bdf, text);
	if (snprintf(r.dir, sizeof(r.dir), "%s/bus/pci/devices/%s", sysfs, text) >=
		(int)sizeof(r.dir))
		return err_sys(e, -ENAMETOOLONG, "%s", sysfs);
	if (access(r.dir, F_OK))
		return err_set(e, -ENODEV, "there is no PCI device %s", text);
	out->class = number_read(&r, "class");
	out->vendor = (uint16_t)number_read(&r, "vendor");
	out->device = (uint16_t)number_read(&r, "device");
	link_name_read(&r, "driver", out->driver, sizeof(out->driver));
	link_name_read(&r, "iommu_group", group, sizeof(group));
	out->iommu_group = isdigit((unsigned char)group[0]) ? atoi(group) : -1;
	link_name_read(&r, "physfn", group, sizeof(group));
	out->virtual_function = group[0];
	reset_read(&r, out->reset);
	config_space_read(&r, &out->config);
	parent_read(&r, out);
	return 0;
}

/* --- interfaces --- */

/* The device that an interface sits on: the last one in the path of its directory
 * (".../0000:00:03.0/virtio2/net/eth0"). */
static bool net_device(const char *sysfs, const char *net, struct pci_bdf *out)
{
	char path[PATH_MAX], *real = NULL, *rest, *word;
	bool found = false;

	if (snprintf(path, sizeof(path), "%s/class/net/%s", sysfs, net) < (int)sizeof(path))
		real = realpath(path, NULL);
	for (word = real ? strtok_r(real, "/", &rest) : NULL; word;
		word = strtok_r(NULL, "/", &rest))
		if (strlen(word) == PCI_BDF_TEXT_MAX - 1 && pci_bdf_parse(word, out) == 0)
			found = true;
	free(real);
	return found;
}

static void net_add(const char *sysfs, const char *name, struct pci_device *d)
{
	struct pci_net *net = &d->nets[d->net_count];
	char path[PATH_MAX], *text = NULL;

	if (d->net_count == PCI_NETS_MAX || strlen(name) >= sizeof(net->name))
		return;
	strcpy(net->name, name);
	if (snprintf(path, sizeof(path), "%s/class/net/%s/address", sysfs, name) <
			(int)sizeof(path) &&
		file_read(path, 128, &text, NULL, NULL) == 0) {
		text[strcspn(text, "\n")] = '\0';
		if (mac_parse(text, &net->mac))
			memset(&net->mac, 0, sizeof(net->mac));
	}
	free(text);
	d->net_count++;
}

static int name_cmp(const void *a, const void *b)
{
	return strcmp(((const struct pci_net *)a)->name, ((const struct pci_net *)b)->name);
}

static struct pci_device *device_find(
	struct pci_device *device, size_t count, const struct pci_bdf *bdf)
{
	for (size_t i = 0; i < count; i++)
		if (pci_bdf_cmp(&device[i].bdf, bdf) == 0)
			return &device[i];
	return NULL;
}

/* Gives each interface of the system to its device, if that is among these. */
static void nets_read(const char *sysfs, struct pci_device *device, size_t count)
{
	char path[PATH_MAX];
	struct dirent *entry;
	DIR *dir = NULL;

	if (snprintf(path, sizeof(path), "%s/class/net", sysfs) < (int)sizeof(path))
		dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		struct pci_device *d;
		struct pci_bdf bdf;

		if (entry->d_name[0] == '.' || !net_device(sysfs, entry->d_name, &bdf))
			continue;
		d = device_find(device, count, &bdf);
		if (d)
			net_add(sysfs, entry->d_name, d);
	}
	if (dir)
		closedir(dir);
	for (size_t i = 0; i < count; i++)
		qsort(device[i].nets, device[i].net_count, sizeof(device[i].nets[0]), name_cmp);
}

int pci_device_read(
	const char *sysfs, const struct pci_bdf *bdf, struct pci_device *out, struct err *e)
{
	int ret = device_read(sysfs, bdf, out, e);

	if (!ret)
		nets_read(sysfs, out, 1);
	return ret;
}

bool pci_driver_exists(const char *sysfs, const char *driver)
{
	char path[PATH_MAX];

	return *driver && !strchr(driver, '/') &&
	       snprintf(path, sizeof(path), "%s/bus/pci/drivers/%s", sysfs, driver) <
		       (int)sizeof(path) &&
	       access(path, F_OK) == 0;
}

/* `from` stacked: its "upper_NAME" links name what is on it. */
static int stack_grow(const char *sysfs, size_t from, struct pci_stack *s, struct err *e)
{
	char path[PATH_MAX];
	struct dirent *entry;
	DIR *dir = NULL;
	int ret = 0;

	if (snprintf(path, sizeof(path), "%s/class/net/%s", sysfs, s->name[from]) <
		(int)sizeof(path))
		dir = opendir(path);
	while (dir && !ret && (entry = readdir(dir))) {
		const char *upper = entry->d_name + strlen("upper_");
		size_t i = 0;

		if (strncmp(entry->d_name, "upper_", strlen("upper_")) != 0 ||
			strlen(upper) >= LINK_NAME_MAX)
			continue;
		while (i < s->count && strcmp(s->name[i], upper) != 0)
			i++;
		if (i < s->count)
			continue;
		if (s->count == PCI_STACK_MAX)
			ret = err_set(
				e, -E2BIG, "too many interfaces are stacked on %s", s->name[0]);
		else
			strcpy(s->name[s->count++], upper);
	}
	if (dir)
		closedir(dir);
	return ret;
}

int pci_stack_read(const char *sysfs, const char *net, struct pci_stack *out, struct err *e)
{
	char path[PATH_MAX];
	int ret = 0;

	out->count = 0;
	if (strlen(net) >= LINK_NAME_MAX ||
		snprintf(path, sizeof(path), "%s/class/net/%s", sysfs, net) >= (int)sizeof(path) ||
		access(path, F_OK))
		return 0;
	strcpy(out->name[out->count++], net);
	for (size_t i = 0; i < out->count && !ret; i++)
		ret = stack_grow(sysfs, i, out, e);
	return ret;
}

/* --- all devices --- */

static int device_cmp(const void *a, const void *b)
{
	return pci_bdf_cmp(
		&((const struct pci_device *)a)->bdf, &((const struct pci_device *)b)->bdf);
}

static bool directory_has_entries(const char *sysfs, const char *name)
{
	char path[PATH_MAX];
	struct dirent *entry;
	DIR *dir = NULL;
	bool found = false;

	if (snprintf(path, sizeof(path), "%s/%s", sysfs, name) < (int)sizeof(path))
		dir = opendir(path);
	while (dir && !found && (entry = readdir(dir)))
		found = entry->d_name[0] != '.';
	if (dir)
		closedir(dir);
	return found;
}

static int device_add(const char *sysfs, const char *name, struct pci_tree *t, struct err *e)
{
	struct pci_bdf bdf;
	struct pci_device *more;
	int ret;

	if (pci_bdf_parse(name, &bdf))
		return 0;
	more = reallocarray(t->device, t->count + 1, sizeof(*more));
	if (!more)
		return err_sys(e, -ENOMEM, "%s", name);
	t->device = more;
	ret = device_read(sysfs, &bdf, &more[t->count], e);
	if (!ret)
		t->count++;
	return ret == -ENODEV ? 0 : ret;
}

int pci_tree_read(const char *sysfs, struct pci_tree *out, struct err *e)
{
	char path[PATH_MAX];
	struct dirent *entry;
	DIR *dir = NULL;
	int ret = 0;

	memset(out, 0, sizeof(*out));
	if (snprintf(path, sizeof(path), "%s/bus/pci/devices", sysfs) < (int)sizeof(path))
		dir = opendir(path);
	if (!dir && !directory_has_entries(sysfs, "bus"))
		return err_set(e, -ENOENT, "%s is no sysfs (is it mounted?)", sysfs);
	while (dir && !ret && (entry = readdir(dir)))
		ret = device_add(sysfs, entry->d_name, out, e);
	if (dir)
		closedir(dir);
	if (ret) {
		pci_tree_free(out);
		return ret;
	}
	if (out->count)
		qsort(out->device, out->count, sizeof(*out->device), device_cmp);
	nets_read(sysfs, out->device, out->count);
	out->linux_iommu = directory_has_entries(sysfs, "class/iommu");
	return 0;
}

void pci_tree_free(struct pci_tree *t)
{
	free(t->device);
	memset(t, 0, sizeof(*t));
}

const struct pci_device *pci_tree_find(const struct pci_tree *t, const struct pci_bdf *bdf)
{
	return device_find(t->device, t->count, bdf);
}
