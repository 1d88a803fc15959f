/*
 * In the place of libxl: every call runs the script that $NETVM_PLAY names, with the call's name
 * and arguments; its output is the answer, its exit status and first word on standard error the
 * failure. So a scenario says what Xen does.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/child.h"
#include "toolstack/xen.h"
#include "toolstack/xen_pci.h"

#define ANSWER_MAX (1024 * 1024)

/* 0 with the answer (malloc'd), or -ENOTCONN for exit status 107, -EIO for others. */
static int play(const char *call, const char *a, const char *b, char **answer, struct err *e)
{
	const char *script = getenv("NETVM_PLAY");
	const char *const argv[] = { script, call, a, b, NULL };
	struct child_result r;
	int ret = script ? child_run(argv, NULL, ANSWER_MAX, 60, &r, e)
			 : err_set(e, -ENOTCONN, "nobody plays Xen");

	if (!script)
		return ret;
	if (!ret && r.status)
		ret = err_set(e, r.status == ENOTCONN ? -ENOTCONN : -EIO, "%s", r.words);
	if (answer && !ret) {
		*answer = r.out ? r.out : strdup("");
		r.out = NULL;
	}
	child_result_free(&r);
	return ret;
}

/* Lines "DOMID NAME [paused] [shutdown] [dying]". */
int xen_domains_list(struct xen_domain **out, size_t *count, struct err *e)
{
	char *answer, *rest, *line;
	size_t n = 0;
	int ret = play("domains", NULL, NULL, &answer, e);

	if (ret)
		return ret;
	*out = calloc(strlen(answer) + 1, sizeof(**out));
	for (line = strtok_r(answer, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		struct xen_domain *d = &(*out)[n++];

		sscanf(line, "%u %64s", &d->domid, d->name);
		d->paused = strstr(line, " paused");
		d->shutdown = strstr(line, " shutdown");
		d->dying = strstr(line, " dying");
	}
	*count = n;
	free(answer);
	return 0;
}

int xen_domain_pause(uint32_t domid, bool pause, struct err *e)
{
	char number[16];

	snprintf(number, sizeof(number), "%u", domid);
	return play(pause ? "pause" : "unpause", number, NULL, NULL, e);
}

/* Lines "DOMID DEVID BACKEND MAC"; of all domains. */
int xen_vifs_list(const struct xen_domain *domains, size_t domain_count, struct xen_vif **out,
	size_t *count, struct err *e)
{
	char *answer, *rest, *line, mac[MAC_TEXT_MAX];
	size_t n = 0;
	int ret = play("vifs", NULL, NULL, &answer, e);

	(void)domains;
	(void)domain_count;
	if (ret)
		return ret;
	*out = calloc(strlen(answer) + 1, sizeof(**out));
	for (line = strtok_r(answer, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		struct xen_vif *v = &(*out)[n++];

		if (sscanf(line, "%u %u %u %17s", &v->id.domid, &v->id.devid, &v->backend, mac) ==
			4)
			mac_parse(mac, &v->mac);
	}
	*count = n;
	free(answer);
	return 0;
}

int xen_vif_attach(const struct xen_vif_spec *spec, struct err *e)
{
	char name[VIF_NAME_MAX], rest[256], mac[MAC_TEXT_MAX], ip[ADDR_TEXT_MAX],
		ip6[ADDR_TEXT_MAX];

	snprintf(rest, sizeof(rest), "%u %s %s %s %s %u", spec->backend, spec->backend_name,
		mac_print(&spec->mac, mac), addr_print(&spec->ip, ip), addr_print(&spec->ip6, ip6),
		spec->mtu);
	return play("vif-attach", vif_name_print(&spec->id, name), rest, NULL, e);
}

int xen_vif_detach(const struct vif_id *id, bool force, struct err *e)
{
	char name[VIF_NAME_MAX];

	return play("vif-detach", vif_name_print(id, name), force ? "force" : "gently", NULL, e);
}

int xen_iommu_present(bool *present, struct err *e)
{
	char *answer;
	int ret = play("iommu", NULL, NULL, &answer, e);

	if (!ret) {
		*present = answer[0] == '1';
		free(answer);
	}
	return ret;
}

int xen_pci_list(uint32_t domid, struct pci_bdf **out, size_t *count, struct err *e)
{
	char number[16], *answer, *rest, *line;
	size_t n = 0;
	int ret;

	snprintf(number, sizeof(number), "%u", domid);
	ret = play("list", number, NULL, &answer, e);
	if (ret)
		return ret;
	*out = calloc(strlen(answer) + 1, sizeof(**out));
	for (line = strtok_r(answer, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		n += pci_bdf_parse(line, &(*out)[n]) == 0;
	*count = n;
	free(answer);
	return 0;
}

static int device_play(const char *call, uint32_t domid, const struct pci_bdf *bdf, struct err *e)
{
	char text[PCI_BDF_TEXT_MAX], number[16];

	snprintf(number, sizeof(number), "%u", domid);
	return play(call, pci_bdf_print(bdf, text), number, NULL, e);
}

int xen_pci_take(const struct pci_bdf *bdf, struct err *e)
{
	return device_play("take", 0, bdf, e);
}

int xen_pci_give_back(const struct pci_bdf *bdf, struct err *e)
{
	return device_play("give-back", 0, bdf, e);
}

int xen_pci_attach(uint32_t domid, const struct pci_bdf *bdf, struct err *e)
{
	return device_play("attach", domid, bdf, e);
}

int xen_pci_detach(uint32_t domid, const struct pci_bdf *bdf, struct err *e)
{
	return device_play("detach", domid, bdf, e);
}
