/* A rule as Qubes' tools take and print it. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "toolstack/qvm_rule.h"

#define NOW 1700000000

static int words_split(char *copy, char *words[16])
{
	int count = 0;

	for (char *w = strtok(copy, "|"); w; w = strtok(NULL, "|"))
		words[count++] = w;
	return count;
}

/* Words are separated by '|'. */
static void expect_taken(const char *typed, const char *line)
{
	char *copy = strdup(typed), *words[16], *text;
	struct err e = ERR_NONE;
	struct qvm_rule r;

	if (qvm_rule_take(words, words_split(copy, words), NOW, &r, &e) != 0)
		fail_msg("%s: %s", typed, e.text);
	text = qvm_rule_print(&r);
	assert_string_equal(text, line);
	assert_int_equal(policy_rule_check(text, NULL), 0);
	free(text);
	free(copy);
	qvm_rule_dispose(&r);
	qvm_rule_dispose(&r);
}

static void expect_refused(const char *typed, const char *words_of_error)
{
	char *copy = strdup(typed), *words[16];
	struct err e = ERR_NONE;
	struct qvm_rule r;

	assert_int_equal(qvm_rule_take(words, words_split(copy, words), NOW, &r, &e), -EINVAL);
	assert_has(e.text, words_of_error);
	free(copy);
	qvm_rule_dispose(&r);
}

static void values_without_names_are_taken_in_their_order(void **state)
{
	(void)state;
	expect_taken("accept", "action=accept");
	expect_taken("accept|127.0.0.1|tcp|80",
		"action=accept proto=tcp dst4=127.0.0.1/32 dstports=80-80");
	expect_taken(
		"accept|127.0.0.1|icmp|8", "action=accept proto=icmp dst4=127.0.0.1/32 icmptype=8");
	expect_taken("drop|www.example.com|udp|1200-1400",
		"action=drop proto=udp dsthost=www.example.com dstports=1200-1400");
}

static void names_may_be_mixed_with_them(void **state)
{
	(void)state;
	expect_taken("dsthost=127.0.0.1|action=accept", "action=accept dst4=127.0.0.1/32");
	expect_taken("dsthost=127.0.0.1|accept|dstports=443|tcp",
		"action=accept proto=tcp dst4=127.0.0.1/32 dstports=443-443");
	expect_taken("proto=icmp|drop|192.0.2.1|8",
		"action=drop proto=icmp dst4=192.0.2.1/32 icmptype=8");
	expect_taken("accept|specialtarget=dns|comment=Allow DNS",
		"action=accept specialtarget=dns comment=Allow DNS");
}

static void every_name_of_a_host_takes_every_kind_of_it(void **state)
{
	(void)state;
	expect_taken("dst4=127.0.0.1|accept", "action=accept dst4=127.0.0.1/32");
	expect_taken("dst6=127.0.0.1|accept", "action=accept dst4=127.0.0.1/32");
	expect_taken("dst4=2001:db8::1|accept", "action=accept dst6=2001:db8::1/128");
	expect_taken("dsthost=fd00::/8|accept", "action=accept dst6=fd00::/8");
	expect_taken("dst=@lan|accept", "action=accept dst=@lan");
}

static void host_bits_of_a_subnet_mean_nothing(void **state)
{
	(void)state;
	expect_taken("accept|192.168.0.77/24", "action=accept dst4=192.168.0.0/24");
	expect_taken("accept|2001:db8::77/32", "action=accept dst6=2001:db8::/32");
}

static void a_subnet_of_all_is_no_destination(void **state)
{
	(void)state;
	expect_taken("accept|0.0.0.0/0", "action=accept");
	expect_taken("accept|::/0|tcp|80", "action=accept proto=tcp dstports=80-80");
}

static void a_time_is_absolute_or_from_now(void **state)
{
	(void)state;
	expect_taken("accept|expire=1525054180", "action=accept expire=1525054180");
	expect_taken("accept|expire=+100", "action=accept expire=1700000100");
	expect_refused("accept|expire=+", "expire=+: no word of a rule");
	expect_refused("accept|expire=+1h", "expire=+1h: no word of a rule");
	expect_refused("accept|expire=+99999999999", "no word of a rule");
}

static void what_is_no_word_is_refused(void **state)
{
	(void)state;
	expect_refused("accept|dsthost=", "dsthost=: no word of a rule");
	expect_refused("accept|colour=blue", "colour=blue: no word of a rule");
	expect_refused("accept|192.0.2.1/33", "192.0.2.1/33: no word of a rule");
	expect_refused("accept|192.0.2.1/", "192.0.2.1/: no word of a rule");
	expect_refused("accept|action=drop", "action=drop: action is said a second time");
	expect_refused("accept|dst4=192.0.2.1|dst6=2001:db8::1", "dsthost is said a second time");
	expect_refused("accept|192.0.2.1|tcp|80|8", "8: no word of a rule");
}

static void a_line_of_the_registry_is_read_in_any_order_of_words(void **state)
{
	static const char *const lines[][2] = {
		{ "dstports=443 action=accept dsthost=example.com proto=tcp",
			"action=accept proto=tcp dsthost=example.com dstports=443-443" },
		{ "action=accept dst=@guest:web proto=tcp dstports=22 comment=a  comment=b = c",
			"action=accept proto=tcp dst=@guest:web dstports=22-22 comment=a  "
			"comment=b = c" },
		{ "action=drop dst=192.0.2.1", "action=drop dst4=192.0.2.1/32" },
		{ "action=drop dst=@private icmptype=8 proto=icmp",
			"action=drop proto=icmp dst=@private icmptype=8" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct qvm_rule r;
		char *text;

		assert_int_equal(qvm_rule_read(lines[i][0], &r), 0);
		text = qvm_rule_print(&r);
		assert_string_equal(text, lines[i][1]);
		free(text);
		qvm_rule_dispose(&r);
	}
}

static void what_the_registry_would_not_hold_is_not_read(void **state)
{
	static const char *const lines[] = { "accept", "colour=blue", "action=drop action=drop" };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct qvm_rule r;

		assert_int_equal(qvm_rule_read(lines[i], &r), -EINVAL);
		qvm_rule_dispose(&r);
	}
}

static void people_see_one_port_and_the_time_that_is_left(void **state)
{
	char buf[QVM_WORD_MAX], line[128];
	struct qvm_rule r;

	(void)state;
	snprintf(line, sizeof(line), "action=accept proto=tcp dstports=443-443 expire=%d",
		NOW + 3600);
	assert_int_equal(qvm_rule_read(line, &r), 0);
	assert_string_equal(qvm_rule_show(&r, QVM_PORTS, NOW, buf), "443");
	assert_string_equal(qvm_rule_show(&r, QVM_EXPIRE, NOW, buf), "+3600s");
	assert_null(qvm_rule_show(&r, QVM_HOST, NOW, buf));
	assert_false(qvm_rule_expired(&r, NOW));
	assert_true(qvm_rule_expired(&r, NOW + 3600));
	qvm_rule_dispose(&r);
	assert_int_equal(qvm_rule_read("action=accept dstports=1-10", &r), 0);
	assert_string_equal(qvm_rule_show(&r, QVM_PORTS, NOW, buf), "1-10");
	assert_false(qvm_rule_expired(&r, NOW));
	qvm_rule_dispose(&r);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_without_names_are_taken_in_their_order),
		cmocka_unit_test(names_may_be_mixed_with_them),
		cmocka_unit_test(every_name_of_a_host_takes_every_kind_of_it),
		cmocka_unit_test(host_bits_of_a_subnet_mean_nothing),
		cmocka_unit_test(a_subnet_of_all_is_no_destination),
		cmocka_unit_test(a_time_is_absolute_or_from_now),
		cmocka_unit_test(what_is_no_word_is_refused),
		cmocka_unit_test(a_line_of_the_registry_is_read_in_any_order_of_words),
		cmocka_unit_test(what_the_registry_would_not_hold_is_not_read),
		cmocka_unit_test(people_see_one_port_and_the_time_that_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
