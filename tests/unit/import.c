/* Domains of existing xl configs: what the registry can hold of them, and what it cannot. */
#include "tests/unit/registry_files.h"

#include "toolstack/import.h"

/* --- a vif --- */

static void expect_vif(const char *text, const char *backend, const char *ip, const char *ip6,
	const char *mac, long mtu)
{
	struct err e = ERR_NONE;
	struct import_vif v;
	char buf[ADDR_TEXT_MAX], mac_buf[MAC_TEXT_MAX];

	if (import_vif_parse(text, &v, &e) != 0)
		fail_msg("%s: %s", text, e.text);
	assert_string_equal(v.backend, backend);
	assert_string_equal(addr_print(&v.ip, buf), ip);
	assert_string_equal(addr_print(&v.ip6, buf), ip6);
	if (mac)
		assert_string_equal(mac_print(&v.mac, mac_buf), mac);
	assert_int_equal(mac_is_set(&v.mac), mac != NULL);
	assert_int_equal(v.mtu, mtu);
}

static void a_vif_that_a_network_domain_serves_is_taken(void **state)
{
	(void)state;
	expect_vif("backend=net", "net", "none", "none", NULL, 0);
	expect_vif("mac=00:16:3e:00:00:09, ip=10.137.0.9, backend=net,script=vif-route-netvm",
		"net", "10.137.0.9", "none", "00:16:3e:00:00:09", 0);
	expect_vif("ip=10.137.0.9 2001:db8::9,backend=net,mtu=1400,type=vif,devid=0", "net",
		"10.137.0.9", "2001:db8::9", NULL, 1400);
	expect_vif("backend=net,ip=2001:db8::9/128 10.137.0.9/32,script=/etc/xen/scripts/vif-route",
		"net", "10.137.0.9", "2001:db8::9", NULL, 0);
	expect_vif(",,backend=net,", "net", "none", "none", NULL, 0);
}

static void what_a_link_is_not_is_refused_with_the_option_and_why(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{ "", "there is no backend=, so dom0 serves it" },
		{ "ip=10.137.0.9", "there is no backend=, so dom0 serves it" },
		{ "backend=0", "backend=0: dom0 serves it" },
		{ "backend=Domain-0", "backend=Domain-0: dom0 serves it" },
		{ "backend=7", "backend=7: a domain id" },
		{ "backend=", "backend=: a domain id" },
		{ "backend=../net", "backend=../net: no name of a domain" },
		{ "backend=net,bridge=xenbr0", "bridge=xenbr0: a link is routed" },
		{ "backend=net,script=vif-bridge", "script=vif-bridge: a link is routed" },
		{ "backend=net,script=/tmp/vif-route", "script=/tmp/vif-route: a link is routed" },
		{ "backend=net,ip=10.0.0.0/24", "ip=10.0.0.0/24: a subnet" },
		{ "backend=net,ip=10.0.0.1 10.0.0.2", "ip=10.0.0.1 10.0.0.2: a second address" },
		{ "backend=net,ip=10.0.0", "ip=10.0.0: \"10.0.0\" is no address" },
		{ "backend=net,mac=00:16:3e", "mac=00:16:3e: no MAC address" },
		{ "backend=net,mtu=9000000", "mtu=9000000: no number" },
		{ "backend=net,mtu=", "mtu=: no number" },
		{ "backend=net,devid=1", "devid=1: the vif of a link has devid 0" },
		{ "backend=net,type=ioemu", "type=ioemu: a link has no emulated device" },
		{ "backend=net,model=e1000", "model=e1000: a link has no emulated device" },
		{ "backend=net,rate=10Mb/s", "rate=10Mb/s: a link is limited in another way" },
		{ "backend=net,vifname=v0", "vifname=v0: a network domain names its vifs" },
		{ "backend=net,gatewaydev=eth0", "gatewaydev=eth0: a network domain finds" },
		{ "backend=net,trusted", "trusted: a link has nothing of that kind" },
		{ "backend=net,colour=blue", "colour=blue: a link has nothing of that kind" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e = ERR_NONE;
		struct import_vif v;

		assert_int_equal(import_vif_parse(cases[i].text, &v, &e), -EINVAL);
		assert_contains(e.text, cases[i].why);
	}
}

static void a_vif_of_any_length_is_read_within_bounds(void **state)
{
	char longest[2000];
	struct err e = ERR_NONE;
	struct import_vif v;

	(void)state;
	memset(longest, 'a', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	assert_int_equal(import_vif_parse(longest, &v, &e), -EINVAL);
	longest[511] = '\0';
	memcpy(longest, "backend=", 8);
	assert_int_equal(import_vif_parse(longest, &v, &e), -EINVAL);
}

/* --- a file --- */

static char *config_path(const char *name)
{
	static char path[8][128];
	static unsigned int next;

	next = (next + 1) % 8;
	snprintf(path[next], sizeof(path[0]), "%s/%s.cfg", registry_dir, name);
	return path[next];
}

static void config_write(const char *name, const char *text)
{
	FILE *f = fopen(config_path(name), "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void a_config_gives_its_name_its_vif_and_their_lines(void **state)
{
	struct import_domain d;
	struct err e = ERR_NONE;

	(void)state;
	config_write("work", "# a guest\nkernel = \"/boot/vmlinuz\"\nname = \"work\"\nvif = [\n"
			     "  'backend=net,ip=10.137.0.9',\n]\nmemory = 512\n");
	assert_int_equal(import_read(config_path("work"), &d, &e), 0);
	assert_string_equal(d.name, "work");
	assert_string_equal(d.vif.backend, "net");
	assert_int_equal(d.name_line, 3);
	assert_int_equal(d.vif_line, 5);
	assert_int_equal(d.first, 4);
	assert_int_equal(d.last, 6);
	assert_false(d.driver_domain);
	assert_string_equal(d.config, config_path("work"));
	import_dispose(&d);
	import_dispose(&d);
}

static void a_config_without_a_vif_has_no_network(void **state)
{
	struct import_domain d;
	struct err e = ERR_NONE;

	(void)state;
	config_write("net", "name = \"net\"\ndriver_domain = 1\n");
	assert_int_equal(import_read(config_path("net"), &d, &e), 0);
	assert_string_equal(d.vif.backend, "");
	assert_int_equal(d.first, 0);
	assert_true(d.driver_domain);
	import_dispose(&d);
	config_write("net", "name = \"net\"\nvif = []\n");
	assert_int_equal(import_read(config_path("net"), &d, &e), 0);
	assert_string_equal(d.vif.backend, "");
	assert_int_equal(d.first, 2);
	import_dispose(&d);
}

static void what_cannot_be_taken_is_told_with_file_and_line(void **state)
{
	static const struct {
		const char *text, *words;
	} cases[] = {
		{ "memory = 1\n", ".cfg: there is no name in it" },
		{ "name = \"a/b\"\n", ".cfg:1: name: \"a/b\" is not a name" },
		{ "name = \"a\"\nvif = [ 'backend=net',\n'backend=net' ]\n",
			".cfg:3: vif: a second vif" },
		{ "name = \"a\"\nvif = [\n\n'bridge=xenbr0' ]\n",
			".cfg:4: vif: \"bridge=xenbr0\" is not a vif that can be taken over: "
			"bridge=xenbr0: a link is routed" },
		{ "name = \"a\"\nvif = [ 'backend=net'\n", ".cfg:" },
		{ "name = \"a\"\nvif = [ 'backend=net' ]\nvif = []\n",
			".cfg:3: vif is given a second time" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct import_domain d;
		struct err e = ERR_NONE;

		config_write("bad", cases[i].text);
		assert_int_equal(import_read(config_path("bad"), &d, &e), -EINVAL);
		assert_contains(e.text, cases[i].words);
		import_dispose(&d);
	}
}

static void a_file_that_is_not_there_is_named(void **state)
{
	struct import_domain d;
	struct err e = ERR_NONE;

	(void)state;
	assert_int_equal(import_read("/nonexistent/a.cfg", &d, &e), -ENOENT);
	assert_contains(e.text, "/nonexistent/a.cfg");
	import_dispose(&d);
}

/* --- all of them --- */

static char told[2048];

static void note(void *arg, const char *words)
{
	(void)arg;
	strncat(told, words, sizeof(told) - strlen(told) - 2);
	strcat(told, "\n");
}

static struct import_domain domain(const char *name, const char *vif)
{
	struct import_domain d = { .file = (char *)name, .name_line = 1, .vif_line = 2 };
	struct err e = ERR_NONE;

	strcpy(d.name, name);
	if (vif && import_vif_parse(vif, &d.vif, &e) != 0)
		fail_msg("%s: %s", vif, e.text);
	return d;
}

/* How many things are in the way; what, in `told`. */
static size_t checked(struct import_domain *d, size_t count)
{
	struct registry r;
	size_t bad;

	told[0] = '\0';
	registry_take(&r);
	bad = import_check(d, count, &r, note, NULL);
	registry_dispose(&r);
	return bad;
}

static void who_is_named_as_backend_provides_network_and_comes_first(void **state)
{
	struct import_domain d[] = { domain("web", "backend=fw"), domain("fw", "backend=net"),
		domain("plain", NULL), domain("net", NULL) };
	struct import_entry en;

	(void)state;
	assert_int_equal(checked(d, 4), 0);
	assert_string_equal(d[0].name, "plain");
	assert_string_equal(d[1].name, "net");
	assert_string_equal(d[2].name, "fw");
	assert_string_equal(d[3].name, "web");
	assert_true(d[1].provides_network && d[2].provides_network);
	assert_false(d[0].provides_network || d[3].provides_network);
	import_entry_make(&d[1], &en);
	assert_int_equal(en.count, 2);
	assert_string_equal(en.value[0], "none");
	assert_string_equal(en.change[1].key, "provides_network");
}

static void a_backend_may_be_in_the_registry_already(void **state)
{
	struct import_domain d[] = { domain("web", "backend=net,ip=10.137.0.9") };

	(void)state;
	file_write("net", "provides_network = 1\nip = \"10.137.0.1\"\n");
	assert_int_equal(checked(d, 1), 0);
}

static void each_thing_in_the_way_is_told_where_it_stands(void **state)
{
	struct import_domain d[] = {
		domain("known", "backend=net,ip=10.137.0.1"),
		domain("web", "backend=nte,ip=192.0.2.1"),
		domain("web", "backend=known,ip=10.139.1.1"),
		domain("a", "backend=a,ip=10.137.0.0"),
		domain("b", "backend=plain,ip=10.137.0.9"),
		domain("c", "backend=broken,ip=10.137.0.9"),
		domain("d", "backend=net,ip=10.137.255.255 2001:db8::9"),
		domain("e", "backend=net,ip=10.137.0.77"),
	};

	(void)state;
	file_write("net", "provides_network = 1\nip = \"10.137.0.1\"\n");
	file_write("known", "netvm = \"net\"\n");
	file_write("plain", "netvm = \"none\"\n");
	file_write("broken", "ip = = \"10.137.0.77\"\n");
	assert_int_equal(checked(d, 8), 14);
	assert_contains(told, "known:1: name: known is in the registry already; netvm set known");
	assert_contains(told, "known:2: vif: ip=10.137.0.1: is held by net already\n");
	assert_contains(told, "web:2: vif: backend=nte: there is no such domain in the registry");
	assert_contains(told, "web:2: vif: ip=192.0.2.1: is in no pool of");
	assert_contains(told, "web:1: name: web is the name in web, too\n");
	assert_contains(told, "web:2: vif: ip=10.139.1.1: is held by a resolver already\n");
	assert_contains(told, "a:2: vif: backend=a: the domain itself\n");
	assert_contains(told, "a:2: vif: ip=10.137.0.0: is in no pool of");
	assert_contains(told, "b:2: vif: backend=plain: in the registry that is no network domain; "
			      "netvm set plain provides_network=1");
	assert_contains(told, "c:2: vif: ip=10.137.0.9: is held by b already\n");
	assert_contains(told, "broken.conf:1:");
	assert_contains(told, "d:2: vif: ip=10.137.255.255: is in no pool of");
	assert_contains(told, "d:2: vif: ip=2001:db8::9: is in no pool6 of");
	assert_contains(told, "e:2: vif: ip=10.137.0.77: is held by a file that cannot be used");
}

static void network_domains_that_serve_each_other_are_refused(void **state)
{
	struct import_domain d[] = { domain("a", "backend=b"), domain("b", "backend=c"),
		domain("c", "backend=a") };

	(void)state;
	assert_int_equal(checked(d, 3), 1);
	assert_contains(told, "a:2: vif: backend=b: its network domains serve each other");
}

static void an_entry_has_all_that_the_vif_says(void **state)
{
	struct import_domain d = domain("work", "mac=00:16:3e:00:00:09,mtu=1400,backend=net,ip="
						"10.137.0.9 2001:db8::9");
	static const char *const wanted[][2] = { { "netvm", "net" }, { "ip", "10.137.0.9" },
		{ "ip6", "2001:db8::9" }, { "mac", "00:16:3e:00:00:09" }, { "mtu", "1400" },
		{ "config", "/x/work.cfg" } };
	struct import_entry en;

	(void)state;
	d.config = (char *)"/x/work.cfg";
	import_entry_make(&d, &en);
	assert_int_equal(en.count, 6);
	for (size_t i = 0; i < 6; i++) {
		assert_string_equal(en.change[i].key, wanted[i][0]);
		assert_string_equal(en.change[i].values[0], wanted[i][1]);
	}
}

/* --- several files of the registry at once --- */

static int add(bool dry, const char *second_netvm, struct err *e)
{
	static const char *const net = "none", *const yes = "1";
	const struct registry_change of_net[] = { { "netvm", &net, 1 },
		{ "provides_network", &yes, 1 } };
	const struct registry_change of_work[] = { { "netvm", &second_netvm, 1 } };
	const struct registry_addition a[] = { { "net", of_net, 2 }, { "work", of_work, 1 } };

	struct registry_held h;
	int ret;

	memset(e, 0, sizeof(*e));
	ret = registry_hold(registry_dir, dry, NULL, &h, e);
	if (!ret)
		ret = registry_add(&h, a, 2, e);
	registry_let_go(&h);
	return ret;
}

static void several_domains_are_added_or_none(void **state)
{
	struct registry r;
	struct err e;

	(void)state;
	assert_int_equal(add(true, "net", &e), 0);
	assert_int_equal(add(false, "nte", &e), -EINVAL);
	assert_contains(e.text, "work.conf: netvm: there is no domain \"nte\"");
	registry_take(&r);
	assert_int_equal(r.count, 0);
	registry_dispose(&r);
	assert_int_equal(add(false, "net", &e), 0);
	file_expect("net", "netvm = \"none\"\nprovides_network = 1\n");
	file_expect("work", "netvm = \"net\"\n");
	assert_int_equal(add(false, "net", &e), -EEXIST);
	assert_contains(e.text, "net.conf is there already");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, registry_dir_make, registry_dir_remove)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_vif_that_a_network_domain_serves_is_taken),
		TEST(what_a_link_is_not_is_refused_with_the_option_and_why),
		TEST(a_vif_of_any_length_is_read_within_bounds),
		TEST(a_config_gives_its_name_its_vif_and_their_lines),
		TEST(a_config_without_a_vif_has_no_network),
		TEST(what_cannot_be_taken_is_told_with_file_and_line),
		TEST(a_file_that_is_not_there_is_named),
		TEST(who_is_named_as_backend_provides_network_and_comes_first),
		TEST(a_backend_may_be_in_the_registry_already),
		TEST(each_thing_in_the_way_is_told_where_it_stands),
		TEST(network_domains_that_serve_each_other_are_refused),
		TEST(an_entry_has_all_that_the_vif_says),
		TEST(several_domains_are_added_or_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
