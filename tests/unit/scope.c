/* What a pass has to look at after something happened, and what is left from one to the next. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "backend/pass_memory.h"
#include "backend/scope.h"

/* "all", or the guests. */
static const char *words(const struct scope *s)
{
	static char text[512];

	if (!scope_guests(s))
		return "all";
	text[0] = '\0';
	for (size_t i = 0; i < s->guests.count; i++)
		sprintf(text + strlen(text), "%s%u", i ? " " : "", s->guests.id[i]);
	return text;
}

static const char *after_event(const char *path)
{
	struct scope s = { .all = false };

	scope_add_event(&s, path);
	return words(&s);
}

static const char *after_link(const char *name)
{
	struct scope s = { .all = false };

	scope_add_link(&s, name);
	return words(&s);
}

static void what_happens_to_a_guest_s_nodes_is_about_that_guest(void **state)
{
	(void)state;
	assert_string_equal(after_event("backend/vif/5/0/state"), "5");
	assert_string_equal(after_event("backend/vif/5"), "5");
	assert_string_equal(after_event("/local/domain/3/backend/vif/17/1"), "17");
	assert_string_equal(after_event("netvm-provider/clients/6/0/policy/0000"), "6");
}

static void everything_else_is_about_all(void **state)
{
	static const char *const paths[] = { "", "backend/vif", "backend/vif/", "backend/vif/x",
		"backend/vif/05/0", "backend/vif/5x", "backend/vif/-1", "backend/vif/99999",
		"netvm-provider", "netvm-provider/probe", "netvm-provider/clients", "netvm/0/ip",
		"/local/domain/x/backend/vif/5", "@releaseDomain", NULL };

	(void)state;
	for (const char *const *p = paths; *p; p++)
		assert_string_equal(after_event(*p), "all");
}

static void a_link_is_known_by_its_name(void **state)
{
	(void)state;
	assert_string_equal(after_link("vif5.0"), "5");
	assert_string_equal(after_link("vif5.1-emu"), "5");
	assert_string_equal(after_link("eth0"), "all");
	assert_string_equal(after_link("vif5"), "all");
	assert_string_equal(after_link(""), "all");
}

static void a_guest_counts_once_and_too_many_are_all(void **state)
{
	struct scope s = { .all = false };

	(void)state;
	for (int again = 0; again < 2; again++)
		for (uint32_t n = 1; n <= DOMIDS_MAX; n++)
			scope_add_guest(&s, n);
	assert_false(s.all);
	scope_add_guest(&s, DOMIDS_MAX + 1);
	assert_string_equal(words(&s), "all");
}

static void remember(struct pass_memory *m, const struct scope *looked, const struct pass_vif *vifs,
	size_t count)
{
	assert_int_equal(pass_memory_put(m, looked, vifs, count), 0);
}

static void who_was_not_looked_at_stays_as_it_was(void **state)
{
	const struct pass_vif first[] = { { .id = { 5, 0 } }, { .id = { 6, 0 } },
		{ .id = { 6, 1 } } };
	struct scope six = { .guests = { { 6 }, 1 } }, all = { .all = true };
	struct pass_memory m = { .count = 0 };

	(void)state;
	remember(&m, &all, first, 3);
	remember(&m, &six, &first[2], 1);
	assert_int_equal(m.vif_count, 2);
	assert_int_equal(m.vifs[0].id.domid, 5);
	assert_int_equal(m.vifs[1].id.devid, 1);
	remember(&m, &all, NULL, 0);
	assert_int_equal(m.vif_count, 0);
	pass_memory_dispose(&m);
}

static void who_could_not_be_served_or_waits_for_its_end_is_looked_at_by_every_pass(void **state)
{
	const struct pass_vif vifs[] = { { .id = { 5, 0 } }, { .id = { 6, 0 }, .faulty = true } };
	struct scope all = { .all = true }, next = { .guests = { { 9 }, 1 } };
	struct pass_memory m = { .count = 0 };

	(void)state;
	remember(&m, &all, vifs, 2);
	assert_true(pass_memory_is_fresh(&m, &(struct vif_id){ 7, 0 }, 100.));
	pass_memory_scope(&m, &next);
	assert_string_equal(words(&next), "9 7 6");
	m.partial = true;
	pass_memory_scope(&m, &next);
	assert_string_equal(words(&next), "all");
	pass_memory_dispose(&m);
}

static void more_that_wait_for_their_end_than_there_is_room_for_are_all(void **state)
{
	struct scope next = { .all = false };
	struct pass_memory m = { .count = 0 };

	(void)state;
	for (uint32_t n = 0; n < PASS_CLOSED_MAX; n++)
		assert_true(pass_memory_is_fresh(&m, &(struct vif_id){ 7, n }, 100.));
	assert_false(m.partial);
	assert_false(pass_memory_is_fresh(&m, &(struct vif_id){ 7, 0 }, 100. + PASS_GRACE));
	assert_true(pass_memory_is_fresh(&m, &(struct vif_id){ 8, 0 }, 100.));
	pass_memory_scope(&m, &next);
	assert_string_equal(words(&next), "all");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_happens_to_a_guest_s_nodes_is_about_that_guest),
		cmocka_unit_test(everything_else_is_about_all),
		cmocka_unit_test(a_link_is_known_by_its_name),
		cmocka_unit_test(a_guest_counts_once_and_too_many_are_all),
		cmocka_unit_test(who_was_not_looked_at_stays_as_it_was),
		cmocka_unit_test(
			who_could_not_be_served_or_waits_for_its_end_is_looked_at_by_every_pass),
		cmocka_unit_test(more_that_wait_for_their_end_than_there_is_room_for_are_all),
	};

	return cmocka_run_group_tests_name("scope", tests, NULL, NULL);
}
