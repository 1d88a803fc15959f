/*
 * netvm doctor: what is wrong on the way of guests' packets, from the IOMMU to a guest's DNS, each
 * with what mends it (doctor.h). Exit status 1 where anything is.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "common/json.h"
#include "toolstack/doctor.h"
#include "toolstack/netvm.h"
#include "toolstack/xen_pci.h"

static void text_tell(void *arg, const struct doctor_finding *f)
{
	(void)arg;
	printf("%-3s %s%s%s: %s\n", f->well ? "ok" : "BAD", f->subject, f->subject[0] ? ", " : "",
		f->check, f->words);
	if (f->mend[0])
		printf("    -> %s\n", f->mend);
}

static void json_tell(void *arg, const struct doctor_finding *f)
{
	struct json *j = arg;

	json_object(j, NULL);
	json_text(j, "check", f->check);
	json_text(j, "domain", f->subject[0] ? f->subject : NULL);
	json_bool(j, "well", f->well);
	json_text(j, "words", f->words);
	json_text(j, "mend", f->mend[0] ? f->mend : NULL);
	json_object_end(j);
}

static int examine(const struct netvm *n, const struct doctor_facts *f, struct err *e)
{
	struct json *j = n->o.json ? json_open() : NULL;
	unsigned int faults;
	int ret = 0;

	if (j)
		json_array(j, NULL);
	faults = doctor_examine(f, n->o.json ? json_tell : text_tell, j);
	if (n->o.json) {
		json_array_end(j);
		ret = netvm_json_end(j, e);
	}
	if (!ret && faults)
		ret = err_set(e, -EBADMSG, "%u of these checks found something wrong", faults);
	return ret;
}

int netvm_doctor(struct netvm *n, struct err *e)
{
	struct present_domain *domain = NULL;
	struct registry r = { .count = 0 };
	struct present present;
	struct doctor_facts f = { .registry = &r, .present = &present, .now = time(NULL) };
	size_t changed;
	int ret = netvm_registry_read(n, &r, e);

	present_open(&present);
	if (!ret)
		ret = registry_allocate(&r, true, &changed, e);
	if (!ret)
		ret = registry_rules_resolve(&r, e);
	if (!ret)
		domain = calloc(r.count + 1, sizeof(*domain));
	if (!ret && !domain)
		ret = err_sys(e, -ENOMEM, "doctor");
	for (size_t i = 0; !ret && i < r.count; i++)
		present_domain_find(&present, r.domain[i].name, &domain[i]);
	f.domain = domain;
	f.iommu_known = xen_iommu_present(&f.iommu, NULL) == 0;
	f.pciback = pci_driver_exists(n->o.sysfs, XEN_PCI_DRIVER);
	if (!ret)
		ret = examine(n, &f, e);
	free(domain);
	present_close(&present);
	registry_dispose(&r);
	return ret;
}
