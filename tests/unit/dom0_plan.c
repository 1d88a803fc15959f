/* The steps by which dom0 gets a network and is without again, in a world of a few domains. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "toolstack/dom0_plan.h"

#define DOMAINS 6

/* The world: what the steps change. */
struct world {
	struct xen_domain domain[DOMAINS];
	bool resolves, attached, published, shut, driver, loaded;
	bool leaked; /* there was a moment with a link that was not shut, or a guest beside it */
};

static const struct world before = {
	.domain = { { .domid = 1, .name = "net", .uuid = { 1 } },
		{ .domid = 2, .name = "fw", .uuid = { 2 } },
		{ .domid = 3, .name = "work", .uuid = { 3 } },
		{ .domid = 4, .name = "still", .uuid = { 4 }, .paused = true },
		{ .domid = 5, .name = "gone", .uuid = { 5 }, .shutdown = true },
		{ .domid = 7, .name = "", .uuid = { 7 } } },
};

static const char *const chain[] = { "fw", "net" };
static const char *const allowed[] = { "work" };

static struct world world;
static struct dom0_record record;

static int set_up(void **state)
{
	(void)state;
	world = before;
	record = (struct dom0_record){ .netvm = { 2, { 2 }, "fw" } };
	addr_parse("10.137.0.9", &record.link.ip);
	addr_parse("10.137.0.1", &record.link.gateway);
	addr_parse("10.139.1.1", &record.link.dns[0]);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	dom0_record_dispose(&record);
	return 0;
}

static struct dom0_situation situation(void)
{
	return (struct dom0_situation){ .domain = world.domain,
		.domains = DOMAINS,
		.driver = world.driver,
		.resolves = world.resolves,
		.attached = world.attached,
		.published = world.published,
		.shut = world.shut,
		.filters = world.shut,
		.loaded = world.loaded };
}

static struct xen_domain *domain_at(uint32_t domid)
{
	for (size_t i = 0; i < DOMAINS; i++)
		if (world.domain[i].domid == domid)
			return &world.domain[i];
	fail_msg("domain %u is not there", domid);
	return NULL;
}

/* Whether somebody runs who is neither on the way nor allowed. */
static bool others_run(void)
{
	for (size_t i = 2; i < DOMAINS; i++)
		if (strcmp(world.domain[i].name, "work") != 0 && !world.domain[i].paused &&
			!world.domain[i].shutdown)
			return true;
	return false;
}

static void step_do(const struct dom0_step *s)
{
	switch (s->verb) {
	case DOM0_SHUT:
	case DOM0_OPEN:
		world.shut = s->verb == DOM0_SHUT;
		break;
	case DOM0_PAUSE:
	case DOM0_RESUME:
		domain_at(s->domain.domid)->paused = s->verb == DOM0_PAUSE;
		break;
	case DOM0_LOAD:
	case DOM0_UNLOAD:
		world.driver = world.loaded = s->verb == DOM0_LOAD;
		break;
	case DOM0_PUBLISH:
	case DOM0_WITHDRAW:
		world.published = s->verb == DOM0_PUBLISH;
		break;
	case DOM0_ATTACH:
	case DOM0_DETACH:
		world.attached = s->verb == DOM0_ATTACH;
		break;
	case DOM0_RESOLVE:
	case DOM0_UNRESOLVE:
		world.resolves = s->verb == DOM0_RESOLVE;
		break;
	case DOM0_NARROW:
	case DOM0_ADDRESS:
		assert_true(world.attached);
		break;
	default:
		fail_msg("%d is no step", s->verb);
	}
	world.leaked |= world.attached && (!world.shut || others_run());
}

static struct dom0_plan up(void)
{
	const struct dom0_allowed a = { chain, 2, allowed, 1 };
	const struct dom0_situation s = situation();
	struct dom0_plan p;

	assert_int_equal(dom0_plan_up(&record, &a, &s, &p, NULL), 0);
	return p;
}

static struct dom0_plan down(void)
{
	const struct dom0_situation s = situation();
	struct dom0_plan p;

	assert_int_equal(dom0_plan_down(&record, &s, &p, NULL), 0);
	return p;
}

/* The first `count` steps of the way up, the last of them only noted where it is not `done`. */
static void go_up(size_t count, bool done)
{
	struct dom0_plan p = up();

	for (size_t i = 0; i < count && i < p.count; i++) {
		assert_int_equal(dom0_record_expect(&record, &p.step[i], NULL), 0);
		if (i + 1 < count || done)
			step_do(&p.step[i]);
	}
	dom0_plan_dispose(&p);
}

static void go_down(size_t count)
{
	struct dom0_plan p = down();

	for (size_t i = 0; i < count && i < p.count; i++)
		step_do(&p.step[i]);
	dom0_plan_dispose(&p);
}

/* The words of a plan, a line a step. */
static const char *words(const struct dom0_plan *p)
{
	static char text[4096];
	char buf[DOM0_WORDS_MAX];

	text[0] = '\0';
	for (size_t i = 0; i < p->count; i++) {
		strcat(text, dom0_step_print(&p->step[i], &record, buf));
		strcat(text, "\n");
	}
	return text;
}

static void assert_as_before(void)
{
	assert_memory_equal(&world, &before, sizeof(world));
}

/* --- up --- */

static void what_is_shut_is_shut_before_there_is_a_link(void **state)
{
	struct dom0_plan p = up();

	(void)state;
	assert_string_equal(words(&p), "let nothing in by links that are new in dom0\n"
				       "pause domain (7)\n"
				       "load dom0's vif driver\n"
				       "tell fw (2) to serve dom0 as 10.137.0.9\n"
				       "attach vif 0 of fw (2) to dom0\n"
				       "let nothing in by dom0's link, and no other\n"
				       "give dom0's link 10.137.0.9, and all routes by 10.137.0.1\n"
				       "let dom0 ask 10.139.1.1 for names\n");
	dom0_plan_dispose(&p);
}

static void who_is_not_allowed_is_paused(void **state)
{
	const struct dom0_allowed nobody = { chain, 2, NULL, 0 };
	const struct dom0_situation s = situation();
	struct dom0_plan p;

	(void)state;
	assert_int_equal(dom0_plan_up(&record, &nobody, &s, &p, NULL), 0);
	assert_has(words(&p), "pause work (3)\n");
	assert_has_not(words(&p), "pause net");
	assert_has_not(words(&p), "pause still");
	assert_has_not(words(&p), "pause gone");
	dom0_plan_dispose(&p);
}

static void who_emulates_for_one_that_may_run_may_as_well(void **state)
{
	struct dom0_plan p;

	(void)state;
	strcpy(domain_at(7)->name, "work-dm");
	p = up();
	assert_has_not(words(&p), "pause");
	dom0_plan_dispose(&p);
	strcpy(domain_at(7)->name, "play-dm");
	p = up();
	assert_has(words(&p), "pause play-dm (7)");
	dom0_plan_dispose(&p);
	strcpy(domain_at(7)->name, "-dm");
	p = up();
	assert_has(words(&p), "pause -dm (7)");
	dom0_plan_dispose(&p);
}

static void what_is_there_is_not_brought(void **state)
{
	struct dom0_plan p;

	(void)state;
	world.driver = true;
	memset(&record.link.dns, 0, sizeof(record.link.dns));
	p = up();
	assert_has_not(words(&p), "load");
	assert_has_not(words(&p), "names");
	dom0_plan_dispose(&p);
}

/* Planning fails with these words. */
static void assert_refused(int code, const char *part, const struct dom0_allowed *a)
{
	const struct dom0_situation s = situation();
	struct err e = ERR_NONE;
	struct dom0_plan p;

	assert_int_equal(dom0_plan_up(&record, a, &s, &p, &e), code);
	assert_has(e.text, part);
	dom0_plan_dispose(&p);
}

static void a_chain_that_does_not_run_is_refused(void **state)
{
	const struct dom0_allowed a = { chain, 2, NULL, 0 };

	(void)state;
	world.domain[0].paused = true;
	assert_refused(-EHOSTDOWN, "net, which dom0's network goes through, is paused", &a);
	world.domain[0].shutdown = true;
	assert_refused(-EHOSTDOWN, "netvm start net starts it", &a);
}

static void one_who_does_not_run_cannot_be_allowed(void **state)
{
	static const char *const names[] = { "work", "gone" };
	const struct dom0_allowed a = { chain, 2, names, 2 };

	(void)state;
	assert_refused(-ENOENT, "gone, which is to be allowed", &a);
}

/* --- down --- */

static void the_way_down_is_the_way_up_turned_round(void **state)
{
	struct dom0_plan p;

	(void)state;
	go_up(SIZE_MAX, true);
	p = down();
	assert_string_equal(words(&p), "give dom0 its own resolv.conf back\n"
				       "detach vif 0 of fw (2) from dom0\n"
				       "tell fw (2) to serve dom0 no more\n"
				       "unload dom0's vif driver\n"
				       "take the packet filter of dom0's link away\n"
				       "let go on domain (7)\n");
	dom0_plan_dispose(&p);
}

static void a_network_domain_that_is_gone_is_not_waited_for(void **state)
{
	struct dom0_plan p;

	(void)state;
	go_up(SIZE_MAX, true);
	domain_at(2)->uuid[0] = 99; /* another domain has its number */
	p = down();
	assert_has(words(&p), "detach vif 0 of fw (2) from dom0, which is gone\n");
	assert_has_not(words(&p), "serve dom0 no more");
	dom0_plan_dispose(&p);
}

static void a_domain_that_has_the_number_of_one_we_paused_is_let_be(void **state)
{
	struct dom0_plan p;

	(void)state;
	go_up(SIZE_MAX, true);
	domain_at(7)->uuid[0] = 99;
	p = down();
	assert_has_not(words(&p), "(7)");
	dom0_plan_dispose(&p);
}

static void one_that_somebody_let_go_on_is_not_touched(void **state)
{
	struct dom0_plan p;

	(void)state;
	go_up(SIZE_MAX, true);
	domain_at(7)->paused = false;
	p = down();
	assert_has_not(words(&p), "(7)");
	dom0_plan_dispose(&p);
}

static void a_driver_that_dom0_had_stays(void **state)
{
	struct dom0_plan p;

	(void)state;
	world.driver = world.loaded = true;
	go_up(SIZE_MAX, true);
	p = down();
	assert_has_not(words(&p), "unload");
	dom0_plan_dispose(&p);
}

static void what_up_did_not_begin_is_not_undone(void **state)
{
	struct dom0_plan p;

	(void)state;
	go_up(1, true);
	world.attached = world.published = world.resolves = world.loaded = true; /* another's */
	p = down();
	assert_string_equal(words(&p), "take the packet filter of dom0's link away\n");
	dom0_plan_dispose(&p);
}

static void from_wherever_it_was_cut_off_down_leads_back(void **state)
{
	struct dom0_plan p = up();
	size_t steps = p.count;

	(void)state;
	dom0_plan_dispose(&p);
	for (size_t cut = 0; cut <= steps; cut++)
		for (int done = 0; done < 2; done++)
			for (size_t again = 0; again < DOM0_VERBS; again++) {
				tear_down(NULL);
				set_up(NULL);
				go_up(cut, done);
				go_down(again); /* is cut off as well */
				go_down(SIZE_MAX);
				assert_as_before();
				p = down();
				assert_int_equal(p.count, 0);
				dom0_plan_dispose(&p);
			}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			what_is_shut_is_shut_before_there_is_a_link, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_is_not_allowed_is_paused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			who_emulates_for_one_that_may_run_may_as_well, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_there_is_not_brought, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_chain_that_does_not_run_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			one_who_does_not_run_cannot_be_allowed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			the_way_down_is_the_way_up_turned_round, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_network_domain_that_is_gone_is_not_waited_for, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_domain_that_has_the_number_of_one_we_paused_is_let_be, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			one_that_somebody_let_go_on_is_not_touched, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_driver_that_dom0_had_stays, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			what_up_did_not_begin_is_not_undone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			from_wherever_it_was_cut_off_down_leads_back, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("dom0_plan", tests, NULL, NULL);
}
