/* Changing the registry: the text survives, and a change that would spoil something is refused. */
#include "tests/unit/registry_files.h"

#include <sys/wait.h>

/* `value` NULL takes the key out. */
static int set(const char *name, const char *key, const char *value, struct err *e)
{
	const struct registry_change c = { key, value ? &value : NULL, value ? 1 : 0 };

	*e = (struct err)ERR_NONE;
	return registry_edit(registry_dir, name, &c, 1, e);
}

static void comments_and_unknown_keys_survive(void **state)
{
	struct err e;

	(void)state;
	file_write("net", "provides_network = 1\n");
	file_write("a", "# mine\nfuture = \"x\"\nip = \"10.137.0.9\" # by hand\n");
	assert_int_equal(set("a", "netvm", "net", &e), 0);
	assert_int_equal(set("a", "ip", "10.137.0.8", &e), 0);
	file_expect(
		"a", "# mine\nfuture = \"x\"\nip = \"10.137.0.8\" # by hand\nnetvm = \"net\"\n");
	assert_int_equal(set("a", "netvm", NULL, &e), 0);
	file_expect("a", "# mine\nfuture = \"x\"\nip = \"10.137.0.8\" # by hand\n");
}

static void a_file_is_made_where_there_is_none(void **state)
{
	struct err e;
	char path[160];

	(void)state;
	snprintf(path, sizeof(path), "%s/domains", registry_dir);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(set("net", "provides_network", "1", &e), 0);
	assert_int_equal(set(NULL, "default_netvm", "net", &e), 0);
	assert_int_equal(registry_edit(registry_dir, "a", NULL, 0, &e), 0);
	file_expect("net", "provides_network = 1\n");
	file_expect(NULL, "default_netvm = \"net\"\n");
	file_expect("a", "");
}

static void a_loop_is_refused_with_the_loop_printed(void **state)
{
	struct err e;

	(void)state;
	file_write("a", "provides_network = 1\nnetvm = \"b\"\n");
	file_write("b", "provides_network = 1\n");
	assert_int_equal(set("b", "netvm", "a", &e), -EINVAL);
	assert_contains(e.text, "a -> b -> a");
	file_expect("b", "provides_network = 1\n");
}

static void a_change_that_spoils_another_domain_is_refused(void **state)
{
	struct err e;

	(void)state;
	file_write("net", "provides_network = 1\n");
	file_write("a", "netvm = \"net\"\n");
	assert_int_equal(set("net", "provides_network", "0", &e), -EINVAL);
	assert_contains(e.text, "a.conf: netvm: net is not a network domain");
	file_expect("net", "provides_network = 1\n");
}

static void a_wrong_value_or_key_is_refused(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(set("a", "ip", "10.0.0", &e), -EINVAL);
	assert_contains(e.text, "ip: \"10.0.0\" is not an IPv4 address");
	assert_int_equal(set("a", "pci", "eth0", &e), -EINVAL);
	assert_contains(e.text, "a PCI device");
	assert_int_equal(set("a", "mtu", "12", &e), -EINVAL);
	assert_int_equal(set("a", "pocily", "drop", &e), -EINVAL);
	assert_contains(e.text, "no such key as \"pocily\"");
	assert_int_equal(set("../a", "ip", "10.0.0.1", &e), -EINVAL);
	assert_int_equal(set("a", "netvm", "nobody", &e), -EINVAL);
	assert_contains(e.text, "there is no domain \"nobody\"");
}

static void rules_are_written_one_a_line_and_a_wrong_one_is_refused(void **state)
{
	const char *const rules[] = { "action=accept specialtarget=dns",
		"action=drop comment=the \"rest\"", "action=dorp" };
	struct registry_change c = { "rules", rules, 2 };
	struct err e = ERR_NONE;

	(void)state;
	file_write("a", "# mine\n");
	assert_int_equal(registry_edit(registry_dir, "a", &c, 1, &e), 0);
	file_expect("a", "# mine\nrules = [\n\t\"action=accept specialtarget=dns\",\n"
			 "\t'action=drop comment=the \"rest\"'\n]\n");
	c.count = 3;
	assert_int_equal(registry_edit(registry_dir, "a", &c, 1, &e), -EINVAL);
	assert_string_equal(e.text,
		"rules: \"action=dorp\" is not a rule: \"action=dorp\": accept or drop expected");
	assert_int_equal(set("a", "rules", NULL, &e), 0);
	file_expect("a", "# mine\n");
}

static void a_file_with_a_syntax_error_is_not_touched(void **state)
{
	struct err e;

	(void)state;
	file_write("a", "ip = = 3\n");
	assert_int_equal(set("a", "cable", "0", &e), -EINVAL);
	assert_contains(e.text, "a.conf:1: ");
	file_expect("a", "ip = = 3\n");
}

static void a_fault_elsewhere_does_not_hinder(void **state)
{
	struct err e;

	(void)state;
	file_write("bad", "ip = = 3\n");
	file_write("net", "provides_network = 1\n");
	assert_int_equal(set("a", "netvm", "net", &e), 0);
}

static void what_is_held_becomes_what_results(void **state)
{
	static const char *const net = "net", *const drop = "drop", *const yes = "1";
	const struct registry_change provides = { "provides_network", &yes, 1 };
	const struct registry_change behind[] = { { "netvm", &net, 1 }, { "policy", &drop, 1 } };
	const struct registry_change no_mtu = { "mtu", NULL, 1 };
	struct err e = ERR_NONE;

	(void)state;
	file_write("a", "mtu = 1400\nnetvm = \"net\"\n");
	for (int dry = 1; dry >= 0; dry--) {
		struct registry_held h;

		assert_int_equal(registry_hold(registry_dir, dry, NULL, &h, &e), 0);
		expect_fault(&h.r, "a", "there is no domain \"net\"");
		assert_int_equal(registry_change(&h, "net", &provides, 1, &e), 0);
		expect_fault(&h.r, "a", NULL);
		assert_int_equal(registry_change(&h, "b", behind, 2, &e), 0);
		assert_int_equal(registry_change(&h, "a", &no_mtu, 1, &e), 0);
		assert_int_equal(h.r.count, 3);
		assert_ptr_equal(domain_of(&h.r, "a")->netvm, domain_of(&h.r, "net"));
		assert_ptr_equal(domain_of(&h.r, "b")->netvm, domain_of(&h.r, "net"));
		assert_int_equal(domain_of(&h.r, "b")->policy, POLICY_DROP);
		assert_int_equal(domain_of(&h.r, "a")->mtu, 0);
		registry_let_go(&h);
		registry_let_go(&h);
		if (dry)
			file_expect("a", "mtu = 1400\nnetvm = \"net\"\n");
	}
	file_expect("a", "netvm = \"net\"\n");
	file_expect("b", "netvm = \"net\"\npolicy = \"drop\"\n");
	file_expect("net", "provides_network = 1\n");
}

static void a_file_does_not_become_longer_than_can_be_read(void **state)
{
	char *text = malloc(CONFIG_FILE_MAX + 1);
	struct err e;

	(void)state;
	assert_non_null(text);
	memset(text, '#', CONFIG_FILE_MAX);
	strcpy(text + CONFIG_FILE_MAX - 10, "\n");
	file_write("a", text);
	free(text);
	assert_int_equal(set("a", "mtu", "1400", &e), -EFBIG);
	assert_contains(e.text, "/domains/a.conf: would be larger than the 1048576 bytes");
	assert_int_equal(set("a", "cable", "0", &e), -EFBIG);
	file_write("a", "");
	assert_int_equal(set("a", "cable", "0", &e), 0);
}

static void a_list_is_written_as_one(void **state)
{
	static const char *const values[] = { "0000:03:00.0", "0000:03:00.1" };
	const struct registry_change c = { "pci", values, 2 };
	struct err e = ERR_NONE;

	(void)state;
	assert_int_equal(registry_edit(registry_dir, "net", &c, 1, &e), 0);
	file_expect("net", "pci = [ \"0000:03:00.0\", \"0000:03:00.1\" ]\n");
}

static void a_domain_in_use_is_not_forgotten(void **state)
{
	struct err e = ERR_NONE;

	(void)state;
	file_write("net", "provides_network = 1\n");
	file_write("a", "netvm = \"net\"\n");
	assert_int_equal(forget("net", &e), -ENOTEMPTY);
	assert_contains(e.text, "network domain of a");
	assert_int_equal(forget("a", &e), 0);
	assert_int_equal(forget("net", &e), 0);
	assert_int_equal(forget("net", &e), -ENOENT);
}

static void its_guests_go_elsewhere_with_it_or_nothing_changes(void **state)
{
	struct err e = ERR_NONE;

	(void)state;
	file_write(NULL, "# ours\ndefault_netvm = \"net\"\n");
	file_write("net", "provides_network = 1\nnetvm = \"none\"\n");
	file_write("fw", "provides_network = 1\nnetvm = \"net\"\n");
	file_write("other", "provides_network = 1\nnetvm = \"none\"\n");
	file_write("a", "netvm = \"net\" # of all\nmtu = 1400\n");
	file_write("b", "");
	assert_int_equal(forget("net", &e), -ENOTEMPTY);
	assert_contains(
		e.text, "net is the network domain of netvm.conf (default_netvm) and 2 more");
	assert_int_equal(forget_to("net", "fw", &e), -EINVAL);
	assert_contains(e.text, "in a loop: fw -> fw");
	assert_int_equal(forget_to("net", "gone", &e), -EINVAL);
	file_write("c", "netvm = \"other\"\nexpose = [ \"tcp/80 from net\" ]\n");
	assert_int_equal(forget_to("net", "other", &e), -EBUSY);
	assert_string_equal(e.text, "net is named in the exposed ports of c");
	file_expect("a", "netvm = \"net\" # of all\nmtu = 1400\n");
	file_expect("fw", "provides_network = 1\nnetvm = \"net\"\n");
	file_write("c", "netvm = \"other\"\n");
	assert_int_equal(forget_to("net", "other", &e), 0);
	file_expect(NULL, "# ours\ndefault_netvm = \"other\"\n");
	file_expect("fw", "provides_network = 1\nnetvm = \"other\"\n");
	file_expect("a", "netvm = \"other\" # of all\nmtu = 1400\n");
	file_expect("b", "");
	assert_int_equal(forget_to("other", "none", &e), 0);
	file_expect("a", "netvm = \"none\" # of all\nmtu = 1400\n");
}

/* Eight processes change eight keys of the same file at once; none of the changes is lost. */
static void writers_at_the_same_time_lose_nothing(void **state)
{
	static const char *const pairs[][2] = { { "ip", "10.0.0.1" }, { "ip6", "fd00::1" },
		{ "mac", "00:16:3e:00:00:01" }, { "mtu", "1400" }, { "role", "vpn" },
		{ "policy", "drop" }, { "cable", "0" }, { "config", "/x" } };
	const struct registry_domain *d;
	struct registry r;
	struct err e;
	int status;

	(void)state;
	for (size_t i = 0; i < 8; i++) {
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (!pid)
			_exit(set("a", pairs[i][0], pairs[i][1], &e) ? 1 : 0);
	}
	for (size_t i = 0; i < 8; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	registry_take(&r);
	d = domain_of(&r, "a");
	assert_null(d->fault);
	assert_true(addr_is_set(&d->ip) && addr_is_set(&d->ip6) && mac_is_set(&d->mac));
	assert_true(d->mtu == 1400 && d->role == PROVIDER_VPN && d->policy == POLICY_DROP);
	assert_true(!d->cable && d->config);
	registry_dispose(&r);
}

#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, registry_dir_make, registry_dir_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_DIR(comments_and_unknown_keys_survive),
		IN_DIR(a_file_is_made_where_there_is_none),
		IN_DIR(a_loop_is_refused_with_the_loop_printed),
		IN_DIR(a_change_that_spoils_another_domain_is_refused),
		IN_DIR(a_wrong_value_or_key_is_refused),
		IN_DIR(rules_are_written_one_a_line_and_a_wrong_one_is_refused),
		IN_DIR(a_file_with_a_syntax_error_is_not_touched),
		IN_DIR(a_fault_elsewhere_does_not_hinder),
		IN_DIR(what_is_held_becomes_what_results),
		IN_DIR(a_file_does_not_become_longer_than_can_be_read),
		IN_DIR(a_list_is_written_as_one),
		IN_DIR(a_domain_in_use_is_not_forgotten),
		IN_DIR(its_guests_go_elsewhere_with_it_or_nothing_changes),
		IN_DIR(writers_at_the_same_time_lose_nothing),
	};

	return cmocka_run_group_tests_name("registry_edit", tests, NULL, NULL);
}
