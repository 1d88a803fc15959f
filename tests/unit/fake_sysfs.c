#include "tests/unit/unit.h"
#include "tests/unit/fake_sysfs.h"

#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/file.h"

#define BELOW_MAX 512 /* a path below the root */

static void directory_make(struct fake_sysfs *f, const char *path)
{
	char full[PATH_MAX];

	snprintf(full, sizeof(full), "%s/%s", f->root, path);
	assert_int_equal(dir_create(full, 0755, NULL), 0);
}

static void link_make(struct fake_sysfs *f, const char *target, const char *path)
{
	char full[PATH_MAX], to[PATH_MAX];

	snprintf(full, sizeof(full), "%s/%s", f->root, path);
	snprintf(to, sizeof(to), "%s/%s", f->root, target);
	assert_int_equal(symlink(to, full), 0);
}

void fake_file(struct fake_sysfs *f, const char *path, const void *data, size_t len)
{
	char full[PATH_MAX];
	FILE *file;

	snprintf(full, sizeof(full), "%s/%s", f->root, path);
	file = fopen(full, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

static void attribute(struct fake_sysfs *f, const char *device, const char *name, const char *text)
{
	char path[BELOW_MAX];

	snprintf(path, sizeof(path), "devices/%s/%s", device, name);
	fake_file(f, path, text, strlen(text));
}

void fake_sysfs_make(struct fake_sysfs *f)
{
	strcpy(f->root, "/tmp/netvm-sysfs-test.XXXXXX");
	assert_non_null(mkdtemp(f->root));
	directory_make(f, "bus/pci/devices");
	directory_make(f, "bus/pci/drivers");
	directory_make(f, "class/net");
	directory_make(f, "class/iommu");
}

static int entry_remove(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)st;
	(void)kind;
	(void)where;
	return remove(path);
}

void fake_sysfs_remove(struct fake_sysfs *f)
{
	nftw(f->root, entry_remove, 16, FTW_DEPTH | FTW_PHYS);
}

void fake_config_make(const struct fake_config *config, unsigned char data[4096])
{
	memset(data, 0, 4096);
	data[0x0e] = (unsigned char)((config->bridge ? 1 : 0) | (config->multifunction ? 0x80 : 0));
	data[0x06] = 0x10;
	data[0x34] = 0x40;
	data[0x40] = 0x01; /* power management, then PCI Express */
	data[0x41] = config->port >= 0 ? 0x60 : 0;
	if (config->port >= 0) {
		data[0x60] = 0x10;
		data[0x62] = (unsigned char)(config->port << 4 | 2);
	}
	data[0x100] = 0x01; /* error reporting, then ACS */
	data[0x102] = 0x01;
	if (config->has_acs) {
		data[0x103] = 0x14; /* next: 0x140 */
		data[0x140] = 0x0d;
		data[0x142] = 0x01;
		data[0x144] = (unsigned char)config->acs_able;
		data[0x146] = (unsigned char)config->acs_on;
	}
}

void fake_device(struct fake_sysfs *f, const char *path, unsigned int class, const char *driver,
	const struct fake_config *config)
{
	const char *bdf = strrchr(path, '/') + 1;
	unsigned char data[4096];
	char text[BELOW_MAX], link[BELOW_MAX];

	snprintf(text, sizeof(text), "devices/%s", path);
	directory_make(f, text);
	snprintf(link, sizeof(link), "bus/pci/devices/%s", bdf);
	link_make(f, text, link);
	snprintf(text, sizeof(text), "0x%06x\n", class);
	attribute(f, path, "class", text);
	attribute(f, path, "vendor", "0x8086\n");
	attribute(f, path, "device", "0x10d3\n");
	fake_config_make(config, data);
	snprintf(text, sizeof(text), "devices/%s/config", path);
	fake_file(f, text, data, sizeof(data));
	if (!driver)
		return;
	snprintf(text, sizeof(text), "bus/pci/drivers/%s", driver);
	directory_make(f, text);
	snprintf(link, sizeof(link), "devices/%s/driver", path);
	link_make(f, text, link);
}

void fake_net(struct fake_sysfs *f, const char *device, const char *name, const char *mac)
{
	char dir[BELOW_MAX], path[BELOW_MAX];

	snprintf(dir, sizeof(dir), "devices/%s/net/%s", device, name);
	directory_make(f, dir);
	snprintf(path, sizeof(path), "class/net/%s", name);
	link_make(f, dir, path);
	snprintf(path, sizeof(path), "devices/%s/net/%s/address", device, name);
	snprintf(dir, sizeof(dir), "%s\n", mac);
	fake_file(f, path, dir, strlen(dir));
}

void fake_upper(struct fake_sysfs *f, const char *lower, const char *upper)
{
	char full[PATH_MAX], dir[BELOW_MAX], path[BELOW_MAX];

	snprintf(dir, sizeof(dir), "devices/virtual/net/%s", upper);
	directory_make(f, dir);
	snprintf(full, sizeof(full), "%s/class/net/%s", f->root, upper);
	if (access(full, F_OK)) {
		snprintf(path, sizeof(path), "class/net/%s", upper);
		link_make(f, dir, path);
	}
	snprintf(path, sizeof(path), "class/net/%s/upper_%s", lower, upper);
	link_make(f, dir, path);
}

void fake_group(struct fake_sysfs *f, const char *path, int group)
{
	char target[64], link[BELOW_MAX];

	snprintf(target, sizeof(target), "kernel/iommu_groups/%d", group);
	directory_make(f, target);
	snprintf(link, sizeof(link), "devices/%s/iommu_group", path);
	link_make(f, target, link);
}
