/* PCI devices are read from sysfs as they are, and grouped as an IOMMU can tell them apart. */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "tests/unit/fake_sysfs.h"
#include "toolstack/pci.h"
#include "toolstack/pci_group.h"

#define NIC	0x020000
#define WIFI	0x028000
#define BRIDGE	0x060400
#define ISA	0x060100
#define AUDIO	0x040300
#define ACS_ALL 0x1d

static const struct fake_config endpoint = { .port = 0 };
static const struct fake_config function = { .port = 0, .multifunction = true };
static const struct fake_config conventional = { .port = -1 };
static const struct fake_config open_port = { .port = 4, .bridge = true };
static const struct fake_config acs_port = {
	.port = 4, .bridge = true, .has_acs = true, .acs_able = ACS_ALL, .acs_on = ACS_ALL
};
static const struct fake_config to_pci = { .port = 7, .bridge = true };

static struct fake_sysfs sysfs;
static struct pci_tree tree;
static struct err e;

static int setup(void **state)
{
	(void)state;
	fake_sysfs_make(&sysfs);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	pci_tree_free(&tree);
	fake_sysfs_remove(&sysfs);
	return 0;
}

static const struct pci_device *device(const char *bdf)
{
	struct pci_bdf b;

	assert_int_equal(pci_bdf_parse(bdf, &b), 0);
	if (!tree.device)
		assert_int_equal(pci_tree_read(sysfs.root, &tree, &e), 0);
	return pci_tree_find(&tree, &b);
}

/* The members of a device's group, in words. */
static const char *group_of(const char *bdf)
{
	static char text[512];
	struct pci_group g;
	size_t used = 0;

	pci_group_find(&tree, device(bdf), &g);
	for (size_t i = 0; i < g.count; i++) {
		char one[PCI_BDF_TEXT_MAX];

		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", i ? " " : "",
			pci_bdf_print(&g.member[i]->bdf, one) + 5);
	}
	return text;
}

static void an_address_is_taken_whole_with_or_without_its_segment(void **state)
{
	static const char *const bad[] = { "", "0000:00:03", "00:03.8", "00:20.0", "00:3.0",
		"0000:00:03.0 ", " 00:03.0", "0000:00:03.00", "0x00:03.0", "000:00:03.0",
		"00000:00:03.0", "00:03.0,seize=1", "../00:03.0", "0000-00:03.0" };
	struct pci_bdf b;
	char text[PCI_BDF_TEXT_MAX];

	(void)state;
	assert_int_equal(pci_bdf_parse("00:1F.6", &b), 0);
	assert_string_equal(pci_bdf_print(&b, text), "0000:00:1f.6");
	assert_int_equal(pci_bdf_parse("0001:0a:03.7", &b), 0);
	assert_string_equal(pci_bdf_print(&b, text), "0001:0a:03.7");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(pci_bdf_parse(bad[i], &b), -EINVAL);
}

static void a_device_shows_how_it_can_be_reset(void **state)
{
	static const struct {
		const char *file, *text, *reset;
	} cases[] = {
		{ "reset_method", "flr bus\n", "flr bus" },
		{ "reset_method", "device_specific", "device_specific" },
		{ "reset_method", "\n", "" },
		{ "reset_method", "FLR\x1b[31m\n", "" },
		{ "reset", "", "some way" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char path[64], bdf[16];

		snprintf(bdf, sizeof(bdf), "0000:00:%02zx.0", i + 3);
		snprintf(path, sizeof(path), "pci0000:00/%s", bdf);
		fake_device(&sysfs, path, NIC, "e1000e", &endpoint);
		snprintf(path, sizeof(path), "devices/pci0000:00/%s/%s", bdf, cases[i].file);
		fake_file(&sysfs, path, cases[i].text, strlen(cases[i].text));
	}
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char bdf[16];

		snprintf(bdf, sizeof(bdf), "0000:00:%02zx.0", i + 3);
		assert_string_equal(device(bdf)->reset, cases[i].reset);
	}
}

static void a_device_shows_its_class_driver_interfaces_and_bridge(void **state)
{
	const struct pci_device *d;
	char mac[MAC_TEXT_MAX];

	(void)state;
	fake_device(&sysfs, "pci0000:00/0000:00:1c.0", BRIDGE, "pcieport", &acs_port);
	fake_device(&sysfs, "pci0000:00/0000:00:1c.0/0000:01:00.0", NIC, "e1000e", &endpoint);
	fake_net(&sysfs, "pci0000:00/0000:00:1c.0/0000:01:00.0", "eth1", "00:16:3e:00:00:02");
	fake_net(&sysfs, "pci0000:00/0000:00:1c.0/0000:01:00.0/virtio1", "eth0",
		"00:16:3e:00:00:01");
	d = device("01:00.0");
	assert_non_null(d);
	assert_int_equal(d->class, NIC);
	assert_true(pci_is_network(d));
	assert_int_equal(d->vendor, 0x8086);
	assert_int_equal(d->device, 0x10d3);
	assert_string_equal(d->driver, "e1000e");
	assert_string_equal(d->reset, "");
	assert_int_equal(d->iommu_group, -1);
	assert_true(d->has_parent);
	assert_int_equal(d->parent.slot, 0x1c);
	assert_int_equal(d->net_count, 2);
	assert_string_equal(d->nets[0].name, "eth0");
	assert_string_equal(mac_print(&d->nets[1].mac, mac), "00:16:3e:00:00:02");
	assert_string_equal(device("00:1c.0")->driver, "pcieport");
	assert_int_equal(device("00:1c.0")->net_count, 0);
	assert_false(device("00:1c.0")->has_parent);
	assert_null(device("00:1c.1"));
	assert_true(pci_driver_exists(sysfs.root, "e1000e"));
	assert_false(pci_driver_exists(sysfs.root, "pciback"));
	assert_false(pci_driver_exists(sysfs.root, "../drivers"));
}

static void a_device_without_driver_or_with_strange_contents_is_still_read(void **state)
{
	const struct pci_device *d;

	(void)state;
	fake_device(&sysfs, "pci0000:00/0000:00:03.0", NIC, NULL, &endpoint);
	fake_file(&sysfs, "devices/pci0000:00/0000:00:03.0/class", "rubbish\n", 8);
	fake_file(&sysfs, "devices/pci0000:00/0000:00:03.0/vendor", "", 0);
	fake_file(&sysfs, "devices/pci0000:00/0000:00:03.0/config", "\xff\xff", 2);
	fake_net(&sysfs, "pci0000:00/0000:00:03.0", "eth0", "rubbish");
	d = device("00:03.0");
	assert_string_equal(d->driver, "");
	assert_int_equal(d->class, 0);
	assert_int_equal(d->config.port, PCI_PORT_CONVENTIONAL);
	assert_false(mac_is_set(&d->nets[0].mac));
}

static void a_host_without_sysfs_is_told_from_one_without_devices(void **state)
{
	(void)state;
	assert_int_equal(pci_tree_read(sysfs.root, &tree, &e), 0);
	assert_int_equal(tree.count, 0);
	assert_int_equal(pci_tree_read("/nonexistent", &tree, &e), -ENOENT);
	assert_non_null(strstr(e.text, "/nonexistent"));
}

static void what_is_stacked_on_an_interface_is_found_over_every_step(void **state)
{
	struct pci_stack s;

	(void)state;
	fake_device(&sysfs, "pci0000:00/0000:00:03.0", NIC, "e1000e", &endpoint);
	fake_net(&sysfs, "pci0000:00/0000:00:03.0", "eth0", "00:16:3e:00:00:01");
	fake_upper(&sysfs, "eth0", "bond0");
	fake_upper(&sysfs, "bond0", "xenbr0");
	fake_upper(&sysfs, "xenbr0", "xenbr0.7");
	fake_upper(&sysfs, "xenbr0.7", "eth0"); /* a loop must end */
	assert_int_equal(pci_stack_read(sysfs.root, "eth0", &s, &e), 0);
	assert_int_equal(s.count, 4);
	assert_string_equal(s.name[3], "xenbr0.7");
	assert_int_equal(pci_stack_read(sysfs.root, "eth9", &s, &e), 0);
	assert_int_equal(s.count, 0);
	for (int i = 0; i < PCI_STACK_MAX; i++) {
		char name[16];

		snprintf(name, sizeof(name), "vlan%d", i);
		fake_upper(&sysfs, "eth0", name);
	}
	assert_int_equal(pci_stack_read(sysfs.root, "eth0", &s, &e), -E2BIG);
}

static void the_group_that_linux_names_is_taken(void **state)
{
	struct pci_group g;

	(void)state;
	fake_device(&sysfs, "pci0000:00/0000:00:03.0", NIC, "e1000e", &endpoint);
	fake_device(&sysfs, "pci0000:00/0000:00:04.0", NIC, "e1000e", &endpoint);
	fake_device(&sysfs, "pci0000:00/0000:00:05.0", NIC, "e1000e", &endpoint);
	fake_group(&sysfs, "pci0000:00/0000:00:03.0", 7);
	fake_group(&sysfs, "pci0000:00/0000:00:05.0", 7);
	assert_string_equal(group_of("00:03.0"), "00:03.0 00:05.0");
	pci_group_find(&tree, device("00:03.0"), &g);
	assert_int_equal(g.source, PCI_GROUP_LINUX);
	assert_string_equal(g.name, "7");
	pci_group_find(&tree, device("00:04.0"), &g);
	assert_int_equal(g.source, PCI_GROUP_TOPOLOGY);
}

static void a_device_in_a_slot_of_its_own_on_the_root_bus_is_alone(void **state)
{
	(void)state;
	fake_device(&sysfs, "pci0000:00/0000:00:00.0", 0x060000, NULL, &conventional);
	fake_device(&sysfs, "pci0000:00/0000:00:03.0", NIC, "e1000e", &endpoint);
	fake_device(&sysfs, "pci0000:00/0000:00:04.0", NIC, "e1000", &conventional);
	assert_string_equal(group_of("00:03.0"), "00:03.0");
	assert_string_equal(group_of("00:04.0"), "00:04.0");
}

static void functions_of_a_slot_without_isolation_stand_together(void **state)
{
	struct pci_group g;

	(void)state;
	fake_device(&sysfs, "pci0000:00/0000:00:1f.0", ISA, NULL, &conventional);
	fake_device(&sysfs, "pci0000:00/0000:00:1f.3", AUDIO, "snd_hda_intel", &function);
	fake_device(&sysfs, "pci0000:00/0000:00:1f.6", NIC, "e1000e", &endpoint);
	assert_string_equal(group_of("00:1f.6"), "00:1f.0 00:1f.3 00:1f.6");
	pci_group_find(&tree, device("00:1f.6"), &g);
	assert_string_equal(g.name, "0000:00:1f.*");
}

static void functions_that_are_kept_apart_by_acs_are_alone(void **state)
{
	static const struct fake_config isolated = {
		.port = 0, .multifunction = true, .has_acs = true, .acs_able = 0x0c, .acs_on = 0x0c
	};
	static const struct fake_config switched_off = {
		.port = 0, .multifunction = true, .has_acs = true, .acs_able = 0x0c, .acs_on = 0x04
	};

	(void)state;
	fake_device(&sysfs, "pci0000:00/0000:00:05.0", NIC, "e1000e", &isolated);
	fake_device(&sysfs, "pci0000:00/0000:00:05.1", NIC, "e1000e", &isolated);
	fake_device(&sysfs, "pci0000:00/0000:00:06.0", NIC, "e1000e", &switched_off);
	fake_device(&sysfs, "pci0000:00/0000:00:06.1", NIC, "e1000e", &switched_off);
	assert_string_equal(group_of("00:05.1"), "00:05.1");
	assert_string_equal(group_of("00:06.1"), "00:06.0 00:06.1");
}

static void a_port_with_acs_separates_and_one_without_does_not(void **state)
{
	(void)state;
	fake_device(&sysfs, "pci0000:00/0000:00:1c.0", BRIDGE, "pcieport", &acs_port);
	fake_device(&sysfs, "pci0000:00/0000:00:1c.0/0000:01:00.0", NIC, "e1000e", &endpoint);
	fake_device(&sysfs, "pci0000:00/0000:00:1d.0", BRIDGE, "pcieport", &open_port);
	fake_device(&sysfs, "pci0000:00/0000:00:1d.0/0000:02:00.0", WIFI, "iwlwifi", &endpoint);
	fake_device(&sysfs, "pci0000:00/0000:00:1d.1", BRIDGE, "pcieport", &open_port);
	fake_device(&sysfs, "pci0000:00/0000:00:1d.1/0000:03:00.0", NIC, "e1000e", &endpoint);
	assert_string_equal(group_of("01:00.0"), "01:00.0");
	assert_string_equal(group_of("00:1c.0"), "00:1c.0");
	assert_string_equal(group_of("02:00.0"), "00:1d.0 00:1d.1 02:00.0 03:00.0");
}

static void a_switch_is_as_tight_as_its_loosest_port(void **state)
{
	static const struct fake_config up = { .port = 5, .bridge = true };
	static const struct fake_config down = {
		.port = 6, .bridge = true, .has_acs = true, .acs_able = ACS_ALL, .acs_on = ACS_ALL
	};
	const char *root = "pci0000:00/0000:00:1c.0/0000:01:00.0";
	char path[128];

	(void)state;
	fake_device(&sysfs, "pci0000:00/0000:00:1c.0", BRIDGE, "pcieport", &acs_port);
	fake_device(&sysfs, root, BRIDGE, "pcieport", &up);
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/0000:02:0%d.0", root, i);
		fake_device(&sysfs, path, BRIDGE, "pcieport",
			i ? &down : &(struct fake_config){ .port = 6, .bridge = true });
		snprintf(path, sizeof(path), "%s/0000:02:0%d.0/0000:0%d:00.0", root, i, 3 + i);
		fake_device(&sysfs, path, NIC, "e1000e", &endpoint);
	}
	assert_string_equal(group_of("03:00.0"), "02:00.0 03:00.0");
	assert_string_equal(group_of("04:00.0"), "04:00.0");
}

static void everything_behind_a_bridge_to_conventional_pci_stands_together(void **state)
{
	(void)state;
	fake_device(&sysfs, "pci0000:00/0000:00:1c.0", BRIDGE, "pcieport", &acs_port);
	fake_device(&sysfs, "pci0000:00/0000:00:1c.0/0000:01:00.0", BRIDGE, NULL, &to_pci);
	fake_device(&sysfs, "pci0000:00/0000:00:1c.0/0000:01:00.0/0000:02:01.0", NIC, "e1000",
		&conventional);
	fake_device(&sysfs, "pci0000:00/0000:00:1c.0/0000:01:00.0/0000:02:02.0", AUDIO, NULL,
		&conventional);
	assert_string_equal(group_of("02:01.0"), "01:00.0 02:01.0 02:02.0");
}

static void a_configuration_space_with_loops_or_cut_short_ends_in_less_trust(void **state)
{
	unsigned char data[4096];
	struct pci_config c;

	(void)state;
	fake_config_make(&acs_port, data);
	pci_config_parse(data, sizeof(data), &c);
	assert_true(c.acs);
	assert_true(c.bridge);
	assert_int_equal(c.port, PCI_PORT_ROOT);
	pci_config_parse(data, 256, &c); /* what an unprivileged or old reader sees */
	assert_int_equal(c.port, PCI_PORT_ROOT);
	assert_false(c.acs);
	pci_config_parse(data, 64, &c);
	assert_int_equal(c.port, PCI_PORT_CONVENTIONAL);
	pci_config_parse(data, 0, &c);
	assert_int_equal(c.port, PCI_PORT_CONVENTIONAL);
	data[0x41] = 0x40; /* a capability that leads to itself */
	pci_config_parse(data, sizeof(data), &c);
	assert_int_equal(c.port, PCI_PORT_CONVENTIONAL);
	data[0x41] = 0x60;
	data[0x103] = 0x10; /* the same in the second chain */
	pci_config_parse(data, sizeof(data), &c);
	assert_false(c.acs);
	memset(data, 0xff, sizeof(data)); /* a device that fell off its bus */
	pci_config_parse(data, sizeof(data), &c);
	assert_int_equal(c.port, PCI_PORT_CONVENTIONAL);
	assert_false(c.acs);
}

static void a_tree_of_devices_that_are_their_own_parents_ends(void **state)
{
	struct pci_device loop[2] = { { .class = BRIDGE, .has_parent = true, .iommu_group = -1 },
		{ .class = NIC, .has_parent = true, .iommu_group = -1 } };
	struct pci_tree t = { .device = loop, .count = 2 };
	struct pci_group g;

	(void)state;
	loop[1].bdf.slot = 1;
	loop[0].parent = loop[1].bdf;
	loop[1].parent = loop[0].bdf;
	pci_group_find(&t, &loop[1], &g);
	assert_true(g.count >= 1);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(an_address_is_taken_whole_with_or_without_its_segment),
		T(a_device_shows_how_it_can_be_reset),
		T(a_device_shows_its_class_driver_interfaces_and_bridge),
		T(a_device_without_driver_or_with_strange_contents_is_still_read),
		T(a_host_without_sysfs_is_told_from_one_without_devices),
		T(what_is_stacked_on_an_interface_is_found_over_every_step),
		T(the_group_that_linux_names_is_taken),
		T(a_device_in_a_slot_of_its_own_on_the_root_bus_is_alone),
		T(functions_of_a_slot_without_isolation_stand_together),
		T(functions_that_are_kept_apart_by_acs_are_alone),
		T(a_port_with_acs_separates_and_one_without_does_not),
		T(a_switch_is_as_tight_as_its_loosest_port),
		T(everything_behind_a_bridge_to_conventional_pci_stands_together),
		T(a_configuration_space_with_loops_or_cut_short_ends_in_less_trust),
		T(a_tree_of_devices_that_are_their_own_parents_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
