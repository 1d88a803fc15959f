/*
 * Each device has an anchor: the place nearest to the root through which its DMA must pass before
 * anything could tell it from another's. Devices with the same anchor form a group. Steps:
 * requester_of() goes up to the bridge whose id the device's requests carry; isolated_above() goes
 * on up for as long as what is above lets neighbours through; a function of a device that does not
 * keep its functions apart stands for the whole slot.
 */
#include "toolstack/pci_group.h"

#include <stdio.h>
#include <string.h>

#define DEPTH_MAX 256 /* buses; a tree that claims more is cut there */

struct anchor {
	struct pci_bdf bdf;
	bool slot; /* all functions of it; `bdf.function` is 0 */
};

static const struct pci_device *parent_of(const struct pci_tree *t, const struct pci_device *d)
{
	return d->has_parent ? pci_tree_find(t, &d->parent) : NULL;
}

static bool same_slot(const struct pci_bdf *a, const struct pci_bdf *b)
{
	return a->domain == b->domain && a->bus == b->bus && a->slot == b->slot;
}

static bool has_neighbours(const struct pci_tree *t, const struct pci_device *d)
{
	if (d->virtual_function)
		return false;
	if (d->config.multifunction)
		return true;
	for (size_t i = 0; i < t->count; i++)
		if (!t->device[i].virtual_function && same_slot(&t->device[i].bdf, &d->bdf) &&
			&t->device[i] != d)
			return true;
	return false;
}

/* Whether requests that enter at `d` can leave it upwards only. */
static bool isolates(const struct pci_tree *t, const struct pci_device *d)
{
	switch (d->config.port) {
	case PCI_PORT_ROOT:
	case PCI_PORT_DOWNSTREAM:
		return d->config.acs;
	case PCI_PORT_ENDPOINT:
	case PCI_PORT_UPSTREAM:
		return d->config.acs || !has_neighbours(t, d);
	case PCI_PORT_CONVENTIONAL:
	case PCI_PORT_TO_PCI:
	case PCI_PORT_FROM_PCI:
	case PCI_PORT_EVENTS:
		break;
	}
	return false;
}

static bool path_isolates(const struct pci_tree *t, const struct pci_device *bridge)
{
	for (int i = 0; bridge && i < DEPTH_MAX; i++, bridge = parent_of(t, bridge))
		if (!isolates(t, bridge))
			return false;
	return true;
}

/* The topmost bridge to conventional PCI above `d`, else `d`. */
static const struct pci_device *requester_of(const struct pci_tree *t, const struct pci_device *d)
{
	const struct pci_device *found = d, *up = parent_of(t, d);

	for (int i = 0; up && i < DEPTH_MAX; i++, up = parent_of(t, up))
		if (up->config.port == PCI_PORT_TO_PCI || up->config.port == PCI_PORT_CONVENTIONAL)
			found = up;
	return found;
}

static const struct pci_device *isolated_above(const struct pci_tree *t, const struct pci_device *d)
{
	const struct pci_device *up = parent_of(t, d);

	for (int i = 0; up && i < DEPTH_MAX && !path_isolates(t, up); i++, up = parent_of(t, up))
		d = up;
	return d;
}

static struct anchor anchor_find(const struct pci_tree *t, const struct pci_device *d)
{
	const struct pci_device *top = isolated_above(t, requester_of(t, d));
	struct anchor a = { .bdf = top->bdf, .slot = has_neighbours(t, top) && !top->config.acs };

	if (a.slot)
		a.bdf.function = 0;
	return a;
}

static void member_add(struct pci_group *g, const struct pci_device *d)
{
	if (g->count < PCI_GROUP_MAX)
		g->member[g->count++] = d;
	else
		g->more = true;
}

static void linux_group(const struct pci_tree *t, const struct pci_device *d, struct pci_group *out)
{
	out->source = PCI_GROUP_LINUX;
	snprintf(out->name, sizeof(out->name), "%d", d->iommu_group);
	for (size_t i = 0; i < t->count; i++)
		if (t->device[i].iommu_group == d->iommu_group)
			member_add(out, &t->device[i]);
}

static void topology_group(
	const struct pci_tree *t, const struct pci_device *d, struct pci_group *out)
{
	struct anchor of = anchor_find(t, d);

	out->source = PCI_GROUP_TOPOLOGY;
	if (of.slot)
		snprintf(out->name, sizeof(out->name), "%04x:%02x:%02x.*", of.bdf.domain,
			of.bdf.bus, of.bdf.slot & 0x1f);
	else
		pci_bdf_print(&of.bdf, out->name);
	for (size_t i = 0; i < t->count; i++) {
		struct anchor a = anchor_find(t, &t->device[i]);

		if (a.slot == of.slot && pci_bdf_cmp(&a.bdf, &of.bdf) == 0)
			member_add(out, &t->device[i]);
	}
}

void pci_group_find(const struct pci_tree *t, const struct pci_device *d, struct pci_group *out)
{
	memset(out, 0, sizeof(*out));
	if (d->iommu_group >= 0)
		linux_group(t, d, out);
	else
		topology_group(t, d, out);
}
