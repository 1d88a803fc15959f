/*
 * Each action has a function; a plan is run by calling them in turn. An action that waits (a driver
 * probes a device, udev names its interface) looks again whenever the kernel says that a link
 * changed, until the state is there or the time is up.
 */
#include "toolstack/pci_handover.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/child.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/netlink.h"
#include "toolstack/xen.h"
#include "toolstack/xen_pci.h"
#include "toolstack/xl_config.h"

#define LOCK_SECONDS   30
#define MODULE_SECONDS 60
#define DRIVER_SECONDS 10 /* until a driver shows its interfaces */

/* --- what is the case --- */

static bool is_alive(const struct xen_domain *d)
{
	return !d->dying && !d->shutdown;
}

/* Whether a running domain has the device; then it is its user. */
static int user_check(struct handover *h, const struct xen_domain *d, struct err *e)
{
	struct pci_bdf *devices = NULL;
	size_t count = 0;
	int ret = xen_pci_list(d->domid, &devices, &count, e);

	for (size_t i = 0; i < count && !ret; i++) {
		if (pci_bdf_cmp(&devices[i], &h->bdf) != 0)
			continue;
		h->s.attached = true;
		h->user_domid = d->domid;
		if (d->name[0])
			snprintf(h->user, sizeof(h->user), "%s", d->name);
		else
			snprintf(h->user, sizeof(h->user), "domain %u", d->domid);
	}
	free(devices);
	return ret;
}

static int running_find(struct handover *h, struct err *e)
{
	struct xen_domain *domains = NULL;
	size_t count = 0;
	int ret = xen_domains_list(&domains, &count, e);

	if (ret == -ENOTCONN)
		return 0;
	for (size_t i = 0; i < count && !ret; i++) {
		if (strcmp(domains[i].name, h->domain) != 0 || !is_alive(&domains[i]))
			continue;
		h->s.running = true;
		h->domid = domains[i].domid;
		ret = user_check(h, &domains[i], e);
	}
	free(domains);
	return ret;
}

int handover_user_find(struct handover *h, struct err *e)
{
	struct xen_domain *domains = NULL;
	size_t count = 0;
	int ret = xen_domains_list(&domains, &count, e);

	if (ret == -ENOTCONN)
		return 0;
	for (size_t i = 0; i < count && !ret && !h->user[0]; i++)
		if (domains[i].domid && is_alive(&domains[i]))
			ret = user_check(h, &domains[i], e);
	free(domains);
	return ret;
}

static void xl_config_find(struct handover *h, const struct registry_domain *domain)
{
	struct err why = ERR_NONE;
	int ret = registry_xl_config(domain, h->xl_config, sizeof(h->xl_config), &why);

	if (!ret)
		ret = xl_config_has_pci(h->xl_config, &h->bdf, &h->s.configured, &why);
	h->s.config = !ret;
	if (ret)
		snprintf(h->xl_config_why, sizeof(h->xl_config_why), "%s", why.text);
}

static int domain_find(struct handover *h, const struct registry_domain *domain, struct err *e)
{
	struct pci_bdf bdf;

	h->s.has_domain = true;
	snprintf(h->domain, sizeof(h->domain), "%s", domain->name);
	for (size_t i = 0; i < domain->pci.count; i++)
		h->s.registered |= pci_bdf_parse(domain->pci.item[i], &bdf) == 0 &&
				   pci_bdf_cmp(&bdf, &h->bdf) == 0;
	xl_config_find(h, domain);
	return running_find(h, e);
}

static int lock(struct handover *h, struct err *e)
{
	char path[PATH_MAX];
	int ret;

	if (snprintf(path, sizeof(path), "%s/pci", h->dir) >= (int)sizeof(path) - 8)
		return err_sys(e, -ENAMETOOLONG, "%s", h->dir);
	ret = dir_create(path, 0755, e);
	if (ret)
		return ret;
	strcat(path, "/.lock");
	return lock_take(path, LOCK_SECONDS, &h->lock, e);
}

int handover_open(struct handover *h, const char *sysfs, const char *dir, const struct pci_bdf *bdf,
	const struct registry_domain *domain, bool change, struct err *e)
{
	struct pci_device device;
	int ret = 0;

	memset(h, 0, sizeof(*h));
	h->lock = -1;
	h->sysfs = sysfs;
	h->dir = dir;
	h->bdf = *bdf;
	if (change)
		ret = lock(h, e);
	if (!ret)
		ret = pci_device_read(sysfs, bdf, &device, e);
	if (ret)
		return ret;
	h->s.taken = strcmp(device.driver, XEN_PCI_DRIVER) == 0;
	h->s.driven = device.driver[0] && !h->s.taken;
	h->s.module = pci_driver_exists(sysfs, XEN_PCI_DRIVER);
	ret = pci_memory_read(dir, bdf, &h->memory, e);
	h->s.remembered = !ret;
	h->s.had_nets = h->memory.nets.count;
	if (ret && ret != -ENOENT)
		return ret;
	return domain ? domain_find(h, domain, e) : 0;
}

void handover_close(struct handover *h)
{
	if (h->lock >= 0)
		close(h->lock);
	h->lock = -1;
	pci_memory_dispose(&h->memory);
}

/* --- the registry and the xl config --- */

static int remember(struct handover *h, struct err *e)
{
	struct pci_device device;
	int ret = pci_device_read(h->sysfs, &h->bdf, &device, e);

	if (!ret)
		ret = pci_memory_write(h->dir, &device, e);
	if (ret)
		return ret;
	pci_memory_dispose(&h->memory);
	h->s.remembered = true;
	return pci_memory_read(h->dir, &h->bdf, &h->memory, e);
}

static int forget(struct handover *h, struct err *e)
{
	return pci_memory_remove(h->dir, &h->bdf, e);
}

/* The domain's pci list with the device, or without. */
static int list_change(struct handover *h, bool present, struct err *e)
{
	const char *values[CONFIG_LIST_MAX + 1];
	struct registry_change change = { .key = "pci", .values = values };
	const struct registry_domain *d;
	struct registry r;
	char text[PCI_BDF_TEXT_MAX];
	struct pci_bdf bdf;
	int ret = registry_read(h->dir, &r, NULL, e);

	d = ret ? NULL : registry_find(&r, h->domain);
	if (!ret && !d)
		ret = err_set(e, -ENOENT, "%s is gone from the registry", h->domain);
	if (!ret && d->fault)
		ret = err_set(e, d->fault->code, "%s", d->fault->text);
	for (size_t i = 0; !ret && i < d->pci.count; i++)
		if (pci_bdf_parse(d->pci.item[i], &bdf) || pci_bdf_cmp(&bdf, &h->bdf) != 0)
			values[change.count++] = d->pci.item[i];
	if (present)
		values[change.count++] = pci_bdf_print(&h->bdf, text);
	if (!change.count)
		change.values = NULL;
	if (!ret)
		ret = registry_edit(h->dir, h->domain, &change, 1, e);
	registry_dispose(&r);
	return ret;
}

static int enlist(struct handover *h, struct err *e)
{
	return list_change(h, true, e);
}

static int unlist(struct handover *h, struct err *e)
{
	return list_change(h, false, e);
}

static int config_add(struct handover *h, struct err *e)
{
	return xl_config_set_pci(h->xl_config, &h->bdf, true, e);
}

static int config_remove(struct handover *h, struct err *e)
{
	return xl_config_set_pci(h->xl_config, &h->bdf, false, e);
}

/* --- the device --- */

static int module_load(const char *module, struct err *e)
{
	const char *const argv[] = { "modprobe", module, NULL };
	struct child_result r;
	int ret = child_run_ok(argv, NULL, 4096, MODULE_SECONDS, &r, e);

	child_result_free(&r);
	return ret;
}

static int load(struct handover *h, struct err *e)
{
	int ret = module_load(XEN_PCI_MODULE, e);

	if (!ret && !pci_driver_exists(h->sysfs, XEN_PCI_DRIVER))
		ret = err_set(e, -ENOENT, "the module %s brought no driver %s", XEN_PCI_MODULE,
			XEN_PCI_DRIVER);
	return ret;
}

static int take(struct handover *h, struct err *e)
{
	struct pci_device d;
	int ret = xen_pci_take(&h->bdf, e);

	if (!ret)
		ret = pci_device_read(h->sysfs, &h->bdf, &d, e);
	if (!ret && strcmp(d.driver, XEN_PCI_DRIVER) != 0)
		ret = err_set(e, -EIO, "it is held by \"%s\" afterwards, not by %s", d.driver,
			XEN_PCI_DRIVER);
	return ret;
}

static int attach(struct handover *h, struct err *e)
{
	struct err why = ERR_NONE;

	if (h->now)
		return xen_pci_attach(h->domid, &h->bdf, e);
	if (xen_pci_attach(h->domid, &h->bdf, &why))
		snprintf(h->warning, sizeof(h->warning),
			"%s runs and could not take it now (%.300s); it gets it when it is started "
			"next",
			h->domain, why.text);
	return 0;
}

static int detach(struct handover *h, struct err *e)
{
	int ret = xen_pci_detach(h->user_domid, &h->bdf, e);

	return ret ? err_prefix(
			     e, "%s runs and does not let go of it (shut it down first)", h->user)
		   : 0;
}

static int give_back(struct handover *h, struct err *e)
{
	struct pci_device d;
	int ret = pci_device_read(h->sysfs, &h->bdf, &d, e);

	if (ret || strcmp(d.driver, XEN_PCI_DRIVER) != 0)
		return ret; /* an undone assignment may not have come so far */
	return xen_pci_give_back(&h->bdf, e);
}

/* Writes the device's address into a file of the PCI bus. */
static int bus_put(const struct handover *h, const char *below, struct err *e)
{
	char path[PATH_MAX], text[PCI_BDF_TEXT_MAX];

	if (snprintf(path, sizeof(path), "%s/bus/pci/%s", h->sysfs, below) >= (int)sizeof(path))
		return err_sys(e, -ENAMETOOLONG, "%s", h->sysfs);
	return file_put(path, pci_bdf_print(&h->bdf, text), e);
}

static int driver_bind(const struct handover *h, const char *driver, struct err *e)
{
	char below[PCI_DRIVER_MAX + 16];
	int ret = 0;

	if (!pci_driver_exists(h->sysfs, driver))
		ret = module_load(driver, e);
	snprintf(below, sizeof(below), "drivers/%s/bind", driver);
	return ret ? ret : bus_put(h, below, e);
}

static int bind(struct handover *h, struct err *e)
{
	const char *driver = h->memory.driver;
	struct pci_device d;
	int ret = pci_device_read(h->sysfs, &h->bdf, &d, e);

	if (ret || (driver && strcmp(d.driver, driver) == 0))
		return ret;
	if (!driver) /* it had none, or nobody knows: whoever claims it */
		return d.driver[0] || h->s.remembered ? 0 : bus_put(h, "drivers_probe", e);
	if (!d.driver[0])
		ret = driver_bind(h, driver, e);
	if (!ret)
		ret = pci_device_read(h->sysfs, &h->bdf, &d, e);
	if (!ret && strcmp(d.driver, driver) != 0)
		ret = err_set(e, -EIO, "it is held by \"%s\" then", d.driver);
	return ret ? err_prefix(e, "it does not go back to the driver %s", driver) : 0;
}

/* --- names of interfaces --- */

/* The interface that was `was`: with its MAC, or the only one there is. */
static const struct pci_net *net_find(const struct pci_device *d, const struct pci_net *was)
{
	for (size_t i = 0; i < d->net_count; i++)
		if (mac_is_set(&was->mac) && mac_equal(&d->nets[i].mac, &was->mac))
			return &d->nets[i];
	return d->net_count == 1 ? &d->nets[0] : NULL;
}

static int link_rename(const char *from, const char *to, struct err *e)
{
	struct netlink *nl = NULL;
	struct link l;
	int ret = netlink_open(&nl, e);

	if (!ret)
		ret = link_get(nl, from, &l, e);
	if (!ret)
		ret = link_set_name(nl, l.ifindex, to, e);
	if (ret == -EBUSY) {
		ret = link_set_up(nl, l.ifindex, false, e);
		if (!ret)
			ret = link_set_name(nl, l.ifindex, to, e);
		link_set_up(nl, l.ifindex, true, NULL);
	}
	netlink_close(nl);
	return ret;
}

/* Waits until the device shows an interface that was `was`; gives its name. */
static int net_await(
	const struct handover *h, const struct pci_net *was, int watch, char *name, struct err *e)
{
	long long end = clock_milliseconds() + DRIVER_SECONDS * 1000, left;

	for (;;) {
		struct pollfd p = { .fd = watch, .events = POLLIN };
		const struct pci_net *net;
		struct pci_device d;
		int ret = pci_device_read(h->sysfs, &h->bdf, &d, e);

		if (ret)
			return ret;
		net = net_find(&d, was);
		if (net) {
			strcpy(name, net->name);
			return 0;
		}
		left = end - clock_milliseconds();
		if (left <= 0)
			return err_set(e, -ETIMEDOUT,
				"it shows no interface that could be %s within %d s", was->name,
				DRIVER_SECONDS);
		/* sysfs is complete a little after the message, so look again soon. */
		poll(&p, 1, left < 200 ? (int)left : 200);
		if (p.revents)
			netlink_watch_drain(watch, NULL);
	}
}

static int names_restore(struct handover *h, struct err *e)
{
	struct pci_net was;
	char name[LINK_NAME_MAX];
	int watch = -1, ret = netlink_watch_open(NETLINK_LINKS, &watch, e);

	for (size_t i = 0; i < h->memory.nets.count && !ret; i++) {
		ret = pci_memory_net_parse(h->memory.nets.item[i], &was);
		if (!ret)
			ret = net_await(h, &was, watch, name, e);
		if (!ret && strcmp(name, was.name) != 0)
			ret = link_rename(name, was.name, e);
	}
	if (watch >= 0)
		close(watch);
	return ret;
}

/* --- running a plan --- */

static int (*const doers[])(struct handover *h, struct err *e) = {
	[PCI_REMEMBER] = remember,
	[PCI_REGISTER] = enlist,
	[PCI_CONFIG_ADD] = config_add,
	[PCI_LOAD] = load,
	[PCI_TAKE] = take,
	[PCI_ATTACH] = attach,
	[PCI_DETACH] = detach,
	[PCI_GIVE_BACK] = give_back,
	[PCI_BIND] = bind,
	[PCI_RENAME] = names_restore,
	[PCI_CONFIG_REMOVE] = config_remove,
	[PCI_UNREGISTER] = unlist,
	[PCI_FORGET] = forget,
};
static_assert(sizeof(doers) / sizeof(doers[0]) == PCI_ACTIONS, "every action has its function");

/* Takes back actions `last`, ..., 0; says in `h->warning` what could not be. */
static void take_back(struct handover *h, size_t last)
{
	for (size_t i = last + 1; i-- > 0;) {
		for (const enum pci_action *u = pci_action_undo(h->plan.action[i]);
			*u != PCI_ACTIONS; u++) {
			struct err why = ERR_NONE;

			if (doers[*u](h, &why) && !h->warning[0])
				snprintf(h->warning, sizeof(h->warning),
					"not everything could be undone: %.400s", why.text);
		}
	}
}

int handover_run(struct handover *h, bool undo, struct err *e)
{
	char text[PCI_BDF_TEXT_MAX];

	for (size_t i = 0; i < h->plan.count; i++) {
		enum pci_action a = h->plan.action[i];
		int ret = doers[a](h, e);

		if (!ret)
			continue;
		if (undo)
			take_back(h, i);
		return err_prefix(
			e, "%s: could not %s", pci_bdf_print(&h->bdf, text), pci_action_words(a));
	}
	return 0;
}
