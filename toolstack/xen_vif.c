/*
 * vifs, for xen.h. libxl makes them and takes them away; what is waited for in between, and for how
 * long, is ours: libxl gives a network domain that hangs ten seconds for each of two steps, and
 * leaves it to the domain to remove the backend's directory (libxl_device.c: device_hotplug), which
 * netbackd does no sooner than anybody's libxl may be expected to have seen that it is closed. So a
 * vif goes in these steps: its backend is asked to close, as libxl does it (close_await), its
 * directory is removed, and libxl, which then finds no backend any more, removes the rest without
 * waiting (rest_remove).
 */
#include "toolstack/xen.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "toolstack/xen_internal.h"
#include "xenstore-schema/store.h"

#define CLOSE_SECONDS 3	 /* that both ends are given to close: kernels need milliseconds */
#define TAKE_SECONDS  10 /* that a guest is given to take another vif in the place of its own */
/*
 * Linux, told that something changed, looks whether a device's directory is there
 * (drivers/xen/xenbus/xenbus_probe.c: xenbus_dev_changed). One that is removed and made anew before
 * it has looked is taken for the one that it has, which leads to where nobody is any more. A guest
 * has this long to look; whether it has is seen by what it makes of the new one (taken_await).
 */
#define GONE_MILLISECONDS 200

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

/* libxl's own list asks xenstored some sixty questions. `*found` false: there is none. */
static int record_find(struct store *s, const struct vif_id *id, struct vif_record *out,
	bool *found, struct err *e)
{
	struct vif_record records[VIF_RECORDS_MAX];
	size_t n;
	int ret = vif_record_list(s, id->domid, records, VIF_RECORDS_MAX, &n, e);

	*found = false;
	for (size_t i = 0; i < n && !ret && !*found; i++) {
		*found = records[i].devid == id->devid;
		*out = records[i];
	}
	return ret;
}

/* --- waiting --- */

struct ends {
	struct store *store;
	struct vif_id id;
	uint32_t backend;
};

/* Or gone. What its network domain says else counts for nothing. */
static int is_closed(const struct ends *x, bool *is, struct err *e)
{
	struct vif_backend b;
	int ret = vif_backend_read_life(x->store, x->backend, &x->id, &b, e);

	*is = ret == -ENOENT || (!ret && b.state == XENBUS_CLOSED);
	return ret == -ENOTCONN ? ret : 0;
}

static int is_taken(const struct ends *x, bool *is, struct err *e)
{
	enum xenbus_state state;
	int ret = vif_frontend_read_state(x->store, &x->id, &state, e);

	*is = state != XENBUS_INITIALISING;
	return ret;
}

/* -ETIMEDOUT without words. What is looked at is watched. */
static int await(const struct ends *x, int (*look)(const struct ends *x, bool *is, struct err *e),
	unsigned int seconds, struct err *e)
{
	const long long end = clock_milliseconds() + seconds * 1000LL;
	struct pollfd p = { .fd = store_fd(x->store), .events = POLLIN };
	char path[STORE_PATH_MAX], token[64];
	long long left;
	bool is;
	int ret;

	while (!(ret = look(x, &is, e)) && !is) {
		left = end - clock_milliseconds();
		if (left <= 0)
			return -ETIMEDOUT;
		poll(&p, 1, (int)left);
		while ((ret = store_next_event(x->store, path, token, e)) > 0)
			;
		if (ret)
			break;
	}
	return ret;
}

/* --- taking one away --- */

/* As libxl asks for it. That it does not happen is no failure. */
static int close_await(const struct ends *x, struct err *e)
{
	struct err why = ERR_NONE;
	int ret = vif_backend_watch_state(x->store, x->backend, &x->id, "backend", &why);

	if (!ret)
		ret = vif_backend_close(x->store, x->backend, &x->id, &why);
	if (!ret)
		ret = await(x, is_closed, CLOSE_SECONDS, &why);
	if (ret == -ENOTCONN && e)
		*e = why;
	return ret == -ENOTCONN ? ret : 0;
}

/* The guest's end, and libxl's record. */
static int rest_remove(struct xen *x, const struct vif_id *id, uint32_t backend, struct err *e)
{
	libxl_device_nic nic;
	char name[VIF_NAME_MAX];
	int rc;

	libxl_device_nic_init(&nic);
	nic.devid = (libxl_devid)id->devid;
	nic.backend_domid = backend;
	/* dom0's own scripts are libxl's to run. */
	rc = backend ? libxl_device_nic_destroy(x->ctx, id->domid, &nic, NULL)
		     : libxl_device_nic_remove(x->ctx, id->domid, &nic, NULL);
	libxl_device_nic_dispose(&nic);
	return rc ? xen_err(x, rc, vif_name_print(id, name), e) : 0;
}

static int vif_remove(struct xen *x, const struct ends *ends, bool force, struct err *e)
{
	int ret = 0;

	if (ends->backend && !force)
		ret = close_await(ends, e);
	if (ends->backend && !ret)
		ret = vif_backend_drop(ends->store, ends->backend, &ends->id, e);
	return ret ? ret : rest_remove(x, &ends->id, ends->backend, e);
}

/* --- the calls --- */

/* libxl and a connection of our own, and the vif as it is. work_end() in any case. */
struct work {
	struct xen xen;
	struct ends ends;
	bool found;
};

static int work_begin(struct work *w, const struct vif_id *id, struct err *e)
{
	struct vif_record record;
	int ret;

	*w = (struct work){ .ends = { .id = *id } };
	ret = xen_open(&w->xen, e);
	if (!ret)
		ret = store_open(&w->ends.store, e);
	if (!ret)
		ret = record_find(w->ends.store, id, &record, &w->found, e);
	if (!ret && w->found)
		w->ends.backend = record.backend;
	return ret;
}

static void work_end(struct work *w)
{
	store_close(w->ends.store);
	xen_close(&w->xen);
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

static int nic_add(struct work *w, const struct xen_vif_spec *spec, struct err *e)
{
	libxl_device_nic nic;
	char name[VIF_NAME_MAX];
	int rc, ret;

	vif_name_print(&spec->id, name);
	libxl_device_nic_init(&nic);
	ret = nic_fill(&nic, spec);
	if (ret) {
		err_sys(e, ret, "%s", name);
		goto out;
	}
	w->ends.backend = spec->backend;
	rc = libxl_device_nic_add(w->xen.ctx, spec->id.domid, &nic, NULL);
	if (rc == 0 || rc == ERROR_DEVICE_EXISTS)
		goto out;
	ret = xen_err(&w->xen, rc, name, e);
	/* libxl leaves what it has written; a vif without a backend would be in the way next time.
	 */
	vif_remove(&w->xen, &w->ends, true, NULL);
out:
	libxl_device_nic_dispose(&nic);
	return ret;
}

int xen_vif_attach(const struct xen_vif_spec *spec, struct err *e)
{
	struct work w;
	int ret = work_begin(&w, &spec->id, e);

	if (!ret && !w.found)
		ret = nic_add(&w, spec, e);
	work_end(&w);
	return ret;
}

int xen_vif_detach(const struct vif_id *id, bool force, struct err *e)
{
	struct work w;
	int ret = work_begin(&w, id, e);

	if (!ret && w.found)
		ret = vif_remove(&w.xen, &w.ends, force, e);
	work_end(&w);
	return ret;
}

/* A guest that had a link takes the new one as soon as it has seen that the old one is gone. */
static int taken_await(struct work *w, const struct xen_vif_spec *spec, struct err *e)
{
	char name[VIF_NAME_MAX];
	int ret = vif_frontend_watch(w->ends.store, &spec->id, "frontend", e);

	if (!ret)
		ret = await(&w->ends, is_taken, TAKE_SECONDS, e);
	if (ret != -ETIMEDOUT)
		return ret;
	vif_remove(&w->xen, &w->ends, true, NULL);
	return err_set(
		e, ret, "%s: the guest does not take its new vif", vif_name_print(&spec->id, name));
}

int xen_vif_move(const struct xen_vif_spec *spec, bool force, struct err *e)
{
	const struct timespec gone = { .tv_nsec = GONE_MILLISECONDS * 1000000L };
	enum xenbus_state before = XENBUS_UNKNOWN;
	struct work w;
	int ret = work_begin(&w, &spec->id, e);

	if (!ret && w.found)
		ret = vif_frontend_read_state(w.ends.store, &spec->id, &before, e);
	if (!ret && w.found)
		ret = vif_remove(&w.xen, &w.ends, force, e);
	if (!ret && w.found)
		nanosleep(&gone, NULL);
	if (!ret)
		ret = nic_add(&w, spec, e);
	if (!ret && before == XENBUS_CONNECTED)
		ret = taken_await(&w, spec, e);
	work_end(&w);
	return ret;
}
