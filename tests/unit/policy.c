/*
 * The rule language: each line is taken as exactly what it says, or refused with a sentence that
 * names the line, the word and what was expected.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include "xenstore-schema/policy_internal.h"

static void parse(const char *text, struct policy *out)
{
	struct err e = ERR_NONE;

	if (policy_parse(text, POLICY_DROP, out, &e) != 0)
		fail_msg("\"%s\" was refused: %s", text, e.text);
}

static void prints(const char *text, const char *wanted)
{
	char buf[POLICY_LINE_MAX + 1];
	struct policy p;

	parse(text, &p);
	assert_int_equal(p.count, 1);
	policy_rule_print(&p.rules[0], buf);
	assert_string_equal(buf, wanted);
	policy_dispose(&p);
}

static void refuses(const char *text, int code, const char *sentence)
{
	struct policy p = { .count = 77 };
	struct err e = ERR_NONE;

	if (policy_parse(text, POLICY_DROP, &p, &e) != code)
		fail_msg("\"%s\": wanted error %d, saw %d: %s", text, code, e.code, e.text);
	assert_string_equal(e.text, sentence);
	assert_int_equal(p.count, 0);
	policy_dispose(&p);
}

/* --- what is taken --- */

static void every_word_is_taken_and_printed(void **state)
{
	static const char *const lines[] = {
		"action=accept",
		"action=drop",
		"action=accept dst4=192.0.2.1",
		"action=accept dst4=0.0.0.0/0",
		"action=accept dst4=192.0.2.0/24 proto=tcp dstports=80-443",
		"action=accept dst6=2001:db8::/32",
		"action=accept dst6=2001:db8::1",
		"action=accept dst6=::/0",
		"action=accept dsthost=www.example.com",
		"action=accept dsthost=_sip._tcp.example.com",
		"action=accept dsthost=printer proto=tcp dstports=631",
		"action=drop dst=@lan",
		"action=drop dst=@private",
		"action=drop dst=@internet",
		"action=drop dst=@netvm-dns proto=icmp",
		"action=accept proto=udp dstports=0",
		"action=accept proto=udp dstports=0-65535",
		"action=accept dstports=65535",
		"action=accept proto=icmp icmptype=0",
		"action=accept proto=icmp icmptype=255",
		"action=accept specialtarget=dns",
		"action=accept proto=tcp dstports=1-100 specialtarget=dns",
		"action=accept expire=1",
		"action=accept expire=253402300799",
		"action=drop comment=a  = \"b\" comment=c ",
		NULL,
	};

	(void)state;
	for (const char *const *l = lines; *l; l++)
		prints(*l, *l);
}

static void what_may_be_written_in_several_ways_is_printed_in_one(void **state)
{
	static const char *const pairs[][2] = {
		{ "proto=tcp dst4=192.0.2.1/32 action=accept",
			"action=accept dst4=192.0.2.1 proto=tcp" },
		{ "action=accept dst=192.0.2.0/24", "action=accept dst4=192.0.2.0/24" },
		{ "action=accept dst=2001:DB8:0::0", "action=accept dst6=2001:db8::" },
		{ "action=accept dst6=2001:db8::1/128", "action=accept dst6=2001:db8::1" },
		{ "action=accept dsthost=192.0.2.1", "action=accept dst4=192.0.2.1" },
		{ "action=accept dsthost=192.0.2.0/24", "action=accept dst4=192.0.2.0/24" },
		{ "action=accept dsthost=2001:db8::/64", "action=accept dst6=2001:db8::/64" },
		{ "action=accept dsthost=WWW.Example.COM.",
			"action=accept dsthost=www.example.com" },
		{ "action=accept proto=tcp dstports=80-80", "action=accept proto=tcp dstports=80" },
		{ "specialtarget=dns action=accept", "action=accept specialtarget=dns" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		prints(pairs[i][0], pairs[i][1]);
}

static void empty_lines_and_comments_are_passed_over_but_counted(void **state)
{
	struct policy p;

	(void)state;
	parse("\n# the web\naction=accept proto=tcp dstports=80\n\n#\naction=drop comment=x\n", &p);
	assert_int_equal(p.count, 2);
	assert_int_equal(p.rules[0].line, 3);
	assert_int_equal(p.rules[1].line, 6);
	assert_string_equal(p.rules[1].comment, "x");
	assert_int_equal(p.otherwise, POLICY_DROP);
	policy_dispose(&p);
	policy_dispose(&p);
	parse("", &p);
	assert_int_equal(p.count, 0);
	parse(NULL, &p);
	assert_int_equal(p.count, 0);
	policy_dispose(&p);
}

static void ports_are_numbers_not_text(void **state)
{
	struct policy p;

	(void)state;
	parse("action=accept proto=tcp dstports=9-10", &p);
	assert_int_equal(p.rules[0].port_first, 9);
	assert_int_equal(p.rules[0].port_last, 10);
	policy_dispose(&p);
}

/* --- what is refused --- */

static void each_fault_has_its_sentence(void **state)
{
#define KNOWN                                                                                      \
	"no such word; there are action=, dst4=, dst6=, dsthost=, dst=, proto=, dstports=, "       \
	"icmptype=, specialtarget=, expire=, comment="
#define SPACES "line 1: one space between words expected, none before the first or behind the last"
#define V4     "an IPv4 address or subnet, no host bits set (10.0.0.0/8), expected"
#define V6     "an IPv6 address or subnet, no host bits set (2001:db8::/32), expected"
#define PORTS  "a port or two with \"-\" between, each from 0 to 65535, expected"
#define ANYDST                                                                                     \
	"an IP address, a subnet without host bits, or one of @lan, @private, @internet and "      \
	"@netvm-dns expected (a name is dsthost=)"
#define TIME "seconds since 1970, not 0 and not after the year 9999, expected"
	static const char *const cases[][2] = {
		{ "dst=@lan", "line 1: action=accept or action=drop expected" },
		{ "comment=action=accept", "line 1: action=accept or action=drop expected" },
		{ "action=Accept", "line 1: \"action=Accept\": accept or drop expected" },
		{ "action=", "line 1: \"action=\": nothing behind the \"=\"" },
		{ "action=accept comment=", "line 1: \"comment=\": nothing behind the \"=\"" },
		{ "action", "line 1: \"action\": " KNOWN },
		{ "action=accept port=80", "line 1: \"port=80\": " KNOWN },
		{ "action=accept =", "line 1: \"=\": " KNOWN },
		{ "action=accept Proto=tcp", "line 1: \"Proto=tcp\": " KNOWN },
		{ "action=accept dst4x=1", "line 1: \"dst4x=1\": " KNOWN },
		{ "action=accept ", SPACES },
		{ " action=accept", SPACES },
		{ " ", SPACES },
		{ "action=accept  proto=tcp", SPACES },
		{ "action=accept\tproto=tcp",
			"line 1: byte 0x09 in column 14, where printable ASCII is expected" },
		{ "action=accept\r",
			"line 1: byte 0x0d in column 14, where printable ASCII is expected" },
		{ "action=drop comment=\x1b[2J",
			"line 1: byte 0x1b in column 21, where printable ASCII is expected" },
		{ "action=drop comment=\x7f",
			"line 1: byte 0x7f in column 21, where printable ASCII is expected" },
		{ "action=drop comment=\xc3\xa4",
			"line 1: byte 0xc3 in column 21, where printable ASCII is expected" },
		{ "action=drop action=drop",
			"line 1: \"action=drop\": the word stands a second time in this line" },
		{ "action=drop dst4=192.0.2.1 dst4=192.0.2.2",
			"line 1: \"dst4=192.0.2.2\": the word stands a second time in this line" },
		{ "action=drop dst4=192.0.2.1 dst=@lan",
			"line 1: \"dst=@lan\": the rule has a destination already" },
		{ "action=drop dsthost=a specialtarget=dns",
			"line 1: \"specialtarget=dns\": the rule has a destination already" },
		{ "action=drop dst4=2001:db8::1", "line 1: \"dst4=2001:db8::1\": " V4 },
		{ "action=drop dst4=192.0.2.1/24", "line 1: \"dst4=192.0.2.1/24\": " V4 },
		{ "action=drop dst4=192.0.2.0/33", "line 1: \"dst4=192.0.2.0/33\": " V4 },
		{ "action=drop dst4=192.0.2", "line 1: \"dst4=192.0.2\": " V4 },
		{ "action=drop dst4=192.0.2.01", "line 1: \"dst4=192.0.2.01\": " V4 },
		{ "action=drop dst4=@lan", "line 1: \"dst4=@lan\": " V4 },
		{ "action=drop dst6=192.0.2.1", "line 1: \"dst6=192.0.2.1\": " V6 },
		{ "action=drop dst6=2001:db8::1/64", "line 1: \"dst6=2001:db8::1/64\": " V6 },
		{ "action=drop dst6=::ffff:192.0.2.1",
			"line 1: \"dst6=::ffff:192.0.2.1\": this is an IPv4 address, which dst4= "
			"takes" },
		{ "action=drop dst6=::ffff:0:0/96",
			"line 1: \"dst6=::ffff:0:0/96\": this is an IPv4 address, which dst4= "
			"takes" },
		{ "action=drop dst=www.example.com", "line 1: \"dst=www.example.com\": " ANYDST },
		{ "action=drop dst=@LAN", "line 1: \"dst=@LAN\": " ANYDST },
		{ "action=drop dst=@guest:work", "line 1: \"dst=@guest:work\": " ANYDST },
		{ "action=drop dsthost=192.0.2.256", "line 1: \"dsthost=192.0.2.256\": neither an "
						     "IP address or subnet nor a host "
						     "name" },
		{ "action=drop dsthost=192.0.2.0/33", "line 1: \"dsthost=192.0.2.0/33\": an IP "
						      "address or subnet, no host bits set "
						      "(10.0.0.0/8), expected" },
		{ "action=drop dsthost=host.123",
			"line 1: \"dsthost=host.123\": neither an IP address or subnet nor a host "
			"name" },
		{ "action=drop dsthost=a..b",
			"line 1: \"dsthost=a..b\": a part of a host name has 1 to 63 characters" },
		{ "action=drop dsthost=.",
			"line 1: \"dsthost=.\": a part of a host name has 1 to 63 characters" },
		{ "action=drop dsthost=-a", "line 1: \"dsthost=-a\": a part of a host name neither "
					    "begins nor ends with "
					    "\"-\"" },
		{ "action=drop dsthost=a-.b",
			"line 1: \"dsthost=a-.b\": a part of a host name neither begins nor ends "
			"with \"-\"" },
		{ "action=drop dsthost=*.example.com",
			"line 1: \"dsthost=*.example.com\": a host name is of letters, digits, "
			"\"-\", \"_\" and \".\"" },
		{ "action=drop proto=6", "line 1: \"proto=6\": tcp, udp or icmp expected" },
		{ "action=drop proto=icmpv6",
			"line 1: \"proto=icmpv6\": tcp, udp or icmp expected" },
		{ "\n\naction=drop dstports=80-70",
			"line 3: \"dstports=80-70\": the first port is greater than the last" },
		{ "action=drop dstports=80-79",
			"line 1: \"dstports=80-79\": the first port is greater than the last" },
		{ "action=drop dstports=65536", "line 1: \"dstports=65536\": " PORTS },
		{ "action=drop dstports=1-65536", "line 1: \"dstports=1-65536\": " PORTS },
		{ "action=drop dstports=-", "line 1: \"dstports=-\": " PORTS },
		{ "action=drop dstports=80-", "line 1: \"dstports=80-\": " PORTS },
		{ "action=drop dstports=-80", "line 1: \"dstports=-80\": " PORTS },
		{ "action=drop dstports=80-90-99", "line 1: \"dstports=80-90-99\": " PORTS },
		{ "action=drop dstports=080", "line 1: \"dstports=080\": " PORTS },
		{ "action=drop dstports=+80", "line 1: \"dstports=+80\": " PORTS },
		{ "action=drop dstports=http", "line 1: \"dstports=http\": " PORTS },
		{ "action=drop dstports=80,81", "line 1: \"dstports=80,81\": " PORTS },
		{ "action=drop dstports=99999999999-99999999999",
			"line 1: \"dstports=99999999999-99999999999\": " PORTS },
		{ "action=drop proto=icmp dstports=80",
			"line 1: dstports= with proto=icmp, which has no ports" },
		{ "action=drop icmptype=8", "line 1: icmptype= without proto=icmp" },
		{ "action=drop icmptype=8 proto=udp", "line 1: icmptype= without proto=icmp" },
		{ "action=drop proto=icmp icmptype=256",
			"line 1: \"icmptype=256\": a number from 0 to 255 expected" },
		{ "action=drop specialtarget=DNS", "line 1: \"specialtarget=DNS\": dns expected" },
		{ "action=drop specialtarget=dns proto=icmp",
			"line 1: specialtarget=dns with proto=icmp: DNS is TCP and UDP" },
		{ "action=drop specialtarget=dns dstports=54-99",
			"line 1: specialtarget=dns with dstports= that leaves port 53 out" },
		{ "action=drop specialtarget=dns dstports=1-52",
			"line 1: specialtarget=dns with dstports= that leaves port 53 out" },
		{ "action=drop expire=0", "line 1: \"expire=0\": " TIME },
		{ "action=drop expire=-1", "line 1: \"expire=-1\": " TIME },
		{ "action=drop expire=1700000000000", "line 1: \"expire=1700000000000\": " TIME },
		{ "action=drop expire=18446744073709551617",
			"line 1: \"expire=18446744073709551617\": " TIME },
		{ "action=drop expire=1.5", "line 1: \"expire=1.5\": " TIME },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		refuses(cases[i][0], -EINVAL, cases[i][1]);
}

static void what_is_too_long_or_too_much_is_refused(void **state)
{
	static char text[POLICY_RULES_MAX * 12 + 32];
	const char *word = "action=drop\n", *comment = "action=drop comment=";
	size_t n = strlen(comment), len = strlen(word);
	struct policy p;
	struct err e = ERR_NONE;

	(void)state;
	memset(text, 'x', POLICY_LINE_MAX + 1);
	refuses(text, -EMSGSIZE, "line 1: longer than 2048 bytes");
	memcpy(text, comment, n);
	text[n + POLICY_COMMENT_MAX] = '\0';
	parse(text, &p);
	policy_dispose(&p);
	text[n + POLICY_COMMENT_MAX] = 'x';
	text[n + POLICY_COMMENT_MAX + 1] = '\0';
	refuses(text, -EMSGSIZE,
		"line 1: "
		"\"comment=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...\": a "
		"comment has at most 1024 characters");
	for (size_t i = 0; i <= POLICY_RULES_MAX; i++)
		memcpy(text + i * len, word, len + 1);
	refuses(text, -E2BIG, "line 32769: more than 32768 rules");
	text[POLICY_RULES_MAX * len] = '\0';
	assert_int_equal(policy_parse(text, POLICY_ACCEPT, &p, &e), 0);
	assert_int_equal(p.count, POLICY_RULES_MAX);
	policy_dispose(&p);
}

#define LABEL "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void a_host_name_has_parts_of_63_and_253_characters_at_most(void **state)
{
	char text[POLICY_LINE_MAX + 1] = "action=drop dsthost=", *name = text + strlen(text);
	struct policy p;

	(void)state;
	for (size_t i = 0; i < 253; i++)
		name[i] = i % 64 == 63 ? '.' : 'a';
	name[253] = '.';
	name[254] = '\0';
	parse(text, &p);
	assert_int_equal(strlen(p.rules[0].name), 253);
	policy_dispose(&p);
	refuses("action=drop dsthost=" LABEL "a.example", -EINVAL,
		"line 1: \"dsthost=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...\": "
		"a "
		"part of a host name has 1 to 63 characters");
	parse("action=drop dsthost=" LABEL ".example", &p);
	policy_dispose(&p);
	name[253] = 'a';
	refuses(text, -EINVAL,
		"line 1: "
		"\"dsthost=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...\": a host "
		"name has at most 253 characters");
}

static void one_wrong_rule_refuses_the_whole_text(void **state)
{
	(void)state;
	refuses("action=accept dsthost=a comment=b\naction=drop\naction=droop\naction=accept",
		-EINVAL, "line 3: \"action=droop\": accept or drop expected");
}

static void one_rule_is_checked_without_a_line(void **state)
{
	static const char *const wrong[][2] = {
		{ "", "action=accept or action=drop expected" },
		{ "# a comment", "\"#\": " KNOWN },
		{ "action=drop\naction=drop",
			"byte 0x0a in column 12, where printable ASCII is expected" },
		{ "action=drop dstports=80-70",
			"\"dstports=80-70\": the first port is greater than the last" },
	};

	(void)state;
	assert_int_equal(policy_rule_check("action=drop dsthost=a comment=b", NULL), 0);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct err e = ERR_NONE;

		assert_int_equal(policy_rule_check(wrong[i][0], &e), -EINVAL);
		assert_string_equal(e.text, wrong[i][1]);
	}
}

/* --- the manual --- */

static void the_manual_has_every_word_and_its_examples_are_policies(void **state)
{
	char *text = NULL, row[64];
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	struct policy p;

	(void)state;
	policy_print_man(out);
	fclose(out);
	for (const struct policy_word *w = policy_words; w->name; w++) {
		snprintf(row, sizeof(row), ".TP\n.B %s=", w->name);
		if (!strstr(text, row))
			fail_msg("%s= is not in the manual", w->name);
	}
	for (const struct policy_example *x = policy_examples; x->help; x++) {
		parse(x->rules, &p);
		policy_dispose(&p);
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_word_is_taken_and_printed),
		cmocka_unit_test(what_may_be_written_in_several_ways_is_printed_in_one),
		cmocka_unit_test(empty_lines_and_comments_are_passed_over_but_counted),
		cmocka_unit_test(ports_are_numbers_not_text),
		cmocka_unit_test(each_fault_has_its_sentence),
		cmocka_unit_test(what_is_too_long_or_too_much_is_refused),
		cmocka_unit_test(a_host_name_has_parts_of_63_and_253_characters_at_most),
		cmocka_unit_test(one_wrong_rule_refuses_the_whole_text),
		cmocka_unit_test(one_rule_is_checked_without_a_line),
		cmocka_unit_test(the_manual_has_every_word_and_its_examples_are_policies),
	};

	return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
