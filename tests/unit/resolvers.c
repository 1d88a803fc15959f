/* resolv.conf, as DHCP servers write it, and which one counts. */
#include "tests/unit/unit.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/resolvers.h"

static char dir[] = "/tmp/netvm-resolvers-test.XXXXXX";

static const char *place(const char *name)
{
	static char path[64][128]; /* a test keeps some of them for a while */
	static int n;

	n = (n + 1) % 64;
	snprintf(path[n], sizeof(path[n]), "%s/%s", dir, name);
	return path[n];
}

static void put(const char *name, const char *text)
{
	FILE *f = fopen(place(name), "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void assert_addr(const struct addr *a, const char *want)
{
	char text[ADDR_TEXT_MAX];

	assert_string_equal(addr_print(a, text), want);
}

/* --- parsing --- */

static void resolvers_are_taken_in_order_each_once(void **state)
{
	struct resolvers r;

	(void)state;
	resolvers_parse("# made by dhclient\ndomain example.org\nnameserver 192.0.2.1\n"
			"nameserver\t2001:db8::1  # the other\nnameserver 192.0.2.2\r\n"
			"nameserver 192.0.2.1\noptions edns0\nnameserver 192.0.2.3",
		&r);
	assert_int_equal(r.count4, 3);
	assert_addr(&r.ip4[0], "192.0.2.1");
	assert_addr(&r.ip4[1], "192.0.2.2");
	assert_addr(&r.ip4[2], "192.0.2.3");
	assert_int_equal(r.count6, 1);
	assert_addr(&r.ip6[0], "2001:db8::1");
	assert_int_equal(r.local + r.unusable + r.surplus, 0);
}

static void what_no_other_host_can_hold_is_passed_over_and_counted(void **state)
{
	struct resolvers r;

	(void)state;
	resolvers_parse("nameserver 127.0.0.53\nnameserver ::1\n", &r);
	assert_int_equal(r.local, 2);
	resolvers_parse("nameserver 0.0.0.0\nnameserver 255.255.255.255\nnameserver 224.0.0.251\n"
			"nameserver 192.0.2.1%eth0\nnameserver fe80::1\nnameserver 192.0.2.1:53\n"
			"nameserver 192.0.2.1;reboot\nnameserver 0300.0.2.1\nnameserver \n"
			"nameserver 10.1\nnameserver ff02::fb\nnameserver ::\n"
			"nameserver 1111111111111111111111111111111111111111111111111111111111\n",
		&r);
	assert_int_equal(r.unusable, 13);
	assert_int_equal(r.count4 + r.count6 + r.local + r.near_count, 0);
}

static void what_this_domain_alone_can_ask_is_kept_apart(void **state)
{
	struct resolvers r;

	(void)state;
	resolvers_parse("nameserver 127.0.0.1\nnameserver fe80::1%eth0\nnameserver ::1\n"
			"nameserver fe80::1%wlan0\nnameserver 127.0.0.1\n"
			"nameserver 192.0.2.1\n",
		&r);
	assert_int_equal(r.near_count, 4);
	assert_addr(&r.near[0].addr, "127.0.0.1");
	assert_string_equal(r.near[0].link, "");
	assert_addr(&r.near[1].addr, "fe80::1");
	assert_string_equal(r.near[1].link, "eth0");
	assert_addr(&r.near[2].addr, "::1");
	assert_string_equal(r.near[3].link, "wlan0");
	assert_int_equal(r.count4, 1);
}

static void the_stub_of_systemd_resolved_is_never_asked(void **state)
{
	struct resolvers r;

	(void)state;
	resolvers_parse("nameserver 127.0.0.53\nnameserver 127.0.0.54\n", &r);
	assert_int_equal(r.near_count, 0);
	assert_int_equal(r.local, 2);
}

static void a_link_with_a_name_that_could_mean_something_is_refused(void **state)
{
	struct resolvers r;

	(void)state;
	resolvers_parse("nameserver fe80::1%\nnameserver fe80::1%a#53\nnameserver fe80::1%a@b\n"
			"nameserver fe80::1%sixteen-letters-\nnameserver fe80::1%a/b\n"
			"nameserver fe80::1%eth0%eth0\nnameserver 127.0.0.1%lo\n"
			"nameserver 2001:db8::1%eth0\n",
		&r);
	assert_int_equal(r.unusable, 8);
	assert_int_equal(r.near_count + r.count6 + r.local, 0);
}

static void only_whole_nameserver_lines_count(void **state)
{
	struct resolvers r;

	(void)state;
	resolvers_parse("nameservers 192.0.2.1\n nameserver 192.0.2.2\n#nameserver 192.0.2.3\n"
			"nameserver192.0.2.4\nNAMESERVER 192.0.2.5\nnameserver\n192.0.2.6\nname",
		&r);
	assert_int_equal(r.count4 + r.count6 + r.local + r.unusable, 0);
}

static void more_resolvers_than_there_is_room_for_are_counted(void **state)
{
	char text[4096] = "";
	struct resolvers r;

	(void)state;
	for (int i = 1; i <= 40; i++)
		sprintf(text + strlen(text), "nameserver 192.0.2.%d\n", i);
	resolvers_parse(text, &r);
	assert_int_equal(r.count4, RULESET_RESOLVERS_MAX);
	assert_int_equal(r.surplus, 40 - RULESET_RESOLVERS_MAX);
}

/* --- choosing --- */

static void a_stub_leads_to_the_list_behind_it(void **state)
{
	const char *const paths[] = { place("stub"), place("real"), NULL };
	struct resolvers r;

	(void)state;
	put("stub", "nameserver 127.0.0.53\n");
	put("real", "nameserver 192.0.2.7\n");
	resolvers_read(paths, &r);
	assert_int_equal(r.count4, 1);
	assert_addr(&r.ip4[0], "192.0.2.7");
	assert_string_equal(r.path, paths[1]);
}

static void a_stub_with_nothing_behind_it_is_no_resolver(void **state)
{
	const char *const paths[] = { place("stub"), place("missing"), NULL };
	struct resolvers r;

	(void)state;
	put("stub", "nameserver 127.0.0.1\n");
	resolvers_read(paths, &r);
	assert_int_equal(r.count4 + r.count6, 0);
	assert_int_equal(r.local, 1);
	assert_int_equal(r.near_count, 1);
	assert_string_equal(r.path, paths[0]);
}

static void of_a_directory_all_files_count_and_those_of_tunnels_first(void **state)
{
	const char *const paths[] = { place("stub"), place("links/"), place("real"), NULL };
	struct resolvers r;

	(void)state;
	put("stub", "nameserver 127.0.0.1\n");
	put("real", "nameserver 192.0.2.7\n");
	assert_int_equal(mkdir(place("links"), 0700), 0);
	resolvers_read(paths, &r);
	assert_string_equal(r.path, paths[2]); /* an empty directory is no answer */
	put("links/eth0.dhcp", "nameserver 192.0.2.1\n");
	put("links/eth0.dhcp6", "nameserver 2001:db8::1\n");
	put("links/tun0", "nameserver 192.0.2.2\nnameserver 192.0.2.1\n");
	put("links/.hidden", "nameserver 192.0.2.9\n");
	resolvers_read(paths, &r);
	assert_string_equal(r.path, paths[1]);
	assert_int_equal(r.count4, 2);
	assert_addr(&r.ip4[0], "192.0.2.2");
	assert_addr(&r.ip4[1], "192.0.2.1");
	assert_int_equal(r.count6, 1);
}

static void a_file_without_resolvers_is_an_answer(void **state)
{
	const char *const paths[] = { place("empty"), place("real"), NULL };
	struct resolvers r;

	(void)state;
	put("empty", "search example.org\n");
	put("real", "nameserver 192.0.2.7\n");
	resolvers_read(paths, &r);
	assert_int_equal(r.count4, 0);
	assert_string_equal(r.path, paths[0]);
}

static void a_file_that_is_too_large_is_passed_over_and_named(void **state)
{
	const char *const paths[] = { place("large"), place("real"), NULL };
	FILE *f = fopen(paths[0], "w");
	struct resolvers r;

	(void)state;
	assert_non_null(f);
	for (int i = 0; i < 8192; i++)
		fputs("nameserver 192.0.2.1\n", f);
	fclose(f);
	put("real", "nameserver 192.0.2.7\n");
	resolvers_read(paths, &r);
	assert_addr(&r.ip4[0], "192.0.2.7");
	assert_non_null(strstr(r.trouble, paths[0]));
}

static void nothing_to_read_is_no_resolver(void **state)
{
	const char *const paths[] = { place("missing"), NULL };
	struct resolvers r;

	(void)state;
	resolvers_read(paths, &r);
	assert_int_equal(r.count4 + r.count6, 0);
	assert_string_equal(r.path, "");
	assert_string_equal(r.trouble, "");
}

/* --- watching --- */

static bool changed(struct resolvers_watch *w)
{
	struct pollfd p = { .fd = resolvers_watch_fd(w), .events = POLLIN };
	struct err e = ERR_NONE;
	bool yes = false;

	while (poll(&p, 1, 0) > 0 && !yes)
		assert_int_equal(resolvers_watch_drain(w, &yes, &e), 0);
	return yes;
}

static void a_file_replaced_by_rename_is_seen_each_time(void **state)
{
	const char *const paths[] = { place("watched"), NULL };
	struct resolvers_watch *w = NULL;
	struct err e = ERR_NONE;

	(void)state;
	put("watched", "nameserver 192.0.2.1\n");
	assert_int_equal(resolvers_watch_open(&w, paths, &e), 0);
	assert_false(changed(w));
	for (int i = 0; i < 3; i++) {
		put("new", "nameserver 192.0.2.2\n");
		assert_false(changed(w));
		assert_int_equal(rename(place("new"), paths[0]), 0);
		assert_true(changed(w));
		assert_false(changed(w));
	}
	put("watched", "nameserver 192.0.2.3\n");
	assert_true(changed(w));
	assert_int_equal(unlink(paths[0]), 0);
	assert_true(changed(w));
	resolvers_watch_close(w);
}

static void a_directory_that_is_made_later_is_seen(void **state)
{
	const char *const paths[] = { place("empty/no/directory"), place("later/deep/resolv.conf"),
		NULL };
	struct resolvers_watch *w = NULL;
	struct err e = ERR_NONE;

	(void)state;
	put("empty", "");
	assert_int_equal(resolvers_watch_open(&w, paths, &e), 0);
	assert_int_equal(mkdir(place("later"), 0700), 0);
	assert_true(changed(w));
	assert_int_equal(mkdir(place("later/deep"), 0700), 0);
	assert_true(changed(w));
	put("later/deep/resolv.conf", "nameserver 192.0.2.1\n");
	assert_true(changed(w));
	resolvers_watch_close(w);
}

static void any_file_of_a_directory_is_seen(void **state)
{
	const char *const paths[] = { place("files/"), NULL };
	struct resolvers_watch *w = NULL;
	struct err e = ERR_NONE;

	(void)state;
	assert_int_equal(resolvers_watch_open(&w, paths, &e), 0);
	assert_int_equal(mkdir(place("files"), 0700), 0);
	assert_true(changed(w));
	put("files/one", "nameserver 192.0.2.1\n");
	assert_true(changed(w));
	put("files/two", "nameserver 192.0.2.1\n");
	assert_true(changed(w));
	assert_int_equal(unlink(place("files/one")), 0);
	assert_true(changed(w));
	assert_false(changed(w));
	resolvers_watch_close(w);
}

static void a_directory_that_is_made_anew_is_seen(void **state)
{
	const char *const paths[] = { place("again/resolv.conf"), NULL };
	struct resolvers_watch *w = NULL;
	struct err e = ERR_NONE;

	(void)state;
	assert_int_equal(mkdir(place("again"), 0700), 0);
	assert_int_equal(resolvers_watch_open(&w, paths, &e), 0);
	for (int i = 0; i < 2; i++) {
		put("again/resolv.conf", "nameserver 192.0.2.1\n");
		assert_true(changed(w));
		assert_int_equal(unlink(paths[0]), 0);
		assert_true(changed(w));
		/* Empty by now, so that nothing but its own end tells of it. */
		assert_int_equal(rmdir(place("again")), 0);
		assert_true(changed(w));
		assert_int_equal(mkdir(place("again"), 0700), 0);
		assert_true(changed(w));
	}
	assert_int_equal(rename(place("again"), place("away")), 0);
	assert_true(changed(w));
	assert_int_equal(mkdir(place("again"), 0700), 0);
	put("again/resolv.conf", "nameserver 192.0.2.1\n");
	assert_true(changed(w));
	resolvers_watch_close(w);
}

static void what_a_symbolic_link_leads_to_is_watched_too(void **state)
{
	const char *const paths[] = { place("link"), NULL };
	struct resolvers_watch *w = NULL;
	struct err e = ERR_NONE;

	(void)state;
	assert_int_equal(mkdir(place("a"), 0700), 0);
	assert_int_equal(mkdir(place("b"), 0700), 0);
	put("a/resolv.conf", "nameserver 192.0.2.1\n");
	put("b/resolv.conf", "nameserver 192.0.2.2\n");
	assert_int_equal(symlink("a/resolv.conf", paths[0]), 0);
	assert_int_equal(resolvers_watch_open(&w, paths, &e), 0);
	put("a/resolv.conf", "nameserver 192.0.2.3\n");
	assert_true(changed(w));
	put("b/resolv.conf", "nameserver 192.0.2.4\n");
	assert_false(changed(w));
	assert_int_equal(symlink(place("b/resolv.conf"), place("link2")), 0);
	assert_int_equal(rename(place("link2"), paths[0]), 0);
	assert_true(changed(w));
	put("b/resolv.conf", "nameserver 192.0.2.5\n");
	assert_true(changed(w));
	resolvers_watch_close(w);
}

static int make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	static const char *const names[] = { "stub", "real", "empty", "large", "watched", "new",
		"later/deep/resolv.conf", "later/deep", "later", "a/resolv.conf", "b/resolv.conf",
		"a", "b", "link", "link2", "again/resolv.conf", "again", "away", "links/eth0.dhcp",
		"links/eth0.dhcp6", "links/tun0", "links/.hidden", "links", "files/two", "files" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		remove(place(names[i]));
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(resolvers_are_taken_in_order_each_once),
		cmocka_unit_test(what_no_other_host_can_hold_is_passed_over_and_counted),
		cmocka_unit_test(what_this_domain_alone_can_ask_is_kept_apart),
		cmocka_unit_test(the_stub_of_systemd_resolved_is_never_asked),
		cmocka_unit_test(a_link_with_a_name_that_could_mean_something_is_refused),
		cmocka_unit_test(only_whole_nameserver_lines_count),
		cmocka_unit_test(more_resolvers_than_there_is_room_for_are_counted),
		cmocka_unit_test(a_stub_leads_to_the_list_behind_it),
		cmocka_unit_test(a_stub_with_nothing_behind_it_is_no_resolver),
		cmocka_unit_test(of_a_directory_all_files_count_and_those_of_tunnels_first),
		cmocka_unit_test(a_file_without_resolvers_is_an_answer),
		cmocka_unit_test(a_file_that_is_too_large_is_passed_over_and_named),
		cmocka_unit_test(nothing_to_read_is_no_resolver),
		cmocka_unit_test(a_file_replaced_by_rename_is_seen_each_time),
		cmocka_unit_test(a_directory_that_is_made_later_is_seen),
		cmocka_unit_test(any_file_of_a_directory_is_seen),
		cmocka_unit_test(a_directory_that_is_made_anew_is_seen),
		cmocka_unit_test(what_a_symbolic_link_leads_to_is_watched_too),
	};

	return cmocka_run_group_tests_name("resolvers", tests, make_dir, remove_dir);
}
