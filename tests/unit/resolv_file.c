/* A resolv.conf of ours takes the place of another's, and goes again. */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "frontend-config/resolv_file.h"

static char dir[] = "/tmp/netvm-resolv-test.XXXXXX";
static char path[64], saved[96];
static char one[RESOLV_TEXT_MAX], two[RESOLV_TEXT_MAX];
static bool written, changed;
static struct err e;

static void render(const char *server, char out[RESOLV_TEXT_MAX])
{
	struct addr a;

	if (addr_parse(server, &a) || resolv_render(&a, 1, out) != (int)strlen(out))
		abort();
}

static void put(const char *text)
{
	assert_int_equal(file_replace(path, text, strlen(text), 0640, &e), 0);
}

static void expect_text(const char *wanted)
{
	char *text = NULL;

	assert_int_equal(file_read(path, RESOLV_TEXT_MAX, &text, NULL, &e), 0);
	assert_string_equal(text, wanted);
	free(text);
}

static int apply(const char *wanted)
{
	return resolv_apply(path, wanted, &written, false, &changed, &e);
}

static int fresh(void **state)
{
	(void)state;
	unlink(path);
	unlink(saved);
	written = false;
	return 0;
}

static void ours_holds_the_servers_and_is_known_by_its_sum(void **state)
{
	char edited[RESOLV_TEXT_MAX + 32];

	(void)state;
	assert_non_null(strstr(one, "\nnameserver 10.139.1.1\n"));
	assert_true(resolv_is_ours(one));
	snprintf(edited, sizeof(edited), "%soptions edns0\n", one);
	assert_false(resolv_is_ours(edited));
	assert_false(resolv_is_ours(""));
	assert_false(resolv_is_ours("# xen-netvm "));
	assert_false(resolv_is_ours("nameserver 10.139.1.1\n"));
}

static void what_does_not_fit_is_refused(void **state)
{
	struct addr many[256];
	char edited[RESOLV_TEXT_MAX];

	(void)state;
	assert_int_equal(addr_parse("2001:db8:1111:2222:3333:4444:5555:6666", &many[0]), 0);
	for (size_t i = 1; i < 256; i++)
		many[i] = many[0];
	assert_int_equal(resolv_render(many, 256, edited), -EMSGSIZE);
}

static void the_old_file_comes_back_as_it_was(void **state)
{
	struct stat before, after;

	(void)state;
	put("nameserver 192.0.2.53\n");
	assert_int_equal(stat(path, &before), 0);
	assert_int_equal(apply(one), 0);
	expect_text(one);
	assert_true(written);
	assert_int_equal(apply(two), 0);
	expect_text(two);
	assert_int_equal(apply(NULL), 0);
	expect_text("nameserver 192.0.2.53\n");
	assert_int_equal(stat(path, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_int_equal(after.st_mode & 0777, 0640);
	assert_int_equal(access(saved, F_OK), -1);
	assert_false(written);
}

static void where_there_was_none_there_is_none_again(void **state)
{
	(void)state;
	assert_int_equal(apply(one), 0);
	expect_text(one);
	assert_int_equal(apply(NULL), 0);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(apply(NULL), 0);
	assert_false(changed);
}

static void the_same_again_changes_nothing(void **state)
{
	(void)state;
	assert_int_equal(apply(one), 0);
	assert_true(changed);
	assert_int_equal(apply(one), 0);
	assert_false(changed);
}

static void a_symbolic_link_is_never_replaced(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(symlink("/run/nobody/resolv.conf", path), 0);
	assert_int_equal(apply(one), -EEXIST);
	assert_non_null(strstr(e.text, "symbolic link"));
	assert_int_equal(apply(NULL), 0);
	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
}

static void what_others_put_in_its_place_is_theirs(void **state)
{
	(void)state;
	put("nameserver 192.0.2.53\n");
	assert_int_equal(apply(one), 0);
	put("nameserver 198.51.100.53\n");
	assert_int_equal(apply(two), -EEXIST);
	expect_text("nameserver 198.51.100.53\n");
	assert_int_equal(apply(NULL), 0);
	expect_text("nameserver 198.51.100.53\n");
	assert_int_equal(access(saved, F_OK), -1);
}

static void ours_with_changes_of_others_is_theirs_also_after_a_boot(void **state)
{
	char edited[RESOLV_TEXT_MAX + 32];

	(void)state;
	put("nameserver 192.0.2.53\n");
	assert_int_equal(apply(one), 0);
	snprintf(edited, sizeof(edited), "%soptions edns0\n", one);
	put(edited);
	written = false; /* notes do not outlive a boot */
	assert_int_equal(apply(two), -EEXIST);
	expect_text(edited);
}

static void ours_from_before_a_boot_is_known_and_the_kept_file_still_comes_back(void **state)
{
	(void)state;
	put("nameserver 192.0.2.53\n");
	assert_int_equal(apply(one), 0);
	written = false;
	assert_int_equal(apply(two), 0);
	expect_text(two);
	assert_int_equal(apply(NULL), 0);
	expect_text("nameserver 192.0.2.53\n");
}

static void a_dry_run_says_what_would_be_and_does_nothing(void **state)
{
	(void)state;
	put("nameserver 192.0.2.53\n");
	assert_int_equal(resolv_apply(path, one, &written, true, &changed, &e), 0);
	assert_true(changed);
	assert_false(written);
	expect_text("nameserver 192.0.2.53\n");
	assert_int_equal(access(saved, F_OK), -1);
}

static void every_state_has_its_action(void **state)
{
	const struct {
		const char *wanted;
		struct resolv_actual actual;
		enum resolv_action action;
	} cases[] = {
		{ NULL, { RESOLV_ABSENT, NULL, false, false }, RESOLV_LEAVE },
		{ NULL, { RESOLV_ABSENT, NULL, true, true }, RESOLV_FORGET },
		{ NULL, { RESOLV_TEXT, "x", false, true }, RESOLV_LEAVE },
		{ NULL, { RESOLV_TEXT, "x", true, false }, RESOLV_LEAVE },
		{ NULL, { RESOLV_TEXT, one, true, false }, RESOLV_RESTORE },
		{ NULL, { RESOLV_TEXT, one, false, false }, RESOLV_REMOVE },
		{ one, { RESOLV_ABSENT, NULL, true, true }, RESOLV_WRITE },
		{ one, { RESOLV_TEXT, one, true, false }, RESOLV_LEAVE },
		{ two, { RESOLV_TEXT, one, true, false }, RESOLV_WRITE },
		{ one, { RESOLV_TEXT, "x", true, false }, RESOLV_KEEP_AND_WRITE },
		{ one, { RESOLV_TEXT, "x", true, true }, RESOLV_REFUSE_CHANGED },
		{ one, { RESOLV_SYMLINK, NULL, false, false }, RESOLV_REFUSE_SYMLINK },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_int_equal(resolv_plan(cases[i].wanted, &cases[i].actual), cases[i].action);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(ours_holds_the_servers_and_is_known_by_its_sum, fresh),
		cmocka_unit_test_setup(what_does_not_fit_is_refused, fresh),
		cmocka_unit_test_setup(the_old_file_comes_back_as_it_was, fresh),
		cmocka_unit_test_setup(where_there_was_none_there_is_none_again, fresh),
		cmocka_unit_test_setup(the_same_again_changes_nothing, fresh),
		cmocka_unit_test_setup(a_symbolic_link_is_never_replaced, fresh),
		cmocka_unit_test_setup(what_others_put_in_its_place_is_theirs, fresh),
		cmocka_unit_test_setup(
			ours_with_changes_of_others_is_theirs_also_after_a_boot, fresh),
		cmocka_unit_test_setup(
			ours_from_before_a_boot_is_known_and_the_kept_file_still_comes_back, fresh),
		cmocka_unit_test_setup(a_dry_run_says_what_would_be_and_does_nothing, fresh),
		cmocka_unit_test_setup(every_state_has_its_action, fresh),
	};
	int ret;

	if (!mkdtemp(dir))
		return 1;
	snprintf(path, sizeof(path), "%s/resolv.conf", dir);
	snprintf(saved, sizeof(saved), "%s%s", path, RESOLV_SAVED_SUFFIX);
	render("10.139.1.1", one);
	render("10.139.1.2", two);
	ret = cmocka_run_group_tests_name("resolv_file", tests, NULL, NULL);
	unlink(path);
	unlink(saved);
	rmdir(dir);
	return ret;
}
