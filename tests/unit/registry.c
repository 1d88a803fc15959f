/* The registry as files, and what follows from all of them together. */
#include "tests/unit/registry_files.h"

#include "xenstore-schema/policy.h"

static void expect_netvm(const struct registry *r, const char *name, const char *netvm)
{
	const struct registry_domain *d = domain_of(r, name);

	expect_fault(r, name, NULL);
	assert_string_equal(d->netvm ? d->netvm->name : "none", netvm ? netvm : "none");
}

static void without_any_file_the_registry_is_empty_and_has_defaults(void **state)
{
	struct registry r;
	char text[PREFIX_TEXT_MAX];

	(void)state;
	registry_take(&r);
	assert_int_equal(r.count, 0);
	assert_int_equal(r.globals.pools, 1);
	assert_string_equal(prefix_print(&r.globals.pool[0], text), "10.137.0.0/16");
	assert_string_equal(addr_print(&r.globals.dns[0], text), "10.139.1.1");
	assert_string_equal(addr_print(&r.globals.dns[1], text), "10.139.1.2");
	assert_null(registry_fault(&r));
	registry_dispose(&r);
	registry_dispose(&r);
}

static void a_directory_that_is_not_there_is_an_empty_registry(void **state)
{
	struct registry r;
	struct err e = ERR_NONE;

	(void)state;
	assert_int_equal(registry_read("/nonexistent/registry", &r, NULL, &e), 0);
	assert_int_equal(r.count, 0);
	registry_dispose(&r);
}

static void every_key_of_a_domain_is_typed(void **state)
{
	const struct registry_domain *d;
	struct prefixes routed;
	struct registry r;
	char text[ADDR_TEXT_MAX];

	(void)state;
	file_write("net", "provides_network = 1\nrole = \"vpn\"\ndatapath = \"user\"\nrouted6 = [ "
			  "\"2001:db8:5::/64\", "
			  "\"fd00:6::/48\" ]\npci = [ \"0000:03:00.0\", \"04:00.1\" ]\n");
	file_write("work", "netvm = \"net\"\nip = \"10.137.0.9\"\nip6 = \"fd00::9\"\nmac = "
			   "\"00:16:3e:00:00:09\"\nmtu = 1400\nconnections = "
			   "500\npackets_per_second = 900\nbytes_per_second = 80000\npolicy = "
			   "\"drop\"\ncable = 0\nconfig "
			   "= \"/etc/xen/w.cfg\"\n");
	registry_take(&r);
	d = domain_of(&r, "work");
	expect_netvm(&r, "work", "net");
	assert_string_equal(addr_print(&d->ip, text), "10.137.0.9");
	assert_string_equal(addr_print(&d->ip6, text), "fd00::9");
	assert_string_equal(mac_print(&d->mac, text), "00:16:3e:00:00:09");
	assert_int_equal(d->mtu, 1400);
	assert_int_equal(d->policy, POLICY_DROP);
	assert_false(d->cable);
	assert_int_equal(d->connections, 500);
	assert_int_equal(d->packets_per_second, 900);
	assert_int_equal(d->bytes_per_second, 80000);
	assert_string_equal(d->config, "/etc/xen/w.cfg");
	d = domain_of(&r, "net");
	assert_true(d->provides_network);
	assert_int_equal(d->role, PROVIDER_VPN);
	assert_int_equal(d->datapath, PROVIDER_DATAPATH_USER);
	routed = registry_routed6(d);
	assert_int_equal(routed.count, 2);
	assert_int_equal(routed.item[1].len, 48);
	assert_true(d->cable);
	assert_int_equal(d->pci.count, 2);
	registry_dispose(&r);
}

static void files_that_are_no_domain_s_are_passed_over(void **state)
{
	char path[128];
	struct registry r;
	FILE *f;

	(void)state;
	file_write("a", "");
	snprintf(path, sizeof(path), "%s/domains/a.conf.new.x7fGh2", registry_dir);
	assert_non_null(f = fopen(path, "w"));
	fclose(f);
	snprintf(path, sizeof(path), "%s/domains/.hidden.conf", registry_dir);
	assert_non_null(f = fopen(path, "w"));
	fclose(f);
	registry_take(&r);
	assert_int_equal(r.count, 1);
	registry_dispose(&r);
}

static void the_default_network_domain_serves_whoever_names_none(void **state)
{
	struct registry r;

	(void)state;
	file_write(NULL, "default_netvm = \"fw\"\n");
	file_write("fw", "provides_network = 1\nnetvm = \"net\"\n");
	file_write("net", "provides_network = 1\n");
	file_write("a", "");
	file_write("b", "netvm = \"none\"\n");
	file_write("c", "netvm = \"net\"\n");
	registry_take(&r);
	expect_netvm(&r, "a", "fw");
	expect_netvm(&r, "b", NULL);
	expect_netvm(&r, "c", "net");
	expect_netvm(&r, "fw", "net");
	expect_netvm(&r, "net", NULL); /* on the default's own way out */
	assert_int_equal(registry_chain(domain_of(&r, "a"), NULL, 0), 2);
	registry_dispose(&r);
}

static void a_loop_is_refused_and_printed(void **state)
{
	struct registry r;

	(void)state;
	file_write("a", "provides_network = 1\nnetvm = \"b\"\n");
	file_write("b", "provides_network = 1\nnetvm = \"c\"\n");
	file_write("c", "provides_network = 1\nnetvm = \"a\"\n");
	file_write("self", "provides_network = 1\nnetvm = \"self\"\n");
	file_write("guest", "netvm = \"a\"\n");
	registry_take(&r);
	expect_fault(&r, "a", "a -> b -> c -> a");
	expect_fault(&r, "b", "b -> c -> a -> b");
	expect_fault(&r, "self", "self -> self");
	expect_fault(&r, "guest", "a cannot be used");
	registry_dispose(&r);
}

static void a_long_loop_is_printed_in_short(void **state)
{
	char name[32], text[64];
	struct registry r;

	(void)state;
	for (int i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), "d%d", i);
		snprintf(text, sizeof(text), "provides_network = 1\nnetvm = \"d%d\"\n",
			(i + 1) % 40);
		file_write(name, text);
	}
	registry_take(&r);
	expect_fault(&r, "d0", "d0 -> d1 -> d2 -> d3 -> d4 -> d5 -> d6 -> ... -> d0");
	registry_dispose(&r);
}

static void a_syntax_error_stays_with_its_domain(void **state)
{
	struct registry r;
	char wanted[128];

	(void)state;
	file_write("bad", "ip = \"10.137.0.5\"\nnetvm = = \"net\"\n");
	file_write("wrong", "ip = \"10.137.0.300\"\n");
	file_write("net", "provides_network = 1\n");
	file_write("good", "netvm = \"net\"\n");
	registry_take(&r);
	snprintf(wanted, sizeof(wanted), "%s/domains/bad.conf:2: ", registry_dir);
	expect_fault(&r, "bad", wanted);
	snprintf(wanted, sizeof(wanted), "%s/domains/wrong.conf:1: ip: ", registry_dir);
	expect_fault(&r, "wrong", wanted);
	expect_netvm(&r, "good", "net");
	assert_contains(registry_fault(&r)->text, "bad.conf:2");
	registry_dispose(&r);
}

static void a_fault_spreads_to_guests_and_not_to_network_domains(void **state)
{
	struct registry r;

	(void)state;
	file_write("net", "provides_network = 1\n");
	file_write("fw", "provides_network = 1\nnetvm = net\n");
	file_write("a", "netvm = \"fw\"\n");
	file_write("b", "netvm = \"net\"\n");
	registry_take(&r);
	expect_fault(&r, "net", NULL);
	expect_fault(&r, "fw", "fw.conf");
	expect_fault(&r, "a", "fw cannot be used");
	expect_fault(&r, "b", NULL);
	registry_dispose(&r);
}

static void a_fault_in_netvm_conf_concerns_everybody(void **state)
{
	struct registry r;

	(void)state;
	file_write(NULL, "pool = [ \"10.1.2.3/16\" ]\n");
	file_write("a", "");
	registry_take(&r);
	expect_fault(&r, "a", "netvm.conf:1: pool: ");
	registry_dispose(&r);
}

static void a_network_domain_must_exist_and_provide_network(void **state)
{
	struct registry r;

	(void)state;
	file_write("plain", "");
	file_write("a", "netvm = \"plain\"\n");
	file_write("b", "netvm = \"nobody\"\n");
	registry_take(&r);
	expect_fault(&r, "a", "plain is not a network domain");
	expect_fault(&r, "b", "there is no domain \"nobody\"");
	registry_dispose(&r);
}

static void a_routed_subnet_is_for_a_network_domain_that_no_other_serves(void **state)
{
	struct registry r;

	(void)state;
	file_write("net", "provides_network = 1\nrouted6 = [ \"2001:db8:5::/64\" ]\n");
	file_write("proxy",
		"netvm = \"net\"\nprovides_network = 1\nrouted6 = [ \"2001:db8:6::/64\" ]\n");
	file_write("host", "provides_network = 1\nrouted6 = [ \"2001:db8:5::1/64\" ]\n");
	registry_take(&r);
	assert_null(domain_of(&r, "net")->fault);
	expect_fault(&r, "proxy", "net serves this one");
	expect_fault(&r, "host", "an IPv6 subnet");
	registry_dispose(&r);
}

static void several_may_see_one_address_and_gateway(void **state)
{
	struct registry r;
	struct guest_link l;
	char text[ADDR_TEXT_MAX];

	(void)state;
	file_write("net", "provides_network = 1\nip = \"10.137.0.1\"\n");
	file_write("a", "netvm = \"net\"\nip = \"10.137.0.7\"\nvisible_ip = \"192.168.1.5\"\n"
			"visible_gateway = \"192.168.1.1\"\n");
	file_write("b", "netvm = \"net\"\nip = \"10.137.0.8\"\nvisible_ip = \"192.168.1.5\"\n"
			"visible_gateway = \"192.168.1.1\"\n");
	file_write("c", "netvm = \"net\"\nip = \"10.137.0.9\"\nvisible_ip = \"10.137.0.8\"\n");
	registry_take(&r);
	expect_fault(&r, "a", NULL);
	expect_fault(&r, "b", NULL);
	expect_fault(&r, "c", NULL);
	registry_guest_link(&r, domain_of(&r, "b"), &l);
	assert_string_equal(addr_print(&l.ip, text), "192.168.1.5");
	assert_string_equal(addr_print(&l.gateway, text), "192.168.1.1");
	registry_guest_link(&r, domain_of(&r, "c"), &l);
	assert_string_equal(addr_print(&l.ip, text), "10.137.0.8");
	assert_string_equal(addr_print(&l.gateway, text), "10.137.0.1");
	registry_dispose(&r);
}

static void what_a_guest_cannot_see_is_refused(void **state)
{
	static const struct {
		const char *keys, *why;
	} wrong[] = {
		{ "visible_ip = \"127.0.0.1\"", "visible_ip: no host can hold 127.0.0.1" },
		{ "visible_gateway = \"169.254.1.1\"",
			"visible_gateway: no host can hold 169.254.1.1" },
		{ "visible_ip = \"fd00::1\"", "an IPv4 address" },
		{ "visible_ip = \"10.139.1.1\"",
			"visible_ip: 10.139.1.1 is the address of a resolver" },
		{ "visible_gateway = \"10.139.1.2\"",
			"visible_gateway: 10.139.1.2 is the address of a resolver" },
		{ "visible_ip = \"10.137.0.1\"",
			"visible_ip: 10.137.0.1 is what it sees as its gateway" },
		{ "visible_ip = \"192.168.1.1\"\nvisible_gateway = \"192.168.1.1\"",
			"visible_ip: 192.168.1.1 is what it sees as its gateway" },
		{ "visible_gateway = \"10.137.0.7\"",
			"visible_gateway: 10.137.0.7 is its own address" },
	};
	char text[256];

	(void)state;
	file_write("net", "provides_network = 1\nip = \"10.137.0.1\"\n");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct registry r;

		snprintf(text, sizeof(text), "netvm = \"net\"\nip = \"10.137.0.7\"\n%s\n",
			wrong[i].keys);
		file_write("a", text);
		registry_take(&r);
		expect_fault(&r, "a", wrong[i].why);
		expect_fault(&r, "net", NULL);
		registry_dispose(&r);
	}
}

static void an_address_has_one_holder(void **state)
{
	struct registry r;

	(void)state;
	file_write("net", "provides_network = 1\nip = \"10.137.0.1\"\n");
	file_write("a", "netvm = \"net\"\nip = \"10.137.0.7\"\n");
	file_write("b", "netvm = \"net\"\nip = \"10.137.0.7\"\n");
	file_write("c", "netvm = \"net\"\nip = \"10.139.1.2\"\n");
	file_write("d", "netvm = \"net\"\nip = \"10.137.0.1\"\n");
	file_write("e", "netvm = \"net\"\nip = \"127.0.0.1\"\n");
	file_write("f", "netvm = \"net\"\nip6 = \"fe80::9\"\n");
	registry_take(&r);
	expect_fault(&r, "a", NULL);
	expect_fault(&r, "b", "10.137.0.7 is held by a already");
	expect_fault(&r, "c", "10.139.1.2 is the address of a resolver");
	expect_fault(&r, "d", "10.137.0.1 is held by net already");
	expect_fault(&r, "net", NULL);
	expect_fault(&r, "e", "no host can hold 127.0.0.1");
	expect_fault(&r, "f", "no host can hold fe80::9");
	registry_dispose(&r);
}

static void a_mac_follows_from_the_name_and_is_an_ordinary_one(void **state)
{
	struct registry_domain d = { .name = "work" };
	struct mac one, two, parsed;
	char text[MAC_TEXT_MAX];

	(void)state;
	registry_mac(&d, &one);
	registry_mac(&d, &two);
	assert_true(mac_equal(&one, &two));
	assert_int_equal(mac_parse(mac_print(&one, text), &parsed), 0);
	assert_memory_equal(text, "00:16:3e:", 9);
	strcpy(d.name, "worl");
	registry_mac(&d, &two);
	assert_false(mac_equal(&one, &two));
	d.mac = one;
	registry_mac(&d, &two);
	assert_true(mac_equal(&one, &two));
}

/* --- allocation --- */

static void free_address_is(const struct registry *r, int family, const char *wanted)
{
	struct err e = ERR_NONE;
	struct addr a;
	char text[ADDR_TEXT_MAX];
	int ret = registry_free_address(r, family, &a, &e);

	if (ret)
		fail_msg("wanted %s: %s", wanted, e.text);
	assert_string_equal(addr_print(&a, text), wanted);
}

static void the_lowest_free_address_is_given(void **state)
{
	struct registry r;

	(void)state;
	file_write(NULL,
		"pool = [ \"10.1.0.0/29\", \"10.2.0.252/30\" ]\npool6 = [ \"fd00::/64\" ]\n"
		"dns = [ \"10.1.0.2\" ]\n");
	file_write("a", "ip = \"10.1.0.1\"\nip6 = \"fd00::1\"\n");
	file_write("broken", "ip = \"10.1.0.3\"\nnetvm = = \n");
	registry_take(&r);
	free_address_is(&r, AF_INET, "10.1.0.4"); /* a, resolver and broken hold those below */
	free_address_is(&r, AF_INET6, "fd00::2");
	registry_dispose(&r);
}

static void a_full_pool_gives_way_to_the_next_and_then_to_an_error(void **state)
{
	struct registry r;
	struct addr a;
	struct err e = ERR_NONE;

	(void)state;
	file_write(NULL, "pool = [ \"10.1.0.0/30\", \"10.2.0.252/30\" ]\n");
	file_write("a", "ip = \"10.1.0.1\"\n");
	file_write("b", "ip = \"10.1.0.2\"\n");
	registry_take(&r);
	free_address_is(&r, AF_INET, "10.2.0.253");
	registry_dispose(&r);
	file_write("c", "ip = \"10.2.0.253\"\n");
	file_write("d", "ip = \"10.2.0.254\"\n");
	registry_take(&r);
	assert_int_equal(registry_free_address(&r, AF_INET, &a, &e), -EADDRNOTAVAIL);
	assert_contains(e.text, "no address is left");
	assert_int_equal(registry_free_address(&r, AF_INET6, &a, &e), -ENOENT);
	registry_dispose(&r);
}

static void an_address_once_given_is_kept_in_the_file(void **state)
{
	struct registry r;
	struct err e = ERR_NONE;
	size_t changed;

	(void)state;
	file_write("net", "provides_network = 1\n");
	file_write("a", "# mine\nnetvm = \"net\" # by net\n");
	file_write("b", "netvm = \"none\"\n");
	registry_take(&r);
	assert_int_equal(registry_allocate(&r, false, &changed, &e), 0);
	assert_int_equal(changed, 2);
	registry_dispose(&r);
	file_expect("a", "# mine\nnetvm = \"net\" # by net\nip = \"10.137.0.1\"\n");
	file_expect("net", "provides_network = 1\nip = \"10.137.0.2\"\n");
	file_expect("b", "netvm = \"none\"\n");
	file_write(
		"0", "netvm = \"net\"\n"); /* comes first by name, and changes nobody's address */
	registry_take(&r);
	assert_int_equal(registry_allocate(&r, false, &changed, &e), 0);
	assert_int_equal(changed, 1);
	registry_dispose(&r);
	file_expect("0", "netvm = \"net\"\nip = \"10.137.0.3\"\n");
	file_expect("net", "provides_network = 1\nip = \"10.137.0.2\"\n");
}

static void a_dry_allocation_leaves_the_files(void **state)
{
	struct registry r;
	struct err e = ERR_NONE;
	size_t changed;

	(void)state;
	file_write("net", "provides_network = 1\n");
	registry_take(&r);
	assert_int_equal(registry_allocate(&r, true, &changed, &e), 0);
	assert_int_equal(changed, 1);
	assert_true(addr_is_set(&domain_of(&r, "net")->ip));
	registry_dispose(&r);
	file_expect("net", "provides_network = 1\n");
}

static void who_gets_no_address_is_at_fault_and_others_are_not(void **state)
{
	struct registry r;
	struct err e = ERR_NONE;
	size_t changed;

	(void)state;
	file_write(NULL, "pool = [ \"10.1.0.0/30\" ]\n");
	file_write("net", "provides_network = 1\nip = \"10.1.0.1\"\n");
	file_write("a", "netvm = \"net\"\n");
	file_write("b", "netvm = \"net\"\n");
	registry_take(&r);
	assert_int_equal(registry_allocate(&r, false, &changed, &e), 0);
	expect_fault(&r, "a", NULL);
	expect_fault(&r, "b", "no address could be given");
	expect_fault(&r, "net", NULL);
	registry_dispose(&r);
}

/* --- many --- */

#define MANY 3000 /* files: several threads read them */

static size_t told;

static void unknown_note(const char *path, const char *key)
{
	char wanted[128];

	assert_string_equal(key, "colour");
	snprintf(wanted, sizeof(wanted), "%s/domains/d%04zu.conf", registry_dir, 7 * told++);
	assert_string_equal(path, wanted);
}

static void thousands_of_files_are_read_as_few_are(void **state)
{
	struct err e = ERR_NONE;
	struct registry r;
	char name[16], text[64];

	(void)state;
	for (size_t i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "d%04zu", i);
		snprintf(text, sizeof(text), "mtu = %zu\n%s%s", 1000 + i,
			i % 7 ? "" : "colour = \"red\"\n", i % 11 ? "" : "ip = = 1\n");
		file_write(name, i % 7 || i % 11 ? text : "colour = \"red\"\n");
	}
	told = 0;
	assert_int_equal(registry_read(registry_dir, &r, unknown_note, &e), 0);
	assert_int_equal(r.count, MANY);
	for (size_t i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "d%04zu", i);
		assert_string_equal(r.domain[i].name, name);
		snprintf(text, sizeof(text), "/domains/%s.conf:2: ", name);
		if (i % 7 && i % 11 == 0)
			expect_fault(&r, name, text);
		else if (i % 7)
			assert_int_equal(r.domain[i].mtu, 1000 + i);
	}
	assert_int_equal(told, (MANY + 6) / 7);
	registry_dispose(&r);
}

static void thousands_are_given_addresses_in_order(void **state)
{
	struct err e = ERR_NONE;
	struct registry r;
	char name[16], ip[ADDR_TEXT_MAX];
	size_t changed;

	(void)state;
	file_write("net", "provides_network = 1\nip = \"10.137.0.2\"\n");
	file_write(NULL, "default_netvm = \"net\"\n");
	for (size_t i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "d%04zu", i);
		file_write(name, "");
	}
	registry_take(&r);
	assert_int_equal(registry_allocate(&r, true, &changed, &e), 0);
	assert_int_equal(changed, MANY);
	assert_string_equal(addr_print(&domain_of(&r, "d0000")->ip, ip), "10.137.0.1");
	assert_string_equal(addr_print(&domain_of(&r, "d0001")->ip, ip), "10.137.0.3");
	assert_string_equal(addr_print(&domain_of(&r, "d2999")->ip, ip), "10.137.11.185");
	for (size_t i = 0; i < MANY; i++)
		assert_null(r.domain[i].fault);
	registry_dispose(&r);
}

#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, registry_dir_make, registry_dir_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_DIR(without_any_file_the_registry_is_empty_and_has_defaults),
		cmocka_unit_test(a_directory_that_is_not_there_is_an_empty_registry),
		IN_DIR(every_key_of_a_domain_is_typed),
		IN_DIR(files_that_are_no_domain_s_are_passed_over),
		IN_DIR(the_default_network_domain_serves_whoever_names_none),
		IN_DIR(a_loop_is_refused_and_printed),
		IN_DIR(a_long_loop_is_printed_in_short),
		IN_DIR(a_syntax_error_stays_with_its_domain),
		IN_DIR(a_fault_spreads_to_guests_and_not_to_network_domains),
		IN_DIR(a_fault_in_netvm_conf_concerns_everybody),
		IN_DIR(a_network_domain_must_exist_and_provide_network),
		IN_DIR(a_routed_subnet_is_for_a_network_domain_that_no_other_serves),
		IN_DIR(several_may_see_one_address_and_gateway),
		IN_DIR(what_a_guest_cannot_see_is_refused),
		IN_DIR(an_address_has_one_holder),
		cmocka_unit_test(a_mac_follows_from_the_name_and_is_an_ordinary_one),
		IN_DIR(the_lowest_free_address_is_given),
		IN_DIR(a_full_pool_gives_way_to_the_next_and_then_to_an_error),
		IN_DIR(an_address_once_given_is_kept_in_the_file),
		IN_DIR(a_dry_allocation_leaves_the_files),
		IN_DIR(who_gets_no_address_is_at_fault_and_others_are_not),
		IN_DIR(thousands_of_files_are_read_as_few_are),
		IN_DIR(thousands_are_given_addresses_in_order),
	};

	return cmocka_run_group_tests_name("registry", tests, NULL, NULL);
}
