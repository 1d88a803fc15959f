/* Notes of what was set outlive a crash and are read strictly. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "frontend-config/notes.h"

static const char all[] = "link 0 2 eth0\n"
			  "address 0 10.137.0.5\n"
			  "address 0 2001:db8::5\n"
			  "mtu 0 1500\n"
			  "on 0\n"
			  "sysctl 0 accept_ra 1\n"
			  "sysctl 0 disable_ipv6 0\n"
			  "dns 0 resolvconf eth0 10.139.1.1 10.139.1.2\n"
			  "dns 3 file xn3 2001:db8::53\n"
			  "resolv-conf\n";

static struct notes notes;
static char text[NOTES_TEXT_MAX];
static struct err e;

static void what_is_printed_is_read_back(void **state)
{
	(void)state;
	assert_int_equal(notes_parse(all, &notes, &e), 0);
	assert_int_equal(notes.count, 2);
	assert_int_equal(notes.note[0].link.sysctl_was[LINK_DISABLE_IPV6], 0);
	assert_int_equal(notes.note[1].link.sysctl_was[LINK_DISABLE_IPV6], LINK_SYSCTL_NONE);
	assert_int_equal(notes_print(&notes, text), strlen(all));
	assert_string_equal(text, all);
}

static void what_is_not_ours_is_refused_with_its_line_and_changes_nothing(void **state)
{
	static const char *const wrong[] = { "link 0 2", "link 0 0 eth0", "link x 2 eth0",
		"link 0 2 a-name-that-is-too-long", "address 0 10.137.0", "address 0",
		"mtu 0 1500 1400", "mtu 0 -1", "on 0 1", "sysctl 0 forwarding 1",
		"sysctl 0 accept_ra x", "dns 0 bind eth0 192.0.2.1", "dns 0 file eth0",
		"dns 0 file eth0 x", "foreign 0 1", "link 65536 2 eth0", "resolv-conf 1", "x",
		"dns 0 file eth0 1.1.1.1 1.1.1.2 1.1.1.3 1.1.1.4 1.1.1.5" };
	char whole[256];

	(void)state;
	assert_int_equal(notes_parse(all, &notes, &e), 0);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		snprintf(whole, sizeof(whole), "link 0 2 eth0\n%s\n", wrong[i]);
		assert_int_equal(notes_parse(whole, &notes, &e), -EINVAL);
		assert_string_equal(e.text, "line 2 is not one of ours");
		assert_int_equal(notes.count, 2);
	}
}

static void notes_are_kept_by_device_and_empty_ones_go(void **state)
{
	(void)state;
	memset(&notes, 0, sizeof(notes));
	notes_find(&notes, 7, true)->link.ifindex = 9;
	assert_non_null(notes_find(&notes, 2, true));
	assert_int_equal(notes.note[0].devid, 2);
	assert_ptr_equal(notes_find(&notes, 7, false), &notes.note[1]);
	assert_null(notes_find(&notes, 3, false));
	notes_tidy(&notes);
	assert_int_equal(notes.count, 1);
	assert_int_equal(notes.note[0].devid, 7);
	for (uint32_t i = 0; i < NOTES_LINKS_MAX; i++)
		notes_find(&notes, i, true);
	assert_null(notes_find(&notes, 1000, true));
}

static void the_file_is_there_only_while_there_is_something_to_note(void **state)
{
	char path[] = "/tmp/netvm-notes-test.XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(notes_parse(all, &notes, &e), 0);
	assert_int_equal(notes_write(path, &notes, &e), 0);
	memset(&notes, 0, sizeof(notes));
	assert_int_equal(notes_read(path, &notes, &e), 0);
	assert_int_equal(notes.count, 2);
	memset(&notes, 0, sizeof(notes));
	assert_int_equal(notes_write(path, &notes, &e), 0);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(notes_read(path, &notes, &e), 0);
	assert_int_equal(notes.count, 0);
}

static void the_fullest_notes_fit(void **state)
{
	(void)state;
	memset(&notes, 0, sizeof(notes));
	for (uint32_t i = 0; i < NOTES_LINKS_MAX; i++) {
		struct note *n = notes_find(&notes, 65000 + i, true);

		n->link.ifindex = INT32_MAX;
		memcpy(n->link.name, "fifteen-letters", LINK_NAME_MAX);
		n->link.addr_count = LINK_NOTED_ADDRS;
		n->dns.way = DNS_RESOLVED;
		n->dns.count = DNS_SERVERS_MAX;
		memcpy(n->dns.name, "fifteen-letters", LINK_NAME_MAX);
		for (size_t k = 0; k < LINK_NOTED_ADDRS; k++)
			addr_parse("2001:db8:1111:2222:3333:4444:5555:6666", &n->link.addrs[k]);
		memcpy(n->dns.server, n->link.addrs, sizeof(n->dns.server));
		n->link.mtu_was = UINT32_MAX;
		n->link.switched_on = true;
		n->link.sysctl_was[0] = n->link.sysctl_was[1] = INT32_MAX;
	}
	assert_true(notes_print(&notes, text) > 0);
	assert_int_equal(notes_parse(text, &notes, &e), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_printed_is_read_back),
		cmocka_unit_test(what_is_not_ours_is_refused_with_its_line_and_changes_nothing),
		cmocka_unit_test(notes_are_kept_by_device_and_empty_ones_go),
		cmocka_unit_test(the_file_is_there_only_while_there_is_something_to_note),
		cmocka_unit_test(the_fullest_notes_fit),
	};

	return cmocka_run_group_tests_name("notes", tests, NULL, NULL);
}
