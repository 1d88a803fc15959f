/* What netvmd leaves for netvm status, as text and in its file. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/file.h"
#include "toolstack/netvmd_obstacles.h"

static struct netvmd_obstacles o, again;
static char dir[] = "/tmp/obstacles.XXXXXX", file[64], lock[64];

static int set_up(void **state)
{
	(void)state;
	unlink(file);
	unlink(lock);
	return 0;
}

static int tear_down(void **state)
{
	netvmd_obstacles_dispose(&o);
	netvmd_obstacles_dispose(&again);
	return set_up(state);
}

static void assert_same(const struct netvmd_obstacles *a, const struct netvmd_obstacles *b)
{
	assert_int_equal(a->count, b->count);
	for (size_t i = 0; i < a->count; i++) {
		assert_string_equal(a->obstacle[i].domain, b->obstacle[i].domain);
		assert_string_equal(a->obstacle[i].words, b->obstacle[i].words);
	}
}

static void what_is_written_is_read_again(void **state)
{
	char *text;

	(void)state;
	netvmd_obstacles_add(&o, "work", "work (7): attach vif 0: refused");
	netvmd_obstacles_add(&o, "", "xenstored is gone");
	netvmd_obstacles_add(&o, "work", "");
	text = netvmd_obstacles_print(&o);
	assert_string_equal(
		text, "work\twork (7): attach vif 0: refused\n\txenstored is gone\nwork\t\n");
	assert_int_equal(netvmd_obstacles_parse(text, &again, NULL), 0);
	free(text);
	assert_same(&o, &again);
}

static void no_obstacles_are_an_empty_text(void **state)
{
	char *text = netvmd_obstacles_print(&o);

	(void)state;
	assert_string_equal(text, "");
	assert_int_equal(netvmd_obstacles_parse(text, &again, NULL), 0);
	assert_int_equal(again.count, 0);
	free(text);
}

static void words_stay_in_their_line_and_off_the_terminal(void **state)
{
	(void)state;
	netvmd_obstacles_add(&o, "a", "x\ny\tz\x1b[31m\x7f\xc3\xa9~");
	assert_string_equal(o.obstacle[0].words, "x?y?z?[31m???~");
}

static void a_text_that_is_none_of_ours_is_refused_with_its_line(void **state)
{
	static const char *const texts[] = {
		"a\tx\nno tab\n",
		"a\tx\n\n",
		"a\tx\nb\tno end",
		"a\tx\n-a\tno name\n",
		"a\tx\na b\tno name\n",
		"a\tx\n"
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\ttoo long\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct err e = ERR_NONE;

		assert_int_equal(netvmd_obstacles_parse(texts[i], &again, &e), -EINVAL);
		assert_string_equal(e.text, "line 2 is no obstacle");
		netvmd_obstacles_dispose(&again);
	}
}

/* --- files --- */

static enum netvmd_life life_read(void)
{
	enum netvmd_life life;
	struct err e = ERR_NONE;

	netvmd_obstacles_dispose(&again);
	assert_int_equal(netvmd_obstacles_read(lock, file, &life, &again, &e), 0);
	assert_int_equal(e.code, 0);
	return life;
}

static void what_a_dead_netvmd_left_does_not_count(void **state)
{
	int fd = -1;

	(void)state;
	assert_int_equal(life_read(), NETVMD_AWAY);
	netvmd_obstacles_add(&o, "a", "x");
	assert_int_equal(netvmd_obstacles_write(file, &o, NULL), 0);
	assert_int_equal(life_read(), NETVMD_AWAY);
	assert_int_equal(again.count, 0);
	assert_int_equal(lock_take(lock, 0, &fd, NULL), 0);
	assert_int_equal(life_read(), NETVMD_RUNS);
	assert_same(&o, &again);
	close(fd);
	assert_int_equal(life_read(), NETVMD_AWAY);
}

static void before_its_first_pass_netvmd_has_just_begun(void **state)
{
	int fd = -1;

	(void)state;
	assert_int_equal(lock_take(lock, 0, &fd, NULL), 0);
	assert_int_equal(life_read(), NETVMD_BEGINS);
	assert_int_equal(netvmd_obstacles_write(file, &o, NULL), 0);
	assert_int_equal(life_read(), NETVMD_RUNS);
	assert_int_equal(again.count, 0);
	close(fd);
}

static void what_is_mended_goes(void **state)
{
	int fd = -1;

	(void)state;
	assert_int_equal(lock_take(lock, 0, &fd, NULL), 0);
	netvmd_obstacles_add(&o, "a", "x");
	netvmd_obstacles_write(file, &o, NULL);
	netvmd_obstacles_dispose(&o);
	netvmd_obstacles_write(file, &o, NULL);
	assert_int_equal(life_read(), NETVMD_RUNS);
	assert_int_equal(again.count, 0);
	close(fd);
}

static void rubbish_in_the_file_is_named_with_it(void **state)
{
	enum netvmd_life life;
	struct err e = ERR_NONE;
	int fd = -1;

	(void)state;
	assert_int_equal(lock_take(lock, 0, &fd, NULL), 0);
	assert_int_equal(file_replace(file, "rubbish", 7, 0644, NULL), 0);
	assert_int_equal(netvmd_obstacles_read(lock, file, &life, &again, &e), -EINVAL);
	assert_non_null(strstr(e.text, file));
	close(fd);
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(what_is_written_is_read_again),
		test(no_obstacles_are_an_empty_text),
		test(words_stay_in_their_line_and_off_the_terminal),
		test(a_text_that_is_none_of_ours_is_refused_with_its_line),
		test(what_a_dead_netvmd_left_does_not_count),
		test(before_its_first_pass_netvmd_has_just_begun),
		test(what_is_mended_goes),
		test(rubbish_in_the_file_is_named_with_it),
	};
	int failed;

	if (!mkdtemp(dir))
		return 1;
	snprintf(file, sizeof(file), "%s/obstacles", dir);
	snprintf(lock, sizeof(lock), "%s/lock", dir);
	failed = cmocka_run_group_tests_name("netvmd_obstacles", tests, NULL, NULL);
	rmdir(dir);
	return failed;
}
