/*
 * The steps of a pass: take the lock; read the notes; look (published_read(), kernel_read());
 * device_serve() for each device that is published or noted; resolvers_serve(); write the notes.
 *
 * The notes are in the file before anything they speak of is set (link_serve()), so that a crash at
 * any point leaves nothing that the next pass does not know.
 */
#include "frontend-config/frontend.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"
#include "frontend-config/link_find.h"
#include "frontend-config/link_plan.h"
#include "frontend-config/notes.h"
#include "frontend-config/resolv_file.h"
#include "frontend-config/resolver.h"

#define LOCK_SECONDS 4

/* A device in this pass. */
struct device {
	uint32_t devid;
	enum { DEVICE_GONE, DEVICE_GIVEN, DEVICE_UNKNOWN } state;
	struct guest_link published; /* of DEVICE_GIVEN */
	const struct link *link;     /* NULL: there is none */
};

struct pass {
	struct frontend *f;
	struct frontend_result *r;
	struct notes notes;
	char notes_path[PATH_MAX];
	struct device device[2 * NOTES_LINKS_MAX];
	size_t device_count;
	struct link *links;
	struct link_addr *addrs;
	struct route *routes;
	size_t link_count, addr_count, route_count;
};

static void say(struct pass *p, enum frontend_word what, const char *text)
{
	if (what == FRONTEND_LACKS)
		p->r->faults++;
	else
		p->r->done++;
	if (p->f->say)
		p->f->say(p->f->arg, what, text);
}

/* --- looking --- */

static struct device *device_find(struct pass *p, uint32_t devid)
{
	for (size_t i = 0; i < p->device_count; i++)
		if (p->device[i].devid == devid)
			return &p->device[i];
	p->device[p->device_count] = (struct device){ .devid = devid, .state = DEVICE_GONE };
	return &p->device[p->device_count++];
}

static int published_read(struct pass *p, struct store *s, struct err *e)
{
	uint32_t devids[NOTES_LINKS_MAX];
	size_t count = 0;
	int ret;

	for (size_t i = 0; i < p->notes.count; i++)
		device_find(p, p->notes.note[i].devid);
	if (!s)
		return 0;
	ret = guest_link_list(s, SCHEMA_SELF, devids, NOTES_LINKS_MAX, &count, e);
	if (ret && ret != -ENOENT)
		return ret;
	for (size_t i = 0; i < count; i++) {
		struct device *d = device_find(p, devids[i]);
		struct err wrong = ERR_NONE;

		ret = guest_link_read(s, SCHEMA_SELF, d->devid, &d->published, &wrong);
		if (ret == -ENOTCONN || ret == -EAGAIN) {
			*e = wrong;
			return ret;
		}
		if (ret == -ENOENT)
			continue;
		if (!ret) {
			ret = link_wanted_check(&d->published, &wrong);
			if (ret)
				err_prefix(
					&wrong, "device %u: what is published is wrong", d->devid);
		}
		d->state = ret ? DEVICE_UNKNOWN : DEVICE_GIVEN;
		if (ret)
			say(p, FRONTEND_LACKS, wrong.text);
	}
	return 0;
}

static int kernel_read(struct pass *p, struct err *e)
{
	int ret = link_list(p->f->nl, &p->links, &p->link_count, e);

	if (!ret)
		ret = link_addr_list(p->f->nl, 0, &p->addrs, &p->addr_count, e);
	return ret ? ret : route_list(p->f->nl, 0, &p->routes, &p->route_count, e);
}

static void sysctl_path(char out[PATH_MAX], const char *link, enum link_sysctl which)
{
	snprintf(out, PATH_MAX, "net/ipv6/conf/%s/%s", link, link_sysctl_names[which]);
}

static int sysctl_read(const char *link, enum link_sysctl which)
{
	char name[PATH_MAX], path[PATH_MAX + 16], *text = NULL;
	int value = LINK_SYSCTL_NONE;

	sysctl_path(name, link, which);
	snprintf(path, sizeof(path), "/proc/sys/%s", name);
	if (file_read(path, 64, &text, NULL, NULL) == 0)
		value = atoi(text);
	free(text);
	return value;
}

/* What the kernel has of this link; `*addrs` malloc'd. */
static int actual_make(const struct pass *p, const struct link *link, struct link_actual *out,
	struct link_addr **addrs, struct err *e)
{
	size_t count = 0;

	*addrs = malloc((p->addr_count + 1) * sizeof(**addrs));
	if (!*addrs)
		return err_sys(e, -ENOMEM, "%s", link->name);
	for (size_t i = 0; i < p->addr_count; i++)
		if (p->addrs[i].ifindex == link->ifindex)
			(*addrs)[count++] = p->addrs[i];
	*out = (struct link_actual){
		.link = *link,
		.addrs = *addrs,
		.addr_count = count,
		.routes = p->routes,
		.route_count = p->route_count,
	};
	for (enum link_sysctl i = 0; i < LINK_SYSCTLS; i++)
		out->sysctl[i] = sysctl_read(link->name, i);
	return 0;
}

/* --- doing --- */

static int action_do(
	struct netlink *nl, const struct link *link, const struct link_action *a, struct err *e)
{
	struct link_addr addr = { .ifindex = link->ifindex };
	char name[PATH_MAX], value[16];

	switch (a->kind) {
	case LINK_SET_MTU:
		return link_set_mtu(nl, link->ifindex, a->mtu, e);
	case LINK_SET_SYSCTL:
		sysctl_path(name, link->name, a->sysctl.which);
		snprintf(value, sizeof(value), "%d", a->sysctl.value);
		return sysctl_set(name, value, e);
	case LINK_SWITCH_ON:
		return link_set_up(nl, link->ifindex, true, e);
	case LINK_SWITCH_OFF:
		return link_set_up(nl, link->ifindex, false, e);
	case LINK_ADD_ADDR:
	case LINK_DELETE_ADDR:
		addr.addr = a->addr;
		addr.prefix_len = (uint8_t)(addr_len(&a->addr) * 8);
		return a->kind == LINK_ADD_ADDR ? link_addr_set(nl, &addr, e)
						: link_addr_delete(nl, &addr, e);
	case LINK_SET_ROUTE:
		return route_set(nl, &a->route, e);
	case LINK_DELETE_ROUTE:
		return route_delete(nl, &a->route, e);
	}
	return -EINVAL;
}

static int plan_do(struct pass *p, struct note *note, const struct link_actual *actual,
	const struct link_actions *plan, struct err *e)
{
	char text[LINK_ACTION_TEXT_MAX];
	int ret = 0;

	for (size_t i = 0; i < plan->count && !p->f->options->dry_run && !ret; i++)
		ret = link_notes_expect(&note->link, actual, &plan->action[i], e);
	if (!ret && plan->count && !p->f->options->dry_run)
		ret = notes_write(p->notes_path, &p->notes, e);
	for (size_t i = 0; i < plan->count && !ret; i++) {
		const struct link_action *a = &plan->action[i];

		say(p, FRONTEND_DOES, link_action_print(a, actual->link.name, text));
		if (p->f->options->dry_run)
			continue;
		ret = action_do(p->f->nl, &actual->link, a, e);
		if (!ret)
			link_notes_settle(&note->link, a);
	}
	return ret;
}

static int link_serve(struct pass *p, struct device *d, struct note *note, struct err *e)
{
	bool given = d->state == DEVICE_GIVEN;
	struct link_addr *addrs = NULL;
	struct link_actions plan;
	struct link_actual actual;
	int ret = actual_make(p, d->link, &actual, &addrs, e);

	if (ret)
		return ret;
	/* A kernel without IPv6 has no use for that half. */
	if (actual.sysctl[LINK_DISABLE_IPV6] == LINK_SYSCTL_NONE) {
		memset(&d->published.ip6, 0, sizeof(d->published.ip6));
		memset(&d->published.gateway6, 0, sizeof(d->published.gateway6));
		memset(d->published.dns6, 0, sizeof(d->published.dns6));
	}
	ret = link_plan(given ? &d->published : NULL, p->f->options->metric + d->devid, &note->link,
		&actual, &plan, e);
	if (!ret)
		ret = plan_do(p, note, &actual, &plan, e);
	p->r->more = p->r->more || (!ret && plan.more);
	if (!ret && !given && !plan.more && !p->f->options->dry_run)
		link_notes_clear(&note->link);
	free(addrs);
	return ret;
}

/* The interface of a device: the one it should be on, or the one that it is on and goes from. */
static int link_of(struct pass *p, struct device *d, const struct note *note, struct err *e)
{
	if (d->state == DEVICE_GIVEN)
		return link_find(LINK_FIND_SYSFS, p->links, p->link_count, d->devid,
			&d->published.mac, &d->link, e);
	for (size_t i = 0; i < p->link_count; i++)
		if (p->links[i].ifindex == note->link.ifindex)
			d->link = &p->links[i];
	return 0;
}

/* Takes what is ours from the interface that a device was on before another became its own. */
static int former_link_serve(struct pass *p, struct device *d, struct note *note, struct err *e)
{
	struct device former = { .devid = d->devid, .state = DEVICE_GONE };

	if (!note->link.ifindex || (d->link && d->link->ifindex == note->link.ifindex))
		return 0;
	link_of(p, &former, note, NULL);
	if (former.link)
		return link_serve(p, &former, note, e);
	if (!p->f->options->dry_run)
		link_notes_clear(&note->link);
	return 0;
}

static void device_serve(struct pass *p, struct device *d)
{
	struct note *note = notes_find(&p->notes, d->devid, true);
	struct err e = ERR_NONE;
	int ret;

	if (d->state == DEVICE_UNKNOWN)
		return;
	if (!note) {
		err_set(&e, -E2BIG, "device %u: more than %d devices are not served", d->devid,
			NOTES_LINKS_MAX);
		say(p, FRONTEND_LACKS, e.text);
		d->state = DEVICE_UNKNOWN;
		return;
	}
	ret = link_of(p, d, note, &e);
	if (ret == -ENODEV || ret == 0) {
		struct err other = ERR_NONE;

		/* No interface yet: what is said of it is said, and it is not served. */
		if (ret)
			say(p, FRONTEND_LACKS, e.text);
		ret = former_link_serve(p, d, note, &other);
		if (!ret && d->link)
			ret = link_serve(p, d, note, &other);
		else if (!ret)
			d->state = DEVICE_GONE;
		e = other;
	}
	if (ret) {
		say(p, FRONTEND_LACKS, e.text);
		d->state = DEVICE_UNKNOWN;
	}
}

/* --- the resolver --- */

static void resolver_serve(
	struct pass *p, struct device *d, struct note *note, enum dns_way way, bool anew)
{
	struct dns_entry wanted = { .way = DNS_NONE };
	struct dns_action action[2];
	char text[DNS_ACTION_TEXT_MAX];
	struct dns_entry told = note->dns;
	struct err e = ERR_NONE;
	size_t count;

	if (d->state == DEVICE_UNKNOWN)
		return;
	if (d->state == DEVICE_GIVEN)
		dns_entry_make(&wanted, way, d->link->name, &d->published);
	count = dns_plan(&wanted, &told, anew, action);
	for (size_t i = 0; i < count; i++) {
		int ret = 0;

		say(p, FRONTEND_DOES, dns_action_print(&action[i], text));
		if (p->f->options->dry_run)
			continue;
		if (action[i].kind == DNS_TELL) {
			note->dns = wanted;
			ret = notes_write(p->notes_path, &p->notes, &e);
		}
		if (!ret)
			ret = resolver_do(&action[i], &e);
		if (ret) {
			p->r->untold = true;
			say(p, FRONTEND_LACKS, e.text);
			return;
		}
	}
	note->dns = wanted;
}

/* The servers of every device whose way is the file, in the order of devids, each once. */
static size_t file_servers(const struct pass *p, struct addr out[NOTES_LINKS_MAX * DNS_SERVERS_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < p->notes.count; i++) {
		const struct dns_entry *d = &p->notes.note[i].dns;

		for (size_t k = 0; d->way == DNS_FILE && k < d->count; k++) {
			bool seen = false;

			for (size_t j = 0; j < count; j++)
				seen = seen || addr_equal(&out[j], &d->server[k]);
			if (!seen)
				out[count++] = d->server[k];
		}
	}
	return count;
}

static void resolv_conf_serve(struct pass *p)
{
	const struct frontend_options *o = p->f->options;
	struct addr servers[NOTES_LINKS_MAX * DNS_SERVERS_MAX];
	size_t count = file_servers(p, servers);
	char text[RESOLV_TEXT_MAX], words[PATH_MAX + 64];
	struct err e = ERR_NONE;
	bool changed = false;

	if (count && resolv_render(servers, count, text) < 0) {
		say(p, FRONTEND_LACKS, "more resolvers are published than resolv.conf can hold");
		return;
	}
	if (resolv_apply(o->resolv_conf, count ? text : NULL, &p->notes.resolv_conf, o->dry_run,
		    &changed, &e))
		say(p, FRONTEND_LACKS, e.text);
	else if (changed) {
		snprintf(words, sizeof(words), "%s: %s", o->resolv_conf,
			count ? "write the published resolvers" : "put back what was there before");
		say(p, FRONTEND_DOES, words);
	}
}

static void resolvers_serve(struct pass *p, bool anew)
{
	const struct frontend_options *o = p->f->options;
	enum dns_way way = o->way;
	struct dns_probe probe;

	if (o->choose_way) {
		resolver_probe(o->resolv_conf, &probe);
		way = dns_choose(&probe);
	}
	for (size_t i = 0; i < p->device_count; i++) {
		struct note *note = notes_find(&p->notes, p->device[i].devid, false);

		if (note)
			resolver_serve(p, &p->device[i], note, way, anew);
	}
	resolv_conf_serve(p);
}

/* --- the pass --- */

static int pass_do(struct pass *p, struct store *s, bool anew, struct err *e)
{
	struct err broken = ERR_NONE;
	int ret;

	/* Without notes we still know our routes, and set what is missing. */
	if (notes_read(p->notes_path, &p->notes, &broken))
		say(p, FRONTEND_LACKS, broken.text);
	ret = published_read(p, s, e);
	if (!ret)
		ret = kernel_read(p, e);
	if (ret)
		return ret;
	for (size_t i = 0; i < p->device_count; i++)
		device_serve(p, &p->device[i]);
	resolvers_serve(p, anew);
	notes_tidy(&p->notes);
	return p->f->options->dry_run ? 0 : notes_write(p->notes_path, &p->notes, e);
}

int frontend_pass(
	struct frontend *f, struct store *s, bool anew, struct frontend_result *r, struct err *e)
{
	const char *dir = f->options->state_dir;
	struct pass *p = calloc(1, sizeof(*p));
	char lock_path[PATH_MAX];
	int lock = -1, ret = 0, n;

	memset(r, 0, sizeof(*r));
	if (!p)
		return err_sys(e, -ENOMEM, "a pass over the links");
	p->f = f;
	p->r = r;
	n = snprintf(p->notes_path, sizeof(p->notes_path), "%s/frontend", dir);
	if (n < 0 || (size_t)n >= sizeof(p->notes_path) - 8) {
		ret = err_sys(e, -ENAMETOOLONG, "%s", dir);
		goto out;
	}
	snprintf(lock_path, sizeof(lock_path), "%s/frontend.lock", dir);
	if (!f->options->dry_run) {
		ret = dir_create(dir, 0755, e);
		if (!ret)
			ret = lock_take(lock_path, LOCK_SECONDS, &lock, e);
	}
	if (!ret)
		ret = pass_do(p, s, anew, e);
out:
	free(p->links);
	free(p->addrs);
	free(p->routes);
	free(p);
	if (lock >= 0)
		close(lock);
	return ret;
}
