/* The steps by which a network device goes to a domain and comes back. */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "toolstack/pci_plan.h"

#define SITUATIONS (1 << 11)

/* The situation that has these facts, a bit each. */
static struct pci_situation situation(unsigned int bits)
{
	return (struct pci_situation){
		.taken = bits & 1,
		.driven = bits & 2,
		.remembered = bits & 4,
		.module = bits & 8,
		.registered = bits & 16,
		.config = bits & 32,
		.configured = bits & 64,
		.running = bits & 128,
		.attached = bits & 256,
		.had_nets = bits & 512,
		.has_domain = bits & 1024,
	};
}

static bool has(const struct pci_plan *p, enum pci_action a)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->action[i] == a)
			return true;
	return false;
}

static void assert_is(const struct pci_plan *p, const enum pci_action *wanted, size_t count)
{
	assert_int_equal(p->count, count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(p->action[i], wanted[i]);
}

#define assert_plan(p, ...)                                                                        \
	do {                                                                                       \
		static const enum pci_action wanted_[] = { __VA_ARGS__ };                          \
		assert_is(p, wanted_, sizeof(wanted_) / sizeof(wanted_[0]));                       \
	} while (0)

static void a_device_of_dom0_goes_to_a_running_domain(void **state)
{
	const struct pci_situation s = { .driven = true, .config = true, .running = true };
	struct pci_plan p;

	(void)state;
	pci_plan_assign(&s, &p);
	assert_plan(&p, PCI_REMEMBER, PCI_REGISTER, PCI_CONFIG_ADD, PCI_LOAD, PCI_TAKE, PCI_ATTACH);
}

static void it_comes_back_in_the_other_direction(void **state)
{
	const struct pci_situation s = { .taken = true,
		.remembered = true,
		.registered = true,
		.configured = true,
		.running = true,
		.attached = true,
		.had_nets = true,
		.has_domain = true };
	struct pci_plan p;

	(void)state;
	pci_plan_release(&s, &p);
	assert_plan(&p, PCI_DETACH, PCI_GIVE_BACK, PCI_BIND, PCI_RENAME, PCI_CONFIG_REMOVE,
		PCI_UNREGISTER, PCI_FORGET);
}

static void what_is_done_is_not_done_again(void **state)
{
	const struct pci_situation given = { .taken = true,
		.remembered = true,
		.module = true,
		.registered = true,
		.config = true,
		.configured = true,
		.running = true,
		.attached = true };
	const struct pci_situation back = { .driven = true, .module = true };
	struct pci_plan p;

	(void)state;
	pci_plan_assign(&given, &p);
	assert_int_equal(p.count, 0);
	pci_plan_release(&back, &p);
	assert_int_equal(p.count, 0);
}

static void a_device_without_a_driver_is_remembered_as_such_but_not_over_better_knowledge(
	void **state)
{
	struct pci_situation s = { .module = true, .registered = true };
	struct pci_plan p;

	(void)state;
	pci_plan_assign(&s, &p);
	assert_plan(&p, PCI_REMEMBER, PCI_TAKE);
	s.remembered = true;
	pci_plan_assign(&s, &p);
	assert_plan(&p, PCI_TAKE);
	s.driven = true;
	pci_plan_assign(&s, &p);
	assert_plan(&p, PCI_REMEMBER, PCI_TAKE);
}

static void one_that_was_given_back_to_nobody_gets_its_driver(void **state)
{
	const struct pci_situation s = { .remembered = true };
	struct pci_plan p;

	(void)state;
	pci_plan_release(&s, &p);
	assert_plan(&p, PCI_BIND, PCI_FORGET);
}

static void for_now_nothing_is_written_that_outlasts_it_in_any_situation(void **state)
{
	const struct pci_situation s = { .driven = true, .config = true, .running = true };
	struct pci_plan p;

	(void)state;
	pci_plan_attach(&s, &p);
	assert_plan(&p, PCI_REMEMBER, PCI_LOAD, PCI_TAKE, PCI_ATTACH);
	for (unsigned int bits = 0; bits < SITUATIONS; bits++) {
		const struct pci_situation any = situation(bits);

		pci_plan_attach(&any, &p);
		assert_false(has(&p, PCI_REGISTER) || has(&p, PCI_CONFIG_ADD));
		assert_int_equal(has(&p, PCI_ATTACH), !any.attached);
	}
}

static void detached_an_assigned_device_stays_assignable_and_another_is_dom0_s(void **state)
{
	struct pci_situation s = { .taken = true,
		.remembered = true,
		.registered = true,
		.configured = true,
		.running = true,
		.attached = true,
		.had_nets = true,
		.has_domain = true };
	struct pci_plan p;

	(void)state;
	pci_plan_detach(&s, &p);
	assert_plan(&p, PCI_DETACH);
	s.registered = false;
	pci_plan_detach(&s, &p);
	assert_plan(&p, PCI_DETACH);
	s.configured = false;
	pci_plan_detach(&s, &p);
	assert_plan(&p, PCI_DETACH, PCI_GIVE_BACK, PCI_BIND, PCI_RENAME, PCI_FORGET);
}

static void unassigned_a_device_stays_with_the_domain_that_has_it(void **state)
{
	struct pci_situation s = { .taken = true,
		.remembered = true,
		.registered = true,
		.configured = true,
		.attached = true,
		.has_domain = true };
	struct pci_plan p;

	(void)state;
	pci_plan_unassign(&s, &p);
	assert_plan(&p, PCI_CONFIG_REMOVE, PCI_UNREGISTER);
	s.attached = false;
	pci_plan_unassign(&s, &p);
	assert_plan(&p, PCI_GIVE_BACK, PCI_BIND, PCI_CONFIG_REMOVE, PCI_UNREGISTER, PCI_FORGET);
}

/* Where in a plan an action stands; behind its end where it does not. */
static size_t place(const struct pci_plan *p, enum pci_action a)
{
	size_t i = 0;

	while (i < p->count && p->action[i] != a)
		i++;
	return i;
}

static void intentions_are_written_before_the_device_is_touched_in_every_situation(void **state)
{
	static const enum pci_action before[] = { PCI_REMEMBER, PCI_REGISTER, PCI_CONFIG_ADD,
		PCI_LOAD };

	(void)state;
	for (unsigned int bits = 0; bits < SITUATIONS; bits++) {
		const struct pci_situation s = situation(bits);
		struct pci_plan p;

		pci_plan_assign(&s, &p);
		for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++)
			if (has(&p, before[i])) {
				assert_true(!has(&p, PCI_TAKE) ||
					    place(&p, before[i]) < place(&p, PCI_TAKE));
				assert_true(!has(&p, PCI_ATTACH) ||
					    place(&p, before[i]) < place(&p, PCI_ATTACH));
			}
		assert_int_equal(has(&p, PCI_TAKE), !s.taken);
	}
}

static void it_is_forgotten_last_in_every_situation(void **state)
{
	(void)state;
	for (unsigned int bits = 0; bits < SITUATIONS; bits++) {
		const struct pci_situation s = situation(bits);
		struct pci_plan p;

		pci_plan_release(&s, &p);
		assert_int_equal(has(&p, PCI_FORGET), s.remembered);
		if (s.remembered)
			assert_int_equal(p.action[p.count - 1], PCI_FORGET);
		/* Nothing is given back while the domain has it. */
		if (has(&p, PCI_DETACH))
			assert_int_equal(p.action[0], PCI_DETACH);
	}
}

static void what_was_taken_can_be_taken_back(void **state)
{
	(void)state;
	for (int a = 0; a < PCI_ACTIONS; a++) {
		const enum pci_action *undo = pci_action_undo((enum pci_action)a);
		size_t n = 0;

		while (undo[n] != PCI_ACTIONS)
			assert_in_range(undo[n++], 0, PCI_ACTIONS - 1);
		assert_int_equal(n > 0, a == PCI_REMEMBER || a == PCI_REGISTER ||
						a == PCI_CONFIG_ADD || a == PCI_TAKE);
		assert_true(*pci_action_words((enum pci_action)a));
	}
	assert_int_equal(pci_action_undo(PCI_TAKE)[0], PCI_GIVE_BACK);
	assert_int_equal(pci_action_undo(PCI_REGISTER)[0], PCI_UNREGISTER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_device_of_dom0_goes_to_a_running_domain),
		cmocka_unit_test(it_comes_back_in_the_other_direction),
		cmocka_unit_test(what_is_done_is_not_done_again),
		cmocka_unit_test(
			a_device_without_a_driver_is_remembered_as_such_but_not_over_better_knowledge),
		cmocka_unit_test(one_that_was_given_back_to_nobody_gets_its_driver),
		cmocka_unit_test(
			intentions_are_written_before_the_device_is_touched_in_every_situation),
		cmocka_unit_test(it_is_forgotten_last_in_every_situation),
		cmocka_unit_test(what_was_taken_can_be_taken_back),
		cmocka_unit_test(for_now_nothing_is_written_that_outlasts_it_in_any_situation),
		cmocka_unit_test(
			detached_an_assigned_device_stays_assignable_and_another_is_dom0_s),
		cmocka_unit_test(unassigned_a_device_stays_with_the_domain_that_has_it),
	};

	return cmocka_run_group_tests_name("pci_plan", tests, NULL, NULL);
}
