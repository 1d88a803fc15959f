/* Files are read within bounds and replaced whole. */
#include "tests/unit/unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"

static char dir[] = "/tmp/netvm-file-test.XXXXXX";
static char path[64];
static struct err e;

static void what_is_replaced_is_read_back(void **state)
{
	char *text = NULL;
	size_t len = 0;
	struct stat st;

	(void)state;
	assert_int_equal(file_replace(path, "one\n", 4, 0644, &e), 0);
	assert_int_equal(file_replace(path, "two\n", 4, 0640, &e), 0);
	assert_int_equal(file_read(path, 100, &text, &len, &e), 0);
	assert_string_equal(text, "two\n");
	assert_int_equal(len, 4);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	free(text);
}

static void a_replace_leaves_no_other_file_behind(void **state)
{
	int count = 0;
	DIR *d = opendir(dir);

	(void)state;
	assert_non_null(d);
	for (struct dirent *entry; (entry = readdir(d));)
		count += entry->d_name[0] != '.';
	closedir(d);
	assert_int_equal(count, 1);
	assert_true(file_replace("/nonexistent/x", "", 0, 0644, &e) < 0);
	assert_non_null(strstr(e.text, "/nonexistent/x"));
}

/* Also where it is as long as what is asked for at once, or longer. */
static void a_plain_file_is_read_whole(void **state)
{
	static const size_t lengths[] = { 0, 1, 4094, 4095, 4096, 10000 };
	static char wanted[10001];
	char *text = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		memset(wanted, 'a', lengths[i]);
		wanted[lengths[i]] = '\0';
		assert_int_equal(file_replace(path, wanted, lengths[i], 0644, &e), 0);
		assert_int_equal(file_read_plain(AT_FDCWD, path, "x", 10000, &text, &e), 0);
		assert_string_equal(text, wanted);
		free(text);
	}
	assert_int_equal(file_read_plain(AT_FDCWD, path, "x", 9999, &text, &e), -EFBIG);
	assert_int_equal(file_read_plain(AT_FDCWD, "/nonexistent/x", "x", 9, &text, &e), -ENOENT);
}

static void a_file_beyond_the_limit_or_with_a_nul_is_refused(void **state)
{
	char *text = NULL;

	(void)state;
	assert_int_equal(file_replace(path, "12345", 5, 0644, &e), 0);
	assert_int_equal(file_read(path, 5, &text, NULL, &e), 0);
	free(text);
	assert_int_equal(file_read(path, 4, &text, NULL, &e), -EFBIG);
	assert_int_equal(file_read("/dev/zero", 1 << 16, &text, NULL, &e), -EFBIG);
	assert_int_equal(file_replace(path, "a\0b", 3, 0644, &e), 0);
	assert_int_equal(file_read(path, 100, &text, NULL, &e), -EILSEQ);
}

static void a_lock_keeps_others_out_until_it_is_closed(void **state)
{
	char lock[80];
	int one = -1, two = -1;

	(void)state;
	snprintf(lock, sizeof(lock), "%s.lock", path);
	assert_int_equal(lock_take(lock, 1, &one, &e), 0);
	assert_int_equal(lock_take(lock, 1, &two, &e), -ETIMEDOUT);
	close(one);
	assert_int_equal(lock_take(lock, 1, &two, &e), 0);
	close(two);
	unlink(lock);
}

static void looking_at_a_lock_tells_whether_it_is_held_and_leaves_it_so(void **state)
{
	char lock[80];
	bool held = true;
	int one = -1;

	(void)state;
	snprintf(lock, sizeof(lock), "%s.lock", path);
	assert_int_equal(lock_is_held(lock, &held, &e), 0);
	assert_false(held);
	assert_int_equal(lock_take(lock, 0, &one, &e), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(lock_is_held(lock, &held, &e), 0);
		assert_true(held);
	}
	close(one);
	assert_int_equal(lock_is_held(lock, &held, &e), 0);
	assert_false(held);
	assert_int_equal(lock_take(lock, 0, &one, &e), 0);
	close(one);
	unlink(lock);
}

static void directories_are_made_with_their_parents(void **state)
{
	char deep[80];

	(void)state;
	snprintf(deep, sizeof(deep), "%s/a/b", dir);
	assert_int_equal(dir_create(deep, 0755, &e), 0);
	assert_int_equal(dir_create(deep, 0755, &e), 0);
	assert_int_equal(access(deep, X_OK), 0);
	rmdir(deep);
	snprintf(deep, sizeof(deep), "%s/a", dir);
	rmdir(deep);
	assert_int_equal(dir_create(path, 0755, &e), -ENOTDIR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_replaced_is_read_back),
		cmocka_unit_test(a_replace_leaves_no_other_file_behind),
		cmocka_unit_test(a_plain_file_is_read_whole),
		cmocka_unit_test(a_file_beyond_the_limit_or_with_a_nul_is_refused),
		cmocka_unit_test(a_lock_keeps_others_out_until_it_is_closed),
		cmocka_unit_test(looking_at_a_lock_tells_whether_it_is_held_and_leaves_it_so),
		cmocka_unit_test(directories_are_made_with_their_parents),
	};
	int ret;

	if (!mkdtemp(dir))
		return 1;
	snprintf(path, sizeof(path), "%s/file", dir);
	ret = cmocka_run_group_tests_name("file", tests, NULL, NULL);
	unlink(path);
	rmdir(dir);
	return ret;
}
