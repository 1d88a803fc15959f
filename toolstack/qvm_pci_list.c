/*
 * qvm-pci list: network devices as Qubes prints them: "dom0:00_03.0", what it is, who has it; a
 * line each, columns two blanks apart, a head on a terminal alone.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "toolstack/pci_ids.h"
#include "toolstack/pci_survey.h"
#include "toolstack/qvm_pci.h"
#include "toolstack/xen.h"
#include "toolstack/xen_pci.h"

/* A device that a running domain has. */
struct attached {
	struct pci_bdf bdf;
	char domain[DOMAIN_NAME_MAX];
};

struct survey {
	struct pci_tree tree;
	char *ids;		   /* pci_ids_read() */
	struct attached *attached; /* malloc'd */
	size_t count;
};

static int attached_add(struct survey *s, const struct xen_domain *d, struct err *e)
{
	struct pci_bdf *devices = NULL;
	size_t count = 0;
	int ret = xen_pci_list(d->domid, &devices, &count, e);
	struct attached *grown =
		ret ? NULL : reallocarray(s->attached, s->count + count + 1, sizeof(*grown));

	if (!ret && !grown)
		ret = err_sys(e, -ENOMEM, "%s", d->name);
	if (grown)
		s->attached = grown;
	for (size_t i = 0; i < count && !ret; i++) {
		struct attached *a = &s->attached[s->count++];

		*a = (struct attached){ .bdf = devices[i] };
		memcpy(a->domain, d->name, sizeof(a->domain));
	}
	free(devices);
	return ret;
}

static int survey_read(const char *sysfs, struct survey *s, struct err *e)
{
	struct xen_domain *domains = NULL;
	size_t count = 0;
	int ret = pci_tree_read(sysfs, &s->tree, e);

	if (!ret)
		ret = pci_ids_read(&s->ids, e);
	if (!ret)
		ret = xen_domains_list(&domains, &count, e);
	if (ret == -ENOTCONN)
		ret = 0;
	for (size_t i = 0; i < count && !ret; i++)
		if (domains[i].domid && !domains[i].dying && !domains[i].shutdown)
			ret = attached_add(s, &domains[i], e);
	free(domains);
	return ret;
}

static void survey_free(struct survey *s)
{
	pci_tree_free(&s->tree);
	free(s->attached);
	free(s->ids);
}

/* --- lines --- */

struct line {
	char ident[PCI_BDF_TEXT_MAX + 8], sbdf[PCI_BDF_TEXT_MAX], what[PCI_DESCRIPTION_MAX + 32];
	char used[DOMAIN_NAME_MAX + 32];
};

/* "dom0:00_03.0"; a PCI domain other than 0 stands in front. */
static void ident_print(const struct pci_bdf *bdf, char *buf, size_t size)
{
	char text[PCI_BDF_TEXT_MAX];
	const char *from = pci_bdf_print(bdf, text);

	if (strncmp(from, "0000:", 5) == 0)
		from += 5;
	snprintf(buf, size, "dom0:%s", from);
	for (char *c = buf + strlen("dom0:"); *c; c++)
		if (*c == ':')
			*c = '_';
}

static const char *class_words(uint32_t class)
{
	static const struct {
		uint32_t class; /* and subclass */
		const char *words;
	} classes[] = {
		{ 0x0200, "Ethernet controller" },
		{ 0x0207, "Infiniband controller" },
		{ 0x0208, "Fabric controller" },
	};

	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (classes[i].class == class >> 8)
			return classes[i].words;
	return "Network controller";
}

static void line_make(struct line *l, const struct pci_device *d, const char *ids, const char *star,
	const char *domain, const char *how)
{
	char name[PCI_DESCRIPTION_MAX];

	ident_print(&d->bdf, l->ident, sizeof(l->ident));
	pci_bdf_print(&d->bdf, l->sbdf);
	snprintf(l->what, sizeof(l->what), "%s: %s", class_words(d->class),
		pci_ids_describe(ids, d->vendor, d->device, name));
	l->used[0] = '\0';
	if (*domain)
		snprintf(l->used, sizeof(l->used), "%s%s (%s)", star, domain, how);
}

/* Who has it; "": nobody. */
static const char *user_of(const struct survey *s, const struct pci_bdf *bdf)
{
	for (size_t i = 0; i < s->count; i++)
		if (pci_bdf_cmp(&s->attached[i].bdf, bdf) == 0)
			return s->attached[i].domain;
	return "";
}

/* Whether the names on the command line want it: without any all are wanted, dom0's are all. */
static bool is_wanted(const struct netvm *n, const char *user)
{
	if (n->count < 2 || n->o.qvm.all)
		return true;
	for (int i = 1; i < n->count; i++)
		if (strcmp(n->args[i], "dom0") == 0 || strcmp(n->args[i], user) == 0)
			return true;
	return false;
}

static size_t lines_make(
	const struct netvm *n, const struct survey *s, const struct registry *r, struct line *out)
{
	size_t count = 0;

	for (size_t i = 0; i < s->tree.count; i++) {
		const struct pci_device *d = &s->tree.device[i];
		const char *user = user_of(s, &d->bdf), *holder = pci_survey_holder(r, &d->bdf);

		if (!pci_is_network(d))
			continue;
		if (is_wanted(n, user))
			line_make(&out[count++], d, s->ids, "", user, "attached");
		if (n->o.qvm.assignments && *holder)
			line_make(&out[count++], d, s->ids, "*", holder, "required");
	}
	return count;
}

static void lines_print(const struct netvm *n, const struct line *l, size_t count)
{
	static const struct line head = { "BACKEND:DEVID", "SBDF", "DESCRIPTION", "USED BY" };
	int ident = 0, what = 0;

	for (size_t i = 0; i < count; i++) {
		if ((int)strlen(l[i].ident) > ident)
			ident = (int)strlen(l[i].ident);
		if ((int)strlen(l[i].what) > what)
			what = (int)strlen(l[i].what);
	}
	if (isatty(STDOUT_FILENO) && ident < (int)strlen(head.ident))
		ident = (int)strlen(head.ident);
	for (size_t i = isatty(STDOUT_FILENO) ? 0 : 1; i <= count; i++) {
		const struct line *now = i ? &l[i - 1] : &head;

		printf("%-*s  ", ident, now->ident);
		if (n->o.qvm.sbdf)
			printf("%-*s  ", PCI_BDF_TEXT_MAX - 1, now->sbdf);
		printf("%-*s%s%s\n", *now->used ? what : 0, now->what, *now->used ? "  " : "",
			now->used);
	}
}

int qvm_pci_list(const struct netvm *n, const struct registry *r, struct err *e)
{
	struct survey s = { .attached = NULL };
	struct line *l = NULL;
	int ret = survey_read(n->o.sysfs, &s, e);

	if (!ret) {
		l = calloc(2 * s.tree.count + 1, sizeof(*l));
		ret = l ? 0 : err_sys(e, -ENOMEM, "qvm-pci list");
	}
	if (!ret)
		lines_print(n, l, lines_make(n, &s, r, l));
	free(l);
	survey_free(&s);
	return ret;
}
