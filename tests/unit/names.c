/* Names of domains, devices and interfaces are taken whole and exact, or not at all. */
#include "tests/unit/unit.h"

#include <stdlib.h>

#include "xenstore-schema/schema.h"

static void a_domid_is_a_plain_number_below_the_reserved_ones(void **state)
{
	static const char *const refused[] = { "", " 1", "1 ", "+1", "-1", "01", "00", "0x1", "1.0",
		"32752", "32753", "65535", "4294967296", "4294967297", "18446744073709551616",
		"99999999999999999999999999", "1\n", "one", NULL };
	uint32_t n = 77;

	(void)state;
	for (const char *const *t = refused; *t; t++) {
		assert_int_equal(domid_parse(*t, &n), -EINVAL);
		assert_int_equal(n, 77);
	}
	assert_int_equal(domid_parse("0", &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(domid_parse("32751", &n), 0);
	assert_int_equal(n, 32751);
}

static void a_devid_is_a_plain_number_of_16_bits(void **state)
{
	uint32_t n = 77;

	(void)state;
	assert_int_equal(devid_parse("65535", &n), 0);
	assert_int_equal(n, 65535);
	assert_int_equal(devid_parse("65536", &n), -EINVAL);
	assert_int_equal(devid_parse("007", &n), -EINVAL);
	assert_int_equal(devid_parse("", &n), -EINVAL);
	assert_int_equal(n, 65535);
}

static void a_vif_name_is_vif_domid_dot_devid(void **state)
{
	static const char *const refused[] = { "", "vif", "vif5", "vif5.", "vif.0", "vif5.0 ",
		" vif5.0", "Vif5.0", "vif05.0", "vif5.00", "vif5.0.0", "vif5.0-em", "vif5.0-emu0",
		"vif5.0-emu-emu", "vif32752.0", "vif5.65536", "vif-5.0", "tap5.0", "vif5/0",
		"vif5.0\n", NULL };
	struct vif_id id = { 9, 9 };
	bool emulated = true;
	char buf[VIF_NAME_MAX];

	(void)state;
	for (const char *const *t = refused; *t; t++) {
		assert_int_equal(vif_name_parse(*t, &id, &emulated), -EINVAL);
		assert_int_equal(id.domid, 9);
		assert_true(emulated);
	}
	assert_int_equal(vif_name_parse("vif5.1", &id, &emulated), 0);
	assert_int_equal(id.domid, 5);
	assert_int_equal(id.devid, 1);
	assert_false(emulated);
	assert_int_equal(vif_name_parse("vif32751.65535", &id, NULL), 0);
	assert_string_equal(vif_name_print(&id, buf), "vif32751.65535");
}

static void the_emulated_twin_is_taken_only_by_who_asks_for_it(void **state)
{
	struct vif_id id = { 9, 9 };
	bool emulated = false;

	(void)state;
	assert_int_equal(vif_name_parse("vif5.0-emu", &id, NULL), -EINVAL);
	assert_int_equal(id.domid, 9);
	assert_int_equal(vif_name_parse("vif5.0-emu", &id, &emulated), 0);
	assert_true(emulated);
	assert_int_equal(id.domid, 5);
}

static void a_backend_path_is_absolute_or_relative_and_nothing_else(void **state)
{
	static const char *const refused[] = { "", "/", "backend", "backend/vif", "backend/vif/5",
		"backend/vif/5/", "backend/vif/5/0/", "backend/vif/5/0/state", "/backend/vif/5/0",
		"backend/vif/05/0", "backend/vif/5/65536", "backend/vbd/5/0", "backend/vif//0",
		"/local/domain/backend/vif/5/0", "/local/domain/3/backend/vif/5",
		"/local/domain/32752/backend/vif/5/0", "/local/domain/3backend/vif/5/0",
		"/local/domain/3//backend/vif/5/0", "local/domain/3/backend/vif/5/0",
		"../backend/vif/5/0", "backend/vif/5/0 ", NULL };
	uint32_t backend = 77;
	struct vif_id id = { 9, 9 };

	(void)state;
	for (const char *const *t = refused; *t; t++) {
		assert_int_equal(vif_backend_path_parse(*t, &backend, &id), -EINVAL);
		assert_int_equal(backend, 77);
		assert_int_equal(id.domid, 9);
	}
	assert_int_equal(vif_backend_path_parse("backend/vif/5/1", &backend, &id), 0);
	assert_int_equal(backend, SCHEMA_SELF);
	assert_int_equal(id.domid, 5);
	assert_int_equal(id.devid, 1);
	assert_int_equal(
		vif_backend_path_parse("/local/domain/3/backend/vif/6/0", &backend, &id), 0);
	assert_int_equal(backend, 3);
	assert_int_equal(id.domid, 6);
}

static void a_domain_name_has_no_character_that_means_anything(void **state)
{
	static const char *const refused[] = { "", "-a", ".a", "..", "a b", "a/b", "a\n", "a;b",
		"a$b", "a'b", "a\"b", "a%b", "\xc3\xa4", "a\\b", "*", NULL };
	static const char *const taken[] = { "a", "work", "sys-net", "Domain-0", "a.b", "a_b",
		"a+b", "a:b", "a@b", "0", NULL };
	char name[DOMAIN_NAME_MAX + 1];

	(void)state;
	for (const char *const *t = refused; *t; t++)
		assert_int_equal(domain_name_check(*t), -EINVAL);
	for (const char *const *t = taken; *t; t++)
		assert_int_equal(domain_name_check(*t), 0);
	memset(name, 'x', sizeof(name));
	name[DOMAIN_NAME_MAX] = '\0';
	assert_int_equal(domain_name_check(name), -EINVAL);
	name[DOMAIN_NAME_MAX - 1] = '\0';
	assert_int_equal(domain_name_check(name), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_domid_is_a_plain_number_below_the_reserved_ones),
		cmocka_unit_test(a_devid_is_a_plain_number_of_16_bits),
		cmocka_unit_test(a_vif_name_is_vif_domid_dot_devid),
		cmocka_unit_test(the_emulated_twin_is_taken_only_by_who_asks_for_it),
		cmocka_unit_test(a_backend_path_is_absolute_or_relative_and_nothing_else),
		cmocka_unit_test(a_domain_name_has_no_character_that_means_anything),
	};

	return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
