/* Ports that a domain's file opens to the outside, and what every network domain on the way does.
 */
#include "tests/unit/registry_files.h"

#include <errno.h>

#define NET "provides_network = 1\n"

static char shown[4096];

/* What the network domain of `name` leads to it. */
static const char *exposed(const struct registry *r, const char *name)
{
	static const struct exposures none;
	const struct registry_domain *d = domain_of(r, name);
	const struct exposures *set = d->exposed ? d->exposed : &none;
	char text[EXPOSURE_TEXT_MAX];
	size_t used = 0;

	shown[0] = '\0';
	for (size_t i = 0; i < set->count; i++)
		used += (size_t)snprintf(shown + used, sizeof(shown) - used, "%s%s", i ? " " : "",
			exposure_print(&set->item[i], text));
	return shown;
}

static void a_port_is_led_through_every_network_domain_by_its_outside_number(void **state)
{
	struct registry r;

	(void)state;
	file_write("net", NET);
	file_write("fw", NET "netvm = \"net\"\nexpose = [ \"tcp/22\" ]\n");
	file_write("web", "netvm = \"fw\"\nexpose = [ \"tcp/8080:80\", \"udp/53\" ]\n");
	file_write("mail", "netvm = \"net\"\nexpose = [ \"tcp/25\" ]\n");
	registry_take(&r);
	expect_fault(&r, "web", NULL);
	assert_string_equal(exposed(&r, "web"), "tcp/8080:80 udp/53");
	assert_string_equal(exposed(&r, "fw"), "tcp/22 tcp/8080 udp/53");
	assert_string_equal(exposed(&r, "mail"), "tcp/25");
	assert_string_equal(exposed(&r, "net"), "");
	registry_dispose(&r);
}

static void it_follows_the_domain_to_another_network_domain(void **state)
{
	struct registry r;

	(void)state;
	file_write("net", NET);
	file_write("fw", NET "netvm = \"net\"\n");
	file_write("web", "netvm = \"net\"\nexpose = [ \"tcp/8080:80\" ]\n");
	registry_take(&r);
	assert_string_equal(exposed(&r, "web"), "tcp/8080:80");
	assert_string_equal(exposed(&r, "fw"), "");
	registry_dispose(&r);
	file_write("web", "netvm = \"none\"\nexpose = [ \"tcp/8080:80\" ]\n");
	registry_take(&r);
	assert_string_equal(exposed(&r, "web"), "");
	registry_dispose(&r);
}

static void sources_go_along_with_a_port(void **state)
{
	struct registry r;

	(void)state;
	file_write("net", NET);
	file_write("fw", NET "netvm = \"net\"\n");
	file_write("web", "netvm = \"fw\"\nexpose = [ \"tcp/80:8080@192.0.2.0/24\", "
			  "\"tcp/80:8080@2001:db8::/32\" ]\n");
	registry_take(&r);
	expect_fault(&r, "web", NULL);
	assert_string_equal(
		exposed(&r, "web"), "tcp/80:8080@192.0.2.0/24 tcp/80:8080@2001:db8::/32");
	assert_string_equal(exposed(&r, "fw"), "tcp/80@192.0.2.0/24 tcp/80@2001:db8::/32");
	registry_dispose(&r);
}

static void a_port_is_led_from_the_network_domain_that_is_said_on(void **state)
{
	struct registry r;

	(void)state;
	file_write("net", NET);
	file_write("mid", NET "netvm = \"net\"\n");
	file_write("fw", NET "netvm = \"mid\"\n");
	file_write("web",
		"netvm = \"fw\"\nexpose = [ \"tcp/80:8080 from mid\", \"tcp/81 from fw\", "
		"\"tcp/82 from net\" ]\n");
	/* In another network domain a port may be another's. */
	file_write("mail", "netvm = \"net\"\nexpose = [ \"tcp/80\" ]\n");
	registry_take(&r);
	expect_fault(&r, "web", NULL);
	expect_fault(&r, "mail", NULL);
	assert_string_equal(exposed(&r, "web"), "tcp/80:8080 tcp/81 tcp/82");
	assert_string_equal(exposed(&r, "fw"), "tcp/80 tcp/82");
	assert_string_equal(exposed(&r, "mid"), "tcp/82");
	registry_dispose(&r);
}

static void while_that_one_is_not_on_the_way_nothing_is_opened(void **state)
{
	struct registry r;

	(void)state;
	file_write("net", NET);
	file_write("fw", NET "netvm = \"net\"\n");
	file_write("web", "netvm = \"net\"\nexpose = [ \"tcp/80 from fw\", \"tcp/81\" ]\n");
	registry_take(&r);
	expect_fault(&r, "web", NULL);
	assert_string_equal(exposed(&r, "web"), "tcp/81");
	assert_string_equal(exposed(&r, "fw"), "");
	registry_dispose(&r);
}

static void who_opens_from_a_domain_that_is_not_there_is_at_fault(void **state)
{
	struct registry r;
	struct err e = ERR_NONE;

	(void)state;
	file_write("net", NET);
	file_write("fw", NET "netvm = \"net\"\n");
	file_write("web", "netvm = \"net\"\nexpose = [ \"tcp/80 from fw\" ]\n");
	file_write("mail", "netvm = \"net\"\nexpose = [ \"tcp/25 from gone\" ]\n");
	registry_take(&r);
	expect_fault(&r, "web", NULL);
	expect_fault(&r, "mail", "/domains/mail.conf: expose: there is no domain \"gone\"");
	registry_dispose(&r);
	assert_int_equal(forget("fw", &e), -EBUSY);
	assert_string_equal(e.text, "fw is named in the exposed ports of web");
}

static void a_port_that_another_has_already_is_refused_with_both_names(void **state)
{
	struct registry r;

	(void)state;
	file_write("net", NET);
	file_write("fw", NET "netvm = \"net\"\n");
	file_write("aweb", "netvm = \"net\"\nexpose = [ \"tcp/80:8080\" ]\n");
	file_write("bweb", "netvm = \"fw\"\nexpose = [ \"tcp/80\", \"tcp/81\" ]\n");
	file_write("cdns", "netvm = \"net\"\nexpose = [ \"udp/80\" ]\n");
	registry_take(&r);
	expect_fault(&r, "aweb", NULL);
	expect_fault(
		&r, "bweb", "/domains/bweb.conf: expose: tcp/80 of net is exposed by aweb as well");
	expect_fault(&r, "cdns", NULL);
	expect_fault(&r, "fw", NULL);
	assert_string_equal(exposed(&r, "aweb"), "tcp/80:8080");
	assert_string_equal(exposed(&r, "fw"), "");
	registry_dispose(&r);
}

static void domains_that_do_not_share_a_network_domain_may_have_the_same(void **state)
{
	struct registry r;

	(void)state;
	file_write("net", NET);
	file_write("fw", NET "netvm = \"none\"\n");
	file_write("aweb", "netvm = \"net\"\nexpose = [ \"tcp/80\" ]\n");
	file_write("bweb", "netvm = \"fw\"\nexpose = [ \"tcp/80\" ]\n");
	registry_take(&r);
	expect_fault(&r, "aweb", NULL);
	expect_fault(&r, "bweb", NULL);
	registry_dispose(&r);
}

static void a_wrong_port_is_named_with_file_and_line_and_opens_nothing(void **state)
{
	struct registry r;

	(void)state;
	file_write("net", NET);
	file_write("a", "netvm = \"net\"\nexpose = [ \"tcp/80\",\n\"tcp/0\" ]\n");
	file_write("b", "netvm = \"net\"\nexpose = [ \"udp/68:1068\" ]\n");
	file_write("c", "netvm = \"net\"\nexpose = [ \"tcp/90:1\", \"tcp/90:2\" ]\n");
	file_write("d", "netvm = \"net\"\nexpose = [ \"tcp/91@192.0.2.1/24\" ]\n");
	file_write("f", "netvm = \"net\"\nexpose = [ \"tcp/92 from\" ]\n");
	file_write("g", "netvm = \"net\"\nexpose = [ \"tcp/93 from a b\" ]\n");
	registry_take(&r);
	expect_fault(&r, "a", "/domains/a.conf:3: expose: ");
	expect_fault(&r, "a", "is not a port to expose");
	expect_fault(&r, "b", "network domains need udp/68 themselves, for DHCP");
	expect_fault(&r, "c", "/domains/c.conf: expose: tcp/90 twice");
	expect_fault(&r, "d", "is not a port to expose");
	expect_fault(&r, "f", "is not a port to expose");
	expect_fault(&r, "g", "is not a port to expose");
	registry_dispose(&r);
}

static void a_chain_in_a_loop_is_come_to_an_end_of(void **state)
{
	struct registry r;

	(void)state;
	file_write("net", NET "netvm = \"fw\"\n");
	file_write("fw", NET "netvm = \"net\"\n");
	file_write("web", "netvm = \"fw\"\nexpose = [ \"tcp/80\" ]\n");
	registry_take(&r);
	expect_fault(&r, "web", "loop");
	registry_dispose(&r);
}

#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, registry_dir_make, registry_dir_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_DIR(a_port_is_led_through_every_network_domain_by_its_outside_number),
		IN_DIR(it_follows_the_domain_to_another_network_domain),
		IN_DIR(sources_go_along_with_a_port),
		IN_DIR(a_port_is_led_from_the_network_domain_that_is_said_on),
		IN_DIR(while_that_one_is_not_on_the_way_nothing_is_opened),
		IN_DIR(who_opens_from_a_domain_that_is_not_there_is_at_fault),
		IN_DIR(a_port_that_another_has_already_is_refused_with_both_names),
		IN_DIR(domains_that_do_not_share_a_network_domain_may_have_the_same),
		IN_DIR(a_wrong_port_is_named_with_file_and_line_and_opens_nothing),
		IN_DIR(a_chain_in_a_loop_is_come_to_an_end_of),
	};

	return cmocka_run_group_tests_name("registry_expose", tests, NULL, NULL);
}
