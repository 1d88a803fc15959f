#include "toolstack/dom0_work.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/child.h"
#include "common/log.h"
#include "toolstack/dom0_filter.h"
#include "toolstack/dom0_link.h"

#define DRIVER		 "xen-netfront"
#define MODPROBE	 "/usr/sbin/modprobe" /* where PATH does not lead to it */
#define MODPROBE_SECONDS 30
#define MODPROBE_OUTPUT	 4096

int dom0_work_open(struct dom0_work *w, const char *sysfs, struct err *e)
{
	int ret;

	*w = (struct dom0_work){ .sysfs = sysfs };
	ret = store_open(&w->store, e);
	if (ret)
		w->store = NULL;
	return ret ? ret : netlink_open(&w->nl, e);
}

void dom0_work_close(struct dom0_work *w)
{
	store_close(w->store);
	netlink_close(w->nl);
	free(w->domain);
	*w = (struct dom0_work){ .store = NULL };
}

/* --- looking --- */

static bool sysfs_has(const struct dom0_work *w, const char *path)
{
	char full[PATH_MAX];
	int n = snprintf(full, sizeof(full), "%s/%s", w->sysfs, path);

	return n > 0 && (size_t)n < sizeof(full) && access(full, F_OK) == 0;
}

static const struct xen_domain itself = { .domid = 0 };

static int vif_look(const struct dom0_record *r, bool *attached, struct err *e)
{
	struct xen_vif *vifs = NULL;
	size_t count = 0;
	int ret = xen_vifs_list(&itself, 1, &vifs, &count, e);

	for (size_t i = 0; i < count && !ret; i++)
		*attached |= vifs[i].id.domid == 0 && vifs[i].id.devid == r->devid &&
			     mac_equal(&vifs[i].mac, &r->link.mac);
	free(vifs);
	return ret;
}

static int client_look(
	struct dom0_work *w, const struct dom0_record *r, bool *published, struct err *e)
{
	const struct vif_id id = { 0, r->devid };
	struct err why = ERR_NONE;
	uint32_t generation;
	int ret = client_read_generation(w->store, r->netvm.domid, &id, &generation, &why);

	*published = ret != -ENOENT;
	return ret == -ENOTCONN ? err_set(e, ret, "%s", why.text) : 0;
}

int dom0_work_look(
	struct dom0_work *w, const struct dom0_record *r, struct dom0_situation *out, struct err *e)
{
	int ret;

	free(w->domain);
	w->domain = NULL;
	*out = (struct dom0_situation){
		/* The module's name; a driver that is built in has none of its state. */
		.driver = sysfs_has(w, "bus/xen/drivers/vif"),
		.loaded = sysfs_has(w, "module/xen_netfront/initstate"),
		.resolves = dom0_resolver_is_covered(r->made),
	};
	out->shut = dom0_filter_stands(w->nl, &out->filters);
	ret = xen_domains_list(&w->domain, &out->domains, e);
	out->domain = w->domain;
	if (!ret)
		ret = vif_look(r, &out->attached, e);
	if (!ret && dom0_domain_runs(out, &r->netvm))
		ret = client_look(w, r, &out->published, e);
	return ret;
}

int dom0_work_devid(uint32_t *devid, struct err *e)
{
	struct xen_vif *vifs = NULL;
	size_t count = 0;
	int ret = xen_vifs_list(&itself, 1, &vifs, &count, e);

	*devid = 0;
	for (size_t i = 0; i < count && !ret; i++) /* ascending */
		*devid += vifs[i].id.domid == 0 && vifs[i].id.devid == *devid;
	free(vifs);
	return ret;
}

/* --- doing --- */

static int do_shut(
	struct dom0_work *w, const struct dom0_record *r, const struct dom0_step *s, struct err *e)
{
	struct link *links = NULL;
	size_t count = 0;
	int ret = link_list(w->nl, &links, &count, e);

	(void)r;
	(void)s;
	if (!ret)
		ret = dom0_filter_shut(w->nl, 0, links, count, e);
	free(links);
	return ret;
}

static int do_pause(
	struct dom0_work *w, const struct dom0_record *r, const struct dom0_step *s, struct err *e)
{
	(void)w;
	(void)r;
	return xen_domain_pause(s->domain.domid, true, e);
}

static int do_resume(
	struct dom0_work *w, const struct dom0_record *r, const struct dom0_step *s, struct err *e)
{
	(void)w;
	(void)r;
	return xen_domain_pause(s->domain.domid, false, e);
}

static int modprobe(const char *const argv[], struct err *e)
{
	const char *full[] = { MODPROBE, argv[1], argv[2], argv[3], NULL };
	struct child_result c;
	int ret = child_run_ok(argv, NULL, MODPROBE_OUTPUT, MODPROBE_SECONDS, &c, e);

	child_result_free(&c);
	if (ret == -ENOENT) {
		ret = child_run_ok(full, NULL, MODPROBE_OUTPUT, MODPROBE_SECONDS, &c, e);
		child_result_free(&c);
	}
	return ret;
}

static int do_load(
	struct dom0_work *w, const struct dom0_record *r, const struct dom0_step *s, struct err *e)
{
	static const char *const argv[] = { "modprobe", "-q", DRIVER, NULL, NULL };

	(void)w;
	(void)r;
	(void)s;
	return modprobe(argv, e);
}

/* A driver that stays does no harm without a link, and domains do not wait for it. */
static int do_unload(
	struct dom0_work *w, const struct dom0_record *r, const struct dom0_step *s, struct err *e)
{
	static const char *const argv[] = { "modprobe", "-q", "-r", DRIVER, NULL };
	struct err why = ERR_NONE;

	(void)w;
	(void)r;
	(void)s;
	(void)e;
	if (modprobe(argv, &why))
		log_warning("dom0's vif driver stays loaded: %s", why.text);
	return 0;
}

static int do_publish(
	struct dom0_work *w, const struct dom0_record *r, const struct dom0_step *s, struct err *e)
{
	const struct vif_id id = { 0, r->devid };
	struct client c = w->client;

	(void)s;
	if (client_read_generation(w->store, r->netvm.domid, &id, &c.generation, NULL))
		c.generation = 0;
	c.generation++;
	return client_write(w->store, r->netvm.domid, &id, &c, e);
}

static int do_withdraw(
	struct dom0_work *w, const struct dom0_record *r, const struct dom0_step *s, struct err *e)
{
	const struct vif_id id = { 0, r->devid };

	(void)s;
	return client_remove(w->store, r->netvm.domid, &id, e);
}

static int do_attach(
	struct dom0_work *w, const struct dom0_record *r, const struct dom0_step *s, struct err *e)
{
	struct xen_vif_spec spec = { .id = { 0, r->devid },
		.backend = r->netvm.domid,
		.mac = r->link.mac,
		.ip = r->link.ip,
		.ip6 = r->link.ip6,
		.mtu = r->link.mtu };
	int ret;

	(void)s;
	strcpy(spec.backend_name, r->netvm.name);
	ret = xen_vif_attach(&spec, e);
	return ret ? ret : dom0_link_await(w->nl, &r->link.mac, true, e);
}

/* A network domain that does not let go is not waited for a second time. */
static int do_detach(
	struct dom0_work *w, const struct dom0_record *r, const struct dom0_step *s, struct err *e)
{
	const struct vif_id id = { 0, r->devid };
	int ret = s->force ? -EAGAIN : xen_vif_detach(&id, false, e);

	if (ret)
		ret = xen_vif_detach(&id, true, e);
	return ret ? ret : dom0_link_await(w->nl, &r->link.mac, false, e);
}

static int do_narrow(
	struct dom0_work *w, const struct dom0_record *r, const struct dom0_step *s, struct err *e)
{
	struct link link;
	int ret = dom0_link_find(w->nl, &r->link.mac, &link, e);

	(void)s;
	return ret ? ret : dom0_filter_shut(w->nl, link.ifindex, NULL, 0, e);
}

static int do_address(
	struct dom0_work *w, const struct dom0_record *r, const struct dom0_step *s, struct err *e)
{
	(void)s;
	return dom0_link_set(w->nl, &r->link, e);
}

static int do_resolve(
	struct dom0_work *w, const struct dom0_record *r, const struct dom0_step *s, struct err *e)
{
	(void)w;
	(void)s;
	return dom0_resolver_cover(&r->link, e);
}

static int do_unresolve(
	struct dom0_work *w, const struct dom0_record *r, const struct dom0_step *s, struct err *e)
{
	(void)w;
	(void)s;
	return dom0_resolver_uncover(r->made, e);
}

static int do_open(
	struct dom0_work *w, const struct dom0_record *r, const struct dom0_step *s, struct err *e)
{
	(void)r;
	(void)s;
	return dom0_filter_open(w->nl, e);
}

int dom0_work_do(
	struct dom0_work *w, const struct dom0_record *r, const struct dom0_step *s, struct err *e)
{
	static int (*const verbs[DOM0_VERBS])(struct dom0_work * w, const struct dom0_record *r,
		const struct dom0_step *s, struct err *e) = {
		[DOM0_SHUT] = do_shut,
		[DOM0_PAUSE] = do_pause,
		[DOM0_LOAD] = do_load,
		[DOM0_PUBLISH] = do_publish,
		[DOM0_ATTACH] = do_attach,
		[DOM0_NARROW] = do_narrow,
		[DOM0_ADDRESS] = do_address,
		[DOM0_RESOLVE] = do_resolve,
		[DOM0_UNRESOLVE] = do_unresolve,
		[DOM0_DETACH] = do_detach,
		[DOM0_WITHDRAW] = do_withdraw,
		[DOM0_UNLOAD] = do_unload,
		[DOM0_OPEN] = do_open,
		[DOM0_RESUME] = do_resume,
	};

	return verbs[s->verb](w, r, s, e);
}
