#include "toolstack/pci_judge.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PCI_CLASS_BRIDGE_PCI 0x0604 /* base class and subclass */

static bool objects_to_class(const struct pci_facts *f, char *why, size_t size)
{
	/* A NIC that hangs on USB comes with its controller. */
	if (pci_is_network(f->device) || (pci_is_usb(f->device) && f->device->net_count))
		return false;
	if (pci_is_usb(f->device))
		snprintf(why, size, "it is a USB controller on which no network interface hangs");
	else
		snprintf(why, size, "it is no network device (class 0x%06x)", f->device->class);
	return true;
}

static const char *holder_of_device(const struct pci_facts *f)
{
	for (size_t i = 0; i < f->group->count; i++)
		if (pci_bdf_cmp(&f->group->member[i]->bdf, &f->device->bdf) == 0)
			return f->holder[i];
	return "";
}

static bool objects_to_holder(const struct pci_facts *f, char *why, size_t size)
{
	const char *holder = holder_of_device(f);

	if (!*holder || strcmp(holder, f->domain) == 0)
		return false;
	snprintf(why, size, "it is assigned to %s; release it first", holder);
	return true;
}

static bool objects_to_iommu(const struct pci_facts *f, char *why, size_t size)
{
	if (f->iommu == PCI_IOMMU_PRESENT)
		return false;
	if (f->iommu == PCI_IOMMU_ABSENT)
		snprintf(why, size,
			"this host has no IOMMU in use (%s), so the domain could read and write "
			"all memory through the device",
			f->iommu_source);
	else
		snprintf(why, size, "it is not known whether this host has an IOMMU (%s)",
			f->iommu_source);
	return true;
}

static bool objects_to_use(const struct pci_facts *f, char *why, size_t size)
{
	const struct dom0_use *use = f->use;

	if (use->default_route[0])
		snprintf(why, size, "dom0's default route goes out through it (%s)",
			use->default_route);
	else if (use->root_fs[0])
		snprintf(why, size, "dom0's root file system is reached through it (%s)",
			use->root_fs);
	else if (use->address[0])
		snprintf(why, size, "dom0 has its address %s on it (%s)", use->address,
			use->address_link);
	else if (use->route[0])
		snprintf(why, size, "dom0's route to %s goes out through it (%s)", use->route,
			use->route_link);
	else
		return false;
	return true;
}

/* Bridges between buses are no one's to use, and move no data of their own. */
static bool stays_behind(const struct pci_facts *f, size_t i)
{
	const struct pci_device *m = f->group->member[i];

	if (pci_bdf_cmp(&m->bdf, &f->device->bdf) == 0 || m->class >> 8 == PCI_CLASS_BRIDGE_PCI)
		return false;
	return !*f->domain || strcmp(f->holder[i], f->domain) != 0;
}

static bool objects_to_group(const struct pci_facts *f, char *why, size_t size)
{
	char names[128] = "", bdf[PCI_BDF_TEXT_MAX];
	size_t count = 0, used = 0;

	for (size_t i = 0; i < f->group->count; i++) {
		if (!stays_behind(f, i))
			continue;
		if (count++ < 4)
			used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s",
				used ? ", " : "", pci_bdf_print(&f->group->member[i]->bdf, bdf));
	}
	if (!count && !f->group->more)
		return false;
	snprintf(why, size, "its IOMMU group %s has other devices that would stay behind: %s%s",
		f->group->name, names, count > 4 || f->group->more ? ", ..." : "");
	return true;
}

static const struct {
	const char *word, *option;
	bool (*objects)(const struct pci_facts *f, char *why, size_t size);
} objections[] = {
	[PCI_OBJECTION_CLASS] = { "class", NULL, objects_to_class },
	[PCI_OBJECTION_HELD] = { "held", NULL, objects_to_holder },
	[PCI_OBJECTION_IOMMU] = { "iommu", "no-iommu", objects_to_iommu },
	[PCI_OBJECTION_DOM0] = { "dom0", "cut-dom0", objects_to_use },
	[PCI_OBJECTION_GROUP] = { "group", "shared-group", objects_to_group },
};
static_assert(sizeof(objections) / sizeof(objections[0]) == PCI_OBJECTION_KINDS,
	"every objection has its row");

void pci_judge(const struct pci_facts *f, struct pci_judgement *out)
{
	memset(out, 0, sizeof(*out));
	for (unsigned int kind = 0; kind < PCI_OBJECTION_KINDS; kind++) {
		struct pci_objection *o = &out->objection[out->count];

		if (!objections[kind].objects(f, o->why, sizeof(o->why)))
			continue;
		o->kind = kind;
		out->count++;
	}
}

const char *pci_objection_option(enum pci_objection_kind kind)
{
	return objections[kind].option;
}

const char *pci_objection_word(enum pci_objection_kind kind)
{
	return objections[kind].word;
}

int pci_judgement_check(const struct pci_judgement *j, const struct pci_bdf *bdf,
	unsigned int overruled, struct err *e)
{
	char text[PCI_BDF_TEXT_MAX];

	for (size_t i = 0; i < j->count; i++) {
		const struct pci_objection *o = &j->objection[i];
		const char *option = objections[o->kind].option;

		if (option && overruled & 1U << o->kind)
			continue;
		pci_bdf_print(bdf, text);
		if (option)
			return err_set(e, -EPERM,
				"%s is not given away: %s; with --%s it is done all the same", text,
				o->why, option);
		return err_set(e, -EPERM, "%s is not given away: %s", text, o->why);
	}
	return 0;
}
