/* Whether a network domain can be given a guest's vif, and why not. */
#include "tests/unit/unit.h"

#include "toolstack/netvmd_able.h"

/* A network domain that runs and is ready, and a guest that demands nothing. */
static const struct netvmd_domain ready = { .ready = true, .capabilities = "vif dns" };
static const struct registry_domain plain = { .cable = true, .policy = POLICY_ACCEPT };

static struct netvmd_domain provider;
static struct registry_domain guest;

static int set_up(void **state)
{
	(void)state;
	provider = ready;
	guest = plain;
	return 0;
}

static void assert_why(const char *why)
{
	const char *seen = netvmd_unable(&provider, &guest);

	assert_non_null(seen);
	assert_non_null(strstr(seen, why));
}

static void one_that_runs_and_is_ready_can(void **state)
{
	(void)state;
	assert_null(netvmd_unable(&provider, &guest));
}

static void one_that_does_not_run_cannot(void **state)
{
	(void)state;
	assert_string_equal(netvmd_unable(NULL, &guest), "does not run");
}

static void one_that_is_paused_cannot_whatever_it_has_said(void **state)
{
	(void)state;
	provider.paused = true;
	assert_why("is paused");
}

static void one_that_is_not_ready_cannot(void **state)
{
	(void)state;
	provider.ready = false;
	assert_why("does not say that it is ready");
}

static void a_policy_wants_one_that_enforces_policies(void **state)
{
	(void)state;
	guest.policy = POLICY_DROP;
	assert_why("policy");
	strcpy(provider.capabilities, "vif policymaker nopolicy polic");
	assert_why("policy");
	strcpy(provider.capabilities, "vif policy");
	assert_null(netvmd_unable(&provider, &guest));
}

static void a_limit_wants_one_that_keeps_it(void **state)
{
	(void)state;
	guest.connections = 100;
	assert_why("limit");
	strcpy(provider.capabilities, "vif limits");
	assert_null(netvmd_unable(&provider, &guest));
}

static void a_rate_wants_one_that_keeps_it(void **state)
{
	(void)state;
	guest.packets_per_second = 100;
	assert_why("in a second");
	strcpy(provider.capabilities, "vif limits rates");
	assert_null(netvmd_unable(&provider, &guest));
	guest.packets_per_second = 0;
	guest.bytes_per_second = 100000;
	assert_null(netvmd_unable(&provider, &guest));
	strcpy(provider.capabilities, "vif limits");
	assert_why("in a second");
}

static void a_pulled_cable_wants_one_that_cuts_guests_off(void **state)
{
	(void)state;
	guest.cable = false;
	assert_why("cut a guest off");
	strcpy(provider.capabilities, "cable");
	assert_null(netvmd_unable(&provider, &guest));
}

static void another_address_wants_one_that_translates(void **state)
{
	struct addr seen;

	(void)state;
	addr_parse4("192.168.1.5", &seen);
	guest.visible_ip = seen;
	assert_why("another address");
	guest.visible_ip = guest.ip;
	guest.visible_gateway = seen;
	assert_why("another address");
	strcpy(provider.capabilities, "visible");
	assert_null(netvmd_unable(&provider, &guest));
}

static void dhcp_wants_one_that_answers(void **state)
{
	(void)state;
	guest.dhcp = true;
	assert_why("DHCP");
	strcpy(provider.capabilities, "dhcp");
	assert_null(netvmd_unable(&provider, &guest));
}

static void a_data_path_wants_one_that_follows_dom0(void **state)
{
	struct registry_domain net = { .datapath = PROVIDER_DATAPATH_USER };

	(void)state;
	guest.netvm = &net;
	assert_why("datapath");
	net.datapath = PROVIDER_DATAPATH_KERNEL;
	assert_why("datapath");
	net.datapath = PROVIDER_DATAPATH_OWN;
	assert_null(netvmd_unable(&provider, &guest));
	net.datapath = PROVIDER_DATAPATH_USER;
	strcpy(provider.capabilities, "vif datapath");
	assert_null(netvmd_unable(&provider, &guest));
}

#define test(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(one_that_runs_and_is_ready_can),
		test(one_that_does_not_run_cannot),
		test(one_that_is_paused_cannot_whatever_it_has_said),
		test(one_that_is_not_ready_cannot),
		test(a_policy_wants_one_that_enforces_policies),
		test(another_address_wants_one_that_translates),
		test(dhcp_wants_one_that_answers),
		test(a_pulled_cable_wants_one_that_cuts_guests_off),
		test(a_limit_wants_one_that_keeps_it),
		test(a_rate_wants_one_that_keeps_it),
		test(a_data_path_wants_one_that_follows_dom0),
	};

	return cmocka_run_group_tests_name("netvmd_able", tests, NULL, NULL);
}
