/* The record of dom0's network as a file, and the time that it may last. */
#include "tests/unit/unit.h"

#include <stdlib.h>

#include "toolstack/dom0_record.h"

static struct dom0_domain paused[] = { { 5, { 0xab, [15] = 0x01 }, "work" }, { 7, { 0x07 }, "" } };

static struct dom0_record full(void)
{
	struct dom0_record r = { .stage = DOM0_IS_UP,
		.kept = true,
		.made = true,
		.since = 100,
		.until = 700,
		.netvm = { 3, { 0x33 }, "net" },
		.devid = 2,
		.begun = 0x7f,
		.paused = paused,
		.count = 2 };

	addr_parse("10.137.0.9", &r.link.ip);
	addr_parse("10.137.0.1", &r.link.gateway);
	addr_parse("2001:db8::9", &r.link.ip6);
	addr_parse("10.139.1.1", &r.link.dns[0]);
	mac_parse("00:16:3e:00:00:01", &r.link.mac);
	r.link.mtu = 1400;
	return r;
}

static void what_was_written_is_read_again(void **state)
{
	struct dom0_record r = full(), seen;
	char *text = dom0_record_print(&r), *again;

	(void)state;
	assert_non_null(text);
	assert_has(text, "stage up\n");
	assert_has(text, "netvm 3 33000000000000000000000000000000 net\n");
	assert_has(text, "paused 5 ab000000000000000000000000000001 work\n");
	assert_has(text, "paused 7 07000000000000000000000000000000\n");
	assert_int_equal(dom0_record_parse(text, &seen, NULL), 0);
	assert_int_equal(seen.count, 2);
	assert_int_equal(seen.stage, DOM0_IS_UP);
	assert_int_equal(seen.until, 700);
	assert_memory_equal(&seen.link, &r.link, sizeof(r.link));
	again = dom0_record_print(&seen);
	assert_string_equal(again, text);
	dom0_record_dispose(&seen);
	free(again);
	free(text);
}

static void a_text_that_was_cut_off_is_refused_wherever(void **state)
{
	struct dom0_record r = full(), seen;
	char *text = dom0_record_print(&r);

	(void)state;
	for (size_t len = strlen(text); len-- > 0;) {
		text[len] = '\0';
		assert_int_equal(dom0_record_parse(text, &seen, NULL), -EINVAL);
		dom0_record_dispose(&seen);
	}
	free(text);
}

/* The text of a full record with `from` replaced by `to` is refused. */
static void assert_refused(const char *from, const char *to)
{
	struct dom0_record r = full(), seen;
	char *text = dom0_record_print(&r), *at = strstr(text, from), wrong[4096];
	struct err e = ERR_NONE;

	assert_non_null(at);
	snprintf(wrong, sizeof(wrong), "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
	assert_int_equal(dom0_record_parse(wrong, &seen, &e), -EINVAL);
	assert_has(e.text, "is not what netvm dom0 wrote there");
	dom0_record_dispose(&seen);
	free(text);
}

static void what_is_no_record_is_refused(void **state)
{
	(void)state;
	assert_refused("stage up", "stage there");
	assert_refused("kept 1", "kept 2");
	assert_refused("since 100", "since -100");
	assert_refused("until 700", "until ");
	assert_refused("devid 2", "devid 99999999999");
	assert_refused("netvm 3 33", "netvm 99999 33");
	assert_refused("netvm 3 33", "netvm 3 3g");
	assert_refused(" net\n", " net/../x\n");
	assert_refused("ip 10.137.0.9", "ip 10.137.0");
	assert_refused("mac 00:16", "mac 00-16");
	assert_refused("paused 7", "poised 7");
	assert_refused("end\n", "end\nmore\n");
}

static void spans_have_units(void **state)
{
	static const struct {
		const char *text;
		uint64_t seconds;
	} rows[] = { { "90", 90 }, { "90s", 90 }, { "10m", 600 }, { "2h", 7200 }, { "1d", 86400 } };
	static const char *const wrong[] = { "", "m", "0", "0m", "-1m", " 1m", "1 m", "1.5h",
		"10mm", "10x", "400d", "99999999999999999999" };
	uint64_t seen;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(dom0_span_parse(rows[i].text, &seen), 0);
		assert_int_equal(seen, rows[i].seconds);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(dom0_span_parse(wrong[i], &seen), -EINVAL);
}

static void advice_is_given_where_something_is_to_be_done(void **state)
{
	(void)state;
	for (int i = 0; i < DOM0_STANDINGS; i++) {
		const char *words = dom0_standing_advice((enum dom0_standing)i);

		assert_int_equal(words != NULL, i == DOM0_HALF_WAY || i == DOM0_FORSAKEN);
		if (words)
			assert_has(words, "netvm dom0 down ends it");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_written_is_read_again),
		cmocka_unit_test(a_text_that_was_cut_off_is_refused_wherever),
		cmocka_unit_test(what_is_no_record_is_refused),
		cmocka_unit_test(spans_have_units),
		cmocka_unit_test(advice_is_given_where_something_is_to_be_done),
	};

	return cmocka_run_group_tests_name("dom0_record", tests, NULL, NULL);
}
