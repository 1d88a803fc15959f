/* What a key of xenstore may hold: each kind takes what is exactly of its form, and prints what it
 * takes. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "xenstore-schema/schema_dir.h"

static const struct schema_dir *const dirs[] = { &guest_link_dir, &provider_dir, &client_dir,
	&netvm_report_dir, &client_report_dir, &vif_backend_dir, &vif_frontend_dir,
	&vif_connection_dir };
#define DIRS (sizeof(dirs) / sizeof(dirs[0]))

static const struct schema_key *key_of(const struct schema_dir *dir, const char *name)
{
	for (const struct schema_key *key = dir->keys; key->name; key++)
		if (strcmp(key->name, name) == 0)
			return key;
	fail_msg("%s has no key %s", dir->path, name);
	return NULL;
}

/* Each text is refused and leaves the object as it was. */
static void refuses(const struct schema_dir *dir, const char *name, const char *const *texts)
{
	const struct schema_key *key = key_of(dir, name);
	char object[8192], before[8192];

	assert_true(dir->size <= sizeof(object));
	memset(object, 0x5a, sizeof(object));
	memcpy(before, object, sizeof(object));
	for (; *texts; texts++) {
		if (key_parse(key, *texts, object) != -EINVAL)
			fail_msg("%s took \"%s\"", name, *texts);
		assert_memory_equal(object, before, sizeof(object));
	}
}

/* Each text is taken, and printed as it was. */
static void takes(const struct schema_dir *dir, const char *name, const char *const *texts)
{
	const struct schema_key *key = key_of(dir, name);
	char object[8192], buf[STORE_VALUE_MAX];

	for (; *texts; texts++) {
		memset(object, 0, sizeof(object));
		assert_int_equal(key_parse(key, *texts, object), 0);
		assert_int_equal(key_print(key, object, buf), 1);
		assert_string_equal(buf, *texts);
		key_clear(key, object);
	}
}

#define TEXTS(...)                                                                                 \
	(const char *const[])                                                                      \
	{                                                                                          \
		__VA_ARGS__, NULL                                                                  \
	}

static void addresses_are_of_one_host_and_of_their_family(void **state)
{
	(void)state;
	takes(&guest_link_dir, "ip", TEXTS("10.137.0.7", "192.0.2.1", "169.254.1.1"));
	refuses(&guest_link_dir, "ip",
		TEXTS("", "10.137.0.7/32", "10.137.0.7 ", "0.0.0.0", "127.0.0.1", "224.0.0.1",
			"255.255.255.255", "::1", "2001:db8::1", "10.137.0.07", "none"));
	takes(&guest_link_dir, "gateway6", TEXTS("fe80::1", "2001:db8::1"));
	refuses(&guest_link_dir, "gateway6",
		TEXTS("", "::", "::1", "ff02::1", "::ffff:10.0.0.1", "10.0.0.1", "fe80::1%eth0",
			"2001:db8::1/128"));
}

static void subnets_are_routable_and_a_list(void **state)
{
	char many[17 * 17] = "";

	(void)state;
	takes(&provider_dir, "routed6",
		TEXTS("2001:db8:5::/64", "2001:db8:5::/64 fd00:5::/48", "2001:db8::5/128"));
	refuses(&provider_dir, "routed6",
		TEXTS("", " ", "2001:db8:5::1/64", "2001:db8:5::/64 ", " 2001:db8:5::/64",
			"2001:db8:5::/64  2001:db8:6::/64", "2001:db8:5::/64,2001:db8:6::/64",
			"10.0.0.0/8", "::/0", "fe80::/64", "ff05::/64", "2000::/2",
			"2001:db8::/129"));
	for (int i = 0; i < 17; i++)
		snprintf(many + strlen(many), sizeof(many) - strlen(many), "%s2001:db8:%x::/64",
			i ? " " : "", 0x10 + i);
	refuses(&provider_dir, "routed6", TEXTS(many));
	*strrchr(many, ' ') = '\0';
	takes(&provider_dir, "routed6", TEXTS(many));
}

static void macs_are_of_one_host(void **state)
{
	(void)state;
	takes(&client_dir, "mac", TEXTS("00:16:3e:00:00:01"));
	refuses(&client_dir, "mac",
		TEXTS("", "00:16:3e:00:00:01 ", "01:00:5e:00:00:01", "00:00:00:00:00:00",
			"00163e000001"));
}

static void numbers_are_plain_and_in_their_range(void **state)
{
	(void)state;
	takes(&guest_link_dir, "mtu", TEXTS("68", "1500", "65535"));
	refuses(&guest_link_dir, "mtu",
		TEXTS("", "0", "67", "65536", "4294967364", "+1500", "01500", "1500 ", "1e3"));
	takes(&client_dir, "generation", TEXTS("0", "1", "4294967295"));
	refuses(&client_dir, "generation", TEXTS("", "-1", "4294967296", "0x1", "00"));
	refuses(&vif_frontend_dir, "backend-id", TEXTS("", "32752", "-1"));
	takes(&vif_backend_dir, "state", TEXTS("0", "8"));
	refuses(&vif_backend_dir, "state", TEXTS("", "9", "04", "Connected"));
}

static void words_are_those_of_the_table(void **state)
{
	(void)state;
	takes(&client_dir, "policy", TEXTS("accept", "drop"));
	refuses(&client_dir, "policy", TEXTS("", "Accept", "accept ", "reject"));
	takes(&client_dir, "cable", TEXTS("on", "off"));
	refuses(&client_dir, "cable", TEXTS("", "1", "ON"));
	takes(&provider_dir, "role", TEXTS("router", "vpn"));
	takes(&provider_dir, "datapath", TEXTS("own", "kernel", "user"));
	refuses(&provider_dir, "datapath", TEXTS("", "User", "none"));
	takes(&vif_backend_dir, "online", TEXTS("0", "1"));
	refuses(&vif_backend_dir, "online", TEXTS("", "2", "yes"));
}

static void texts_are_printable_and_short_enough(void **state)
{
	char longest[NETVM_WORDS_MAX + 1];

	(void)state;
	memset(longest, 'x', sizeof(longest));
	longest[NETVM_WORDS_MAX - 1] = '\0';
	takes(&netvm_report_dir, "state", TEXTS("ready", " ~", longest));
	longest[NETVM_WORDS_MAX - 1] = 'x';
	longest[NETVM_WORDS_MAX] = '\0';
	refuses(&netvm_report_dir, "state", TEXTS("a\n", "\x1b[2J", "\x7f", "\xc3\xa4", longest));
	takes(&client_dir, "name", TEXTS("work", "sys-net"));
	refuses(&client_dir, "name", TEXTS("", "a b", "../x"));
}

static void vif_addresses_are_a_list_of_different_hosts(void **state)
{
	static const char *const refused[] = { "10.0.0.1 x", "10.0.0.1;10.0.0.2", "10.0.0.0/24",
		"10.0.0.1/33", "10.0.0.1/032", "2001:db8::1/64", "10.0.0.1 10.0.0.1",
		"10.0.0.1, 10.0.0.1/32", "224.0.0.1", "::", "10.0.0.1\v10.0.0.2", NULL };
	struct addr addrs[VIF_ADDRS_MAX];
	char many[16 * VIF_ADDRS_MAX + 16] = "", buf[ADDR_TEXT_MAX];
	size_t count = 77, len = 0;

	(void)state;
	for (const char *const *t = refused; *t; t++)
		assert_int_equal(vif_addrs_parse(*t, addrs, &count), -EINVAL);
	assert_int_equal(count, 77);
	assert_int_equal(vif_addrs_parse(" ,\t\n", addrs, &count), 0);
	assert_int_equal(count, 0);
	assert_int_equal(vif_addrs_parse(" 10.0.0.1/32,,2001:db8::1\n10.0.0.2\t2001:db8::2/128 ",
				 addrs, &count),
		0);
	assert_int_equal(count, 4);
	assert_string_equal(addr_print(&addrs[0], buf), "10.0.0.1");
	assert_string_equal(addr_print(&addrs[3], buf), "2001:db8::2");
	for (int i = 0; i <= VIF_ADDRS_MAX; i++) {
		assert_int_equal(vif_addrs_parse(many, addrs, &count), 0);
		assert_int_equal(count, i);
		len += (size_t)snprintf(many + len, sizeof(many) - len, "10.0.0.%d ", i + 1);
	}
	assert_int_equal(vif_addrs_parse(many, addrs, &count), -EINVAL);
}

static void what_a_reader_would_refuse_is_not_printed(void **state)
{
	struct guest_link link = {
		.ip = { AF_INET, { 224, 0, 0, 1 } }, .mtu = 1, .mac = { { 1, 2, 3, 4, 5, 6 } }
	};
	struct client client = { .policy = (enum policy_verdict)2 };
	char buf[STORE_VALUE_MAX];

	(void)state;
	assert_int_equal(key_print(key_of(&guest_link_dir, "ip"), &link, buf), -EINVAL);
	assert_int_equal(key_print(key_of(&guest_link_dir, "mtu"), &link, buf), -EINVAL);
	assert_int_equal(key_print(key_of(&guest_link_dir, "mac"), &link, buf), -EINVAL);
	assert_int_equal(key_print(key_of(&guest_link_dir, "ip6"), &link, buf), 0);
	assert_int_equal(key_print(key_of(&client_dir, "policy"), &client, buf), -EINVAL);
	memset(client.name, 'x', sizeof(client.name));
	assert_int_equal(key_print(key_of(&client_dir, "name"), &client, buf), -EINVAL);
}

static void texts_of_ours_are_made_printable(void **state)
{
	char buf[8];

	(void)state;
	assert_int_equal(text_printable("a\x1b\xff~", buf, sizeof(buf)), 0);
	assert_string_equal(buf, "a??~");
	assert_int_equal(text_printable("1234567", buf, sizeof(buf)), 0);
	assert_int_equal(text_printable("12345678", buf, sizeof(buf)), -EMSGSIZE);
	assert_string_equal(buf, "1234567");
}

static void rules_are_cut_at_whole_lines(void **state)
{
	char rules[8000];

	(void)state;
	assert_int_equal(rules_next(""), 0);
	assert_int_equal(rules_next("a\nb"), 3);
	memset(rules, 'x', sizeof(rules));
	rules[2048] = '\0';
	assert_int_equal(rules_next(rules), 2048);
	rules[2048] = '\n';
	rules[3000] = '\0';
	assert_int_equal(rules_next(rules), 2049);
	assert_int_equal(rules_next(rules + 2049), 3000 - 2049);
	rules[2048] = 'x';
	assert_int_equal(rules_next(rules), 0);
	rules[2049] = '\0';
	assert_int_equal(rules_next(rules), 0);
	rules[2049] = 'x';
	rules[500] = rules[1500] = '\n';
	assert_int_equal(rules_next(rules), 1501);
	assert_true(rules_name_is_valid("0000"));
	assert_true(rules_name_is_valid("9999"));
	assert_false(rules_name_is_valid("000"));
	assert_false(rules_name_is_valid("00000"));
	assert_false(rules_name_is_valid("00 0"));
	assert_false(rules_name_is_valid("-001"));
}

/* --- the table --- */

static size_t table_size(const struct schema_key *key)
{
	static const size_t sizes[KEY_KINDS] = {
		[KEY_ADDR4] = sizeof(struct addr),
		[KEY_ADDR6] = sizeof(struct addr),
		[KEY_ADDRS] = sizeof(struct addr[VIF_ADDRS_MAX]),
		[KEY_MAC] = sizeof(struct mac),
		[KEY_MTU] = sizeof(uint32_t),
		[KEY_NUMBER] = sizeof(uint32_t),
		[KEY_DOMID] = sizeof(uint32_t),
		[KEY_STATE] = sizeof(enum xenbus_state),
		[KEY_NAME] = DOMAIN_NAME_MAX,
		[KEY_PREFIXES6] = sizeof(struct prefixes),
	};

	return sizes[key->kind];
}

static void every_row_fits_its_field(void **state)
{
	(void)state;
	for (size_t i = 0; i < DIRS; i++)
		for (const struct schema_key *key = dirs[i]->keys; key->name; key++) {
			assert_true(key->offset + key->size <= dirs[i]->size);
			assert_non_null(key->help);
			assert_non_null(key_expected(key));
			if (table_size(key))
				assert_int_equal(key->size, table_size(key));
			if (key->kind == KEY_WORD) {
				assert_non_null(key->words);
				assert_true(key->size == sizeof(bool) ||
					    key->size == sizeof(unsigned int));
			}
			for (const struct schema_key *k = key + 1; k->name; k++) {
				assert_string_not_equal(k->name, key->name);
				assert_true(k->offset >= key->offset + key->size ||
					    key->offset >= k->offset + k->size);
			}
		}
}

static void names_of_keys_are_names_to_xenstored(void **state)
{
	(void)state;
	for (size_t i = 0; i < DIRS; i++)
		for (const struct schema_key *key = dirs[i]->keys; key->name; key++) {
			size_t len = strlen(key->name);

			/* One of a directory within has a slash inside. */
			assert_int_equal(
				strspn(key->name, "abcdefghijklmnopqrstuvwxyz0123456789-/"), len);
			assert_true(key->name[0] != '/' && key->name[len - 1] != '/' &&
				    !strstr(key->name, "//"));
		}
}

static void the_generation_of_a_client_is_written_last(void **state)
{
	const struct schema_key *key = client_dir.keys;

	(void)state;
	while (key[1].name)
		key++;
	assert_string_equal(key->name, "generation");
}

static void the_manual_names_every_directory_and_key(void **state)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	char row[64];

	(void)state;
	schema_print_man(out);
	fclose(out);
	for (size_t i = 0; i < DIRS; i++)
		for (const struct schema_key *key = dirs[i]->keys; key->name; key++) {
			size_t n = (size_t)snprintf(row, sizeof(row), ".TP\n.B ");

			for (const char *c = key->name; *c; c++)
				n += (size_t)snprintf(
					row + n, sizeof(row) - n, *c == '-' ? "\\-" : "%c", *c);
			assert_non_null(strstr(text, row));
		}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_of_one_host_and_of_their_family),
		cmocka_unit_test(subnets_are_routable_and_a_list),
		cmocka_unit_test(macs_are_of_one_host),
		cmocka_unit_test(numbers_are_plain_and_in_their_range),
		cmocka_unit_test(words_are_those_of_the_table),
		cmocka_unit_test(texts_are_printable_and_short_enough),
		cmocka_unit_test(vif_addresses_are_a_list_of_different_hosts),
		cmocka_unit_test(what_a_reader_would_refuse_is_not_printed),
		cmocka_unit_test(texts_of_ours_are_made_printable),
		cmocka_unit_test(rules_are_cut_at_whole_lines),
		cmocka_unit_test(every_row_fits_its_field),
		cmocka_unit_test(names_of_keys_are_names_to_xenstored),
		cmocka_unit_test(the_generation_of_a_client_is_written_last),
		cmocka_unit_test(the_manual_names_every_directory_and_key),
	};

	return cmocka_run_group_tests_name("values", tests, NULL, NULL);
}
