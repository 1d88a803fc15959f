/*
 * netvm pci list: dom0's network devices, what they are called, how they can be reset, who has
 * them, and whether they may be given away. netvm usb list: the same of USB controllers, with the
 * interfaces of what hangs on them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "toolstack/netvm.h"
#include "toolstack/pci_ids.h"
#include "toolstack/pci_survey.h"
#include "toolstack/table.h"

struct kind {
	bool (*is)(const struct pci_device *d);
	const char *none; /* where there is no such device */
	const char *note; /* below the table, or NULL */
};

static const struct kind network = { pci_is_network, "This host has no PCI network device.", NULL };
static const struct kind usb = { pci_is_usb, "This host has no USB controller.",
	"netvm pci assign gives a controller away with everything that hangs on it, keyboards and "
	"disks too." };

static const char *group_source(const struct pci_group *g)
{
	return g->source == PCI_GROUP_LINUX ? "Linux's iommu_groups"
					    : "bus topology and access control (ACS)";
}

static const struct {
	const char *word;
	int json; /* -1: null */
} iommus[] = {
	[PCI_IOMMU_UNKNOWN] = { "not known", -1 },
	[PCI_IOMMU_ABSENT] = { "none in use", 0 },
	[PCI_IOMMU_PRESENT] = { "in use", 1 },
};

/* --- JSON --- */

static void nets_json(struct json *j, const struct pci_device *d)
{
	char mac[MAC_TEXT_MAX];

	json_array(j, "interfaces");
	for (size_t i = 0; i < d->net_count; i++) {
		json_object(j, NULL);
		json_text(j, "name", d->nets[i].name);
		json_text(j, "mac",
			mac_is_set(&d->nets[i].mac) ? mac_print(&d->nets[i].mac, mac) : NULL);
		json_object_end(j);
	}
	json_array_end(j);
}

static void group_json(struct json *j, const struct pci_group *g)
{
	char bdf[PCI_BDF_TEXT_MAX];

	json_object(j, "iommu_group");
	json_text(j, "name", g->name);
	json_text(j, "source", g->source == PCI_GROUP_LINUX ? "linux" : "topology");
	json_array(j, "members");
	for (size_t i = 0; i < g->count; i++) {
		json_object(j, NULL);
		json_text(j, "bdf", pci_bdf_print(&g->member[i]->bdf, bdf));
		json_number(j, "class", g->member[i]->class);
		json_text(j, "driver", g->member[i]->driver[0] ? g->member[i]->driver : NULL);
		json_object_end(j);
	}
	json_array_end(j);
	json_object_end(j);
}

static void judgement_json(struct json *j, const struct pci_judgement *judgement)
{
	json_bool(j, "safe", judgement->count == 0);
	json_array(j, "objections");
	for (size_t i = 0; i < judgement->count; i++) {
		const struct pci_objection *o = &judgement->objection[i];

		json_object(j, NULL);
		json_text(j, "kind", pci_objection_word(o->kind));
		json_text(j, "why", o->why);
		json_text(j, "option", pci_objection_option(o->kind));
		json_object_end(j);
	}
	json_array_end(j);
}

/* Each word of "flr bus". */
static void reset_json(struct json *j, const struct pci_device *d)
{
	char words[PCI_RESET_MAX], *rest = NULL;

	strcpy(words, d->reset);
	json_array(j, "reset");
	for (char *w = strtok_r(words, " ", &rest); w; w = strtok_r(NULL, " ", &rest))
		json_text(j, NULL, w);
	json_array_end(j);
}

static void device_json(
	struct json *j, const struct pci_device *d, const struct pci_opinion *o, const char *ids)
{
	char text[PCI_BDF_TEXT_MAX];
	struct pci_name name;

	pci_ids_find(ids, d->vendor, d->device, &name);
	json_object(j, NULL);
	json_text(j, "bdf", pci_bdf_print(&d->bdf, text));
	json_number(j, "class", d->class);
	json_number(j, "vendor", d->vendor);
	json_number(j, "device", d->device);
	json_text(j, "vendor_name", *name.vendor ? name.vendor : NULL);
	json_text(j, "device_name", *name.device ? name.device : NULL);
	json_text(j, "driver", d->driver[0] ? d->driver : NULL);
	nets_json(j, d);
	group_json(j, &o->group);
	reset_json(j, d);
	json_text(j, "domain", *o->holder ? o->holder : NULL);
	judgement_json(j, &o->judgement);
	json_object_end(j);
}

static int json_print(
	const struct pci_survey *s, const struct kind *kind, const char *ids, struct err *e)
{
	struct json *j = json_open();
	struct pci_opinion o;
	int ret = 0;

	json_object(j, NULL);
	json_object(j, "iommu");
	if (iommus[s->iommu].json < 0)
		json_text(j, "present", NULL);
	else
		json_bool(j, "present", iommus[s->iommu].json);
	json_text(j, "source", s->iommu_source);
	json_object_end(j);
	json_array(j, "devices");
	for (size_t i = 0; i < s->tree.count && !ret; i++) {
		if (!kind->is(&s->tree.device[i]))
			continue;
		ret = pci_survey_judge(s, &s->tree.device[i], "", &o, e);
		if (!ret)
			device_json(j, &s->tree.device[i], &o, ids);
	}
	json_array_end(j);
	json_object_end(j);
	if (ret) {
		json_drop(j); /* half a document is none */
		return ret;
	}
	return netvm_json_end(j, e);
}

/* --- text --- */

static void device_row(struct table *t, const struct pci_device *d, const struct pci_opinion *o)
{
	char bdf[PCI_BDF_TEXT_MAX], mac[MAC_TEXT_MAX],
		nets[PCI_NETS_MAX * 20] = "", group[64], macs[PCI_NETS_MAX * 20] = "";
	size_t used = 0, mac_used = 0;

	for (size_t i = 0; i < d->net_count; i++) {
		used += (size_t)snprintf(
			nets + used, sizeof(nets) - used, "%s%s", i ? "," : "", d->nets[i].name);
		mac_used += (size_t)snprintf(macs + mac_used, sizeof(macs) - mac_used, "%s%s",
			i ? "," : "",
			mac_is_set(&d->nets[i].mac) ? mac_print(&d->nets[i].mac, mac) : "-");
	}
	snprintf(group, sizeof(group), "%s (%s%zu device%s)", o->group.name,
		o->group.more ? "over " : "", o->group.count, o->group.count == 1 ? "" : "s");
	table_row(t, pci_bdf_print(&d->bdf, bdf), d->driver, nets, macs, group,
		*d->reset ? d->reset : "none", o->holder, o->judgement.count ? "no" : "yes");
}

static void reasons_print(const struct pci_device *d, const struct pci_judgement *judgement)
{
	char bdf[PCI_BDF_TEXT_MAX];

	for (size_t i = 0; i < judgement->count; i++) {
		const char *option = pci_objection_option(judgement->objection[i].kind);

		printf("%s: %s%s%s%s\n", pci_bdf_print(&d->bdf, bdf), judgement->objection[i].why,
			option ? " (--" : "", option ? option : "",
			option ? " assigns it all the same)" : "");
	}
}

static void names_tell(const struct pci_survey *s, const struct kind *kind, const char *ids)
{
	char bdf[PCI_BDF_TEXT_MAX], words[PCI_DESCRIPTION_MAX];

	printf("\n");
	for (size_t i = 0; i < s->tree.count; i++) {
		const struct pci_device *d = &s->tree.device[i];

		if (kind->is(d))
			printf("%s: %s\n", pci_bdf_print(&d->bdf, bdf),
				pci_ids_describe(ids, d->vendor, d->device, words));
	}
}

/* Where the facts come from. */
static void sources_print(const struct pci_survey *s, const struct pci_group *g)
{
	printf("\nIOMMU: %s (%s). Groups: from %s.\n", iommus[s->iommu].word, s->iommu_source,
		group_source(g));
}

static int text_print(
	const struct pci_survey *s, const struct kind *kind, const char *ids, struct err *e)
{
	struct pci_opinion o;
	struct table t;
	size_t devices = 0;
	int ret = 0;

	for (size_t i = 0; i < s->tree.count; i++)
		devices += kind->is(&s->tree.device[i]);
	if (!devices) {
		printf("%s\n", kind->none);
		return 0;
	}

	table_start(&t, "DEVICE", "DRIVER", "INTERFACE", "MAC", "IOMMU GROUP", "RESET", "DOMAIN",
		"SAFE", NULL);
	for (size_t i = 0; i < s->tree.count && !ret; i++) {
		if (!kind->is(&s->tree.device[i]))
			continue;
		ret = pci_survey_judge(s, &s->tree.device[i], "", &o, e);
		if (!ret)
			device_row(&t, &s->tree.device[i], &o);
	}
	if (ret)
		table_dispose(&t);
	else
		ret = table_print(&t, e);
	if (!ret)
		names_tell(s, kind, ids);
	if (!ret)
		sources_print(s, &o.group);
	if (!ret && kind->note)
		printf("%s\n", kind->note);
	for (size_t i = 0; i < s->tree.count && !ret; i++) {
		if (!kind->is(&s->tree.device[i]))
			continue;
		ret = pci_survey_judge(s, &s->tree.device[i], "", &o, e);
		if (!ret)
			reasons_print(&s->tree.device[i], &o.judgement);
	}
	return ret;
}

/* For completion: no judgement, nothing but sysfs. */
static int names_print(const char *sysfs, const struct kind *kind, struct err *e)
{
	struct pci_tree tree;
	char bdf[PCI_BDF_TEXT_MAX];
	int ret = pci_tree_read(sysfs, &tree, e);

	for (size_t i = 0; !ret && i < tree.count; i++)
		if (kind->is(&tree.device[i]))
			printf("%s\n", pci_bdf_print(&tree.device[i].bdf, bdf));
	pci_tree_free(&tree);
	return ret;
}

static int list(const struct netvm *n, const struct kind *kind, struct err *e)
{
	struct pci_survey s = { .sysfs = NULL };
	struct registry r;
	char *ids = NULL;
	int ret;

	if (n->o.names)
		return names_print(n->o.sysfs, kind, e);
	ret = netvm_registry_read(n, &r, e);
	if (!ret)
		ret = pci_survey_read(n->o.sysfs, &r, &s, e);
	if (!ret)
		ret = pci_ids_read(&ids, e);
	if (!ret)
		ret = n->o.json ? json_print(&s, kind, ids, e) : text_print(&s, kind, ids, e);
	free(ids);
	pci_survey_free(&s);
	registry_dispose(&r);
	return ret;
}

int netvm_pci_list(struct netvm *n, struct err *e)
{
	return list(n, &network, e);
}

int netvm_usb_list(struct netvm *n, struct err *e)
{
	return list(n, &usb, e);
}
