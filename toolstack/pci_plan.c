#include "toolstack/pci_plan.h"

#include <assert.h>

#define UNDO_MAX 4

static const struct {
	const char *words;
	enum pci_action undo[UNDO_MAX]; /* ends with PCI_ACTIONS */
} actions[] = {
	[PCI_REMEMBER] = { "remember the driver and the interfaces that it has in dom0",
		{ PCI_FORGET, PCI_ACTIONS } },
	[PCI_REGISTER] = { "add it to the domain's file in the registry",
		{ PCI_UNREGISTER, PCI_ACTIONS } },
	[PCI_CONFIG_ADD] = { "add it to the pci list of the domain's xl config",
		{ PCI_CONFIG_REMOVE, PCI_ACTIONS } },
	[PCI_LOAD] = { "load the module xen-pciback", { PCI_ACTIONS } },
	[PCI_TAKE] = { "take it from its driver and make it assignable",
		{ PCI_GIVE_BACK, PCI_BIND, PCI_RENAME, PCI_ACTIONS } },
	[PCI_ATTACH] = { "attach it to the running domain", { PCI_ACTIONS } },
	[PCI_DETACH] = { "detach it from the running domain", { PCI_ACTIONS } },
	[PCI_GIVE_BACK] = { "make it no longer assignable", { PCI_ACTIONS } },
	[PCI_BIND] = { "see that the driver that it had in dom0 has it", { PCI_ACTIONS } },
	[PCI_RENAME] = { "see that its interfaces have their old names", { PCI_ACTIONS } },
	[PCI_CONFIG_REMOVE] = { "take it out of the pci list of the domain's xl config",
		{ PCI_ACTIONS } },
	[PCI_UNREGISTER] = { "take it out of the domain's file in the registry", { PCI_ACTIONS } },
	[PCI_FORGET] = { "forget what it was in dom0", { PCI_ACTIONS } },
};
static_assert(sizeof(actions) / sizeof(actions[0]) == PCI_ACTIONS, "every action has its row");

static void add(struct pci_plan *p, bool wanted, enum pci_action a)
{
	if (wanted)
		p->action[p->count++] = a;
}

void pci_plan_assign(const struct pci_situation *s, struct pci_plan *out)
{
	out->count = 0;
	/* Only a driver shows what is worth remembering, and then better than what was kept. */
	add(out, s->driven || (!s->taken && !s->remembered), PCI_REMEMBER);
	add(out, !s->registered, PCI_REGISTER);
	add(out, s->config && !s->configured, PCI_CONFIG_ADD);
	add(out, !s->module, PCI_LOAD);
	add(out, !s->taken, PCI_TAKE);
	add(out, s->running && !s->attached, PCI_ATTACH);
}

void pci_plan_release(const struct pci_situation *s, struct pci_plan *out)
{
	out->count = 0;
	add(out, s->attached, PCI_DETACH);
	add(out, s->taken, PCI_GIVE_BACK);
	add(out, s->taken || (s->remembered && !s->driven), PCI_BIND);
	add(out, s->had_nets, PCI_RENAME);
	add(out, s->has_domain && s->configured, PCI_CONFIG_REMOVE);
	add(out, s->registered, PCI_UNREGISTER);
	add(out, s->remembered, PCI_FORGET);
}

void pci_plan_attach(const struct pci_situation *s, struct pci_plan *out)
{
	out->count = 0;
	add(out, s->driven || (!s->taken && !s->remembered), PCI_REMEMBER);
	add(out, !s->module, PCI_LOAD);
	add(out, !s->taken, PCI_TAKE);
	add(out, !s->attached, PCI_ATTACH);
}

void pci_plan_detach(const struct pci_situation *s, struct pci_plan *out)
{
	if (!s->registered && !(s->has_domain && s->configured)) {
		pci_plan_release(s, out);
		return;
	}
	out->count = 0;
	add(out, s->attached, PCI_DETACH);
}

void pci_plan_unassign(const struct pci_situation *s, struct pci_plan *out)
{
	if (!s->attached) {
		pci_plan_release(s, out);
		return;
	}
	out->count = 0;
	add(out, s->has_domain && s->configured, PCI_CONFIG_REMOVE);
	add(out, s->registered, PCI_UNREGISTER);
}

const enum pci_action *pci_action_undo(enum pci_action a)
{
	return actions[a].undo;
}

const char *pci_action_words(enum pci_action a)
{
	return actions[a].words;
}
