#include "toolstack/xen_pci.h"

#include <errno.h>
#include <stdlib.h>

#include "toolstack/xen_internal.h"

static void device_fill(libxl_device_pci *pci, const struct pci_bdf *bdf)
{
	libxl_device_pci_init(pci);
	pci->domain = bdf->domain;
	pci->bus = bdf->bus;
	pci->dev = bdf->slot;
	pci->func = bdf->function;
}

int xen_iommu_present(bool *present, struct err *e)
{
	libxl_physinfo info;
	struct xen x;
	int rc, ret = xen_open(&x, e);

	if (ret)
		return ret;
	libxl_physinfo_init(&info);
	rc = libxl_get_physinfo(x.ctx, &info);
	if (rc)
		ret = xen_err(&x, rc, "what Xen can do", e);
	*present = !rc && info.cap_hvm_directio;
	libxl_physinfo_dispose(&info);
	xen_close(&x);
	return ret;
}

/* One call of libxl's about one device. */
static int device_call(const struct pci_bdf *bdf,
	int (*call)(libxl_ctx *ctx, libxl_device_pci *pci, uint32_t domid), uint32_t domid,
	struct err *e)
{
	char text[PCI_BDF_TEXT_MAX];
	libxl_device_pci pci;
	struct xen x;
	int rc, ret = xen_open(&x, e);

	if (ret)
		return ret;
	device_fill(&pci, bdf);
	rc = call(x.ctx, &pci, domid);
	if (rc)
		ret = xen_err(&x, rc, pci_bdf_print(bdf, text), e);
	libxl_device_pci_dispose(&pci);
	xen_close(&x);
	return ret;
}

static int take(libxl_ctx *ctx, libxl_device_pci *pci, uint32_t domid)
{
	(void)domid;
	return libxl_device_pci_assignable_add(ctx, pci, 1);
}

static int give_back(libxl_ctx *ctx, libxl_device_pci *pci, uint32_t domid)
{
	(void)domid;
	return libxl_device_pci_assignable_remove(ctx, pci, 1);
}

static int attach(libxl_ctx *ctx, libxl_device_pci *pci, uint32_t domid)
{
	return libxl_device_pci_add(ctx, domid, pci, NULL);
}

static int detach(libxl_ctx *ctx, libxl_device_pci *pci, uint32_t domid)
{
	return libxl_device_pci_remove(ctx, domid, pci, NULL);
}

int xen_pci_take(const struct pci_bdf *bdf, struct err *e)
{
	return device_call(bdf, take, 0, e);
}

int xen_pci_give_back(const struct pci_bdf *bdf, struct err *e)
{
	return device_call(bdf, give_back, 0, e);
}

int xen_pci_attach(uint32_t domid, const struct pci_bdf *bdf, struct err *e)
{
	return device_call(bdf, attach, domid, e);
}

int xen_pci_detach(uint32_t domid, const struct pci_bdf *bdf, struct err *e)
{
	return device_call(bdf, detach, domid, e);
}

int xen_pci_list(uint32_t domid, struct pci_bdf **out, size_t *count, struct err *e)
{
	libxl_device_pci *list;
	struct xen x;
	int total = 0, ret = xen_open(&x, e);

	if (ret)
		return ret;
	*out = NULL;
	*count = 0;
	list = libxl_device_pci_list(x.ctx, domid, &total); /* NULL for none as for a failure */
	if (!list)
		goto out;
	*out = calloc((size_t)total + 1, sizeof(**out));
	if (!*out) {
		ret = err_sys(e, -ENOMEM, "the PCI devices of domain %u", domid);
		goto out;
	}
	for (int i = 0; i < total; i++)
		(*out)[i] = (struct pci_bdf){ (uint16_t)list[i].domain, list[i].bus, list[i].dev,
			list[i].func };
	*count = (size_t)total;
out:
	libxl_device_pci_list_free(list, total);
	xen_close(&x);
	return ret;
}
