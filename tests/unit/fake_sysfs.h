/*
 * fake_sysfs: a tree of plain files in the shape of sysfs, for tests of what reads it.
 *
 * Devices are named by their path below SYSFS/devices ("pci0000:00/0000:00:1c.0/0000:01:00.0");
 * every call ends the test where it fails.
 */
#ifndef NETVM_TESTS_FAKE_SYSFS_H
#define NETVM_TESTS_FAKE_SYSFS_H

#include <stdbool.h>
#include <stddef.h>

struct fake_sysfs {
	char root[64];
};

void fake_sysfs_make(struct fake_sysfs *f);
void fake_sysfs_remove(struct fake_sysfs *f);

/* What stands in a device's configuration space. */
struct fake_config {
	int port; /* device/port type of its PCI Express capability; -1: conventional */
	bool bridge, multifunction;
	bool has_acs;
	unsigned int acs_able, acs_on;
};

void fake_device(struct fake_sysfs *f, const char *path, unsigned int class, const char *driver,
	const struct fake_config *config);
void fake_net(struct fake_sysfs *f, const char *device, const char *name, const char *mac);
/* `upper` is stacked on `lower`; it is made where it is not there. */
void fake_upper(struct fake_sysfs *f, const char *lower, const char *upper);
void fake_group(struct fake_sysfs *f, const char *path, int group);
void fake_file(struct fake_sysfs *f, const char *path, const void *data, size_t len);

/* Writes the 4,096 bytes that `config` stands for. */
void fake_config_make(const struct fake_config *config, unsigned char data[4096]);

#endif
