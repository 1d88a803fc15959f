/* What devices are called. */
#include "tests/unit/unit.h"

#include "toolstack/pci_ids.h"

static const char list[] = "#\n"
			   "# List of PCI ID's\n"
			   "\n"
			   "0010  Allied Telesis, Inc (Wrong ID)\n"
			   "# a comment\n"
			   "\t8139  AT-2500TX V3 Ethernet\n"
			   "8086  Intel Corporation\n"
			   "\t10d3  82574L Gigabit Network Connection\n"
			   "\t\t103c 1785  NC112i 1-port Ethernet Server Adapter\n"
			   "\n"
			   "\t10d4  \x1b[31mred\r\n"
			   "\t10D5  in capitals\n"
			   "\t10d6 one space\n"
			   "8087  Intel Corp.\n"
			   "\t0001  of another\n"
			   "C 02  Network controller\n"
			   "\t00  Ethernet controller\n"
			   "9999  Without an end";

static const char *described(uint16_t vendor, uint16_t device)
{
	static char buf[PCI_DESCRIPTION_MAX];

	return pci_ids_describe(list, vendor, device, buf);
}

static void a_device_has_its_vendors_name_and_its_own(void **state)
{
	(void)state;
	assert_string_equal(
		described(0x8086, 0x10d3), "Intel Corporation 82574L Gigabit Network Connection");
	assert_string_equal(
		described(0x0010, 0x8139), "Allied Telesis, Inc (Wrong ID) AT-2500TX V3 Ethernet");
	assert_string_equal(described(0x9999, 1), "Without an end device 0001");
}

static void what_is_not_in_the_list_is_a_number(void **state)
{
	char buf[PCI_DESCRIPTION_MAX];

	(void)state;
	assert_string_equal(described(0x1234, 0x5678), "1234:5678");
	assert_string_equal(described(0x8086, 0x0001), "Intel Corporation device 0001");
	assert_string_equal(pci_ids_describe(NULL, 0x8086, 0x10d3, buf), "8086:10d3");
	assert_string_equal(pci_ids_describe("", 0x8086, 0x10d3, buf), "8086:10d3");
}

/* Nor a subsystem, a class, or a line that is of no known form. */
static void nothing_else_is_taken_for_a_device(void **state)
{
	(void)state;
	assert_string_equal(described(0x8086, 0x103c), "Intel Corporation device 103c");
	assert_string_equal(described(0x8086, 0x10d5), "Intel Corporation device 10d5");
	assert_string_equal(described(0x8086, 0x10d6), "Intel Corporation device 10d6");
	assert_string_equal(described(0x0002, 0), "0002:0000");
}

static void a_terminal_is_sent_nothing_but_letters(void **state)
{
	(void)state;
	assert_string_equal(described(0x8086, 0x10d4), "Intel Corporation ?[31mred?");
}

static void a_long_name_is_cut(void **state)
{
	char text[1024] = "8086  ", buf[PCI_DESCRIPTION_MAX];
	struct pci_name name;

	(void)state;
	memset(text + 6, 'x', sizeof(text) - 7);
	pci_ids_find(text, 0x8086, 1, &name);
	assert_int_equal(strlen(name.vendor), PCI_NAME_MAX - 1);
	assert_non_null(strstr(pci_ids_describe(text, 0x8086, 1, buf), "x device 0001"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_device_has_its_vendors_name_and_its_own),
		cmocka_unit_test(what_is_not_in_the_list_is_a_number),
		cmocka_unit_test(nothing_else_is_taken_for_a_device),
		cmocka_unit_test(a_terminal_is_sent_nothing_but_letters),
		cmocka_unit_test(a_long_name_is_cut),
	};

	return cmocka_run_group_tests_name("pci_ids", tests, NULL, NULL);
}
