/*
 * doctor: what is wrong with this host's network, from the IOMMU to a guest's DNS, and what mends
 * it.
 *
 * Pure: facts in, findings out, in the order in which one needs the other. A check that cannot be
 * made, or that another's finding makes meaningless, is left out. It must not know where facts come
 * from, nor mend anything.
 */
#ifndef NETVM_DOCTOR_H
#define NETVM_DOCTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "toolstack/present.h"
#include "toolstack/registry.h"

struct doctor_facts {
	const struct registry *registry; /* with addresses given and rules resolved */
	const struct present *present;
	const struct present_domain *domain; /* for each domain of the registry, in its order */
	bool iommu_known, iommu;	     /* Xen's */
	bool pciback;			     /* the driver is there */
	int64_t now;			     /* seconds since 1970 */
};

#define DOCTOR_WORDS_MAX 512

struct doctor_finding {
	bool well;
	char check[32];		       /* one word: "IOMMU", "uplink", ... */
	char subject[DOMAIN_NAME_MAX]; /* the domain that it is about; "": the host */
	char words[DOCTOR_WORDS_MAX];  /* what is so, or wrong */
	char mend[DOCTOR_WORDS_MAX];   /* what to do; "" where `well`, or where words say it */
};

/* Tells each finding. Returns how many are not well. */
unsigned int doctor_examine(const struct doctor_facts *f,
	void (*tell)(void *arg, const struct doctor_finding *finding), void *arg);

#endif
