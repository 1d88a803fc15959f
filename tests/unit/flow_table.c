#include "backend/flow_table.h"

#include <string.h>

#include "tests/unit/unit.h"

static void it_is_made_of_uplinks(void **state)
{
	struct uplink_names links = { .names = { "eth0", "wg0" }, .count = 2 };
	struct text batch;

	(void)state;
	flow_table_render(&links, 77, &batch);
	assert_string_equal(batch.s,
		"add table inet xen-netvm-flows\n"
		"delete table inet xen-netvm-flows\n"
		"add table inet xen-netvm-flows\n"
		"add flowtable inet xen-netvm-flows uplinks { hook ingress priority filter; "
		"devices "
		"= { \"eth0\", \"wg0\" }; }\n"
		"add chain inet xen-netvm-flows forward { type filter hook forward priority "
		"2147483647; policy accept; }\n"
		"add rule inet xen-netvm-flows forward iifgroup != 77 oifgroup != 77 return\n"
		"add rule inet xen-netvm-flows forward ct state != established return\n"
		"add rule inet xen-netvm-flows forward meta l4proto { tcp, udp } th dport != 53 th "
		"sport != 53 flow add @uplinks\n");
	text_dispose(&batch);
}

static void without_an_uplink_it_is_taken_away(void **state)
{
	struct uplink_names links = { .count = 0 };
	struct text batch;

	(void)state;
	flow_table_render(&links, 77, &batch);
	assert_string_equal(
		batch.s, "add table inet xen-netvm-flows\ndelete table inet xen-netvm-flows\n");
	text_dispose(&batch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_made_of_uplinks),
		cmocka_unit_test(without_an_uplink_it_is_taken_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
