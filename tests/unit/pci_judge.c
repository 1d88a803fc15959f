/* A device is given away only where nothing speaks against it, or somebody says all the same. */
#include "tests/unit/unit.h"

#include <sys/socket.h>

#include "toolstack/dom0_use.h"
#include "toolstack/pci_judge.h"

/* A NIC alone in its group, on a host with an IOMMU, of no use to dom0. */
static struct pci_device nic, other;
static struct pci_group group;
static struct dom0_use use;
static struct pci_facts facts;
static struct pci_judgement j;
static struct err e;

static int setup(void **state)
{
	(void)state;
	memset(&nic, 0, sizeof(nic));
	memset(&other, 0, sizeof(other));
	memset(&group, 0, sizeof(group));
	memset(&use, 0, sizeof(use));
	memset(&e, 0, sizeof(e));
	nic.class = 0x020000;
	nic.bdf.slot = 3;
	other.class = 0x040300;
	other.bdf.slot = 3;
	other.bdf.function = 1;
	group.member[0] = &nic;
	group.count = 1;
	strcpy(group.name, "0000:00:03.*");
	facts = (struct pci_facts){ .device = &nic,
		.group = &group,
		.holder = { "", "" },
		.domain = "",
		.iommu = PCI_IOMMU_PRESENT,
		.iommu_source = "Xen",
		.use = &use };
	return 0;
}

static void refused_unless(enum pci_objection_kind kind, const char *option, const char *words)
{
	pci_judge(&facts, &j);
	assert_int_equal(j.count, 1);
	assert_int_equal(j.objection[0].kind, kind);
	assert_non_null(strstr(j.objection[0].why, words));
	assert_int_equal(pci_judgement_check(&j, &nic.bdf, 0, &e), -EPERM);
	assert_non_null(strstr(e.text, "0000:00:03.0"));
	assert_non_null(strstr(e.text, words));
	if (option) {
		assert_non_null(strstr(e.text, option));
		assert_int_equal(pci_judgement_check(&j, &nic.bdf, ~(1U << kind), &e), -EPERM);
		assert_int_equal(pci_judgement_check(&j, &nic.bdf, 1U << kind, &e), 0);
	} else {
		assert_int_equal(pci_judgement_check(&j, &nic.bdf, ~0U, &e), -EPERM);
	}
}

static void a_free_nic_on_a_host_with_an_iommu_is_safe(void **state)
{
	(void)state;
	pci_judge(&facts, &j);
	assert_int_equal(j.count, 0);
	assert_int_equal(pci_judgement_check(&j, &nic.bdf, 0, &e), 0);
}

static void what_is_no_network_device_is_never_given_away(void **state)
{
	(void)state;
	nic.class = 0x010601;
	refused_unless(PCI_OBJECTION_CLASS, NULL, "no network device (class 0x010601)");
}

static void a_usb_controller_is_given_away_for_a_network_interface_on_it_alone(void **state)
{
	(void)state;
	nic.class = 0x0c0330;
	nic.net_count = 1;
	pci_judge(&facts, &j);
	assert_int_equal(j.count, 0);
	nic.net_count = 0;
	refused_unless(PCI_OBJECTION_CLASS, NULL, "on which no network interface hangs");
}

static void what_another_domain_has_must_be_released_first(void **state)
{
	(void)state;
	facts.holder[0] = "net";
	facts.domain = "other";
	refused_unless(PCI_OBJECTION_HELD, NULL, "assigned to net");
	facts.domain = "net";
	pci_judge(&facts, &j);
	assert_int_equal(j.count, 0);
}

static void a_host_without_iommu_takes_no_iommu(void **state)
{
	(void)state;
	facts.iommu = PCI_IOMMU_ABSENT;
	refused_unless(PCI_OBJECTION_IOMMU, "--no-iommu", "no IOMMU in use (Xen)");
}

static void an_unknown_iommu_counts_as_none(void **state)
{
	(void)state;
	facts.iommu = PCI_IOMMU_UNKNOWN;
	refused_unless(PCI_OBJECTION_IOMMU, "--no-iommu", "not known");
}

static void each_use_that_dom0_makes_of_it_takes_cut_dom0(void **state)
{
	(void)state;
	strcpy(use.route, "10.0.0.0/8");
	strcpy(use.route_link, "eth0");
	refused_unless(PCI_OBJECTION_DOM0, "--cut-dom0", "10.0.0.0/8 goes out through it (eth0)");
	strcpy(use.address, "192.0.2.7/24");
	strcpy(use.address_link, "xenbr0");
	refused_unless(PCI_OBJECTION_DOM0, "--cut-dom0", "192.0.2.7/24 on it (xenbr0)");
	strcpy(use.root_fs, "eth0");
	refused_unless(PCI_OBJECTION_DOM0, "--cut-dom0", "root file system");
	strcpy(use.default_route, "eth0");
	refused_unless(
		PCI_OBJECTION_DOM0, "--cut-dom0", "default route goes out through it (eth0)");
}

static void a_neighbour_in_the_group_that_stays_behind_takes_shared_group(void **state)
{
	(void)state;
	group.member[1] = &other;
	group.count = 2;
	refused_unless(PCI_OBJECTION_GROUP, "--shared-group", "0000:00:03.1");
	facts.domain = "net";
	facts.holder[1] = "other";
	refused_unless(PCI_OBJECTION_GROUP, "--shared-group", "0000:00:03.1");
}

static void a_neighbour_that_goes_to_the_same_domain_or_is_a_bridge_is_none(void **state)
{
	(void)state;
	group.member[1] = &other;
	group.count = 2;
	facts.domain = facts.holder[1] = "net";
	pci_judge(&facts, &j);
	assert_int_equal(j.count, 0);
	facts.domain = facts.holder[1] = "";
	other.class = 0x060400;
	pci_judge(&facts, &j);
	assert_int_equal(j.count, 0);
}

static void a_group_too_large_to_look_at_is_refused(void **state)
{
	(void)state;
	group.more = true;
	refused_unless(PCI_OBJECTION_GROUP, "--shared-group", "IOMMU group");
}

static void all_objections_are_told_and_one_option_overrules_but_its_own(void **state)
{
	(void)state;
	facts.iommu = PCI_IOMMU_ABSENT;
	strcpy(use.default_route, "eth0");
	group.member[1] = &other;
	group.count = 2;
	pci_judge(&facts, &j);
	assert_int_equal(j.count, 3);
	assert_int_equal(pci_judgement_check(&j, &nic.bdf, 1U << PCI_OBJECTION_IOMMU, &e), -EPERM);
	assert_non_null(strstr(e.text, "--cut-dom0"));
	assert_int_equal(pci_judgement_check(&j, &nic.bdf,
				 1U << PCI_OBJECTION_IOMMU | 1U << PCI_OBJECTION_DOM0 |
					 1U << PCI_OBJECTION_GROUP,
				 &e),
		0);
}

/* --- what dom0 does through a device --- */

static struct link links[] = { { .ifindex = 2, .name = "eth0" }, { .ifindex = 3, .name = "xenbr0" },
	{ .ifindex = 4, .name = "eth1" } };
static const struct pci_stack stack = { .name = { "eth0", "xenbr0" }, .count = 2 };

static struct route route_to(const char *dst, int ifindex)
{
	struct route r = { .ifindex = ifindex };

	assert_int_equal(prefix_parse(dst, &r.dst), 0);
	return r;
}

static struct link_addr address_on(const char *text, uint8_t len, int ifindex)
{
	struct link_addr a = { .ifindex = ifindex, .prefix_len = len };

	assert_int_equal(addr_parse(text, &a.addr), 0);
	return a;
}

static void a_default_route_or_address_on_a_bridge_over_the_device_counts(void **state)
{
	struct route routes[] = { route_to("192.0.2.0/24", 3), route_to("0.0.0.0/0", 3) };
	struct link_addr addrs[] = { address_on("192.0.2.7", 24, 3) };
	struct dom0_net net = { .links = links,
		.link_count = 3,
		.routes = routes,
		.route_count = 2,
		.addrs = addrs,
		.addr_count = 1 };

	(void)state;
	dom0_use_find(&net, &stack, &use);
	assert_string_equal(use.default_route, "xenbr0");
	assert_string_equal(use.address, "192.0.2.7/24");
	assert_string_equal(use.address_link, "xenbr0");
	assert_string_equal(use.route, "192.0.2.0/24");
}

static void what_goes_out_elsewhere_or_comes_with_every_link_does_not_count(void **state)
{
	struct route routes[] = { route_to("::/0", 4), route_to("fe80::/64", 2),
		route_to("169.254.0.0/16", 2), route_to("ff00::/8", 2) };
	struct link_addr addrs[] = { address_on("fe80::1", 64, 2),
		address_on("198.51.100.1", 24, 4) };
	struct dom0_net net = { .links = links,
		.link_count = 3,
		.routes = routes,
		.route_count = 4,
		.addrs = addrs,
		.addr_count = 2,
		.root_ifindex = 4 };
	const struct dom0_use none = { .default_route = "" };

	(void)state;
	dom0_use_find(&net, &stack, &use);
	assert_memory_equal(&use, &none, sizeof(use));
}

static void the_way_to_the_root_file_system_counts(void **state)
{
	struct dom0_net net = { .links = links, .link_count = 3, .root_ifindex = 2 };

	(void)state;
	dom0_use_find(&net, &stack, &use);
	assert_string_equal(use.root_fs, "eth0");
}

static void the_server_of_the_root_file_system_stands_in_the_last_mount_on_it(void **state)
{
	static const struct {
		const char *text, *server;
	} cases[] = {
		{ "1 1 8:1 / / rw - ext4 /dev/sda1 rw\n", "none" },
		{ "1 1 0:1 / / rw shared:1 - nfs4 192.0.2.9:/root rw,addr=192.0.2.9,vers=4\n",
			"192.0.2.9" },
		{ "1 1 0:1 / / rw - nfs [2001:db8::9]:/r "
		  "rw,clientaddr=2001:db8::1,addr=2001:db8::9",
			"2001:db8::9" },
		{ "1 1 0:1 / / rw - nfs s:/ rw,addr=192.0.2.9\n2 1 8:1 / / rw - ext4 /dev/sda1 "
		  "rw\n",
			"none" },
		{ "1 1 8:1 / / rw - ext4 d rw\n2 1 0:1 / /home rw - nfs s:/ rw,addr=192.0.2.9\n",
			"none" },
		{ "1 1 0:1 / / rw - nfs s:/ rw,addr=rubbish\n", "none" },
		{ "1 1 0:1 / / rw - nfs\n", "none" },
		{ "1 1 0:1 / / rw\n", "none" },
		{ "", "none" },
		{ "\n \n-\n", "none" },
	};
	struct addr a;
	char text[ADDR_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		dom0_root_server(cases[i].text, &a);
		assert_string_equal(addr_print(&a, text), cases[i].server);
	}
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, setup)
	const struct CMUnitTest tests[] = {
		T(a_free_nic_on_a_host_with_an_iommu_is_safe),
		T(what_is_no_network_device_is_never_given_away),
		T(a_usb_controller_is_given_away_for_a_network_interface_on_it_alone),
		T(what_another_domain_has_must_be_released_first),
		T(a_host_without_iommu_takes_no_iommu),
		T(an_unknown_iommu_counts_as_none),
		T(each_use_that_dom0_makes_of_it_takes_cut_dom0),
		T(a_neighbour_in_the_group_that_stays_behind_takes_shared_group),
		T(a_neighbour_that_goes_to_the_same_domain_or_is_a_bridge_is_none),
		T(a_group_too_large_to_look_at_is_refused),
		T(all_objections_are_told_and_one_option_overrules_but_its_own),
		T(a_default_route_or_address_on_a_bridge_over_the_device_counts),
		T(what_goes_out_elsewhere_or_comes_with_every_link_does_not_count),
		T(the_way_to_the_root_file_system_counts),
		T(the_server_of_the_root_file_system_stands_in_the_last_mount_on_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
