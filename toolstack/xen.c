/*
 * libxl's calls, each in a context of its own. libxl says what went wrong through a logger only;
 * the first line at error level is kept and becomes the sentence in `struct err`.
 */
#include "toolstack/xen.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libxl_utils.h>

#include "toolstack/xen_internal.h"
#include "xenstore-schema/store.h"

static void words_take(xentoollog_logger *logger, xentoollog_level level, int errnoval,
	const char *context, const char *format, va_list al)
{
	struct xen_words *w = (struct xen_words *)(void *)logger;
	size_t used;

	(void)context;
	if (level < XTL_ERROR || w->first[0])
		return;
	vsnprintf(w->first, sizeof(w->first), format, al);
	used = strlen(w->first);
	if (errnoval >= 0)
		snprintf(w->first + used, sizeof(w->first) - used, ": %s", strerror(errnoval));
}

static void words_destroy(xentoollog_logger *logger)
{
	(void)logger;
}

int xen_open(struct xen *x, struct err *e)
{
	*x = (struct xen){
		.words = { .vtable = { .vmessage = words_take, .destroy = words_destroy } }
	};
	if (libxl_ctx_alloc(&x->ctx, LIBXL_VERSION, 0, &x->words.vtable) != 0) {
		x->ctx = NULL;
		return err_set(e, -ENOTCONN,
			"Xen cannot be reached (is this dom0, does xenstored run, are you root?): "
			"%s",
			x->words.first);
	}
	return 0;
}

void xen_close(struct xen *x)
{
	if (x->ctx)
		libxl_ctx_free(x->ctx);
	x->ctx = NULL;
}

int xen_err(const struct xen *x, int rc, const char *what, struct err *e)
{
	static const struct {
		int rc, code;
		const char *words;
	} table[] = {
		{ ERROR_TIMEDOUT, -ETIMEDOUT, "no answer in time" },
		{ ERROR_NOMEM, -ENOMEM, "out of memory" },
		{ ERROR_DOMAIN_NOTFOUND, -ENOENT, "the domain is gone" },
		{ ERROR_INVAL, -EINVAL, "refused as wrong" },
	};
	const char *words = x->words.first[0] ? x->words.first : "libxl failed";
	int code = -EIO;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (table[i].rc != rc)
			continue;
		code = table[i].code;
		words = x->words.first[0] ? x->words.first : table[i].words;
	}
	return err_set(e, code, "%s: %s", what, words);
}

static int by_domid(const void *a, const void *b)
{
	const struct xen_domain *x = a, *y = b;

	return x->domid < y->domid ? -1 : x->domid > y->domid;
}

static void domain_fill(struct xen *x, const libxl_dominfo *info, struct xen_domain *out)
{
	char *name = libxl_domid_to_name(x->ctx, info->domid);

	*out = (struct xen_domain){ .domid = info->domid,
		.paused = info->paused,
		.shutdown = info->shutdown,
		.dying = info->dying };
	memcpy(out->uuid, libxl_uuid_bytearray_const(&info->uuid), sizeof(out->uuid));
	if (name && domain_name_check(name) == 0)
		snprintf(out->name, sizeof(out->name), "%s", name);
	free(name);
}

int xen_domains_list(struct xen_domain **out, size_t *count, struct err *e)
{
	libxl_dominfo *list = NULL;
	struct xen_domain *domains;
	struct xen x;
	size_t n = 0;
	int total = 0, ret = xen_open(&x, e);

	if (ret)
		return ret;
	list = libxl_list_domain(x.ctx, &total);
	if (!list) {
		ret = xen_err(&x, ERROR_FAIL, "the list of domains", e);
		goto out;
	}
	domains = calloc((size_t)total + 1, sizeof(*domains));
	if (!domains) {
		ret = err_sys(e, -ENOMEM, "the list of domains");
		goto out;
	}
	for (int i = 0; i < total; i++)
		if (list[i].domid && list[i].domid < DOMID_LIMIT)
			domain_fill(&x, &list[i], &domains[n++]);
	qsort(domains, n, sizeof(*domains), by_domid);
	*out = domains;
	*count = n;
out:
	if (list)
		libxl_dominfo_list_free(list, total);
	xen_close(&x);
	return ret;
}

int xen_domain_pause(uint32_t domid, bool pause, struct err *e)
{
	char what[32];
	struct xen x;
	int rc, ret = xen_open(&x, e);

	if (ret)
		return ret;
	rc = pause ? libxl_domain_pause(x.ctx, domid, NULL)
		   : libxl_domain_unpause(x.ctx, domid, NULL);
	if (rc) {
		snprintf(what, sizeof(what), "domain %u", domid);
		ret = xen_err(&x, rc, what, e);
	}
	xen_close(&x);
	return ret;
}

/* Appends the vifs of one domain. */
static int vifs_add(
	struct store *s, uint32_t domid, struct xen_vif **vifs, size_t *count, struct err *e)
{
	struct vif_record records[VIF_RECORDS_MAX];
	struct xen_vif *grown;
	size_t n;
	int ret = vif_record_list(s, domid, records, VIF_RECORDS_MAX, &n, e);

	if (ret)
		return ret;
	grown = realloc(*vifs, (*count + n + 1) * sizeof(*grown));
	if (!grown)
		return err_sys(e, -ENOMEM, "the list of vifs");
	*vifs = grown;
	for (size_t i = 0; i < n; i++)
		grown[(*count)++] = (struct xen_vif){ .id = { domid, records[i].devid },
			.backend = records[i].backend,
			.mac = records[i].mac };
	return 0;
}

int xen_vifs_list(const struct xen_domain *domains, size_t domain_count, struct xen_vif **out,
	size_t *count, struct err *e)
{
	struct xen_vif *vifs = NULL;
	struct store *s;
	size_t n = 0;
	int ret = store_open(&s, e);

	if (ret)
		return ret;
	for (size_t i = 0; i < domain_count && !ret; i++)
		ret = vifs_add(s, domains[i].domid, &vifs, &n, e);
	store_close(s);
	if (ret) {
		free(vifs);
		return ret;
	}
	*out = vifs;
	*count = n;
	return 0;
}

static bool nic_exists(struct xen *x, const struct vif_id *id)
{
	libxl_device_nic *list;
	bool found = false;
	int total = 0;

	list = libxl_device_nic_list(x->ctx, id->domid, &total);
	for (int i = 0; i < total && !found; i++)
		found = (uint32_t)list[i].devid == id->devid;
	libxl_device_nic_list_free(list, total);
	return found;
}

/* Texts are malloc'd, libxl_device_nic_dispose() frees them. */
static int nic_fill(libxl_device_nic *nic, const struct xen_vif_spec *spec)
{
	char ip[ADDR_TEXT_MAX], ip6[ADDR_TEXT_MAX], both[2 * ADDR_TEXT_MAX + 1] = "";

	if (addr_is_set(&spec->ip))
		strcat(both, addr_print(&spec->ip, ip));
	if (addr_is_set(&spec->ip6)) {
		strcat(both, both[0] ? " " : "");
		strcat(both, addr_print(&spec->ip6, ip6));
	}
	nic->backend_domid = spec->backend;
	/* libxl takes a name of digits alone for a number (libxl_utils.c). */
	if (spec->backend_name[strspn(spec->backend_name, "0123456789")]) {
		nic->backend_domname = strdup(spec->backend_name);
		if (!nic->backend_domname)
			return -ENOMEM;
	}
	nic->devid = (libxl_devid)spec->id.devid;
	memcpy(nic->mac, spec->mac.bytes, sizeof(spec->mac.bytes));
	if (spec->mtu)
		nic->mtu = (int)spec->mtu;
	nic->nictype = LIBXL_NIC_TYPE_VIF;
	nic->script = strdup("vif-route-netvm");
	nic->ip = both[0] ? strdup(both) : NULL;
	return nic->script && (nic->ip || !both[0]) ? 0 : -ENOMEM;
}

int xen_vif_attach(const struct xen_vif_spec *spec, struct err *e)
{
	libxl_device_nic nic;
	char name[VIF_NAME_MAX];
	struct xen x;
	int rc, ret = xen_open(&x, e);

	if (ret)
		return ret;
	vif_name_print(&spec->id, name);
	libxl_device_nic_init(&nic);
	if (nic_exists(&x, &spec->id))
		goto out;
	ret = nic_fill(&nic, spec);
	if (ret) {
		err_sys(e, ret, "%s", name);
		goto out;
	}
	rc = libxl_device_nic_add(x.ctx, spec->id.domid, &nic, NULL);
	if (rc == 0 || rc == ERROR_DEVICE_EXISTS)
		goto out;
	ret = xen_err(&x, rc, name, e);
	/* libxl leaves what it has written; a vif without a backend would be in the way next time.
	 */
	if (nic_exists(&x, &spec->id))
		libxl_device_nic_destroy(x.ctx, spec->id.domid, &nic, NULL);
out:
	libxl_device_nic_dispose(&nic);
	xen_close(&x);
	return ret;
}

int xen_vif_detach(const struct vif_id *id, bool force, struct err *e)
{
	libxl_device_nic nic;
	char name[VIF_NAME_MAX];
	struct xen x;
	int rc, ret = xen_open(&x, e);

	if (ret)
		return ret;
	vif_name_print(id, name);
	libxl_device_nic_init(&nic);
	if (!nic_exists(&x, id))
		goto out;
	rc = libxl_devid_to_device_nic(x.ctx, id->domid, (int)id->devid, &nic);
	if (!rc && !force)
		rc = libxl_device_nic_remove(x.ctx, id->domid, &nic, NULL);
	/* Where the kernel there has closed the backend and nobody takes its directory away, libxl
	 * gives up (device_destroy_be_watch_cb) and leaves the vif as it is. */
	if ((!rc && force) || (rc == ERROR_TIMEDOUT && !force && nic_exists(&x, id)))
		rc = libxl_device_nic_destroy(x.ctx, id->domid, &nic, NULL);
	if (rc && nic_exists(&x, id))
		ret = xen_err(&x, rc, name, e);
out:
	libxl_device_nic_dispose(&nic);
	xen_close(&x);
	return ret;
}
