/*
 * A device of sysfs whose attributes, links and configuration space hold any bytes: it is read
 * within its bounds, keeps its place, and finds its group.
 *
 * sources: toolstack/pci.c toolstack/pci_config.c toolstack/pci_group.c common/file.c common/text.c
 * sources: common/addr.c common/err.c common/clock.c
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"
#include "toolstack/pci_group.h"

#define DEVICE "devices/pci0000:00/0000:00:1c.0/0000:01:00.0"

static int root = -1;
static char root_path[] = "/tmp/netvm-fuzz-sysfs.XXXXXX";

/* --- the tree: a bridge and a device below it, with an interface --- */

static void tree_remove(void)
{
	static const char *const files[] = { "class", "vendor", "device", "config", "driver",
		"iommu_group", "net/eth0/address" };
	static const char *const dirs[] = { DEVICE "/net/eth0", DEVICE "/net", DEVICE,
		"devices/pci0000:00/0000:00:1c.0", "devices/pci0000:00", "devices",
		"bus/pci/devices", "bus/pci", "bus", "class/net", "class" };
	char path[128];

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), DEVICE "/%s", files[i]);
		unlinkat(root, path, 0);
	}
	unlinkat(root, "bus/pci/devices/0000:00:1c.0", 0);
	unlinkat(root, "bus/pci/devices/0000:01:00.0", 0);
	unlinkat(root, "class/net/eth0", 0);
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		unlinkat(root, dirs[i], AT_REMOVEDIR);
	rmdir(root_path);
}

static void tree_make(void)
{
	static const char *const dirs[] = { "bus", "bus/pci", "bus/pci/devices", "class",
		"class/net", "devices", "devices/pci0000:00", "devices/pci0000:00/0000:00:1c.0",
		DEVICE, DEVICE "/net", DEVICE "/net/eth0" };

	HOLDS(mkdtemp(root_path));
	root = open(root_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	HOLDS(root >= 0);
	atexit(tree_remove);
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		HOLDS(mkdirat(root, dirs[i], 0700) == 0);
	HOLDS(symlinkat("../../../devices/pci0000:00/0000:00:1c.0", root,
		      "bus/pci/devices/0000:00:1c.0") == 0);
	HOLDS(symlinkat("../../../" DEVICE, root, "bus/pci/devices/0000:01:00.0") == 0);
	HOLDS(symlinkat("../../" DEVICE "/net/eth0", root, "class/net/eth0") == 0);
}

static void file_set(const char *path, const void *data, size_t size)
{
	int fd = openat(root, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	HOLDS(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	close(fd);
}

static void link_set(const char *path, const void *data, size_t size)
{
	char target[256];

	unlinkat(root, path, 0);
	if (size >= sizeof(target))
		size = sizeof(target) - 1;
	memcpy(target, data, size);
	target[size] = '\0';
	if (*target)
		HOLDS(symlinkat(target, root, path) == 0);
}

/* --- what must be true --- */

static void tree_check(void)
{
	struct pci_tree tree;
	struct err e = ERR_NONE;

	HOLDS(pci_tree_read(root_path, &tree, &e) == 0 && tree.count == 2);
	for (size_t i = 0; i < tree.count; i++) {
		const struct pci_device *d = &tree.device[i];
		struct pci_group group;

		HOLDS(d->class <= 0xffffff && d->net_count <= PCI_NETS_MAX);
		HOLDS(memchr(d->driver, '\0', sizeof(d->driver)));
		HOLDS(d->iommu_group >= -1);
		pci_group_find(&tree, d, &group);
	}
	HOLDS(tree.device[1].has_parent && tree.device[1].net_count == 1);
	HOLDS(pci_bdf_cmp(&tree.device[1].parent, &tree.device[0].bdf) == 0);
	pci_tree_free(&tree);
}

static void place_check(const uint8_t *data, size_t size)
{
	char text[32], printed[PCI_BDF_TEXT_MAX];
	struct pci_bdf once, again;

	if (size >= sizeof(text))
		size = sizeof(text) - 1;
	memcpy(text, data, size);
	text[size] = '\0';
	if (pci_bdf_parse(text, &once) != 0)
		return;
	HOLDS(pci_bdf_parse(pci_bdf_print(&once, printed), &again) == 0);
	HOLDS(pci_bdf_cmp(&once, &again) == 0);
}

/* Pieces, a byte of 0xff behind each but the last: see below. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct {
		const char *path;
		void (*set)(const char *path, const void *data, size_t size);
	} pieces[] = {
		{ DEVICE "/class", file_set },
		{ DEVICE "/vendor", file_set },
		{ DEVICE "/driver", link_set },
		{ DEVICE "/iommu_group", link_set },
		{ DEVICE "/net/eth0/address", file_set },
		{ DEVICE "/config", file_set },
	};
	const size_t count = sizeof(pieces) / sizeof(pieces[0]);

	if (root < 0)
		tree_make();
	place_check(data, size);
	for (size_t i = 0; i < count; i++) {
		const uint8_t *end = size && i + 1 < count ? memchr(data, 0xff, size) : NULL;
		const size_t len = end ? (size_t)(end - data) : size;

		pieces[i].set(pieces[i].path, data, len);
		data += len + (end ? 1 : 0);
		size -= len + (end ? 1 : 0);
	}
	tree_check();
	return 0;
}
