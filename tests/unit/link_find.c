/* The interface of a vif is found by what the kernel says of it, else by its MAC; on a sysfs of
 * files. */
#include "tests/unit/unit.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"
#include "frontend-config/link_find.h"

static char sysfs[] = "/tmp/netvm-sysfs-test.XXXXXX";
static struct err e;
static const struct link *found;
static const struct mac mac = { { 0x00, 0x16, 0x3e, 0, 0, 5 } }, unset;

/* eth1 and xn0 are frontends, br0 sits on eth1 and so has its MAC. */
static const struct link links[] = {
	{ .ifindex = 1, .name = "lo", .loopback = true },
	{ .ifindex = 2, .name = "br0", .mac = { { 0x00, 0x16, 0x3e, 0, 0, 5 } } },
	{ .ifindex = 3, .name = "eth1", .mac = { { 0x00, 0x16, 0x3e, 0, 0, 5 } } },
	{ .ifindex = 4, .name = "xn0", .mac = { { 0x00, 0x16, 0x3e, 0, 0, 6 } } },
	{ .ifindex = 5, .name = "veth0", .mac = { { 0x00, 0x16, 0x3e, 0, 0, 7 } } },
};
#define COUNT (sizeof(links) / sizeof(*links))

static void frontend_make(const char *link, const char *nodename)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s/device", sysfs, link);
	assert_int_equal(dir_create(path, 0700, &e), 0);
	snprintf(path, sizeof(path), "%s/%s/device/nodename", sysfs, link);
	assert_int_equal(file_replace(path, nodename, strlen(nodename), 0600, &e), 0);
}

static void the_kernels_word_counts_and_not_the_mac(void **state)
{
	(void)state;
	assert_int_equal(link_find(sysfs, links, COUNT, 0, &mac, &found, &e), 0);
	assert_string_equal(found->name, "eth1");
	assert_int_equal(link_find(sysfs, links, COUNT, 1, &unset, &found, &e), 0);
	assert_string_equal(found->name, "xn0");
}

static void a_number_that_only_begins_alike_is_another_device(void **state)
{
	(void)state;
	assert_int_equal(link_find(sysfs, links, COUNT, 10, &unset, &found, &e), -ENODEV);
	assert_non_null(strstr(e.text, "device/vif/10"));
}

static void without_the_kernels_word_the_one_with_the_mac_is_it(void **state)
{
	const struct mac other = { { 0x00, 0x16, 0x3e, 0, 0, 7 } };

	(void)state;
	assert_int_equal(link_find(sysfs, links, COUNT, 4, &other, &found, &e), 0);
	assert_string_equal(found->name, "veth0");
}

static void a_frontend_of_another_device_is_not_taken_by_its_mac(void **state)
{
	const struct mac other = { { 0x00, 0x16, 0x3e, 0, 0, 6 } };

	(void)state;
	assert_int_equal(link_find(sysfs, links, COUNT, 4, &other, &found, &e), -ENODEV);
}

static void two_with_the_same_mac_are_an_error(void **state)
{
	(void)state;
	assert_int_equal(link_find("/nonexistent", links, COUNT, 0, &mac, &found, &e), -ENOTUNIQ);
	assert_non_null(strstr(e.text, "br0 and eth1"));
}

static void a_mac_that_no_link_has_is_named_in_the_error(void **state)
{
	const struct mac other = { { 0x00, 0x16, 0x3e, 9, 9, 9 } };

	(void)state;
	assert_int_equal(link_find(sysfs, links, COUNT, 4, &other, &found, &e), -ENODEV);
	assert_non_null(strstr(e.text, "00:16:3e:09:09:09"));
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_kernels_word_counts_and_not_the_mac),
		cmocka_unit_test(a_number_that_only_begins_alike_is_another_device),
		cmocka_unit_test(without_the_kernels_word_the_one_with_the_mac_is_it),
		cmocka_unit_test(a_frontend_of_another_device_is_not_taken_by_its_mac),
		cmocka_unit_test(two_with_the_same_mac_are_an_error),
		cmocka_unit_test(a_mac_that_no_link_has_is_named_in_the_error),
	};
	int ret;

	if (!mkdtemp(sysfs))
		return 1;
	frontend_make("eth1", "device/vif/0\n");
	frontend_make("xn0", "device/vif/1\n");
	ret = cmocka_run_group_tests_name("link_find", tests, NULL, NULL);
	nftw(sysfs, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return ret;
}
