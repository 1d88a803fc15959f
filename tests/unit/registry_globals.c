/* Where the registry is, and netvm.conf, which counts for every domain. */
#include "tests/unit/registry_files.h"

/* --- where it is --- */

static void expect_dir(const char *config, const char *wanted)
{
	char dir[PATH_MAX];
	struct err e = ERR_NONE;

	if (registry_dir_find(config, dir, &e))
		fail_msg("%s: %s", config, e.text);
	assert_string_equal(dir, wanted);
}

static void the_registry_is_beside_the_netvm_conf_that_is_named(void **state)
{
	(void)state;
	expect_dir(NULL, REGISTRY_DIR);
	expect_dir("/a/b/netvm.conf", "/a/b");
	expect_dir("a/netvm.conf", "a");
	expect_dir("./netvm.conf", ".");
	expect_dir("netvm.conf", ".");
	expect_dir("/netvm.conf", "/");
}

static void a_directory_that_is_there_may_be_named_itself(void **state)
{
	(void)state;
	expect_dir(registry_dir, registry_dir);
}

static void another_file_is_no_netvm_conf(void **state)
{
	static const char *const others[] = { "/etc/other.conf", "/etc/mynetvm.conf",
		"mynetvm.conf", "netvm.conf.bak", "", "conf", "/nonexistent/dir" };
	char dir[PATH_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct err e = ERR_NONE;

		if (registry_dir_find(others[i], dir, &e) != -EINVAL)
			fail_msg("\"%s\" was taken", others[i]);
		assert_contains(e.text, "netvm.conf");
	}
}

static void a_path_that_no_file_can_have_is_refused(void **state)
{
	char config[PATH_MAX + 16], dir[PATH_MAX];

	(void)state;
	memset(config, 'x', sizeof(config) - 1);
	config[sizeof(config) - 1] = '\0';
	assert_int_equal(registry_dir_find(config, dir, NULL), -ENAMETOOLONG);
}

static void a_domains_xl_config_is_where_xen_has_it_unless_it_is_named(void **state)
{
	struct registry_domain d = { .name = "work" };
	static char named[] = "/srv/xen/work";
	char path[64];

	(void)state;
	assert_int_equal(registry_xl_config(&d, path, sizeof(path), NULL), 0);
	assert_string_equal(path, "/etc/xen/work.cfg");
	assert_int_equal(registry_xl_config(&d, path, 17, NULL), -ENAMETOOLONG);
	d.config = named;
	assert_int_equal(registry_xl_config(&d, path, sizeof(path), NULL), 0);
	assert_string_equal(path, named);
}

/* --- netvm.conf --- */

static void a_netvm_conf_at_fault_is_every_domains_fault(void **state)
{
	static const struct {
		const char *text, *words;
	} cases[] = {
		{ "dns = [ \"10.139.1.1\", \"10.139.1.2\", \"10.139.1.3\" ]\n",
			"netvm.conf: dns: more than two resolvers" },
		{ "dns = [ \"224.0.0.1\" ]\n", "dns: no host can hold 224.0.0.1" },
		{ "dns6 = [ \"::\" ]\n", "dns6: no host can hold ::" },
		{ "pool = [ \"2001:db8::/64\" ]\n",
			"pool: \"2001:db8::/64\" is of the other family" },
		{ "pool6 = [ \"10.137.0.0/16\" ]\n",
			"pool6: \"10.137.0.0/16\" is of the other family" },
	};

	(void)state;
	file_write("work", "ip = \"10.137.0.2\"\n");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct registry r;

		file_write(NULL, cases[i].text);
		registry_take(&r);
		assert_ptr_equal(registry_fault(&r), &r.globals.fault);
		assert_contains(r.globals.fault.text, cases[i].words);
		assert_contains(domain_of(&r, "work")->fault->text, cases[i].words);
		registry_dispose(&r);
	}
}

static void a_chain_is_told_in_full_also_where_there_is_less_room(void **state)
{
	const struct registry_domain *chain[2];
	struct registry r;

	(void)state;
	file_write("a", "netvm = \"b\"\nip = \"10.137.0.2\"\n");
	file_write("b", "netvm = \"c\"\nip = \"10.137.0.3\"\nprovides_network = 1\n");
	file_write("c", "netvm = \"d\"\nip = \"10.137.0.4\"\nprovides_network = 1\n");
	file_write("d", "ip = \"10.137.0.5\"\nprovides_network = 1\n");
	registry_take(&r);
	assert_null(registry_fault(&r));
	assert_int_equal(registry_chain(domain_of(&r, "a"), chain, 2), 3);
	assert_string_equal(chain[0]->name, "b");
	assert_string_equal(chain[1]->name, "c");
	assert_int_equal(registry_chain(domain_of(&r, "d"), chain, 2), 0);
	registry_dispose(&r);
}

#define test(name) cmocka_unit_test_setup_teardown(name, registry_dir_make, registry_dir_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(the_registry_is_beside_the_netvm_conf_that_is_named),
		test(a_directory_that_is_there_may_be_named_itself),
		test(another_file_is_no_netvm_conf),
		test(a_path_that_no_file_can_have_is_refused),
		test(a_domains_xl_config_is_where_xen_has_it_unless_it_is_named),
		test(a_netvm_conf_at_fault_is_every_domains_fault),
		test(a_chain_is_told_in_full_also_where_there_is_less_room),
	};

	return cmocka_run_group_tests_name("registry_globals", tests, NULL, NULL);
}
