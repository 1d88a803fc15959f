/* What netvmd takes away of guests that went and domains that the registry forgot, and what stays
 * as it is because something is at fault. */
#include "tests/unit/unit.h"

#include "tests/unit/netvmd_net_and_work.h"

/* The file of a domain cannot be used. */
static void broken(const char *name)
{
	struct registry_domain *d = world_wanted(&w, name);

	d->broken = true;
	registry_fault_set(d, -EINVAL, "%s.conf:1: syntax error", name);
}

static void a_guest_that_went_is_withdrawn(void **state)
{
	(void)state;
	settle();
	world_destroy(&w, now("work"));
	assert_plan("domain 2: withdraw as client of net (1), vif 0\n");
}

static void dom0_is_served_as_long_as_netvm_dom0_says_so(void **state)
{
	struct netvmd_domain *net = now("net");

	(void)state;
	settle();
	net->client[net->clients++] = (struct netvmd_client){ .guest = { 0, 2 } };
	w.actual.dom0.provider = net->domid;
	w.actual.dom0.devid = 2;
	assert_plan("");
	w.actual.dom0.devid = 1;
	assert_plan("domain 0: withdraw as client of net (1), vif 2\n");
	w.actual.dom0.provider = 0;
	w.actual.dom0.devid = 2;
	assert_plan("domain 0: withdraw as client of net (1), vif 2\n");
}

static void an_entry_under_a_number_that_another_domain_has_now_is_withdrawn(void **state)
{
	(void)state;
	settle();
	now("work")->links = 0;
	strcpy(now("work")->name, "stranger");
	assert_plan("stranger (2): withdraw as client of net (1), vif 0\n");
	strcpy(now("stranger")->name, "idle");
	broken("idle");
	assert_plan("idle (2): withdraw as client of net (1), vif 0\n");
}

static void a_domain_that_the_registry_forgot_is_unpublished(void **state)
{
	(void)state;
	settle();
	strcpy(world_wanted(&w, "work")->name, "wort");
	world_resolve(&w);
	assert_plan("work (2): unpublish link 0\n"
		    "work (2): withdraw as client of net (1), vif 0\n");
}

static void a_network_domain_that_the_registry_forgot_stays_managed_and_serves_nobody(void **state)
{
	(void)state;
	settle();
	w.registry.count = 0;
	assert_plan("work (2): unpublish link 0\n"
		    "work (2): withdraw as client of net (1), vif 0\n");
	w.registry.count = 4;
}

static void a_domain_that_provides_no_network_any_more_is_told(void **state)
{
	(void)state;
	settle();
	world_netvm(world_wanted(&w, "work"), NULL);
	world_wanted(&w, "net")->provides_network = false;
	world_resolve(&w);
	assert_plan("work (2): unpublish link 0\nnet (1): withdraw provider\n");
}

static void a_domain_at_fault_keeps_what_it_has(void **state)
{
	(void)state;
	settle();
	broken("work");
	addr_parse4("10.137.0.66", &world_wanted(&w, "work")->ip);
	assert_plan("");
	world_resolve(&w);
	now("work")->vif[0].alive = false;
	assert_plan("");
}

static void so_do_the_guests_of_a_network_domain_at_fault(void **state)
{
	(void)state;
	settle();
	broken("net");
	world_resolve(&w);
	assert_non_null(world_wanted(&w, "work")->fault);
	assert_plan("");
}

static void but_entries_of_guests_that_went_go_then_too(void **state)
{
	(void)state;
	settle();
	err_set(&w.registry.globals.fault, -EINVAL, "netvm.conf:1: syntax error");
	world_resolve(&w);
	world_destroy(&w, now("work"));
	assert_plan("domain 2: withdraw as client of net (1), vif 0\n");
}

static void a_guest_that_has_shut_down_keeps_all_until_it_is_destroyed(void **state)
{
	(void)state;
	settle();
	now("work")->shutdown = true;
	assert_plan("");
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(a_guest_that_went_is_withdrawn),
		test(dom0_is_served_as_long_as_netvm_dom0_says_so),
		test(an_entry_under_a_number_that_another_domain_has_now_is_withdrawn),
		test(a_domain_that_the_registry_forgot_is_unpublished),
		test(a_network_domain_that_the_registry_forgot_stays_managed_and_serves_nobody),
		test(a_domain_that_provides_no_network_any_more_is_told),
		test(a_domain_at_fault_keeps_what_it_has),
		test(so_do_the_guests_of_a_network_domain_at_fault),
		test(but_entries_of_guests_that_went_go_then_too),
		test(a_guest_that_has_shut_down_keeps_all_until_it_is_destroyed),
	};

	return cmocka_run_group_tests_name("netvmd_kept", tests, NULL, NULL);
}
